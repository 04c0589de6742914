// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rung 2, root: the frames and exclusive flags of the window before and after the pin tell copies
 * from reuse, vmstat tells split THPs. System-wide only in the latter: another process' split would
 * show too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/frames.h"
#include "host/sysfile.h"

struct watch {
	struct frame *before, *after;
	struct pin_job job;
	uint64_t splits;
	bool have_splits;
};

static void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	free(watch->before);
	free(watch->after);
	free(watch);
}

static int watch_open(struct watch **slot, struct error *err)
{
	*slot = NULL;
	if (!frames_visible(err))
		return -err->code;
	*slot = calloc(1, sizeof(**slot));
	return *slot ? 0 : error_errno(err, ENOMEM, "prepare the frame observer");
}

static size_t window_pages(const struct pin_job *job)
{
	return job->bytes / job->region->base_bytes;
}

static int window_read(const struct pin_job *job, struct frame *frames, struct error *err)
{
	return region_frames(job->region, job->offset, window_pages(job), frames, err);
}

/* Counted when a PMD mapping of a THP is split: 6.1, 6.12 mm/huge_memory.c __split_huge_pmd_locked.
 */
static bool thp_splits(uint64_t *nr)
{
	return sysfile_read_field("/proc/vmstat", "thp_split_pmd", nr, NULL) == 0;
}

static int watch_start(struct watch *watch, const struct pin_job *job, struct error *err)
{
	size_t nr = window_pages(job);

	watch->job = *job;
	free(watch->before);
	free(watch->after);
	watch->before = calloc(nr, sizeof(*watch->before));
	watch->after = calloc(nr, sizeof(*watch->after));
	if (!watch->before || !watch->after)
		return error_errno(err, ENOMEM, "account for %zu pages", nr);
	watch->have_splits = thp_splits(&watch->splits);
	return window_read(job, watch->before, err);
}

static int watch_stop(struct watch *watch, struct path_count *counts, struct error *err)
{
	const struct layout_kind *kind = watch->job.region->layout->kind;
	size_t nr = window_pages(&watch->job);
	uint64_t splits;

	if (window_read(&watch->job, watch->after, err))
		return -err->code;
	path_count_set(counts, COUNT_COPIED_PAGES, frames_moved(watch->before, watch->after, nr),
		       "frames");
	path_count_set(counts, COUNT_REUSED_PAGES, frames_reused(watch->before, watch->after, nr),
		       "frames");
	if (kind->mapped_whole && !kind->copied_whole && watch->have_splits && thp_splits(&splits))
		path_count_set(counts, COUNT_SPLIT_THPS, splits - watch->splits, "frames");
	return 0;
}

static int probe(struct error *why)
{
	return frames_visible(why) ? 0 : -why->code;
}

const struct observer observe_frames = {
	.name = "frames",
	.about = "copied and reused pages by frame and exclusive flag, split THPs; root",
	.rung = 2,
	.probe = probe,
	.open = watch_open,
	.start = watch_start,
	.stop = watch_stop,
	.close = watch_close,
};

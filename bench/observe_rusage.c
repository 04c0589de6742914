// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rung 1, no privileges: minor faults of the calling thread. GUP's faults count there (6.12:
 * mm/memory.c mm_account_fault), but up to 6.4 not those of hugetlb, where GUP calls
 * hugetlb_fault() directly (6.1: mm/hugetlb.c follow_hugetlb_page): such a zero says nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/bench.h"

struct watch {
	const struct region *region;
	long before;
};

static int minor_faults(long *nr, struct error *err)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return error_errno(err, errno, "getrusage");
	*nr = usage.ru_minflt;
	return 0;
}

static int watch_open(struct watch **slot, struct error *err)
{
	*slot = calloc(1, sizeof(**slot));
	return *slot ? 0 : error_errno(err, ENOMEM, "prepare the fault counter");
}

static int watch_start(struct watch *watch, const struct pin_job *job, struct error *err)
{
	watch->region = job->region;
	return minor_faults(&watch->before, err);
}

static int watch_stop(struct watch *watch, struct path_count *counts, struct error *err)
{
	long after = 0;

	if (minor_faults(&after, err))
		return -err->code;
	if (watch->region->layout->kind->own_faults && after == watch->before)
		return 0;
	path_count_set(counts, COUNT_FAULTS, (uint64_t)(after - watch->before), "rusage");
	return 0;
}

static void watch_close(struct watch *watch)
{
	free(watch);
}

static int probe(struct error *why)
{
	(void)why;
	return 0;
}

const struct observer observe_rusage = {
	.name = "rusage",
	.about = "minor faults of the thread; works for every user on every kernel",
	.rung = 1,
	.probe = probe,
	.open = watch_open,
	.start = watch_start,
	.stop = watch_stop,
	.close = watch_close,
};

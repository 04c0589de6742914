// SPDX-License-Identifier: GPL-2.0-or-later
/* The round that counts: one cycle under the observers, then what it changed and what it left
 * behind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "bench/mark.h"
#include "bench/peer.h"
#include "host/kernel.h"
#include "run/case.h"
#include "run/worker.h"

struct watches {
	struct watch *open[8];
	bool used[8];
};

static int watches_open(struct scene *scene, struct watches *watches, struct error *err)
{
	struct error why;

	scene_stage(scene, "calibrating the observers");
	for (size_t i = 0; observers[i]; i++) {
		if (!scene->job->use_observer[i] || (observers[i]->fast_only && !scene->path.fast))
			continue;
		if (!observers[i]->open(&watches->open[i], &why))
			watches->used[i] = true;
		else if (observer_unsupported(&why))
			scene_warn(scene, "observer %s: %s", observers[i]->name, why.text);
		else
			return error_set(err, why.code, "observer %s: %s", observers[i]->name,
					 why.text);
	}
	return 0;
}

static int cycle_watched(struct scene *scene, struct watches *watches, struct path_count counts[8],
			 struct sample *sample, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct error why;
	size_t nr = 0;
	int ret;

	while (observers[nr])
		nr++;
	for (size_t i = nr; i-- > 0;)
		if (watches->used[i] && observers[i]->start(watches->open[i], &scene->pin_job, err))
			return -err->code;
	ret = pinner->cycle(scene->pin, sample, err);
	for (size_t i = 0; i < nr; i++) {
		if (!watches->used[i])
			continue;
		memset(&counts[i], 0, sizeof(counts[i]));
		if (observers[i]->stop(watches->open[i], &counts[i], &why)) {
			memset(&counts[i], 0, sizeof(counts[i]));
			if (!ret && !observer_unsupported(&why))
				ret = error_set(err, why.code, "observer %s: %s",
						observers[i]->name, why.text);
			else
				scene_warn(scene, "observer %s: %s", observers[i]->name, why.text);
		}
	}
	return ret;
}

/* The highest rung that knows a count speaks; the others must agree. */
static void counts_join(struct scene *scene, const struct watches *watches,
			const struct path_count counts[8], struct path_count *joined)
{
	int rung[NR_COUNTS] = { 0 };

	memset(joined, 0, sizeof(*joined));
	for (size_t i = 0; observers[i]; i++) {
		for (int c = 0; watches->used[i] && c < NR_COUNTS; c++) {
			if (!counts[i].observer[c][0])
				continue;
			if (rung[c] && joined->value[c] != counts[i].value[c])
				scene_warn(scene, "%s: %s counted %llu, %s %llu", count_names[c],
					   joined->observer[c],
					   (unsigned long long)joined->value[c],
					   counts[i].observer[c],
					   (unsigned long long)counts[i].value[c]);
			if (observers[i]->rung < rung[c])
				continue;
			rung[c] = observers[i]->rung;
			joined->value[c] = counts[i].value[c];
			memcpy(joined->observer[c], counts[i].observer[c],
			       sizeof(joined->observer[c]));
		}
	}
}

/* The bytes of all sides after the pin: parent, child, and what the pin itself carried out. */
static int contents_verify(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	const unsigned char *window = scene->region.addr + scene->pin_job.offset;
	struct peer_view view;
	autofree unsigned char *copy = NULL;

	if (scene->plan_case->state->populated &&
	    scene_check_bytes(scene, "parent_bytes_intact", window, err))
		return -err->code;
	if (scene->env.peer) {
		if (peer_look(scene->env.peer, &view, err))
			return -err->code;
		scene_note_bool(scene, "child_bytes_intact", view.bytes_intact);
		if (scene->visible)
			scene_note_number(scene, "child_frames_moved",
					  (int64_t)frames_moved(scene->before, view.frames,
								scene->nr_pages));
		if (!view.bytes_intact)
			return error_set(err, EILSEQ,
					 "the pin changed the bytes that the child sees");
	}
	if (!pinner->read || pinner->hold || !scene->plan_case->state->populated)
		return 0;
	copy = aligned_alloc(scene->region.base_bytes, scene->pin_job.bytes);
	if (!copy)
		return error_errno(err, ENOMEM, "read through the pin");
	if (pinner->read(scene->pin, copy, err) == 0)
		return scene_check_bytes(scene, "pinned_bytes_intact", copy, err);
	if (err->code != EOPNOTSUPP)
		return -err->code;
	err->code = 0;
	return 0;
}

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

/*
 * What unsharing leaves behind: the write protection stands, so that a second read-only pin is fast
 * and the first write to a page faults once and copies nothing (5.19: "will still maintain the
 * write protection").
 */
static int protection_verify(struct scene *scene, struct watches *watches, struct error *err)
{
	struct path_count counts[8], joined;
	struct sample sample;
	unsigned char *window = scene->region.addr + scene->pin_job.offset;
	size_t base = scene->region.base_bytes;
	size_t copied;
	long before;

	scene_stage(scene, "pinning again");
	memset(counts, 0, sizeof(counts));
	if (cycle_watched(scene, watches, counts, &sample, err))
		return -err->code;
	counts_join(scene, watches, counts, &joined);
	if (joined.observer[COUNT_SLOW_PAGES][0]) {
		scene_note_number(scene, "second_pin_slow_pages",
				  (int64_t)joined.value[COUNT_SLOW_PAGES]);
		if (scene->path.fast && joined.value[COUNT_SLOW_PAGES])
			scene_warn(scene,
				   "a second read-only pin was not fast (second_pin_slow_pages)");
	}
	scene_stage(scene, "writing after the pin");
	if (scene_frames(scene, scene->before, err))
		return -err->code;
	before = minor_faults();
	for (size_t i = 0; i < scene->nr_pages; i++)
		((volatile unsigned char *)window)[i * base] ^= 0xff;
	scene_note_number(scene, "write_faults", minor_faults() - before);
	if (scene->visible) {
		if (scene_frames(scene, scene->after, err))
			return -err->code;
		copied = frames_moved(scene->before, scene->after, scene->nr_pages);
		scene_note_number(scene, "write_copied_pages", (int64_t)copied);
		if (copied)
			scene_warn(scene, "a write after the pin copied pages "
					  "(write_copied_pages): a pin still held would be stale");
	}
	return 0;
}

/* References: what the pin took and gave back, beside what the source says. */
static void pins_note(struct scene *scene, const struct pin_counters *from,
		      const struct pin_counters *to)
{
	uint64_t acquired = to->acquired - from->acquired, released = to->released - from->released;
	struct expectation expect;

	expect_case(&expect, scene->plan_case, &scene->path);
	scene_note_number(scene, "pins_acquired", (int64_t)acquired);
	scene_note_number(scene, "pins_released", (int64_t)released);
	if (!expect.acquired_known)
		return;
	scene_note_number(scene, "pins_expected", (int64_t)expect.acquired);
	scene_note_text(scene, "pins_expected_why", expect.why);
	/* texts without the numbers, which stand in the facts: tables fold warnings that are alike
	 */
	if (acquired != expect.acquired && !pin_counters_quiet())
		scene_warn(scene, "other processes pin at the same time: pins_acquired and "
				  "pins_released are not ours alone");
	else if (acquired > expect.acquired && !scene->path.fast)
		scene_warn(scene, "more references were taken (pins_acquired) than the source of "
				  "5.19 and later says "
				  "(pins_expected), or another process pinned meanwhile");
	else if (acquired > expect.acquired)
		scene_warn(scene, "more references were taken (pins_acquired) than the source of "
				  "5.19 and later says "
				  "(pins_expected): GUP-fast stopped where it should not");
	else if (acquired < expect.acquired)
		scene_warn(scene, "fewer references were taken (pins_acquired) than the source of "
				  "5.19 and later says "
				  "(pins_expected)");
}

static void unshare_note(struct scene *scene)
{
	const struct path_count *counts = &scene->result->counts;
	struct expectation expect;

	if (!scene->visible || !scene->plan_case->state->populated)
		return;
	expect_case(&expect, scene->plan_case, &scene->path);
	if (!expect.unshared_known)
		return;
	scene_note_number(scene, "copied_expected", (int64_t)expect.copied_pages);
	scene_note_number(scene, "reused_expected", (int64_t)expect.reused_pages);
	if (counts->value[COUNT_COPIED_PAGES] != expect.copied_pages ||
	    counts->value[COUNT_REUSED_PAGES] != expect.reused_pages)
		scene_warn(scene, "other pages were copied or reused than the source of 5.19 and "
				  "later says "
				  "(copied_expected, reused_expected)");
}

int round_observe(struct scene *scene, struct error *err)
{
	const struct state *state = scene->plan_case->state;
	struct watches watches = { { NULL }, { false } };
	struct path_count counts[8];
	struct pin_counters from, to;
	struct sample sample = { .have = 0 };
	bool counted;

	memset(counts, 0, sizeof(counts));
	if (watches_open(scene, &watches, err) || scene_arrange(scene, err) ||
	    scene_open(scene, err))
		return -err->code;
	scene_note_text(scene, "entry", scene->path.entry);
	if (scene->path.max_pages && scene->pin_job.pages_per_call > scene->path.max_pages)
		scene_note_number(scene, "gup_call_pages", (int64_t)scene->path.max_pages);
	if (scene_count_pins(&from, &counted, err))
		return -err->code;
	scene_stage(scene, "pinning under the observers");
	if (cycle_watched(scene, &watches, counts, &sample, err) ||
	    scene_short(scene, &sample, err))
		return -err->code;
	if (counted && scene_count_pins(&to, &counted, err))
		return -err->code;
	if (counted)
		pins_note(scene, &from, &to);
	counts_join(scene, &watches, counts, &scene->result->counts);
	unshare_note(scene);
	scene_stage(scene, "checking contents");
	if (contents_verify(scene, err))
		return -err->code;
	if (state->consumed && state->populated && scene->plan_case->access == ACCESS_READ &&
	    scene->path.pins)
		return protection_verify(scene, &watches, err);
	return 0;
}

/* The round that takes times. Nothing is read, counted or written between the clock reads of a
 * cycle. */

int round_time(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct round_result *result = scene->result;

	if (scene_map_warm(scene, err) || scene_arrange(scene, err))
		return -err->code;
	scene_warm_up(scene);
	if (scene_open(scene, err))
		return -err->code;
	for (int metric = 0; metric < NR_METRICS; metric++) {
		const char *clock = pinner->clock(scene->pin, metric, &result->quantum[metric]);

		snprintf(result->clock[metric], sizeof(result->clock[metric]), "%s",
			 clock ? clock : "");
	}
	scene_stage(scene, "pinning");
	for (size_t i = 0; i < scene->job->nr_samples; i++) {
		struct sample *sample = &result->samples[i];

		mark(MARK_SAMPLE);
		if (pinner->cycle(scene->pin, sample, err) || scene_short(scene, sample, err))
			return -err->code;
		mark(MARK_SAMPLE_END);
		result->nr_samples = i + 1;
	}
	if (!scene->plan_case->state->consumed || !scene->visible)
		return 0;
	scene_stage(scene, "looking at what the pin changed");
	if (scene_frames(scene, scene->after, err))
		return -err->code;
	if (!scene->plan_case->state->populated &&
	    region_verify_faulted(&scene->region, scene->after, scene->nr_pages,
				  scene->pin_job.access, err))
		return -err->code;
	result->unshared = frames_moved(scene->before, scene->after, scene->nr_pages) +
			   frames_reused(scene->before, scene->after, scene->nr_pages);
	result->unshared_known = true;
	return 0;
}

/* The round that keeps its pin: its references, and whether it sees what is written later. */

/* Writes to the window after the pin was taken and looks through the pin: a stale pin sees the old
 * bytes. */
static int coherence_verify(struct scene *scene, unsigned char *copy, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	unsigned char *window = scene->region.addr + scene->pin_job.offset;
	size_t base = scene->region.base_bytes, nr_seen = 0;

	scene_stage(scene, "writing under the held pin");
	for (size_t i = 0; i < scene->nr_pages; i++)
		((volatile unsigned char *)window)[i * base] ^= 0xff;
	scene_stage(scene, "reading through the held pin");
	if (pinner->read(scene->pin, copy, err))
		return -err->code;
	for (size_t i = 0; i < scene->nr_pages; i++)
		nr_seen += copy[i * base] == window[i * base];
	scene_note_bool(scene, "held_pin_sees_writes", nr_seen == scene->nr_pages);
	scene_note_number(scene, "held_pin_stale_pages", (int64_t)(scene->nr_pages - nr_seen));
	/* references that are no pins promise nothing */
	if (nr_seen != scene->nr_pages && scene->path.pins)
		scene_warn(scene, "the pin is stale: a later write through the mapping is not seen "
				  "through it "
				  "(held_pin_sees_writes)");
	return 0;
}

static int hold_contents(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	const struct state *state = scene->plan_case->state;
	unsigned char *copy;
	int ret;

	if (!pinner->read || !state->populated)
		return 0;
	copy = aligned_alloc(scene->region.base_bytes, scene->pin_job.bytes);
	if (!copy)
		return error_errno(err, ENOMEM, "read through the pin");
	scene_stage(scene, "reading through the held pin");
	ret = pinner->read(scene->pin, copy, err);
	if (ret == 0) {
		ret = scene_check_bytes(scene, "pinned_bytes_intact", copy, err);
		if (ret == 0 && !state->read_only)
			ret = coherence_verify(scene, copy, err);
	} else if (ret == -EOPNOTSUPP) {
		ret = 0;
	}
	free(copy);
	return ret;
}

static void held_note(struct scene *scene, int64_t held)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	uint64_t expected = pinner->held_refs ? pinner->held_refs(scene->pin) : scene->nr_pages;

	if (!scene->path.pins)
		expected = 0;
	scene_note_number(scene, "held_refs", held);
	if (expected == PIN_REFS_UNKNOWN)
		return;
	scene_note_number(scene, "held_refs_expected", (int64_t)expected);
	if (held != (int64_t)expected && !pin_counters_quiet())
		scene_warn(scene,
			   "other processes pin at the same time: held_refs are not ours alone");
	else if (held != (int64_t)expected)
		scene_warn(scene, "%lld references are held, %llu were expected", (long long)held,
			   (unsigned long long)expected);
}

int round_hold(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct pin_counters before, during, after;
	bool counted;

	if (scene_arrange(scene, err) || scene_open(scene, err))
		return -err->code;
	if (scene_count_pins(&before, &counted, err))
		return -err->code;
	scene_stage(scene, "taking a pin to hold");
	if (pinner->hold(scene->pin, err))
		return -err->code;
	if (counted && scene_count_pins(&during, &counted, err))
		return -err->code;
	if (counted)
		held_note(scene, pin_counters_held(&during) - pin_counters_held(&before));
	if (hold_contents(scene, err))
		return -err->code;
	scene_stage(scene, "giving the held pin back");
	if (pinner->release(scene->pin, err))
		return -err->code;
	if (counted && scene_count_pins(&after, &counted, err))
		return -err->code;
	if (counted)
		scene_note_number(scene, "held_refs_left",
				  pin_counters_held(&after) - pin_counters_held(&before));
	return 0;
}

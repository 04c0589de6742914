// SPDX-License-Identifier: GPL-2.0-or-later
#include "round_child.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "expect.h"
#include "frames.h"
#include "peer.h"
#include "pin_counters.h"

#define WARM_BYTES ((size_t)256 << 10) /* whole pages of every base page size */
#define WARM_CYCLES 2                  /* one that finds the state, one that finds what it left */

/* Everything that the process of a round works with. Not freed: the process ends with the round. */
struct scene {
	const struct round_job *job;
	const struct plan_case *plan_case;
	struct round_result *result;
	struct region region;
	struct layout warm_layout;
	struct region warm;              /* in the same state, pinned first; not mapped: no need */
	struct state_env env;
	struct pin_job pin_job;
	struct pin *pin;
	struct pin_path path;
	size_t nr_pages;                 /* of the window */
	struct frame *before, *after;
	bool visible;                    /* frame numbers can be read */
};

static void stage(struct scene *scene, const char *text)
{
	snprintf(scene->result->stage, sizeof(scene->result->stage), "%s", text);
}

static struct round_fact *fact_new(struct scene *scene, const char *name, enum fact_kind kind)
{
	struct round_result *result = scene->result;
	struct round_fact *fact = &result->facts[result->nr_facts];

	if (result->nr_facts + 1 < ROUND_MAX_FACTS)
		result->nr_facts++;
	snprintf(fact->name, sizeof(fact->name), "%s", name);
	fact->kind = kind;
	return fact;
}

static void note_number(struct scene *scene, const char *name, int64_t number)
{
	fact_new(scene, name, FACT_NUMBER)->number = number;
}

static void note_bool(struct scene *scene, const char *name, bool yes)
{
	fact_new(scene, name, FACT_BOOL)->number = yes;
}

static void note_text(struct scene *scene, const char *name, const char *text)
{
	struct round_fact *fact = fact_new(scene, name, FACT_TEXT);

	snprintf(fact->text, sizeof(fact->text), "%s", text);
}

static void __attribute__((format(printf, 2, 3))) warn(struct scene *scene, const char *format, ...)
{
	struct round_result *result = scene->result;
	va_list args;

	if (result->nr_warnings == ROUND_MAX_WARNINGS)
		return;
	va_start(args, format);
	vsnprintf(result->warnings[result->nr_warnings++], sizeof(result->warnings[0]), format,
		  args);
	va_end(args);
}

static int window_frames(struct scene *scene, struct frame *frames, struct error *err)
{
	const struct region *region = &scene->region;

	return frames_read(region->addr + scene->pin_job.offset, scene->nr_pages,
			   region->base_bytes, region->layout->page_bytes / region->base_bytes,
			   frames, err);
}

static int region_build(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	char proof[64];

	stage(scene, "mapping the region");
	if (topology_bind_cpu(scene->job->place, err) ||
	    region_map(&scene->region, &plan_case->layout, plan_case->region_bytes, err) ||
	    topology_bind_memory(scene->region.addr, scene->region.bytes, scene->job->place->node,
				 err))
		return -err->code;
	if (!plan_case->state->populated) {
		note_text(scene, "layout_proof", "none: nothing is mapped before the pin");
		return 0;
	}
	stage(scene, "populating the region");
	region_fill(&scene->region);
	stage(scene, "verifying the layout");
	if (region_verify(&scene->region, proof, sizeof(proof), err))
		return -err->code;
	note_text(scene, "layout_proof", proof);
	return 0;
}

/*
 * A consumed state has one cycle a process, and the first one of a process pays for cold code and caches. So a region beside
 * the one that is measured goes through the same state, and is pinned first; base pages stand in for hugetlb, whose pages are
 * dear. The other states have their warm-ups.
 */
static int warmth_build(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	bool thp = plan_case->layout.backing == BACKING_THP;

	if (scene->job->kind != ROUND_TIME || !plan_case->state->consumed ||
	    plan_case->pinner->warms_itself)
		return 0;
	stage(scene, "mapping the region to warm up on");
	scene->warm_layout = plan_case->layout;
	if (!thp)
		layout_list(&scene->warm_layout, 1);
	if (region_map(&scene->warm, &scene->warm_layout, thp ? plan_case->layout.page_bytes : WARM_BYTES,
		       err) ||
	    topology_bind_memory(scene->warm.addr, scene->warm.bytes, scene->job->place->node, err))
		return -err->code;
	if (plan_case->state->populated)
		region_fill(&scene->warm);
	return 0;
}

static int warm_up(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct pin_job job = scene->pin_job;
	struct sample sample;
	struct pin *pin;
	int ret;

	if (!scene->warm.addr)
		return 0;
	stage(scene, "warming up");
	job.region = &scene->warm;
	job.offset = 0;
	job.bytes = WARM_BYTES;
	job.pages_per_call = WARM_BYTES / scene->warm.base_bytes;
	ret = pinner->open(&pin, pinner, &job, err);
	if (ret)
		return ret;
	for (int i = 0; ret == 0 && i < WARM_CYCLES; i++)
		ret = pinner->cycle(pin, &sample, err);
	pinner->close(pin);
	return ret;
}

static int state_build(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	struct state_proof proof;

	stage(scene, "arranging the state");
	if (plan_case->state->arrange(&scene->env, err))
		return -err->code;
	stage(scene, "verifying the state");
	if (window_frames(scene, scene->before, err) ||
	    state_verify(plan_case->state, &scene->env, scene->before, &proof, err))
		return -err->code;
	note_text(scene, "state_proof", proof.frames);
	if (proof.read_only[0])
		note_text(scene, "read_only_proof", proof.read_only);
	return 0;
}

/*
 * Maps all that the program itself may touch, after the last fork and before the first clock: otherwise the first cycle
 * pays for code and stack pages, and their faults are counted as GUP's. The region stays as the state left it.
 */
static void program_populate(const struct scene *scene)
{
	autofclose FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t region = (uintptr_t)scene->region.addr;
	unsigned long start, end;
	char line[512], perms[5];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3 || perms[0] != 'r' ||
		    (start < region + scene->region.bytes && region < end))
			continue;
		/* a sanitizer's shadow: terabytes, of which the program touches next to nothing */
		if (end - start > 128ul << 20)
			continue;
		/* 5.14; special mappings refuse, which is as good */
		madvise((void *)start, end - start,
			perms[1] == 'w' ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
	}
}

static int pin_build(struct scene *scene, struct error *err)
{
	int ret;

	stage(scene, "opening the pinner");
	ret = scene->plan_case->pinner->open(&scene->pin, scene->plan_case->pinner, &scene->pin_job,
					     err);
	scene->result->unsupported = ret == -EOPNOTSUPP;
	program_populate(scene);
	clock_now(); /* that of the vDSO's data cannot be had so: its first reading faults */
	return ret;
}

static void scene_set(struct scene *scene, const struct round_job *job, struct round_result *result)
{
	const struct plan_case *plan_case = job->plan_case;

	*scene = (struct scene){
		.job = job,
		.plan_case = plan_case,
		.result = result,
		.path = plan_case->pinner->path(plan_case->pinner),
		.pin_job = {
			.region = &scene->region,
			.offset = plan_case->offset,
			.bytes = plan_case->bytes,
			.pages_per_call = plan_case->pages_per_call,
			.access = plan_case->access,
			.unpopulated = !plan_case->state->populated,
			.device = plan_case->device[0] ? plan_case->device : NULL,
		},
		.env = {
			.region = &scene->region,
			.offset = plan_case->offset,
			.bytes = plan_case->bytes,
		},
		.nr_pages = plan_case->bytes / (size_t)sysconf(_SC_PAGESIZE),
		.visible = frames_visible(NULL),
	};
	scene->before = calloc(scene->nr_pages, sizeof(*scene->before));
	scene->after = calloc(scene->nr_pages, sizeof(*scene->after));
}

static bool cycle_short(const struct scene *scene, const struct sample *sample, struct error *err)
{
	if (sample->nr_pages == scene->nr_pages)
		return false;
	error_set(err, EIO, "pinned %llu of %zu pages", (unsigned long long)sample->nr_pages,
		  scene->nr_pages);
	return true;
}

static int time_round(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct round_result *result = scene->result;

	if (warmth_build(scene, err) || state_build(scene, err) || warm_up(scene, err) ||
	    pin_build(scene, err))
		return -err->code;
	for (int metric = 0; metric < NR_METRICS; metric++) {
		const char *clock = pinner->clock(scene->pin, metric, &result->quantum[metric]);

		snprintf(result->clock[metric], sizeof(result->clock[metric]), "%s",
			 clock ? clock : "");
	}
	stage(scene, "pinning");
	for (size_t i = 0; i < scene->job->nr_samples; i++) {
		struct sample *sample = &result->samples[i];

		if (pinner->cycle(scene->pin, sample, err) || cycle_short(scene, sample, err))
			return -err->code;
		result->nr_samples = i + 1;
	}
	if (!scene->plan_case->state->consumed || !scene->visible)
		return 0;
	stage(scene, "looking at what the pin changed");
	if (window_frames(scene, scene->after, err))
		return -err->code;
	result->unshared = frames_moved(scene->before, scene->after, scene->nr_pages) +
			   frames_reused(scene->before, scene->after, scene->nr_pages);
	result->unshared_known = true;
	return 0;
}

/* --- the observed round --- */

struct watches {
	struct watch *open[8];
	bool used[8];
};

static void watches_open(struct scene *scene, struct watches *watches)
{
	struct error why;

	stage(scene, "calibrating the observers");
	for (size_t i = 0; observers[i]; i++) {
		if (!scene->job->use_observer[i] ||
		    (observers[i]->fast_only && !scene->path.fast))
			continue;
		if (observers[i]->open(&watches->open[i], &why))
			warn(scene, "observer %s: %s", observers[i]->name, why.text);
		else
			watches->used[i] = true;
	}
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
		if (watches->used[i] &&
		    observers[i]->start(watches->open[i], &scene->pin_job, err))
			return -err->code;
	ret = pinner->cycle(scene->pin, sample, err);
	for (size_t i = 0; i < nr; i++) {
		if (!watches->used[i])
			continue;
		memset(&counts[i], 0, sizeof(counts[i]));
		if (observers[i]->stop(watches->open[i], &counts[i], &why)) {
			memset(&counts[i], 0, sizeof(counts[i]));
			warn(scene, "observer %s: %s", observers[i]->name, why.text);
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
				warn(scene, "%s: %s counted %llu, %s %llu", count_names[c],
				     joined->observer[c], (unsigned long long)joined->value[c],
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

static void bytes_note(struct scene *scene, const char *name, const unsigned char *bytes)
{
	struct error why;
	int ret = region_check(bytes, scene->pin_job.offset, scene->pin_job.bytes, &why);

	note_bool(scene, name, ret == 0);
	if (ret)
		warn(scene, "%s: %s", name, why.text);
}

/* The bytes of all sides after the pin: parent, child, and what the pin itself carried out. */
static int contents_verify(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	const unsigned char *window = scene->region.addr + scene->pin_job.offset;
	struct peer_view view;
	unsigned char *copy;

	if (scene->plan_case->state->populated)
		bytes_note(scene, "parent_bytes_intact", window);
	if (scene->env.peer) {
		if (peer_look(scene->env.peer, &view, err))
			return -err->code;
		note_bool(scene, "child_bytes_intact", view.bytes_intact);
		if (scene->visible)
			note_number(scene, "child_frames_moved",
				    (int64_t)frames_moved(scene->before, view.frames,
							  scene->nr_pages));
	}
	if (!pinner->read || pinner->hold || !scene->plan_case->state->populated)
		return 0;
	copy = aligned_alloc(scene->region.base_bytes, scene->pin_job.bytes);
	if (!copy)
		return error_errno(err, ENOMEM, "read through the pin");
	if (pinner->read(scene->pin, copy, err) == 0)
		bytes_note(scene, "pinned_bytes_intact", copy);
	else if (err->code != EOPNOTSUPP)
		return -err->code;
	free(copy);
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
 * What unsharing leaves behind: the write protection stands, so that a second read-only pin is fast and the first
 * write to a page faults once and copies nothing (5.19: "will still maintain the write protection").
 */
static int protection_verify(struct scene *scene, struct watches *watches, struct error *err)
{
	struct path_count counts[8], joined;
	struct sample sample;
	unsigned char *window = scene->region.addr + scene->pin_job.offset;
	size_t base = scene->region.base_bytes;
	long before;

	stage(scene, "pinning again");
	memset(counts, 0, sizeof(counts));
	if (cycle_watched(scene, watches, counts, &sample, err))
		return -err->code;
	counts_join(scene, watches, counts, &joined);
	if (joined.observer[COUNT_SLOW_PAGES][0])
		note_number(scene, "second_pin_slow_pages",
			    (int64_t)joined.value[COUNT_SLOW_PAGES]);
	stage(scene, "writing after the pin");
	if (window_frames(scene, scene->before, err))
		return -err->code;
	before = minor_faults();
	for (size_t i = 0; i < scene->nr_pages; i++)
		((volatile unsigned char *)window)[i * base] ^= 0xff;
	note_number(scene, "write_faults", minor_faults() - before);
	if (scene->visible) {
		if (window_frames(scene, scene->after, err))
			return -err->code;
		note_number(scene, "write_copied_pages",
			    (int64_t)frames_moved(scene->before, scene->after, scene->nr_pages));
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
	note_number(scene, "pins_acquired", (int64_t)acquired);
	note_number(scene, "pins_released", (int64_t)released);
	if (!expect.acquired_known)
		return;
	note_number(scene, "pins_expected", (int64_t)expect.acquired);
	note_text(scene, "pins_expected_why", expect.why);
	/* texts without the numbers, which stand in the facts: tables fold warnings that are alike */
	if (acquired > expect.acquired)
		warn(scene, "more references were taken (pins_acquired) than the source of 5.19 and later says "
		     "(pins_expected): GUP-fast stopped where it should not");
	else if (acquired < expect.acquired)
		warn(scene, "fewer references were taken (pins_acquired) than the source of 5.19 and later says "
		     "(pins_expected)");
}

static void unshare_note(struct scene *scene)
{
	const struct path_count *counts = &scene->result->counts;
	struct expectation expect;

	if (!scene->visible || !scene->plan_case->state->populated)
		return;
	expect_case(&expect, scene->plan_case, &scene->path);
	note_number(scene, "copied_expected", (int64_t)expect.copied_pages);
	note_number(scene, "reused_expected", (int64_t)expect.reused_pages);
	if (counts->value[COUNT_COPIED_PAGES] != expect.copied_pages ||
	    counts->value[COUNT_REUSED_PAGES] != expect.reused_pages)
		warn(scene, "other pages were copied or reused than the source of 5.19 and later says "
		     "(copied_expected, reused_expected)");
}

static int observe_round(struct scene *scene, struct error *err)
{
	const struct state *state = scene->plan_case->state;
	struct watches watches = { { NULL }, { false } };
	struct path_count counts[8];
	struct pin_counters from, to;
	struct error unread;
	struct sample sample = { .have = 0 };
	bool counted;

	memset(counts, 0, sizeof(counts));
	watches_open(scene, &watches);
	if (state_build(scene, err) || pin_build(scene, err))
		return -err->code;
	note_text(scene, "entry", scene->path.entry);
	counted = pin_counters_read(&from, &unread) == 0;
	stage(scene, "pinning under the observers");
	if (cycle_watched(scene, &watches, counts, &sample, err) ||
	    cycle_short(scene, &sample, err))
		return -err->code;
	if (counted && pin_counters_read(&to, &unread) == 0)
		pins_note(scene, &from, &to);
	counts_join(scene, &watches, counts, &scene->result->counts);
	unshare_note(scene);
	stage(scene, "checking contents");
	if (contents_verify(scene, err))
		return -err->code;
	if (state->consumed && state->populated && scene->plan_case->access == ACCESS_READ &&
	    scene->path.pins)
		return protection_verify(scene, &watches, err);
	return 0;
}

/* --- the held round --- */

/* Writes to the window after the pin was taken and looks through the pin: a stale pin sees the old bytes. */
static int coherence_verify(struct scene *scene, unsigned char *copy, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	unsigned char *window = scene->region.addr + scene->pin_job.offset;
	size_t base = scene->region.base_bytes, nr_seen = 0;

	stage(scene, "writing under the held pin");
	for (size_t i = 0; i < scene->nr_pages; i++)
		((volatile unsigned char *)window)[i * base] ^= 0xff;
	stage(scene, "reading through the held pin");
	if (pinner->read(scene->pin, copy, err))
		return -err->code;
	for (size_t i = 0; i < scene->nr_pages; i++)
		nr_seen += copy[i * base] == window[i * base];
	note_bool(scene, "held_pin_sees_writes", nr_seen == scene->nr_pages);
	note_number(scene, "held_pin_stale_pages", (int64_t)(scene->nr_pages - nr_seen));
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
	stage(scene, "reading through the held pin");
	ret = pinner->read(scene->pin, copy, err);
	if (ret == 0) {
		bytes_note(scene, "pinned_bytes_intact", copy);
		if (!state->read_only)
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
	note_number(scene, "held_refs", held);
	if (expected == PIN_REFS_UNKNOWN)
		return;
	note_number(scene, "held_refs_expected", (int64_t)expected);
	if (held != (int64_t)expected)
		warn(scene, "%lld references are held, %llu were expected", (long long)held,
		     (unsigned long long)expected);
}

static int hold_round(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct pin_counters before, during, after;
	struct error unread;
	bool counted;

	if (state_build(scene, err) || pin_build(scene, err))
		return -err->code;
	counted = pin_counters_read(&before, &unread) == 0;
	stage(scene, "taking a pin to hold");
	if (pinner->hold(scene->pin, err))
		return -err->code;
	if (counted && pin_counters_read(&during, &unread) == 0)
		held_note(scene, pin_counters_held(&during) - pin_counters_held(&before));
	if (hold_contents(scene, err))
		return -err->code;
	stage(scene, "giving the held pin back");
	if (pinner->release(scene->pin, err))
		return -err->code;
	if (counted && pin_counters_read(&after, &unread) == 0)
		note_number(scene, "held_refs_left",
			    pin_counters_held(&after) - pin_counters_held(&before));
	return 0;
}

void round_child(const struct round_job *job, struct round_result *result)
{
	static int (*const rounds[])(struct scene *scene, struct error *err) = {
		[ROUND_TIME] = time_round,
		[ROUND_OBSERVE] = observe_round,
		[ROUND_HOLD] = hold_round,
	};
	struct error *err = &result->error;
	static struct scene scene; /* its parts point at each other */
	int ret;

	scene_set(&scene, job, result);
	if (!scene.before || !scene.after) {
		error_errno(err, ENOMEM, "account for %zu pages", scene.nr_pages);
		return;
	}
	ret = region_build(&scene, err);
	if (ret == 0)
		ret = rounds[job->kind](&scene, err);
	if (scene.pin) {
		char last[sizeof(result->stage)];

		memcpy(last, result->stage, sizeof(last));
		stage(&scene, "closing the pinner");
		job->plan_case->pinner->close(scene.pin);
		if (ret)
			memcpy(result->stage, last, sizeof(last));
	}
	peer_stop(scene.env.peer);
	if (ret == 0)
		err->code = 0;
	else if (err->code == 0)
		err->code = -ret;
}

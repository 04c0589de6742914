// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "bench/peer.h"
#include "host/topology.h"

#define WARM_BYTES  ((size_t)256 << 10) /* whole pages of every base page size */
#define WARM_CYCLES 2                   /* one that finds the state, one that finds what it left */

void scene_stage(struct scene *scene, const char *text)
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

void scene_note_number(struct scene *scene, const char *name, int64_t number)
{
	fact_new(scene, name, FACT_NUMBER)->number = number;
}

void scene_note_bool(struct scene *scene, const char *name, bool yes)
{
	fact_new(scene, name, FACT_BOOL)->number = yes;
}

void scene_note_text(struct scene *scene, const char *name, const char *text)
{
	struct round_fact *fact = fact_new(scene, name, FACT_TEXT);

	snprintf(fact->text, sizeof(fact->text), "%s", text);
}

void scene_warn(struct scene *scene, const char *format, ...)
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

int scene_frames(struct scene *scene, struct frame *frames, struct error *err)
{
	return region_frames(&scene->region, scene->pin_job.offset, scene->nr_pages, frames, err);
}

/* What the kernel drew for this process: another seed of the machine must give other bits. */
static uint32_t random_given(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	uint32_t bits = 0;

	if (bytes)
		memcpy(&bits, bytes, sizeof(bits));
	return bits;
}

int scene_map(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	struct error hidden = { 0 };
	void *wish = NULL;
	char proof[64];

	scene->visible = frames_visible(&hidden);
	if (!scene->visible && !error_unsupported(&hidden)) {
		*err = hidden;
		return -err->code;
	}
	if (topology_bind_cpu(scene->job->place, err))
		return -err->code;
	if (scene->job->placement_seed) {
		scene_stage(scene, "taking pages before the region");
		if (ballast_take(&scene->ballast, *scene->job->placement_seed,
				 (size_t)sysconf(_SC_PAGESIZE), err))
			return -err->code;
		wish = placement_address(*scene->job->placement_seed, plan_case->layout.page_bytes);
	}
	scene_stage(scene, "mapping the region");
	if (region_map(&scene->region, &plan_case->layout, plan_case->region_bytes, wish, err) ||
	    topology_bind_memory(scene->region.addr, scene->region.bytes, scene->job->place->node,
				 err))
		return -err->code;
	if (scene->job->placement_seed)
		scene->result->placement = (struct placement){
			.known = true,
			.seed = *scene->job->placement_seed,
			.region_start = (uintptr_t)scene->region.addr,
			.pages_before = scene->ballast.nr_pages,
			.entropy = random_given(),
		};
	if (!plan_case->state->populated) {
		if (region_hollow(&scene->region, err))
			return -err->code;
		scene_note_text(scene, "layout_proof",
				scene->visible ? "kpageflags of what the pin faulted in"
					       : "none: frames are hidden");
		return 0;
	}
	scene_stage(scene, "populating the region");
	if (region_fill(&scene->region, err))
		return -err->code;
	scene->result->placement.region_start = (uintptr_t)scene->region.addr; /* it may move */
	scene_stage(scene, "verifying the layout");
	if (region_verify(&scene->region, proof, sizeof(proof), err))
		return -err->code;
	scene_note_text(scene, "layout_proof", proof);
	if (plan_case->layout.kind->folio_ptes)
		scene_note_bool(scene, "contpte_possible",
				layout_contpte(&plan_case->layout, scene->region.base_bytes));
	return 0;
}

static bool is_part_of(const void *addr, size_t bytes, unsigned long start, unsigned long end)
{
	return start < (uintptr_t)addr + bytes && (uintptr_t)addr < end;
}

/*
 * Maps all that the program itself may touch, after the last fork and before the first clock:
 * otherwise the first cycle pays for code and stack pages, and their faults are counted as GUP's.
 * The regions stay as the state left them.
 */
static void program_populate(const struct scene *scene)
{
	autofclose FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512], perms[5];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3 || perms[0] != 'r' ||
		    is_part_of(scene->region.addr, scene->region.bytes, start, end) ||
		    is_part_of(scene->warm.addr, scene->warm.bytes, start, end) ||
		    is_part_of(scene->ballast.addr, scene->ballast.bytes, start, end))
			continue;
		/* a sanitizer's shadow: terabytes, of which the program touches next to nothing */
		if (end - start > 128ul << 20)
			continue;
		/* 5.14; special mappings refuse, which is as good */
		madvise((void *)start, end - start,
			perms[1] == 'w' ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
	}
}

/*
 * A consumed state has one cycle a process, and the first one of a process pays for cold code and
 * caches. So a region beside the one that is measured goes through the same state, and is pinned
 * first; base pages stand in for those of a pool, which are dear. The other states have their
 * warm-ups.
 */
int scene_map_warm(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	size_t bytes = WARM_BYTES;

	if (scene->job->kind != ROUND_TIME || !plan_case->state->consumed ||
	    plan_case->pinner->warms_itself)
		return 0;
	scene_stage(scene, "mapping the region to warm up on");
	scene->warm_layout = plan_case->layout;
	if (scene->warm_layout.kind->pool)
		layout_base(&scene->warm_layout);
	if (bytes < scene->warm_layout.page_bytes)
		bytes = scene->warm_layout.page_bytes;
	if (region_map(&scene->warm, &scene->warm_layout, bytes, NULL, err) ||
	    topology_bind_memory(scene->warm.addr, scene->warm.bytes, scene->job->place->node, err))
		return -err->code;
	return plan_case->state->populated ? region_fill(&scene->warm, err)
					   : region_hollow(&scene->warm, err);
}

/*
 * What fails here fails again where it is told, unless it is due to the base pages that stand in
 * for hugetlb: gup_test may not get at their zero page.
 */
void scene_warm_up(struct scene *scene)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct pin_job job = scene->pin_job;
	struct error untold;
	struct sample sample;
	struct pin *pin;

	if (!scene->warm.addr)
		return;
	scene_stage(scene, "warming up");
	program_populate(
		scene); /* first: some fifty system calls, which would cool what the pins warm */
	job.region = &scene->warm;
	job.offset = 0;
	job.bytes = WARM_BYTES;
	job.pages_per_call = WARM_BYTES / scene->warm.base_bytes;
	if (pinner->open(&pin, pinner, &job, &untold))
		return;
	for (int i = 0; i < WARM_CYCLES; i++)
		if (pinner->cycle(pin, &sample, &untold))
			break;
	pinner->close(pin);
}

int scene_arrange(struct scene *scene, struct error *err)
{
	const struct plan_case *plan_case = scene->plan_case;
	struct state_proof proof;

	scene_stage(scene, "arranging the state");
	if (plan_case->state->arrange(&scene->env, err))
		return -err->code;
	scene_stage(scene, "verifying the state");
	if (scene_frames(scene, scene->before, err) ||
	    state_verify(plan_case->state, &scene->env, scene->before, &proof, err))
		return -err->code;
	if (scene->result->placement.known)
		scene->result->placement.first_frame = scene->before[0].pfn;
	scene_note_text(scene, "state_proof", proof.frames);
	if (proof.read_only[0])
		scene_note_text(scene, "read_only_proof", proof.read_only);
	return 0;
}

int scene_open(struct scene *scene, struct error *err)
{
	int ret;

	scene_stage(scene, "opening the pinner");
	ret = scene->plan_case->pinner->open(&scene->pin, scene->plan_case->pinner, &scene->pin_job,
					     err);
	scene->result->unsupported = ret == -EOPNOTSUPP;
	if (!scene->warm.addr)
		program_populate(scene);
	clock_now(); /* that of the vDSO's data cannot be had so: its first reading faults */
	return ret;
}

void scene_set(struct scene *scene, const struct round_job *job, struct round_result *result)
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
	};
	scene->before = calloc(scene->nr_pages, sizeof(*scene->before));
	scene->after = calloc(scene->nr_pages, sizeof(*scene->after));
}

int scene_count_pins(struct pin_counters *counters, bool *counted, struct error *err)
{
	struct error why = { 0 };

	*counted = pin_counters_read(counters, &why) == 0;
	if (*counted || error_unsupported(&why))
		return 0;
	*err = why;
	return -err->code;
}

bool scene_short(const struct scene *scene, const struct sample *sample, struct error *err)
{
	if (sample->nr_pages == scene->nr_pages)
		return false;
	error_set(err, EIO, "pinned %llu of %zu pages", (unsigned long long)sample->nr_pages,
		  scene->nr_pages);
	return true;
}

int scene_check_bytes(struct scene *scene, const char *name, const unsigned char *bytes,
		      struct error *err)
{
	struct error why;
	int ret = region_check(bytes, scene->pin_job.offset, scene->pin_job.bytes, &why);

	scene_note_bool(scene, name, ret == 0);
	return ret ? error_set(err, why.code, "%s is false: %s", name, why.text) : 0;
}

void round_child(const struct round_job *job, struct round_result *result)
{
	static int (*const rounds[])(struct scene * scene, struct error * err) = {
		[ROUND_TIME] = round_time,
		[ROUND_OBSERVE] = round_observe,
		[ROUND_HOLD] = round_hold,
	};
	struct error *err = &result->error;
	static struct scene scene; /* its parts point at each other */
	int ret;

	scene_set(&scene, job, result);
	if (!scene.before || !scene.after) {
		error_errno(err, ENOMEM, "account for %zu pages", scene.nr_pages);
		return;
	}
	ret = scene_map(&scene, err);
	if (ret == 0)
		ret = rounds[job->kind](&scene, err);
	if (scene.pin) {
		char last[sizeof(result->stage)];

		memcpy(last, result->stage, sizeof(last));
		scene_stage(&scene, "closing the pinner");
		job->plan_case->pinner->close(scene.pin);
		if (ret)
			memcpy(result->stage, last, sizeof(last));
	}
	state_leave(&scene.env);
	if (ret == 0)
		err->code = 0;
	else if (err->code == 0)
		err->code = -ret;
}

#define NR_HOLES   48u /* ranges given back */
#define HOLE_PAGES 8u  /* each 1 to this many: what per-CPU lists keep one by one */
#define ADDRESS_LOW   \
	(UINT64_C(64) \
	 << 30) /* above program and heap of a small binary, below the stacks of 39-bit address */
#define ADDRESS_ROOM (UINT64_C(64) << 30) /* spaces (arm64) and of 47-bit ones */

/* Both numbers of a seed come from generators of their own: one may draw more or less without
 * moving the other. */
enum { STREAM_ADDRESS = 1, STREAM_PAGES };

static void stream_open(struct random *random, uint64_t seed, uint64_t stream)
{
	random_seed(random, seed ^ stream << 56);
}

int ballast_take(struct ballast *ballast, uint64_t seed, size_t base_bytes, struct error *err)
{
	struct random random;

	stream_open(&random, seed, STREAM_PAGES);
	*ballast = (struct ballast){ .nr_pages = random_below(&random, PLACEMENT_MAX_PAGES + 1) };
	ballast->bytes = ballast->nr_pages * base_bytes;
	if (!ballast->bytes)
		return 0;
	ballast->addr = mmap(NULL, ballast->bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ballast->addr == MAP_FAILED) {
		ballast->addr = NULL;
		return error_errno(err, errno, "map %zu bytes before the region", ballast->bytes);
	}
	madvise(ballast->addr, ballast->bytes, MADV_NOHUGEPAGE); /* EINVAL: no THP in this kernel */
	madvise(ballast->addr, ballast->bytes, MADV_DONTFORK);
	if (madvise(ballast->addr, ballast->bytes,
		    MADV_POPULATE_WRITE)) /* 5.14; a quarter of the price of faults */
		for (size_t at = 0; at < ballast->bytes; at += base_bytes)
			ballast->addr[at] = 1;
	for (unsigned int i = 0; i < NR_HOLES; i++) {
		uint64_t first = random_below(&random, ballast->nr_pages),
			 nr = 1 + random_below(&random, HOLE_PAGES);

		if (nr > ballast->nr_pages - first)
			nr = ballast->nr_pages - first;
		if (madvise(ballast->addr + first * base_bytes, nr * base_bytes, MADV_DONTNEED))
			return error_errno(err, errno, "give pages back before the region");
	}
	return 0;
}

void *placement_address(uint64_t seed, size_t align)
{
	struct random random;

	stream_open(&random, seed, STREAM_ADDRESS);
	return (void *)(uintptr_t)((ADDRESS_LOW + random_below(&random, ADDRESS_ROOM)) &
				   ~((uint64_t)align - 1));
}

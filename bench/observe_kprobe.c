// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rung 4, page-exact: kprobes on the functions that GUP-fast and ordinary GUP go through and that
 * compilers leave in place, with their page-count arguments, for the calling thread only.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "bench/calibrate.h"
#include "bench/perf_ring.h"
#include "host/sysfile.h"

#define KPROBE_TYPE_FILE   "/sys/bus/event_source/devices/kprobe/type"
#define FAULT_FLAG_UNSHARE (1u << 10) /* 6.1, 6.12: include/linux/mm_types.h */

/* perf register numbers of the first integer arguments: arch/.../include/uapi/asm/perf_regs.h */
#if defined(__x86_64__)
static const unsigned int arg_register[] = { 5, 4, 3, 2 }; /* di si dx cx */
#elif defined(__aarch64__)
static const unsigned int arg_register[] = { 0, 1, 2, 3 }; /* x0 .. x3 */
#else
#define NO_ARGUMENTS
static const unsigned int arg_register[] = { 0, 1, 2, 3 };
#endif

enum probed {
	PROBED_FAST,     /* entry of GUP-fast */
	PROBED_LOCKED,   /* ordinary GUP, and what GUP-fast falls back to */
	PROBED_UNLOCKED, /* what GUP-fast falls back to for short-term pins, up to 6.2 */
	PROBED_FAULT,    /* handle_mm_fault */
	PROBED_HUGETLB,  /* hugetlb_fault: up to 6.4 GUP calls it without handle_mm_fault */
	NR_PROBED
};

/*
 * Argument numbers (from 1) by kernel: 6.1 mm/gup.c internal_get_user_pages_fast(start, nr_pages,
 * ...),
 * __gup_longterm_locked(mm, start, nr_pages, ...), get_user_pages_unlocked(start, nr_pages,
 * ...); 6.12 mm/gup.c gup_fast_fallback(start, nr_pages, ...); 6.1 and 6.12 mm/memory.c
 * handle_mm_fault(vma, address, flags, regs), mm/hugetlb.c hugetlb_fault(mm, vma, address, flags).
 */
static const struct candidate {
	enum probed what;
	const char *symbol;
	unsigned int args[PERF_RING_ARGS]; /* 0: none */
} candidates[] = {
	{ PROBED_FAST, "gup_fast_fallback", { 2 } },
	{ PROBED_FAST, "internal_get_user_pages_fast", { 2 } },
	{ PROBED_LOCKED, "__gup_longterm_locked", { 3 } },
	{ PROBED_UNLOCKED, "get_user_pages_unlocked", { 2 } },
	{ PROBED_FAULT, "handle_mm_fault", { 2, 3 } },
	{ PROBED_HUGETLB, "hugetlb_fault", { 3, 4 } },
};

struct probe_sum {
	uint64_t pages;       /* sum of the page counts */
	uint64_t nr_faults;   /* in the region */
	uint64_t nr_unshare;  /* those with FAULT_FLAG_UNSHARE */
	uintptr_t start, end; /* the region; 0, 0: every address counts */
};

struct watch {
	struct perf_ring rings[NR_PROBED];
	bool have[NR_PROBED];
	const struct region *region;
	char trouble[200]; /* why a count that should be there is unknown */
};

static int kprobe_type(uint32_t *type, struct error *err)
{
	uint64_t value;

	if (sysfile_read_u64(KPROBE_TYPE_FILE, &value, err)) {
		if (err->code != ENOENT)
			return -err->code;
		error_set(err, ENOENT, "this kernel has no kprobe events for perf");
		return error_fix(err, "build it with CONFIG_KPROBES, CONFIG_KPROBE_EVENTS and "
				      "CONFIG_PERF_EVENTS");
	}
	*type = (uint32_t)value;
	return 0;
}

/*
 * A symbol must stand in the kernel once and whole: of a clone (.isra, .constprop, .part) some
 * calls would be missed. ".cold" is a part of the same function that is jumped to, not called.
 */
struct sighting {
	unsigned int nr;
	char clone[128];
};

#define NR_CANDIDATES (sizeof(candidates) / sizeof(*candidates))

static void symbol_see(struct sighting sightings[NR_CANDIDATES], const char *name)
{
	for (size_t i = 0; i < NR_CANDIDATES; i++) {
		size_t length = strlen(candidates[i].symbol);

		if (strncmp(name, candidates[i].symbol, length) != 0)
			continue;
		if (name[length] == '\0' || name[length] == '\t') /* a tab: of a module */
			sightings[i].nr++;
		else if (name[length] == '.' && strncmp(name + length, ".cold", 5) != 0)
			snprintf(sightings[i].clone, sizeof(sightings[i].clone), "%s", name);
	}
}

/*
 * Read once per process and inherited by its workers: the file has a line for each of some 100,000
 * symbols ("address type name"), which the kernel makes as it is read.
 */
static const struct sighting *symbols_see(struct error *err)
{
	static struct sighting sightings[NR_CANDIDATES];
	static bool seen;
	autofclose FILE *kallsyms = NULL;
	char line[512];

	if (seen)
		return sightings;
	kallsyms = fopen("/proc/kallsyms", "re");
	if (!kallsyms) {
		error_errno(err, errno, "open /proc/kallsyms");
		return NULL;
	}
	setvbuf(kallsyms, NULL, _IOFBF, 1 << 16);
	while (fgets(line, sizeof(line), kallsyms)) {
		const char *name = strchr(line, ' ');

		name = name ? strchr(name + 1, ' ') : NULL;
		if (!name)
			continue;
		line[strcspn(line, "\n")] = '\0';
		symbol_see(sightings, name + 1);
	}
	if (ferror(kallsyms)) {
		memset(sightings, 0, sizeof(sightings));
		error_errno(err, EIO, "read /proc/kallsyms");
		return NULL;
	}
	seen = true;
	return sightings;
}

static int symbol_check(size_t candidate, struct error *err)
{
	const struct sighting *sightings = symbols_see(err);
	const char *symbol = candidates[candidate].symbol;

	if (!sightings)
		return -err->code;
	if (sightings[candidate].clone[0])
		return error_set(err, EADDRNOTAVAIL, "the compiler cloned %s into %s", symbol,
				 sightings[candidate].clone);
	if (sightings[candidate].nr != 1)
		return error_set(err, sightings[candidate].nr ? EADDRNOTAVAIL : ENOENT,
				 "%u functions are called %s in this kernel",
				 sightings[candidate].nr, symbol);
	return 0;
}

static int symbol_open(struct perf_ring *ring, const struct candidate *candidate, uint32_t type,
		       struct error *err)
{
	struct perf_event_attr attr = {
		.type = type,
		.kprobe_func = (uintptr_t)candidate->symbol,
	};

	for (size_t i = 0; i < PERF_RING_ARGS && candidate->args[i]; i++)
		attr.sample_regs_intr |= UINT64_C(1) << arg_register[candidate->args[i] - 1];
	if (perf_ring_open(ring, &attr, true, err)) {
		if (err->code == EACCES || err->code == EPERM)
			return error_fix(err, "run as root (CAP_PERFMON), not in lockdown");
		return -err->code;
	}
	return 0;
}

/* Registers come lowest number first: on x86_64 that turns (argument 2, 3) = (si, dx) around. */
static void arg_order(const struct candidate *candidate, const struct perf_hit *hit,
		      uint64_t args[PERF_RING_ARGS])
{
	bool turned = candidate->args[1] &&
		      arg_register[candidate->args[1] - 1] < arg_register[candidate->args[0] - 1];

	args[0] = hit->args[turned ? 1 : 0];
	args[1] = hit->args[turned ? 0 : 1];
}

static const struct candidate *candidate_of(enum probed what)
{
	for (size_t i = 0; i < NR_CANDIDATES; i++)
		if (candidates[i].what == what)
			return &candidates[i];
	return NULL;
}

static void sum_pages(void *sum, const struct perf_hit *hit)
{
	((struct probe_sum *)sum)->pages += hit->args[0];
}

static void sum_faults(struct probe_sum *sum, enum probed what, const struct perf_hit *hit)
{
	uint64_t args[PERF_RING_ARGS];

	arg_order(candidate_of(what), hit, args);
	if (args[0] < sum->start || args[0] >= sum->end)
		return;
	sum->nr_faults++;
	sum->nr_unshare += (args[1] & FAULT_FLAG_UNSHARE) != 0;
}

static void sum_fault(void *sum, const struct perf_hit *hit)
{
	sum_faults(sum, PROBED_FAULT, hit);
}

static void sum_hugetlb(void *sum, const struct perf_hit *hit)
{
	sum_faults(sum, PROBED_HUGETLB, hit);
}

static void (*const summers[NR_PROBED])(void *sum, const struct perf_hit *hit) = {
	[PROBED_FAST] = sum_pages,  [PROBED_LOCKED] = sum_pages,    [PROBED_UNLOCKED] = sum_pages,
	[PROBED_FAULT] = sum_fault, [PROBED_HUGETLB] = sum_hugetlb,
};

static void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < NR_PROBED; i++)
		if (watch->have[i])
			perf_ring_close(&watch->rings[i]);
	free(watch);
}

static int rings_start(struct watch *watch, struct error *err)
{
	for (size_t i = 0; i < NR_PROBED; i++)
		if (watch->have[i] && perf_ring_start(&watch->rings[i], err))
			return -err->code;
	return 0;
}

/* @hits and @sums are per probe. */
static int rings_stop(struct watch *watch, uint64_t hits[NR_PROBED],
		      struct probe_sum sums[NR_PROBED], struct error *err)
{
	int ret = 0;

	for (size_t i = 0; i < NR_PROBED; i++) {
		hits[i] = 0;
		if (watch->have[i] &&
		    perf_ring_stop(&watch->rings[i], summers[i], &sums[i], &hits[i], err))
			ret = -err->code;
	}
	return ret;
}

/* One known call: what it asks of GUP-fast and what of it is left must come back from the probes.
 */
static int calibrate_one(void *context, struct known_call *known, struct error *err)
{
	struct watch *watch = context;
	struct probe_sum sums[NR_PROBED] = { { 0 } };
	uint64_t hits[NR_PROBED], slow;
	struct error other;
	int ret;

	if (rings_start(watch, err))
		return -err->code;
	ret = known_call_run(known, err);
	if (rings_stop(watch, hits, sums, ret ? &other : err) || ret)
		return -err->code;
	slow = sums[PROBED_LOCKED].pages + sums[PROBED_UNLOCKED].pages;
	if (sums[PROBED_FAST].pages != known->requested || slow != known->slow)
		return error_set(err, EPROTO,
				 "calibration by %s: the probes saw %llu pages asked and %llu "
				 "left, not %llu and %llu",
				 known->name, (unsigned long long)sums[PROBED_FAST].pages,
				 (unsigned long long)slow, (unsigned long long)known->requested,
				 (unsigned long long)known->slow);
	return 0;
}

static int watch_open(struct watch **slot, struct error *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	uint32_t type = 0;

	*slot = NULL;
	if (!watch)
		return error_errno(err, ENOMEM, "prepare the probes");
	if (kprobe_type(&type, err) || !symbols_see(err))
		goto fail;
	for (size_t i = 0; i < NR_CANDIDATES; i++) {
		const struct candidate *candidate = &candidates[i];
		struct error why = { 0 };

		if (watch->have[candidate->what])
			continue;
		if (symbol_check(i, &why)) {
			/* -ENOENT: the other name, or a kernel without hugetlb */
			if (why.code != ENOENT)
				snprintf(watch->trouble, sizeof(watch->trouble), "%.199s",
					 why.text);
			continue;
		}
		if (symbol_open(&watch->rings[candidate->what], candidate, type, err))
			goto fail;
		watch->have[candidate->what] = true;
	}
	if (!watch->have[PROBED_FAST] || !watch->have[PROBED_LOCKED]) {
		error_set(err, ENOENT, "%s",
			  watch->trouble[0] ? watch->trouble
					    : "the GUP functions of this kernel have names that "
					      "pinbench does not know");
		goto fail;
	}
	if (known_calls_try(calibrate_one, watch, err))
		goto fail;
	*slot = watch;
	return 0;
fail:
	watch_close(watch);
	return -err->code;
}

static int watch_start(struct watch *watch, const struct pin_job *job, struct error *err)
{
	watch->region = job->region;
	/* each probe is hit once a page at most, but for what the kernel does besides */
	for (size_t i = 0; i < NR_PROBED; i++)
		if (watch->have[i])
			perf_ring_fit(&watch->rings[i],
				      job->bytes / job->region->base_bytes + 1024);
	return rings_start(watch, err);
}

static int watch_stop(struct watch *watch, struct path_count *counts, struct error *err)
{
	uintptr_t start = (uintptr_t)watch->region->addr, end = start + watch->region->bytes;
	bool hugetlb = watch->region->layout->kind->own_faults;
	enum probed fault = hugetlb && watch->have[PROBED_HUGETLB] ? PROBED_HUGETLB : PROBED_FAULT;
	struct probe_sum sums[NR_PROBED] = {
		[PROBED_FAULT] = { .start = start, .end = end },
		[PROBED_HUGETLB] = { .start = start, .end = end },
	};
	uint64_t hits[NR_PROBED], slow_calls;

	if (rings_stop(watch, hits, sums, err))
		return -err->code;
	slow_calls = hits[PROBED_LOCKED] + hits[PROBED_UNLOCKED];
	if (hits[PROBED_FAST])
		path_count_set(counts, COUNT_REQUESTED_PAGES, sums[PROBED_FAST].pages, "kprobe");
	/*
	 * Neither path seen: the interface reached ordinary GUP by a function that cannot be probed
	 * (6.1 pin_user_pages_remote), or pinned nothing. Zero would be a guess.
	 */
	if (hits[PROBED_FAST] || slow_calls) {
		path_count_set(counts, COUNT_SLOW_PAGES,
			       sums[PROBED_LOCKED].pages + sums[PROBED_UNLOCKED].pages, "kprobe");
		path_count_set(counts, COUNT_SLOW_CALLS, slow_calls, "kprobe");
	}
	if (watch->have[fault]) {
		path_count_set(counts, COUNT_FAULTS, sums[fault].nr_faults, "kprobe");
		path_count_set(counts, COUNT_UNSHARE_FAULTS, sums[fault].nr_unshare, "kprobe");
	}
	return 0;
}

static int probe(struct error *why)
{
	struct watch *watch;

#ifdef NO_ARGUMENTS
	return error_set(why, ENOSYS, "argument registers of this architecture are not known");
#endif
	if (watch_open(&watch, why))
		return -why->code;
	watch_close(watch);
	return 0;
}

const struct observer observe_kprobe = {
	.name = "kprobe",
	.about = "page-exact: kprobes on GUP-fast, ordinary GUP and the fault handlers with their "
		 "arguments",
	.rung = 4,
	.probe = probe,
	.open = watch_open,
	.start = watch_start,
	.stop = watch_stop,
	.close = watch_close,
};

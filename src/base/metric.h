/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What one timed cycle and one observed round say. Unknown is not zero. */
#include <stdint.h>

enum metric {
	METRIC_PIN,   /* taking the pins */
	METRIC_UNPIN, /* giving them back */
	METRIC_CYCLE, /* both, where the interface does not let them be timed apart */
	NR_METRICS
};

/* Names in results and tables, indexed by enum metric: "pin", "unpin", "cycle". */
extern const char *const metric_names[NR_METRICS];

struct sample {
	uint64_t ticks[NR_METRICS]; /* ns, or guest instructions in the icount lane */
	unsigned int have;          /* bit 1 << metric: that metric was measured */
	uint64_t nr_pages;          /* base pages that the interface says it pinned */
};

enum count {
	COUNT_REQUESTED_PAGES, /* asked of GUP-fast at its entry; unknown if it was never entered */
	COUNT_SLOW_PAGES,      /* left by GUP-fast for ordinary GUP */
	COUNT_SLOW_CALLS,      /* entries of ordinary GUP */
	COUNT_FAULTS,          /* minor faults taken inside GUP */
	COUNT_UNSHARE_FAULTS,  /* those with FAULT_FLAG_UNSHARE */
	COUNT_COPIED_PAGES,    /* base pages whose frame changed */
	COUNT_REUSED_PAGES,    /* base pages not exclusive before, exclusive after, same frame */
	COUNT_SPLIT_THPS,      /* PMD mappings of a THP that were split */
	NR_COUNTS
};

/* Names in results, indexed by enum count: "requested_pages" ... "split_thps". */
extern const char *const count_names[NR_COUNTS];

/*
 * What a timed section did to memory: counted exactly, by a plugin in QEMU, in the icount lane. Of
 * a section whose empty call is taken off its time, that is taken off loads, stores and atomics,
 * too.
 */
enum memory {
	MEMORY_LOADS,
	MEMORY_STORES,
	MEMORY_ATOMICS, /* exclusive stores, LSE instructions, locked instructions */
	MEMORY_L1D_MISSES,
	MEMORY_L2_MISSES,
	MEMORY_LLC_MISSES,
	MEMORY_LINES,      /* distinct 64-byte lines of data */
	MEMORY_CODE_LINES, /* and of code */
	NR_MEMORY
};

/* Names in results and tables: "loads" ... "code_lines". */
extern const char *const memory_names[NR_MEMORY];
/* "accesses", "misses", "lines", "atomics" */
extern const char *const memory_units[NR_MEMORY];

/* Of one sample, by metric. */
struct memory_count {
	uint64_t value[NR_METRICS][NR_MEMORY];
};

struct path_count {
	uint64_t value[NR_COUNTS];
	char observer[NR_COUNTS][24]; /* the rung that counted it; empty: unknown */
};

void path_count_set(struct path_count *counts, enum count count, uint64_t value,
		    const char *observer);

// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/metric.h"

#include <stdio.h>

const char *const metric_names[NR_METRICS] = {
	[METRIC_PIN] = "pin",
	[METRIC_UNPIN] = "unpin",
	[METRIC_CYCLE] = "cycle",
};

const char *const memory_names[NR_MEMORY] = {
	[MEMORY_LOADS] = "loads",         [MEMORY_STORES] = "stores",
	[MEMORY_ATOMICS] = "atomics",     [MEMORY_L1D_MISSES] = "l1d_misses",
	[MEMORY_L2_MISSES] = "l2_misses", [MEMORY_LLC_MISSES] = "llc_misses",
	[MEMORY_LINES] = "lines",         [MEMORY_CODE_LINES] = "code_lines",
};

const char *const memory_units[NR_MEMORY] = {
	[MEMORY_LOADS] = "accesses",   [MEMORY_STORES] = "accesses",
	[MEMORY_ATOMICS] = "atomics",  [MEMORY_L1D_MISSES] = "misses",
	[MEMORY_L2_MISSES] = "misses", [MEMORY_LLC_MISSES] = "misses",
	[MEMORY_LINES] = "lines",      [MEMORY_CODE_LINES] = "lines",
};

const char *const count_names[NR_COUNTS] = {
	[COUNT_REQUESTED_PAGES] = "requested_pages", [COUNT_SLOW_PAGES] = "slow_pages",
	[COUNT_SLOW_CALLS] = "slow_calls",           [COUNT_FAULTS] = "faults",
	[COUNT_UNSHARE_FAULTS] = "unshare_faults",   [COUNT_COPIED_PAGES] = "copied_pages",
	[COUNT_REUSED_PAGES] = "reused_pages",       [COUNT_SPLIT_THPS] = "split_thps",
};

void path_count_set(struct path_count *counts, enum count count, uint64_t value,
		    const char *observer)
{
	counts->value[count] = value;
	snprintf(counts->observer[count], sizeof(counts->observer[count]), "%s", observer);
}

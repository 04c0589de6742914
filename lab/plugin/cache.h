/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The model of caches behind the counts of misses: three levels of physical 64-byte lines, least
 * recently used goes first, a store allocates as a load does. There is no prefetch, no page walk
 * and no code in it, and nothing is written back. A line that misses in one level is looked for in
 * the next, and is in all of them afterwards; levels do not push lines out of each other.
 */
#include <stdint.h>
#include <string.h>

#define CACHE_LINE_SHIFT 6
#define CACHE_LEVELS     3

/* Log2 of the sets, and the ways: L1D 64K 4-way, L2 1M 8-way, LLC 16M 16-way. */
#define CACHE_L1_SETS  8
#define CACHE_L1_WAYS  4
#define CACHE_L2_SETS  11
#define CACHE_L2_WAYS  8
#define CACHE_LLC_SETS 14
#define CACHE_LLC_WAYS 16

/* How a result file names this model; misses of models with other names are not compared. */
#define CACHE_MODEL                                                                        \
	"64-byte lines, L1D 64K 4-way, L2 1M 8-way, LLC 16M 16-way, LRU, write-allocate, " \
	"no prefetch"

/* Each set holds line numbers plus one, the most recently used first; 0: empty. */
struct cache {
	uint64_t l1[1 << CACHE_L1_SETS][CACHE_L1_WAYS];
	uint64_t l2[1 << CACHE_L2_SETS][CACHE_L2_WAYS];
	uint64_t llc[1 << CACHE_LLC_SETS][CACHE_LLC_WAYS];
};

static inline void cache_empty(struct cache *cache)
{
	memset(cache, 0, sizeof(*cache));
}

/* Whether @tag was in the set; it is the most recently used one afterwards. */
static inline int cache_set_touch(uint64_t *ways, unsigned int nr, uint64_t tag)
{
	uint64_t carried = tag, next;

	for (unsigned int i = 0; i < nr; i++) {
		next = ways[i];
		ways[i] = carried;
		if (next == tag)
			return 1;
		carried = next;
	}
	return 0;
}

/* One access to a line: in how many levels it missed, 0 (it was in L1D) to 3 (nowhere). */
static inline unsigned int cache_touch(struct cache *cache, uint64_t line)
{
	uint64_t tag = line + 1;
	uint64_t *l1 = cache->l1[line & ((1 << CACHE_L1_SETS) - 1)];

	if (l1[0] == tag || cache_set_touch(l1, CACHE_L1_WAYS, tag))
		return 0;
	if (cache_set_touch(cache->l2[line & ((1 << CACHE_L2_SETS) - 1)], CACHE_L2_WAYS, tag))
		return 1;
	if (cache_set_touch(cache->llc[line & ((1 << CACHE_LLC_SETS) - 1)], CACHE_LLC_WAYS, tag))
		return 2;
	return 3;
}

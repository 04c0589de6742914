/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Huge pages of the running kernel: which sizes there are, how many are free on a node, and getting
 * more of them for the length of a run (given back by the journal).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/journal.h"

#define HUGEPAGE_SIZES_MAX 16
#define THP_DIR            "/sys/kernel/mm/transparent_hugepage"

/* Hugetlb sizes in bytes, rising: fills up to @max, returns how many there are. */
size_t hugepage_sizes(size_t *bytes, size_t max);

/* Sizes of anonymous multi-size THP in bytes, rising, that of PMDs included (6.8+; none before). */
size_t thp_sizes(size_t *bytes, size_t max);

/*
 * The directory of the pool of one size on one node: the node's own where the kernel has NUMA, else
 * the global one. -EINVAL: the kernel has no such size, or the machine has several nodes and @node
 * is -1.
 */
int hugepage_pool(size_t page_bytes, int node, char *path, size_t size, struct error *err);

/* Pages that a mapping could take now: free and not promised to another mapping. 0 also when
 * unknown. */
uint64_t hugepage_free_count(size_t page_bytes, int node);

/* Pages of the pool that somebody has, surplus ones included. 0 also when unknown. */
uint64_t hugepage_used_count(size_t page_bytes, int node);

/*
 * Sees to it that at least @nr pages are free on @node for this run, raising the pool through
 * @journal. Free pages that another run counts on are not: where there is one, this run brings
 * along all that it needs. All or nothing: when the kernel grants fewer, they are given back and
 * the error says how many there were (-EOPNOTSUPP: a reason to skip).
 */
int hugepage_reserve(struct journal *journal, size_t page_bytes, int node, unsigned int nr,
		     struct error *err);

/* Whether another run of pinbench counts on pages of this pool. False with a @journal of NULL:
 * nobody knows then. */
bool hugepage_shared(struct journal *journal, size_t page_bytes, int node);

/* Size of a THP in bytes (PMD), 0 without THP. */
size_t thp_pmd_bytes(void);
/*
 * The word that decides about THP of @bytes now, of their own switch (6.8+) or, where that inherits
 * or there is none, of the one for all: "always", "madvise", "never"; "unknown".
 */
void thp_word(size_t bytes, char *word, size_t size);
/* True when madvise(MADV_HUGEPAGE) may get THP of @bytes now. */
bool thp_available(size_t bytes);
/*
 * Makes thp_available() true for the run, or keeps it so: where another run of pinbench made it
 * true, it stays until the last of them has ended. Nothing is written if it is true already.
 */
int thp_allow(struct journal *journal, size_t bytes, struct error *err);
/* How many THP of @bytes the machine's page faults got since boot; false where it does not count
 * (before 6.10). */
bool thp_allocated(size_t bytes, uint64_t *nr);

/* Whether shared memory (memfd, MAP_SHARED) can have THP at all in this kernel. */
bool shmem_thp_known(void);
/* True when a shared mapping with madvise(MADV_HUGEPAGE) may get THP of @bytes now. */
bool shmem_thp_available(size_t bytes);
/* Makes that true for the run, as thp_allow() does. */
int shmem_thp_allow(struct journal *journal, size_t bytes, struct error *err);

/* What a run may take without being told to: a quarter of what memory and cgroup have left, in
 * bytes. */
#define MEMORY_SHARE 4
/* -EOPNOTSUPP when @bytes_planned is more; the error names both numbers. 0 when the kernel does not
 * say. */
int memory_guard(uint64_t bytes_planned, struct error *err);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the layouts share: how to map, what to read in smaps and in frame flags. */
#include <linux/kernel-page-flags.h>

#include "bench/bench.h"
#include "bench/frames.h"
#include "host/noise.h"

/* What smaps has of one mapping, in bytes. */
struct vma_account {
	size_t kernel_page, rss, anon_huge, shmem_pmd, hugetlb;
};

#define KPF(name) (UINT64_C(1) << KPF_##name)
#define COMPOUND  (KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL))

/* Maps private anonymous pages at a multiple of the unit, @advice (MADV_*) given. */
int region_map_anonymous(struct region *region, void *wish, int advice, struct error *err);

/* The same of a file from its start on; @flags: MAP_SHARED or MAP_PRIVATE. */
int region_map_file(struct region *region, void *wish, int fd, int flags, int advice,
		    struct error *err);

/* True if frame @i has @kind's flag and lies where the unit that it is part of puts it. */
bool frame_in_unit(const struct region *region, const struct frame *frames, size_t i,
		   uint64_t kind);

/* "smaps shows ... of LAYOUT, ... were asked", if @seen is not the region; -EPROTO. */
int account_compare(const struct region *region, size_t seen, struct error *err);

#define THP_FRAGMENTED "free memory is fragmented: echo 1 > /proc/sys/vm/compact_memory"
/* Of layouts whose units are THP of their size, for the field of that name. */
int thp_layout_reserve(struct journal *journal, const struct layout *layout, int node,
		       unsigned int nr, struct error *err);
void thp_layout_check(struct finding *finding, const struct layout *layout, int node,
		      unsigned int nr);

/* Rows of a kind for every size of THP, that of PMDs included, but for what is said about them. */
size_t thp_layouts(const struct layout_kind *kind, struct layout *layouts, size_t max);
/* Fills a region with folios of its unit's size, and keeps khugepaged from them. */
int thp_units_fill(struct region *region, struct error *err);
/* True if frame @i is the head or the tail that it has to be in an anonymous folio. */
bool thp_unit_fits(const struct region *region, const struct frame *frames, size_t i);

/* Writes the words of region_fill() into a part of it; both multiples of 4 KiB. */
void region_stamp(struct region *region, size_t offset, size_t bytes);

/* The check of a layout that needs no settings: one is made, where this is no saved tree. */
void layout_check(struct finding *finding, const struct layout *layout, int node, unsigned int nr);
/* Maps, fills and proves one unit in a child, and says @about where that works. */
void layout_try(struct finding *finding, const struct layout *layout, const char *about);

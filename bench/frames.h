/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the kernel itself says about the page frames behind an address range: /proc/self/pagemap and
 * /proc/kpageflags. Frame numbers and flags need CAP_SYS_ADMIN; presence does not.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct frame {
	uint64_t pfn;   /* 0: not present, or not visible to this user */
	uint64_t flags; /* KPF_* bits (linux/kernel-page-flags.h); 0: not visible */
	bool present;
	bool swapped;
	bool mapped_once; /* one mapping in all processes: pagemap bit 56; of hugetlb pages,
			     kpagecount */
	bool exclusive;   /* PageAnonExclusive of the page or, for a mapped-whole compound page, of
			     its head */
};

/* True when frame numbers and flags can be read here; otherwise false with the reason. */
bool frames_visible(struct error *why);

/*
 * Reads the frames of @nr base pages from @addr on. @unit_pages is the number of base pages in one
 * page of the layout: the exclusive flag of a hugetlb page or PMD-mapped THP stands at its head
 * (6.1: mm/rmap.c, include/linux/page-flags.h PageAnonExclusive). Does not touch the pages.
 */
int frames_read(const void *addr, size_t nr, size_t base_bytes, size_t unit_pages,
		struct frame *frames, struct error *err);

/* Base pages of @before that are present in @after in another frame. */
size_t frames_moved(const struct frame *before, const struct frame *after, size_t nr);
/* Same frame, not exclusive before, exclusive after: unshared by reuse. */
size_t frames_reused(const struct frame *before, const struct frame *after, size_t nr);

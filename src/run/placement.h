/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where the memory of a round comes to lie, decided by a seed: the same seed gives the same,
 * another one another. For lanes in which everything else is the same in every boot (run
 * --placement).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PLACEMENT_MAX_PAGES 2000u

/* Base pages that the process keeps while its region is in use, so that the allocator gives the
 * region others. */
struct ballast {
	unsigned char *addr; /* NULL: none */
	size_t bytes;
	uint64_t nr_pages; /* taken at first; some of them were given back at once */
};

/*
 * Takes up to PLACEMENT_MAX_PAGES pages, touches them, and gives some back in a scattered order, so
 * that the free lists are not those of a fresh boot. Children do not inherit it.
 */
int ballast_take(struct ballast *ballast, uint64_t seed, size_t base_bytes, struct error *err);

/* An address for a region, aligned to @align, where every architecture has room; a wish: see what
 * mmap() makes of it. */
void *placement_address(uint64_t seed, size_t align);

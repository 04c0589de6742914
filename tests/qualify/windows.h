/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Comparisons drawn from long measured schedules. A stretch is what "run --with" left: two files of
 * one schedule with hundreds of blocks. A window is some consecutive blocks of it, written as two
 * result files as if no more had been measured; what judges it reads these files.
 */
#include <stdint.h>

#include "base/error.h"
#include "result/results.h"

struct stretch {
	struct results side[2];
	unsigned int nr_blocks; /* from 0 on, complete on both sides in every result */
	size_t nr;              /* done on both sides, in the order of side 0 */
	const struct run **at;  /* [result * 2 * nr_blocks + slot] */
	unsigned int *of;       /* [slot]: the side that was measured there */
};

/* -EINVAL: not two sides of one schedule, or nothing in them is complete. */
int stretch_load(struct stretch *stretch, const char *base, const char *new, struct error *err);
void stretch_free(struct stretch *stretch);
const struct run *stretch_at(const struct stretch *stretch, size_t result, unsigned int slot);
const struct result *stretch_result(const struct stretch *stretch, size_t result);

/*
 * Who is called base and who new. Where both sides are the same program, the names may be given
 * anew: what was measured is one sequence of like processes.
 */
enum labels { LABELS_MEASURED, LABELS_ABBA, LABELS_RANDOM };

/* One row of the table, or all of them. */
struct pick {
	bool all;
	size_t result;
	enum metric metric;
};
/* The rows that have times: *@picks is the caller's. Returns their number. */
size_t stretch_rows(const struct stretch *stretch, struct pick **picks);

struct window {
	unsigned int first_block, nr_blocks;
	enum labels labels;
	uint64_t seed; /* of LABELS_RANDOM */
	struct pick pick;
};

/* Writes the two sides to @path[0] and @path[1]. */
int window_save(const struct stretch *stretch, const struct window *window,
		const char *const path[2], struct error *err);

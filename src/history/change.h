/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Change points of a row of numbers in order: where its level moved, not which number is odd.
 *
 * Divides as E-divisive (Matteson and James 2014) does: the best split of a stretch is kept when
 * few random orders of the same numbers have one as good, then both parts are divided. As Hunter
 * does, short windows are tried besides the whole stretch, so that later steps do not hide earlier
 * ones, and in the end each point is tested again between its neighbours. What is compared is the
 * mean rank and not the mean: of ranks, no law of noise and no single outlier makes a step.
 * docs/history.md has the error rates.
 */
#include <stdbool.h>
#include <stddef.h>

/* Of one stretch without a change, the chance of a false point. */
#define CHANGE_LEVEL 0.01
/* Numbers on each side of a point, and in all: with fewer no order of them is rare enough. */
#define CHANGE_SIDE  3u
#define CHANGE_LEAST 10u

struct change_point {
	size_t at;              /* index of the first number of the new level */
	size_t start, end;      /* what it was told from: start .. at - 1, and at .. end - 1 */
	double p;               /* of such a split by chance; 0: counted, not judged */
	double from, to;        /* medians of the two levels */
	double size, low, high; /* to / from - 1 (Hodges-Lehmann) with its 95 % interval; NAN where
				   a number is 0 or less */
	bool drift;             /* it and its neighbours are more of a slope than of steps */
};

/* Of measured numbers, none of them NAN. @points has room for @nr. Returns how many, in order. */
size_t changes_find(const double *values, size_t nr, struct change_point *points);
/* Of counted numbers: every difference is one. @points as above. */
size_t changes_exact(const double *values, size_t nr, struct change_point *points);

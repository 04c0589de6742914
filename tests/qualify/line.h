/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a program of "make qualify" says: one JSON object a line on stdout, one line a row of the
 * table (qualify.sh formats them). "ok" is missing in rows that are there to compare with and have
 * no bar.
 */
#include <stdbool.h>
#include <stddef.h>

/* How often something happened in how many independent tries, with the exact (Clopper-Pearson) 95 %
 * interval. */
struct rate {
	size_t nr, of;
	double value, low, high;
};

struct rate rate_of(size_t nr, size_t of);

/*
 * One row. @bar NULL: shown only. @note: what the number rests on. No text may need escaping; what
 * does is replaced by '?'.
 */
void line_print(const char *part, const char *row, const char *value, const char *note,
		const char *bar, bool ok);
/*
 * A row with a rate, and the bar "<= most" or ">= least" for it; both negative: shown only.
 * @accepted: what a rate of @most may be measured as, with so many tries; 0: @most. @effective: how
 * many of the tries are independent, 0: all (it widens the interval and changes nothing else).
 */
struct bar {
	double most, least, accepted;
};
#define NO_BAR ((struct bar){ -1, -1, 0 })
void line_rate(const char *part, const char *row, size_t nr, size_t of, size_t effective,
	       struct bar bar);

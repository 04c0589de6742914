// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/stats.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void swap(double *a, double *b)
{
	double c = *a;

	*a = *b;
	*b = c;
}

#define MAX_PARTITIONS 100u

/*
 * The value that would stand at @at if @values were sorted, and nothing smaller behind it: Hoare's
 * selection, in time linear in @nr. What leads it astray is sorted instead.
 */
static double select_value(double *values, size_t nr, size_t at)
{
	ptrdiff_t low = 0, high = (ptrdiff_t)nr - 1;

	for (unsigned int i = 0; low < high && i < MAX_PARTITIONS; i++) {
		double pivot = values[low + (high - low) / 2];
		ptrdiff_t left = low, right = high;

		while (left <= right) {
			while (values[left] < pivot)
				left++;
			while (values[right] > pivot)
				right--;
			if (left <= right)
				swap(&values[left++], &values[right--]);
		}
		if ((ptrdiff_t)at <= right)
			high = right;
		else if ((ptrdiff_t)at >= left)
			low = left;
		else
			return values[at];
	}
	if (low < high)
		qsort(values + low, high - low + 1, sizeof(*values), compare_doubles);
	return values[at];
}

double quantile_of(double *values, size_t nr, double part)
{
	double at = (nr - 1) * part, value, next;
	size_t below = at;

	value = select_value(values, nr, below);
	if (below + 1 >= nr)
		return value;
	next = values[below + 1];
	for (size_t i = below + 2; i < nr; i++)
		next = values[i] < next ? values[i] : next;
	return value + (at - below) * (next - value);
}

static int by_count(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

uint64_t middle_of(uint64_t *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), by_count);
	return values[nr / 2];
}

struct summary summary_of(double *values, size_t nr)
{
	struct summary summary = { .nr = nr };

	if (nr == 0)
		return summary;
	summary.min = select_value(values, nr, 0);
	summary.max = select_value(values, nr, nr - 1);
	summary.median = quantile_of(values, nr, 0.5);
	summary.q1 = quantile_of(values, nr, 0.25);
	summary.q3 = quantile_of(values, nr, 0.75);
	for (size_t i = 0; i < nr; i++)
		values[i] = fabs(values[i] - summary.median);
	summary.mad = quantile_of(values, nr, 0.5);
	return summary;
}

double summary_spread(const struct summary *summary)
{
	return summary->median > 0 ? (summary->q3 - summary->q1) / 2 / summary->median : 0;
}

int line_fit(struct line *line, const double *x, const double *y, size_t nr)
{
	double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;

	*line = (struct line){ .nr = nr };
	for (size_t i = 0; i < nr; i++) {
		size_t seen = 0;

		while (x[seen] != x[i])
			seen++;
		line->nr_x += seen == i;
		mean_x += (x[i] - mean_x) / (i + 1);
		mean_y += (y[i] - mean_y) / (i + 1);
	}
	if (line->nr_x < 2)
		return -EDOM;
	/* around the means: raw sums of squares lose the digits that matter */
	for (size_t i = 0; i < nr; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
		yy += (y[i] - mean_y) * (y[i] - mean_y);
	}
	line->slope = xy / xx;
	line->fixed = mean_y - line->slope * mean_x;
	line->r2 = yy > 0 ? xy * xy / (xx * yy) : 1;
	return 0;
}

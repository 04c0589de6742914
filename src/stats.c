// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double quantile(const double *sorted, size_t nr, double part)
{
	double at = (nr - 1) * part;
	size_t below = at;

	if (below + 1 >= nr)
		return sorted[nr - 1];
	return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
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
	qsort(values, nr, sizeof(*values), compare_doubles);
	summary.min = values[0];
	summary.max = values[nr - 1];
	summary.median = quantile(values, nr, 0.5);
	summary.q1 = quantile(values, nr, 0.25);
	summary.q3 = quantile(values, nr, 0.75);
	for (size_t i = 0; i < nr; i++)
		values[i] = fabs(values[i] - summary.median);
	qsort(values, nr, sizeof(*values), compare_doubles);
	summary.mad = quantile(values, nr, 0.5);
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

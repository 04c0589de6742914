// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/stats.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

#define SLOPE_POINTS 100u

/* Pairs in which the earlier value is larger; leaves @values sorted. */
static double count_discordant(double *values, double *room, size_t nr)
{
	size_t half = nr / 2, left = 0, right = half, at = 0;
	double nr_pairs;

	if (nr < 2)
		return 0;
	nr_pairs = count_discordant(values, room, half) +
		   count_discordant(values + half, room, nr - half);
	while (left < half || right < nr) {
		if (right == nr || (left < half && values[left] <= values[right])) {
			room[at++] = values[left++];
		} else {
			nr_pairs += (double)(half - left);
			room[at++] = values[right++];
		}
	}
	memcpy(values, room, nr * sizeof(*values));
	return nr_pairs;
}

static double *copy_of(const double *values, size_t nr, size_t times)
{
	double *copy = malloc((times * nr + 1) * sizeof(*copy));

	if (!copy)
		abort();
	memcpy(copy, values, nr * sizeof(*copy));
	return copy;
}

void trend_test(const double *values, size_t nr, double *s, double *variance)
{
	double n = (double)nr, *sorted = copy_of(values, nr, 2), discordant, tied = 0;

	*s = *variance = 0;
	discordant = count_discordant(sorted, sorted + nr, nr);
	if (nr > 1)
		*variance = n * (n - 1) * (2 * n + 5);
	for (size_t i = 0, same; i < nr; i += same) {
		double t;

		for (same = 1; i + same < nr && sorted[i + same] == sorted[i]; same++)
			;
		t = (double)same;
		tied += t * (t - 1) / 2;
		*variance -= t * (t - 1) * (2 * t + 5);
	}
	if (nr > 1)
		*s = n * (n - 1) / 2 - tied - 2 * discordant;
	*variance /= 18;
	free(sorted);
}

/* Medians of consecutive groups of nearly one size. */
static size_t thin(const double *values, size_t nr, double *points)
{
	size_t nr_points = nr < SLOPE_POINTS ? nr : SLOPE_POINTS;
	double *copy = copy_of(values, nr, 1);

	for (size_t i = 0; i < nr_points; i++) {
		size_t from = i * nr / nr_points, to = (i + 1) * nr / nr_points;

		points[i] = quantile_of(copy + from, to - from, 0.5);
	}
	free(copy);
	return nr_points;
}

double trend_size(const double *values, size_t nr)
{
	static double points[SLOPE_POINTS], slopes[SLOPE_POINTS * (SLOPE_POINTS - 1) / 2];
	size_t nr_points = thin(values, nr, points), nr_slopes = 0;
	double median;

	for (size_t i = 0; i < nr_points; i++)
		for (size_t j = i + 1; j < nr_points; j++)
			slopes[nr_slopes++] = (points[j] - points[i]) / (double)(j - i);
	if (nr_slopes == 0)
		return 0;
	median = quantile_of(points, nr_points, 0.5);
	return median > 0 ? quantile_of(slopes, nr_slopes, 0.5) * (double)(nr_points - 1) / median
			  : 0;
}

struct ranked {
	double value, rank;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	double left = ((const struct ranked *)a)->value, right = ((const struct ranked *)b)->value;

	return (left > right) - (left < right);
}

static int by_place(const void *a, const void *b)
{
	size_t left = ((const struct ranked *)a)->at, right = ((const struct ranked *)b)->at;

	return (left > right) - (left < right);
}

/* Ranks from 1 in the order of the values' places; those of equal values are their mean. */
static struct ranked *ranks_of(const double *values, size_t nr)
{
	struct ranked *ranked = calloc(nr + 1, sizeof(*ranked));

	if (!ranked)
		abort();
	for (size_t i = 0; i < nr; i++)
		ranked[i] = (struct ranked){ .value = values[i], .at = i };
	qsort(ranked, nr, sizeof(*ranked), by_value);
	for (size_t i = 0, same; i < nr; i += same) {
		for (same = 1; i + same < nr && ranked[i + same].value == ranked[i].value; same++)
			;
		for (size_t j = i; j < i + same; j++)
			ranked[j].rank = (double)i + ((double)same + 1) / 2;
	}
	qsort(ranked, nr, sizeof(*ranked), by_place);
	return ranked;
}

double serial_ratio(const double *values, size_t nr, double *variance)
{
	struct ranked *ranked = ranks_of(values, nr);
	double n = (double)nr, steps = 0, all = 0;

	*variance = 0;
	for (size_t i = 0; i < nr; i++) {
		double off = ranked[i].rank - (n + 1) / 2;

		all += off * off;
		if (i)
			steps += (ranked[i].rank - ranked[i - 1].rank) *
				 (ranked[i].rank - ranked[i - 1].rank);
	}
	free(ranked);
	if (nr < 4 || all <= 0)
		return 2;
	*variance = 4 * (n - 2) * (5 * n * n - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) * (n - 1));
	return steps / all;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/rank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What a significance may lose as 1 - (1 - significance). */
#define ROUNDING 0x1p-53

/*
 * The n * (n + 1) / 2 averages of pairs, or nr_base * nr differences, none of which is stored: with
 * sorted values, how many of them are <= x is counted in one walk along the border between those
 * that are and those that are not.
 */
struct cloud {
	const double *values, *base; /* both sorted; no base: pairs */
	size_t nr, nr_base;
	double unknown; /* what infinities of unlike sign average to, and alike ones differ by */
	double centre;  /* of distances */
	size_t (*nr_upto)(const struct cloud *cloud, double x);
};

static double known(double x, const struct cloud *cloud)
{
	return isnan(x) ? cloud->unknown : x;
}

/* Halves first: the sum may overflow. */
static double average(double a, double b, const struct cloud *cloud)
{
	return known(a / 2 + b / 2, cloud);
}

static size_t averages_upto(const struct cloud *cloud, double x)
{
	size_t nr = 0, end = cloud->nr;

	for (size_t i = 0; i < end; i++) {
		while (end > i && average(cloud->values[i], cloud->values[end - 1], cloud) > x)
			end--;
		nr += end - i;
	}
	return nr;
}

static size_t differences_upto(const struct cloud *cloud, double x)
{
	size_t nr = 0, end = cloud->nr_base;

	/* the larger the new value, the fewer bases are small enough to take off too much: walk
	 * down from the largest */
	for (size_t i = cloud->nr; i-- > 0;) {
		while (end > 0 && known(cloud->values[i] - cloud->base[end - 1], cloud) <= x)
			end--;
		nr += cloud->nr_base - end;
	}
	return nr;
}

static size_t distances_upto(const struct cloud *cloud, double x)
{
	size_t nr = 0;

	for (size_t i = 0; i < cloud->nr; i++)
		nr += known(fabs(cloud->values[i] - cloud->centre), cloud) <= x;
	return nr;
}

static struct cloud cloud_of(const double *base, size_t nr_base, const double *values, size_t nr)
{
	return (struct cloud){ .values = values,
			       .base = base,
			       .nr = nr,
			       .nr_base = nr_base,
			       .nr_upto = base ? differences_upto : averages_upto };
}

static size_t cloud_size(const struct cloud *cloud)
{
	if (cloud->nr_upto == distances_upto)
		return cloud->nr;
	return cloud->base ? cloud->nr * cloud->nr_base : cloud->nr * (cloud->nr + 1) / 2;
}

static double cloud_cdf(const struct cloud *cloud, size_t nr)
{
	return cloud->base ? rank_sum_cdf(nr, cloud->nr_base, cloud->nr)
			   : signed_rank_cdf(nr, cloud->nr);
}

/* NAN is sorted to the end. */
static bool cloud_unknown(const struct cloud *cloud)
{
	return cloud->nr == 0 || isnan(cloud->values[cloud->nr - 1]) ||
	       (cloud->base && (cloud->nr_base == 0 || isnan(cloud->base[cloud->nr_base - 1])));
}

/* Doubles in their order as integers: every bisection ends, at a value that is really there. -0 is
 * 0. */
static int64_t place_of(double x)
{
	int64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits >= 0 ? bits : INT64_MIN - bits;
}

static double double_at(int64_t place)
{
	int64_t bits = place >= 0 ? place : INT64_MIN - place;
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* The @nth smallest, from 1. */
static double cloud_nth(const struct cloud *cloud, size_t nth)
{
	int64_t low = place_of(-INFINITY), high = place_of(INFINITY);

	while (low < high) {
		int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);

		if (cloud->nr_upto(cloud, double_at(middle)) >= nth)
			high = middle;
		else
			low = middle + 1;
	}
	return double_at(low);
}

static double cloud_median(const struct cloud *cloud)
{
	size_t nr = cloud_size(cloud);
	double upper = cloud_nth(cloud, nr / 2 + 1);

	return nr % 2 ? upper : average(cloud_nth(cloud, nr / 2), upper, cloud);
}

static double median_distance(const double *values, size_t nr, double centre)
{
	return cloud_median(&(struct cloud){
		.values = values, .nr = nr, .centre = centre, .nr_upto = distances_upto });
}

static double median_of(const double *sorted, size_t nr)
{
	return average(sorted[(nr - 1) / 2], sorted[nr / 2], &(struct cloud){ .unknown = 0 });
}

/* A zero may be of either sign: it counts on both sides, which makes p larger. */
static double cloud_p(const struct cloud *cloud)
{
	size_t not_above = cloud->nr_upto(cloud, 0),
	       below = cloud->nr_upto(cloud, double_at(place_of(0) - 1));
	size_t not_below = cloud_size(cloud) - below;

	return fmin(1, 2 * cloud_cdf(cloud, not_above < not_below ? not_above : not_below));
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	if (isnan(left) || isnan(right))
		return !!isnan(left) - !!isnan(right);
	return (left > right) - (left < right);
}

struct shift shift_of_pairs(double *values, size_t nr)
{
	struct cloud cloud = cloud_of(NULL, 0, values, nr);
	struct shift shift = { .nr = { nr, nr }, .estimate = NAN, .p = 1, .spread = NAN };

	if (nr)
		qsort(values, nr, sizeof(*values), by_value);
	if (cloud_unknown(&cloud))
		return shift;
	shift.estimate = cloud_median(&cloud);
	shift.p = cloud_p(&cloud);
	shift.spread = median_distance(values, nr, shift.estimate);
	return shift;
}

struct shift shift_of_samples(double *base, size_t nr_base, double *new, size_t nr_new)
{
	struct cloud cloud = cloud_of(base, nr_base, new, nr_new);
	struct shift shift = { .nr = { nr_base, nr_new }, .estimate = NAN, .p = 1, .spread = NAN };

	if (nr_base)
		qsort(base, nr_base, sizeof(*base), by_value);
	if (nr_new)
		qsort(new, nr_new, sizeof(*new), by_value);
	if (nr_base == 0 || cloud_unknown(&cloud))
		return shift;
	shift.estimate = cloud_median(&cloud);
	shift.p = cloud_p(&cloud);
	shift.spread = fmax(median_distance(base, nr_base, median_of(base, nr_base)),
			    median_distance(new, nr_new, median_of(new, nr_new)));
	return shift;
}

/* As many from each end as leaves the level: the largest k with 2 P(statistic <= k - 1) <= 1 -
 * level. */
static struct interval cloud_interval(struct cloud *cloud, double level)
{
	struct interval interval = { -INFINITY, INFINITY };
	size_t low = 0, high = (cloud_size(cloud) + 1) / 2;

	while (low < high) {
		size_t k = low + (high - low + 1) / 2;

		if (2 * cloud_cdf(cloud, k - 1) <= 1 - level + ROUNDING)
			low = k;
		else
			high = k - 1;
	}
	if (low == 0)
		return interval;
	/* what infinities of unlike sign average to could be anything: it makes the interval wider,
	 * at both ends */
	cloud->unknown = -INFINITY;
	interval.low = cloud_nth(cloud, low);
	cloud->unknown = INFINITY;
	interval.high = cloud_nth(cloud, cloud_size(cloud) + 1 - low);
	return interval;
}

struct interval interval_of_pairs(const double *values, size_t nr, double level)
{
	struct cloud cloud = cloud_of(NULL, 0, values, nr);

	return cloud_unknown(&cloud) ? (struct interval){ -INFINITY, INFINITY }
				     : cloud_interval(&cloud, level);
}

struct interval interval_of_samples(const double *base, size_t nr_base, const double *new,
				    size_t nr_new, double level)
{
	struct cloud cloud = cloud_of(base, nr_base, new, nr_new);

	return nr_base == 0 || cloud_unknown(&cloud) ? (struct interval){ -INFINITY, INFINITY }
						     : cloud_interval(&cloud, level);
}

void holm_levels(const double *p, size_t nr, double alpha, double *levels)
{
	autofree double *sorted = malloc((nr + 1) * sizeof(*sorted));
	size_t nr_rejected = 0;

	if (!sorted) {
		/* Bonferroni's: too strict, never too lax */
		for (size_t i = 0; i < nr; i++)
			levels[i] = alpha / (double)nr;
		return;
	}
	if (nr) {
		memcpy(sorted, p, nr * sizeof(*sorted));
		qsort(sorted, nr, sizeof(*sorted), by_value);
	}
	while (nr_rejected < nr &&
	       sorted[nr_rejected] <= alpha / (double)(nr - nr_rejected) + ROUNDING)
		nr_rejected++;
	for (size_t i = 0; i < nr; i++) {
		size_t step = 0, end = nr_rejected;

		/* of equal ones the first step, which is the strictest: the order of the rows must
		 * not matter */
		while (step < end) {
			size_t middle = step + (end - step) / 2;

			if (sorted[middle] >= p[i])
				end = middle;
			else
				step = middle + 1;
		}
		levels[i] = alpha / (double)(nr - step);
	}
}

/*
 * What the rank statistics do when there is no difference. Counted in integers, not computed from
 * logarithms: in the far tail, where the adjusted levels of a long table lie, every digit is right
 * too.
 */

/* Doubles hold 2^50 exactly; C(100, 50), which is 1.01e29, needs more. */
_Static_assert(RANK_EXACT <= 50, "the counts must fit");

/*
 * The lower half of an exact distribution; the upper one mirrors it. The last one asked for is
 * kept, for each design and thread: a table of a thousand rows asks for the same sizes again and
 * again.
 */
struct null {
	size_t nr[2]; /* 0: none yet */
	double below[RANK_EXACT * RANK_EXACT / 2 +
		     1]; /* P(statistic <= index); pairs need half as many */
};

static double null_cdf(const struct null *null, double at, size_t max)
{
	return at <= (double)max / 2 ? null->below[(size_t)at]
				     : 1 - null->below[max - (size_t)at - 1];
}

/* With continuity correction. The exact tails are lighter: far out this errs to the safe side. */
static double normal_cdf(double at, double mean, double variance)
{
	return erfc((mean - at - 0.5) / sqrt(2 * variance)) / 2;
}

/* Each rank is in the sum or is not: 2^nr sums, equally probable. */
static void count_signed_ranks(struct null *null, size_t nr)
{
	size_t half = nr * (nr + 1) / 4;
	double *count = null->below;

	null->nr[0] = nr;
	for (size_t i = 0; i <= half; i++)
		count[i] = i == 0;
	for (size_t rank = 1; rank <= nr; rank++)
		for (size_t i = half; i >= rank; i--)
			count[i] += count[i - rank];
	for (size_t i = 1; i <= half; i++)
		count[i] += count[i - 1];
	for (size_t i = 0; i <= half; i++)
		count[i] = ldexp(count[i], -(int)nr);
}

/*
 * The number of orders of a + b values with the statistic u is the coefficient of q^u in
 * (1 - q^(b+1)) ... (1 - q^(b+a)) / ((1 - q) ... (1 - q^a)); what wraps below zero between the
 * steps comes back.
 */
static void count_rank_sums(struct null *null, size_t a, size_t b)
{
	unsigned __int128 count[RANK_EXACT * RANK_EXACT / 2 + 1] = { 1 }, all = 1;
	size_t half = a * b / 2;

	null->nr[0] = a;
	null->nr[1] = b;
	for (size_t step = 1; step <= a; step++) {
		for (size_t i = half; i >= b + step; i--)
			count[i] -= count[i - b - step];
		for (size_t i = step; i <= half; i++)
			count[i] += count[i - step];
		all = all * (b + step) / step;
	}
	for (size_t i = 1; i <= half; i++)
		count[i] += count[i - 1];
	for (size_t i = 0; i <= half; i++)
		null->below[i] = (double)count[i] / (double)all;
}

double signed_rank_cdf(double t, size_t nr)
{
	static _Thread_local struct null null;
	double n = nr, max = n * (n + 1) / 2;

	if (!(t >= 0))
		return 0;
	if (t >= max)
		return 1;
	if (nr > RANK_EXACT)
		return normal_cdf(floor(t), max / 2, max * (2 * n + 1) / 12);
	if (null.nr[0] != nr)
		count_signed_ranks(&null, nr);
	return null_cdf(&null, t, nr * (nr + 1) / 2);
}

double rank_sum_cdf(double u, size_t nr_base, size_t nr_new)
{
	static _Thread_local struct null null;
	double a = nr_base, b = nr_new, max = a * b;

	if (!(u >= 0))
		return 0;
	if (u >= max)
		return 1;
	if (nr_base > RANK_EXACT || nr_new > RANK_EXACT)
		return normal_cdf(floor(u), max / 2, max * (a + b + 1) / 12);
	if (null.nr[0] != nr_base || null.nr[1] != nr_new)
		count_rank_sums(&null, nr_base, nr_new);
	return null_cdf(&null, u, nr_base * nr_new);
}

double smallest_p_pairs(size_t nr)
{
	return nr ? fmin(1, 2 * signed_rank_cdf(0, nr)) : 1;
}

double smallest_p_samples(size_t nr_base, size_t nr_new)
{
	return nr_base && nr_new ? fmin(1, 2 * rank_sum_cdf(0, nr_base, nr_new)) : 1;
}

size_t fewest_pairs(double alpha, size_t nr_rows)
{
	size_t nr = 1;

	while (smallest_p_pairs(nr) > alpha / (double)(nr_rows ? nr_rows : 1))
		nr++;
	return nr;
}

size_t fewest_samples(double alpha, size_t nr_rows)
{
	size_t nr = 1;

	while (smallest_p_samples(nr, nr) > alpha / (double)(nr_rows ? nr_rows : 1))
		nr++;
	return nr;
}

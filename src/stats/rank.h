/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Rank statistics: how far two sides are apart and how sure that is, whatever the law of the noise.
 * Pure: no allocation that is not given back, no output, the same numbers on every machine, safe in
 * threads.
 *
 * Two designs. Pairs: @values are differences (new - base of one block; here always of logarithms):
 * Hodges-Lehmann is the median of the Walsh averages (d[i] + d[j]) / 2, i <= j, and the interval
 * inverts Wilcoxon's signed-rank test. Two samples: the median of all new[j] - base[i], and the
 * interval inverts the rank-sum (Mann-Whitney) test. One sample is the design of pairs.
 *
 * Ties and zeros count against a difference on both sides, so that with them intervals are wider
 * and p larger than nominal, never the reverse; p <= a exactly when the interval of level 1 - a
 * excludes 0. (p and a that differ by less than 2^-53, which 1 - a cannot hold, are equal.)
 *
 * Infinities are values like others. What they leave open, the average of -INFINITY and INFINITY
 * and the difference of two alike, is 0 for the estimate and p, and for each end of an interval as
 * bad as it could be.
 *
 * Distributions are exact up to RANK_EXACT values a side, and normal with a continuity correction
 * above: there p is larger than it should be in the far tail (the smallest for 51 pairs is 6e-10).
 */
#include <stdbool.h>
#include <stddef.h>

#define RANK_EXACT 50u

struct shift {
	size_t nr[2];    /* pairs: nr[0] == nr[1] */
	double estimate; /* Hodges-Lehmann; NAN when nothing can be said (an empty side, a value
			    that is NAN) */
	double p;        /* two-sided, of no difference; 1 when it cannot be computed */
	double spread;   /* median distance of the values from the estimate (pairs), or of each side
			  * from its median,   the larger; for people. NAN as the estimate */
};

/* Ends of an interval; -INFINITY and INFINITY where @nr is too small for the level. */
struct interval {
	double low, high;
};

/* Sorts @values, or both sides. */
struct shift shift_of_pairs(double *values, size_t nr);
struct shift shift_of_samples(double *base, size_t nr_base, double *new, size_t nr_new);

/*
 * The two-sided interval of @level (0 < level < 1) at least; @values sorted, as shift_of_*() leaves
 * them. In O(n log n), without making all averages or differences.
 */
struct interval interval_of_pairs(const double *values, size_t nr, double level);
struct interval interval_of_samples(const double *base, size_t nr_base, const double *new,
				    size_t nr_new, double level);

/* Null distributions, for tests and for power: P(T <= t), t the sum of positive ranks; P(U <= u), U
 * counts pairs base < new. */
double signed_rank_cdf(double t, size_t nr);
double rank_sum_cdf(double u, size_t nr_base, size_t nr_new);

/* Smallest two-sided p that this many can reach: 2 / 2^n, or 2 / C(a + b, a), as far as exact; 1
 * for none. */
double smallest_p_pairs(size_t nr);
double smallest_p_samples(size_t nr_base, size_t nr_new);
/*
 * Values a side with which the smallest p is @alpha / @nr_rows or less: below that no row can ever
 * be significant. 0 < @alpha < 1; no rows count as one.
 */
size_t fewest_pairs(double alpha, size_t nr_rows);
size_t fewest_samples(double alpha, size_t nr_rows);

/*
 * Holm's step-down: @levels[i] gets the significance level (like 0.05 / 7) at which row i is
 * judged, so that with each row's interval at 1 - levels[i] the probability of any false claim of a
 * difference is at most @alpha over the family. Equal p get equal levels, those of their first
 * step; a p that is NAN is never small.
 */
void holm_levels(const double *p, size_t nr, double alpha, double *levels);

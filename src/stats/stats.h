/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Small pure statistics: order statistics and a straight line. */
#include <stddef.h>
#include <stdint.h>

struct summary {
	size_t nr; /* values; 0: everything else is meaningless */
	double median, q1,
		q3; /* quartiles by linear interpolation between order statistics (R's type 7) */
	double min, max;
	double mad; /* median distance from the median */
};

/* The middle one of @nr > 0 counted values, the upper of two; sorts them. */
uint64_t middle_of(uint64_t *values, size_t nr);
/*
 * The value below which this part (0..1) of @nr > 0 values lies, none of them NAN: linear between
 * order statistics (R's type 7). Time is linear in @nr; reorders @values.
 */
double quantile_of(double *values, size_t nr, double part);
/* Leaves other numbers in @values, none of which may be NAN. Time is linear in @nr. */
struct summary summary_of(double *values, size_t nr);
/* Half the distance between the quartiles as a part of the median; 0 when the median is 0. */
double summary_spread(const struct summary *summary);

/* Least squares: y = fixed + slope * x. */
struct line {
	double fixed, slope;
	double r2;   /* share of the variance of y that the line explains; 1 when y does not vary */
	size_t nr;   /* points */
	size_t nr_x; /* different x among them */
};

/* -EDOM with fewer than two different x. */
int line_fit(struct line *line, const double *x, const double *y, size_t nr);

/* Whether values in the order of time stand still, by their ranks: whatever the law of the noise.
 * Pure. */

/*
 * Kendall's S of @values against their order (Mann and Kendall's test of a trend) and its variance
 * when there is none, corrected for ties. In n log n. Fewer than two values: 0 and 0.
 */
void trend_test(const double *values, size_t nr, double *s, double *variance);
/*
 * Change from the first value to the last by the median of all slopes (Theil and Sen), as a part of
 * the median; of groups' medians where there are more than 100 values. 0 when the median is 0 or
 * there are fewer than two.
 */
double trend_size(const double *values, size_t nr);
/*
 * Von Neumann's ratio of the ranks (Bartels): about 2 when each value is independent of the one
 * before, less when they are alike; 1 - ratio / 2 is the correlation of neighbours. Its mean is 2
 * and @variance its variance when they are independent. Fewer than four values, or all equal: 2 and
 * 0.
 */
double serial_ratio(const double *values, size_t nr, double *variance);

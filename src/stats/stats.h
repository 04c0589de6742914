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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Whether values in the order of time stand still, by their ranks: whatever the law of the noise.
 * Pure. */
#include <stddef.h>

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

// SPDX-License-Identifier: GPL-2.0-or-later
/* Order statistics against R's quantile(x, type = 7) and mad(x, constant = 1), and the
 * least-squares line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stats/stats.h"

static void assert_near(double got, double wanted)
{
	if (fabs(got - wanted) > 1e-9 * fmax(1, fabs(wanted)))
		fail_msg("%.12g is not %.12g", got, wanted);
}

static void test_summary_odd(void **state)
{
	double values[] = { 9, 1, 5, 3, 7 };
	struct summary summary = summary_of(values, 5);

	(void)state;
	assert_int_equal(summary.nr, 5);
	assert_near(summary.median, 5);
	assert_near(summary.q1, 3);
	assert_near(summary.q3, 7);
	assert_near(summary.min, 1);
	assert_near(summary.max, 9);
	assert_near(summary.mad, 2);
	assert_near(summary_spread(&summary), 0.4);
}

/* R: quantile(c(4, 8, 15, 16, 23, 42)) is 4, 9.75, 15.5, 21.25, 42; mad(.., constant = 1) is 7.5 */
static void test_summary_even(void **state)
{
	double values[] = { 42, 4, 23, 8, 16, 15 };
	struct summary summary = summary_of(values, 6);

	(void)state;
	assert_near(summary.median, 15.5);
	assert_near(summary.q1, 9.75);
	assert_near(summary.q3, 21.25);
	assert_near(summary.mad, 7.5);
}

static void test_summary_small(void **state)
{
	double one[] = { 7 }, two[] = { 3, 1 };
	struct summary summary = summary_of(one, 0);

	(void)state;
	assert_int_equal(summary.nr, 0);
	summary = summary_of(one, 1);
	assert_near(summary.median, 7);
	assert_near(summary.q1, 7);
	assert_near(summary.mad, 0);
	summary = summary_of(two, 2);
	assert_near(summary.median, 2);
	assert_near(summary.q1, 1.5);
	assert_near(summary.q3, 2.5);
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Value @i of @nr of a law that a selection may stumble over; the seventh is made by lead_astray().
 */
static double shape(unsigned int law, size_t i, size_t nr)
{
	switch (law) {
	case 0:
		return i;
	case 1:
		return nr - i;
	case 2:
		return 3;
	case 3:
		return i % 2;
	case 4:
		return i < nr / 2 ? i : nr - i;
	default:
		return (double)(i * 7919 % 1009);
	}
}

/* Each partition of the middle value takes away one value only: made backwards, from what the
 * partition leaves. */
static void lead_astray(double *values, size_t nr)
{
	for (size_t i = nr; i-- > 0;) {
		size_t middle = i + (nr - 1 - i) / 2;

		values[i] = values[middle];
		values[middle] = i;
	}
}

/* Selected as if sorted, whatever the order they come in. */
static void test_summary_orders(void **state)
{
	double values[500], sorted[500];

	(void)state;
	for (unsigned int law = 0; law < 7; law++) {
		for (size_t nr = 1; nr <= 500; nr += nr < 20 ? 1 : 96) {
			struct summary summary;

			for (size_t i = 0; i < nr; i++)
				values[i] = shape(law, i, nr);
			if (law == 6)
				lead_astray(values, nr);
			memcpy(sorted, values, nr * sizeof(*values));
			qsort(sorted, nr, sizeof(*sorted), by_value);
			summary = summary_of(values, nr);
			assert_near(summary.min, sorted[0]);
			assert_near(summary.max, sorted[nr - 1]);
			assert_near(summary.median, (sorted[(nr - 1) / 2] + sorted[nr / 2]) / 2);
			if (nr % 4 == 1) {
				assert_near(summary.q1, sorted[nr / 4]);
				assert_near(summary.q3, sorted[nr / 4 * 3]);
			}
			for (size_t i = 0; i < nr; i++)
				sorted[i] = fabs(sorted[i] - summary.median);
			qsort(sorted, nr, sizeof(*sorted), by_value);
			assert_near(summary.mad, (sorted[(nr - 1) / 2] + sorted[nr / 2]) / 2);
		}
	}
}

static void test_spread_of_nothing(void **state)
{
	double values[] = { 0, 0, 0 };
	struct summary summary = summary_of(values, 3);

	(void)state;
	assert_near(summary_spread(&summary), 0);
}

static void test_line_exact(void **state)
{
	double x[] = { 1, 16, 64, 256 }, y[] = { 107, 212, 548, 1892 };
	struct line line;

	(void)state;
	assert_int_equal(line_fit(&line, x, y, 4), 0);
	assert_near(line.fixed, 100);
	assert_near(line.slope, 7);
	assert_near(line.r2, 1);
	assert_int_equal(line.nr, 4);
	assert_int_equal(line.nr_x, 4);
}

/* R: lm(c(2, 3, 5, 4) ~ c(1, 2, 3, 4)) is 1.5 + 0.8 x with R2 0.64 */
static void test_line_scattered(void **state)
{
	double x[] = { 1, 2, 3, 4 }, y[] = { 2, 3, 5, 4 };
	struct line line;

	(void)state;
	assert_int_equal(line_fit(&line, x, y, 4), 0);
	assert_near(line.fixed, 1.5);
	assert_near(line.slope, 0.8);
	assert_near(line.r2, 0.64);
}

/* Where all are alike the line explains all there is. */
static void test_line_flat(void **state)
{
	double x[] = { 1, 2, 4 }, y[] = { 5, 5, 5 };
	struct line line;

	(void)state;
	assert_int_equal(line_fit(&line, x, y, 3), 0);
	assert_near(line.fixed, 5);
	assert_near(line.slope, 0);
	assert_near(line.r2, 1);
}

static void test_line_one_size(void **state)
{
	double x[] = { 16, 16, 16 }, y[] = { 1, 2, 3 };
	struct line line;

	(void)state;
	assert_int_equal(line_fit(&line, x, y, 3), -EDOM);
	assert_int_equal(line_fit(&line, x, y, 0), -EDOM);
}

/* The naive sums of squares lose this slope to rounding. */
static void test_line_far_from_zero(void **state)
{
	double x[] = { 1, 2, 3 }, y[] = { 1e12 + 1, 1e12 + 2, 1e12 + 3 };
	struct line line;

	(void)state;
	assert_int_equal(line_fit(&line, x, y, 3), 0);
	assert_near(line.slope, 1);
}

static void test_middle_of(void **state)
{
	uint64_t odd[] = { UINT64_MAX, 3, 1 }, even[] = { 4, 1, 3, 2 }, one[] = { 7 };

	(void)state;
	assert_int_equal(middle_of(odd, 3), 3);
	assert_int_equal(odd[2], UINT64_MAX); /* sorted by value, not by difference */
	assert_int_equal(middle_of(even, 4), 3);
	assert_int_equal(middle_of(one, 1), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_middle_of),          cmocka_unit_test(test_summary_odd),
		cmocka_unit_test(test_summary_even),       cmocka_unit_test(test_summary_small),
		cmocka_unit_test(test_summary_orders),     cmocka_unit_test(test_spread_of_nothing),
		cmocka_unit_test(test_line_exact),         cmocka_unit_test(test_line_scattered),
		cmocka_unit_test(test_line_flat),          cmocka_unit_test(test_line_one_size),
		cmocka_unit_test(test_line_far_from_zero),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}

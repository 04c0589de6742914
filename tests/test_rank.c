// SPDX-License-Identifier: GPL-2.0-or-later
/* Rank statistics against R (tests/rank/vectors.R made the numbers), by hand where R has another
 * definition or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "rank/vectors.h"
#include "stats/rank.h"

#define nr_of(array) (sizeof(array) / sizeof((array)[0]))

static void assert_near(double got, double wanted)
{
	if (isinf(wanted) ? got != wanted : !(fabs(got - wanted) <= 1e-9 * fabs(wanted) + 1e-15))
		fail_msg("%.17g is not %.17g", got, wanted);
}

/* Tails to the last digits: 1e-12 of themselves, however small. */
static void assert_exact(double got, double wanted)
{
	if (!(fabs(got - wanted) <= 1e-12 * wanted))
		fail_msg("%.17g is not %.17g", got, wanted);
}

static void test_r_distributions(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_of(signed_ranks); i++)
		assert_exact(signed_rank_cdf(signed_ranks[i].t, signed_ranks[i].nr),
			     signed_ranks[i].cdf);
	for (size_t i = 0; i < nr_of(rank_sums); i++)
		assert_exact(rank_sum_cdf(rank_sums[i].u, rank_sums[i].nr[0], rank_sums[i].nr[1]),
			     rank_sums[i].cdf);
	/* nothing lies below 0 or above all; between the steps it is flat */
	assert_true(signed_rank_cdf(-1, 10) == 0 && signed_rank_cdf(55, 10) == 1 &&
		    signed_rank_cdf(NAN, 10) == 0);
	assert_true(rank_sum_cdf(-1, 4, 5) == 0 && rank_sum_cdf(20, 4, 5) == 1 &&
		    rank_sum_cdf(1e300, 4, 5) == 1);
	assert_true(signed_rank_cdf(3.9, 10) == signed_rank_cdf(3, 10) &&
		    signed_rank_cdf(3, 10) < signed_rank_cdf(4, 10));
	assert_true(signed_rank_cdf(3.9, 60) == signed_rank_cdf(3, 60));
	assert_true(rank_sum_cdf(3.9, 60, 5) == rank_sum_cdf(3, 60, 5));
}

static void test_r_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_of(pairs); i++) {
		double values[nr_of(pairs[i].values)];
		struct shift shift;

		memcpy(values, pairs[i].values, sizeof(values));
		shift = shift_of_pairs(values, pairs[i].nr);
		assert_int_equal(shift.nr[0], pairs[i].nr);
		assert_int_equal(shift.nr[1], pairs[i].nr);
		assert_near(shift.estimate, pairs[i].estimate);
		assert_near(shift.p, pairs[i].p);
		for (size_t j = 0; j < nr_of(levels) && !isnan(pairs[i].ends[0]); j++) {
			struct interval interval =
				interval_of_pairs(values, pairs[i].nr, levels[j]);

			assert_near(interval.low, pairs[i].ends[2 * j]);
			assert_near(interval.high, pairs[i].ends[2 * j + 1]);
		}
	}
}

static void test_r_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_of(samples); i++) {
		double base[nr_of(samples[i].base)], new[nr_of(samples[i].new)];
		const size_t *nr = samples[i].nr;
		struct shift shift;

		memcpy(base, samples[i].base, sizeof(base));
		memcpy(new, samples[i].new, sizeof(new));
		shift = shift_of_samples(base, nr[0], new, nr[1]);
		assert_int_equal(shift.nr[0], nr[0]);
		assert_int_equal(shift.nr[1], nr[1]);
		assert_near(shift.estimate, samples[i].estimate);
		assert_near(shift.p, samples[i].p);
		for (size_t j = 0; j < nr_of(levels) && !isnan(samples[i].ends[0]); j++) {
			struct interval interval =
				interval_of_samples(base, nr[0], new, nr[1], levels[j]);

			assert_near(interval.low, samples[i].ends[2 * j]);
			assert_near(interval.high, samples[i].ends[2 * j + 1]);
		}
	}
}

/* The rows that R's adjusted p rejects are those with p below their level, and the levels make the
 * same adjusted p. */
static void test_r_holm(void **state)
{
	static const double alphas[] = { 0.05, 0.01, 0.2 };

	(void)state;
	for (size_t i = 0; i < nr_of(families) * nr_of(alphas); i++) {
		size_t nr = families[i / nr_of(alphas)].nr, nr_rejected = 0;
		const double *p = families[i / nr_of(alphas)].p,
			     *adjusted = families[i / nr_of(alphas)].adjusted;
		double alpha = alphas[i % nr_of(alphas)], levels_of[nr_of(families[0].p)];

		holm_levels(p, nr, alpha, levels_of);
		for (size_t j = 0; j < nr; j++)
			nr_rejected += adjusted[j] <= alpha;
		for (size_t j = 0; j < nr; j++) {
			double largest = 0;

			assert_int_equal(p[j] <= levels_of[j], adjusted[j] <= alpha);
			if (adjusted[j] > alpha) {
				assert_near(levels_of[j], alpha / (nr - nr_rejected));
				continue;
			}
			for (size_t k = 0; k < nr; k++)
				if (p[k] <= p[j])
					largest = fmax(largest, p[k] * alpha / levels_of[k]);
			assert_near(largest, adjusted[j]);
		}
	}
}

static void test_holm_edges(void **state)
{
	double p[] = { 0.04, NAN, 0.001, 0.001 }, levels_of[4], one = 0.05, level;

	(void)state;
	holm_levels(NULL, 0, 0.05, NULL);
	holm_levels(&one, 1, 0.05, &level);
	assert_near(level, 0.05);
	/* two equal ones are both judged at the first step; 0.04 stops at 0.05 / 2, what cannot be
	 * computed stays there */
	holm_levels(p, 4, 0.05, levels_of);
	assert_near(levels_of[0], 0.025);
	assert_near(levels_of[1], 0.025);
	assert_near(levels_of[2], 0.0125);
	assert_near(levels_of[3], 0.0125);
}

static void check_pairs(size_t nr, const double *given, double estimate, double p, double low,
			double high)
{
	double values[16];
	struct shift shift;
	struct interval interval;

	memcpy(values, given, nr * sizeof(*values));
	shift = shift_of_pairs(values, nr);
	interval = interval_of_pairs(values, nr, 0.95);
	if (isnan(estimate)) {
		assert_true(isnan(shift.estimate));
		assert_true(isnan(shift.spread));
	} else {
		assert_near(shift.estimate, estimate);
	}
	assert_near(shift.p, p);
	assert_near(interval.low, low);
	assert_near(interval.high, high);
}

static void check_samples(size_t nr_base, const double *base, size_t nr_new, const double *new,
			  double estimate, double p, double low, double high)
{
	double left[16], right[16];
	struct shift shift;
	struct interval interval;

	memcpy(left, base, nr_base * sizeof(*left));
	memcpy(right, new, nr_new * sizeof(*right));
	shift = shift_of_samples(left, nr_base, right, nr_new);
	interval = interval_of_samples(left, nr_base, right, nr_new, 0.95);
	if (isnan(estimate))
		assert_true(isnan(shift.estimate));
	else
		assert_near(shift.estimate, estimate);
	assert_near(shift.p, p);
	assert_near(interval.low, low);
	assert_near(interval.high, high);
}

#define values_are(...)                                                \
	sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), (double[]) \
	{                                                              \
		__VA_ARGS__                                            \
	}

static void test_degenerate_pairs(void **state)
{
	double nothing = 0;

	(void)state;
	check_pairs(0, &nothing, NAN, 1, -INFINITY, INFINITY);
	check_pairs(values_are(3), 3, 1, -INFINITY, INFINITY);
	check_pairs(values_are(0), 0, 1, -INFINITY, INFINITY);
	check_pairs(values_are(2, 4), 3, 0.5, -INFINITY, INFINITY);
	check_pairs(values_are(1, NAN, 2), NAN, 1, -INFINITY, INFINITY);
	/* all equal: as sure as six can be, and as narrow; nothing but zeros: no sign of a
	 * difference */
	check_pairs(values_are(7, 7, 7, 7, 7, 7), 7, 2.0 / 64, 7, 7);
	check_pairs(values_are(0, 0, 0, 0, 0, 0), 0, 1, 0, 0);
	check_pairs(values_are(-0.0, 0, -0.0, 0, -0.0, 0), 0, 1, 0, 0);
	/*
	 * One zero of six: its average with itself is not above 0, so T = 1 and P(T <= 1) = 2 / 64.
	 * R would leave it out and have five. At 95 % only T = 0 may be outside (2 / 64): the
	 * interval is from end to end.
	 */
	check_pairs(values_are(0, 1, 2, 3, 4, 5), 2.5, 4.0 / 64, 0, 5);
	/* a tie in size: of -1 + 1, -1 - 1 and four positive ones two averages are not above 0, P(T
	 * <= 2) = 3 / 64 */
	check_pairs(values_are(-1, 1, 2, 3, 4, 5), 2.5, 6.0 / 64, -1, 5);
	/* seven: two may be outside a 95 % interval, P(T <= 2) = 3 / 128, P(T <= 3) = 5 / 128; the
	 * third is (1 + 1) / 2 */
	check_pairs(values_are(1, 1, 2, 4, 4, 4, 9), 3, 2.0 / 128, 1, 6.5);
}

static void test_infinite_pairs(void **state)
{
	(void)state;
	check_pairs(values_are(INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY),
		    INFINITY, 2.0 / 64, INFINITY, INFINITY);
	check_pairs(values_are(1, 2, 3, 4, 5, INFINITY), 3.5, 2.0 / 64, 1, INFINITY);
	/* six averages are not above 0, those with -inf; sums of 1..6 up to 6: 1 + 1 + 1 + 2 + 2 +
	 * 3 + 4 of 64 */
	check_pairs(values_are(-INFINITY, 1, 2, 3, 4, 5), 2.5, 28.0 / 64, -INFINITY, 5);
	/* one of each: what they average to is open, and the sixth that may not be above 0 */
	check_pairs(values_are(-INFINITY, 1, 2, 3, 4, INFINITY), 2.5, 28.0 / 64, -INFINITY,
		    INFINITY);
	/* as large as doubles are: halves do not overflow */
	check_pairs(values_are(1.7e308, 1.7e308), 1.7e308, 0.5, -INFINITY, INFINITY);
}

static void test_degenerate_samples(void **state)
{
	double nothing = 0, some[] = { 1, 2, 3 };

	(void)state;
	check_samples(0, &nothing, 3, some, NAN, 1, -INFINITY, INFINITY);
	check_samples(3, some, 0, &nothing, NAN, 1, -INFINITY, INFINITY);
	check_samples(0, &nothing, 0, &nothing, NAN, 1, -INFINITY, INFINITY);
	check_samples(values_are(1), values_are(5), 4, 1, -INFINITY, INFINITY);
	check_samples(3, some, values_are(1, NAN), NAN, 1, -INFINITY, INFINITY);
	check_samples(values_are(NAN), 3, some, NAN, 1, -INFINITY, INFINITY);
	check_samples(values_are(2, 2, 2, 2), values_are(2, 2, 2, 2), 0, 1, 0, 0);
	check_samples(values_are(2, 2, 2, 2), values_are(5, 5, 5, 5), 3, 2.0 / 70, 3, 3);
	/* equal values are counted on both sides: three of sixteen are not above, P(U <= 3) = 7 /
	 * 70 (1, 1, 2, 3 orders) */
	check_samples(values_are(1, 1, 2, 3), values_are(3, 2, 9, 9), 4, 14.0 / 70, -1, 8);
	check_samples(values_are(1, 2, 3, 4), values_are(INFINITY, INFINITY, INFINITY, INFINITY),
		      INFINITY, 2.0 / 70, INFINITY, INFINITY);
	/* two infinities do not differ by anything known */
	check_samples(values_are(INFINITY, INFINITY, INFINITY, INFINITY),
		      values_are(INFINITY, INFINITY, INFINITY, INFINITY), 0, 1, -INFINITY,
		      INFINITY);
}

static void test_spread(void **state)
{
	double values[] = { 9, 1, 5, 3, 7 }, base[] = { 1, 2, 3, 4 }, new[] = { 10, 20, 30 };

	(void)state;
	assert_near(shift_of_pairs(values, 5).spread, 2); /* |x - 5|: 0 2 2 4 4 */
	assert_near(shift_of_samples(base, 4, new, 3).spread,
		    10); /* 1 (0.5 0.5 1.5 1.5) and 10 (0 10 10) */
	assert_near(shift_of_samples(new, 3, base, 4).spread, 10);
	assert_near(shift_of_samples(base, 4, base, 4).spread, 1);
}

/* 2 / 2^n and 2 / C(2n, n): at 5 % 4 runs a side can carry 1 row, 5: 6, 6: 23, 7: 85. */
static void test_fewest(void **state)
{
	(void)state;
	assert_true(smallest_p_pairs(0) == 1 && smallest_p_samples(0, 5) == 1 &&
		    smallest_p_samples(5, 0) == 1);
	assert_near(smallest_p_pairs(1), 1);
	assert_exact(smallest_p_pairs(50), 0x1p-49);
	assert_exact(smallest_p_samples(4, 4), 2.0 / 70);
	assert_exact(smallest_p_samples(3, 9), 2.0 / 220);
	assert_true(smallest_p_pairs(51) < 1e-9 && smallest_p_samples(51, 51) < 1e-9);
	assert_int_equal(fewest_pairs(0.05, 1), 6);
	assert_int_equal(fewest_pairs(0.05, 0), 6);
	assert_int_equal(fewest_pairs(0.05, 40), 11);
	assert_int_equal(fewest_samples(0.05, 1), 4);
	assert_int_equal(fewest_samples(0.05, 6), 5);
	assert_int_equal(fewest_samples(0.05, 7), 6);
	assert_int_equal(fewest_samples(0.05, 23), 6);
	assert_int_equal(fewest_samples(0.05, 24), 7);
	assert_int_equal(fewest_samples(0.05, 85), 7);
	assert_int_equal(fewest_samples(0.05, 86), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_r_distributions), cmocka_unit_test(test_r_pairs),
		cmocka_unit_test(test_r_samples),       cmocka_unit_test(test_r_holm),
		cmocka_unit_test(test_holm_edges),      cmocka_unit_test(test_degenerate_pairs),
		cmocka_unit_test(test_infinite_pairs),  cmocka_unit_test(test_degenerate_samples),
		cmocka_unit_test(test_spread),          cmocka_unit_test(test_fewest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

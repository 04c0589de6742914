// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rank statistics against the definitions, the slow way: every order of small samples, every
 * average and difference in an array; and what must hold for any input, tried on thousands with
 * ties, zeros and infinities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "stats/rank.h"

enum { MAX = 60 };

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Every choice of signs of the ranks 1..nr, and every choice of places for the first side. */
static void test_every_order(void **state)
{
	(void)state;
	for (size_t nr = 1; nr <= 14; nr++) {
		size_t count[106] = { 0 }, upto = 0;

		for (size_t signs = 0; signs < 1ul << nr; signs++) {
			size_t sum = 0;

			for (size_t i = 0; i < nr; i++)
				sum += signs >> i & 1 ? i + 1 : 0;
			count[sum]++;
		}
		for (size_t sum = 0; sum <= nr * (nr + 1) / 2; sum++) {
			upto += count[sum];
			assert_true(fabs(signed_rank_cdf(sum, nr) - ldexp(upto, -(int)nr)) < 1e-15);
		}
	}
	for (size_t nr = 2; nr <= 14; nr++) {
		size_t count[15][50] = { 0 };

		for (size_t new = 0; new < 1ul << nr; new ++) {
			size_t nr_base = 0, nr_pairs = 0;

			for (size_t i = 0; i < nr; i++) {
				nr_base += !(new >> i & 1);
				nr_pairs += new >> i & 1 ? nr_base
							 : 0; /* bases below this new one */
			}
			count[nr_base][nr_pairs]++;
		}
		for (size_t a = 1; a < nr; a++) {
			size_t all = 0, upto = 0;

			for (size_t u = 0; u < 50; u++)
				all += count[a][u];
			for (size_t u = 0; u <= a * (nr - a); u++) {
				upto += count[a][u];
				assert_true(fabs(rank_sum_cdf(u, a, nr - a) - (double)upto / all) <
					    1e-15);
			}
		}
	}
}

/* Few different values, so that ties and zeros are common; now and then an infinity, or all digits.
 */
static size_t draw(struct random *random, double *values)
{
	size_t nr = 1 + random_below(random, random_below(random, 8) ? 14 : MAX);
	uint64_t kind = random_below(random, 4), nr_different = 1 + random_below(random, 12);

	for (size_t i = 0; i < nr; i++) {
		values[i] = kind ? (double)random_below(random, nr_different) -
					    (double)(nr_different / 3)
				 : random_unit(random) - 0.4;
		if (kind == 1)
			values[i] *= 0.1;
		if (kind == 2 && random_below(random, 6) == 0)
			values[i] = random_below(random, 2) ? INFINITY : -INFINITY;
	}
	return nr;
}

/* One that is often p itself: the border is where things disagree. */
static double draw_alpha(struct random *random, double p)
{
	static const double usual[] = { 0.1, 0.05, 0.01, 0.05 / 7, 0.001, 0.3 };
	uint64_t which = random_below(random, 9);

	return which < 6               ? usual[which]
	       : which == 6 || p > 0.9 ? random_unit(random)
	       : which == 7            ? p
				       : nextafter(p, 1);
}

static void check_interval(struct interval interval, double p, double alpha, const double *slow,
			   size_t nr_slow)
{
	bool excluded = interval.low > 0 || interval.high < 0;
	size_t low = 0, high = 0;

	assert_true(interval.low <= interval.high);
	if (fabs(p - alpha) > 1e-15)
		assert_int_equal(excluded, p <= alpha);
	else if (p == alpha)
		assert_true(excluded);
	if (!slow || !isfinite(interval.low) || !isfinite(interval.high))
		return;
	/* the ends are values that are there, the same number from each end */
	while (low < nr_slow && slow[low] < interval.low)
		low++;
	while (high < nr_slow && slow[nr_slow - 1 - high] > interval.high)
		high++;
	assert_true(slow[low] == interval.low && slow[nr_slow - 1 - high] == interval.high);
}

static double slow_median(double *slow, size_t nr)
{
	qsort(slow, nr, sizeof(*slow), by_value);
	return (slow[(nr - 1) / 2] + slow[nr / 2]) / 2;
}

static bool all_finite(const double *values, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!isfinite(values[i]))
			return false;
	return true;
}

static void test_pairs(void **state)
{
	static double slow[MAX * (MAX + 1) / 2];
	double values[MAX], opposite[MAX];
	struct random random;

	(void)state;
	random_seed(&random, 1);
	for (size_t round = 0; round < 20000; round++) {
		size_t nr = draw(&random, values), nr_slow = 0, upto = 0, from = 0;
		struct shift shift = shift_of_pairs(values, nr), mirror;
		double alpha = draw_alpha(&random, shift.p);
		struct interval interval = interval_of_pairs(values, nr, 1 - alpha), back;
		bool finite = all_finite(values, nr);

		for (size_t i = 0; finite && i < nr; i++)
			for (size_t j = i; j < nr; j++) {
				slow[nr_slow] = (values[i] + values[j]) / 2;
				upto += slow[nr_slow] <= 0;
				from += slow[nr_slow++] >= 0;
			}
		if (finite) {
			assert_true(fabs(shift.estimate - slow_median(slow, nr_slow)) < 1e-15);
			assert_true(shift.p ==
				    fmin(1, 2 * signed_rank_cdf(upto < from ? upto : from, nr)));
		}
		check_interval(interval, shift.p, alpha, finite ? slow : NULL, nr_slow);
		for (size_t i = 0; i < nr; i++)
			opposite[i] = -values[i];
		mirror = shift_of_pairs(opposite, nr);
		back = interval_of_pairs(opposite, nr, 1 - alpha);
		assert_true(mirror.p == shift.p && mirror.estimate == -shift.estimate &&
			    mirror.spread == shift.spread);
		assert_true(back.low == -interval.high && back.high == -interval.low);
	}
}

static void test_samples(void **state)
{
	static double slow[MAX * MAX];
	double base[MAX], new[MAX];
	struct random random;

	(void)state;
	random_seed(&random, 2);
	for (size_t round = 0; round < 20000; round++) {
		size_t a = draw(&random, base), b = draw(&random, new), nr_slow = 0, upto = 0,
		       from = 0;
		struct shift shift = shift_of_samples(base, a, new, b), mirror;
		double alpha = draw_alpha(&random, shift.p);
		struct interval interval = interval_of_samples(base, a, new, b, 1 - alpha), back;
		bool finite = all_finite(base, a) && all_finite(new, b);

		for (size_t i = 0; finite && i < a; i++)
			for (size_t j = 0; j < b; j++) {
				slow[nr_slow] = new[j] - base[i];
				upto += slow[nr_slow] <= 0;
				from += slow[nr_slow++] >= 0;
			}
		if (finite) {
			assert_true(fabs(shift.estimate - slow_median(slow, nr_slow)) < 1e-15);
			assert_true(shift.p ==
				    fmin(1, 2 * rank_sum_cdf(upto < from ? upto : from, a, b)));
		}
		check_interval(interval, shift.p, alpha, finite ? slow : NULL, nr_slow);
		mirror = shift_of_samples(new, b, base, a);
		back = interval_of_samples(new, b, base, a, 1 - alpha);
		assert_true(fabs(mirror.p - shift.p) < 1e-15);
		assert_true(mirror.estimate == -shift.estimate && mirror.spread == shift.spread);
		if (mirror.p == shift.p)
			assert_true(back.low == -interval.high && back.high == -interval.low);
	}
}

/* However ties would have come out with more digits, p with them is not smaller and the interval
 * not narrower. */
static void test_ties_count_against(void **state)
{
	double values[MAX], resolved[MAX];
	struct random random;

	(void)state;
	random_seed(&random, 3);
	for (size_t round = 0; round < 5000; round++) {
		size_t nr = draw(&random, values);
		struct shift shift = shift_of_pairs(values, nr);
		struct interval interval = interval_of_pairs(values, nr, 0.95), finer;

		if (!all_finite(values, nr))
			continue;
		for (size_t i = 0; i < nr; i++)
			resolved[i] = values[i] + (random_unit(&random) - 0.5) * 1e-9;
		assert_true(shift_of_pairs(resolved, nr).p <= shift.p);
		finer = interval_of_pairs(resolved, nr, 0.95);
		assert_true(finer.low >= interval.low - 1e-9 && finer.high <= interval.high + 1e-9);
	}
}

/* A higher level is never narrower, and a value that moves up never moves the interval down. */
static void test_monotone(void **state)
{
	double values[MAX];
	struct random random;

	(void)state;
	random_seed(&random, 4);
	for (size_t round = 0; round < 5000; round++) {
		size_t nr = draw(&random, values);
		struct interval interval, wider;
		double estimate = shift_of_pairs(values, nr).estimate,
		       level = random_unit(&random) * 0.99;

		interval = interval_of_pairs(values, nr, level);
		wider = interval_of_pairs(values, nr, level + 0.0099);
		assert_true(wider.low <= interval.low && wider.high >= interval.high);
		values[random_below(&random, nr)] += 1;
		assert_true(shift_of_pairs(values, nr).estimate >= estimate);
		wider = interval_of_pairs(values, nr, level);
		assert_true(wider.low >= interval.low && wider.high >= interval.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order), cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_samples),     cmocka_unit_test(test_ties_count_against),
		cmocka_unit_test(test_monotone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

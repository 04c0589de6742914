// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The statistics against R and against all orders of a few values; the warnings on noise without
 * any fault, where they must be rare, and on noise with one, where they must be there and say what
 * it is.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "result/results.h"
#include "stats/stats.h"
#include "stats/steady.h"

/*
 * R 4.2: z by cor.test(seq_along(x), x, method = "kendall", exact = FALSE)$statistic; size by
 * median() of all (x[j] - x[i]) / (j - i), times (n - 1) / median(x); ratio by sum(diff(rank(x))^2)
 * / sum((rank(x) - mean(rank(x)))^2).
 */
static const struct {
	size_t nr;
	double values[16], z, size, ratio;
} known[] = {
	{ 12,
	  { 102.6, 99.4, 100.2, 100.8, 100.5, 100.9, 102.8, 102.3, 102.9, 105.2, 103.7, 106.3 },
	  3.29148231035396,
	  0.05547421506425902,
	  0.5384615384615384 },
	{ 15,
	  { 30, 50, 40, 30, 20, 20, 40, 30, 40, 10, 30, 40, 10, 30, 50 },
	  -0.3077935056255462,
	  0,
	  2.046489563567362 },
};

static void test_r(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		double s, variance;

		trend_test(known[i].values, known[i].nr, &s, &variance);
		assert_float_equal(s / sqrt(variance), known[i].z, 1e-9);
		assert_float_equal(trend_size(known[i].values, known[i].nr), known[i].size, 1e-12);
		assert_float_equal(serial_ratio(known[i].values, known[i].nr, &variance),
				   known[i].ratio, 1e-12);
	}
}

struct moments {
	double nr, s, ss, ratio, ratio2;
};

static void orders_visit(double *values, size_t nr, size_t from, struct moments *moments)
{
	double s, ratio, unused;

	if (from == nr) {
		trend_test(values, nr, &s, &unused);
		ratio = serial_ratio(values, nr, &unused);
		moments->nr++;
		moments->s += s;
		moments->ss += s * s;
		moments->ratio += ratio;
		moments->ratio2 += ratio * ratio;
		return;
	}
	for (size_t i = from; i < nr; i++) {
		double other = values[i];

		values[i] = values[from];
		values[from] = other;
		orders_visit(values, nr, from + 1, moments);
		values[from] = values[i];
		values[i] = other;
	}
}

/* When every order is as likely as any other: the variances that the formulas give, by going
 * through all orders. */
static void test_variances_by_all_orders(void **state)
{
	const double plain[] = { 3, 1, 4, 10, 5, 9, 2 }, ties[] = { 1, 1, 1, 2, 3, 3, 4 };

	(void)state;
	for (int with_ties = 0; with_ties < 2; with_ties++) {
		struct moments moments = { 0 };
		double values[7], s, variance, ratio_variance;

		memcpy(values, with_ties ? ties : plain, sizeof(values));
		orders_visit(values, 7, 0, &moments);
		trend_test(values, 7, &s, &variance);
		serial_ratio(values, 7, &ratio_variance);
		assert_float_equal(moments.nr, 5040, 0);
		assert_float_equal(moments.s, 0, 1e-9);
		assert_float_equal(moments.ss / moments.nr, variance, 1e-9);
		assert_float_equal(moments.ratio / moments.nr, 2, 1e-9);
		if (!with_ties)
			assert_float_equal(moments.ratio2 / moments.nr - 4, ratio_variance, 1e-9);
	}
}

static void test_degenerate(void **state)
{
	const double equal[] = { 5, 5, 5, 5, 5 }, zeros[] = { 0, 0, 0, 0, 1 };
	double s, variance;

	(void)state;
	for (size_t nr = 0; nr < 2; nr++) {
		trend_test(equal, nr, &s, &variance);
		assert_float_equal(s, 0, 0);
		assert_float_equal(variance, 0, 0);
		assert_float_equal(trend_size(equal, nr), 0, 0);
		assert_float_equal(serial_ratio(equal, nr, &variance), 2, 0);
	}
	trend_test(equal, 5, &s, &variance);
	assert_float_equal(s, 0, 0);
	assert_float_equal(variance, 0, 0);
	assert_float_equal(serial_ratio(equal, 5, &variance), 2, 0);
	assert_float_equal(variance, 0, 0);
	assert_float_equal(trend_size(zeros, 5), 0, 0); /* there is no part of a median of 0 */
}

/* --- results --- */

static double normal(struct random *random)
{
	return sqrt(-2 * log(1 - random_unit(random))) * cos(2 * M_PI * random_unit(random));
}

struct fault {
	double drift;  /* over the samples of a run, as a part */
	double across; /* over the runs */
	double first;  /* of the first sample */
	double keep;   /* of the noise, from sample to sample */
};

static void result_make(struct result *result, unsigned int nr_runs, unsigned int nr_samples,
			unsigned int metrics, double spread, const struct fault *fault,
			struct random *random)
{
	*result = (struct result){ .key = strdup("case"), .params.pinner = "process_vm/readv" };
	for (unsigned int i = 0; i < nr_runs; i++) {
		struct run *run = result_add_run(result);
		double noise[NR_METRICS] = { 0 };

		run->nr_warmup = 2;
		run->nr_samples = 2 + nr_samples;
		run->samples = calloc(run->nr_samples, sizeof(*run->samples));
		for (size_t j = 0; j < run->nr_samples; j++) {
			double at = j < 2 ? 0 : (double)(j - 2) / (nr_samples - 1);

			run->samples[j].have = metrics;
			for (int metric = 0; metric < NR_METRICS; metric++) {
				double mean = 1e6 * (1 + fault->drift * at) *
					      (1 + fault->across * i / nr_runs) *
					      (j == 2 ? 1 + fault->first : 1);

				noise[metric] = fault->keep * noise[metric] +
						sqrt(1 - fault->keep * fault->keep) *
							normal(random);
				/* skewed, as times are */
				run->samples[j].ticks[metric] =
					(uint64_t)(mean * exp(spread * noise[metric]));
			}
		}
	}
}

static void result_drop(struct result *result)
{
	struct results results = { .items = calloc(1, sizeof(*result)), .nr = 1 };

	results.items[0] = *result;
	results_free(&results);
}

/* Fewer than 1 result in 100, however many runs, samples and metrics; by a spread that no size
 * limit holds back. */
static void test_false_alarms(void **state)
{
	static const struct {
		unsigned int nr_runs, nr_samples, metrics, nr;
	} designs[] = { { 1, 30, 3, 4000 },
			{ 1, 10, 4, 4000 },
			{ 3, 20, 7, 2000 },
			{ 10, 30, 4, 2000 },
			{ 30, 12, 3, 1000 } };
	const struct fault none = { 0 };
	struct random random;

	(void)state;
	random_seed(&random, 20240613);
	for (size_t i = 0; i < sizeof(designs) / sizeof(*designs); i++) {
		unsigned int nr_alarms = 0;

		for (unsigned int k = 0; k < designs[i].nr; k++) {
			struct result result;

			result_make(&result, designs[i].nr_runs, designs[i].nr_samples,
				    designs[i].metrics, 0.2, &none, &random);
			result_steady(&result, false);
			nr_alarms += result.nr_warnings > 0;
			result_drop(&result);
		}
		print_message("%u runs of %u samples: %.2f %% of results with a false warning\n",
			      designs[i].nr_runs, designs[i].nr_samples,
			      100.0 * nr_alarms / designs[i].nr);
		assert_in_range(nr_alarms, 0, designs[i].nr / 100);
	}
}

/* How many of 100 results have a warning with that text. */
static unsigned int nr_found(unsigned int nr_runs, double spread, const struct fault *fault,
			     const char *text)
{
	unsigned int nr = 0;
	struct random random;

	random_seed(&random, 5);
	for (int k = 0; k < 100; k++) {
		struct result result;
		bool found = false;

		result_make(&result, nr_runs, 30, 1u << METRIC_PIN, spread, fault, &random);
		result_steady(&result, false);
		for (size_t i = 0; i < result.nr_warnings; i++)
			found = found || strstr(result.warnings[i], text);
		nr += found;
		result_drop(&result);
	}
	return nr;
}

static void test_faults_are_found(void **state)
{
	(void)state;
	assert_in_range(nr_found(1, 0.02, &(struct fault){ .drift = 0.1 }, "pin: drifts +"), 95,
			100);
	assert_in_range(nr_found(10, 0.02, &(struct fault){ .drift = -0.03 }, "pin: drifts -"), 95,
			100);
	assert_in_range(nr_found(10, 0.02, &(struct fault){ .across = 0.1 },
				 "% from the first run to the last of 10"),
			95, 100);
	assert_in_range(nr_found(1, 0.02, &(struct fault){ .first = 0.5 },
				 "pin: the first sample is 50 % slower than all others"),
			10, 100);
	assert_in_range(nr_found(1, 0.02, &(struct fault){ .first = 0.5 },
				 "pin: the first sample is "),
			99, 100);
	assert_in_range(nr_found(10, 0.02, &(struct fault){ .first = 0.15 },
				 "% slower than the others in 10 of 10 runs: more warm-ups"),
			95, 100);
	assert_in_range(nr_found(10, 0.1, &(struct fault){ .keep = 0.9 },
				 "pin: samples resemble the one before (correlation 0."),
			85, 100);
	/* to wander is not to drift */
	assert_in_range(nr_found(10, 0.1, &(struct fault){ .keep = 0.9 }, "% over the samples"), 0,
			10);
	/* certain, and too small to matter */
	assert_int_equal(nr_found(30, 0.005, &(struct fault){ .drift = 0.005 }, ""), 0);
}

/* Warnings of an earlier look make place; those of others stay. */
static void test_again(void **state)
{
	const struct fault fault = { .drift = 0.2 };
	struct random random;
	struct result result;

	(void)state;
	random_seed(&random, 1);
	result_make(&result, 1, 30, 1u << METRIC_PIN, 0.02, &fault, &random);
	result_warn(&result, "pin: drifts +99.0 %% over the samples");
	result_warn(&result, "pin: the median is below 20 grains of its clock");
	result_steady(&result, false);
	assert_int_equal(result.nr_warnings, 2);
	assert_string_equal(result.warnings[0], "pin: the median is below 20 grains of its clock");
	result_steady(&result, false);
	assert_int_equal(result.nr_warnings, 2);
	result_drop(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_r),
		cmocka_unit_test(test_variances_by_all_orders),
		cmocka_unit_test(test_degenerate),
		cmocka_unit_test(test_false_alarms),
		cmocka_unit_test(test_faults_are_found),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

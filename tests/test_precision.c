// SPDX-License-Identifier: GPL-2.0-or-later
/* How far a result is settled, against R; and when that is enough. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stats/precision.h"
#include "stats/rank.h"

/* Runs of three samples around each median, after a warm-up that is far away. */
static void result_make(struct result *result, const uint64_t *medians, size_t nr)
{
	*result = (struct result){ .key = strdup("case") };
	for (size_t i = 0; i < nr; i++) {
		const uint64_t ticks[] = { 5 * medians[i], medians[i] + 9,
					   medians[i] ? medians[i] - 1 : 0, medians[i] };
		struct run *run = result_add_run(result);

		run->nr_warmup = 1;
		run->nr_samples = 4;
		run->samples = calloc(4, sizeof(*run->samples));
		for (int j = 0; j < 4; j++)
			run->samples[j] = (struct sample){ .ticks = { [METRIC_PIN] = ticks[j] },
							   .have = 1u << METRIC_PIN };
	}
}

static void result_drop(struct result *result)
{
	struct results results = { .items = calloc(1, sizeof(*result)), .nr = 1 };

	results.items[0] = *result;
	results_free(&results);
}

/*
 * R 4.2: set.seed(11), x <- round(1e6 * exp(rnorm(n) * 0.03)); of wilcox.test(log(x), conf.int =
 * TRUE, exact = TRUE) half the distance of exp(conf.int - estimate).
 */
static const struct {
	size_t nr;
	double half;
	uint64_t values[25];
} known[] = {
	{ 6, 0.04104641509591206, { 982425, 1000798, 955523, 959945, 1035987, 972365 } },
	{ 10,
	  0.01850655192366468,
	  { 1040507, 1018924, 998629, 970326, 975453, 989604, 954900, 992362, 966090, 1000370 } },
	{ 25, 0.008912225953094932, { 993333,  1026991, 982392,  980521, 979733, 999524,  986810,
				      1010633, 1002198, 1000215, 994388, 977291, 993390,  970923,
				      967414,  972248,  1020567, 953777, 974239, 1014647, 994434,
				      1047458, 981826,  989622,  952090 } },
};

/* Ten processes in five boots are five observations: no interval of 95 %, however close they are.
 */
static void test_boots(void **state)
{
	static const struct precision wanted = { .part = 0.5, .most_runs = 20 };
	struct result result;
	double half;

	(void)state;
	result_make(&result, known[1].values, 10);
	for (int i = 0; i < 10; i++)
		result.runs[i].slot = i / 2;
	assert_false(result_precision(&result, &half));
	assert_false(precision_enough(&wanted, &result, 0));
	for (int i = 0; i < 10; i++)
		result.runs[i].slot = i;
	assert_true(precision_enough(&wanted, &result, 0));
	result_drop(&result);
}

static void test_r(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct result result;
		double half;

		result_make(&result, known[i].values, known[i].nr);
		assert_true(result_precision(&result, &half));
		assert_float_equal(half, known[i].half, 1e-9);
		result_drop(&result);
	}
}

static void test_unknown(void **state)
{
	const uint64_t equal[] = { 7, 7, 7, 7, 7, 7 }, with_zero[] = { 7, 7, 7, 0, 7, 7 };
	uint64_t many[20];
	double logs[20];
	struct interval interval;
	struct shift shift;
	struct result result;
	double half;

	(void)state;
	for (size_t nr = 0; nr < PRECISION_FEWEST_RUNS; nr++) {
		result_make(&result, equal, nr);
		assert_false(result_precision(&result, &half));
		result_drop(&result);
	}
	result_make(&result, equal, 6);
	assert_true(result_precision(&result, &half));
	assert_float_equal(half, 0, 0);
	result_drop(&result);
	result_make(&result, with_zero, 6);
	assert_false(
		result_precision(&result, &half)); /* the interval of six reaches down to the 0 */
	result_drop(&result);
	/* of twenty it does not: the 0 counts as one of them, and is not left out for what it is */
	for (size_t i = 0; i < 20; i++)
		many[i] = i == 11 ? 0 : 100 + i;
	result_make(&result, many, 20);
	assert_true(result_precision(&result, &half));
	many[11] = 1; /* or any other value below all others */
	for (size_t i = 0; i < 20; i++)
		logs[i] = log((double)many[i]);
	shift = shift_of_pairs(logs, 20);
	interval = interval_of_pairs(logs, 20, 0.95);
	assert_float_equal(half,
			   (exp(interval.high - shift.estimate) -
			    exp(interval.low - shift.estimate)) /
				   2,
			   0.02);
	result_drop(&result);
}

static void test_enough(void **state)
{
	struct precision precision = { .part = 0.05, .max_time_s = 10, .most_runs = 25 };
	struct result result;

	(void)state;
	/* however much time it took, an interval comes first */
	result_make(&result, known[1].values, 5);
	assert_false(precision_enough(&precision, &result, 100));
	result_drop(&result);

	result_make(&result, known[1].values, 10);
	assert_true(precision_enough(&precision, &result, 1));
	assert_int_equal(result.stop, STOP_PRECISION);
	assert_float_equal(result.precision, known[1].half, 1e-9);
	precision.part = 0.001;
	assert_false(precision_enough(&precision, &result, 9.9));
	assert_true(precision_enough(&precision, &result, 10));
	assert_int_equal(result.stop, STOP_MAX_TIME);
	precision.max_time_s = 0;
	assert_false(precision_enough(&precision, &result, 1e9));
	precision.most_runs = 10;
	assert_true(precision_enough(&precision, &result, 0));
	assert_int_equal(result.stop, STOP_RUNS);
	result_drop(&result);
}

/* Fewer runs than an interval needs, because no more were allowed; a figure that is just as good as
 * was asked for. */
static void test_edges(void **state)
{
	struct precision precision = { .part = 0.05, .max_time_s = 0, .most_runs = 4 };
	struct result result;
	double half;

	(void)state;
	result_make(&result, known[1].values, 3);
	assert_false(precision_enough(&precision, &result, 0));
	result_drop(&result);
	result_make(&result, known[1].values, 4);
	assert_true(precision_enough(&precision, &result, 0));
	assert_int_equal(result.stop, STOP_RUNS);
	assert_true(result.precision == 0); /* not known */
	result_drop(&result);

	precision.most_runs = 20;
	result_make(&result, known[0].values, 6);
	assert_true(result_precision(&result, &half));
	precision.part = half;
	assert_true(precision_enough(&precision, &result, 0));
	assert_int_equal(result.stop, STOP_PRECISION);
	assert_true(result.precision == half);
	precision.part = nextafter(half, 0);
	assert_false(precision_enough(&precision, &result, 0));
	/* the least precise metric counts, whichever comes first */
	for (int other = 0; other < 2; other++) {
		for (size_t i = 0; i < 6; i++)
			for (size_t j = 0; j < 4; j++) {
				result.runs[i].samples[j].have |= 1u << METRIC_UNPIN;
				result.runs[i].samples[j].ticks[METRIC_PIN] =
					other ? 1000 : known[0].values[i];
				result.runs[i].samples[j].ticks[METRIC_UNPIN] =
					other ? known[0].values[i] : 1000;
			}
		assert_true(result_precision(&result, &half));
		assert_float_equal(half, known[0].half, 1e-9);
	}
	/* and one without an interval leaves none */
	for (size_t j = 0; j < 4; j++)
		result.runs[2].samples[j].ticks[METRIC_UNPIN] = 0;
	assert_false(result_precision(&result, &half));
	result_drop(&result);
}

static void assert_prints(const struct results *results, const char *wanted)
{
	const struct precision precision = { .part = 0.0125 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	precision_print(out, results, &precision, "--runs");
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

/* What is said at the end: of those that are done; five that are not settled by name. */
static void test_print(void **state)
{
	struct results results = { .label = NULL };
	char key[8];

	(void)state;
	assert_prints(&results, "precision: 0 of 0 cases are settled to 1.25 %\n");
	for (size_t i = 0; i < 10; i++) {
		struct result *result;

		snprintf(key, sizeof(key), "case%zu", i);
		result = results_add(&results, key);
		result->status = i == 9 ? STATUS_FAILED : STATUS_DONE;
		result->stop = i < 3 ? STOP_PRECISION : i == 3 ? STOP_MAX_TIME : STOP_RUNS;
		result->precision = i == 4 ? 0 : 0.0301 * (double)i;
		for (size_t run = 0; run < 6 + i; run++)
			result_add_run(result);
	}
	assert_prints(&results, "precision: 3 of 9 cases are settled to 1.25 %, by 6 to 8 runs\n"
				"  case3: 9 % after 9 runs (--max-time)\n"
				"  case4: not known after 10 runs (--runs)\n"
				"  case5: 15 % after 11 runs (--runs)\n"
				"  case6: 18 % after 12 runs (--runs)\n"
				"  case7: 21 % after 13 runs (--runs)\n"
				"  and 1 more\n");
	results.items[8].status = results.items[1].status = results.items[2].status =
		STATUS_SKIPPED;
	assert_prints(&results, "precision: 1 of 6 cases are settled to 1.25 %, by 6 runs\n"
				"  case3: 9 % after 9 runs (--max-time)\n"
				"  case4: not known after 10 runs (--runs)\n"
				"  case5: 15 % after 11 runs (--runs)\n"
				"  case6: 18 % after 12 runs (--runs)\n"
				"  case7: 21 % after 13 runs (--runs)\n");
	results.items[0].status = STATUS_FAILED;
	results.items[1].status = STATUS_DONE;
	result_add_run(&results.items[1])->slot = -1;
	assert_prints(&results, "precision: 1 of 6 cases are settled to 1.25 %, by 8 runs\n"
				"  case3: 9 % after 9 runs (--max-time)\n"
				"  case4: not known after 10 runs (--runs)\n"
				"  case5: 15 % after 11 runs (--runs)\n"
				"  case6: 18 % after 12 runs (--runs)\n"
				"  case7: 21 % after 13 runs (--runs)\n");
	results_free(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_r),       cmocka_unit_test(test_boots),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_enough),
		cmocka_unit_test(test_edges),   cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

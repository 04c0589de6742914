// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose turn it is: abba by its definition; random is a shuffle of every block that the seed alone
 * decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "result/schedule.h"

static const char *const three[] = { "a", "b", "c" };

static void test_abba(void **state)
{
	const unsigned int want[] = { 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0 };
	struct schedule schedule;

	(void)state;
	schedule_init(&schedule, ORDER_ABBA, 4, three, 3, NULL);
	for (unsigned int i = 0; i < 12; i++)
		assert_int_equal(schedule_side(&schedule, i), want[i]);
	schedule_free(&schedule);
}

static void test_random(void **state)
{
	unsigned int nr_first[3] = { 0 };
	const uint64_t seed = 7;
	struct schedule one, two;

	(void)state;
	schedule_init(&one, ORDER_RANDOM, 300, three, 3, &seed);
	schedule_copy(&two, &one, 2);
	for (unsigned int block = 0; block < 300; block++) {
		bool seen[3] = { false };

		for (unsigned int i = 0; i < 3; i++) {
			unsigned int side = schedule_side(&one, 3 * block + i);

			assert_int_equal(side, schedule_side(&two, 3 * block + i));
			seen[side] = true;
		}
		assert_true(seen[0] && seen[1] && seen[2]);
		nr_first[schedule_side(&one, 3 * block)]++;
	}
	/* 100 each would be even; beyond 100 +- 5 standard deviations (8.2) something is wrong with
	 * the shuffle */
	for (unsigned int i = 0; i < 3; i++)
		assert_in_range(nr_first[i], 60, 140);
	assert_true(schedule_shared(&one, &two));
	strcpy(two.id, "another");
	assert_false(schedule_shared(&one, &two));
	schedule_free(&one);
	schedule_free(&two);
}

static void test_new_ids(void **state)
{
	struct schedule one, two;

	(void)state;
	schedule_init(&one, ORDER_ABBA, 1, three, 2, NULL);
	schedule_init(&two, ORDER_ABBA, 1, three, 2, NULL);
	assert_string_not_equal(one.id, two.id);
	schedule_free(&one);
	schedule_free(&two);
}

static void test_stamp(void **state)
{
	struct results results = { 0 };
	struct schedule schedule;
	struct result *result;

	(void)state;
	schedule_init(&schedule, ORDER_ABBA, 4, three, 2, NULL);
	result_add_run(results_add(&results, "one"));
	results_add(&results, "skipped")->status = STATUS_SKIPPED;
	assert_false(schedule_has(&results, 5));
	schedule_stamp(&schedule, 5, &results);
	assert_int_equal(results.items[0].runs[0].block, 2);
	assert_true(schedule_has(&results, 5));
	assert_false(schedule_has(&results, 4));
	result = results_add(&results, "two");
	result_add_run(result)->slot = 4;
	assert_true(schedule_has(&results, 5));
	assert_true(schedule_has(&results, 4));
	results_drop_slot(&results, 5);
	assert_false(schedule_has(&results, 5));
	assert_true(schedule_has(&results, 4));
	assert_int_equal(results.nr, 2); /* "one" was done only there; what never ran stays */
	assert_string_equal(results.items[0].key, "skipped");
	assert_string_equal(results.items[1].key, "two");
	schedule_free(&schedule);
	results_free(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abba),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_new_ids),
		cmocka_unit_test(test_stamp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts on what is counted: pages, calls, copies. One run is enough, where one observer has
 * counted it on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>
#include <cmocka.h>

#include "sides.h"

/* Of 16 pages 15 were slow before, none after. */
static void sides_counted(struct sides *sides)
{
	static const uint64_t ticks[] = { 100 };
	struct results *reports[] = { &sides->base, &sides->new };

	sides_init(sides);
	for (size_t side = 0; side < 2; side++) {
		struct result *result = add_runs(reports[side], KEY, METRIC_PIN, 1, ticks);

		set_count(result, COUNT_REQUESTED_PAGES, 16);
		set_count(result, COUNT_SLOW_PAGES, side ? 0 : 15);
	}
}

/* Two observers that agree have seen no change; what they differ by may be theirs. */
static void test_other_observer(void **state)
{
	struct sides sides;
	struct result *new;
	const struct row *rows;
	char text[160];

	(void)state;
	sides_counted(&sides);
	new = sides.new.items;
	strcpy(new->counts.observer[COUNT_REQUESTED_PAGES], "other");
	strcpy(new->counts.observer[COUNT_SLOW_PAGES], "other");
	rows = sides_judge(&sides);
	assert_string_equal(row_metric(&rows[0]), "hit rate");
	assert_int_equal(rows[0].verdict, VERDICT_UNSURE);
	row_note(&rows[0], &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "different observers"));
	assert_int_equal(rows[1].which, COUNT_REQUESTED_PAGES);
	assert_int_equal(rows[1].verdict, VERDICT_SAME);
	assert_int_equal(rows[2].verdict, VERDICT_UNSURE);
	sides_free(&sides);
}

/* One side counted pages, of the other k slow calls prove a least rate: the change lies between
 * what both allow. */
static void test_one_bound(void **state)
{
	for (size_t bound = 0; bound < 2; bound++) {
		static const uint64_t ticks[] = { 100 };
		struct sides sides;
		struct results *reports[] = { &sides.base, &sides.new };
		const struct row *row;

		sides_init(&sides);
		for (size_t side = 0; side < 2; side++) {
			struct result *result = add_runs(reports[side], KEY, METRIC_PIN, 1, ticks);

			for (size_t i = 0; i < result->runs[0].nr_samples; i++)
				result->runs[0].samples[i].nr_pages = 16;
			if (side == bound) {
				set_count(result, COUNT_SLOW_CALLS, 1); /* 15 of 16 at least */
			} else {
				set_count(result, COUNT_REQUESTED_PAGES, 16);
				set_count(result, COUNT_SLOW_PAGES, 15); /* 1 of 16 */
			}
		}
		row = sides_judge(&sides);
		assert_int_equal(row->kind, ROW_RATE);
		assert_int_equal(row->bound[bound], true);
		assert_int_equal(row->bound[!bound], false);
		assert_false(row->change_known);
		assert_near(row->interval.low, bound ? 14.0 / 16 : -15.0 / 16);
		assert_near(row->interval.high, bound ? 15.0 / 16 : -14.0 / 16);
		assert_true(row->moved);
		sides_free(&sides);
	}
	(void)state;
}

static void test_exact(void **state)
{
	struct sides sides;
	struct result *base, *new;
	const struct row *rows;

	(void)state;
	sides_counted(&sides);
	base = sides.base.items;
	new = sides.new.items;
	set_count(base, COUNT_SLOW_CALLS, 1);
	set_count(new, COUNT_SLOW_CALLS, 2);
	set_count(base, COUNT_COPIED_PAGES, 0);
	set_count(new, COUNT_COPIED_PAGES, 3);
	set_count(base, COUNT_FAULTS, 0);
	set_count(new, COUNT_FAULTS, 0);
	set_count(base, COUNT_REUSED_PAGES, 1); /* unknown in new: no row */
	rows = sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 7);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(rows[i].design, DESIGN_EXACT);
		assert_int_equal(rows[i].nr[0], 1);
		assert_int_equal(rows[i].nr[1], 1);
		assert_true(rows[i].interval.low == rows[i].change &&
			    rows[i].interval.high == rows[i].change);
		assert_int_equal(rows[i].moved, rows[i].value[0] != rows[i].value[1]);
		assert_int_equal(rows[i].note, NOTE_NONE);
		assert_int_equal(rows[i].change_known, i != 5);
	}
	assert_string_equal(row_metric(&rows[0]), "hit rate");
	assert_int_equal(rows[0].verdict, VERDICT_BETTER);
	assert_near(rows[0].change, 15.0 / 16);
	assert_near(rows[0].value[0], 1.0 / 16);
	assert_near(rows[0].value[1], 1);
	assert_near(rows[1].change, 0);
	assert_near(rows[2].value[0], 15);
	assert_near(rows[2].value[1], 0);
	assert_near(rows[2].change, -1);
	assert_near(rows[4].change, 0);
	assert_string_equal(row_metric(&rows[1]), "requested_pages");
	assert_int_equal(rows[1].verdict, VERDICT_SAME);
	assert_true(rows[1].redundant);
	assert_int_equal(rows[2].which, COUNT_SLOW_PAGES);
	assert_int_equal(rows[2].verdict, VERDICT_BETTER);
	assert_true(rows[2].redundant); /* the hit rate says it */
	assert_int_equal(rows[3].which, COUNT_SLOW_CALLS);
	assert_int_equal(rows[3].verdict, VERDICT_WORSE);
	assert_false(rows[3].redundant); /* it says the opposite */
	assert_near(rows[3].change, 1);
	assert_int_equal(rows[4].which, COUNT_FAULTS);
	assert_true(rows[4].redundant);
	assert_int_equal(rows[5].which, COUNT_COPIED_PAGES);
	assert_int_equal(rows[5].verdict, VERDICT_DIFFERS);
	assert_false(rows[5].change_known);
	assert_int_equal(row_judge(&rows[5], 10),
			 VERDICT_DIFFERS); /* from 0, no threshold is far enough */
	assert_int_equal(row_judge(&rows[3], 1), VERDICT_SAME);
	assert_int_equal(rows[6].kind, ROW_TIME);
	assert_int_equal(sides.verdicts.nr_of[VERDICT_BETTER], 1);
	assert_int_equal(sides.verdicts.nr_exact_of[VERDICT_WORSE], 1);
	assert_int_equal(sides.verdicts.nr_of[VERDICT_UNSURE], 1); /* one process */
	assert_int_equal(sides.verdicts.nr_exact_of[VERDICT_UNSURE], 0);
	sides_free(&sides);
}

/* A rate of 0 that rises is a change that is known: rates differ by points. */
static void test_rate_from_zero(void **state)
{
	struct sides sides;
	const struct row *rows;

	(void)state;
	sides_counted(&sides);
	set_count(sides.base.items, COUNT_SLOW_PAGES, 16);
	set_count(sides.new.items, COUNT_SLOW_PAGES, 16);
	rows = sides_judge(&sides);
	assert_int_equal(rows[0].kind, ROW_RATE);
	assert_near(rows[0].value[0], 0);
	assert_int_equal(rows[0].verdict, VERDICT_SAME);
	assert_false(rows[0].redundant);
	assert_int_equal(rows[2].verdict, VERDICT_SAME);
	assert_true(rows[2].redundant);
	set_count(sides.new.items, COUNT_SLOW_PAGES, 8);
	rows = sides_judge(&sides);
	assert_true(rows[0].change_known);
	assert_near(rows[0].change, 0.5);
	assert_int_equal(rows[0].verdict, VERDICT_BETTER);
	assert_int_equal(row_judge(&rows[0], 0.5), VERDICT_SAME);
	assert_int_equal(row_judge(&rows[0], 0.49), VERDICT_BETTER);
	/* without a rate the slow pages are news */
	sides.base.items->counts.observer[COUNT_REQUESTED_PAGES][0] = '\0';
	rows = sides_judge(&sides);
	assert_int_equal(rows[0].which, COUNT_SLOW_PAGES);
	assert_int_equal(rows[0].verdict, VERDICT_BETTER);
	assert_false(rows[0].redundant);
	sides_free(&sides);
}

/* Runs that were merged and did not count the same: no exact number, whatever the first of them
 * says. */
static void test_count_varies(void **state)
{
	struct sides sides;
	struct results boot = { .label = strdup("b") };
	const struct row *rows;

	(void)state;
	sides_init(&sides);
	for (uint64_t i = 0; i < 2; i++) {
		struct results *results = i ? &boot : &sides.base;
		struct result *result = add_case(results, KEY);

		set_count(result, COUNT_REQUESTED_PAGES, 16);
		set_count(result, COUNT_SLOW_PAGES, 4 + i);
		set_count(result, COUNT_FAULTS, 7);
	}
	assert_int_equal(results_merge(&sides.base, &boot, NULL), 0);
	set_count(add_case(&sides.new, KEY), COUNT_REQUESTED_PAGES, 16);
	set_count(&sides.new.items[0], COUNT_SLOW_PAGES, 4);
	set_count(&sides.new.items[0], COUNT_FAULTS, 7);
	rows = sides_judge(&sides);
	assert_int_equal(rows[0].kind, ROW_RATE);
	assert_int_equal(rows[0].verdict, VERDICT_UNSURE);
	assert_int_equal(rows[0].note, NOTE_COUNT_VARIES);
	assert_int_equal(rows[1].verdict, VERDICT_SAME); /* pages asked */
	assert_int_equal(rows[2].which, COUNT_SLOW_PAGES);
	assert_int_equal(rows[2].verdict, VERDICT_UNSURE);
	assert_int_equal(rows[3].which, COUNT_FAULTS);
	assert_int_equal(rows[3].verdict, VERDICT_SAME);
	results_free(&boot);
	sides_free(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_observer), cmocka_unit_test(test_one_bound),
		cmocka_unit_test(test_exact),          cmocka_unit_test(test_rate_from_zero),
		cmocka_unit_test(test_count_varies),
	};

	return cmocka_run_group_tests_name("verdict_exact", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A claim is never shown without its controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <regex.h>
#include <string.h>
#include <cmocka.h>

#include "sides.h"

static const struct row *find_row(const struct verdicts *verdicts, const char *key,
				  enum metric metric)
{
	for (size_t i = 0; i < verdicts->nr; i++)
		if (strcmp(verdicts->rows[i].base->key, key) == 0 &&
		    verdicts->rows[i].kind == ROW_TIME && verdicts->rows[i].which == metric)
			return &verdicts->rows[i];
	fail_msg("no row %s", key);
	return NULL;
}

/* A claim on thp-2M: its controls are the same call on base pages and its own unpin; a filter
 * cannot part them. */
static void test_guard(void **state)
{
	static const struct {
		const char *key;
		uint64_t pin, unpin;             /* of new; of base 1024 both */
		bool pin_control, unpin_control; /* and what the filter "thp" shows besides what is
						    named so */
	} cases[] = {
		{ "p,base,exclusive,read,head,n=1", 1024, 1024, true, false },
		{ "p,base,exclusive,read,head,n=16", 1024, 1024, false, false },
		{ "p,base,shared,read,head,n=1", 1024, 1024, false, false },
		{ "q,base,exclusive,read,head,n=1", 1024, 1024, false, false },
		{ "p,thp-2M,exclusive,read,head,n=1", 256, 1024, false, true },
		{ "p,hugetlb-2M,exclusive,read,page,n=512", 1024, 1024, false, false },
	};
	struct sides sides;
	regex_t regex;

	(void)state;
	sides_init(&sides);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		add_case(&sides.base, cases[i].key);
		add_case(&sides.new, cases[i].key);
		for (size_t k = 0; k < RULE_ICOUNT_SEEDS; k++) {
			struct run *run = add_run(&sides.base.items[i], METRIC_PIN, 1024);
			struct run *new_run =
				add_run(&sides.new.items[i], METRIC_PIN, cases[i].pin);

			for (size_t j = 0; j < run->nr_samples; j++) {
				run->samples[j].have |= 1 << METRIC_UNPIN;
				run->samples[j].ticks[METRIC_UNPIN] = 1024;
				new_run->samples[j].have |= 1 << METRIC_UNPIN;
				new_run->samples[j].ticks[METRIC_UNPIN] = cases[i].unpin;
			}
		}
	}
	sides_place(&sides);
	sides_judge(&sides);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(find_row(&sides.verdicts, cases[i].key, METRIC_PIN)->control,
				 cases[i].pin_control);
		assert_int_equal(find_row(&sides.verdicts, cases[i].key, METRIC_UNPIN)->control,
				 cases[i].unpin_control);
	}
	assert_int_equal(regcomp(&regex, "thp", REG_EXTENDED | REG_NOSUB), 0);
	verdicts_filter(&sides.verdicts, &regex);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool named = strstr(cases[i].key, "thp") != NULL;

		assert_int_equal(find_row(&sides.verdicts, cases[i].key, METRIC_PIN)->shown,
				 named || cases[i].pin_control);
		assert_int_equal(find_row(&sides.verdicts, cases[i].key, METRIC_UNPIN)->shown,
				 named);
	}
	regfree(&regex);
	/* what got worse is shown whatever is asked for */
	assert_int_equal(regcomp(&regex, "hugetlb", REG_EXTENDED | REG_NOSUB), 0);
	for (size_t k = 0; k < RULE_ICOUNT_SEEDS; k++)
		for (size_t j = 0; j < 6; j++)
			sides.new.items[2].runs[k].samples[j].ticks[METRIC_PIN] = 2048;
	sides_judge(&sides);
	verdicts_filter(&sides.verdicts, &regex);
	assert_true(find_row(&sides.verdicts, cases[2].key, METRIC_PIN)->shown);
	assert_false(find_row(&sides.verdicts, cases[2].key, METRIC_UNPIN)->shown);
	assert_false(find_row(&sides.verdicts, cases[4].key, METRIC_PIN)->shown);
	assert_true(find_row(&sides.verdicts, cases[5].key, METRIC_PIN)->shown);
	verdicts_filter(&sides.verdicts, NULL);
	for (size_t i = 0; i < sides.verdicts.nr; i++)
		assert_true(sides.verdicts.rows[i].shown);
	regfree(&regex);
	sides_free(&sides);
}

/* Without the window on base pages, every base row of that pinner, state and access is a control.
 */
static void test_guard_any_window(void **state)
{
	static const uint64_t before[] = { 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024 };
	static const uint64_t after[] = { 256, 256, 256, 256, 256, 256, 256, 256 };
	struct sides sides;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, "p,base,exclusive,read,head,n=1", METRIC_PIN, 8, before);
	add_runs(&sides.base, "p,base,exclusive,read,page,n=1", METRIC_PIN, 8, before);
	add_runs(&sides.base, "p,thp-2M,exclusive,read,tail,n=1", METRIC_PIN, 8, before);
	add_runs(&sides.new, "p,base,exclusive,read,head,n=1", METRIC_PIN, 8, before);
	add_runs(&sides.new, "p,base,exclusive,read,page,n=1", METRIC_PIN, 8, before);
	add_runs(&sides.new, "p,thp-2M,exclusive,read,tail,n=1", METRIC_PIN, 8, after);
	sides_place(&sides);
	sides_judge(&sides);
	assert_true(sides.verdicts.rows[0].control);
	assert_true(sides.verdicts.rows[1].control);
	assert_false(sides.verdicts.rows[2].control);
	sides_free(&sides);
}

/* Who claims nothing has no controls: rows that are the same, that are unsure, and claims about
 * base pages. */
static void test_guard_without_a_claim(void **state)
{
	static const struct {
		const char *key;
		uint64_t after;
		size_t nr;
		enum verdict verdict;
		bool control;
	} cases[] = {
		{ "p,thp-2M,exclusive,read,head,n=1", 256, 8, VERDICT_FEWER, true },
		{ "p,thp-2M,exclusive,read,head,n=1", 4096, 8, VERDICT_MORE, true },
		{ "p,thp-2M,exclusive,read,head,n=1", 1024, 8, VERDICT_SAME, false },
		{ "p,thp-2M,exclusive,read,head,n=1", 256, 7, VERDICT_UNSURE, false },
		{ "p,base,exclusive,read,page,n=1", 256, 8, VERDICT_FEWER, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t before[8], after[8];
		struct sides sides;

		for (size_t k = 0; k < 8; k++) {
			before[k] = 1024;
			after[k] = cases[i].after;
		}
		sides_init(&sides);
		add_runs(&sides.base, "p,base,exclusive,read,head,n=1", METRIC_PIN, cases[i].nr,
			 before);
		add_runs(&sides.new, "p,base,exclusive,read,head,n=1", METRIC_PIN, cases[i].nr,
			 before);
		add_runs(&sides.base, cases[i].key, METRIC_PIN, cases[i].nr, before);
		add_runs(&sides.new, cases[i].key, METRIC_PIN, cases[i].nr, after);
		sides_place(&sides);
		sides_judge(&sides);
		assert_int_equal(sides.verdicts.rows[1].verdict, cases[i].verdict);
		assert_int_equal(sides.verdicts.rows[0].control, cases[i].control);
		assert_false(sides.verdicts.rows[1].control);
		sides_free(&sides);
	}
}

/* What another row of the case says already is claimed by that one alone: slow pages by the hit
 * rate. */
static void test_guard_said_once(void **state)
{
	static const char *const keys[] = { "p,base,exclusive,read,page,n=1",
					    "p,thp-2M,exclusive,read,page,n=1" };
	struct sides sides;
	size_t nr_slow = 0, nr_rates = 0;

	(void)state;
	sides_init(&sides);
	for (size_t i = 0; i < 2; i++) {
		struct result *base = add_case(&sides.base, keys[i]),
			      *new = add_case(&sides.new, keys[i]);

		set_count(base, COUNT_REQUESTED_PAGES, 16);
		set_count(base, COUNT_SLOW_PAGES, 1);
		set_count(new, COUNT_REQUESTED_PAGES, 16);
		set_count(new, COUNT_SLOW_PAGES, i ? 15 : 1);
	}
	sides_judge(&sides);
	for (size_t i = 0; i < sides.verdicts.nr; i++) {
		const struct row *row = &sides.verdicts.rows[i];
		bool on_base = strcmp(row->base->key, keys[0]) == 0;

		if (row->kind == ROW_RATE) {
			assert_int_equal(row->verdict, on_base ? VERDICT_SAME : VERDICT_WORSE);
			assert_int_equal(row->control, on_base);
			nr_rates++;
		} else if (row->which == COUNT_SLOW_PAGES) {
			assert_int_equal(row->verdict, on_base ? VERDICT_SAME : VERDICT_WORSE);
			assert_true(row->redundant);
			assert_false(row->control);
			nr_slow++;
		}
	}
	assert_int_equal(nr_rates, 2);
	assert_int_equal(nr_slow, 2);
	sides_free(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_guard_any_window),
		cmocka_unit_test(test_guard_without_a_claim),
		cmocka_unit_test(test_guard_said_once),
	};

	return cmocka_run_group_tests_name("verdict_guard", tests, NULL, NULL);
}

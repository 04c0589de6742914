// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts on instructions: each boot is a place of memory, and the rule is no rank test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>
#include <cmocka.h>

#include "sides.h"

static void forget_placements(struct results *results)
{
	for (size_t i = 0; i < results->items[0].nr_runs; i++)
		results->items[0].runs[i].placement.known = false;
}

static void set_seed(struct results *results, size_t run, uint64_t seed)
{
	results->items[0].runs[run].placement =
		(struct placement){ true, seed, 4096 * seed, seed, 0, 0 };
}

/* As many seeds, which give the values in turn. */
static void sides_icount(struct sides *sides, const uint64_t *base, const uint64_t *new,
			 size_t nr_values, size_t nr)
{
	uint64_t values[2][RULE_ICOUNT_SEEDS + 1];

	assert_true(nr <= RULE_ICOUNT_SEEDS + 1);
	for (size_t i = 0; i < nr; i++) {
		values[0][i] = base[i % nr_values];
		values[1][i] = new[i % nr_values];
	}
	sides_init(sides);
	add_runs(&sides->base, KEY, METRIC_PIN, nr, values[0]);
	add_runs(&sides->new, KEY, METRIC_PIN, nr, values[1]);
	sides_place(sides);
}

/*
 * The grain is 16: 33 instructions are more than two of it. A thousandth of 200,000 is 200, of
 * which two ticks may hide 32; of that of 64,000 they may hide a quarter.
 */
static void test_seeds(void **state)
{
	static const struct {
		uint64_t base[3], new[3];
		enum verdict verdict, at_1; /* and when the user says 1 % */
		enum row_note note;
	} cases[] = {
		{ { 10000, 11000, 12000 },
		  { 10033, 11040, 12033 },
		  VERDICT_MORE,
		  VERDICT_SAME,
		  NOTE_NONE },
		{ { 10033, 11040, 12033 },
		  { 10000, 11000, 12000 },
		  VERDICT_FEWER,
		  VERDICT_SAME,
		  NOTE_NONE },
		/* one seed by two ticks only */
		{ { 10000, 11000, 12000 },
		  { 10033, 11032, 12033 },
		  VERDICT_SAME,
		  VERDICT_SAME,
		  NOTE_NONE },
		/* one seed by less than a thousandth */
		{ { 10000, 11000, 200000 },
		  { 10033, 11040, 200167 },
		  VERDICT_SAME,
		  VERDICT_SAME,
		  NOTE_NONE },
		{ { 10000, 11000, 200000 },
		  { 10033, 11040, 200168 },
		  VERDICT_MORE,
		  VERDICT_SAME,
		  NOTE_NONE },
		{ { 64000, 64000, 64000 },
		  { 64048, 64048, 64047 },
		  VERDICT_SAME,
		  VERDICT_SAME,
		  NOTE_NONE },
		{ { 64000, 64000, 64016 },
		  { 64048, 64048, 64065 },
		  VERDICT_MORE,
		  VERDICT_SAME,
		  NOTE_NONE },
		/* one seed the other way, all within 2 %; then not within */
		{ { 10000, 11000, 12000 },
		  { 10090, 11090, 11910 },
		  VERDICT_SAME,
		  VERDICT_SAME,
		  NOTE_NONE },
		{ { 10000, 11000, 12000 },
		  { 10100, 11100, 11700 },
		  VERDICT_UNSURE,
		  VERDICT_UNSURE,
		  NOTE_SEEDS_DISAGREE },
		/* all the same way, one beyond what the user calls the same */
		{ { 10000, 11000, 12000 },
		  { 10050, 11050, 12150 },
		  VERDICT_MORE,
		  VERDICT_WORSE,
		  NOTE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sides sides;
		const struct row *row;

		sides_icount(&sides, cases[i].base, cases[i].new, 3, 8);
		row = sides_judge(&sides);
		assert_int_equal(row->design, DESIGN_SEEDS);
		assert_int_equal(row->nr[0], 8);
		assert_int_equal(sides.verdicts.nr_tested, 0);
		assert_true(sides.verdicts.seeds_shared);
		assert_near(row->p, 1);
		if (row->verdict != cases[i].verdict)
			fail_msg("case %zu is %s", i, verdict_names[row->verdict]);
		assert_int_equal(row->note, cases[i].note);
		if (i == 9) {
			assert_near(row->interval.low, 0.05 / 11);
			assert_near(row->interval.high, 0.0125);
			assert_near(row->change, 0.05 / 11); /* 11050 / 11000, the medians */
		}
		assert_int_equal(row_judge(row, 0.01), cases[i].at_1);
		sides.rule.threshold = 0.01;
		sides.rule.threshold_given = true;
		assert_int_equal(sides_judge(&sides)->verdict,
				 cases[i].at_1 == VERDICT_WORSE ? VERDICT_MORE : cases[i].at_1);
		sides_free(&sides);
	}
}

/* Eight seeds that agree are a change, seven are not; what they lack is said. */
static void test_few_seeds(void **state)
{
	static const uint64_t base[] = { 10000, 11000 }, new[] = { 20000, 21000 };
	struct sides sides;
	const struct row *row;
	char text[160];

	(void)state;
	sides_icount(&sides, base, new, 2, 8);
	assert_int_equal(sides_judge(&sides)->verdict, VERDICT_MORE);
	sides_free(&sides);

	sides_icount(&sides, base, new, 2, 7);
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_FEW_SEEDS);
	assert_int_equal(row->need, 8);
	assert_int_equal(row->nr[0], 7);
	assert_int_equal(row_judge(row, 0.5), VERDICT_UNSURE);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "8 "));
	assert_non_null(strstr(text, "(now 7)"));
	sides_free(&sides);

	sides_icount(&sides, base, base, 2, 7); /* nor are they the same */
	assert_int_equal(sides_judge(&sides)->verdict, VERDICT_UNSURE);
	sides_free(&sides);

	sides_icount(&sides, base, new, 2, 9); /* nine boots of eight placements */
	set_seed(&sides.base, 8, 1);
	set_seed(&sides.new, 8, 1);
	assert_int_equal(sides_judge(&sides)->verdict, VERDICT_MORE);
	set_seed(&sides.new, 7, 1);
	set_seed(&sides.base, 7, 1);
	assert_int_equal(sides_judge(&sides)->verdict, VERDICT_UNSURE);
	sides_free(&sides);
}

/* The seed says who is whose partner. */
static void test_seeds_by_seed(void **state)
{
	static const uint64_t base[] = {
		10000, 20000, 30000, 40000, 50000, 60000, 70000, 80000, 77
	};
	static const uint64_t new[] = {
		80800, 70700, 60600, 50500, 40400, 30300, 20200, 10100, 78
	};
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_icount(&sides, base, new, 9, 9);
	for (size_t i = 0; i < 8; i++)
		set_seed(&sides.new, i, 8 - i);
	set_seed(&sides.new, 8, 99);
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 8);
	assert_int_equal(sides.verdicts.nr_unpaired, 2);
	assert_near(row->interval.low, 0.01);
	assert_near(row->interval.high, 0.01);
	assert_int_equal(row->verdict, VERDICT_MORE);
	/* other seeds on each side: in the order of the file */
	for (size_t i = 0; i < 9; i++)
		set_seed(&sides.new, i, i + 100);
	row = sides_judge(&sides);
	assert_false(sides.verdicts.seeds_shared);
	assert_int_equal(row->nr[0], 9);
	assert_near(row->interval.low, 10100.0 / 80000 - 1);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	/* one that is shared, the first of the one file and the last of the other */
	set_seed(&sides.new, 0, 9);
	row = sides_judge(&sides);
	assert_true(sides.verdicts.seeds_shared);
	assert_int_equal(row->nr[0], 1);
	assert_near(row->interval.low, 80800.0 / 77 - 1);
	sides_free(&sides);
}

/* Eight boots that could not differ, or did not, are one observation; the former decide nothing. */
static void test_no_replication(void **state)
{
	static const uint64_t flat[] = { 10000 }, more[] = { 10500 };
	static const uint64_t base[] = { 10000, 11000, 12000 }, new[] = { 10500, 11500, 12500 };
	struct sides sides;
	const struct row *row;
	char text[160];

	(void)state;
	sides_icount(&sides, flat, more, 1, 8); /* eight seeds, one value */
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 1);
	assert_int_equal(row->nr[1], 1);
	assert_int_equal(row->note, NOTE_NO_REPLICATION);
	assert_int_equal(row->verdict, VERDICT_MORE);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "no replication"));
	sides_free(&sides);

	sides_icount(&sides, base, new, 3, 8); /* one placement, three values */
	for (size_t i = 0; i < 8; i++) {
		set_seed(&sides.base, i, 1);
		set_seed(&sides.new, i, 1);
	}
	row = sides_judge(&sides);
	assert_int_equal(row->note, NOTE_FEW_SEEDS);
	assert_int_equal(row->nr[0], 1);
	for (size_t i = 0; i < 8; i++) /* no placement at all */
		sides.base.items[0].runs[i].placement.known =
			sides.new.items[0].runs[i].placement.known = false;
	row = sides_judge(&sides);
	assert_int_equal(row->note, NOTE_FEW_SEEDS);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "no replication"));
	sides_free(&sides);

	sides_icount(&sides, base, new, 3, 1);
	row = sides_judge(&sides);
	assert_int_equal(row->note, NOTE_FEW_SEEDS);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	sides_free(&sides);

	for (int side = 0; side < 2;
	     side++) { /* of one side it is not known how its memory lay: one way at the least */
		sides_icount(&sides, base, new, 3, 8);
		forget_placements(side ? &sides.new : &sides.base);
		row = sides_judge(&sides);
		assert_int_equal(row->nr[0], 8); /* the other shows that placement matters */
		assert_int_equal(row->note, NOTE_FEW_SEEDS);
		assert_int_equal(row->verdict, VERDICT_UNSURE);
		sides_free(&sides);
	}

	static const uint64_t still[] = { 10000, 10000, 10000 };

	sides_icount(&sides, still, base, 3,
		     8); /* one side flat: the other shows that placement matters */
	assert_int_equal(sides_judge(&sides)->nr[0], 8);
	sides_free(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_few_seeds),
		cmocka_unit_test(test_seeds_by_seed),
		cmocka_unit_test(test_no_replication),
	};

	return cmocka_run_group_tests_name("verdict_seeds", tests, NULL, NULL);
}

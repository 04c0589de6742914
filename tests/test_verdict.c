// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verdicts on files whose answer is worked out by hand; how is said at each. Runs differ by powers
 * of two, so that their logarithms are whole numbers of ln 2 and ranks, averages and medians can be
 * counted on paper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sides.h"
#include "stats/summary.h"

/*
 * Six pairs, ratios 2, 4 ... 64: differences 1 .. 6 ln 2. All have one sign: p = 2 / 2^6. At 95 %
 * the interval is from the smallest to the largest difference (its level is 1 - 2/64 = 96.9 %; one
 * step in would be 1 - 4/64). The Walsh averages are symmetric about 3.5.
 */
static void test_pairs(void **state)
{
	static const uint64_t base[] = { 64, 32, 16, 8, 4, 2 },
			      new[] = { 128, 128, 128, 128, 128, 128 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 1);
	assert_true(sides.verdicts.paired);
	assert_int_equal(row->design, DESIGN_PAIRS);
	assert_int_equal(row->nr[0], 6);
	assert_int_equal(row->nr[1], 6);
	assert_near(row->p, 2.0 / 64);
	assert_near(row->alpha, 0.05);
	assert_near(row->change, exp2(3.5) - 1);
	assert_near(row->interval.low, 1);
	assert_near(row->interval.high, 63);
	assert_near(row->value[0], 12); /* median of 2 .. 64, without the warm-up and in spite of
					   the wild sample */
	assert_near(row->value[1], 128);
	assert_near(row->spread[1], 0);
	assert_int_equal(row->verdict, VERDICT_WORSE);
	assert_int_equal(sides.verdicts.nr_of[VERDICT_WORSE], 1);
	assert_int_equal(sides.verdicts.need, 0);
	sides_free(&sides);
}

/* The blocks decide who is whose partner, not the place in the file; what has no partner is left
 * out. */
static void test_pairs_by_block(void **state)
{
	static const uint64_t base[] = { 64, 32, 16, 8, 4, 2, 1 << 20 },
			      new[] = { 256, 256, 256, 256, 256, 256 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 7, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	for (size_t i = 0; i < 6; i++)
		sides.base.items[0].runs[i].block = 5 - (int)i;
	sides.base.items[0].runs[6].block = 77;
	for (size_t i = 0; i < 6; i++) /* the ratio of block i is 4 */
		for (size_t j = 0; j < 6; j++)
			sides.new.items[0].runs[i].samples[j].ticks[METRIC_PIN] = (uint64_t)8 << i;
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 6);
	assert_int_equal(sides.verdicts.nr_unpaired, 1);
	assert_near(row->change, 3);
	assert_near(row->interval.low, 3);
	assert_near(row->interval.high, 3);
	/* the same runs without a common schedule: two samples, one with seven */
	strcpy(sides.new.schedule.id, "two");
	row = sides_judge(&sides);
	assert_int_equal(row->design, DESIGN_SAMPLES);
	assert_int_equal(row->nr[0], 7);
	assert_int_equal(row->nr[1], 6);
	assert_int_equal(sides.verdicts.nr_unpaired, 0);
	sides_free(&sides);
}

/* A block that both files have twice is one pair, not two: three blocks, whatever is in them, are
 * never significant. */
static void test_block_twice(void **state)
{
	static const uint64_t base[] = { 1000, 1001, 1002, 1003, 1004, 1005 },
			      new[] = { 1100, 1101, 1102, 1103, 1104, 1105 };
	struct results *reports[2];
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	reports[0] = &sides.base;
	reports[1] = &sides.new;
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < 6; i++)
			reports[side]->items[0].runs[i].block = (int)i % 3;
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 3);
	assert_int_equal(row->nr[1], 3);
	assert_int_equal(sides.verdicts.nr_unpaired, 6);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	/* judged by the first of each; what is shown is the number of the case, as in every other
	 * table */
	assert_true(fabs(row->change - (1101.0 / 1001 - 1)) < 1e-4);
	assert_true(row->value[0] == 1002.5 && row->value[1] == 1102.5);
	assert_int_equal(row->nr_measured[0], 6);
	sides_free(&sides);
}

static void test_no_common_block(void **state)
{
	static const uint64_t ticks[] = { 8, 16 };
	struct sides sides;
	const struct row *row;
	char text[160];

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 2, ticks);
	add_runs(&sides.new, KEY, METRIC_PIN, 2, ticks);
	sides_pair(&sides);
	sides.new.items[0].runs[0].block = 8;
	sides.new.items[0].runs[1].block = -1;
	row = sides_judge(&sides);
	assert_int_equal(row->design, DESIGN_NONE);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_NO_BLOCK);
	assert_false(row->change_known);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "no block"));
	sides_free(&sides);
}

/*
 * Four against four, logs of 0 2 4 6 and 10 11 12 13: all 16 differences are positive, p = 2 /
 * C(8,4) = 2/70. At 95 % the interval holds all differences (one step in: 4/70 > 0.05): 10 - 6 to
 * 13 - 0. Their median is by symmetry 11.5 - 3.
 */
static void test_samples(void **state)
{
	static const uint64_t base[] = { 1, 4, 16, 64 }, new[] = { 8192, 1024, 4096, 2048 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_CYCLE, 4, base);
	add_runs(&sides.new, KEY, METRIC_CYCLE, 4, new);
	row = sides_judge(&sides);
	assert_int_equal(row->design, DESIGN_SAMPLES);
	assert_string_equal(row_metric(row), "cycle");
	assert_near(row->p, 2.0 / 70);
	assert_near(row->change, exp2(8.5) - 1);
	assert_near(row->interval.low, exp2(4) - 1);
	assert_near(row->interval.high, exp2(13) - 1);
	assert_int_equal(row->verdict, VERDICT_WORSE);
	sides_free(&sides);
}

/*
 * Two rows of six pairs: nothing below 2/64 = 0.031 exists, and the first step of Holm asks 0.05
 * / 2. Seven pairs reach 2/128. With eight (2/256) the first row is judged at 0.025 and the second
 * at 0.05.
 */
static void test_holm(void **state)
{
	static const uint64_t base[] = { 1 << 10, 1 << 10, 1 << 10, 1 << 10,
					 1 << 10, 1 << 10, 1 << 10, 1 << 10 };
	static const uint64_t new[] = { 1 << 11, 1 << 12, 1 << 13, 1 << 14,
					1 << 15, 1 << 16, 1 << 17, 1 << 18 };
	static const uint64_t mixed[] = { 1 << 9, 1 << 12, 1 << 7, 1 << 14,
					  1 << 5, 1 << 16, 1 << 3, 1 << 18 };
	char text[160];

	(void)state;
	for (size_t nr = 6; nr <= 8; nr += 2) {
		struct sides sides;
		const struct row *rows;

		sides_init(&sides);
		add_runs(&sides.base, KEY, METRIC_PIN, nr, base);
		add_runs(&sides.base, KEY "6", METRIC_PIN, nr, base);
		add_runs(&sides.new, KEY, METRIC_PIN, nr, mixed);
		add_runs(&sides.new, KEY "6", METRIC_PIN, nr, new);
		sides_pair(&sides);
		rows = sides_judge(&sides);
		assert_int_equal(sides.verdicts.nr_tested, 2);
		assert_int_equal(rows[0].verdict, VERDICT_UNSURE);
		if (nr == 6) {
			assert_int_equal(rows[1].verdict, VERDICT_UNSURE);
			assert_int_equal(rows[1].note, NOTE_TOO_FEW);
			assert_int_equal(rows[1].need, 7);
			assert_true(isinf(rows[1].interval.low) && isinf(rows[1].interval.high));
			assert_int_equal(sides.verdicts.need, 7);
			row_note(&rows[1], &sides.verdicts, text, sizeof(text));
			assert_string_equal(text, "2 rows of times with 6 processes a side can "
						  "never be significant; "
						  "paired processes need 7");
		} else {
			assert_int_equal(rows[1].verdict, VERDICT_WORSE);
			assert_near(rows[1].alpha, 0.025);
			assert_near(rows[0].alpha, 0.05);
			assert_int_equal(sides.verdicts.need, 0);
			assert_int_equal(rows[0].note, NOTE_MORE_RUNS);
		}
		sides_free(&sides);
	}
}

/* "same" is shown, not assumed: inside the threshold although it excludes no change; and not by
 * having few runs. */
static void test_same(void **state)
{
	static const uint64_t base[] = { 10000, 20000, 30000, 40000, 50000, 60000 };
	static const uint64_t new[] = { 10100, 20200, 30300, 40400, 50500, 60600 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_near(row->change, 0.01);
	assert_near(row->interval.low, 0.01);
	assert_true(row->moved);
	assert_int_equal(row->verdict, VERDICT_SAME);
	assert_int_equal(row_judge(row, 0.005), VERDICT_WORSE);
	sides.rule.threshold = 0.005;
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_WORSE);
	/* better is the other way round */
	verdicts_free(&sides.verdicts);
	verdicts_find(&sides.verdicts, &sides.new, &sides.base, &sides.rule);
	assert_int_equal(sides.verdicts.rows[0].verdict, VERDICT_BETTER);
	sides_free(&sides);

	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 3, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 3, base);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_near(row->change, 0);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_TOO_FEW);
	assert_int_equal(row->need, 6); /* 2/2^5 > 0.05 >= 2/2^6 */
	sides_free(&sides);
}

static void test_better(void **state)
{
	static const uint64_t base[] = { 800, 1600, 3200, 6400, 12800, 25600 },
			      new[] = { 100, 200, 400, 800, 1600, 3200 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_UNPIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_UNPIN, 6, new);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_near(row->change, 1.0 / 8 - 1);
	assert_int_equal(row->verdict, VERDICT_BETTER);
	sides_free(&sides);
}

/*
 * Six pairs with differences -1 0 0 0 0 5 in units of ln 1.01: their Walsh averages have the median
 * 0, the interval is
 * [-1, 5] and half of it 3. To be inside the threshold of 2 % (1.99 units) takes 6 * (3 / 1.99)^2
 * = 13.6 pairs.
 */
static void test_need(void **state)
{
	static const uint64_t base[] = { 101, 100, 100, 100, 100, 1000000 };
	static const uint64_t new[] = { 100, 100, 100, 100, 100, 1051010 };
	struct sides sides;
	const struct row *row;
	char text[160];

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_MORE_RUNS);
	assert_int_equal(row->need, 14);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_string_equal(text, "about 14 processes would decide (now 6)");
	/* a change that is as good as none, and no width that could be called the same */
	sides.rule.threshold = 0;
	row = sides_judge(&sides);
	assert_true(row->need > RULE_MOST_RUNS);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_string_equal(text, "more than 1000 processes would be needed to decide (now 6)");
	fact_text(&sides.base.environment, "tcg", "lab.accel");
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_string_equal(text, "more than 1000 boots would be needed to decide (now 6)");
	sides_free(&sides);
}

/*
 * An interval that lies on one side of the change, from 0 to 2.5 units: half of it, 1.25, is less
 * than the 1.99 that there is room for, and 6 * (1.25 / 1.99)^2 = 2.4 pairs are fewer than there
 * are. What did not decide needs more than it had.
 */
static void test_need_is_more_than_there_is(void **state)
{
	static const uint64_t base[] = { 100, 100, 100, 100, 100, 1000000 };
	static const uint64_t new[] = { 100, 100, 100, 100, 100, 1025188 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, new);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_near(row->interval.low, 0);
	assert_near(row->interval.high, 0.025188);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_MORE_RUNS);
	assert_int_equal(row->need, 7);
	/* five of six by 3 %, one not at all: clearer worse than the same; half is ln 1.03 / 2, the
	 * room ln 1.03: 6 / 4 pairs */
	for (size_t i = 1; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			sides.new.items[0].runs[i].samples[j].ticks[METRIC_PIN] = i < 5 ? 103
											: 1030000;
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_near(row->change, 0.03);
	assert_near(row->interval.low, 0);
	assert_int_equal(row->need, 7);
	sides_free(&sides);
}

/*
 * Four against thirty, twenty rows: the rows have intervals (test_unequal_sides), but of as many on
 * both sides it takes 6: 2 / C(12, 6) = 2/924 is the first below 0.05 / 20. The side that has fewer
 * counts, whichever that is.
 */
static void test_need_of_unequal_sides(void **state)
{
	uint64_t ticks[30];

	(void)state;
	for (size_t i = 0; i < 30; i++)
		ticks[i] = 100000 + 200 * (i % 2) + 4100 * (i == 3);
	for (int swap = 0; swap < 2; swap++) {
		struct sides sides;
		const struct row *row;

		sides_init(&sides);
		for (int i = 0; i < 20; i++) {
			char key[64];

			snprintf(key, sizeof(key), KEY "%d", i);
			add_runs(&sides.base, key, METRIC_PIN, swap ? 30 : 4, ticks);
			add_runs(&sides.new, key, METRIC_PIN, swap ? 4 : 30, ticks);
		}
		row = sides_judge(&sides);
		assert_int_equal(row->verdict, VERDICT_UNSURE);
		assert_int_equal(row->note, NOTE_MORE_RUNS);
		assert_int_equal(row->need, 6); /* 4 * (2.2 / 2.0)^2 would be 5, 30 times that 38 */
		sides_free(&sides);
	}
}

/* A run that belongs to no block has no partner, not even another one of that kind. */
static void test_runs_of_no_block(void **state)
{
	static const uint64_t ticks[] = { 8, 16, 32, 64 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 4, ticks);
	add_runs(&sides.new, KEY, METRIC_PIN, 4, ticks);
	sides_pair(&sides);
	sides.base.items[0].runs[1].block = sides.new.items[0].runs[3].block = -1;
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 2); /* blocks 0 and 2 */
	assert_int_equal(row->nr[1], 2);
	assert_near(row->change, 0);
	assert_near(row->value[0], 24); /* the number of a side is that of all its runs */
	for (size_t i = 0; i < 4; i++)
		sides.base.items[0].runs[i].block = sides.new.items[0].runs[i].block = -1;
	row = sides_judge(&sides);
	assert_int_equal(row->design, DESIGN_NONE);
	assert_int_equal(row->note, NOTE_NO_BLOCK);
	sides_free(&sides);
}

/* 40 rows with 5 boots: 2 / 2^n <= 0.05 / 40 first at n = 11, 2 / C(2n, n) at n = 7: 2/3432. */
static void test_fewest(void **state)
{
	(void)state;
	assert_int_equal(rule_fewest_runs(&rule_default, 40, true), 11);
	assert_int_equal(rule_fewest_runs(&rule_default, 40, false), 7);
	assert_int_equal(rule_fewest_runs(&rule_default, 1, true), 6);
	assert_int_equal(rule_fewest_runs(&rule_default, 1, false), 4);
}

/* Three processes in each of two boots are two observations: the medians of 2 4 1024 and of 8 8 1.
 */
static void test_processes_of_a_boot(void **state)
{
	static const uint64_t ticks[] = { 2, 1024, 4, 8, 1, 8 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, ticks);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, ticks);
	sides_pair(&sides);
	for (size_t i = 0; i < 6; i++) {
		struct run *runs[] = { &sides.base.items[0].runs[i], &sides.new.items[0].runs[i] };

		for (size_t side = 0; side < 2; side++) {
			runs[side]->block = (int)i / 3;
			runs[side]->slot = 2 * runs[side]->block + (int)side;
		}
	}
	row = sides_judge(&sides);
	assert_int_equal(row->nr[0], 2);
	assert_int_equal(row->nr[1], 2);
	assert_near(row->value[0], 6);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(sides.verdicts.nr_runs[0], 2);
	assert_int_equal(result_nr_boots(&sides.base.items[0]), 2);
	sides_free(&sides);
}

/* Four against thirty: the smallest p is 2 / C(34, 4) = 2/46376, enough for a thousand rows. */
static void test_unequal_sides(void **state)
{
	uint64_t ticks[30];
	struct sides sides;

	(void)state;
	for (size_t i = 0; i < 30; i++)
		ticks[i] = 1000 + i;
	sides_init(&sides);
	for (int i = 0; i < 20; i++) {
		char key[64];

		snprintf(key, sizeof(key), KEY "%d", i);
		add_runs(&sides.base, key, METRIC_PIN, 4, ticks);
		add_runs(&sides.new, key, METRIC_PIN, 30, ticks);
	}
	sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr_tested, 20);
	assert_int_equal(sides.verdicts.nr_runs[0], 4);
	assert_int_equal(sides.verdicts.nr_runs[1], 30);
	assert_int_equal(sides.verdicts.need, 0);
	sides_free(&sides);
}

/* Nothing is divided by, and no logarithm taken of, what is not there. */
static void test_degenerate(void **state)
{
	static const uint64_t zeros[] = { 100, 0, 100, 100, 100, 100 },
			      ticks[] = { 100, 100, 100, 100, 100, 100 };
	struct sides sides;
	const struct row *row;

	(void)state;
	for (int way = 0; way < 3; way++) {
		sides_init(&sides);
		add_runs(&sides.base, KEY, METRIC_PIN, 6, way == 1 ? ticks : zeros);
		add_runs(&sides.new, KEY, METRIC_PIN, 6, way == 0 ? ticks : zeros);
		if (way == 2)
			sides.base.icount = sides.new.icount = true;
		row = sides_judge(&sides);
		assert_int_equal(row->verdict, VERDICT_UNSURE);
		assert_int_equal(row->note, NOTE_ZERO);
		assert_false(row->change_known);
		assert_int_equal(sides.verdicts.nr_tested, 0);
		sides_free(&sides);
	}
	/* done without a run, or with warm-ups only; and done on one side */
	sides_init(&sides);
	add_case(&sides.base, KEY);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, ticks);
	add_runs(&sides.base, KEY "6", METRIC_PIN, 1, ticks)->runs[0].nr_samples = 1;
	add_runs(&sides.new, KEY "6", METRIC_PIN, 1, ticks);
	add_runs(&sides.base, KEY "7", METRIC_PIN, 1, ticks)->status = STATUS_FAILED;
	add_runs(&sides.new, KEY "7", METRIC_PIN, 1, ticks);
	add_runs(&sides.new, KEY "8", METRIC_PIN, 1, ticks);
	sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 0);
	sides_free(&sides);
	sides_init(&sides); /* nothing at all */
	sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 0);
	assert_int_equal(sides.verdicts.need, 0);
	sides_free(&sides);
	/* ns against instructions, which the user forced: counts only */
	sides_init(&sides);
	set_count(add_runs(&sides.base, KEY, METRIC_PIN, 6, ticks), COUNT_FAULTS, 1);
	set_count(add_runs(&sides.new, KEY, METRIC_PIN, 6, ticks), COUNT_FAULTS, 1);
	sides.new.icount = true;
	row = sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 1);
	assert_int_equal(row->kind, ROW_COUNT);
	sides_free(&sides);
}

/* Extremes that a file may hold: the largest numbers, all equal. */
static void test_extremes(void **state)
{
	static const uint64_t huge[] = { UINT64_MAX / 1000, 1, UINT64_MAX / 1000, 1,
					 UINT64_MAX / 1000, 1 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, huge);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, huge);
	row = sides_judge(&sides);
	assert_near(row->change, 0);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_true(row->need > RULE_MOST_RUNS);
	sides_pair(&sides);
	row = sides_judge(&sides);
	assert_near(row->interval.high, 0);
	assert_int_equal(row->verdict, VERDICT_SAME);
	sides_free(&sides);
}

static void test_other_clock(void **state)
{
	static const uint64_t ticks[] = { 100, 100, 100, 100, 100, 100 };
	struct sides sides;
	const struct row *row;
	char text[160];

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, ticks);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, ticks);
	strcpy(sides.new.items[0].runs[5].clock[METRIC_PIN], "another");
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_OTHER_CLOCK);
	row_note(row, &sides.verdicts, text, sizeof(text));
	assert_non_null(strstr(text, "other clocks"));
	sides_free(&sides);
}

static const struct row *judge_grain(struct sides *sides, size_t nr, uint64_t base, uint64_t new,
				     const char *clock)
{
	sides_init(sides);
	for (size_t i = 0; i < nr; i++) {
		const uint64_t was = base, is = new;

		if (i == 0) {
			add_runs(&sides->base, KEY, METRIC_PIN, 1, &was);
			add_runs(&sides->new, KEY, METRIC_PIN, 1, &is);
		} else {
			add_run(&sides->base.items[0], METRIC_PIN, was);
			add_run(&sides->new.items[0], METRIC_PIN, is);
		}
	}
	for (size_t i = 0; i < nr; i++) {
		struct run *runs[] = { &sides->base.items[0].runs[i],
				       &sides->new.items[0].runs[i] };

		for (size_t j = 0; j < 2; j++) {
			runs[j]->quantum[METRIC_PIN] = 1000;
			strcpy(runs[j]->clock[METRIC_PIN], clock);
		}
	}
	sides_pair(sides);
	return sides_judge(sides);
}

/*
 * gup_test cuts to whole us (ktime_us_delta): a reading of 2 stands for 2 .. 3. Whatever true times
 * could have given the readings of twelve boots that all agree, no verdict may contradict one of
 * them.
 */
static void test_grain(void **state)
{
	static const struct {
		uint64_t base, new;
		const char *clock;
		enum verdict verdict;
		double low, high;
	} cases[] = {
		/* 2.0 and 2.99, either way: neither the same nor worse */
		{ 2000, 2000, "gup-test-us", VERDICT_UNSURE, 2.0 / 3 - 1, 3.0 / 2 - 1 },
		{ 2000, 3000, "gup-test-us", VERDICT_UNSURE, 0, 4.0 / 2 - 1 },
		{ 2000, 4000, "gup-test-us", VERDICT_WORSE, 4.0 / 3 - 1, 5.0 / 2 - 1 },
		{ 4000, 2000, "gup-test-us", VERDICT_BETTER, 2.0 / 5 - 1, 3.0 / 4 - 1 },
		/* 0 is less than a us, not no time */
		{ 0, 5000, "gup-test-us", VERDICT_WORSE, 4, INFINITY },
		{ 0, 0, "gup-test-us", VERDICT_UNSURE, -INFINITY, INFINITY },
		{ 5000, 0, "gup-test-us", VERDICT_BETTER, -INFINITY, 1.0 / 5 - 1 },
		/* both reads of a coarse clock may be a grain away */
		{ 4000, 6000, "jiffies", VERDICT_UNSURE, 5.0 / 5 - 1, 7.0 / 3 - 1 },
		{ 200000, 200000, "gup-test-us", VERDICT_SAME, 200.0 / 201 - 1, 201.0 / 200 - 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sides sides;
		const struct row *row =
			judge_grain(&sides, 12, cases[i].base, cases[i].new, cases[i].clock);

		if (row->verdict != cases[i].verdict)
			fail_msg("case %zu is %s", i, verdict_names[row->verdict]);
		if (isfinite(cases[i].high))
			assert_near(row->interval.high, cases[i].high);
		else
			assert_true(row->interval.high == INFINITY);
		if (isfinite(cases[i].low))
			assert_near(row->interval.low, cases[i].low);
		else
			assert_true(row->interval.low == -INFINITY);
		if (row->verdict == VERDICT_UNSURE) {
			assert_int_equal(row->note, NOTE_GRAIN);
			/* what the grain may hide either way is no evidence of a change */
			assert_true(row->p == 1);
		}
		sides_free(&sides);
	}
}

/* A pin that some runs lack, as old files have them: no number, no row, whatever the rest says; and
 * one line that says why. */
static void test_some_runs(void **state)
{
	static const uint64_t base[] = { 100, 101, 102, 103, 104, 105 };
	struct sides sides;
	char text[400];

	(void)state;
	sides_init(&sides);
	add_runs(&sides.base, KEY, METRIC_PIN, 6, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 6, base);
	for (size_t i = 0; i < sides.new.items[0].runs[2].nr_samples; i++)
		sides.new.items[0].runs[2].samples[i].have = 1u << METRIC_CYCLE;
	verdicts_find(&sides.verdicts, &sides.base, &sides.new, &rule_default);
	assert_int_equal(sides.verdicts.nr, 0);
	results_partial_format(&sides.base, text, sizeof(text));
	assert_string_equal(text, "");
	results_partial_format(&sides.new, text, sizeof(text));
	assert_non_null(strstr(text, "pin of 1 case, cycle of 1 case: in some runs only (5 of 6"));
	sides_free(&sides);
}

/* One figure of a log is not one run: it may be a mean of many or the best of ten. Figures that the
 * log repeats are runs. */
static void test_imported(void **state)
{
	static const uint64_t base[] = { 1, 4, 16, 64 }, new[] = { 8192, 1024, 4096, 2048 };
	struct sides sides;
	const struct row *row;

	(void)state;
	sides_init(&sides);
	sides.new.imported = strdup("gup_test log");
	add_runs(&sides.base, KEY, METRIC_PIN, 4, base);
	add_runs(&sides.new, KEY, METRIC_PIN, 1, new);
	row = sides_judge(&sides);
	assert_int_equal(row->verdict, VERDICT_UNSURE);
	assert_int_equal(row->note, NOTE_UNKNOWN_RUNS);
	assert_true(row->change_known);
	assert_near(row->change, 8192.0 / 10 - 1); /* the medians */
	for (size_t i = 1; i < 4; i++) {
		add_run(&sides.new.items[0], METRIC_PIN, new[i]);
		row = sides_judge(&sides); /* the log repeats it, so how often is known */
		assert_int_equal(row->design, DESIGN_SAMPLES);
		assert_int_not_equal(row->note, NOTE_UNKNOWN_RUNS);
	}
	assert_int_equal(row->verdict, VERDICT_WORSE);
	sides.base.imported = sides.new.imported;
	sides.new.imported = NULL;
	assert_int_equal(sides_judge(&sides)->verdict, VERDICT_WORSE);
	sides.base.items[0].nr_runs = 2;
	assert_int_not_equal(sides_judge(&sides)->note, NOTE_UNKNOWN_RUNS);
	sides.base.items[0].nr_runs = 1;
	assert_int_equal(sides_judge(&sides)->note, NOTE_UNKNOWN_RUNS);
	sides.base.items[0].nr_runs = 4;
	sides_free(&sides);
}

/* A hundred samples 1 .. 100 times @ticks: their p99 (R's type 7) is 99.01 times it. */
static void add_ramp(struct result *result, uint64_t ticks, size_t nr_samples)
{
	struct run *run = result_add_run(result);

	run->nr_samples = nr_samples;
	run->samples = calloc(nr_samples, sizeof(*run->samples));
	for (size_t i = 0; i < nr_samples; i++) {
		run->samples[i].have = 1 << METRIC_PIN;
		run->samples[i].ticks[METRIC_PIN] = ((i * 37) % nr_samples + 1) * ticks;
	}
	strcpy(run->clock[METRIC_PIN], "test");
}

/* Pairs of ten blocks, each exactly three times slower: however blocks are drawn, the ratio of the
 * medians is 3. */
static void test_tails(void **state)
{
	struct sides sides;
	struct result *base, *new;
	const struct row *rows;
	double low, high;

	(void)state;
	sides_init(&sides);
	sides.rule.tails = true;
	base = add_case(&sides.base, KEY);
	new = add_case(&sides.new, KEY);
	for (uint64_t i = 0; i < 10; i++) {
		add_ramp(base, 1000 * (i + 1), 100);
		add_ramp(new, 3000 * (i + 1), 100);
	}
	sides_pair(&sides);
	rows = sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 2);
	assert_int_equal(rows[1].kind, ROW_TAIL);
	assert_string_equal(row_metric(&rows[1]), "pin p99");
	assert_near(rows[1].value[0], 99.01 * 5500);
	assert_near(rows[1].change, 2);
	assert_near(rows[1].interval.low, 2);
	assert_near(rows[1].interval.high, 2);
	assert_near(rows[1].alpha, 0.05 / 2); /* two rows: one of times, one of the tail */
	assert_near(rows[0].alpha, 0.05 / 2);
	assert_int_equal(rows[1].verdict, VERDICT_WORSE);

	/* blocks are what belongs together, wherever they stand in the file */
	for (size_t i = 0; i < 5; i++) {
		struct run run = new->runs[i];

		new->runs[i] = new->runs[9 - i];
		new->runs[9 - i] = run;
	}
	rows = sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 2);
	assert_near(rows[1].interval.low, 2);
	assert_near(rows[1].interval.high, 2);

	/* as two samples the sides vary on their own: wider, and the same every time */
	sides.new.schedule.order = ORDER_NONE;
	rows = sides_judge(&sides);
	low = rows[1].interval.low;
	high = rows[1].interval.high;
	assert_true(low < 1.5 && high > 3);
	rows = sides_judge(&sides);
	assert_true(rows[1].interval.low == low && rows[1].interval.high == high);

	base->runs[3].nr_warmup = 1; /* 99 samples */
	sides_judge(&sides);
	assert_int_equal(sides.verdicts.nr, 1);
	assert_int_equal(sides.verdicts.no_tail.nr_rows, 1);
	assert_int_equal(sides.verdicts.no_tail.samples, 99);
	assert_int_equal(sides.verdicts.no_tail.runs, 10);
	sides_free(&sides);
}

/* Whatever the numbers: the verdict follows from the interval, and turning the sides round turns it
 * round. */
static void test_properties(void **state)
{
	uint64_t next = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct sides sides;
		enum verdict forth, back;
		const struct row *row;
		size_t nr = 1 + (size_t)round % 12;

		sides_init(&sides);
		add_case(&sides.base, KEY);
		add_case(&sides.new, KEY);
		for (size_t i = 0; i < 2 * nr; i++) {
			next = next * 6364136223846793005u + 1442695040888963407u;
			add_run((i % 2 ? &sides.base : &sides.new)->items, METRIC_PIN,
				1000 + (next >> 40) %
						(i % 2 ? 100 : 20 + 20 * (uint64_t)(round % 7)));
		}
		if (round % 3)
			sides_pair(&sides);
		if (round % 5 == 4)
			sides_place(&sides);
		row = sides_judge(&sides);
		forth = row->verdict;
		assert_true(row->interval.low <= row->change && row->change <= row->interval.high);
		if (forth == VERDICT_SAME)
			assert_true(row->interval.low >= -0.02 && row->interval.high <= 0.02);
		if (forth == VERDICT_WORSE)
			assert_true(row->interval.low > 0);
		if (forth == VERDICT_BETTER)
			assert_true(row->interval.high < 0);
		if (forth == VERDICT_UNSURE)
			assert_true(row->note != NOTE_NONE);
		verdicts_free(&sides.verdicts);
		verdicts_find(&sides.verdicts, &sides.new, &sides.base, &sides.rule);
		back = sides.verdicts.rows[0].verdict;
		/* 1.02 and 1 / 1.02 are not the same distance from 1: at the very threshold "same"
		 * may turn */
		if (forth == VERDICT_WORSE && back != VERDICT_SAME)
			assert_int_equal(back, VERDICT_BETTER);
		if (forth == VERDICT_BETTER && back != VERDICT_SAME)
			assert_int_equal(back, VERDICT_WORSE);
		sides_free(&sides);
	}
}

/* Each reason in its words, with the words for a run. */
static void test_notes(void **state)
{
	static const struct {
		struct row row;
		const char *text;
	} cases[] = {
		{ { .note = NOTE_NONE }, "" },
		{ { .note = NOTE_TOO_FEW, .nr = { 3, 3 }, .need = 6 },
		  "2 rows of times with 3 processes a side can never be significant; unpaired "
		  "processes need 6" },
		{ { .note = NOTE_TOO_FEW, .nr = { 1, 1 }, .need = 6 },
		  "2 rows of times with 1 process a side can never be significant; unpaired "
		  "processes need 6" },
		{ { .note = NOTE_TOO_FEW, .nr = { 1, 4 }, .need = 6 },
		  "2 rows of times with 1 and 4 processes a side can never be significant; "
		  "unpaired processes need 6" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 20 },
		  "about 20 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 7 }, .need = 21 },
		  "about 25 processes would decide (now 6 and 7)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 25 },
		  "about 25 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 96 },
		  "about 100 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 100 },
		  "about 100 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 101 },
		  "about 150 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 1000 },
		  "about 1000 processes would decide (now 6)" },
		{ { .note = NOTE_MORE_RUNS, .nr = { 6, 6 }, .need = 1001 },
		  "more than 1000 processes would be needed to decide (now 6)" },
		{ { .note = NOTE_NO_REPLICATION },
		  "no replication: wherever memory lay, the number was the same; this is one "
		  "observation" },
		{ { .note = NOTE_SEEDS_DISAGREE },
		  "the seeds do not all move the same way by more than 2 clock ticks and 0.1 %" },
		{ { .note = NOTE_FEW_SEEDS, .nr = { 2, 3 } },
		  "8 processes that place memory differently would decide (now 2)" },
		{ { .note = NOTE_FEW_SEEDS, .nr = { 3, 2 } },
		  "8 processes that place memory differently would decide (now 2)" },
		{ { .note = NOTE_FEW_SEEDS, .nr = { 3, 1 } },
		  "no replication: one placement of memory is one observation; 8 would decide" },
		{ { .note = NOTE_UNKNOWN_RUNS },
		  "imported: how often it was repeated is not known" },
		{ { .note = NOTE_NO_BLOCK }, "no block of the schedule has both sides" },
		{ { .note = NOTE_ZERO },
		  "a run took no time that its clock could see: there is no ratio" },
		{ { .note = NOTE_MANY_ROWS },
		  "2 rows are too many for the 10000 resamples of p99" },
		{ { .note = NOTE_COUNT_VARIES },
		  "runs of one side counted differently: not exact here" },
		{ { .note = NOTE_OTHER_OBSERVER },
		  "counted by different observers: what differs may be theirs" },
	};
	struct verdicts verdicts = { .nr_tested = 2 };
	struct row few = { .note = NOTE_TOO_FEW, .nr = { 3, 3 }, .need = 6 };
	struct sides sides;
	char text[160];

	(void)state;
	sides_init(&sides);
	verdicts.base = &sides.base;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		row_note(&cases[i].row, &verdicts, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	verdicts.paired = true;
	verdicts.nr_tested = 1;
	row_note(&few, &verdicts, text, sizeof(text));
	assert_string_equal(text, "1 row of times with 3 processes a side can never be "
				  "significant; paired processes need 6");
	assert_string_equal(results_run_word(&sides.base, 1), "process");
	assert_string_equal(results_run_word(&sides.base, 2), "processes");
	fact_text(&sides.base.environment, "tcg", "lab.accel");
	assert_string_equal(results_run_word(&sides.base, 1), "boot");
	assert_string_equal(results_run_word(&sides.base, 0), "boots");
	sides.base.imported = strdup("log"); /* of a log nobody knows what a run was */
	assert_string_equal(results_run_word(&sides.base, 1), "run");
	assert_string_equal(results_run_word(&sides.base, 2), "runs");
	sides_free(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_pairs_by_block),
		cmocka_unit_test(test_block_twice),
		cmocka_unit_test(test_no_common_block),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_better),
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_need_is_more_than_there_is),
		cmocka_unit_test(test_need_of_unequal_sides),
		cmocka_unit_test(test_runs_of_no_block),
		cmocka_unit_test(test_fewest),
		cmocka_unit_test(test_processes_of_a_boot),
		cmocka_unit_test(test_unequal_sides),
		cmocka_unit_test(test_degenerate),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_other_clock),
		cmocka_unit_test(test_grain),
		cmocka_unit_test(test_some_runs),
		cmocka_unit_test(test_imported),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}

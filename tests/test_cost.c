// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model of caches, and the verdict about cost. What a model must say of a few lines follows
 * from its sets and ways; what a cost is called follows from docs/explain.md. The first pair of
 * numbers is that of the cont-PTE fix (page n=16): more instructions and atomics on fewer lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compare/compare.h"
#include "compare/gate.h"
#include "lab/plugin/cache.h"
#include "sides.h"
#include "verdict/words.h"

#define SEEDS 8

static struct cache cache;

static unsigned int pass(uint64_t first, uint64_t step, unsigned int nr)
{
	unsigned int missed = 0;

	for (unsigned int i = 0; i < nr; i++)
		missed += cache_touch(&cache, first + i * step);
	return missed;
}

static void test_cache_levels(void **state)
{
	(void)state;
	cache_empty(&cache);
	assert_int_equal(cache_touch(&cache, 7), 3);
	assert_int_equal(cache_touch(&cache, 7), 0);
	/* line 0 is a line, too, and not an empty place */
	assert_int_equal(cache_touch(&cache, 0), 3);
	assert_int_equal(cache_touch(&cache, 0), 0);
	cache_empty(&cache);
	assert_int_equal(cache_touch(&cache, 7), 3);
}

/* 256 sets of L1D: lines 256 apart share one, and the fifth pushes out the least recently used. */
static void test_cache_lru(void **state)
{
	(void)state;
	cache_empty(&cache);
	assert_int_equal(pass(0, 256, 4), 4 * 3);
	assert_int_equal(pass(0, 256, 4), 0);
	assert_int_equal(cache_touch(&cache, 0), 0); /* now 256 is the oldest */
	assert_int_equal(cache_touch(&cache, 4 * 256), 3);
	assert_int_equal(cache_touch(&cache, 0), 0);
	assert_int_equal(cache_touch(&cache, 2 * 256), 0);
	assert_int_equal(cache_touch(&cache, 3 * 256), 0);
	assert_int_equal(cache_touch(&cache, 256), 1); /* L2 has 2048 sets: these are in four */
	/* 2048 apart: one set of L2 (and of L1D), of eight ways */
	cache_empty(&cache);
	assert_int_equal(pass(0, 2048, 8), 8 * 3);
	assert_int_equal(pass(0, 2048, 8), 8 * 1);
	assert_int_equal(cache_touch(&cache, 8 * 2048), 3);
	assert_int_equal(cache_touch(&cache, 0), 2); /* LLC still has it */
	/* 16384 apart: one set of LLC, of sixteen ways */
	cache_empty(&cache);
	assert_int_equal(pass(0, 16384, 17), 17 * 3);
	assert_int_equal(pass(0, 16384, 17), 17 * 3);
}

/* What fits, fits whole: 64 KiB, 1 MiB, 16 MiB; one pass over more than that in order finds
 * nothing. */
static void test_cache_sizes(void **state)
{
	static const struct {
		unsigned int lines, again;
	} sizes[] = { { 1024, 0 },  { 2048, 1 },   { 16384, 1 },
		      { 32768, 2 }, { 262144, 2 }, { 524288, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cache_empty(&cache);
		assert_int_equal(pass(4096, 1, sizes[i].lines), 3 * sizes[i].lines);
		assert_int_equal(pass(4096, 1, sizes[i].lines), sizes[i].again * sizes[i].lines);
	}
}

/* --- words --- */

static enum verdict word(double base, double new, double instructions, double events)
{
	double was[SEEDS], is[SEEDS], instr[SEEDS];

	for (size_t i = 0; i < SEEDS; i++) {
		was[i] = base;
		is[i] = new;
		instr[i] = instructions;
	}
	return cost_part_word(&(struct cost_pairs){ was, is, instr, SEEDS, 0 }, 0.02, events);
}

static void test_words(void **state)
{
	double base[] = { 1000, 1000, 1000 }, new[] = { 1100, 1100, 900 },
	       instructions[] = { 1, 1, 1 };
	struct cost_pairs pairs = { base, new, instructions, 3, 0 };

	(void)state;
	assert_int_equal(word(1000, 1000, 1000, COST_EVENTS), VERDICT_SAME);
	assert_int_equal(word(1000, 1019, 1000, COST_EVENTS), VERDICT_SAME); /* 1.9 % */
	assert_int_equal(word(1000, 1020, 1000, COST_EVENTS), VERDICT_MORE);
	assert_int_equal(word(1000, 980, 1000, COST_EVENTS), VERDICT_FEWER);
	assert_int_equal(word(1000, 981, 1000, COST_EVENTS), VERDICT_SAME);
	/* one event per 1,000 instructions, for far misses per 10,000 */
	assert_int_equal(word(0, 99, 100000, COST_EVENTS), VERDICT_SAME);
	assert_int_equal(word(0, 100, 100000, COST_EVENTS), VERDICT_MORE);
	assert_int_equal(word(0, 9, 100000, COST_EVENTS_FAR), VERDICT_SAME);
	assert_int_equal(word(0, 10, 100000, COST_EVENTS_FAR), VERDICT_MORE);
	assert_int_equal(word(10, 0, 100000, COST_EVENTS_FAR), VERDICT_FEWER);
	assert_int_equal(word(0, 0, 100000, COST_EVENTS), VERDICT_SAME);
	/* one seed the other way, one seed still */
	assert_int_equal(cost_part_word(&pairs, 0.02, COST_EVENTS), VERDICT_UNSURE);
	new[2] = 1000;
	assert_int_equal(cost_part_word(&pairs, 0.02, COST_EVENTS), VERDICT_UNSURE);
	new[2] = 1100;
	assert_int_equal(cost_part_word(&pairs, 0.02, COST_EVENTS), VERDICT_MORE);
	/* what the clock's grain may have made */
	pairs.grain = 100;
	assert_int_equal(cost_part_word(&pairs, 0.02, COST_EVENTS), VERDICT_SAME);
	pairs.grain = 99;
	assert_int_equal(cost_part_word(&pairs, 0.02, COST_EVENTS), VERDICT_MORE);
}

static void test_verdicts(void **state)
{
	static const struct {
		enum verdict part[NR_COST_PARTS], whole;
	} cases[] = {
#define SAME   VERDICT_SAME
#define MORE   VERDICT_MORE
#define FEWER  VERDICT_FEWER
#define UNSURE VERDICT_UNSURE
		{ { SAME, SAME, SAME, SAME, SAME }, VERDICT_SAME },
		{ { FEWER, SAME, SAME, SAME, SAME }, VERDICT_BETTER },
		{ { SAME, SAME, SAME, SAME, FEWER }, VERDICT_BETTER },
		{ { MORE, MORE, SAME, SAME, SAME }, VERDICT_WORSE },
		{ { FEWER, MORE, SAME, SAME, SAME }, VERDICT_MIXED },
		{ { MORE, SAME, SAME, FEWER, UNSURE }, VERDICT_MIXED },
		{ { FEWER, UNSURE, SAME, SAME, SAME }, VERDICT_UNSURE },
		{ { SAME, SAME, UNSURE, SAME, SAME }, VERDICT_UNSURE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct row_cost cost = { 0 };

		for (size_t j = 0; j < NR_COST_PARTS; j++)
			cost.part[j].word = cases[i].part[j];
		assert_int_equal(cost_verdict(&cost), cases[i].whole);
	}
}

/* --- rows --- */

struct counts {
	uint64_t instructions, atomics, l1d, l2, llc, lines;
};

static void add_counts(struct results *results, enum metric metric, const struct counts *counts)
{
	uint64_t ticks[SEEDS];
	struct result *result;

	for (size_t i = 0; i < SEEDS; i++)
		ticks[i] = counts->instructions + 16 * (i % 3);
	result = add_runs(results, KEY, metric, SEEDS, ticks);
	for (size_t i = 0; i < result->nr_runs; i++) {
		struct run *run = &result->runs[i];

		run->memory = calloc(run->nr_samples, sizeof(*run->memory));
		run->have_memory = 1u << metric;
		for (size_t j = 0; j < run->nr_samples; j++) {
			uint64_t *value = run->memory[j].value[metric];

			value[MEMORY_ATOMICS] = counts->atomics;
			value[MEMORY_L1D_MISSES] = counts->l1d;
			value[MEMORY_L2_MISSES] = counts->l2;
			value[MEMORY_LLC_MISSES] = counts->llc;
			value[MEMORY_LINES] = counts->lines;
		}
	}
}

static void sides_counts(struct sides *sides, const struct counts *base, const struct counts *new)
{
	sides_init(sides);
	add_counts(&sides->base, METRIC_CYCLE, base);
	add_counts(&sides->new, METRIC_CYCLE, new);
	fact_text(&sides->base.environment, CACHE_MODEL, "memory.model");
	fact_text(&sides->new.environment, CACHE_MODEL, "memory.model");
	sides_place(sides);
	sides_judge(sides);
}

static const struct row *row_of(const struct sides *sides, enum row_kind kind, unsigned int which)
{
	for (size_t i = 0; i < sides->verdicts.nr; i++)
		if (sides->verdicts.rows[i].kind == kind && sides->verdicts.rows[i].which == which)
			return &sides->verdicts.rows[i];
	return NULL;
}

static enum gate_outcome gate_of(struct sides *sides, const char *rule)
{
	struct gate_options options = { 0 };
	struct comparison comparison = { .base = &sides->base, .new = &sides->new };
	struct pair pair = { &sides->base.items[0], &sides->new.items[0] };
	enum gate_outcome outcome;
	struct error err;
	struct gate gate;

	comparison.pairs = &pair;
	comparison.nr_pairs = 1;
	comparison.verdicts = sides->verdicts;
	if (rule) {
		assert_int_equal(gate_rule_parse(&options.rules[0], rule, &err), 0);
		options.nr_rules = 1;
	}
	gate_judge(&gate, &comparison, &options);
	outcome = gate.outcome;
	gate_free(&gate);
	return outcome;
}

static void test_rows(void **state)
{
	static const struct {
		struct counts base, new;
		enum verdict cost, instructions;
		enum gate_outcome gate;
		const char *detail, *note;
	} cases[] = {
		/* page n=16 of the cont-PTE fix */
		{ { 3096, 25, 0, 0, 0, 117 },
		  { 4304, 73, 0, 0, 0, 89 },
		  VERDICT_WORSE,
		  VERDICT_MORE,
		  GATE_REGRESSION,
		  "+38.8 % instr, atomics 25 -> 73, misses 0 -> 0",
		  "touches fewer lines: 117 -> 89; may be cheaper cold" },
		/* head n=1: 1 % more, which two steps of the clock show as 2 % */
		{ { 768, 9, 0, 0, 0, 60 },
		  { 784, 9, 0, 0, 0, 60 },
		  VERDICT_SAME,
		  VERDICT_UNSURE,
		  GATE_PASS,
		  NULL,
		  "" },
		/* tail n=1 */
		{ { 2352, 17, 0, 0, 0, 99 },
		  { 800, 9, 0, 0, 0, 70 },
		  VERDICT_BETTER,
		  VERDICT_FEWER,
		  GATE_PASS,
		  NULL,
		  "" },
		/* made up: fewer instructions, more misses */
		{ { 100000, 100, 500, 0, 0, 1000 },
		  { 90000, 100, 900, 20, 0, 1000 },
		  VERDICT_MIXED,
		  VERDICT_FEWER,
		  GATE_UNDECIDED,
		  NULL,
		  "" },
		/* memory alone */
		{ { 100000, 100, 2000, 900, 400, 1242 },
		  { 100000, 100, 2000, 900, 200, 1300 },
		  VERDICT_BETTER,
		  VERDICT_SAME,
		  GATE_PASS,
		  NULL,
		  "touches more lines: 1242 -> 1300; may be dearer cold" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row *row;
		struct sides sides;
		char text[256];

		sides_counts(&sides, &cases[i].base, &cases[i].new);
		row = row_of(&sides, ROW_COST, METRIC_CYCLE);
		assert_non_null(row);
		if (row->verdict != cases[i].cost)
			fail_msg("case %zu is %s", i, verdict_names[row->verdict]);
		assert_int_equal(row_of(&sides, ROW_TIME, METRIC_CYCLE)->verdict,
				 cases[i].instructions);
		row_note(row, &sides.verdicts, text, sizeof(text));
		assert_string_equal(text, cases[i].note);
		row_cost_format(row, text, sizeof(text));
		if (cases[i].detail)
			assert_string_equal(text, cases[i].detail);
		if (gate_of(&sides, NULL) != cases[i].gate)
			fail_msg("case %zu: another gate", i);
		sides_free(&sides);
	}
}

static void test_gate_rules(void **state)
{
	static const struct counts base = { 100000, 100, 500, 0, 0, 1000 },
				   new = { 90000, 100, 900, 20, 0, 1000 };
	struct sides sides;

	(void)state;
	sides_counts(&sides, &base, &new);
	assert_int_equal(gate_of(&sides, "misses:5%"), GATE_REGRESSION);
	assert_int_equal(gate_of(&sides, "total.misses:any"), GATE_REGRESSION);
	assert_int_equal(gate_of(&sides, "instructions:5%"), GATE_PASS);
	assert_int_equal(gate_of(&sides, "atomics:exact"), GATE_PASS);
	assert_int_equal(gate_of(&sides, "pin.atomics:exact"), GATE_INCOMPARABLE); /* no such row */
	sides_free(&sides);
}

/* Without memory on one side, or of another model, there is no cost, and nothing to pass. */
static void test_without(void **state)
{
	static const struct counts counts = { 100000, 100, 500, 0, 0, 1000 };
	struct sides sides;

	(void)state;
	sides_counts(&sides, &counts, &counts);
	verdicts_free(&sides.verdicts);
	fact_text(&sides.new.environment, "another", "memory.model");
	sides_judge(&sides);
	assert_null(row_of(&sides, ROW_COST, METRIC_CYCLE));
	assert_null(row_of(&sides, ROW_MEMORY, METRIC_CYCLE * NR_MEMORY + MEMORY_L2_MISSES));
	assert_non_null(row_of(&sides, ROW_MEMORY, METRIC_CYCLE * NR_MEMORY + MEMORY_ATOMICS));
	assert_int_equal(gate_of(&sides, NULL), GATE_UNDECIDED);
	verdicts_free(&sides.verdicts);
	sides.new.items[0].runs[3].have_memory = 0;
	sides_judge(&sides);
	assert_null(row_of(&sides, ROW_MEMORY, METRIC_CYCLE * NR_MEMORY + MEMORY_ATOMICS));
	sides_free(&sides);
}

/* Pin and unpin apart have a total, which is what neither of them shows. */
static void test_total(void **state)
{
	static const struct counts base[2] = { { 50000, 500, 0, 0, 0, 10 },
					       { 50000, 100, 0, 0, 0, 10 } },
				   new[2] = { { 50000, 400, 0, 0, 0, 10 },
					      { 50000, 200, 0, 0, 0, 10 } };
	struct sides sides;

	(void)state;
	sides_init(&sides);
	add_counts(&sides.base, METRIC_PIN, &base[0]);
	add_counts(&sides.new, METRIC_PIN, &new[0]);
	for (size_t i = 0; i < 2; i++) {
		struct result *result = (i ? &sides.new : &sides.base)->items;
		const struct counts *counts = i ? &new[1] : &base[1];

		for (size_t j = 0; j < result->nr_runs; j++) {
			struct run *run = &result->runs[j];

			strcpy(run->clock[METRIC_UNPIN], run->clock[METRIC_PIN]);
			run->quantum[METRIC_UNPIN] = run->quantum[METRIC_PIN];
			run->have_memory |= 1u << METRIC_UNPIN;
			for (size_t k = 0; k < run->nr_samples; k++) {
				run->samples[k].have |= 1u << METRIC_UNPIN;
				run->samples[k].ticks[METRIC_UNPIN] = counts->instructions;
				run->memory[k].value[METRIC_UNPIN][MEMORY_ATOMICS] =
					counts->atomics;
			}
		}
	}
	fact_text(&sides.base.environment, CACHE_MODEL, "memory.model");
	fact_text(&sides.new.environment, CACHE_MODEL, "memory.model");
	sides_place(&sides);
	sides_judge(&sides);
	assert_int_equal(row_of(&sides, ROW_COST, METRIC_PIN)->verdict, VERDICT_BETTER);
	assert_int_equal(row_of(&sides, ROW_COST, METRIC_UNPIN)->verdict, VERDICT_WORSE);
	assert_int_equal(row_of(&sides, ROW_COST, COST_TOTAL)->verdict, VERDICT_SAME);
	assert_int_equal(gate_of(&sides, "atomics:exact"), GATE_PASS);
	assert_int_equal(gate_of(&sides, "unpin.atomics:exact"), GATE_REGRESSION);
	sides_free(&sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache_levels), cmocka_unit_test(test_cache_lru),
		cmocka_unit_test(test_cache_sizes),  cmocka_unit_test(test_words),
		cmocka_unit_test(test_verdicts),     cmocka_unit_test(test_rows),
		cmocka_unit_test(test_gate_rules),   cmocka_unit_test(test_without),
		cmocka_unit_test(test_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

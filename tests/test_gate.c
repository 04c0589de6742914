// SPDX-License-Identifier: GPL-2.0-or-later
/* The gate over rows made by hand: what each answer needs, in the order of gate.h. The words of
 * --fail-on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/format.h"
#include "sides.h"

#define OTHER         "p,base,exclusive,read,head,n=1"
#define MAX_ROWS_HERE 8

struct world {
	struct sides sides;
	struct row rows[MAX_ROWS_HERE];
	struct pair pairs[2], others[2];
	struct comparison comparison;
	struct gate_options options;
	struct gate gate;
};

/* One case, done in both, that nothing was measured of. */
static void world_init(struct world *world)
{
	*world = (struct world){ 0 };
	sides_init(&world->sides);
	/* a second case first: adding moves the cases of a report */
	for (size_t side = 0; side < 2; side++) {
		struct results *results = side ? &world->sides.new : &world->sides.base;

		add_case(results, KEY);
		add_case(results, OTHER);
	}
	world->pairs[0] = (struct pair){ &world->sides.base.items[0], &world->sides.new.items[0] };
	world->pairs[1] = (struct pair){ &world->sides.base.items[1], &world->sides.new.items[1] };
	world->comparison = (struct comparison){
		.base = &world->sides.base,
		.new = &world->sides.new,
		.pairs = world->pairs,
		.nr_pairs = 2,
		.others = world->others,
		.verdicts = { .rule = rule_default,
			      .base = &world->sides.base,
			      .new = &world->sides.new,
			      .rows = world->rows },
	};
}

static void world_free(struct world *world)
{
	gate_free(&world->gate);
	sides_free(&world->sides);
}

/* A row of the first case whose change lies in an interval around it. */
static struct row *add_row(struct world *world, enum row_kind kind, unsigned int which,
			   enum verdict verdict, double change)
{
	struct row *row = &world->rows[world->comparison.verdicts.nr++];

	*row = (struct row){
		.base = world->pairs[0].base,
		.new = world->pairs[0].new,
		.kind = kind,
		.which = which,
		.design = kind == ROW_RATE || kind == ROW_COUNT ? DESIGN_EXACT : DESIGN_SAMPLES,
		.nr = { 10, 10 },
		.nr_measured = { 10, 10 },
		.value = { 100, 100 * (1 + change) },
		.change = change,
		.change_known = true,
		.interval = { change - 0.01, change + 0.01 },
		.moved = verdict != VERDICT_SAME &&verdict != VERDICT_UNSURE,
		.verdict = verdict,
		.shown = true,
	};
	if (row->design == DESIGN_EXACT)
		row->interval = (struct interval){ change, change };
	return row;
}

static void add_rule(struct world *world, const char *text)
{
	struct error err = { 0 };

	assert_int_equal(gate_rule_parse(&world->options.rules[world->options.nr_rules++], text,
					 &err),
			 0);
}

static void judged(struct world *world, enum gate_outcome outcome, const char *text)
{
	gate_free(&world->gate);
	gate_judge(&world->gate, &world->comparison, &world->options);
	assert_string_equal(world->gate.text, text);
	assert_int_equal(world->gate.outcome, outcome);
}

static void test_pass(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_BETTER, -0.1);
	judged(&world, GATE_PASS, "pass: 2 rows: 1 better, 1 same");
	/* what another row says already is not said twice */
	add_row(&world, ROW_COUNT, COUNT_SLOW_PAGES, VERDICT_WORSE, 1)->redundant = true;
	judged(&world, GATE_PASS, "pass: 2 rows: 1 better, 1 same");
	assert_int_equal(world.gate.nr_outside, 0);
	assert_int_equal(world.gate.nr_rows, 2);
	assert_int_equal(world.gate.nr_measured, 2);
	assert_int_equal(world.gate.nr_worse + world.gate.nr_unsure + world.gate.nr_missing, 0);
	/* one row of three is open: the other two were decided */
	add_row(&world, ROW_TIME, METRIC_CYCLE, VERDICT_UNSURE, 0.1);
	judged(&world, GATE_PASS, "pass: 3 rows: 1 better, 1 same, 1 unsure");
	world_free(&world);
}

static void test_regression(void **state)
{
	struct world world;
	struct row *small, *large;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	small = add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_WORSE, 0.1);
	judged(&world, GATE_REGRESSION,
	       "regression: 1 of 2 rows worse; worst: " KEY " unpin +10.0 % [+9.0, +11.0] %");
	large = add_row(&world, ROW_TIME, METRIC_CYCLE, VERDICT_WORSE, 0.5);
	judged(&world, GATE_REGRESSION,
	       "regression: 2 of 3 rows worse; worst: " KEY " cycle +50.0 % [+49.0, +51.0] %");
	assert_ptr_equal(world.gate.worse[0], large);
	assert_ptr_equal(world.gate.worse[1], small);
	/* worse stands before unsure */
	world.rows[0].verdict = VERDICT_UNSURE;
	world.options.strict = true;
	judged(&world, GATE_REGRESSION,
	       "regression: 2 of 3 rows worse; worst: " KEY " cycle +50.0 % [+49.0, +51.0] %");
	world_free(&world);
}

static void test_undecided(void **state)
{
	struct world world;
	struct row *pin, *unpin;

	(void)state;
	world_init(&world);
	pin = add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_UNSURE, 0.1);
	unpin = add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_UNSURE, 0.1);
	judged(&world, GATE_UNDECIDED, "cannot decide: 2 of 2 rows unsure");
	assert_ptr_equal(world.gate.unsure[0], pin);
	assert_ptr_equal(world.gate.unsure[1], unpin);
	/* counts are decided by one run, and say nothing of times */
	add_row(&world, ROW_COUNT, COUNT_SLOW_PAGES, VERDICT_SAME, 0);
	judged(&world, GATE_UNDECIDED, "cannot decide: 2 of 3 rows unsure");
	unpin->verdict = VERDICT_SAME;
	judged(&world, GATE_PASS, "pass: 3 rows: 2 same, 1 unsure");
	world.options.strict = true;
	judged(&world, GATE_UNDECIDED, "cannot decide: 1 of 3 rows unsure (--strict)");
	/* a count alone: nothing of times was asked */
	world.options.strict = false;
	*pin = world.rows[2];
	world.comparison.verdicts.nr = 1;
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	pin->verdict = VERDICT_UNSURE;
	judged(&world, GATE_UNDECIDED, "cannot decide: 1 of 1 rows unsure");
	world_free(&world);
}

static void test_missing(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	world.comparison.nr_pairs = 1;
	world.others[0] = (struct pair){ &world.sides.base.items[1], NULL };
	world.others[1] = (struct pair){ NULL, &world.sides.new.items[1] };
	world.comparison.nr_others = 2;
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_ptr_equal(world.gate.missing[0].base, world.others[0].base);
	assert_null(world.gate.missing[0].new);
	assert_null(world.gate.missing[0].metric);
	world.options.allow_missing = true;
	judged(&world, GATE_PASS, "pass: 1 row: 1 same; 1 missing, allowed");
	world.options.allow_missing = false;
	add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_WORSE, 0.1);
	judged(&world, GATE_REGRESSION,
	       "regression: 1 of 2 rows worse; worst: " KEY
	       " unpin +10.0 % [+9.0, +11.0] %; 1 missing in n");
	/* what the base did not do either is not missing */
	world.sides.base.items[1].status = STATUS_SKIPPED;
	world.comparison.verdicts.nr = 1;
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	world_free(&world);
}

static void test_lost_times(void **state)
{
	struct world world;
	struct result *base, *new;

	(void)state;
	world_init(&world);
	base = &world.sides.base.items[0];
	new = &world.sides.new.items[0];
	add_row(&world, ROW_COUNT, COUNT_COPIED_PAGES, VERDICT_SAME, 0);
	add_run(base, METRIC_PIN, 100);
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, "times");
	/* a time that the base has not does not stand in */
	add_run(new, METRIC_CYCLE, 100);
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	for (size_t i = 0; i < new->runs[0].nr_samples; i++)
		new->runs[0].samples[i].have |= 1u << METRIC_PIN;
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	world_free(&world);
}

static void test_lost_counts(void **state)
{
	struct world world;
	struct result *base, *new;

	(void)state;
	world_init(&world);
	base = &world.sides.base.items[0];
	new = &world.sides.new.items[0];
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	set_count(base, COUNT_COPIED_PAGES, 3);
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, count_names[COUNT_COPIED_PAGES]);
	set_count(new, COUNT_COPIED_PAGES, 3);
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	/* the hit rate is made of two counts: it is missing once */
	set_count(base, COUNT_REQUESTED_PAGES, 16);
	set_count(base, COUNT_SLOW_PAGES, 15);
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, "hit rate");
	set_count(new, COUNT_REQUESTED_PAGES, 16);
	set_count(new, COUNT_SLOW_PAGES, 15);
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	world_free(&world);
}

/* Of what was asked for by name, and of nothing else. */
static void test_lost_asked(void **state)
{
	struct world world;
	struct result *base;

	(void)state;
	world_init(&world);
	base = &world.sides.base.items[0];
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	add_run(base, METRIC_PIN, 100);
	set_count(base, COUNT_REQUESTED_PAGES, 16);
	set_count(base, COUNT_SLOW_PAGES, 15);
	set_count(base, COUNT_COPIED_PAGES, 3);
	add_rule(&world, "unpin:5%");
	judged(&world, GATE_INCOMPARABLE,
	       "not comparable: no row in common for --fail-on unpin:5%");
	world.options.nr_rules = 0;
	add_rule(&world, "pin:5%");
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, "pin");
	world.options.nr_rules = 0;
	add_rule(&world, "pin-p99:5%");
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, "pin");
	world.options.nr_rules = 0;
	add_rule(&world, "hit_rate:exact");
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, "hit rate");
	world.options.nr_rules = 0;
	add_rule(&world, "copied_pages:exact");
	judged(&world, GATE_REGRESSION, "regression: 1 missing in n");
	assert_string_equal(world.gate.missing[0].metric, count_names[COUNT_COPIED_PAGES]);
	world_free(&world);
}

static void test_rules(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_WORSE, 0.03);
	add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_SAME, 0);
	/* 2 % to 4 % are within 5 %, and within 4 % */
	add_rule(&world, "pin:5%");
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	assert_int_equal(world.gate.nr_outside, 0);
	/* the stricter of two rules holds, in either order */
	add_rule(&world, "pin:2%");
	judged(&world, GATE_REGRESSION,
	       "regression: 1 of 1 row worse; worst: " KEY " pin +3.0 % [+2.0, +4.0] %");
	world.options.nr_rules = 0;
	add_rule(&world, "pin:2%");
	add_rule(&world, "pin:5%");
	judged(&world, GATE_REGRESSION,
	       "regression: 1 of 1 row worse; worst: " KEY " pin +3.0 % [+2.0, +4.0] %");
	/* what nobody asked for is said */
	world.options.nr_rules = 0;
	add_rule(&world, "unpin:2%");
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	assert_int_equal(world.gate.nr_outside, 1);
	world.options.nr_rules = 0;
	add_rule(&world, "time:2%");
	judged(&world, GATE_REGRESSION,
	       "regression: 1 of 2 rows worse; worst: " KEY " pin +3.0 % [+2.0, +4.0] %");
	/* one that no row has */
	add_rule(&world, "slow_pages:any");
	judged(&world, GATE_INCOMPARABLE,
	       "not comparable: no row in common for --fail-on slow_pages:any");
	world_free(&world);
}

/* A count that is neither good nor bad: asked for by name, any change is what must not be. */
static void test_differs(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	add_row(&world, ROW_COUNT, COUNT_REUSED_PAGES, VERDICT_DIFFERS, 1);
	judged(&world, GATE_PASS, "pass: 2 rows: 1 differs, 1 same");
	assert_int_equal(world.gate.nr_measured, 1);
	add_rule(&world, "reused_pages:exact");
	gate_free(&world.gate);
	gate_judge(&world.gate, &world.comparison, &world.options);
	assert_int_equal(world.gate.outcome, GATE_REGRESSION);
	assert_int_equal(world.gate.nr_worse, 1);
	world_free(&world);
}

static void test_filter(void **state)
{
	struct world world;
	regex_t regex;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_WORSE, 0.1)->base = world.pairs[1].base;
	assert_int_equal(regcomp(&regex, ",page,", REG_EXTENDED | REG_NOSUB), 0);
	world.options.filter = &regex;
	judged(&world, GATE_PASS, "pass: 1 row: 1 same");
	assert_int_equal(world.gate.nr_outside, 1);
	regfree(&regex);
	assert_int_equal(regcomp(&regex, "nothing", REG_EXTENDED | REG_NOSUB), 0);
	judged(&world, GATE_INCOMPARABLE,
	       "not comparable: no case in common that the filter takes: 2 in b, 2 in n");
	world.options.filter = NULL;
	world.comparison.nr_pairs = 0;
	world.comparison.verdicts.nr = 0;
	judged(&world, GATE_INCOMPARABLE, "not comparable: no case in common: 2 in b, 2 in n");
	world.comparison.nr_pairs = 1;
	judged(&world, GATE_INCOMPARABLE, "not comparable: no row in common");
	regfree(&regex);
	world_free(&world);
}

/* A p99 that was asked for and that too few samples were taken for is as good as unsure. */
static void test_tails(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_SAME, 0);
	add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_SAME, 0);
	add_rule(&world, "pin-p99:10%");
	judged(&world, GATE_UNDECIDED,
	       "cannot decide: 1 of 1 rows unsure; p99 needs 10 runs a side of 100 samples");
	add_rule(&world, "pin:5%");
	judged(&world, GATE_PASS, "pass: 1 row: 1 same; p99 of 1 not known");
	world.options.strict = true;
	judged(&world, GATE_UNDECIDED,
	       "cannot decide: 1 of 2 rows unsure (--strict); p99 needs 10 runs a side of 100 "
	       "samples");
	add_row(&world, ROW_TAIL, METRIC_PIN, VERDICT_SAME, 0);
	judged(&world, GATE_PASS, "pass: 2 rows: 2 same");
	world_free(&world);
}

static void test_need(void **state)
{
	struct world world;
	char note[200];
	struct row *row;

	(void)state;
	world_init(&world);
	row = add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_UNSURE, 0.1);
	row->note = NOTE_MORE_RUNS;
	row->need = 20;
	row = add_row(&world, ROW_TIME, METRIC_UNPIN, VERDICT_UNSURE, 0.1);
	row->note = NOTE_MORE_RUNS;
	row->need = 30;
	row_note(row, &world.comparison.verdicts, note, sizeof(note));
	assert_non_null(strstr(note, "30"));
	gate_judge(&world.gate, &world.comparison, &world.options);
	assert_int_equal(world.gate.outcome, GATE_UNDECIDED);
	assert_string_equal(world.gate.text + strlen("cannot decide: 2 of 2 rows unsure; "), note);
	/* whichever of them it is */
	world.rows[0].need = 40;
	row_note(&world.rows[0], &world.comparison.verdicts, note, sizeof(note));
	assert_non_null(strstr(note, "40"));
	gate_free(&world.gate);
	gate_judge(&world.gate, &world.comparison, &world.options);
	assert_string_equal(world.gate.text + strlen("cannot decide: 2 of 2 rows unsure; "), note);
	row = add_row(&world, ROW_TIME, METRIC_CYCLE, VERDICT_SAME, 0);
	gate_free(&world.gate);
	gate_judge(&world.gate, &world.comparison, &world.options);
	assert_int_equal(world.gate.outcome, GATE_PASS);
	assert_string_equal(world.gate.text + strlen("pass: 3 rows: 1 same, 2 unsure; "), note);
	world_free(&world);
}

static void printed_in(struct world *world, unsigned int columns, const char *wanted)
{
	const struct look plain = { .columns = columns };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	gate_free(&world->gate);
	gate_judge(&world->gate, &world->comparison, &world->options);
	gate_print(out, &plain, &world->gate, &world->options);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void printed(struct world *world, const char *wanted)
{
	printed_in(world, 0, wanted);
}

/* The interval goes first where there is no room, then both values; the change stays. */
static void test_print_width(void **state)
{
	static const unsigned int columns[] = { 0, 200, 85, 60, 20 };
	bool value[5], interval[5], change[5];
	struct world world;

	(void)state;
	world_init(&world);
	add_run(&world.sides.base.items[0], METRIC_PIN, 100);
	add_run(&world.sides.new.items[0], METRIC_PIN, 110);
	add_row(&world, ROW_TIME, METRIC_PIN, VERDICT_WORSE, 0.1);
	gate_judge(&world.gate, &world.comparison, &world.options);
	for (size_t i = 0; i < 5; i++) {
		const struct look look = { .columns = columns[i] };
		char *text = NULL, *rows;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		gate_print(out, &look, &world.gate, &world.options);
		fclose(out);
		rows = strstr(text, "\n");
		assert_non_null(rows);
		rows = strstr(rows, "  worse");
		assert_non_null(rows);
		value[i] = strstr(rows, " 110") || strstr(rows, " 0.110");
		interval[i] = strstr(rows, "[+9.0, +11.0]") != NULL;
		change[i] = strstr(rows, "+10.0 %") != NULL;
		assert_true(change[i]);
		free(text);
	}
	assert_true(interval[0] && interval[1] && !interval[2] && !interval[3] && !interval[4]);
	assert_true(value[0] && value[1] && value[2] && !value[3] && !value[4]);
	world_free(&world);
}

/* The line, then what was forced, worse, missing, unsure where that decides, and what nobody asked
 * for. */
static void test_print(void **state)
{
	char *differs[] = { (char *)"CPU model: A and B" },
	     *forced[] = { (char *)"page size: 4096 and 65536" };
	struct world world;

	(void)state;
	world_init(&world);
	add_row(&world, ROW_COUNT, COUNT_COPIED_PAGES, VERDICT_SAME, 0);
	printed(&world, "gate: pass: 1 row: 1 same\n");
	add_row(&world, ROW_COUNT, COUNT_SLOW_PAGES, VERDICT_WORSE, 1);
	add_rule(&world, "copied_pages:any");
	printed(&world, "gate: pass: 1 row: 1 same\n  not asked for, and worse: 1 row (pinbench "
			"compare shows it)\n");
	add_row(&world, ROW_COUNT, COUNT_SLOW_CALLS, VERDICT_WORSE, 1);
	printed(&world, "gate: pass: 1 row: 1 same\n  not asked for, and worse: 2 rows (pinbench "
			"compare shows them)\n");
	world.options.nr_rules = 0;
	world.comparison.verdicts.nr = 1;
	world.comparison.nr_pairs = 1;
	world.comparison.nr_others = 1;
	world.others[0] = (struct pair){ &world.sides.base.items[1], NULL };
	world.comparison.comparable.differences = (struct remark_list){ differs, 1 };
	world.comparison.comparable.refusals = (struct remark_list){ forced, 1 };
	printed(&world, "differs: CPU model: A and B\ngate: regression: 1 missing in n\n"
			"  compared by --force all the same: page size: 4096 and 65536\n"
			"  missing  " OTHER "  not in the file\n");
	world.options.allow_missing = true;
	world.comparison.comparable = (struct comparable){ 0 };
	printed(&world, "gate: pass: 1 row: 1 same; 1 missing, allowed\n  missing, allowed  " OTHER
			"  not in the file\n");
	world.others[0].new = &world.sides.new.items[1];
	world.sides.new.items[1].status = STATUS_FAILED;
	world.sides.new.items[1].why = strdup("no room");
	printed(&world, "gate: pass: 1 row: 1 same; 1 missing, allowed\n  missing, allowed  " OTHER
			"  failed: no room\n");
	free(world.sides.new.items[1].why);
	world.sides.new.items[1].why = NULL;
	printed(&world, "gate: pass: 1 row: 1 same; 1 missing, allowed\n  missing, allowed  " OTHER
			"  failed\n");
	world_free(&world);
}

/* No more than 20 of a kind: the first line has the number of all. */
static void test_print_many(void **state)
{
	struct world world;
	struct pair others[22];

	(void)state;
	for (size_t nr = 19; nr <= 22; nr++) {
		char *text = NULL, more[40];
		const struct look plain = { 0 };
		size_t size, nr_lines = 0;
		FILE *out = open_memstream(&text, &size);

		world_init(&world);
		add_row(&world, ROW_COUNT, COUNT_COPIED_PAGES, VERDICT_SAME, 0);
		for (size_t i = 0; i < nr; i++)
			others[i] = (struct pair){ &world.sides.base.items[1], NULL };
		world.comparison.others = others;
		world.comparison.nr_others = nr;
		gate_judge(&world.gate, &world.comparison, &world.options);
		gate_print(out, &plain, &world.gate, &world.options);
		fclose(out);
		for (const char *at = text; (at = strstr(at, "  missing  ")); at++)
			nr_lines++;
		assert_int_equal(nr_lines, nr < 20 ? nr : 20);
		snprintf(more, sizeof(more), "  ... and %zu more missing\n", nr - 20);
		assert_int_equal(strstr(text, nr > 20 ? more : "more missing") != NULL, nr > 20);
		free(text);
		world_free(&world);
	}
}

static void rule_is(const char *text, enum row_kind kind, unsigned int which, double threshold)
{
	struct gate_rule rule;
	struct error err = { 0 };

	assert_int_equal(gate_rule_parse(&rule, text, &err), 0);
	assert_string_equal(rule.text, text);
	assert_int_equal(rule.kind, kind);
	assert_int_equal(rule.which, which);
	assert_near(rule.threshold, threshold);
}

static void rule_refused(const char *text, const char *why, const char *fix)
{
	struct gate_rule rule;
	struct error err = { 0 };

	assert_int_equal(gate_rule_parse(&rule, text, &err), -EINVAL);
	if (!strstr(err.text, why) || !strstr(err.fix, fix))
		fail_msg("%s: \"%s\", \"%s\"", text, err.text, err.fix);
}

static void test_rule_words(void **state)
{
	const unsigned int all = 1u << METRIC_PIN | 1u << METRIC_UNPIN | 1u << METRIC_CYCLE;

	(void)state;
	rule_is("pin:5%", ROW_TIME, 1u << METRIC_PIN, 0.05);
	rule_is("unpin:0.5%", ROW_TIME, 1u << METRIC_UNPIN, 0.005);
	rule_is("cycle:5%", ROW_TIME, 1u << METRIC_CYCLE, 0.05);
	rule_is("time:5%", ROW_TIME, all, 0.05);
	rule_is("pin-p99:5%", ROW_TAIL, 1u << METRIC_PIN, 0.05);
	rule_is("unpin-p99:5%", ROW_TAIL, 1u << METRIC_UNPIN, 0.05);
	rule_is("cycle-p99:5%", ROW_TAIL, 1u << METRIC_CYCLE, 0.05);
	rule_is("time-p99:10%", ROW_TAIL, all, 0.1);
	rule_is("hit_rate:exact", ROW_RATE, 1, 0);
	rule_is("hit_rate:any", ROW_RATE, 1, 0);
	rule_is("hit_rate:1%", ROW_RATE, 1, 0.01);
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s:any", count_names[i]);
		rule_is(text, ROW_COUNT, 1u << i, 0);
	}
	rule_is("instructions:2%", ROW_COST, 1u << METRIC_CYCLE | 1u << COST_TOTAL, 0.02);
	rule_is("pin.atomics:any", ROW_COST, 1u << METRIC_PIN, 0);
	rule_is("unpin.misses:exact", ROW_COST, 1u << METRIC_UNPIN, 0);
	rule_refused("pin:exact", "a time is never exact", "pin:5%");
	rule_refused("pin-p99:any", "a time is never exact", "pin-p99:5%");
	rule_refused("pin", "from which change on?", "pin:5%");
	rule_refused("pin-p99:", "from which change on?", "pin-p99:5%");
	rule_refused("hit_rate", "from which change on?", "hit_rate:exact");
	rule_refused("copied_pages", "from which change on?", "copied_pages:exact");
	rule_refused("pin:x", "pin:x", "pin:5%");
	rule_refused("hit_rate:x", "hit_rate:x", ", or exact");
	rule_refused("copied_pages:x", "copied_pages:x", ", or exact");
	rule_refused("unpim:5%", "no metric \"unpim\"; did you mean \"unpin\"?", "");
	rule_refused("zzzzzzzz:5%", "no metric \"zzzzzzzz\"", "hit_rate, or a count");
	assert_string_equal(gate_metric_nth(NULL, 0), "pin");
	assert_string_equal(gate_metric_nth(NULL, 8), "hit_rate");
	assert_string_equal(gate_metric_nth(NULL, 21), count_names[0]);
	assert_string_equal(gate_metric_nth(NULL, 20 + NR_COUNTS), count_names[NR_COUNTS - 1]);
	assert_null(gate_metric_nth(NULL, 21 + NR_COUNTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pass),       cmocka_unit_test(test_regression),
		cmocka_unit_test(test_undecided),  cmocka_unit_test(test_missing),
		cmocka_unit_test(test_lost_times), cmocka_unit_test(test_lost_counts),
		cmocka_unit_test(test_lost_asked), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_differs),    cmocka_unit_test(test_filter),
		cmocka_unit_test(test_tails),      cmocka_unit_test(test_need),
		cmocka_unit_test(test_print),      cmocka_unit_test(test_print_width),
		cmocka_unit_test(test_print_many), cmocka_unit_test(test_rule_words),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}

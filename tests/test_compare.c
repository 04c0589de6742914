// SPDX-License-Identifier: GPL-2.0-or-later
/* What a comparison finds, what unsharing costs, and how numbers are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "compare/compare.h"
#include "compare/side.h"
#include "plot/plot.h"
#include "print/heading.h"
#include "print/table.h"
#include "result/schedule.h"
#include "stats/summary.h"
#include "verdict/unshare.h"
#include "verdict/words.h"

/* A done case named by its key, with the given ticks as the pin of one run. */
static struct result *add_case(struct results *results, const char *key, uint64_t pages, size_t nr,
			       const uint64_t *ticks)
{
	struct result *result = results_add(results, key);
	struct run *run = result_add_run(result);
	unsigned long n;

	if (sscanf(key, "%39[^,],%23[^,],%23[^,],%7[^,],%39[^,],n=%lu", result->params.pinner,
		   result->params.layout, result->params.state, result->params.access,
		   result->params.window, &n) != 6)
		fail_msg("%s is no key", key);
	result->params.pages_per_call = n;
	result->params.bytes = pages * 4096;
	run->samples = calloc(nr, sizeof(*run->samples));
	run->nr_samples = nr;
	for (size_t i = 0; i < nr; i++) {
		run->samples[i].have = 1 << METRIC_PIN;
		run->samples[i].ticks[METRIC_PIN] = ticks[i];
		run->samples[i].nr_pages = pages;
	}
	strcpy(run->clock[METRIC_PIN], "test");
	return result;
}

static struct result *add_time(struct results *results, const char *key, uint64_t pages,
			       uint64_t ticks)
{
	return add_case(results, key, pages, 1, &ticks);
}

static void set_count(struct result *result, enum count count, uint64_t value)
{
	result->counts.value[count] = value;
	strcpy(result->counts.observer[count], "test");
}

static void test_pairs(void **state)
{
	struct results base = { .label = strdup("b") }, new = { .label = strdup("n") };
	struct comparison comparison;
	struct error err = { 0 };

	(void)state;
	set_count(add_time(&base, "p,l,s,read,page,n=1", 1, 5), COUNT_SLOW_PAGES, 1);
	add_time(&base, "p,l,s,read,head,n=1", 1, 5);
	add_time(&base, "p,l,s,read,tail,n=1", 1, 5);
	add_time(&new, "p,l,s,read,last,n=1", 1, 5);
	add_time(&new, "p,l,s,read,tail,n=1", 1, 5)->status = STATUS_FAILED;
	set_count(add_time(&new, "p,l,s,read,page,n=1", 1, 5), COUNT_SLOW_PAGES, 1);
	assert_int_equal(compare_reports(&comparison, &base, &new, &compare_options_default, &err),
			 0);
	assert_int_equal(comparison.nr_pairs, 1);
	assert_string_equal(comparison.pairs[0].base->params.window, "page");
	assert_int_equal(comparison.nr_others, 3);
	assert_null(comparison.others[0].new);
	assert_int_equal(comparison.others[1].new->status, STATUS_FAILED);
	assert_null(comparison.others[2].base);
	comparison_free(&comparison);
	new.icount = true;
	assert_int_equal(compare_reports(&comparison, &base, &new, &compare_options_default, &err),
			 -EINVAL);
	results_free(&base);
	results_free(&new);
}

static void test_changes(void **state)
{
	struct results base = { 0 }, new = { 0 };
	struct comparison comparison;
	struct compare_options options = compare_options_default;
	struct error err = { 0 };

	(void)state;
	fact_text(&base.environment, "a", "cpu.model");
	fact_text(&new.environment, "b", "cpu.model");
	fact_text(&base.environment, "ok", "noise.load");
	fact_text(&new.environment, "warn", "noise.load");
	fact_number(&base.environment, 4096, "memory.page_bytes");
	fact_number(&new.environment, 65536, "memory.page_bytes");
	fact_bool(&base.environment, true, "same");
	fact_bool(&new.environment, true, "same");
	fact_number(&base.environment, 1, "kind");
	fact_bool(&new.environment, true, "kind");
	fact_text(&new.environment, "x", "added");
	assert_int_equal(compare_reports(&comparison, &base, &new, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "page size: 4096 and 65536"));
	comparison_free(&comparison);
	options.force = true;
	assert_int_equal(compare_reports(&comparison, &base, &new, &options, &err), 0);
	assert_int_equal(comparison.nr_changes, 5);
	assert_int_equal(comparison.nr_noise, 1);
	assert_string_equal(comparison.changes[0].base->name, "memory.page_bytes");
	assert_null(comparison.changes[1].base);
	assert_string_equal(comparison.changes[1].new->name, "added");
	assert_string_equal(comparison.changes[2].base->name, "cpu.model");
	assert_string_equal(comparison.changes[3].base->name, "kind");
	assert_true(comparison.changes[4].noise);
	comparison_free(&comparison);
	results_free(&base);
	results_free(&new);
}

static void set_host(struct results *results, const char *arch, int64_t page_bytes,
		     const char *accel)
{
	fact_text(&results->environment, arch, "kernel.arch");
	fact_number(&results->environment, page_bytes, "memory.page_bytes");
	if (accel)
		fact_text(&results->environment, accel, "lab.accel");
	fact_text(&results->environment, "KVM", "hypervisor");
	fact_text(&results->environment, "n", "kernel.config.CONFIG_KASAN");
}

/* What must be the same is refused when it is not; what one side does not know is remembered, not
 * refused. */
static void test_comparable(void **state)
{
	static const struct {
		const char *arch;
		int64_t page_bytes;
		const char *accel;
		unsigned int benchmark;
		bool icount, imported;
		const char *refusal, *unknown;
	} cases[] = {
		{ "x86_64", 4096, "kvm", RESULTS_BENCHMARK, false, false, NULL, NULL },
		{ "x86_64", 4096, "kvm", 0, false, false, NULL, NULL }, /* this very program */
		{ "aarch64", 4096, "kvm", 1, false, false, "architecture: x86_64 and aarch64",
		  NULL },
		{ "x86_64", 16384, "kvm", 1, false, false, "page size: 4096 and 16384", NULL },
		{ "x86_64", 4096, "tcg", 1, false, false, "what ran the code: kvm and tcg", NULL },
		{ "x86_64", 4096, NULL, 1, false, false,
		  "what ran the code: kvm and no virtual machine of the lab", NULL },
		{ "x86_64", 4096, "kvm", 2, false, false, "version of the benchmark: 1 and 2",
		  NULL },
		{ "x86_64", 4096, "kvm", 1, true, false, "clock: ns and instructions", NULL },
		{ "x86_64", 4096, NULL, 2, false, true, NULL,
		  "what ran the code: kvm and not known" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct results base = { .label = strdup("b") }, new = { .label = strdup("n") };
		struct comparable comparable;

		set_host(&base, "x86_64", 4096, "kvm");
		set_host(&new, cases[i].arch, cases[i].page_bytes, cases[i].accel);
		new.benchmark = cases[i].benchmark;
		new.icount = cases[i].icount;
		new.imported = cases[i].imported ? strdup("log") : NULL;
		comparable_find(&comparable, &base, &new, AS_SIDES, true);
		assert_int_equal(comparable.refusals.nr, cases[i].refusal != NULL);
		assert_int_equal(comparable.unknowns.nr, cases[i].imported ? 2 : 0);
		if (cases[i].refusal)
			assert_string_equal(comparable.refusals.texts[0], cases[i].refusal);
		if (cases[i].unknown)
			assert_string_equal(comparable.unknowns.texts[0], cases[i].unknown);
		comparable_free(&comparable);
		results_free(&base);
		results_free(&new);
	}
}

/* Numbers as people read them: one decimal, two below 1 % where instructions are told apart, never
 * "-0.00". */
static void test_cells(void **state)
{
	static const struct {
		double change, low, high;
		const char *text, *interval;
	} cases[] = {
		{ 0.363, 0.36, 0.366, "+36.3 %", "[+36.0, +36.6] %" },
		{ 0.0033, -0.004, 0.005, "+0.33 %", "[-0.40, +0.50] %" },
		{ -0.00001, -0.00002, 0, "0.00 %", "[0.00, 0.00] %" },
		{ -0.5, -0.51, -0.49, "-50.0 %", "[-51.0, -49.0] %" },
		{ 0.02, -INFINITY, INFINITY, "+2.0 %", "" },
		{ 12.5, 12.4, 12.6, "+1250 %", "[+1240, +1260] %" },
	};
	struct row row = {
		.kind = ROW_TIME, .design = DESIGN_PAIRS, .nr = { 9, 9 }, .change_known = true
	};
	size_t tally[NR_VERDICTS] = {
		[VERDICT_SAME] = 12, [VERDICT_WORSE] = 1, [VERDICT_DIFFERS] = 2
	};
	char text[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		row.change = cases[i].change;
		row.interval = (struct interval){ cases[i].low, cases[i].high };
		row_change_format(&row, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		row_interval_format(&row, text, sizeof(text));
		assert_string_equal(text, cases[i].interval);
	}
	row.change_known = false;
	row_change_format(&row, text, sizeof(text));
	assert_string_equal(text, "");
	row = (struct row){ .kind = ROW_RATE,
			    .design = DESIGN_EXACT,
			    .moved = true,
			    .change = -0.9375,
			    .nr = { 1, 1 } };
	row_change_format(&row, text, sizeof(text));
	assert_string_equal(text, "-93.75 points");
	row_interval_format(&row, text, sizeof(text));
	assert_string_equal(text, "exact");
	tally_format(tally, text, sizeof(text));
	assert_string_equal(text, "1 worse, 2 differs, 12 same");
}

static void write_report(const char *dir, const char *name, const char *label, int block,
			 const char *id)
{
	struct results results = { .label = strdup(label), .complete = true };
	struct error err = { 0 };
	char path[256];

	fact_text(&results.environment, "6.1.0", "kernel.release");
	add_time(&results, "p,base,exclusive,read,page,n=1", 1, 100)->runs[0].block = block;
	if (id) {
		const char *const sides[] = { "one", "two" };

		schedule_init(&results.schedule, ORDER_ABBA, 2, sides, 2, NULL);
		strcpy(results.schedule.id, id);
		results.items[0].runs[0].slot = 2 * block;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (results_save(&results, path, &err))
		fail_msg("%s", err.text);
	results_free(&results);
}

static void test_side(void **state)
{
	char dir[] = "/tmp/pinbench-side-XXXXXX", argument[300], path[300];
	struct error err = { 0 };
	struct side side;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(side_load(&side, dir, false, &err), -ENOENT);
	side_free(&side);
	write_report(dir, "1.json", "a", 0, "x");
	write_report(dir, "2.json", "a", 1, "x");
	write_report(dir, ".hidden.json", "b", 1, "x");
	assert_int_equal(side_load(&side, dir, false, &err), 0);
	assert_int_equal(side.nr_files, 2);
	assert_int_equal(side.results.items[0].nr_runs, 2);
	assert_int_equal(side.results.items[0].runs[1].block, 1);
	assert_string_equal(side.results.label, "a");
	assert_string_equal(side.results.path, dir);
	assert_int_equal(side.remarks.nr, 0);
	side_free(&side);

	/* block 0 of another schedule is another block */
	write_report(dir, "3.json", "a", 0, "y");
	assert_int_equal(side_load(&side, dir, false, &err), 0);
	assert_int_equal(side.results.schedule.order, ORDER_NONE);
	assert_int_equal(side.results.items[0].runs[0].block, -1);
	assert_int_equal(side.results.items[0].runs[2].block, -1);
	assert_int_equal(side.remarks.nr, 1);
	side_free(&side);

	/* another label is another side, unless the user says what it is called, or forces it */
	write_report(dir, "3.json", "b", 2, "x");
	assert_int_equal(side_load(&side, dir, false, &err), -EINVAL);
	assert_non_null(strstr(err.text, "label: a and b"));
	side_free(&side);
	assert_int_equal(side_load(&side, dir, true, &err), 0);
	assert_int_equal(side.remarks.nr, 1);
	side_free(&side);
	snprintf(argument, sizeof(argument), "mine=%s", dir);
	assert_int_equal(side_load(&side, argument, false, &err), 0);
	assert_string_equal(side.results.label, "mine");
	assert_int_equal(side.remarks.nr, 0);
	side_free(&side);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), i ? "%s/%d.json" : "%s/.hidden.json", dir, i);
		unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void test_percent(void **state)
{
	static const struct {
		const char *text;
		int rc;
		double part;
	} cases[] = {
		{ "2", 0, 0.02 },       { "2%", 0, 0.02 },     { "0.5 %", 0, 0.005 },
		{ "0", 0, 0 },          { "99.9", 0, 0.999 },  { "100", -ERANGE, 0 },
		{ "1e3", -ERANGE, 0 },  { "", -EINVAL, 0 },    { "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },   { "inf", -EINVAL, 0 }, { "nan", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 }, { "1%%", -EINVAL, 0 }, { "2 p", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double part = 0;
		struct error err = { 0 };

		if (percent_parse(cases[i].text, &part, &err) != cases[i].rc)
			fail_msg("\"%s\"", cases[i].text);
		assert_true(part > cases[i].part - 1e-12 && part < cases[i].part + 1e-12);
	}
}

/* Fixed 100 and 7 a page; the same pin without unsharing costs 50 and 1 a page. */
static void test_unshare(void **state)
{
	static const uint64_t pages[] = { 1, 16, 64, 256 };
	struct results results = { 0 };
	struct unshare_list list;
	struct unshare_line fit;
	char key[80];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(key, sizeof(key), "p,base,exclusive-ro,read,w%zu,n=%zu", i,
			 (size_t)pages[i]);
		add_time(&results, key, pages[i], 50 + pages[i]);
		snprintf(key, sizeof(key), "p,base,shared,read,w%zu,n=%zu", i, (size_t)pages[i]);
		add_time(&results, key, pages[i], 150 + 8 * pages[i]);
		snprintf(key, sizeof(key), "p,base,previously-shared,read,w%zu,n=%zu", i,
			 (size_t)pages[i]);
		add_time(&results, key, pages[i], 80 + 3 * pages[i]);
	}
	/* these have no partner: another batch size, another region, a failed one */
	add_time(&results, "p,base,shared,read,w2,n=1", 64, 1000);
	add_time(&results, "p,base,shared,read,w3,n=256,size=4M", 256, 1000);
	add_time(&results, "q,base,shared,read,w1,n=16", 16, 1000);
	add_time(&results, "q,base,exclusive-ro,read,w1,n=16", 16, 10)->status = STATUS_FAILED;
	unshare_find(&list, &results);
	assert_int_equal(list.nr, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_string_equal(list.items[i].with->params.state,
				    i < 4 ? "shared" : "previously-shared");
		assert_true(unshare_ticks(&list.items[i]) ==
			    (i < 4 ? 100 + 7 * (double)pages[i] : 30 + 2 * (double)pages[i - 4]));
		assert_int_equal(unshare_fit(&list, i, &fit), 0);
		assert_int_equal(fit.line.nr, 4);
		assert_true(fit.line.fixed > (i < 4 ? 99.99 : 29.99) &&
			    fit.line.fixed < (i < 4 ? 100.01 : 30.01));
		assert_true(fit.line.slope > (i < 4 ? 6.999 : 1.999) &&
			    fit.line.slope < (i < 4 ? 7.001 : 2.001));
	}
	unshare_list_free(&list);
	results_free(&results);
}

static struct result *add_runs_of(struct results *results, const char *key, uint64_t pages,
				  size_t nr, const uint64_t *ticks)
{
	struct result *result = add_time(results, key, pages, ticks[0]);

	for (size_t i = 1; i < nr; i++) {
		struct run *run = result_add_run(result);

		run->block = run->slot = -1;
		run->nr_samples = 1;
		run->samples = calloc(1, sizeof(*run->samples));
		run->samples[0] = (struct sample){ .ticks = { [METRIC_PIN] = ticks[i] },
						   .have = 1 << METRIC_PIN,
						   .nr_pages = pages };
		strcpy(run->clock[METRIC_PIN], "test");
	}
	result->runs[0].block = result->runs[0].slot = -1;
	return result;
}

/* gup_test's clock cuts: a difference of two readings is off by less than one grain. Another coarse
 * clock is so at both ends. */
static void test_unshare_grain(void **state)
{
	static const struct {
		const char *clock;
		uint64_t quantum;
		double open;
	} cases[] = { { "gup-test-us", 1000, 1000 },
		      { "jiffies", 1000, 2000 },
		      { "gup-test-us", 16, 0 },
		      { "tsc", 16, 0 } };
	uint64_t without[8], with[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		without[i] = 100000;
		with[i] = 105000;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct results results = { 0 };
		struct unshare_list list;
		const struct cost *cost;

		add_runs_of(&results, "p,base,exclusive-ro,read,w1,n=1", 1, 8, without);
		add_runs_of(&results, "p,base,shared,read,w1,n=1", 1, 8, with);
		for (size_t j = 0; j < 16; j++) {
			struct run *run = &results.items[j / 8].runs[j % 8];

			strcpy(run->clock[METRIC_PIN], cases[i].clock);
			run->quantum[METRIC_PIN] = cases[i].quantum;
		}
		unshare_find(&list, &results);
		cost = &list.items[0].cost;
		assert_int_equal(cost->lack, COST_KNOWN);
		assert_true(cost->interval.low == 5000 - cases[i].open &&
			    cost->interval.high == 5000 + cases[i].open);
		unshare_list_free(&list);
		results_free(&results);
	}
}

/* 5, 7, 9 ... between runs that drift by 100: told from 0 where runs are pairs, and not where they
 * are two samples. */
static void test_unshare_pairs(void **state)
{
	uint64_t without[8], with[8];
	struct results results = { 0 };
	struct unshare_list list;
	struct unshare_line fit;
	struct result *chosen[4];
	const struct cost *cost;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		without[i] = 1000 + 100 * i;
		with[i] = without[i] + 5 + 2 * i;
	}
	add_runs_of(&results, "p,base,exclusive-ro,read,w1,n=1", 1, 8, without);
	add_runs_of(&results, "p,base,shared,read,w1,n=1", 1, 8, with);
	for (size_t i = 0; i < 8; i++)
		with[i] = without[i] + 3 * (5 + 2 * i);
	add_runs_of(&results, "p,base,exclusive-ro,read,w3,n=3", 3, 8, without);
	add_runs_of(&results, "p,base,shared,read,w3,n=3", 3, 8, with);
	unshare_find(&list, &results);
	cost = &list.items[0].cost;
	assert_int_equal(cost->lack, COST_KNOWN);
	assert_true(cost->zero && cost->interval.low < 0 && cost->interval.high > 0 &&
		    cost->value == 12);
	unshare_list_free(&list);

	/* in the file in another order, as blocks of a random schedule may be */
	for (size_t i = 0; i < 4; i++) {
		chosen[i] = &results.items[i];
		for (size_t j = 0; j < 8; j++)
			chosen[i]->runs[j].block = (int)j;
	}
	for (size_t j = 0; j < 4; j++) {
		struct run run = chosen[0]->runs[j];

		chosen[0]->runs[j] = chosen[0]->runs[7 - j];
		chosen[0]->runs[7 - j] = run;
	}
	unshare_find(&list, &results);
	cost = &list.items[0].cost;
	/* R: wilcox.test(c(5,7,9,11,13,15,17,19), conf.int = TRUE): 7 to 17 at 95 % (k = 4 of 36
	 * averages) */
	assert_int_equal(cost->lack, COST_KNOWN);
	assert_true(!cost->zero && cost->interval.low == 7 && cost->interval.high == 17);
	assert_int_equal(unshare_fit(&list, 0, &fit), 0);
	/* each run's line goes through 0: 5 + 2 i a page */
	assert_true(fit.fixed.zero && fabs(fit.fixed.interval.low) < 1e-9 &&
		    fabs(fit.fixed.interval.high) < 1e-9);
	assert_true(!fit.slope.zero && fabs(fit.slope.value - 12) < 1e-9);
	assert_true(fabs(fit.slope.interval.low - 7) < 1e-9 &&
		    fabs(fit.slope.interval.high - 17) < 1e-9);
	unshare_list_free(&list);

	/* a clock of 100 leaves 5 to 19 open, both ways */
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 8; j++)
			chosen[i]->runs[j].quantum[METRIC_PIN] = 100;
	unshare_find(&list, &results);
	assert_true(list.items[0].cost.zero && list.items[0].cost.interval.low == 7 - 200);
	unshare_list_free(&list);

	/* five pairs can never exclude anything at 95 %, and one says nothing */
	for (size_t i = 0; i < 4; i++)
		chosen[i]->nr_runs = 5;
	unshare_find(&list, &results);
	assert_int_equal(list.items[0].cost.lack, COST_FEW_RUNS);
	unshare_list_free(&list);
	for (size_t i = 0; i < 4; i++)
		chosen[i]->nr_runs = 1;
	unshare_find(&list, &results);
	assert_int_equal(list.items[0].cost.lack, COST_ONE_RUN);
	unshare_list_free(&list);
	for (size_t i = 0; i < 4; i++)
		chosen[i]->nr_runs = 8;
	results_free(&results);
}

/* Instructions: all seeds move one way by more than two ticks, or it is nothing; seven placements
 * decide nothing. */
static void test_unshare_seeds(void **state)
{
	static const uint64_t without[8] = { 1000, 1016, 1000, 1000, 1000, 1016, 1000, 1000 };
	uint64_t with[8];
	struct results results = { .icount = true };
	struct unshare_list list;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		with[i] = without[i] + 48 + (i == 3 ? 16 : 0);
	add_runs_of(&results, "p,base,exclusive-ro,read,w1,n=1", 1, 8, without);
	add_runs_of(&results, "p,base,shared,read,w1,n=1", 1, 8, with);
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 8; j++) {
			results.items[i].runs[j].placement =
				(struct placement){ .known = true, .seed = 40 + j };
			results.items[i].runs[j].quantum[METRIC_PIN] = 16;
		}
	}
	unshare_find(&list, &results);
	assert_int_equal(list.items[0].cost.lack, COST_KNOWN);
	assert_true(!list.items[0].cost.zero && list.items[0].cost.interval.low == 48 &&
		    list.items[0].cost.interval.high == 64);
	unshare_list_free(&list);
	results.items[1].runs[5].samples[0].ticks[METRIC_PIN] = without[5] +
								32; /* two ticks are none */
	unshare_find(&list, &results);
	assert_true(list.items[0].cost.zero);
	unshare_list_free(&list);
	results.items[1].runs[5].placement.seed = 41;
	results.items[0].runs[5].placement.seed = 41;
	unshare_find(&list, &results);
	assert_int_equal(list.items[0].cost.lack, COST_FEW_SEEDS);
	unshare_list_free(&list);
	results_free(&results);
}

static void test_cost_format(void **state)
{
	struct unit unit = unit_for(false, 5000, 0);
	struct cost cost = { .value = -1584, .interval = { -3100, 1200 }, .zero = true };
	char text[160];

	(void)state;
	cost_format(&cost, &unit, text, sizeof(text));
	assert_string_equal(text, "not distinguishable from 0 (-3.100 .. +1.200 us)");
	cost = (struct cost){ .value = 1500, .interval = { 1400, 12000 } };
	cost_format(&cost, &unit, text, sizeof(text));
	assert_string_equal(text, "1.500 us (1.400 .. 12.00)");
	cost.lack = COST_ONE_RUN;
	cost_format(&cost, &unit, text, sizeof(text));
	assert_string_equal(text, "1.500 us");
}

static void also_cycle(struct result *result, uint64_t ticks)
{
	result->runs[0].samples[0].have |= 1 << METRIC_CYCLE;
	result->runs[0].samples[0].ticks[METRIC_CYCLE] = ticks;
}

/* A clock too coarse for the short window leaves it the cycle only: the whole line is then one of
 * cycles. */
static void test_unshare_one_metric(void **state)
{
	struct results results = { 0 };
	struct unshare_list list;
	struct unshare_line fit;

	(void)state;
	also_cycle(add_time(&results, "p,base,exclusive-ro,read,w1,n=16", 16, 20), 30);
	also_cycle(add_time(&results, "p,base,shared,read,w1,n=16", 16, 120), 140);
	also_cycle(add_time(&results, "p,base,exclusive-ro,read,w2,n=1", 1, 0), 10);
	results.items[2].runs[0].samples[0].have = 1 << METRIC_CYCLE;
	also_cycle(add_time(&results, "p,base,shared,read,w2,n=1", 1, 50), 60);
	unshare_find(&list, &results);
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.items[0].metric, METRIC_CYCLE);
	assert_true(unshare_ticks(&list.items[0]) == 110);
	assert_int_equal(list.items[1].metric, METRIC_CYCLE);
	assert_true(unshare_ticks(&list.items[1]) == 50);
	assert_int_equal(unshare_fit(&list, 1, &fit), 0);
	assert_int_equal(fit.line.nr, 2);
	unshare_list_free(&list);
	results_free(&results);
}

/* Runs whose clock could not tell pin from unpin are the short ones: the rest would look longer
 * than all. */
static void test_metric_whole(void **state)
{
	static const uint64_t ticks[] = { 25, 26 };
	struct results results = { 0 };
	const struct result *result = add_case(&results, "p,l,s,read,page,n=1", 1, 2, ticks);
	struct run *run = result_add_run(&results.items[0]);
	enum metric metric;

	(void)state;
	*run = result->runs[0];
	run->samples = calloc(2, sizeof(*run->samples));
	for (size_t i = 0; i < 2; i++) {
		run->samples[i] = (struct sample){ .ticks = { [METRIC_CYCLE] = 30 },
						   .have = 1 << METRIC_CYCLE };
		result->runs[0].samples[i].have |= 1 << METRIC_CYCLE;
	}
	assert_false(result_metric_whole(result, METRIC_PIN));
	assert_true(result_metric_whole(result, METRIC_CYCLE));
	assert_true(result_pin_metric(result, &metric));
	assert_int_equal(metric, METRIC_CYCLE);
	results_free(&results);
}

static void test_summary(void **state)
{
	static const uint64_t first[] = { 900, 10, 20, 30 }, second[] = { 40, 50 };
	struct results results = { 0 };
	struct result *result = add_case(&results, "p,l,s,read,page,n=1", 4, 4, first);
	struct summary summary;
	struct run *run;
	enum metric metric;
	char text[32];

	(void)state;
	result->runs[0].nr_warmup = 1;
	result_replication(result, METRIC_PIN, text, sizeof(text));
	assert_string_equal(text, "1x3");
	run = result_add_run(result);
	*run = result->runs[0];
	run->samples = calloc(2, sizeof(*run->samples));
	run->nr_samples = 2;
	run->nr_warmup = 0;
	for (size_t i = 0; i < 2; i++)
		run->samples[i] = (struct sample){ .ticks = { [METRIC_PIN] = second[i] },
						   .have = 1,
						   .nr_pages = 4 };
	/* medians 20 and 45: neither the pooled 30, nor 25 and 45 with the warm-up, nor the lower
	 * or upper of the two */
	assert_true(result_summary(result, METRIC_PIN, &summary));
	assert_int_equal(summary.nr, 2);
	assert_true(summary.median == 32.5);
	assert_true(summary.min == 20 && summary.max == 45);
	assert_true(summary.q1 == 26.25 && summary.q3 == 38.75);
	assert_true(result_summary_at(result, METRIC_PIN, 1, &summary));
	assert_true(summary.median == 40);
	assert_false(result_samples_of_one_run(result, METRIC_PIN, &summary)); /* there are two */
	assert_false(result_summary(result, METRIC_CYCLE, &summary));
	assert_true(result_pin_metric(result, &metric));
	assert_int_equal(metric, METRIC_PIN);
	result_replication(result, METRIC_PIN, text, sizeof(text));
	assert_string_equal(text, "2x2-3");
	assert_int_equal(result_pages(result), 4);
	run->samples[1].nr_pages = 3;
	assert_int_equal(result_pages(result), 0);
	results_free(&results);
}

static void add_run(struct result *result, int slot, size_t nr, const uint64_t *ticks)
{
	struct run *run = result_add_run(result);

	run->slot = slot;
	run->nr_samples = nr;
	run->samples = calloc(nr, sizeof(*run->samples));
	for (size_t i = 0; i < nr; i++)
		run->samples[i] = (struct sample){ .ticks = { [METRIC_PIN] = ticks[i] },
						   .have = 1 << METRIC_PIN,
						   .nr_pages = 1 };
}

/* Three processes of one boot and one of another: two observations, 20 and 100, not four. */
static void test_summary_of_boots(void **state)
{
	static const uint64_t ticks[][3] = {
		{ 10, 10, 11 }, { 19, 20, 21 }, { 30, 30, 31 }, { 100, 99, 500 }
	};
	struct results results = { 0 };
	struct result *result = results_add(&results, "p,l,s,read,page,n=1");
	struct summary summary;
	char text[32];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		add_run(result, i < 3 ? 5 : 6, 3, ticks[i]);
	assert_true(result_summary(result, METRIC_PIN, &summary));
	assert_int_equal(summary.nr, 2);
	assert_true(summary.median == 60 && summary.min == 20 && summary.max == 100);
	assert_int_equal(result_nr_boots(result), 2);
	result_replication(result, METRIC_PIN, text, sizeof(text));
	assert_string_equal(text, "2x1-3x3");
	/* runs that belong to no schedule are not one because of that */
	for (size_t i = 0; i < 4; i++)
		result->runs[i].slot = -1;
	assert_true(result_summary(result, METRIC_PIN, &summary));
	assert_int_equal(summary.nr, 4);
	assert_true(summary.median == 25);
	result_replication(result, METRIC_PIN, text, sizeof(text));
	assert_string_equal(text, "4x3");
	results_free(&results);
}

/* Half the distance of the quartiles of the runs: with a decimal as long as it has one digit before
 * it. */
static void test_summary_text(void **state)
{
	static const struct {
		double q1, q3;
		size_t nr;
		const char *text;
	} cases[] = {
		{ 950, 1050, 4, "1000 ns ±5.0 %" }, { 901, 1099, 4, "1000 ns ±9.9 %" },
		{ 900, 1100, 4, "1000 ns ±10 %" },  { 1000, 1000, 2, "1000 ns ±0.0 %" },
		{ 1000, 1000, 1, "1000 ns" },
	};
	struct unit unit = unit_for(false, 1, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct summary summary = {
			.median = 1000, .q1 = cases[i].q1, .q3 = cases[i].q3, .nr = cases[i].nr
		};
		char text[64];

		summary_format(&unit, &summary, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

/* One run: its samples are far apart, and that is no spread of runs. A metric that is in some runs
 * only has no number. */
static void test_summary_of_one_run(void **state)
{
	static const uint64_t ticks[] = { 10, 20, 30, 40, 1000 };
	struct results results = { 0 };
	struct result *result = add_case(&results, "p,l,s,read,page,n=1", 1, 5, ticks);
	struct summary summary, samples;
	struct unit unit = unit_for(false, 30, 30);
	char text[64];

	(void)state;
	assert_true(result_summary(result, METRIC_PIN, &summary));
	assert_int_equal(summary.nr, 1);
	assert_true(summary.median == 30 && summary.q1 == 30 && summary.q3 == 30);
	summary_format(&unit, &summary, text, sizeof(text));
	assert_string_equal(text, "30 ns");
	assert_true(result_samples_of_one_run(result, METRIC_PIN, &samples));
	assert_true(samples.q1 == 20 && samples.q3 == 40 && samples.nr == 5);
	add_run(result, -1, 5, ticks);
	for (size_t i = 0; i < 5; i++)
		result->runs[1].samples[i].have = 1 << METRIC_CYCLE;
	assert_false(result_summary(result, METRIC_PIN, &summary));
	assert_int_equal(summary.nr, 0);
	results_free(&results);
}

/* What gnuplot is given: number and quartiles of the runs for each page, and of one run no
 * quartiles but the number. */
static void test_cost_picture(void **state)
{
	static const uint64_t ticks[][3] = { { 1000, 1000, 9000 },
					     { 2000, 100, 2000 },
					     { 3000, 3000, 3000 } },
			      one[] = { 80, 8, 800 };
	struct results results = { .label = (char *)"made up" };
	const struct results *reports[] = { &results };
	struct plot plot = { .sides = reports, .nr_sides = 1 };
	char text[400] = "";
	struct result *result = add_case(&results, "p,l,s,read,page,n=1", 10, 3, ticks[0]);
	struct error err = { 0 };

	(void)state;
	add_run(result, -1, 3, ticks[1]);
	add_run(result, -1, 3, ticks[2]);
	for (size_t i = 3; i < 9; i++)
		result->runs[i / 3].samples[i % 3].nr_pages = 10;
	add_case(&results, "p,l,s,read,page,n=10", 10, 3, one);
	assert_int_equal(plot_cost.write(&plot, &err), 0);
	assert_true(pread(plot_file_fd(&plot, "lines.tsv"), text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "\n1\t200\t150\t250\n"));
	assert_non_null(strstr(text, "\n10\t8\t8\t8\n"));
	for (size_t i = 0; i < plot.nr_files; i++)
		close(plot.files[i].fd);
	results_free(&(struct results){ .items = results.items, .nr = results.nr });
}

static void test_hit_rate(void **state)
{
	static const struct {
		uint64_t asked, slow;
		const char *text;
	} cases[] = {
		{ 16, 15, "6.25 %" },
		{ 1, 0, "100 %" },
		{ 1, 1, "0 %" },
		{ 512, 1, "99.8 %" },
		{ 16, 1, "93.75 %" },
		{ 1 << 20, 1, ">99.99 %" },
		{ 1 << 20, (1 << 20) - 1, "<0.01 %" },
		{ 3, 1, "66.67 %" },
	};
	struct results results = { 0 };
	struct result *result = add_time(&results, "p,l,s,read,page,n=1", 1, 5);
	double rate;
	char text[32];

	(void)state;
	set_count(result, COUNT_SLOW_PAGES, 0);
	assert_false(result_hit_rate(result, &rate)); /* pages asked unknown */
	set_count(result, COUNT_REQUESTED_PAGES, 0);
	assert_false(result_hit_rate(result, &rate)); /* never entered */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_count(result, COUNT_REQUESTED_PAGES, cases[i].asked);
		set_count(result, COUNT_SLOW_PAGES, cases[i].slow);
		assert_true(result_hit_rate(result, &rate));
		rate_format(rate, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	set_count(result, COUNT_REQUESTED_PAGES, 1);
	set_count(result, COUNT_SLOW_PAGES, 2);
	assert_false(result_hit_rate(result, &rate)); /* the counts contradict each other */
	results_free(&results);
}

/* What entries of the slow path prove: each left the pages of its call at the most, and the largest
 * calls may be those. */
static void test_hit_range(void **state)
{
	static const struct {
		uint64_t pages, per_call, cut, slow_calls;
		double least;
		const char *text;
	} cases[] = {
		{ 64, 4, 0, 0, 1, "100 %" },
		{ 64, 4, 0, 1, 0.9375, ">= 93.75 %" },
		{ 64, 4, 0, 16, 0, ">= 0 %" },
		{ 64, 4, 0, 17, 0, ">= 0 %" },
		{ 5, 2, 0, 2, 0.2, ">= 20 %" },
		{ 5, 2, 0, 3, 0, ">= 0 %" },
		{ 512, 512, 256, 1, 0.5, ">= 50 %" },
		{ 512, 512, 1024, 1, 0, ">= 0 %" },
		{ 3, 1, 0, 1, 2 / 3.0, ">= 66.66 %" },
		{ 1 << 20, 1, 0, 1, 1 - 0x1p-20, ">= 99.99 %" },
	};
	struct hit_rate range;
	char text[48];
	double rate;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct results results = { 0 };
		struct result *result =
			add_time(&results, "p,l,s,read,page,n=1", cases[i].pages, 5);

		result->params.pages_per_call = cases[i].per_call;
		assert_false(result_hit_range(result, &range)); /* nothing was counted */
		set_count(result, COUNT_SLOW_CALLS, cases[i].slow_calls);
		if (cases[i].cut)
			fact_number(&result->truth, (int64_t)cases[i].cut, "gup_call_pages");
		assert_true(result_hit_range(result, &range));
		assert_true(fabs(range.least - cases[i].least) < 1e-12 && range.most == 1 &&
			    range.by == COUNT_SLOW_CALLS);
		hit_rate_format(&range, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		assert_int_equal(result_hit_rate(result, &rate), cases[i].slow_calls == 0);
		/* pages, where they were counted, know better */
		set_count(result, COUNT_REQUESTED_PAGES, 4);
		set_count(result, COUNT_SLOW_PAGES, 1);
		assert_true(result_hit_range(result, &range) && range.least == 0.75 &&
			    range.most == 0.75 && range.by == COUNT_SLOW_PAGES);
		results_free(&results);
	}
}

static void test_units(void **state)
{
	static const struct {
		bool icount;
		double ticks, other;
		const char *text;
	} cases[] = {
		{ false, 0, 0, "0 ns" },
		{ false, 41, 41, "41 ns" },
		{ false, 41.5, 41.5, "41.50 ns" },
		{ false, 999, 999, "999 ns" },
		{ false, 1000, 1000, "1.000 us" },
		{ false, 12345, 12345, "12.35 us" },
		{ false, 123456, 123456, "123.5 us" },
		{ false, 1234567, 1234567, "1.235 ms" },
		{ false, 2.5e9, 2.5e9, "2.500 s" },
		{ false, 3402, 12310, "3.402 us" },
		{ false, 916, 2563, "0.916 us" },
		{ false, 40, 250000, "40 ns" },
		{ false, -6160, 60000, "-6.160 us" },
		{ true, 916, 916, "916 instr" },
		{ true, 12345, 12345, "12.35 k instr" },
		{ true, 1.5e6, 1.5e6, "1.500 M instr" },
	};
	char text[48];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double most = cases[i].ticks > cases[i].other ? cases[i].ticks : cases[i].other;
		double least = cases[i].ticks < cases[i].other ? cases[i].ticks : cases[i].other;
		struct unit unit = unit_for(cases[i].icount, most, least);

		ticks_format(&unit, cases[i].ticks, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void test_headings(void **state)
{
	struct results results = { 0 };
	const struct results *reports[] = { &results };
	struct params common;
	char text[160];

	(void)state;
	add_time(&results, "p,base,shared,read,head,n=1,size=4M,cpu=2", 1, 5);
	add_time(&results, "p,thp-2M,shared,read,head,n=1", 1, 5);
	common_find(&common, reports, 1);
	common_format(&common, text, sizeof(text));
	assert_string_equal(text, "pinner p, state shared, access read, window head");
	group_format(&results.items[1].params, &common, text, sizeof(text));
	assert_string_equal(text, "thp-2M");
	common.layout[0] = common.state[0] = '\0';
	groups_format(&results.items[0].params, &results.items[1].params, &common, text,
		      sizeof(text));
	assert_string_equal(text, "base -> thp-2M, shared");
	extras_format(results.items[0].key, text, sizeof(text));
	assert_string_equal(text, "size=4M cpu=2");
	extras_format(results.items[1].key, text, sizeof(text));
	assert_string_equal(text, "");
	results_free(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_comparable),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_side),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_unshare),
		cmocka_unit_test(test_unshare_one_metric),
		cmocka_unit_test(test_unshare_grain),
		cmocka_unit_test(test_summary_text),
		cmocka_unit_test(test_unshare_pairs),
		cmocka_unit_test(test_unshare_seeds),
		cmocka_unit_test(test_cost_format),
		cmocka_unit_test(test_metric_whole),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_summary_of_boots),
		cmocka_unit_test(test_summary_of_one_run),
		cmocka_unit_test(test_cost_picture),
		cmocka_unit_test(test_hit_rate),
		cmocka_unit_test(test_hit_range),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_headings),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}

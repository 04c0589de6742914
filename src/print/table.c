// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "print/fields.h"
#include "print/grid.h"
#include "print/heading.h"
#include "stats/summary.h"

void table_add_case(struct grid *grid, const struct result *result)
{
	char extras[64], pages[24];

	pages_format(result, pages, sizeof(pages));
	extras_format(result->key, extras, sizeof(extras));
	grid_add(grid, "%s", result->params.window);
	grid_add(grid, "%s", pages);
	grid_add(grid, "%s", extras);
}

/* Counts that are a column of their own: not those in the hit rate, unless it is made of nothing
 * else. */
static const struct {
	enum count count;
	const char *heading;
} count_columns[] = {
	{ COUNT_SLOW_CALLS, "slow calls" },   { COUNT_FAULTS, "faults" },
	{ COUNT_UNSHARE_FAULTS, "unshared" }, { COUNT_COPIED_PAGES, "copied" },
	{ COUNT_REUSED_PAGES, "reused" },     { COUNT_SPLIT_THPS, "split" },
};

#define NR_COUNT_COLUMNS (sizeof(count_columns) / sizeof(count_columns[0]))

void table_add_count(struct grid *grid, const struct result *result, enum count count)
{
	if (count_known(result, count))
		grid_add(grid, "%" PRIu64, result->counts.value[count]);
	else
		grid_add(grid, "%s", "");
}

static void add_time(struct grid *grid, const struct results *results, const struct result *result,
		     enum metric metric)
{
	struct summary summary;
	struct unit unit;
	char text[64] = "";

	if (result_summary(result, metric, &summary)) {
		unit = unit_for(results->icount, summary.median, summary.median);
		summary_format(&unit, &summary, text, sizeof(text));
	}
	grid_add(grid, "%s", text);
}

static void add_per_page(struct grid *grid, const struct results *results,
			 const struct result *result, enum metric metric)
{
	uint64_t pages = result_pages(result);
	struct summary summary;
	struct unit unit;
	char text[64] = "";

	if (pages > 0 && result_summary(result, metric, &summary)) {
		unit = unit_for(results->icount, summary.median / pages, 0);
		ticks_format(&unit, summary.median / pages, text, sizeof(text));
	}
	grid_add(grid, "%s", text);
}

static void add_throughput(struct grid *grid, const struct results *results,
			   const struct result *result, enum metric metric)
{
	struct summary summary;
	double rate = 0;
	char text[32] = "";

	if (result_summary(result, metric, &summary))
		rate = result_throughput(results, result, metric, summary.median);
	if (rate > 0)
		throughput_format(rate, text, sizeof(text));
	grid_add(grid, "%s", text);
}

/* "2.91 .. 3.18 us": the quartiles of the samples where one run is all there is, which must not
 * look like a spread of runs. */
static void add_samples(struct grid *grid, const struct results *results,
			const struct result *result, enum metric metric)
{
	char low[48], high[48], text[100] = "";
	struct summary summary;
	struct unit unit;

	if (result_samples_of_one_run(result, metric, &summary)) {
		unit = unit_for(results->icount, summary.median, summary.median);
		ticks_format(&unit, summary.q1, low, sizeof(low));
		ticks_format(&unit, summary.q3, high, sizeof(high));
		low[strcspn(low, " ")] = '\0';
		snprintf(text, sizeof(text), "%s .. %s", low, high);
	}
	grid_add(grid, "%s", text);
}

/* Where entries of the slow path were counted, and not its pages. */
static bool rate_from_calls(const struct result *result)
{
	struct hit_rate range;

	return result_hit_range(result, &range) && range.by == COUNT_SLOW_CALLS;
}

static void add_notes(struct grid *grid, const struct result *result, struct footnotes *notes)
{
	char text[64] = "", rate[200];

	if (rate_from_calls(result)) {
		snprintf(rate, sizeof(rate),
			 "the hit rate is what the slow calls prove, which %.24s counted: each "
			 "left at most the pages "
			 "of its call to ordinary GUP",
			 result->counts.observer[COUNT_SLOW_CALLS]);
		snprintf(text, sizeof(text), "[%zu]", footnote(notes, rate));
	}
	for (size_t i = 0; i < result->nr_warnings && strlen(text) < sizeof(text) - 8; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "[%zu]",
			 footnote(notes, result->warnings[i]));
	grid_add(grid, "%s", text);
}

/* What the rows under one heading show. */
struct block {
	const struct params *params; /* of its first row */
	unsigned int counts;         /* bits of count_columns */
	enum metric metric;          /* of the last columns: results_pin_metric() of all rows */
};

static void add_row(struct grid *grid, const struct results *results, const struct result *result,
		    const struct block *block, const char *layout, struct footnotes *notes)
{
	uint64_t pages = result_pages(result);
	struct hit_rate rate;
	char text[32];

	grid_add(grid, "%s", layout);
	table_add_case(grid, result);
	if (pages > 0)
		grid_add(grid, "%" PRIu64, pages);
	else
		grid_add(grid, "%s", "");
	text[0] = '\0';
	if (result_hit_range(result, &rate))
		hit_rate_format(&rate, text, sizeof(text));
	grid_add(grid, "%s", text);
	for (size_t i = 0; i < NR_COUNT_COLUMNS; i++) {
		if (block->counts >> i & 1)
			table_add_count(grid, result, count_columns[i].count);
		else
			grid_add(grid, "%s", "");
	}
	for (unsigned int i = 0; i < NR_METRICS; i++)
		add_time(grid, results, result, i);
	add_samples(grid, results, result, block->metric);
	add_per_page(grid, results, result, block->metric);
	add_throughput(grid, results, result, block->metric);
	result_replication(result, block->metric, text, sizeof(text));
	grid_add(grid, "%s", text);
	add_notes(grid, result, notes);
}

/* Cases of one heading: the layout is a column. */
static bool same_block(const struct params *a, const struct params *b)
{
	return strcmp(a->pinner, b->pinner) == 0 && strcmp(a->state, b->state) == 0 &&
	       strcmp(a->access, b->access) == 0;
}

/* Columns of counts that are zero wherever they are known say nothing and take room. */
static struct block block_of(const struct results *results, const struct params *params)
{
	autofree const struct result **rows = calloc(results->nr, sizeof(*rows));
	struct block block = { .params = params };
	size_t nr = 0;

	if (!rows)
		abort();
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];

		if (result->status != STATUS_DONE || !same_block(params, &result->params))
			continue;
		rows[nr++] = result;
		for (size_t j = 0; j < NR_COUNT_COLUMNS; j++)
			if (count_columns[j].count == COUNT_SLOW_CALLS
				    ? rate_from_calls(result)
				    : count_known(result, count_columns[j].count) &&
					      result->counts.value[count_columns[j].count])
				block.counts |= 1u << j;
	}
	results_pin_metric(rows, nr, &block.metric);
	return block;
}

static void add_heading(struct grid *grid, enum metric metric)
{
	grid_add(grid, "layout");
	grid_add(grid, "window");
	grid_add(grid, "per call");
	grid_add(grid, "%s", "");
	grid_add(grid, "pages");
	grid_add(grid, "hit rate");
	for (size_t i = 0; i < NR_COUNT_COLUMNS; i++)
		grid_add(grid, "%s", count_columns[i].heading);
	for (size_t i = 0; i < NR_METRICS; i++)
		grid_add(grid, "%s", metric_names[i]);
	grid_add(grid, "samples' quartiles");
	grid_add(grid, "%s/page", metric_names[metric]);
	grid_add(grid, "throughput");
	grid_add(grid, "n");
	grid_add(grid, "%s", "");
}

/* Columns that others say too, or that are only of use beside another result; the first to go is
 * the first that is left out where the terminal is narrow. */
static void fit(struct grid *grid)
{
	enum {
		COLUMN_PAGES = 4,
		COLUMN_PIN = 6 + NR_COUNT_COLUMNS,
		COLUMN_SAMPLES = COLUMN_PIN + NR_METRICS
	};
	static const size_t order[] = { COLUMN_PAGES, COLUMN_SAMPLES, COLUMN_SAMPLES + 1,
					COLUMN_SAMPLES + 2, COLUMN_PIN + METRIC_CYCLE };
	bool others = false;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (!grid->look->columns || grid_width(grid) + 2 <= grid->look->columns)
			return;
		for (size_t row = 1; row < grid_nr_rows(grid); row++)
			others = others || *grid->cells[row * grid->nr_columns + COLUMN_PIN];
		/* the cycle is all there is of a pinner that cannot tell pin from unpin */
		if (order[i] != COLUMN_PIN + METRIC_CYCLE || others)
			grid_drop(grid, order[i]);
	}
}

/* All done cases with the pinner, state and access of the first, layout by layout. */
static void print_block(FILE *out, const struct look *look, const struct results *results,
			size_t first, const struct params *common, bool *printed,
			struct footnotes *notes)
{
	struct block block = block_of(results, &results->items[first].params);
	struct params heading = *block.params;
	struct grid grid;
	char title[256], text[32];
	const char *entry;

	heading.layout[0] = '\0';
	group_format(&heading, common, title, sizeof(title));
	grid_init(&grid, look, "llrlrrrrrrrrrrrrrrll");
	add_heading(&grid, block.metric);
	for (size_t i = first; i < results->nr; i++) {
		const char *layout = results->items[i].params.layout, *shown = layout;

		for (size_t j = i; j < results->nr; j++) {
			const struct result *result = &results->items[j];

			if (printed[j] || result->status != STATUS_DONE ||
			    !same_block(block.params, &result->params) ||
			    strcmp(layout, result->params.layout))
				continue;
			printed[j] = true;
			add_row(&grid, results, result, &block, *common->layout ? "" : shown,
				notes);
			shown = "";
		}
	}
	fputc('\n', out);
	entry = fact_value(&results->items[first].truth, "entry", text, sizeof(text));
	if (*title || entry) {
		fputs(look_bold(look), out);
		look_print(look, out, title);
		fputs(look_end(look), out);
		/* the kernel function behind the interface decides what the numbers mean */
		if (entry) {
			fprintf(out, "%s%sreaches ", *title ? ": " : "", look_dim(look));
			look_print(look, out, entry);
			fputs(look_end(look), out);
		}
		fputc('\n', out);
	}
	fit(&grid);
	grid_print(&grid, out, "  ");
	grid_free(&grid);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_reason(const struct result *a, const struct result *b)
{
	return a->status == b->status && same_text(a->why, b->why) && same_text(a->fix, b->fix);
}

void table_print_undone(FILE *out, const struct look *look, const struct results *results,
			const char *whose)
{
	autofree bool *printed = calloc(results->nr + 1, sizeof(*printed));

	if (!printed)
		abort();
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];
		size_t nr = 0;

		if (result->status == STATUS_DONE || printed[i])
			continue;
		for (size_t j = i; j < results->nr; j++) {
			if (same_reason(result, &results->items[j])) {
				printed[j] = true;
				nr++;
			}
		}
		fprintf(out, "\n%s%s%s", whose, status_names[result->status], nr == 1 ? ": " : "");
		if (nr > 1)
			fprintf(out, ", %zu cases, the first ", nr);
		look_print(look, out, result->key);
		fputs("\n  ", out);
		look_print(look, out, result->why ? result->why : "no reason given");
		if (result->fix) {
			fputs("\n  to enable: ", out);
			look_print(look, out, result->fix);
		}
		fputc('\n', out);
	}
}

/* What is left of a time when nothing is pinned. */
static void floor_print(FILE *out, const struct look *look, const struct results *results)
{
	const struct fact *floor = fact_find(&results->environment, "harness.floor_ticks");
	struct unit unit;
	char text[48];

	if (!floor || floor->kind != FACT_NUMBER || floor->number < 0)
		return;
	unit = unit_for(results->icount, (double)floor->number, (double)floor->number);
	ticks_format(&unit, (double)floor->number, text, sizeof(text));
	fputs("floor of the harness, in every time: ", out);
	look_print(look, out, text);
	fputc('\n', out);
}

/* How to read the times: what is said of the spread depends on what there is. */
static void print_legend(FILE *out, const struct look *look, const struct results *results)
{
	bool one = false, several = false;
	struct summary summary;
	char text[400];

	for (size_t i = 0; i < results->nr; i++) {
		for (unsigned int metric = 0;
		     results->items[i].status == STATUS_DONE && metric < NR_METRICS; metric++) {
			if (!result_summary(&results->items[i], metric, &summary))
				continue;
			one = one || summary.nr == 1;
			several = several || summary.nr > 1;
		}
	}
	snprintf(text, sizeof(text), "%s: %s%s; lower is better",
		 results->icount ? "guest instructions" : "times",
		 several ? "median of the medians of the runs ± half the distance of their "
			   "quartiles"
			 : "median of the samples",
		 !one ? ""
		 : several
			 ? "; of a single run there is no spread, only the quartiles of its samples"
			 : " of a single run; how far runs are apart is not known, only the "
			   "quartiles of its samples");
	look_wrap(look, out, 0, 2, text);
}

void table_print(FILE *out, const struct look *look, const struct results *results)
{
	autofree bool *printed = calloc(results->nr + 1, sizeof(*printed));
	struct footnotes notes = { 0 };
	struct params common;
	char text[512];
	size_t nr_done = 0, nr_rates = 0;
	struct hit_rate rate;

	if (!printed)
		abort();
	machine_format(results, text, sizeof(text));
	fputs(look_bold(look), out);
	look_print(look, out, results->label);
	fputs(look_end(look), out);
	if (*text) {
		fputs(": ", out);
		look_print(look, out, text);
	}
	fprintf(out, "%s\n", results->complete ? "" : " (interrupted: not every case is here)");
	common_find(&common, &results, 1);
	common_format(&common, text, sizeof(text));
	if (*text) {
		fputs("all cases: ", out);
		look_print(look, out, text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < results->nr; i++) {
		nr_done += results->items[i].status == STATUS_DONE;
		nr_rates += result_hit_range(&results->items[i], &rate);
	}
	if (nr_rates)
		fputs("hit rate: pages that GUP-fast pinned itself, of those asked\n", out);
	if (nr_done) {
		print_legend(out, look, results);
		if (emulated_note(results))
			fputs(emulated_note(results), out);
		floor_print(out, look, results);
	}
	results_partial_format(results, text, sizeof(text));
	if (*text)
		look_wrap(look, out, 0, 2, text);
	for (size_t i = 0; i < results->nr; i++)
		if (!printed[i] && results->items[i].status == STATUS_DONE)
			print_block(out, look, results, i, &common, printed, &notes);
	for (size_t i = 0; i < notes.nr; i++) {
		fprintf(out, "%s  [%zu] ", i == 0 ? "\n" : "", i + 1);
		look_print(look, out, notes.texts[i]);
		fputc('\n', out);
	}
	footnotes_free(&notes);
	table_print_unshare(out, look, results);
	table_print_undone(out, look, results, "");
}

/* What unsharing cost in one report, both terms shown. */

/* "-3.100": of an interval, whose unit stands once. */
static void end_format(const struct unit *unit, double ticks, bool sign, char *text, size_t size)
{
	ticks_format(unit, ticks, text, size);
	text[strcspn(text, " ")] = '\0';
	if (sign && ticks > 0) {
		memmove(text + 1, text, strlen(text) + 1);
		text[0] = '+';
	}
}

void cost_format(const struct cost *cost, const struct unit *unit, char *text, size_t size)
{
	char low[48], high[48];

	if (cost->lack != COST_KNOWN) {
		ticks_format(unit, cost->value, text, size);
		return;
	}
	end_format(unit, cost->interval.low, cost->zero, low, sizeof(low));
	end_format(unit, cost->interval.high, cost->zero, high, sizeof(high));
	if (cost->zero) {
		snprintf(text, size, "not distinguishable from 0 (%s .. %s %s)", low, high,
			 unit->name);
		return;
	}
	ticks_format(unit, cost->value, text, size);
	snprintf(text + strlen(text), size - strlen(text), " (%s .. %s)", low, high);
}

const char *cost_legend(const struct unshare_list *list)
{
	bool known = false;

	for (size_t i = 0; i < list->nr; i++)
		known = known || list->items[i].cost.lack == COST_KNOWN;
	if (list->icount)
		return known ? "in brackets: from the least to the most of the seeds"
			     : "fewer than 8 placements of memory: no interval, so a cost may be "
			       "none";
	if (known)
		return "in brackets: 95 % interval over the runs";
	for (size_t i = 0; i < list->nr; i++)
		if (list->items[i].cost.lack == COST_FEW_RUNS)
			return "too few runs for an interval (6 of one order, or 4 a side): a cost "
			       "may be noise";
	return "one run: no interval, so what a cost is below the noise is not known";
}

static struct unit cost_unit(bool icount, const struct cost *cost)
{
	double size = fabs(cost->value);

	if (cost->lack == COST_KNOWN && cost->zero)
		size = fmax(fabs(cost->interval.low), fabs(cost->interval.high));
	return unit_for(icount, size, 0);
}

void fit_format(const struct results *results, const struct unshare_list *list, size_t index,
		char *text, size_t size)
{
	struct unshare_line fit;
	struct unit unit;
	char fixed[160], slope[160];

	text[0] = '\0';
	if (unshare_fit(list, index, &fit))
		return;
	unit = cost_unit(results->icount, &fit.fixed);
	cost_format(&fit.fixed, &unit, fixed, sizeof(fixed));
	unit = cost_unit(results->icount, &fit.slope);
	cost_format(&fit.slope, &unit, slope, sizeof(slope));
	snprintf(text, size, "%s + %s per page (", fixed, slope);
	if (fit.line.nr_x == 2)
		snprintf(text + strlen(text), size - strlen(text), "only two sizes)");
	else
		snprintf(text + strlen(text), size - strlen(text), "%zu points, r2 %.3f%s)",
			 fit.line.nr, fit.line.r2,
			 fit.line.r2 < 0.9 ? ", not a straight line" : "");
}

void table_print_unshare(FILE *out, const struct look *look, const struct results *results)
{
	struct unshare_list list;
	struct grid grid;

	unshare_find(&list, results);
	if (list.nr == 0)
		goto out;
	fprintf(out,
		"\n%sunshare cost%s: the pin that unshares, minus the pin of the same pages in "
		"exclusive-ro\n",
		look_bold(look), look_end(look));
	fprintf(out, "  %s\n", cost_legend(&list));
	for (size_t i = 0; i < list.nr; i++) {
		const struct unshare *unshare = &list.items[i];
		struct unit unit = unit_for(results->icount, fabs(unshare->with_ticks),
					    fabs(unshare_ticks(unshare)));
		char title[256], text[400];

		if (i == 0 || !unshare_same_series(unshare, &list.items[i - 1])) {
			group_format(&unshare->with->params, &(struct params){ 0 }, title,
				     sizeof(title));
			fputs("  ", out);
			look_print(look, out, title);
			fputc('\n', out);
			grid_init(&grid, look, "lrlrrrrr");
			grid_add(&grid, "window");
			grid_add(&grid, "per call");
			grid_add(&grid, "%s", "");
			grid_add(&grid, "copied");
			grid_add(&grid, "reused");
			grid_add(&grid, "%s", metric_names[unshare->metric]);
			grid_add(&grid, "- exclusive-ro");
			grid_add(&grid, "= unshare");
		}
		table_add_case(&grid, unshare->with);
		table_add_count(&grid, unshare->with, COUNT_COPIED_PAGES);
		table_add_count(&grid, unshare->with, COUNT_REUSED_PAGES);
		ticks_format(&unit, unshare->with_ticks, text, sizeof(text));
		grid_add(&grid, "%s", text);
		ticks_format(&unit, unshare->without_ticks, text, sizeof(text));
		grid_add(&grid, "%s", text);
		cost_format(&unshare->cost, &unit, text, sizeof(text));
		grid_add(&grid, "%s", text);
		if (i + 1 < list.nr && unshare_same_series(unshare, &list.items[i + 1]))
			continue;
		grid_print(&grid, out, "    ");
		grid_free(&grid);
		fit_format(results, &list, i, text, sizeof(text));
		if (*text) {
			fputs("    fitted: ", out);
			look_wrap(look, out, 12, 6, text);
		}
	}
out:
	unshare_list_free(&list);
}

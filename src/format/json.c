// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for programs: docs/comparison-1.schema.json. One row a line; what is not known is
 * left out. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "compare/side.h"
#include "format/format.h"
#include "print/fields.h"
#include "print/heading.h"
#include "print/public.h"
#include "stats/summary.h"
#include "verdict/unshare.h"

#define COMPARISON_SCHEMA "urn:pinbench:comparison:1"

static void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		abort();
}

/* A label may come from the command line, where it is bytes. */
static json_t *text_json(const char *text)
{
	autofree char *copy = strdup(text);

	if (!copy)
		abort();
	text_plain(copy);
	public_text(copy, NULL);
	return json_string(copy);
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text && *text)
		set(object, name, text_json(text));
}

static void set_count(json_t *object, const char *name, uint64_t number)
{
	if (number)
		set(object, name, json_integer((json_int_t)number));
}

static void set_number(json_t *object, const char *name, double number)
{
	if (isnan(number))
		return;
	if (number == rint(number) && fabs(number) < 0x1p53)
		set(object, name, json_integer((json_int_t)number));
	else
		set(object, name, json_real(number));
}

/* {"base": 1, "new": 2}, or nothing. */
static void set_sides(json_t *object, const char *name, const double *numbers)
{
	json_t *sides = json_object();

	set_number(sides, "base", numbers[0]);
	set_number(sides, "new", numbers[1]);
	if (json_object_size(sides))
		set(object, name, sides);
	else
		json_decref(sides);
}

/* Takes @value. */
static void put(FILE *out, const char *before, json_t *value, const char *after)
{
	autofree char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
				    : NULL;

	if (!text)
		abort();
	json_decref(value);
	fputs(before, out);
	fputs(text, out);
	fputs(after, out);
}

static json_t *fact_json(const struct fact *fact)
{
	return fact->kind == FACT_TEXT   ? text_json(fact->text)
	       : fact->kind == FACT_BOOL ? json_boolean(fact->number)
					 : json_integer(fact->number);
}

static json_t *side_json(const struct results *results, size_t nr_runs)
{
	json_t *object = json_object(), *command = json_array();
	char text[512] = "";

	set(object, "label", text_json(results->label));
	set_text(object, "tool_version", results->tool_version);
	set_text(object, "started", results->started);
	set(object, "complete", json_boolean(results->complete));
	set_text(object, "imported", results->imported);
	set_text(object, "kernel",
		 fact_value(&results->environment, "kernel.release", text, sizeof(text)));
	hardware_format(results, text, sizeof(text));
	set_text(object, "machine", text);
	set(object, "run", json_string(results_run_word(results, 1)));
	set(object, "runs", json_integer((json_int_t)nr_runs));
	for (char **word = results->command; word && *word; word++)
		if (json_array_append_new(command, text_json(*word)))
			abort();
	set(object, "command", command);
	return object;
}

static json_t *change_json(const struct change *change)
{
	json_t *object = json_object();

	set_text(object, "name", change->base ? change->base->name : change->new->name);
	if (change->base)
		set(object, "base", fact_json(change->base));
	if (change->new)
		set(object, "new", fact_json(change->new));
	set(object, "noise", json_boolean(change->noise));
	return object;
}

static json_t *params_json(const struct params *params)
{
	json_t *object = json_object();

	set_text(object, "pinner", params->pinner);
	set_text(object, "layout", params->layout);
	set_text(object, "state", params->state);
	set_text(object, "access", params->access);
	set_text(object, "window", params->window);
	if (params->bytes)
		set(object, "offset", json_integer((json_int_t)params->offset));
	set_count(object, "bytes", params->bytes);
	set_count(object, "pages_per_call", params->pages_per_call);
	set_count(object, "region_bytes", params->region_bytes);
	return object;
}

/* What a cost is made of. */
static json_t *components_json(const struct row *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < NR_COST_PARTS; i++) {
		const struct cost_part_value *part = &row->cost.part[i];
		json_t *one = json_object();

		set_number(one, "base", part->value[0]);
		set_number(one, "new", part->value[1]);
		set_text(one, "verdict", verdict_names[part->word]);
		set(object, cost_part_names[i], one);
	}
	return object;
}

static json_t *row_json(const struct row *row, const struct verdicts *verdicts)
{
	struct row_numbers numbers = row_numbers(row);
	json_t *object = json_object();
	double throughput[2];
	char note[256];

	set_text(object, "key", row->base->key);
	set(object, "params", params_json(&row->base->params));
	if (strcmp(row->base->key, row->new->key)) {
		set_text(object, "new_key", row->new->key);
		set(object, "new_params", params_json(&row->new->params));
	}
	set_text(object, "metric", row_field(row));
	set_text(object, "kind", kind_names[row->kind]);
	set_text(object, "unit", row_unit(row, verdicts));
	set_text(object, "better", row_better(row));
	set_text(object, "design", design_names[row->design]);
	set_sides(object, "runs", (double[]){ (double)row->nr[0], (double)row->nr[1] });
	set_sides(object, "value", numbers.value);
	set_sides(object, "least", numbers.least);
	set_sides(object, "spread", numbers.spread);
	row_throughput(row, verdicts, throughput);
	set_sides(object, "bytes_per_second", throughput);
	set_number(object, "change", numbers.change);
	set_number(object, "change_low", numbers.low);
	set_number(object, "change_high", numbers.high);
	set_number(object, "p", numbers.p);
	set_number(object, "alpha", numbers.alpha);
	set_text(object, "verdict", verdict_names[row->verdict]);
	if (row->kind == ROW_COST)
		set(object, "components", components_json(row));
	set(object, "control", json_boolean(row->control));
	set(object, "redundant", json_boolean(row->redundant));
	set_count(object, "need", row->need);
	row_note(row, verdicts, note, sizeof(note));
	set_text(object, "note", note);
	return object;
}

static json_t *other_json(const struct pair *pair)
{
	json_t *object = json_object();

	set_text(object, "key", pair->base ? pair->base->key : pair->new->key);
	if (pair->base) {
		set_text(object, "base", status_names[pair->base->status]);
		set_text(object, "base_why", pair->base->why);
	}
	if (pair->new) {
		set_text(object, "new", status_names[pair->new->status]);
		set_text(object, "new_why", pair->new->why);
	}
	return object;
}

static json_t *remarks_json(const struct comparable *comparable)
{
	const struct remark_list *lists[] = { &comparable->refusals, &comparable->differences,
					      &comparable->unknowns };
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->nr; j++)
			if (json_array_append_new(array, text_json(lists[i]->texts[j])))
				abort();
	return array;
}

static json_t *tally_json(const struct verdicts *verdicts)
{
	json_t *object = json_object();

	/* those that only the icount lane has are left out elsewhere */
	for (size_t i = 0; i < NR_VERDICTS; i++)
		if (i < VERDICT_FEWER || verdicts->nr_of[i])
			set(object, verdict_names[i], json_integer((json_int_t)verdicts->nr_of[i]));
	return object;
}

static json_t *cost_json(const struct unshare *unshare, const char *side,
			 const struct results *results)
{
	const struct cost *cost = &unshare->cost;
	json_t *object = json_object();

	set_text(object, "key", unshare->with->key);
	set_text(object, "without_key", unshare->without->key);
	set_text(object, "side", side);
	set_text(object, "metric", metric_names[unshare->metric]);
	set_text(object, "unit", results_unit(results));
	set_count(object, "pages", unshare->nr_pages);
	set_number(object, "with", unshare->with_ticks);
	set_number(object, "without", unshare->without_ticks);
	set_number(object, "cost", cost->value);
	if (cost->lack == COST_KNOWN) {
		set_number(object, "cost_low", cost->interval.low);
		set_number(object, "cost_high", cost->interval.high);
		set(object, "distinguishable", json_boolean(!cost->zero));
	}
	return object;
}

/* Behind the rows: of each side, where both count in one unit, if there is any. */
static void put_unshare(FILE *out, const struct comparison *comparison)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	const char *separator = "],\n  \"unshare\": [\n  ";

	for (size_t side = 0; side < 2 && reports[0]->icount == reports[1]->icount; side++) {
		struct unshare_list list;

		unshare_find(&list, reports[side]);
		for (size_t i = 0; i < list.nr; i++, separator = ",\n  ")
			put(out, separator,
			    cost_json(&list.items[i], side ? "new" : "base", reports[side]), "");
		unshare_list_free(&list);
	}
}

/* Each of its many members on a line of its own, and never all of them in memory. */
static void put_comparison(FILE *out, const struct comparison *comparison)
{
	const struct verdicts *verdicts = &comparison->verdicts;
	const char *separator = "\n  ";

	put(out, " {\"new\": ", side_json(comparison->new, verdicts->nr_runs[1]), ",\n");
	put(out, "  \"remarks\": ", remarks_json(&comparison->comparable), ",\n");
	put(out, "  \"interleaved\": ", json_boolean(verdicts->paired), ",\n");
	put(out, "  \"rows_tested\": ", json_integer((json_int_t)verdicts->nr_tested), ",\n");
	if (verdicts->need)
		put(out, "  \"need\": ", json_integer((json_int_t)verdicts->need), ",\n");
	put(out, "  \"verdicts\": ", tally_json(verdicts), ",\n");
	fputs("  \"environment\": [", out);
	for (size_t i = 0; i < comparison->nr_changes; i++, separator = ",\n  ")
		put(out, separator, change_json(&comparison->changes[i]), "");
	fputs("],\n  \"rows\": [", out);
	separator = "\n  ";
	for (size_t i = 0; i < verdicts->nr; i++) {
		if (!verdicts->rows[i].shown)
			continue;
		put(out, separator, row_json(&verdicts->rows[i], verdicts), "");
		separator = ",\n  ";
	}
	put_unshare(out, comparison);
	fputs("],\n  \"not_compared\": [", out);
	separator = "\n  ";
	for (size_t i = 0; i < comparison->nr_others; i++, separator = ",\n  ")
		put(out, separator, other_json(&comparison->others[i]), "");
	fputs("]}", out);
}

/* --- one result --- */

#define FIGURES_SCHEMA "urn:pinbench:figures:1"

/* @row: of a result with itself. */
static json_t *figure_json(const struct row *row, const struct verdicts *verdicts)
{
	struct row_numbers numbers = row_numbers(row);
	json_t *object = json_object();
	double throughput[2];
	char text[48];

	set_text(object, "key", row->base->key);
	set(object, "params", params_json(&row->base->params));
	set_text(object, "metric", row_field(row));
	set_text(object, "kind", kind_names[row->kind]);
	set_text(object, "unit", row_unit(row, verdicts));
	set_text(object, "better", row_better(row));
	if (row->kind == ROW_TIME || row->kind == ROW_TAIL) {
		set(object, "runs", json_integer((json_int_t)row->nr_measured[0]));
		result_replication(row->base, row->which, text, sizeof(text));
		set_text(object, "replication", text);
		set_count(object, "pages", result_pages(row->base));
	}
	set_number(object, "value", numbers.value[0]);
	set_number(object, "least", numbers.least[0]);
	set_number(object, "spread", numbers.spread[0]);
	row_throughput(row, verdicts, throughput);
	set_number(object, "bytes_per_second", throughput[0]);
	return object;
}

static json_t *undone_json(const struct result *result)
{
	json_t *object = json_object();

	set_text(object, "key", result->key);
	set_text(object, "status", status_names[result->status]);
	set_text(object, "why", result->why);
	set_text(object, "fix", result->fix);
	return object;
}

static void figures_print_json(FILE *out, const struct look *look, const struct side *side,
			       const struct comparison *itself)
{
	const struct verdicts *verdicts = &itself->verdicts;
	const struct results *results = &side->results;
	json_t *remarks = json_array();
	const char *separator = "\n  ";

	(void)look;
	for (size_t i = 0; i < side->remarks.nr; i++)
		if (json_array_append_new(remarks, text_json(side->remarks.texts[i])))
			abort();
	put(out, "{\"schema\": ", json_string(FIGURES_SCHEMA), ",\n");
	put(out, " \"result\": ", side_json(results, verdicts->nr_runs[0]), ",\n");
	put(out, " \"remarks\": ", remarks, ",\n");
	fputs(" \"rows\": [", out);
	for (size_t i = 0; i < verdicts->nr; i++) {
		if (!verdicts->rows[i].shown)
			continue;
		put(out, separator, figure_json(&verdicts->rows[i], verdicts), "");
		separator = ",\n  ";
	}
	fputs("],\n \"not_done\": [", out);
	separator = "\n  ";
	for (size_t i = 0; i < results->nr; i++) {
		if (results->items[i].status == STATUS_DONE)
			continue;
		put(out, separator, undone_json(&results->items[i]), "");
		separator = ",\n  ";
	}
	fputs("]}\n", out);
}

static void compare_print_json(FILE *out, const struct look *look,
			       const struct comparison *comparisons, size_t nr,
			       const struct compare_options *options)
{
	size_t most = 0;

	(void)look;
	for (size_t i = 0; i < nr; i++)
		most = comparisons[i].verdicts.nr_runs[0] > most
			       ? comparisons[i].verdicts.nr_runs[0]
			       : most;
	put(out, "{\"schema\": ", json_string(COMPARISON_SCHEMA), ",\n");
	put(out, " \"threshold\": ", json_real(options->rule.threshold), ",\n");
	put(out, " \"level\": ", json_real(options->rule.level), ",\n");
	put(out, " \"base\": ", side_json(comparisons[0].base, most), ",\n");
	fputs(" \"comparisons\": [\n", out);
	for (size_t i = 0; i < nr; i++) {
		put_comparison(out, &comparisons[i]);
		fputs(i + 1 < nr ? ",\n" : "]}\n", out);
	}
}

/* urn:pinbench:comparison:1. */
const struct format format_json = {
	.name = "json",
	.print = compare_print_json,
	.alone = figures_print_json,
};

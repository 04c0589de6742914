// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison as comma-separated values. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "compare/side.h"
#include "format/format.h"
#include "print/csv_field.h"
#include "print/fields.h"
#include "stats/summary.h"

/* What is said of both sides, in one field. */
static char *remarks_join(const struct comparable *comparable)
{
	const struct remark_list *lists[] = { &comparable->refusals, &comparable->differences,
					      &comparable->unknowns };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->nr; j++)
			fprintf(out, "%s%s", ftell(out) ? "; " : "", lists[i]->texts[j]);
	if (fclose(out))
		abort();
	return text;
}

static void put_row(FILE *out, const struct row *row, const struct verdicts *verdicts,
		    const char *remarks)
{
	const struct params *params = &row->base->params;
	struct row_numbers numbers = row_numbers(row);
	double throughput[2];
	char note[256];

	csv_text(out, verdicts->base->label, false);
	csv_text(out, verdicts->new->label, false);
	csv_text(out, row->base->key, false);
	csv_text(out, params->pinner, false);
	csv_text(out, params->layout, false);
	csv_text(out, params->state, false);
	csv_text(out, params->access, false);
	csv_text(out, params->window, false);
	csv_count(out, params->pages_per_call);
	csv_text(out, row_field(row), false);
	csv_text(out, kind_names[row->kind], false);
	csv_text(out, row_unit(row, verdicts), false);
	csv_text(out, row_better(row), false);
	csv_text(out, design_names[row->design], false);
	csv_count(out, row->nr[0]);
	csv_count(out, row->nr[1]);
	csv_number(out, numbers.value[0], false);
	csv_number(out, numbers.value[1], false);
	csv_number(out, numbers.spread[0], false);
	csv_number(out, numbers.spread[1], false);
	csv_number(out, numbers.change, false);
	csv_number(out, numbers.low, false);
	csv_number(out, numbers.high, false);
	csv_number(out, numbers.p, false);
	csv_number(out, numbers.alpha, false);
	csv_text(out, verdict_names[row->verdict], false);
	csv_text(out, row->control ? "yes" : "no", false);
	csv_text(out, row->redundant ? "yes" : "no", false);
	csv_count(out, row->need);
	row_note(row, verdicts, note, sizeof(note));
	csv_text(out, note, false);
	csv_text(out, strcmp(row->base->key, row->new->key) ? row->new->key : "", false);
	csv_text(out, remarks, false);
	csv_number(out, numbers.least[0], false);
	csv_number(out, numbers.least[1], false);
	row_throughput(row, verdicts, throughput);
	csv_number(out, throughput[0], false);
	csv_number(out, throughput[1], true);
}

static void compare_print_csv(FILE *out, const struct look *look,
			      const struct comparison *comparisons, size_t nr,
			      const struct compare_options *options)
{
	(void)look;
	(void)options;
	fputs("base,new,key,pinner,layout,state,access,window,pages_per_call,metric,kind,unit,"
	      "better,design,"
	      "base_runs,new_runs,base_value,new_value,base_spread,new_spread,change,change_low,"
	      "change_high,p,alpha,"
	      "verdict,control,redundant,need,note,new_key,remarks,base_least,new_least,"
	      "base_bytes_per_second,new_bytes_per_second\r\n",
	      out);
	for (size_t i = 0; i < nr; i++) {
		const struct verdicts *verdicts = &comparisons[i].verdicts;
		autofree char *remarks = remarks_join(&comparisons[i].comparable);

		for (size_t j = 0; j < verdicts->nr; j++)
			if (verdicts->rows[j].shown)
				put_row(out, &verdicts->rows[j], verdicts, remarks);
	}
}

/* A case of one result, to its status. */
static void put_case(FILE *out, const struct results *results, const struct result *result)
{
	const struct params *params = &result->params;

	csv_text(out, results->label, false);
	csv_text(out, result->key, false);
	csv_text(out, params->pinner, false);
	csv_text(out, params->layout, false);
	csv_text(out, params->state, false);
	csv_text(out, params->access, false);
	csv_text(out, params->window, false);
	csv_count(out, params->pages_per_call);
	csv_text(out, status_names[result->status], false);
}

/* @row: of a result with itself. */
static void put_figure(FILE *out, const struct row *row, const struct verdicts *verdicts)
{
	struct row_numbers numbers = row_numbers(row);
	bool timed = row->kind == ROW_TIME || row->kind == ROW_TAIL;
	double throughput[2];
	char text[48] = "";

	put_case(out, verdicts->base, row->base);
	csv_text(out, row_field(row), false);
	csv_text(out, kind_names[row->kind], false);
	csv_text(out, row_unit(row, verdicts), false);
	csv_text(out, row_better(row), false);
	csv_count(out, timed ? row->nr_measured[0] : 0);
	if (timed)
		result_replication(row->base, row->which, text, sizeof(text));
	csv_text(out, text, false);
	csv_count(out, timed ? result_pages(row->base) : 0);
	csv_number(out, numbers.value[0], false);
	csv_number(out, numbers.least[0], false);
	csv_number(out, numbers.spread[0], false);
	row_throughput(row, verdicts, throughput);
	csv_number(out, throughput[0], false);
	csv_text(out, "", true);
}

static void figures_print_csv(FILE *out, const struct look *look, const struct side *side,
			      const struct comparison *itself)
{
	const struct verdicts *verdicts = &itself->verdicts;
	const struct results *results = &side->results;

	(void)look;
	fputs("label,key,pinner,layout,state,access,window,pages_per_call,status,metric,kind,unit,"
	      "better,runs,replication,pages,value,least,spread,bytes_per_second,why\r\n",
	      out);
	for (size_t i = 0; i < verdicts->nr; i++)
		if (verdicts->rows[i].shown)
			put_figure(out, &verdicts->rows[i], verdicts);
	for (size_t i = 0; i < results->nr; i++) {
		if (results->items[i].status == STATUS_DONE)
			continue;
		put_case(out, results, &results->items[i]);
		for (size_t j = 0; j < 11; j++)
			csv_text(out, "", false);
		csv_text(out, results->items[i].why ? results->items[i].why : "", true);
	}
}

/* RFC 4180, a record for each row. */
const struct format format_csv = {
	.name = "csv",
	.print = compare_print_csv,
	.alone = figures_print_csv,
};

// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people: what it is of, how it came out, every row, unshare cost, what could not
 * be compared. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "print/heading.h"
#include "print/text_rows.h"
#include "stats/summary.h"

#define MAX_OTHERS   12u
#define MAX_WARNINGS 24u

static const char *side_status(const struct result *result)
{
	return result ? status_names[result->status] : "not there";
}

static void print_others(const struct text_print *print)
{
	const struct comparison *comparison = print->comparison;
	const struct look *look = print->look;
	FILE *out = print->out;

	if (comparison->nr_others == 0)
		return;
	fprintf(out, "\n%snot compared%s: %zu case%s\n", look_bold(look), look_end(look),
		comparison->nr_others, comparison->nr_others == 1 ? "" : "s");
	for (size_t i = 0; i < comparison->nr_others && i < MAX_OTHERS; i++) {
		const struct pair *pair = &comparison->others[i];
		const char *base_why = pair->base ? pair->base->why : NULL;
		const char *new_why = pair->new ? pair->new->why : NULL;

		fputs("  ", out);
		look_print(look, out, pair->base ? pair->base->key : pair->new->key);
		fputs("\n    ", out);
		look_print(look, out, print->style.names.base);
		fprintf(out, " %s, ", side_status(pair->base));
		look_print(look, out, print->style.names.new);
		fprintf(out, " %s", side_status(pair->new));
		if (base_why || new_why) {
			fputs(": ", out);
			look_print(look, out, base_why ? base_why : new_why);
		}
		if (base_why && new_why && strcmp(base_why, new_why)) {
			fputs(" | ", out);
			look_print(look, out, new_why);
		}
		fputc('\n', out);
	}
	if (comparison->nr_others > MAX_OTHERS)
		fprintf(out, "  and %zu more\n", comparison->nr_others - MAX_OTHERS);
}

struct warning {
	const char *text;
	const struct result *result; /* the first that has it */
	size_t place, nr;
};

static int by_text(const void *a, const void *b)
{
	const struct warning *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

static int by_place(const void *a, const void *b)
{
	const struct warning *left = a, *right = b;

	return (left->place > right->place) - (left->place < right->place);
}

/* Each text once, in the order of the file. */
static struct warning *warnings_of(const struct results *results, size_t *nr)
{
	struct warning *warnings;
	size_t room = 1, nr_all = 0;

	for (size_t i = 0; i < results->nr; i++)
		room += results->items[i].nr_warnings;
	warnings = calloc(room, sizeof(*warnings));
	if (!warnings)
		abort();
	for (size_t i = 0; i < results->nr; i++)
		for (size_t j = 0; j < results->items[i].nr_warnings; j++, nr_all++)
			warnings[nr_all] = (struct warning){ results->items[i].warnings[j],
							     &results->items[i], nr_all, 1 };
	qsort(warnings, nr_all, sizeof(*warnings), by_text);
	*nr = 0;
	for (size_t i = 0; i < nr_all; i++) {
		if (*nr && strcmp(warnings[*nr - 1].text, warnings[i].text) == 0)
			warnings[*nr - 1].nr++;
		else
			warnings[(*nr)++] = warnings[i];
	}
	qsort(warnings, *nr, sizeof(*warnings), by_place);
	return warnings;
}

static void print_warnings(const struct text_print *print, const struct results *results,
			   const char *name)
{
	size_t nr;
	autofree struct warning *warnings = warnings_of(results, &nr);
	char text[RESULTS_MAX_TEXT + 64];

	for (size_t i = 0; i < nr && i < MAX_WARNINGS; i++) {
		fputs(i == 0 ? "\nwarning: " : "warning: ", print->out);
		snprintf(text, sizeof(text), "%s: %s", name, warnings[i].text);
		look_wrap(print->look, print->out, 9, 2, text);
		fputs("  in ", print->out);
		if (warnings[i].nr > 1)
			fprintf(print->out, "%zu cases, the first ", warnings[i].nr);
		look_print(print->look, print->out, warnings[i].result->key);
		fputc('\n', print->out);
	}
	if (nr > MAX_WARNINGS)
		fprintf(print->out, "and %zu more warnings\n", nr - MAX_WARNINGS);
}

/* "hit rate", the counts, the times: what one side knows of a case and the other does not has no
 * row. */
static bool knows(const struct result *result, size_t measure, const char **name)
{
	static const struct row rate = { .kind = ROW_RATE };
	struct hit_rate range;
	size_t nr_runs;

	if (measure == 0) {
		*name = row_label(&rate);
		return result_hit_range(result, &range);
	}
	if (measure <= NR_COUNTS) {
		*name = row_label(&(struct row){ .kind = ROW_COUNT, .which = measure - 1 });
		return count_known(result, measure - 1);
	}
	*name = metric_names[measure - 1 - NR_COUNTS];
	/* in some runs: said above the numbers */
	return result_metric_runs(result, measure - 1 - NR_COUNTS, &nr_runs) > 0;
}

static void print_one_sided(const struct text_print *print, size_t side, const char *label)
{
	const struct comparison *comparison = print->comparison;
	char text[400] = "";

	for (size_t measure = 0; measure < 1 + NR_COUNTS + NR_METRICS; measure++) {
		const char *name = "";
		size_t nr = 0;

		for (size_t i = 0; i < comparison->nr_pairs; i++) {
			const struct pair *pair = &comparison->pairs[i];

			nr += knows(side ? pair->new : pair->base, measure, &name) &&
			      !knows(side ? pair->base : pair->new, measure, &name);
		}
		if (nr)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "%s%s (%zu case%s)", *text ? ", " : "", name, nr,
				 nr == 1 ? "" : "s");
	}
	if (!*text)
		return;
	fputs("\nknown only in ", print->out);
	look_print(print->look, print->out, label);
	fputs(": ", print->out);
	look_wrap(print->look, print->out, 16 + strlen(label), 2, text);
}

/* How to read the numbers. */
static void print_legend(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	const struct results *reports[2] = { print->comparison->base, print->comparison->new };
	bool rates = false, times = false, pairs = verdicts->paired && !verdicts->icount;
	char text[512];

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		rates = rates || row->kind == ROW_RATE;
		times = times || row->design != DESIGN_EXACT;
	}
	common_format(&print->common, text, sizeof(text));
	fputc('\n', print->out);
	if (*text) {
		fputs("all cases: ", print->out);
		look_wrap(print->look, print->out, 11, 2, text);
	}
	if (rates)
		fputs("hit rate: pages that GUP-fast pinned itself, of those asked; higher is "
		      "better\n",
		      print->out);
	if (times) {
		snprintf(text, sizeof(text), "%s: median of the %s%s; lower is better",
			 verdicts->icount ? "guest instructions" : "times",
			 print->replicated ? "medians of the runs" : "samples",
			 print->style.spread && print->replicated
				 ? " ± half the distance of their quartiles"
				 : "");
		look_wrap(print->look, print->out, 0, 2, text);
		if (print->replicated && !verdicts->icount)
			fprintf(print->out, "change: Hodges-Lehmann estimate of the ratio%s%s\n",
				pairs ? " within the pairs" : "",
				print->style.interval ? ", with its interval" : "");
	}
	for (size_t i = 0; i < 2; i++) {
		if (emulated_note(reports[i])) {
			fputs(emulated_note(reports[i]), print->out);
			break;
		}
	}
}

static void print_one(FILE *out, const struct look *look, const struct comparison *comparison,
		      const struct compare_options *options)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	struct text_print print = { .out = out, .look = look, .comparison = comparison };

	print.replicated = verdicts_replicated(&comparison->verdicts);
	common_find(&print.common, reports, 2);
	compare_fit(&print);
	compare_print_head(&print, options);
	compare_print_tally(&print, options);
	print_legend(&print);
	compare_print_groups(&print);
	compare_print_footnotes(&print);
	compare_print_unshare(&print);
	print_others(&print);
	print_one_sided(&print, 0, print.style.names.base);
	print_one_sided(&print, 1, print.style.names.new);
	print_warnings(&print, comparison->base, print.style.names.base);
	print_warnings(&print, comparison->new, print.style.names.new);
	footnotes_free(&print.notes);
}

void compare_print_text(FILE *out, const struct look *look, const struct comparison *comparisons,
			size_t nr, const struct compare_options *options)
{
	for (size_t i = 0; i < nr; i++) {
		if (nr > 1)
			fprintf(out, "%s%s%zu of %zu%s\n", i ? "\n\n" : "", look_bold(look), i + 1,
				nr, look_end(look));
		print_one(out, look, &comparisons[i], options);
	}
}

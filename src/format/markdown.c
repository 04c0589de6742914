// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison as tables of GitHub's markdown, to be read in a browser and in the mail that it
 * becomes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "compare/side.h"
#include "format/format.h"
#include "format/matrix.h"
#include "print/fields.h"
#include "print/grid.h"
#include "print/heading.h"
#include "print/table.h"
#include "verdict/words.h"

#define MANY_ROWS   100u
#define MAX_CHANGES 12u
#define MAX_LABEL   20u

/* What could end the code, the cell or the line is written as HTML, where everything but letters
 * and digits is a number. */
void markdown_code(FILE *out, const char *text)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 "
				   "_.,:;/+=()%#@~!?*$^[]{}'\"-";
	autofree char *plain = strdup(text);
	bool blank = *text == ' ' || (*text && text[strlen(text) - 1] == ' ');

	if (!plain)
		abort();
	text_plain(plain);
	if (*plain && !blank && strspn(plain, safe) == strlen(plain)) {
		fprintf(out, "`%s`", plain);
		return;
	}
	fputs("<code>", out);
	for (const char *at = plain; *at; at++) {
		if (*at & 0x80 || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
		    (*at >= 'a' && *at <= 'z'))
			fputc(*at, out);
		else
			fprintf(out, "&#%d;", *at);
	}
	fputs("</code>", out);
}

static void put_side(FILE *out, const char *role, const struct results *results)
{
	char release[128] = "";

	fprintf(out, "- %s ", role);
	markdown_code(out, results->label);
	if (fact_value(&results->environment, "kernel.release", release, sizeof(release))) {
		fputs(", kernel ", out);
		markdown_code(out, release);
	}
	fputs(results->complete ? "" : ", interrupted", out);
	fputs(results->imported ? ", imported" : "", out);
	fputc('\n', out);
}

static void put_machine(FILE *out, const char *whose, const char *hardware)
{
	if (!*hardware)
		return;
	fprintf(out, "- %s on ", whose);
	markdown_code(out, hardware);
	fputc('\n', out);
}

static void put_remarks(FILE *out, const struct remark_list *remarks, const char *what)
{
	for (size_t i = 0; i < remarks->nr; i++) {
		fprintf(out, "- %s ", what);
		markdown_code(out, remarks->texts[i]);
		fputc('\n', out);
	}
}

/* What a reader has to know before any verdict, and the tally is one. */
static void put_warnings(FILE *out, const struct comparison *comparison)
{
	const struct comparable *comparable = &comparison->comparable;

	put_remarks(out, &comparable->refusals, "**not comparable**:");
	put_remarks(out, &comparable->differences, "**differs**:");
	if (comparable->refusals.nr + comparable->differences.nr)
		fputc('\n', out);
}

static void put_changes(FILE *out, const struct comparison *comparison, bool all)
{
	size_t nr = comparison->nr_changes - (all ? 0 : comparison->nr_noise);

	put_remarks(out, &comparison->comparable.unknowns, "note:");
	for (size_t i = 0; i < nr && (all || i < MAX_CHANGES); i++) {
		const struct change *change = &comparison->changes[i];
		const char *name = change->base ? change->base->name : change->new->name;
		char base[200] = "absent", new[200] = "absent";

		fact_value(&comparison->base->environment, name, base, sizeof(base));
		fact_value(&comparison->new->environment, name, new, sizeof(new));
		fputs("- differs: ", out);
		markdown_code(out, name);
		fputs(" ", out);
		markdown_code(out, base);
		fputs(" to ", out);
		markdown_code(out, new);
		fputc('\n', out);
	}
	if (!all && nr > MAX_CHANGES)
		fprintf(out, "- differs: %zu more of the environment\n", nr - MAX_CHANGES);
}

static void put_footnotes(FILE *out, struct footnotes *notes)
{
	fputs(notes->nr ? "\n" : "", out);
	for (size_t i = 0; i < notes->nr; i++) {
		fprintf(out, "%zu. ", i + 1);
		markdown_code(out, notes->texts[i]);
		fputc('\n', out);
	}
	footnotes_free(notes);
}

/* Pages per call, and what else the key says. */
static void put_call(FILE *out, const struct result *result)
{
	char text[256];

	pages_format(result, text, sizeof(text));
	fputs(text, out);
	extras_format(result->key, text, sizeof(text));
	if (*text) {
		fputc(' ', out);
		markdown_code(out, text);
	}
}

static bool call_differs(const struct row *row)
{
	char base[256], new[256];

	extras_format(row->base->key, base, sizeof(base));
	extras_format(row->new->key, new, sizeof(new));
	return row->base->params.pages_per_call != row->new->params.pages_per_call ||
	       strcmp(base, new);
}

static void put_row(FILE *out, const struct section *section, const struct row *row, size_t note)
{
	const char *strong = verdict_alarms(row->verdict) ? "**" : "";
	struct row_cells cells;

	row_cells(row, &section->unit, &cells);
	fprintf(out, "| %s", row == section->rows[0] ? row_label(row) : "");
	if (row == section->rows[0] && row->kind != ROW_COUNT && row->kind != ROW_MEMORY)
		fprintf(out, " (%s)", row->kind == ROW_RATE ? "%" : section->unit.name);
	fputs(" | ", out);
	markdown_code(out, row->base->params.window);
	if (strcmp(row->base->params.window, row->new->params.window)) {
		fputs(" to ", out);
		markdown_code(out, row->new->params.window);
	}
	fputs(" | ", out);
	put_call(out, row->base);
	if (call_differs(row)) {
		fputs(" to ", out);
		put_call(out, row->new);
	}
	fprintf(out, " | %s | %s | %s%s | %s | %s%s%s", cells.value[0], cells.value[1],
		cells.change, row->kind == ROW_RATE && row->moved && *cells.change ? " points" : "",
		row->design == DESIGN_EXACT && !*cells.interval ? "exact" : cells.interval, strong,
		verdict_names[row->verdict], strong);
	if (note)
		fprintf(out, " <sup>%zu</sup>", note);
	fputs(" |\n", out);
}

static void put_group(FILE *out, const struct section *section, const struct params *common,
		      const struct compare_names *names)
{
	char title[256];

	groups_format(&section->rows[0]->base->params, &section->rows[0]->new->params, common,
		      title, sizeof(title));
	fputc('\n', out);
	if (*title) {
		markdown_code(out, title);
		fputs("\n\n", out);
	}
	fputs("| | window | per call | ", out);
	markdown_code(out, names->base);
	fputs(" | ", out);
	markdown_code(out, names->new);
	fputs(" | change | interval | verdict |\n|:--|:--|--:|--:|--:|--:|:--|:--|\n", out);
}

static void put_head(FILE *out, const struct comparison *comparison, const struct params *common,
		     bool all)
{
	char base[400], new[400], text[512];

	put_side(out, "base", comparison->base);
	put_side(out, "new", comparison->new);
	hardware_format(comparison->base, base, sizeof(base));
	hardware_format(comparison->new, new, sizeof(new));
	if (strcmp(base, new) == 0) {
		put_machine(out, "both", base);
	} else {
		put_machine(out, "base", base);
		put_machine(out, "new", new);
	}
	if (emulated_note(comparison->base) || emulated_note(comparison->new))
		fputs("- **times of a software emulator: they say nothing about a machine**\n",
		      out);
	put_changes(out, comparison, all);
	design_format(&comparison->verdicts, text, sizeof(text));
	if (*text)
		fprintf(out, "- %s\n", text);
	common_format(common, text, sizeof(text));
	if (*text) {
		fputs("- all cases: ", out);
		markdown_code(out, text);
		fputc('\n', out);
	}
}

/* What people quote of a DMA map: the same times as bytes in a second. */
static void put_throughput(FILE *out, const struct verdicts *verdicts)
{
	bool any = false;
	char texts[2][32];

	for (size_t i = 0; i < verdicts->nr; i++) {
		double rate[2];

		row_throughput(&verdicts->rows[i], verdicts, rate);
		if (!verdicts->rows[i].shown || isnan(rate[0]) || isnan(rate[1]))
			continue;
		fputs(any ? "" : "\nthroughput of DMA maps:\n\n", out);
		any = true;
		for (size_t j = 0; j < 2; j++)
			throughput_format(rate[j], texts[j], sizeof(texts[j]));
		fputs("- ", out);
		markdown_code(out, verdicts->rows[i].base->key);
		fprintf(out, ": %s to %s\n", texts[0], texts[1]);
	}
}

/* What unsharing cost on both sides, with its interval. */
static void put_unshare(FILE *out, const struct comparison *comparison)
{
	struct unshare_list base, new;
	char texts[2][160];

	if (comparison->base->icount != comparison->new->icount)
		return;
	unshare_find(&base, comparison->base);
	unshare_find(&new, comparison->new);
	if (base.nr && new.nr)
		fprintf(out, "\nunshare cost, %s:\n\n", cost_legend(&base));
	for (size_t i = 0; i < base.nr && i < MANY_ROWS; i++) {
		const struct unshare *sides[2] = { &base.items[i],
						   unshare_of(&new, base.items[i].with->key) };
		struct unit unit =
			unit_for(base.icount, sides[0]->with_ticks, fabs(unshare_ticks(sides[0])));

		if (!sides[1])
			continue;
		for (size_t j = 0; j < 2; j++)
			cost_format(&sides[j]->cost, &unit, texts[j], sizeof(texts[j]));
		fputs("- ", out);
		markdown_code(out, sides[0]->with->key);
		fprintf(out, ": %s to %s\n", texts[0], texts[1]);
	}
	unshare_list_free(&base);
	unshare_list_free(&new);
}

static void put_one(FILE *out, const struct comparison *comparison, bool all)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	struct compare_names names = compare_names(comparison->base, comparison->new, MAX_LABEL);
	struct footnotes notes = { 0 };
	struct sections sections;
	struct params common;
	char text[256];

	common_find(&common, reports, 2);
	sections_find(&sections, &comparison->verdicts, MANY_ROWS);
	put_warnings(out, comparison);
	tally_format(sections.nr_of, text, sizeof(text));
	fprintf(out, "**%s**\n\n", text);
	put_head(out, comparison, &common, all);
	for (size_t i = 0; i < sections.nr; i++) {
		const struct section *section = &sections.items[i];

		if (section->first_of_group)
			put_group(out, section, &common, &names);
		for (size_t j = 0; j < section->nr; j++) {
			row_note(section->rows[j], &comparison->verdicts, text, sizeof(text));
			put_row(out, section, section->rows[j], footnote(&notes, text));
		}
	}
	put_footnotes(out, &notes);
	tally_format(sections.nr_left_out, text, sizeof(text));
	if (sections.nr_left_out_all)
		fprintf(out, "\nnot listed: %s\n", text);
	put_throughput(out, &comparison->verdicts);
	put_unshare(out, comparison);
	if (comparison->nr_others)
		fprintf(out, "\nnot compared: %zu case%s not done in both\n", comparison->nr_others,
			comparison->nr_others == 1 ? "" : "s");
	sections_free(&sections);
}

static void compare_print_markdown(FILE *out, const struct look *look,
				   const struct comparison *comparisons, size_t nr,
				   const struct compare_options *options)
{
	(void)look;
	for (size_t i = 0; i < nr; i++) {
		fputs(i ? "\n" : "", out);
		put_one(out, &comparisons[i], options->environment);
	}
}

/* --- one result --- */

static void put_figure(FILE *out, const struct section *section, const struct row *row,
		       const struct verdicts *verdicts)
{
	bool timed = row->kind == ROW_TIME || row->kind == ROW_TAIL;
	struct row_cells cells;
	double throughput[2];
	char text[48] = "";

	row_cells(row, &section->unit, &cells);
	fprintf(out, "| %s", row == section->rows[0] ? row_label(row) : "");
	if (row == section->rows[0] && row->kind != ROW_COUNT)
		fprintf(out, " (%s)", row->kind == ROW_RATE ? "%" : section->unit.name);
	fputs(" | ", out);
	markdown_code(out, row->base->params.window);
	fputs(" | ", out);
	put_call(out, row->base);
	fprintf(out, " | %s | ", cells.value[0]);
	if (row_has_spread(row, 0))
		fprintf(out, "%.1f %%", row->spread[0] * 100);
	if (timed)
		result_replication(row->base, row->which, text, sizeof(text));
	fprintf(out, " | %s | ", text);
	row_throughput(row, verdicts, throughput);
	*text = '\0';
	if (!isnan(throughput[0]))
		throughput_format(throughput[0], text, sizeof(text));
	fprintf(out, "%s |\n", text);
}

static void put_undone(FILE *out, const struct results *results)
{
	bool any = false;

	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];

		if (result->status == STATUS_DONE)
			continue;
		fputs(any ? "" : "\nnot measured:\n\n", out);
		any = true;
		fputs("- ", out);
		markdown_code(out, result->key);
		fprintf(out, " %s: ", status_names[result->status]);
		markdown_code(out, result->why ? result->why : "no reason given");
		fputc('\n', out);
	}
}

static void figures_print_markdown(FILE *out, const struct look *look, const struct side *side,
				   const struct comparison *itself)
{
	const struct results *results = &side->results;
	struct sections sections;
	struct params common;
	char text[512];

	(void)look;
	put_side(out, "result", results);
	hardware_format(results, text, sizeof(text));
	put_machine(out, "measured", text);
	if (emulated_note(results))
		fputs("- **times of a software emulator: they say nothing about a machine**\n",
		      out);
	put_remarks(out, &side->remarks, "note:");
	common_find(&common, &results, 1);
	common_format(&common, text, sizeof(text));
	if (*text) {
		fputs("- all cases: ", out);
		markdown_code(out, text);
		fputc('\n', out);
	}
	sections_find(&sections, &itself->verdicts, SIZE_MAX);
	for (size_t i = 0; i < sections.nr; i++) {
		const struct section *section = &sections.items[i];

		if (section->first_of_group) {
			group_format(&section->rows[0]->base->params, &common, text, sizeof(text));
			fputc('\n', out);
			if (*text) {
				markdown_code(out, text);
				fputs("\n\n", out);
			}
			fputs("| | window | per call | value | spread of runs | runs x samples | "
			      "throughput |\n|:--|:--|--:|--:|--:|--:|--:|\n",
			      out);
		}
		for (size_t j = 0; j < section->nr; j++)
			put_figure(out, section, section->rows[j], &itself->verdicts);
	}
	sections_free(&sections);
	put_undone(out, results);
}

/* Tables as GitHub shows them. */
const struct format format_markdown = {
	.name = "markdown",
	.print = compare_print_markdown,
	.matrix = matrix_print_markdown,
	.alone = figures_print_markdown,
};

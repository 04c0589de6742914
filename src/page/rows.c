// SPDX-License-Identifier: GPL-2.0-or-later
/* The full table: a row a case and metric, with what is behind it. */
#include <math.h>
#include <string.h>

#include "page/html.h"
#include "page/parts.h"
#include "print/fields.h"
#include "print/heading.h"
#include "stats/summary.h"
#include "verdict/words.h"

static void append(char *text, size_t size, const char *separator, const char *more)
{
	size_t used = strlen(text);

	if (*more)
		snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

/* "tail n=1 cpu=1" */
static void window_format(const struct result *result, char *text, size_t size)
{
	char part[160];

	snprintf(text, size, "%s", result->params.window);
	pages_format(result, part, sizeof(part));
	append(text, size, *part ? " n=" : "", part);
	extras_format(result->key, part, sizeof(part));
	append(text, size, " ", part);
}

void page_case_format(const struct page *page, const struct row *row, char *text, size_t size)
{
	char part[2][200];

	groups_format(&row->base->params, &row->new->params, &page->common, text, size);
	window_format(row->base, part[0], sizeof(part[0]));
	window_format(row->new, part[1], sizeof(part[1]));
	append(text, size, ", ", part[0]);
	if (strcmp(part[0], part[1]))
		append(text, size, " -> ", part[1]);
}

void page_verdict(const struct page *page, enum verdict verdict)
{
	fprintf(page->out, "<span class=\"verdict %s\">%s</span>", verdict_names[verdict],
		verdict_names[verdict]);
}

/* What people quote of a DMA map. */
static void put_throughput(const struct page *page, const struct row *of, size_t side)
{
	double rate[2];
	char text[32];

	row_throughput(of, &page->input->comparisons[side ? side - 1 : 0].verdicts, rate);
	if (isnan(rate[side > 0]))
		return;
	throughput_format(rate[side > 0], text, sizeof(text));
	fprintf(page->out, "<span class=\"under faint\" data-rate=\"%.15g\">%s</span>",
		rate[side > 0], text);
}

/* The number of one side: as people read it, and as programs do. */
static void put_value(const struct page *page, const struct matrix_row *row, size_t side)
{
	const struct row *of = side == 0 ? row->first : row->rows[side - 1];
	struct row_numbers numbers;
	char text[96];

	fputs("<td class=\"v\" data-l=\"", page->out);
	html_text(page->out, page->names[side]);
	fputc('"', page->out);
	if (of) {
		numbers = row_numbers(of);
		html_number(page->out, "v", numbers.value[side > 0]);
		html_number(page->out, "least", numbers.least[side > 0]);
		html_number(page->out, "spread", numbers.spread[side > 0]);
	}
	fputc('>', page->out);
	if (of) {
		row_spread_format(of, side > 0, page->input->comparisons[0].verdicts.icount, text,
				  sizeof(text));
		html_text(page->out, text);
		put_throughput(page, of, side);
	}
}

static void put_change(const struct page *page, const struct row *row)
{
	struct row_numbers numbers = row_numbers(row);
	char text[96];

	fputs("<td class=\"v\" data-l=\"change\"", page->out);
	html_number(page->out, "change", numbers.change);
	fputc('>', page->out);
	row_change_format(row, text, sizeof(text));
	html_text(page->out, text);
	fputs("</td><td class=\"v\" data-l=\"interval\"", page->out);
	html_number(page->out, "low", numbers.low);
	html_number(page->out, "high", numbers.high);
	fputc('>', page->out);
	row_interval_format(row, text, sizeof(text));
	html_text(page->out, text);
	fputs("</td><td class=\"v\" data-l=\"runs\">", page->out);
	if (row->design != DESIGN_EXACT)
		fprintf(page->out, row->nr[0] == row->nr[1] ? "%zu" : "%zu, %zu", row->nr[0],
			row->nr[1]);
	fprintf(page->out, "</td><td data-l=\"verdict\" data-verdict=\"%s\">",
		verdict_names[row->verdict]);
	page_verdict(page, row->verdict);
	fputs("</td>", page->out);
}

/* One column a kernel: its number, and below it the change against the base. */
static void put_kernel(const struct page *page, const struct matrix_row *row, size_t side)
{
	const struct row *of = row->rows[side - 1];
	char text[96];

	put_value(page, row, side);
	if (of) {
		fprintf(page->out, "<span class=\"under\" data-verdict=\"%s\"",
			verdict_names[of->verdict]);
		html_number(page->out, "change", row_numbers(of).change);
		fputc('>', page->out);
		row_change_format(of, text, sizeof(text));
		html_text(page->out, text);
		fputc(' ', page->out);
		page_verdict(page, of->verdict);
		fputs("</span>", page->out);
	}
	fputs("</td>", page->out);
}

static size_t nr_columns(const struct page *page)
{
	if (page->alone)
		return 4;
	return page->input->nr == 1 ? 8 : 2 + page->input->nr_sides;
}

/* What the filter asks for: "worse" when any kernel got worse. */
static void put_verdicts(const struct page *page, const struct matrix_row *row)
{
	bool any[NR_VERDICTS] = { false };

	for (size_t i = 0; i < page->input->nr; i++)
		if (row->rows[i])
			any[row->rows[i]->verdict] = true;
	fputs(" data-verdicts=\"", page->out);
	for (size_t i = 0; i < NR_VERDICTS; i++)
		if (any[i])
			fprintf(page->out, "%s ", verdict_names[i]);
	fputc('"', page->out);
}

static void put_row(const struct page *page, const struct matrix_row *row, size_t number)
{
	FILE *out = page->out;
	char text[400];

	fprintf(out, "<tr id=\"r%zu\" class=\"row%s\" data-key=\"", number,
		row->redundant ? " redundant" : "");
	html_text(out, row->base->key);
	fprintf(out, "\" data-metric=\"%s\" data-kind=\"%s\"", row_field(row->first),
		kind_names[row->kind]);
	if (!page->alone)
		put_verdicts(page, row);
	page_case_format(page, row->first, text, sizeof(text));
	fputs("><td class=\"case\"><details><summary>", out);
	html_text(out, text);
	fputs("</summary></details></td>", out);
	html_element(out, "td", "m", row_label(row->first));
	put_value(page, row, 0);
	fputs("</td>", out);
	if (page->alone) {
		fputs("<td class=\"v\" data-l=\"runs\">", out);
		if (row->kind == ROW_TIME || row->kind == ROW_TAIL)
			result_replication(row->base, row->which, text, sizeof(text));
		else
			*text = '\0';
		html_text(out, text);
		fputs("</td>", out);
	} else if (page->input->nr == 1) {
		put_value(page, row, 1);
		fputs("</td>", out);
		put_change(page, row->first);
	} else {
		for (size_t i = 1; i < page->input->nr_sides; i++)
			put_kernel(page, row, i);
	}
	fprintf(out, "</tr>\n<tr class=\"detail\"><td colspan=\"%zu\">", nr_columns(page));
	page_detail(page, row);
	fputs("</td></tr>\n", out);
}

static void put_head(const struct page *page, const char *text, const char *key, bool number)
{
	fprintf(page->out, "<th scope=\"col\"%s data-sort=\"%s\">", number ? " class=\"v\"" : "",
		key);
	html_text(page->out, text);
	fputs("</th>", page->out);
}

static void put_heads(const struct page *page)
{
	fputs("<thead><tr>", page->out);
	put_head(page, "case", "case", false);
	put_head(page, "metric", "metric", false);
	for (size_t i = 0; i < page->input->nr_sides; i++)
		put_head(page, page->names[i], "value", true);
	if (page->alone) {
		put_head(page, "runs x samples", "", true);
	} else if (page->input->nr == 1) {
		put_head(page, "change", "change", true);
		put_head(page,
			 page->input->comparisons[0].verdicts.icount ? "over the seeds"
								     : "interval",
			 "low", true);
		put_head(page, "runs", "runs", true);
		put_head(page, "verdict", "verdict", false);
	}
	fputs("</tr></thead>\n", page->out);
}

static void put_legend(const struct page *page)
{
	FILE *out = page->out;
	const struct verdicts *verdicts = &page->input->comparisons[0].verdicts;
	char threshold[32];

	percent_format(verdicts->rule.threshold, threshold, sizeof(threshold));
	fprintf(out,
		"<p class=\"faint\">%s: the median of the medians of the runs, and half the "
		"distance of their quartiles; lower is better. Hit rate: pages that GUP-fast "
		"pinned itself, of those asked; higher is better.",
		verdicts->icount ? "Guest instructions" : "Times");
	if (!page->alone)
		fprintf(out,
			" Same: %s within %s. Unsure: not known, which is not the same. Counts are "
			"exact: any change shows.",
			verdicts->icount ? "every seed" : "the interval is", threshold);
	fputs(" Each row opens its samples, counts and truth.</p>\n", out);
}

void page_rows(const struct page *page)
{
	size_t nr = 0, nr_redundant = 0;
	FILE *out = page->out;

	for (size_t i = 0; i < page->matrix.nr_rows; i++) {
		nr += page->matrix.rows[i].shown;
		nr_redundant += page->matrix.rows[i].shown && page->matrix.rows[i].redundant;
	}
	fputs("<section id=\"rows\"><h2>All rows</h2>\n", out);
	if (nr == 0) {
		fputs("<p>There are none.</p></section>\n", out);
		return;
	}
	put_legend(page);
	fputs("<div id=\"controls\"></div>\n", out);
	if (nr_redundant)
		fprintf(out,
			"<input type=\"checkbox\" id=\"all\"><label for=\"all\">and %zu row%s of "
			"counts that are 0 or said by the hit rate</label>\n",
			nr_redundant, html_s(nr_redundant));
	fprintf(out,
		"<div class=\"wide\" role=\"region\" aria-label=\"All rows\" tabindex=\"0\">"
		"<table class=\"cards\" id=\"table\"%s>\n",
		page->input->nr > 1 ? " data-matrix" : "");
	put_heads(page);
	fputs("<tbody>\n", out);
	for (size_t i = 0; i < page->matrix.nr_rows; i++)
		if (page->matrix.rows[i].shown)
			put_row(page, &page->matrix.rows[i], i);
	fputs("</tbody></table></div></section>\n", out);
}

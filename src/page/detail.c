// SPDX-License-Identifier: GPL-2.0-or-later
/* What is behind a row: the whole key, samples, counts, truth, warnings, and why it is no surer. */
#include <inttypes.h>
#include <string.h>

#include "page/html.h"
#include "page/parts.h"
#include "stats/summary.h"
#include "verdict/explained.h"
#include "verdict/words.h"

static void put_keys(const struct page *page, const struct matrix_row *row)
{
	html_element(page->out, "code", NULL, row->base->key);
	for (size_t i = 0; i < page->matrix.nr; i++) {
		const struct row *of = row->rows[i];

		if (!of || strcmp(of->base->key, of->new->key) == 0)
			continue;
		fputs(" compared with ", page->out);
		html_element(page->out, "code", NULL, of->new->key);
	}
	fputs("\n", page->out);
}

/* Why the row is no surer, and the test behind it. */
static void put_notes(const struct page *page, const struct matrix_row *row)
{
	char text[256];

	for (size_t i = 0; i < page->matrix.nr && !page->alone; i++) {
		const struct row *of = row->rows[i];

		if (!of)
			continue;
		row_note(of, &page->input->comparisons[i].verdicts, text, sizeof(text));
		if (!*text && of->alpha <= 0)
			continue;
		fputs("<p>", page->out);
		if (page->matrix.nr > 1) {
			html_text(page->out, page->names[i + 1]);
			fputs(": ", page->out);
		}
		html_text(page->out, text);
		if (of->alpha > 0)
			fprintf(page->out, "%sp = %.3g, level of this row %.3g", *text ? "; " : "",
				of->p, of->alpha);
		fputs(".</p>\n", page->out);
	}
}

static void put_side_heads(const struct page *page, const char *what)
{
	fprintf(page->out, "<thead><tr><th scope=\"col\">%s</th>", what);
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		fputs("<th scope=\"col\" class=\"v\">", page->out);
		html_text(page->out, page->names[i]);
		fputs("</th>", page->out);
	}
}

static void put_counts(const struct page *page, const struct matrix_row *row)
{
	FILE *out = page->out;
	bool any = false;

	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		const char *observer = "";
		bool known = false;

		for (size_t side = 0; side < page->input->nr_sides; side++) {
			const struct result *result = page_result(row, side);

			if (!result || !count_known(result, i))
				continue;
			known = true;
			observer = result->counts.observer[i];
		}
		if (!known)
			continue;
		if (!any) {
			fputs("<table class=\"small\">", out);
			put_side_heads(page, "counts");
			fputs("<th scope=\"col\">counted by</th></tr></thead><tbody>", out);
		}
		any = true;
		fputs("<tr>", out);
		html_element(out, "th scope=\"row\"", NULL,
			     row_label(&(struct row){ .kind = ROW_COUNT, .which = i }));
		for (size_t side = 0; side < page->input->nr_sides; side++) {
			const struct result *result = page_result(row, side);

			fputs("<td class=\"v\">", out);
			if (result && count_known(result, i))
				fprintf(out, "%" PRIu64, result->counts.value[i]);
			fputs("</td>", out);
		}
		html_element(out, "td", NULL, observer);
		fputs("</tr>\n", out);
	}
	if (any)
		fputs("</tbody></table>\n", out);
}

static bool same_truth(const struct page *page, const struct matrix_row *row, const char *name)
{
	char first[RESULTS_MAX_TEXT + 1], other[RESULTS_MAX_TEXT + 1];
	const char *value = fact_value(&row->base->truth, name, first, sizeof(first));

	for (size_t side = 1; side < page->input->nr_sides; side++) {
		const struct result *result = page_result(row, side);
		const char *its = result ? fact_value(&result->truth, name, other, sizeof(other))
					 : value;

		if ((value == NULL) != (its == NULL) || (value && strcmp(value, its)))
			return false;
	}
	return true;
}

static void put_fact(const struct page *page, const struct fact_list *facts, const char *name)
{
	char text[RESULTS_MAX_TEXT + 1];

	html_text(page->out, fact_value(facts, name, text, sizeof(text)) ? text : "not there");
}

/* What was checked; where all sides have the same, once. */
static void put_truth(const struct page *page, const struct matrix_row *row)
{
	FILE *out = page->out;
	bool any = false;

	for (size_t side = 0; side < page->input->nr_sides; side++) {
		const struct result *result = page_result(row, side);

		for (size_t i = 0; result && i < result->truth.nr; i++) {
			const char *name = result->truth.items[i].name;

			if (side && fact_find(&row->base->truth, name))
				continue;
			fputs(any ? "; " : "<p><strong>Truth:</strong> ", out);
			any = true;
			html_element(out, "span", "faint", name);
			fputc(' ', out);
			if (side == 0 && same_truth(page, row, name)) {
				put_fact(page, &result->truth, name);
				continue;
			}
			for (size_t j = 0; j < page->input->nr_sides; j++) {
				const struct result *its = page_result(row, j);

				if (!its)
					continue;
				fputs(j ? ", " : "", out);
				put_fact(page, &its->truth, name);
				fputs(" in ", out);
				html_text(out, page->names[j]);
			}
		}
	}
	fputs(any ? "</p>\n" : "", out);
}

static void put_warnings(const struct page *page, const struct matrix_row *row)
{
	for (size_t side = 0; side < page->input->nr_sides; side++) {
		const struct result *result = page_result(row, side);

		for (size_t i = 0; result && i < result->nr_warnings; i++) {
			fputs("<p class=\"warning\"><strong>Warning</strong> (", page->out);
			html_text(page->out, page->names[side]);
			fputs("): ", page->out);
			html_text(page->out, result->warnings[i]);
			fputs("</p>\n", page->out);
		}
	}
}

#define MAX_FUNCTIONS 12u /* that changed most */

static void put_function(const struct page *page, const struct explained_row *row, bool both)
{
	fputs("<tr>", page->out);
	html_element(page->out, "th scope=\"row\"", NULL, row->name);
	for (size_t side = 0; side < 1u + both; side++)
		fprintf(page->out,
			"<td class=\"v\">%" PRId64 "</td><td class=\"v\">%" PRId64 "</td>",
			row->count[side][EXPLAIN_CALLS], row->count[side][EXPLAIN_INSTRUCTIONS]);
	if (both)
		fprintf(page->out, "<td class=\"v\">%+" PRId64 "</td>", row->change);
	fputs("</tr>\n", page->out);
}

/* What explain says of a section: the functions that changed most, or of one side those that took
 * most. @kernel: 0 of the base alone. */
static void put_explained(const struct page *page, const struct matrix_row *row, size_t kernel)
{
	FILE *out = page->out;
	const struct explain_section *base = explain_of(row->base, row->which), *new = NULL;
	struct explained explained;
	size_t nr = 0;

	if (kernel && page_result(row, kernel))
		new = explain_of(page_result(row, kernel), row->which);
	if (!base || !base->known || (kernel && (!new || !new->known)))
		return;
	explained_find(&explained, base, new);
	fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Instructions by "
	      "function\"><table "
	      "class=\"small\"><thead><tr><th scope=\"col\">function</th>",
	      out);
	for (size_t side = 0; side < 1u + (new != NULL); side++) {
		fputs("<th scope=\"col\" class=\"v\">calls, ", out);
		html_text(out, page->names[side ? kernel : 0]);
		fputs("</th><th scope=\"col\" class=\"v\">instructions, ", out);
		html_text(out, page->names[side ? kernel : 0]);
		fputs("</th>", out);
	}
	fputs(new ? "<th scope=\"col\" class=\"v\">change</th></tr></thead><tbody>\n"
		  : "</tr></thead><tbody>\n",
	      out);
	for (; nr < explained.nr - explained.nr_same && nr < MAX_FUNCTIONS; nr++)
		put_function(page, &explained.rows[nr], new != NULL);
	fprintf(out,
		"</tbody></table></div><p class=\"faint\">%zu of %zu functions: those that %s; "
		"pinbench explain has all.</p>\n",
		nr, explained.nr, new ? "changed most" : "took most");
	explained_free(&explained);
}

void page_detail(const struct page *page, const struct matrix_row *row)
{
	put_keys(page, row);
	put_notes(page, row);
	if (row->kind == ROW_TIME || row->kind == ROW_TAIL)
		page_samples(page, row);
	for (size_t i = page->alone ? 0 : 1; row->kind == ROW_TIME && i < page->input->nr_sides;
	     i++)
		put_explained(page, row, i);
	put_warnings(page, row);
	put_counts(page, row);
	/* of these there are many, and the other rows of the case say it too */
	if (!row->redundant)
		put_truth(page, row);
}

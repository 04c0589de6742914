// SPDX-License-Identifier: GPL-2.0-or-later
/* What a reader has to see first: what got worse, and what else is not the same. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page/html.h"
#include "page/parts.h"
#include "print/heading.h"
#include "print/public.h"
#include "verdict/words.h"

struct worse {
	const struct row *row;
	size_t comparison;
};

static int by_change(const void *a, const void *b)
{
	const struct worse *left = a, *right = b;

	return row_compare_change(&left->row, &right->row);
}

static struct worse *worse_of(const struct page *page, size_t *nr)
{
	struct worse *all;
	size_t room = 1;

	for (size_t i = 0; i < page->input->nr; i++)
		room += page->input->comparisons[i].verdicts.nr;
	all = calloc(room, sizeof(*all));
	if (!all)
		abort();
	*nr = 0;
	for (size_t i = 0; i < page->input->nr; i++) {
		const struct verdicts *verdicts = &page->input->comparisons[i].verdicts;

		for (size_t j = 0; j < verdicts->nr; j++)
			if (verdict_alarms(verdicts->rows[j].verdict) &&
			    verdicts->rows[j].kind != ROW_MEMORY && !verdicts->rows[j].redundant)
				all[(*nr)++] = (struct worse){ &verdicts->rows[j], i };
	}
	qsort(all, *nr, sizeof(*all), by_change);
	return all;
}

static void put_value(const struct page *page, const struct worse *worse, size_t side)
{
	char text[64];

	row_value_format(worse->row, side,
			 page->input->comparisons[worse->comparison].verdicts.icount, false, text,
			 sizeof(text));
	fputs("<td class=\"v\" data-l=\"", page->out);
	html_text(page->out, page->names[side ? worse->comparison + 1 : 0]);
	fputs("\">", page->out);
	html_text(page->out, text);
	fputs("</td>", page->out);
}

static void put_worse(const struct page *page, const struct worse *worse)
{
	FILE *out = page->out;
	char text[400];

	fputs("<tr>", out);
	page_case_format(page, worse->row, text, sizeof(text));
	html_element(out, "th scope=\"row\"", NULL, text);
	html_element(out, "td", "m", row_label(worse->row));
	put_value(page, worse, 0);
	put_value(page, worse, 1);
	row_change_format(worse->row, text, sizeof(text));
	fputs("<td class=\"v strong\" data-l=\"change\">", out);
	html_text(out, text);
	row_interval_format(worse->row, text, sizeof(text));
	fputs("</td><td class=\"v\" data-l=\"interval\">", out);
	html_text(out, text);
	fputs("</td></tr>\n", out);
}

void page_worse(const struct page *page)
{
	FILE *out = page->out;
	size_t nr;
	autofree struct worse *all = worse_of(page, &nr);

	if (page->alone || nr == 0)
		return;
	fprintf(out, "<section id=\"worse\"><h2>Got worse, or more: %zu row%s</h2>\n", nr,
		html_s(nr));
	fputs("<table class=\"cards\"><thead><tr><th scope=\"col\">case</th><th "
	      "scope=\"col\">metric</th><th scope=\"col\" class=\"v\">",
	      out);
	html_text(out, page->names[0]);
	fputs("</th><th scope=\"col\" class=\"v\">", out);
	html_text(out, page->input->nr == 1 ? page->names[1] : "new");
	fputs("</th><th scope=\"col\" class=\"v\">change</th><th scope=\"col\" "
	      "class=\"v\">interval</th></tr></thead>\n",
	      out);
	for (size_t i = 0; i < page->input->nr; i++) {
		bool any = false;

		for (size_t j = 0; j < nr; j++) {
			if (all[j].comparison != i)
				continue;
			if (!any) {
				fputs("<tbody>", out);
				if (page->input->nr > 1) {
					fputs("<tr><th colspan=\"6\" scope=\"rowgroup\" "
					      "class=\"group\">",
					      out);
					html_text(out, page->names[i + 1]);
					fputs("</th></tr>\n", out);
				}
			}
			any = true;
			put_worse(page, &all[j]);
		}
		if (any)
			fputs("</tbody>", out);
	}
	fputs("</table></section>\n", out);
}

static void put_remarks(const struct page *page, const struct comparison *comparison,
			const struct remark_list *list, const char *what)
{
	for (size_t i = 0; i < list->nr; i++) {
		autofree char *text = NULL;

		fputs("<li>", page->out);
		if (*what)
			html_element(page->out, "strong", NULL, what);
		fputc(' ', page->out);
		text = strdup(list->texts[i]);
		if (!text)
			abort();
		/* a file of either side may be named in it */
		public_text(text, comparison->base);
		html_remark(page->out, text, comparison->new);
		fputs("</li>\n", page->out);
	}
}

static void put_change(const struct page *page, const struct comparison *comparison,
		       const struct change *change)
{
	const char *name = change->base ? change->base->name : change->new->name;
	char value[RESULTS_MAX_TEXT + 1];
	const struct results *sides[2] = { comparison->base, comparison->new };

	fprintf(page->out, "<tr%s>", change->noise ? " class=\"noise\"" : "");
	html_element(page->out, "th scope=\"row\"", NULL, name);
	for (size_t i = 0; i < 2; i++) {
		if (!public_fact(&sides[i]->environment, name, value, sizeof(value)))
			snprintf(value, sizeof(value), "(absent)");
		fputs("<td data-l=\"", page->out);
		html_text(page->out, i ? "new" : "base");
		fputs("\">", page->out);
		html_text(page->out, value);
		fputs("</td>", page->out);
	}
	fputs("</tr>\n", page->out);
}

static void put_changes(const struct page *page, const struct comparison *comparison,
			const char *new_name)
{
	size_t nr = 0, nr_hidden = 0, nr_known = comparison->nr_changes - comparison->nr_noise;
	FILE *out = page->out;

	for (size_t i = 0; i < comparison->nr_changes; i++) {
		const struct change *change = &comparison->changes[i];

		nr_hidden += !public_name(change->base ? change->base->name : change->new->name);
	}
	if (comparison->base->environment.nr == 0 || comparison->new->environment.nr == 0) {
		fputs("<p>The environment is not known of both.</p>\n", out);
		return;
	}
	if (nr_known == 0)
		fputs("<p>The environment has no difference.</p>\n", out);
	for (size_t i = 0; i < nr_known; i++) {
		const struct change *change = &comparison->changes[i];

		if (!public_name(change->base ? change->base->name : change->new->name))
			continue;
		if (nr++ == 0) {
			fputs("<table class=\"cards\"><thead><tr><th "
			      "scope=\"col\">environment</th><th scope=\"col\">",
			      out);
			html_text(out, page->names[0]);
			fputs("</th><th scope=\"col\">", out);
			html_text(out, new_name);
			fputs("</th></tr></thead><tbody>\n", out);
		}
		put_change(page, comparison, change);
	}
	if (nr)
		fputs("</tbody></table>\n", out);
	if (comparison->nr_noise)
		fprintf(out,
			"<p class=\"faint\">%zu reading%s of noise %s too: see the "
			"environment below.</p>\n",
			comparison->nr_noise, html_s(comparison->nr_noise),
			comparison->nr_noise == 1 ? "differs" : "differ");
	if (nr_hidden)
		fprintf(out,
			"<p class=\"faint\">%zu fact%s that pinbench does not write %s left "
			"out.</p>\n",
			nr_hidden, html_s(nr_hidden), nr_hidden == 1 ? "is" : "are");
}

void page_differences(const struct page *page)
{
	FILE *out = page->out;
	char text[512];

	if (page->alone) {
		const struct remark_list *remarks = &page->input->sides[0].remarks;

		if (remarks->nr) {
			fputs("<section><ul>\n", out);
			put_remarks(page, &page->input->comparisons[0], remarks, "");
			fputs("</ul></section>\n", out);
		}
		return;
	}
	fputs("<section id=\"differences\"><h2>What else is not the same</h2>\n", out);
	for (size_t i = 0; i < page->input->nr; i++) {
		const struct comparison *comparison = &page->input->comparisons[i];
		const struct comparable *comparable = &comparison->comparable;

		if (page->input->nr > 1)
			html_element(out, "h3", NULL, page->names[i + 1]);
		design_format(&comparison->verdicts, text, sizeof(text));
		if (*text) {
			fputs("<p>Runs: ", out);
			html_text(out, text);
			fputs(".</p>\n", out);
		}
		if (comparable->refusals.nr + comparable->differences.nr +
		    comparable->unknowns.nr) {
			fputs("<ul>\n", out);
			put_remarks(page, comparison, &comparable->refusals,
				    "Not comparable, compared by --force:");
			put_remarks(page, comparison, &comparable->differences, "Differs:");
			put_remarks(page, comparison, &comparable->unknowns, "");
			fputs("</ul>\n", out);
		}
		put_changes(page, comparison, page->names[i + 1]);
	}
	fputs("</section>\n", out);
}

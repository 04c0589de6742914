// SPDX-License-Identifier: GPL-2.0-or-later
/* gnuplot's pictures, inline. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page/html.h"
#include "page/parts.h"
#include "plot/plot.h"

#define MAX_SIDES 6u /* as many colours as there are */

/* Cases for pictures that have no room for all: what got worse, then what changed, then the rest.
 */
static size_t keys_choose(const struct page *page, const char **keys, size_t most)
{
	size_t nr = 0;

	for (unsigned int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < page->matrix.nr_rows && nr < most; i++) {
			const struct matrix_row *row = &page->matrix.rows[i];
			bool worse = false, changed = false, there = false;

			if (row->kind != ROW_TIME)
				continue;
			for (size_t j = 0; j < page->matrix.nr; j++) {
				enum verdict verdict = row->rows[j] ? row->rows[j]->verdict
								    : VERDICT_SAME;

				worse = worse || verdict_alarms(verdict);
				changed = changed || verdict == VERDICT_BETTER ||
					  verdict == VERDICT_FEWER;
			}
			for (size_t j = 0; j < nr && !there; j++)
				there = strcmp(keys[j], row->base->key) == 0;
			if (!there && (pass == 2 || (pass == 1 && changed) || worse))
				keys[nr++] = row->base->key;
		}
	}
	return nr;
}

static size_t nr_cases(const struct page *page)
{
	size_t nr = 0;

	for (size_t i = 0; i < page->matrix.nr_rows; i++)
		nr += i == 0 || page->matrix.rows[i].base != page->matrix.rows[i - 1].base;
	return nr;
}

static int put_plot(const struct page *page, const struct plot_kind *kind, struct error *err)
{
	const struct results *sides[MAX_SIDES];
	struct plot plot = { .sides = sides };
	size_t most;
	autofree const char **keys = calloc(page->matrix.nr_rows + 1, sizeof(*keys));
	autofree char *svg = NULL;
	struct error why = { 0 };

	if (!keys)
		abort();
	for (; plot.nr_sides < page->input->nr_sides && plot.nr_sides < MAX_SIDES; plot.nr_sides++)
		sides[plot.nr_sides] = page_results(page, plot.nr_sides);
	most = plot_bars_most(plot.nr_sides);
	if (kind == &plot_bars && nr_cases(page) > most) {
		plot.keys = keys;
		plot.nr_keys = keys_choose(page, keys, most);
	}
	if (plot_inline(&plot, kind, kind->name, &svg, &why) == 0) {
		fprintf(page->out,
			"<figure><div class=\"wide\" role=\"region\" aria-label=\"%s\" "
			"tabindex=\"0\">",
			kind->about);
		fputs(svg, page->out);
		fputs("</div>", page->out);
		if (plot.keys)
			fprintf(page->out,
				"<figcaption>%zu of %zu cases: those that changed come "
				"first.</figcaption>",
				plot.nr_keys, nr_cases(page));
		fputs("</figure>\n", page->out);
		return 0;
	}
	if (why.code == EINTR || why.code == ENOENT) {
		*err = why;
		return -why.code;
	}
	fprintf(page->out, "<p class=\"faint\">No picture of %s: ", kind->about);
	html_text(page->out, why.text);
	fputs(".</p>\n", page->out);
	return 0;
}

/* The kinds that are of a few sides, in the order of the page. */
static const struct plot_kind *const of_sides[] = { &plot_hit, &plot_bars, &plot_cost };

int page_plots(const struct page *page, struct error *err)
{
	bool icount = page_results(page, 0)->icount;
	int rc = 0;

	fputs("<section id=\"plots\"><h2>Pictures</h2>\n", page->out);
	if (page->input->nr_sides > MAX_SIDES)
		fprintf(page->out, "<p class=\"faint\">Of the first %u results.</p>\n", MAX_SIDES);
	for (size_t i = 1; i < page->input->nr_sides; i++) {
		if (page_results(page, i)->icount == icount)
			continue;
		fputs("<p>One side counts instructions and the other time: they cannot share a "
		      "picture.</p></section>\n",
		      page->out);
		return 0;
	}
	for (size_t i = 0; i < sizeof(of_sides) / sizeof(of_sides[0]) && !rc; i++)
		rc = put_plot(page, of_sides[i], err);
	if (rc == -ENOENT) {
		fputs("<p>Not drawn: ", page->out);
		html_text(page->out, err->text);
		fputs(".</p>\n", page->out);
		rc = 0;
	}
	fputs("</section>\n", page->out);
	return rc;
}

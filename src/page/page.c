// SPDX-License-Identifier: GPL-2.0-or-later
#include "page/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page/frame.h"
#include "page/html.h"
#include "page/parts.h"
#include "print/heading.h"

/* Labels, with a number where another side has the same. */
static void name_sides(struct page *page)
{
	size_t nr = page->input->nr_sides;

	page->names = calloc(nr, sizeof(*page->names));
	if (!page->names)
		abort();
	for (size_t i = 0; i < nr; i++) {
		const char *label = page_results(page, i)->label;
		bool same = false;

		for (size_t j = 0; j < nr && !same; j++)
			same = j != i && strcmp(page_results(page, j)->label, label) == 0;
		if (same || !*label)
			snprintf(page->names[i], sizeof(page->names[i]), "%zu: %.56s", i + 1,
				 label);
		else
			snprintf(page->names[i], sizeof(page->names[i]), "%.72s", label);
	}
}

static void find_common(struct page *page)
{
	const struct results **all = calloc(page->input->nr_sides, sizeof(*all));

	if (!all)
		abort();
	for (size_t i = 0; i < page->input->nr_sides; i++)
		all[i] = page_results(page, i);
	common_find(&page->common, all, page->input->nr_sides);
	free(all);
}

static void put_header(const struct page *page)
{
	FILE *out = page->out;
	char text[1024];

	fputs("<header><p class=\"faint\">pinbench: ", out);
	for (size_t i = page->alone ? 0 : 1; i < page->input->nr_sides; i++) {
		fputs(i > 1 ? ", " : "", out);
		html_element(out, "b", NULL, page->names[i]);
	}
	if (!page->alone) {
		fputs(" against ", out);
		html_element(out, "b", NULL, page->names[0]);
	}
	fputs("</p>\n", out);
	page_sentence(page, text, sizeof(text));
	html_element(out, "h1", NULL, text);
	machine_format(page_results(page, 0), text, sizeof(text));
	fputs("\n<p class=\"faint\">", out);
	html_text(out, text);
	common_format(&page->common, text, sizeof(text));
	if (*text) {
		fputs(". All cases: ", out);
		html_text(out, text);
	}
	fputs("</p>\n", out);
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		if (!emulated_note(page_results(page, i)))
			continue;
		fputs("<p class=\"warning\"><strong>", out);
		html_text(out, page->names[i]);
		fputs(":</strong> ", out);
		html_text(out, emulated_note(page_results(page, i)));
		fputs("</p>\n", out);
		break;
	}
	fputs("</header>\n", out);
}

static void title_format(const struct page *page, char *text, size_t size)
{
	if (page->alone)
		snprintf(text, size, "pinbench: %.60s", page->names[0]);
	else if (page->input->nr == 1)
		snprintf(text, size, "pinbench: %.60s against %.60s", page->names[1],
			 page->names[0]);
	else
		snprintf(text, size, "pinbench: %zu results against %.60s", page->input->nr,
			 page->names[0]);
}

int page_print(FILE *out, const struct page_input *input, struct error *err)
{
	struct page page = { .input = input, .out = out, .alone = input->nr_sides == 1 };
	char title[200];
	int rc;

	matrix_find(&page.matrix, input->comparisons, input->nr);
	name_sides(&page);
	find_common(&page);
	title_format(&page, title, sizeof(title));
	frame_start(out, title);
	put_header(&page);
	fputs("<main>\n", out);
	page_worse(&page);
	page_differences(&page);
	rc = page_plots(&page, err);
	page_rows(&page);
	page_undone(&page);
	page_environment(&page);
	page_reproduction(&page);
	frame_end(out);
	matrix_free(&page.matrix);
	free(page.names);
	return rc;
}

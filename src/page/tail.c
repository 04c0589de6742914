// SPDX-License-Identifier: GPL-2.0-or-later
/* Below the table: what was not measured and why, the environment, how to measure it again. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page/html.h"
#include "page/parts.h"
#include "print/command.h"
#include "print/public.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_reason(const struct result *a, const struct result *b)
{
	return a->status == b->status && same_text(a->why, b->why) && same_text(a->fix, b->fix);
}

/* Cases of one reason together. */
static void put_reason(const struct page *page, const struct results *results, size_t first,
		       bool *done)
{
	const struct result *result = &results->items[first];
	FILE *out = page->out;
	size_t nr = 0;

	for (size_t i = first; i < results->nr; i++)
		nr += same_reason(result, &results->items[i]);
	fprintf(out,
		"<li><strong class=\"%s\">%s</strong>, %zu case%s: ", status_names[result->status],
		status_names[result->status], nr, html_s(nr));
	html_text(out, result->why ? result->why : "no reason given");
	if (result->fix) {
		fputs(". To enable: ", out);
		html_element(out, "code", NULL, result->fix);
	}
	fputs(nr > 3 ? "<details><summary>which</summary><ul>" : "<ul>", out);
	for (size_t i = first; i < results->nr; i++) {
		if (!same_reason(result, &results->items[i]))
			continue;
		done[i] = true;
		fputs("<li>", out);
		html_element(out, "code", NULL, results->items[i].key);
		fputs("</li>", out);
	}
	fputs(nr > 3 ? "</ul></details></li>\n" : "</ul></li>\n", out);
}

static void put_undone(const struct page *page, size_t side)
{
	const struct results *results = page_results(page, side);
	autofree bool *done = calloc(results->nr + 1, sizeof(*done));
	bool any = false;

	if (!done)
		abort();
	for (size_t i = 0; i < results->nr; i++) {
		if (results->items[i].status == STATUS_DONE || done[i])
			continue;
		if (!any) {
			html_element(page->out, "h3", NULL, page->names[side]);
			fputs("<ul>\n", page->out);
		}
		any = true;
		put_reason(page, results, i, done);
	}
	fputs(any ? "</ul>\n" : "", page->out);
}

/* Done on one side, and not there on the other. */
static void put_one_sided(const struct page *page, const struct comparison *comparison, size_t side)
{
	bool any = false;

	for (size_t i = 0; i < comparison->nr_others; i++) {
		const struct pair *pair = &comparison->others[i];
		const struct result *there = pair->base ? pair->base : pair->new;

		if (pair->base && pair->new)
			continue;
		if (!any) {
			fputs("<h3>In one file only: ", page->out);
			html_text(page->out, page->names[0]);
			fputs(", ", page->out);
			html_text(page->out, page->names[side]);
			fputs("</h3><ul>\n", page->out);
		}
		any = true;
		fputs("<li>", page->out);
		html_element(page->out, "code", NULL, there->key);
		fprintf(page->out, " %s in ", status_names[there->status]);
		html_text(page->out, page->names[pair->base ? 0 : side]);
		fputs("</li>\n", page->out);
	}
	fputs(any ? "</ul>\n" : "", page->out);
}

void page_undone(const struct page *page)
{
	size_t nr = 0;

	for (size_t side = 0; side < page->input->nr_sides; side++)
		for (size_t i = 0; i < page_results(page, side)->nr; i++)
			nr += page_results(page, side)->items[i].status != STATUS_DONE;
	for (size_t i = 0; i < page->input->nr; i++)
		nr += page->input->comparisons[i].nr_others;
	fputs("<section id=\"undone\"><h2>Not measured, or not compared</h2>\n", page->out);
	if (nr == 0)
		fputs("<p>Nothing: every case is done, and in every file.</p>\n", page->out);
	for (size_t side = 0; side < page->input->nr_sides; side++)
		put_undone(page, side);
	for (size_t i = 0; i < page->input->nr && !page->alone; i++)
		put_one_sided(page, &page->input->comparisons[i], i + 1);
	fputs("</section>\n", page->out);
}

/* --- environment --- */

static void put_heads(const struct page *page, const char *what)
{
	fprintf(page->out, "<thead><tr><th scope=\"col\">%s</th>", what);
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		fputs("<th scope=\"col\">", page->out);
		html_text(page->out, page->names[i]);
		fputs("</th>", page->out);
	}
	fputs("</tr></thead>", page->out);
}

static bool same_everywhere(const struct page *page, const char *name, const char *value)
{
	char other[RESULTS_MAX_TEXT + 1];

	for (size_t i = 0; i < page->input->nr_sides; i++)
		if (!public_fact(&page_results(page, i)->environment, name, other, sizeof(other)) ||
		    strcmp(value, other))
			return false;
	return true;
}

static void put_fact(const struct page *page, const char *name)
{
	FILE *out = page->out;
	char value[RESULTS_MAX_TEXT + 1] = "";

	fputs("<tr>", out);
	html_element(out, "th scope=\"row\"", NULL, name);
	public_fact(&page_results(page, 0)->environment, name, value, sizeof(value));
	if (same_everywhere(page, name, value)) {
		fprintf(out, "<td colspan=\"%zu\">", page->input->nr_sides);
		html_text(out, value);
		fputs("</td></tr>\n", out);
		return;
	}
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		if (!public_fact(&page_results(page, i)->environment, name, value, sizeof(value)))
			snprintf(value, sizeof(value), "(absent)");
		fputs("<td class=\"differs\" data-l=\"", out);
		html_text(out, page->names[i]);
		fputs("\">", out);
		html_text(out, value);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static bool is_config(const char *name)
{
	return strncmp(name, "kernel.config.", strlen("kernel.config.")) == 0;
}

/* Every fact once, in the order of the first side that has it. Returns how many are not shown. */
static size_t put_facts(const struct page *page, bool config, const char *what)
{
	size_t nr = 0, nr_hidden = 0;

	for (size_t side = 0; side < page->input->nr_sides; side++) {
		const struct fact_list *facts = &page_results(page, side)->environment;

		for (size_t i = 0; i < facts->nr; i++) {
			const char *name = facts->items[i].name;
			bool before = false;

			for (size_t j = 0; j < side && !before; j++)
				before = fact_find(&page_results(page, j)->environment, name);
			if (before || is_config(name) != config)
				continue;
			if (!public_name(name)) {
				nr_hidden++;
				continue;
			}
			if (nr++ == 0) {
				fprintf(page->out,
					"<details><summary>%s</summary><div class=\"wide\" "
					"role=\"region\" aria-label=\"%s\" tabindex=\"0\"><table>",
					what, what);
				put_heads(page, "fact");
				fputs("<tbody>\n", page->out);
			}
			put_fact(page, name);
		}
	}
	if (nr)
		fputs("</tbody></table></div></details>\n", page->out);
	return nr_hidden;
}

/* One line about each side. */
static void put_sides(const struct page *page)
{
	static const char *const names[] = { "kernel.release", "kernel.arch", "cpu.model",
					     "hypervisor", "lab.accel" };
	FILE *out = page->out;

	fputs("<table class=\"cards\">", out);
	fputs("<thead><tr><th scope=\"col\">result</th><th scope=\"col\">kernel</th><th "
	      "scope=\"col\">arch</th><th scope=\"col\">processor</th><th "
	      "scope=\"col\">hypervisor</th><th scope=\"col\">accelerator</th><th "
	      "scope=\"col\">started (UTC)</th><th scope=\"col\">of "
	      "pinbench</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		const struct results *results = page_results(page, i);
		static const char *const labels[] = { "kernel", "arch", "processor", "hypervisor",
						      "accelerator" };
		char text[RESULTS_MAX_TEXT + 1];

		fputs("<tr>", out);
		html_element(out, "th scope=\"row\"", NULL, page->names[i]);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			fprintf(out, "<td data-l=\"%s\">", labels[j]);
			if (public_fact(&results->environment, names[j], text, sizeof(text)))
				html_text(out, text);
			fputs("</td>", out);
		}
		/* a guest without a clock begins in 1970, and that says nothing */
		snprintf(text, sizeof(text), "%.16s%s%s",
			 results->started && strncmp(results->started, "1970", 4) ? results->started
										  : "",
			 results->complete ? "" : " interrupted",
			 results->imported ? " imported" : "");
		fputs("<td data-l=\"started\">", out);
		html_text(out, text);
		fputs("</td><td data-l=\"pinbench\">", out);
		html_text(out, results->tool_version ? results->tool_version : "");
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

void page_environment(const struct page *page)
{
	size_t nr_hidden;

	fputs("<section id=\"environment\"><h2>Environment</h2>\n", page->out);
	put_sides(page);
	nr_hidden = put_facts(page, false, "Machine, settings and noise");
	nr_hidden += put_facts(page, true, "Configuration of the kernel");
	if (nr_hidden)
		fprintf(page->out,
			"<p class=\"faint\">%zu fact%s that pinbench does not write "
			"%s left out.</p>\n",
			nr_hidden, html_s(nr_hidden), nr_hidden == 1 ? "is" : "are");
	fputs("</section>\n", page->out);
}

/* --- reproduction --- */

static void put_command(const struct page *page, const struct command *command)
{
	autofree char *text = NULL;
	size_t size = 0;
	FILE *lines_out = open_memstream(&text, &size);
	struct lines lines = { .out = lines_out };

	if (!lines_out)
		abort();
	command_put(command, &lines, 0);
	if (fclose(lines_out))
		abort();
	fputs("<pre tabindex=\"0\">", page->out);
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		html_text(page->out, line);
		fputc('\n', page->out);
	}
	fputs("</pre>\n", page->out);
}

void page_reproduction(const struct page *page)
{
	struct command first;
	bool any = false;

	command_of(&first, page_results(page, 0), false);
	fputs("<section id=\"reproduce\"><h2>Measure it again</h2>\n", page->out);
	for (size_t i = 0; i < page->input->nr_sides; i++) {
		struct command command;

		command_of(&command, page_results(page, i), false);
		if (command.nr && (i == 0 || !command_same(&command, &first))) {
			fputs("<p>", page->out);
			html_text(page->out, page->names[i]);
			fputs(", pinbench ", page->out);
			html_text(page->out, page_results(page, i)->tool_version
						     ? page_results(page, i)->tool_version
						     : "of unknown version");
			fputs(":</p>\n", page->out);
			put_command(page, &command);
			any = true;
		}
		command_free(&command);
	}
	if (!any)
		fputs("<p>The file does not say which command measured it.</p>\n", page->out);
	command_free(&first);
	fputs("</section>\n", page->out);
}

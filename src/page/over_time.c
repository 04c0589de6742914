// SPDX-License-Identifier: GPL-2.0-or-later
#include "page/over_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "history/load.h"
#include "history/print.h"
#include "page/frame.h"
#include "page/html.h"
#include "print/public.h"

#define SMALL_WIDTH  220u
#define SMALL_HEIGHT 34u
#define LARGE_WIDTH  720u
#define LARGE_HEIGHT 150u
#define EDGE         5u
#define MAX_CONFIG   8u /* options that are named at a change */

static const struct history_view all_changed = { NULL, false };

bool over_time_wanted(const struct history *history)
{
	const struct history_file *first = NULL;

	for (size_t i = 0; i < history->nr_files; i++) {
		const struct history_file *file = &history->files[i];

		if (file->state != HISTORY_RESULT)
			continue;
		if (first &&
		    (strcmp(first->label, file->label) || strcmp(first->release, file->release) ||
		     strcmp(first->build, file->build) || strcmp(first->image, file->image)))
			return true;
		first = first ? first : file;
	}
	return false;
}

/* --- the whole --- */

static size_t nr_results(const struct history *history)
{
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_files; i++)
		nr += history->files[i].state == HISTORY_RESULT;
	return nr;
}

static size_t nr_events(const struct history *history, int direction)
{
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_events; i++)
		nr += history->events[i].direction == direction;
	return nr;
}

static void put_sentence(FILE *out, const struct history *history, size_t worse, size_t better,
			 size_t other)
{
	const struct history_event *last = NULL;
	char text[1024];

	for (size_t i = 0; i < history->nr_events; i++)
		if (history->events[i].direction < 0 || !worse)
			last = &history->events[i];
	if (worse)
		fprintf(out, "Something got worse at %zu place%s", worse, html_s(worse));
	else
		fputs("Nothing got worse", out);
	if (better)
		fprintf(out, ", better at %zu", better);
	if (other)
		fprintf(out, ", changed at %zu", other);
	history_event_format(history, last, text, sizeof(text));
	fputs("; the last: ", out);
	html_text(out, text);
	fprintf(out, ", %zu row%s.", last->nr, html_s(last->nr));
}

static void put_header(FILE *out, const struct history *history)
{
	size_t nr = nr_results(history), worse = nr_events(history, -1),
	       better = nr_events(history, 1), other = nr_events(history, 0);
	char text[1300];

	fprintf(out,
		"<header><p class=\"faint\">pinbench: %zu result%s of %zu kernel%s, in order of "
		"%s</p>\n<h1>",
		nr, html_s(nr), history->nr_kernels, html_s(history->nr_kernels),
		history->by_time ? "time" : "kernels");
	if (history->nr_events == 0)
		fprintf(out, "No level changed in %zu row%s.", history->nr_series,
			html_s(history->nr_series));
	else
		put_sentence(out, history, worse, better, other);
	fputs("</h1>\n", out);
	history_skipped_format(history, text, sizeof(text));
	for (size_t i = 0; i < history->nr_files; i++)
		if (history->files[i].state != HISTORY_RESULT)
			public_path(text, history->files[i].path);
	if (*text) {
		fputs("<p class=\"warning\">Skipped: ", out);
		html_text(out, text);
		fputs(".</p>\n", out);
	}
	for (size_t i = 0; i < history->nr_notes; i++)
		html_element(out, "p", "faint", history->notes[i]);
	fputs("</header>\n<main>\n", out);
}

/* --- events --- */

static void put_move(FILE *out, const struct history *history, const struct history_move *move)
{
	const struct history_series *series = &history->series[move->series];
	const struct change_point *change = &series->changes[move->change];
	char text[160];
	int better;

	fputs("<tr>", out);
	html_element(out, "th scope=\"row\"", NULL, history->keys.texts[series->key]);
	html_element(out, "td", "m", history_metric_name(series->metric));
	for (size_t i = 0; i < 2; i++) {
		history_value_format(history, series, i ? change->to : change->from, text,
				     sizeof(text));
		fprintf(out, "<td class=\"v\" data-l=\"%s\">", i ? "to" : "from");
		html_text(out, text);
		fputs("</td>", out);
	}
	history_change_format(history, move, text, sizeof(text));
	fputs("<td class=\"v strong\" data-l=\"change\">", out);
	html_text(out, text);
	history_sure_format(history, move, text, sizeof(text));
	fputs("</td><td data-l=\"how sure\">", out);
	html_text(out, text);
	fputs("</td><td data-l=\"verdict\">", out);
	better = history_move_better(history, move);
	fprintf(out, "<span class=\"verdict %s\">%s</span></td></tr>\n",
		better < 0   ? "worse"
		: better > 0 ? "better"
			     : "differs",
		history_direction(better));
}

/* A move with what it is sorted by: what got worse first, and the largest of it. */
struct placed_move {
	const struct history_move *move;
	int better;
	double size;
};

static int by_place(const void *a, const void *b)
{
	const struct placed_move *left = a, *right = b;

	if (left->better != right->better) {
		/* worse, better, the rest */
		int places[2] = { left->better < 0   ? 0
				  : left->better > 0 ? 1
						     : 2,
				  right->better < 0   ? 0
				  : right->better > 0 ? 1
						      : 2 };

		return places[0] - places[1];
	}
	if (left->size != right->size)
		return left->size > right->size ? -1 : 1;
	return (left->move > right->move) - (left->move < right->move);
}

static void put_moves(FILE *out, const struct history *history, const struct history_event *event)
{
	autofree struct placed_move *moves = calloc(event->nr + 1, sizeof(*moves));

	if (!moves)
		abort();
	for (size_t i = 0; i < event->nr; i++) {
		const struct history_move *move = &event->moves[i];
		double size = history->series[move->series].changes[move->change].size;

		moves[i] = (struct placed_move){ move, history_move_better(history, move),
						 isnan(size) ? INFINITY : fabs(size) };
	}
	qsort(moves, event->nr, sizeof(*moves), by_place);
	for (size_t i = 0; i < event->nr; i++)
		put_move(out, history, moves[i].move);
}

static void put_event(FILE *out, const struct history *history, const struct history_event *event)
{
	char text[2048];

	history_event_format(history, event, text, sizeof(text));
	html_element(out, "h3", NULL, text);
	history_config_format(history, event->before, event->after, MAX_CONFIG, text, sizeof(text));
	if (*text) {
		fputs("<p>Configuration of the kernel: ", out);
		html_text(out, text);
		fputs(".</p>\n", out);
	}
	fputs("<table class=\"cards\"><thead><tr><th scope=\"col\">case</th><th "
	      "scope=\"col\">metric</th><th scope=\"col\" class=\"v\">from</th><th scope=\"col\" "
	      "class=\"v\">to</th><th scope=\"col\" class=\"v\">change</th><th "
	      "scope=\"col\">how sure</th><th scope=\"col\">verdict</th></tr></thead><tbody>\n",
	      out);
	put_moves(out, history, event);
	fputs("</tbody></table>\n", out);
}

/* The last ones first. */
static void put_events(FILE *out, const struct history *history, int direction, const char *id,
		       const char *title)
{
	if (nr_events(history, direction) == 0)
		return;
	fprintf(out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
	for (size_t i = history->nr_events; i-- > 0;)
		if (history->events[i].direction == direction)
			put_event(out, history, &history->events[i]);
	fputs("</section>\n", out);
}

/* --- series --- */

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The median of points @from to before @to. */
static double level_of(const struct history_series *series, size_t from, size_t to)
{
	autofree double *values = malloc((to - from) * sizeof(*values));

	if (!values)
		abort();
	for (size_t i = from; i < to; i++)
		values[i - from] = series->points[i].value;
	qsort(values, to - from, sizeof(*values), by_value);
	return values[(to - from) / 2];
}

/* A line from the first result to the last, and a mark at each change. Of more points than there is
 * room for, medians. */
static void put_trend(FILE *out, const struct history *history, const struct history_series *series,
		      unsigned int width, unsigned int height, const char *class)
{
	double least = INFINITY, most = -INFINITY;
	size_t nr = series->nr < width / 2 ? series->nr : width / 2;
	char low[64], high[64];

	for (size_t i = 0; i < series->nr; i++) {
		least = fmin(least, series->points[i].value);
		most = fmax(most, series->points[i].value);
	}
	history_value_format(history, series, least, low, sizeof(low));
	history_value_format(history, series, most, high, sizeof(high));
	fprintf(out,
		"<svg class=\"%s\" viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"%zu results, "
		"from %s to %s, %zu change%s\">",
		class, width, height, series->nr, low, high, series->nr_changes,
		html_s(series->nr_changes));
	for (size_t i = 0; i < series->nr_changes; i++) {
		struct history_move move = { (size_t)(series - history->series), i };
		int better = history_move_better(history, &move);
		double x = EDGE + (width - 2.0 * EDGE) * ((double)series->changes[i].at - 0.5) /
					  (double)(series->nr - 1);

		fprintf(out, "<path class=\"mark %s\" d=\"M%.1f 0v%u\"/>",
			better < 0   ? "worse"
			: better > 0 ? "better"
				     : "differs",
			x, height);
	}
	for (size_t i = 0; i < nr; i++) {
		size_t from = i * series->nr / nr, to = (i + 1) * series->nr / nr;
		double value = level_of(series, from, to);
		double x = nr > 1 ? EDGE + (width - 2.0 * EDGE) * (double)i / (double)(nr - 1)
				  : width / 2.0;
		double y = most > least ? height - EDGE -
						  (height - 2.0 * EDGE) * (value - least) /
							  (most - least)
					: height / 2.0;

		fprintf(out, "%s%.1f %.1f", i ? "L" : "<path class=\"line\" d=\"M", x, y);
	}
	fputs("h0\"/></svg>", out);
}

static const char *kernel_of(const struct history *history, const struct history_point *point)
{
	return history->kernels[history->files[point->file].kernel].name;
}

static void put_levels(FILE *out, const struct history *history,
		       const struct history_series *series)
{
	char text[256];

	for (size_t i = 0; i < series->nr_changes; i++) {
		struct history_move move = { (size_t)(series - history->series), i };
		const struct history_point *before = &series->points[series->changes[i].at - 1],
					   *after = &series->points[series->changes[i].at];

		fputs("<p>", out);
		html_text(out, history_direction(history_move_better(history, &move)));
		fputs(": ", out);
		html_text(out, kernel_of(history, before));
		fputs(" to ", out);
		html_text(out, kernel_of(history, after));
		fputs(", ", out);
		history_change_format(history, &move, text, sizeof(text));
		html_text(out, text);
		fputs(", ", out);
		history_sure_format(history, &move, text, sizeof(text));
		html_text(out, text);
		fputs(".</p>\n", out);
	}
}

static void put_detail(FILE *out, const struct history *history,
		       const struct history_series *series)
{
	char text[1200];

	history_setup_format(&history->setups[series->setup], text, sizeof(text));
	html_element(out, "p", "faint", text);
	put_trend(out, history, series, LARGE_WIDTH, LARGE_HEIGHT, "trend large");
	fputs("<p class=\"axis\"><span>", out);
	html_text(out, kernel_of(history, &series->points[0]));
	fputs("</span><span>", out);
	html_text(out, kernel_of(history, &series->points[series->nr - 1]));
	fputs("</span></p>\n", out);
	put_levels(out, history, series);
}

static void put_value(FILE *out, const struct history *history, const struct history_series *series,
		      size_t nth, const char *name)
{
	char text[64];

	history_value_format(history, series, series->points[nth].value, text, sizeof(text));
	fprintf(out, "<td class=\"v\" data-l=\"%s\" data-v=\"%.15g\">", name,
		series->points[nth].value);
	html_text(out, text);
	fputs("</td>", out);
}

static void put_series(FILE *out, const struct history *history, size_t nth)
{
	const struct history_series *series = &history->series[nth];
	bool any[3] = { false };

	for (size_t i = 0; i < series->nr_changes; i++)
		any[history_move_better(history, &(struct history_move){ nth, i }) + 1] = true;
	fprintf(out, "<tr id=\"r%zu\" class=\"row%s\" data-key=\"", nth,
		history_shown(series, &all_changed) ? "" : " redundant");
	html_text(out, history->keys.texts[series->key]);
	fprintf(out, "\" data-metric=\"%s\" data-setup=\"%zu\" data-verdicts=\"%s%s%s\">",
		history_metric_name(series->metric), series->setup, any[0] ? "worse " : "",
		any[2] ? "better " : "", any[1] ? "differs " : "");
	fputs("<td class=\"case\"><details><summary>", out);
	html_text(out, history->keys.texts[series->key]);
	fputs("</summary></details></td>", out);
	html_element(out, "td", "m", history_metric_name(series->metric));
	fprintf(out, "<td class=\"v\" data-l=\"results\" data-v=\"%zu\">%zu</td>", series->nr,
		series->nr);
	put_value(out, history, series, 0, "first");
	fputs("<td>", out);
	put_trend(out, history, series, SMALL_WIDTH, SMALL_HEIGHT, "trend");
	fputs("</td>", out);
	put_value(out, history, series, series->nr - 1, "last");
	fprintf(out, "<td class=\"v\" data-l=\"changes\" data-v=\"%zu\">", series->nr_changes);
	if (series->nr_changes)
		fprintf(out, "%zu", series->nr_changes);
	else if (series->metric < NR_METRICS && series->nr < CHANGE_LEAST)
		fputs("too few", out);
	fputs("</td></tr>\n<tr class=\"detail\"><td colspan=\"7\">", out);
	put_detail(out, history, series);
	fputs("</td></tr>\n", out);
}

static void put_rows(FILE *out, const struct history *history)
{
	size_t nr_hidden = 0, nr_short = history_nr_short(history);

	for (size_t i = 0; i < history->nr_series; i++)
		nr_hidden += !history_shown(&history->series[i], &all_changed);
	fputs("<section id=\"rows\"><h2>All rows</h2>\n<p class=\"faint\">A point is the number of "
	      "a case in one result: the median of the medians of its runs. A mark is a change of "
	      "the level, by ranks at 1 %; what was counted changes with every difference. Where "
	      "the machine or the clock changes a new row begins.",
	      out);
	if (nr_short)
		fprintf(out, " %zu row%s of times %s fewer than %u results, too few to judge.",
			nr_short, html_s(nr_short), nr_short == 1 ? "has" : "have", CHANGE_LEAST);
	fputs("</p>\n<div id=\"controls\"></div>\n", out);
	if (nr_hidden)
		fprintf(out,
			"<input type=\"checkbox\" id=\"all\"><label for=\"all\">and %zu row%s of "
			"counts that never changed</label>\n",
			nr_hidden, html_s(nr_hidden));
	fputs("<div class=\"wide\" role=\"region\" aria-label=\"All rows\" tabindex=\"0\"><table "
	      "class=\"cards\" id=\"table\" data-series><thead><tr><th scope=\"col\" "
	      "data-sort=\"case\">case</th><th scope=\"col\" data-sort=\"metric\">metric</th><th "
	      "scope=\"col\" class=\"v\" data-sort=\"value\">results</th><th scope=\"col\" "
	      "class=\"v\" data-sort=\"value\">first</th><th scope=\"col\">first to last</th><th "
	      "scope=\"col\" class=\"v\" data-sort=\"value\">last</th><th scope=\"col\" "
	      "class=\"v\" data-sort=\"value\">changes</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < history->nr_series; i++)
		put_series(out, history, i);
	fputs("</tbody></table></div></section>\n", out);
}

/* --- what was measured --- */

static void put_kernels(FILE *out, const struct history *history)
{
	autofree size_t *setups = malloc((history->nr_setups + 1) * sizeof(*setups));
	size_t nr_setups;
	char text[1300];

	if (!setups)
		abort();
	nr_setups = history_setup_order(history, setups);
	fputs("<section id=\"environment\"><h2>Machines and kernels</h2>\n<ul>\n", out);
	for (size_t i = 0; i < nr_setups; i++) {
		history_setup_format(&history->setups[setups[i]], text, sizeof(text));
		html_element(out, "li", NULL, text);
	}
	fputs("</ul>\n<details><summary>Kernels, in their order</summary><ol>\n", out);
	for (size_t i = 0; i < history->nr_kernels; i++) {
		const struct history_kernel *kernel = &history->kernels[i];

		fputs("<li>", out);
		html_text(out, kernel->name);
		if (kernel->described && strcmp(kernel->described, kernel->name)) {
			fputs(", ", out);
			html_text(out, kernel->described);
		}
		if (kernel->started && strlen(kernel->started) >= 10)
			fprintf(out, ", first measured ");
		snprintf(text, sizeof(text), "%.10s", kernel->started ? kernel->started : "");
		html_text(out, text);
		fputs("</li>\n", out);
	}
	fputs("</ol></details></section>\n", out);
}

void over_time_print(FILE *out, const struct history *history)
{
	char title[96];

	snprintf(title, sizeof(title), "pinbench: %zu results of %zu kernels", nr_results(history),
		 history->nr_kernels);
	frame_start(out, title);
	put_header(out, history);
	put_events(out, history, -1, "worse", "Got worse");
	put_events(out, history, 1, "better", "Got better");
	put_events(out, history, 0, "changed", "Changed");
	put_rows(out, history);
	put_kernels(out, history);
	frame_end(out);
}

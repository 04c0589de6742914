// SPDX-License-Identifier: GPL-2.0-or-later
/* A history for people: a line for each series, then what changed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "history/load.h"
#include "history/print.h"

#define SPARK_COLUMNS 30u
#define MOST_OPTIONS  6u

static void print_notes(FILE *out, const struct look *look, const struct history *history)
{
	char skipped[1200], line[1300];

	history_skipped_format(history, skipped, sizeof(skipped));
	if (*skipped) {
		snprintf(line, sizeof(line), "Skipped: %s.", skipped);
		look_wrap(look, out, 0, 2, line);
	}
	for (size_t i = 0; i < history->nr_notes; i++)
		look_wrap(look, out, 0, 2, history->notes[i]);
}

static void print_head(FILE *out, const struct look *look, const struct history *history)
{
	const char *first = NULL, *last = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_files; i++) {
		const struct history_file *file = &history->files[i];

		if (file->state != HISTORY_RESULT)
			continue;
		nr++;
		first = !first || strcmp(file->started, first) < 0 ? file->started : first;
		last = !last || strcmp(file->started, last) > 0 ? file->started : last;
	}
	fprintf(out, "%zu result%s of %zu kernel%s", nr, nr == 1 ? "" : "s", history->nr_kernels,
		history->nr_kernels == 1 ? "" : "s");
	if (first && strlen(first) >= 10 && strlen(last) >= 10)
		fprintf(out, ", %.10s to %.10s", first, last);
	fprintf(out, ", in order of %s.\n", history->by_time ? "time" : "kernels");
	print_notes(out, look, history);
}

static void grid_series(struct grid *grid, const struct history *history,
			const struct history_series *series)
{
	char spark[SPARK_COLUMNS * 4 + 8], value[64];

	history_sparkline(grid->look, series, SPARK_COLUMNS, spark, sizeof(spark));
	history_value_format(history, series, series->points[series->nr - 1].value, value,
			     sizeof(value));
	grid_add(grid, "%s", history->keys.texts[series->key]);
	grid_add(grid, "%s", history_metric_name(series->metric));
	grid_add(grid, "%zu", series->nr);
	grid_add(grid, "%s", spark);
	grid_add(grid, "%s", value);
	if (series->nr_changes)
		grid_add(grid, "%zu", series->nr_changes);
	else
		grid_add(grid, "%s",
			 series->metric < NR_METRICS && series->nr < CHANGE_LEAST ? "too few" : "");
}

/* The series of one setup. Returns how many are not shown. */
static size_t print_series(FILE *out, const struct look *look, const struct history *history,
			   const struct history_view *view, size_t setup)
{
	struct grid grid;
	size_t nr_hidden = 0;

	grid_init(&grid, look, "llrllr");
	grid_add(&grid, "case");
	grid_add(&grid, "metric");
	grid_add(&grid, "n");
	grid_add(&grid, "first to last");
	grid_add(&grid, "last");
	grid_add(&grid, "changes");
	for (size_t i = 0; i < history->nr_series; i++) {
		const struct history_series *series = &history->series[i];

		if (series->setup != setup)
			continue;
		if (history_shown(series, view))
			grid_series(&grid, history, series);
		else
			nr_hidden++;
	}
	if (grid_nr_rows(&grid) > 1)
		grid_print(&grid, out, "  ");
	grid_free(&grid);
	return nr_hidden;
}

static void print_setups(FILE *out, const struct look *look, const struct history *history,
			 const struct history_view *view)
{
	autofree size_t *setups = malloc((history->nr_setups + 1) * sizeof(*setups));
	size_t nr = history_setup_order(history, setups), nr_hidden = 0, nr_short;

	for (size_t i = 0; i < nr; i++) {
		char text[1200], line[1300];

		fputc('\n', out);
		if (i == 0) {
			history_setup_format(&history->setups[setups[0]], line, sizeof(line));
		} else {
			history_setups_format(history, setups[i - 1], setups[i], text,
					      sizeof(text));
			snprintf(line, sizeof(line), "New series, no change point: %s", text);
		}
		look_wrap(look, out, 0, 2, line);
		nr_hidden += print_series(out, look, history, view, setups[i]);
	}
	nr_short = history_nr_short(history);
	if (nr_hidden)
		fprintf(out, "\n%zu row%s of counts never changed: --metric NAME shows them.\n",
			nr_hidden, nr_hidden == 1 ? "" : "s");
	if (nr_short)
		fprintf(out,
			"%s%zu row%s of times ha%s fewer than %u results, too few to judge; "
			"counts are judged from two on.\n",
			nr_hidden ? "" : "\n", nr_short, nr_short == 1 ? "" : "s",
			nr_short == 1 ? "s" : "ve", CHANGE_LEAST);
}

static void print_event(FILE *out, const struct look *look, const struct history *history,
			const struct history_event *event)
{
	struct grid grid;
	char text[1024], from[64], to[64];

	history_event_format(history, event, text, sizeof(text));
	look_plain(look, text);
	fprintf(out, "\n%s%s%s\n", event->direction < 0 ? look_bold(look) : "", text,
		event->direction < 0 ? look_end(look) : "");
	grid_init(&grid, look, "llrrrl");
	for (const char *const *head = (const char *const[]){ "case", "metric", "from", "to",
							      "change", "sure", NULL };
	     *head; head++)
		grid_add(&grid, "%s", *head);
	for (size_t i = 0; i < event->nr; i++) {
		const struct history_move *move = &event->moves[i];
		const struct history_series *series = &history->series[move->series];
		const struct change_point *change = &series->changes[move->change];

		history_value_format(history, series, change->from, from, sizeof(from));
		history_value_format(history, series, change->to, to, sizeof(to));
		grid_add(&grid, "%s", history->keys.texts[series->key]);
		grid_add(&grid, "%s", history_metric_name(series->metric));
		grid_add(&grid, "%s", from);
		grid_add(&grid, "%s", to);
		history_change_format(history, move, text, sizeof(text));
		grid_add(&grid, "%s", text);
		history_sure_format(history, move, text, sizeof(text));
		grid_add(&grid, "%s", text);
	}
	grid_print(&grid, out, "  ");
	grid_free(&grid);
	history_config_format(history, event->before, event->after, MOST_OPTIONS, text,
			      sizeof(text));
	if (*text) {
		fputs("  configuration: ", out);
		look_wrap(look, out, 17, 4, text);
	}
}

static void print_text(FILE *out, const struct look *look, const struct history *history,
		       const struct history_view *view)
{
	print_head(out, look, history);
	print_setups(out, look, history, view);
	if (!history->nr_events)
		fprintf(out, "\nNo change%s%s.\n", view->since ? " since " : "",
			view->since ? view->since : "");
	for (size_t i = 0; i < history->nr_events; i++)
		print_event(out, look, history, &history->events[i]);
}

const struct history_format history_text = { "text", print_text };

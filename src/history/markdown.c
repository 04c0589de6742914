// SPDX-License-Identifier: GPL-2.0-or-later
/* A history as tables that GitHub shows. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "history/load.h"
#include "history/print.h"

#define SPARK_COLUMNS 30u

/* As it is, whatever it is. */
static void put(FILE *out, const char *text)
{
	autofree char *copy = strdup(text);

	text_plain(copy);
	for (const char *at = copy; *at; at++) {
		if (strchr("\\`*_{}[]<>()#+-.!|~&@", *at) &&
		    !(*at == '-' || *at == '.' || *at == '+'))
			fputc('\\', out);
		fputc(*at, out);
	}
}

static void cell(FILE *out, const char *text)
{
	put(out, text);
	fputs(" | ", out);
}

static void print_rows(FILE *out, const struct history *history, const struct history_view *view,
		       size_t setup)
{
	static const struct look look = { .utf8 = true };

	fputs("\n| case | metric | n | first to last | last | changes |\n"
	      "|---|---|--:|---|--:|--:|\n",
	      out);
	for (size_t i = 0; i < history->nr_series; i++) {
		const struct history_series *series = &history->series[i];
		char text[SPARK_COLUMNS * 4 + 8];

		if (series->setup != setup || !history_shown(series, view))
			continue;
		fputs("| ", out);
		cell(out, history->keys.texts[series->key]);
		cell(out, history_metric_name(series->metric));
		fprintf(out, "%zu | ", series->nr);
		history_sparkline(&look, series, SPARK_COLUMNS, text, sizeof(text));
		cell(out, text);
		history_value_format(history, series, series->points[series->nr - 1].value, text,
				     sizeof(text));
		cell(out, text);
		fprintf(out, "%zu |\n", series->nr_changes);
	}
}

static void print_event(FILE *out, const struct history *history, const struct history_event *event)
{
	char text[1024];

	history_event_format(history, event, text, sizeof(text));
	fputs("\n**", out);
	put(out, text);
	fputs("**\n\n| case | metric | from | to | change | sure |\n|---|---|--:|--:|--:|---|\n",
	      out);
	for (size_t i = 0; i < event->nr; i++) {
		const struct history_move *move = &event->moves[i];
		const struct history_series *series = &history->series[move->series];
		const struct change_point *change = &series->changes[move->change];

		fputs("| ", out);
		cell(out, history->keys.texts[series->key]);
		cell(out, history_metric_name(series->metric));
		history_value_format(history, series, change->from, text, sizeof(text));
		cell(out, text);
		history_value_format(history, series, change->to, text, sizeof(text));
		cell(out, text);
		history_change_format(history, move, text, sizeof(text));
		cell(out, text);
		history_sure_format(history, move, text, sizeof(text));
		put(out, text);
		fputs(" |\n", out);
	}
	history_config_format(history, event->before, event->after, SIZE_MAX, text, sizeof(text));
	if (*text) {
		fputs("\nconfiguration: ", out);
		put(out, text);
		fputc('\n', out);
	}
}

static void print_markdown(FILE *out, const struct look *look, const struct history *history,
			   const struct history_view *view)
{
	autofree size_t *setups = malloc((history->nr_setups + 1) * sizeof(*setups));
	size_t nr = history_setup_order(history, setups);
	char text[1200];

	(void)look;
	history_skipped_format(history, text, sizeof(text));
	for (size_t i = 0; i < nr; i++) {
		char line[1200];

		if (i == 0) {
			history_setup_format(&history->setups[setups[0]], line, sizeof(line));
		} else {
			fputs("\nNew series, no change point: ", out);
			history_setups_format(history, setups[i - 1], setups[i], line,
					      sizeof(line));
		}
		put(out, line);
		fputc('\n', out);
		print_rows(out, history, view, setups[i]);
	}
	if (!history->nr_events)
		fprintf(out, "\nNo change%s%s.\n", view->since ? " since " : "",
			view->since ? view->since : "");
	for (size_t i = 0; i < history->nr_events; i++)
		print_event(out, history, &history->events[i]);
	if (*text) {
		fputs("\nSkipped: ", out);
		put(out, text);
		fputs(".\n", out);
	}
	for (size_t i = 0; i < history->nr_notes; i++) {
		fputc('\n', out);
		put(out, history->notes[i]);
		fputc('\n', out);
	}
}

const struct history_format history_markdown = { "markdown", print_markdown };

// SPDX-License-Identifier: GPL-2.0-or-later
/* A history for programs: docs/history-1.schema.json. What is not known is left out. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "history/print.h"
#include "print/public.h"

#define HISTORY_SCHEMA "urn:pinbench:history:1"

static void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		abort();
}

static json_t *text_json(const char *text)
{
	autofree char *copy = strdup(text);

	text_plain(copy);
	public_text(copy, NULL);
	return json_string(copy);
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text && *text)
		set(object, name, text_json(text));
}

static void set_number(json_t *object, const char *name, double number)
{
	if (!isfinite(number))
		return;
	if (number == rint(number) && fabs(number) < 0x1p53)
		set(object, name, json_integer((json_int_t)number));
	else
		set(object, name, json_real(number));
}

/* Takes @value; one line. */
static void put(FILE *out, const char *before, json_t *value, const char *after)
{
	autofree char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	json_decref(value);
	fprintf(out, "%s%s%s", before, text, after);
}

static void put_list(FILE *out, const char *name, size_t nr,
		     json_t *(*item)(const struct history *history, size_t i),
		     const struct history *history, const char *after)
{
	fprintf(out, "  \"%s\": [", name);
	for (size_t i = 0; i < nr; i++)
		put(out, i ? ",\n    " : "\n    ", item(history, i), "");
	fprintf(out, "%s]%s\n", nr ? "\n  " : "", after);
}

static json_t *kernel_json(const struct history *history, size_t i)
{
	const struct history_kernel *kernel = &history->kernels[i];
	json_t *object = json_object();

	set_text(object, "name", kernel->name);
	set_text(object, "release", kernel->release);
	set_text(object, "build", kernel->build);
	set_text(object, "image", kernel->image);
	set_text(object, "described", kernel->described);
	if (kernel->built >= 0)
		set_number(object, "built", (double)kernel->built);
	return object;
}

static json_t *setup_json(const struct history *history, size_t i)
{
	json_t *object = json_object();

	for (size_t j = 0; j < NR_SETUP_FIELDS; j++)
		set_text(object, history_setup_names[j], history->setups[i].fields[j]);
	return object;
}

static json_t *file_json(const struct history *history, size_t i)
{
	const struct history_file *file = &history->files[i];
	json_t *object = json_object();

	set_text(object, "path", file->path);
	set_text(object, "state", history_state_names[file->state]);
	set_text(object, "why", file->why);
	if (file->state != HISTORY_RESULT)
		return object;
	set_text(object, "label", file->label);
	set_text(object, "started", file->started);
	set_text(object, "version", file->tool);
	set_text(object, "digest", file->digest);
	set_number(object, "kernel", (double)file->kernel);
	set_number(object, "setup", (double)file->setup);
	return object;
}

static json_t *note_json(const struct history *history, size_t i)
{
	return text_json(history->notes[i]);
}

static json_t *change_json(const struct history *history, struct history_move move)
{
	const struct history_series *series = &history->series[move.series];
	const struct change_point *change = &series->changes[move.change];
	json_t *object = json_object();

	set_number(object, "at", (double)change->at);
	set_text(object, "direction", history_direction(history_move_better(history, &move)));
	set_number(object, "from", change->from);
	set_number(object, "to", change->to);
	set_number(object, "size", change->size);
	if (series->metric < NR_METRICS) {
		set_number(object, "low", change->low);
		set_number(object, "high", change->high);
		set_number(object, "p", change->p);
		set(object, "kind", json_string(change->drift ? "slope" : "step"));
	} else {
		set(object, "kind", json_string("counted"));
	}
	return object;
}

static json_t *series_json(const struct history *history, size_t i)
{
	const struct history_series *series = &history->series[i];
	json_t *object = json_object(), *points = json_array(), *changes = json_array();
	int better = history_metric_better(series->metric);

	set_text(object, "case", history->keys.texts[series->key]);
	set_text(object, "metric", history_metric_name(series->metric));
	set_text(object, "unit",
		 history_metric_unit(series->metric, history_icount(history, series)));
	set_text(object, "better", better < 0 ? "lower" : better > 0 ? "higher" : "none");
	set_number(object, "setup", (double)series->setup);
	for (size_t j = 0; j < series->nr; j++) {
		json_t *point = json_object();

		set_number(point, "file", (double)series->points[j].file);
		set_number(point, "value", series->points[j].value);
		if (series->points[j].nr_runs)
			set_number(point, "runs", series->points[j].nr_runs);
		json_array_append_new(points, point);
	}
	for (size_t j = 0; j < series->nr_changes; j++)
		json_array_append_new(changes, change_json(history, (struct history_move){ i, j }));
	set(object, "points", points);
	set(object, "changes", changes);
	return object;
}

static json_t *event_json(const struct history *history, size_t i)
{
	const struct history_event *event = &history->events[i];
	json_t *object = json_object(), *moves = json_array();
	char text[4096];

	set_text(object, "direction", history_direction(event->direction));
	set_number(object, "before", (double)event->before);
	set_number(object, "after", (double)event->after);
	history_config_format(history, event->before, event->after, SIZE_MAX, text, sizeof(text));
	set_text(object, "configuration", text);
	for (size_t j = 0; j < event->nr; j++) {
		json_t *move = json_object();

		set_number(move, "series", (double)event->moves[j].series);
		set_number(move, "change", (double)event->moves[j].change);
		json_array_append_new(moves, move);
	}
	set(object, "moves", moves);
	return object;
}

static void print_json(FILE *out, const struct look *look, const struct history *history,
		       const struct history_view *view)
{
	(void)look;
	fputs("{\n", out);
	put(out, "  \"schema\": ", json_string(HISTORY_SCHEMA), ",\n");
	put(out, "  \"order\": ", json_string(history->by_time ? "time" : "kernel"), ",\n");
	if (view->since)
		put(out, "  \"since\": ", text_json(view->since), ",\n");
	put_list(out, "kernels", history->nr_kernels, kernel_json, history, ",");
	put_list(out, "setups", history->nr_setups, setup_json, history, ",");
	put_list(out, "files", history->nr_files, file_json, history, ",");
	put_list(out, "series", history->nr_series, series_json, history, ",");
	put_list(out, "events", history->nr_events, event_json, history, ",");
	put_list(out, "notes", history->nr_notes, note_json, history, "");
	fputs("}\n", out);
}

const struct history_format history_json = { "json", print_json };

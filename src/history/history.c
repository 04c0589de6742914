// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/history.h"

#include <errno.h>
#include <fnmatch.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result/results.h"

const char *const history_setup_names[NR_SETUP_FIELDS] = { "cpu",        "cpus",  "nodes",
							   "hypervisor", "accel", "arch",
							   "page_bytes", "clock", "cache",
							   "benchmark",  "source" };

const char *const history_setup_phrases[NR_SETUP_FIELDS] = {
	"processor",    "CPUs",      "nodes", "hypervisor",  "what ran the code",
	"architecture", "page size", "clock", "cache model", "version of benchmark",
	"source"
};

const char *const history_state_names[NR_HISTORY_STATES] = { "result", "copy", "unfinished",
							     "other", "broken" };

const char *history_metric_name(unsigned int metric)
{
	if (metric < NR_METRICS)
		return metric_names[metric];
	return metric == HISTORY_HIT_RATE ? "hit_rate" : count_names[metric - HISTORY_COUNT];
}

const char *history_metric_unit(unsigned int metric, bool icount)
{
	if (metric < NR_METRICS)
		return icount ? "instructions" : "ns";
	return metric == HISTORY_HIT_RATE ? "part" : count_units[metric - HISTORY_COUNT];
}

int history_metric_better(unsigned int metric)
{
	if (metric < NR_METRICS)
		return -1;
	if (metric == HISTORY_HIT_RATE)
		return 1;
	return count_lower_better[metric - HISTORY_COUNT] ? -1 : 0;
}

struct name {
	const char *text;
	size_t place;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* Room for powers of two. */
static void *grow(void *items, size_t nr, size_t size)
{
	return nr & (nr - 1) ? items : reallocarray(items, nr ? nr * 2 : 1, size);
}

size_t names_add(struct names *names, const char *text)
{
	struct name wanted = { text, names->nr }, *new;
	void *found = tfind(&wanted, &names->tree, by_text);

	if (found)
		return (*(struct name **)found)->place;
	names->texts = grow(names->texts, names->nr, sizeof(*names->texts));
	new = malloc(sizeof(*new));
	*new = (struct name){ names->texts[names->nr] = strdup(text), names->nr };
	tsearch(new, &names->tree, by_text);
	return names->nr++;
}

void names_free(struct names *names)
{
	tdestroy(names->tree, free);
	for (size_t i = 0; i < names->nr; i++)
		free(names->texts[i]);
	free(names->texts);
}

void history_note(struct history *history, const char *format, ...)
{
	va_list args;

	history->notes = grow(history->notes, history->nr_notes, sizeof(*history->notes));
	va_start(args, format);
	if (vasprintf(&history->notes[history->nr_notes], format, args) < 0)
		abort();
	va_end(args);
	history->nr_notes++;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

size_t history_add_file(struct history *history, const struct history_file *file)
{
	struct history_file *own;

	history->files = grow(history->files, history->nr_files, sizeof(*history->files));
	own = &history->files[history->nr_files];
	*own = *file;
	own->path = copy(file->path);
	own->why = copy(file->why);
	own->digest = copy(file->digest);
	own->label = copy(file->label);
	own->started = copy(file->started);
	own->tool = copy(file->tool);
	own->release = copy(file->release);
	own->build = copy(file->build);
	own->image = copy(file->image);
	return history->nr_files++;
}

size_t history_add_setup(struct history *history, char *const fields[NR_SETUP_FIELDS])
{
	for (size_t i = 0; i < history->nr_setups; i++) {
		size_t j = 0;

		while (j < NR_SETUP_FIELDS && !strcmp(history->setups[i].fields[j], fields[j]))
			j++;
		if (j == NR_SETUP_FIELDS)
			return i;
	}
	history->setups = grow(history->setups, history->nr_setups, sizeof(*history->setups));
	for (size_t j = 0; j < NR_SETUP_FIELDS; j++)
		history->setups[history->nr_setups].fields[j] = strdup(fields[j]);
	return history->nr_setups++;
}

static struct history_series *series_find(struct history *history, size_t key, unsigned int metric,
					  size_t setup)
{
	size_t *link;

	if (key >= history->nr_heads) {
		size_t nr = key * 2 + 16;

		history->heads = reallocarray(history->heads, nr, sizeof(*history->heads));
		memset(history->heads + history->nr_heads, 0,
		       (nr - history->nr_heads) * sizeof(*history->heads));
		history->nr_heads = nr;
	}
	link = &history->heads[key][metric];
	for (size_t i = *link; i; i = history->series[i - 1].next)
		if (history->series[i - 1].setup == setup)
			return &history->series[i - 1];
	history->series = grow(history->series, history->nr_series, sizeof(*history->series));
	history->series[history->nr_series] = (struct history_series){
		.key = key, .metric = metric, .setup = setup, .next = *link
	};
	*link = ++history->nr_series;
	return &history->series[history->nr_series - 1];
}

void history_add_point(struct history *history, size_t key, unsigned int metric,
		       const struct history_point *point)
{
	struct history_series *series =
		series_find(history, key, metric, history->files[point->file].setup);

	series->points = grow(series->points, series->nr, sizeof(*series->points));
	series->points[series->nr++] = *point;
}

int history_select(struct history *history, const char *pattern, unsigned int metric,
		   struct error *err)
{
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_series; i++) {
		struct history_series *series = &history->series[i];

		if ((metric == NR_HISTORY_METRICS || series->metric == metric) &&
		    (!pattern || fnmatch(pattern, history->keys.texts[series->key], 0) == 0))
			history->series[nr++] = *series;
		else
			free(series->points);
	}
	history->nr_series = nr;
	if (nr)
		return 0;
	error_set(err, ENODATA, "no result has a %s%s%s%s",
		  metric < NR_HISTORY_METRICS ? history_metric_name(metric)
					      : "case that was measured",
		  pattern ? " of a case that matches \"" : "", pattern ? pattern : "",
		  pattern ? "\"" : "");
	return error_fix(err, "--case '*hugetlb*'; without --case and --metric all rows are shown");
}

void history_file_free(struct history_file *file)
{
	free(file->path);
	free(file->why);
	free(file->digest);
	free(file->label);
	free(file->started);
	free(file->tool);
	free(file->release);
	free(file->build);
	free(file->image);
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < history->nr_files; i++)
		history_file_free(&history->files[i]);
	for (size_t i = 0; i < history->nr_setups; i++)
		for (size_t j = 0; j < NR_SETUP_FIELDS; j++)
			free(history->setups[i].fields[j]);
	for (size_t i = 0; i < history->nr_series; i++) {
		free(history->series[i].points);
		free(history->series[i].changes);
	}
	for (size_t i = 0; i < history->nr_kernels; i++) {
		free(history->kernels[i].name);
		free(history->kernels[i].described);
	}
	for (size_t i = 0; i < history->nr_events; i++)
		free(history->events[i].moves);
	for (size_t i = 0; i < history->nr_notes; i++)
		free(history->notes[i]);
	names_free(&history->keys);
	names_free(&history->configs);
	free(history->files);
	free(history->setups);
	free(history->series);
	free(history->kernels);
	free(history->events);
	free(history->notes);
	free(history->heads);
	*history = (struct history){ 0 };
}

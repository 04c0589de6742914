// SPDX-License-Identifier: GPL-2.0-or-later
/* What the formats share. */
#include "history/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stats/summary.h"

#define FLAT 0.02 /* values within this part of each other are drawn as a flat line */

#define HISTORY_FORMAT_REFER(name) &history_##name,
const struct history_format *const history_formats[] = { HISTORY_FORMATS(HISTORY_FORMAT_REFER)
								 NULL };

const char *history_direction(int direction)
{
	return direction < 0 ? "worse" : direction > 0 ? "better" : "changed";
}

void history_value_format(const struct history *history, const struct history_series *series,
			  double value, char *text, size_t size)
{
	bool icount = history_icount(history, series);
	struct unit unit = unit_for(icount, value, value);

	if (series->metric < NR_METRICS)
		ticks_format(&unit, value, text, size);
	else if (series->metric == HISTORY_HIT_RATE)
		rate_format(value, text, size);
	else
		snprintf(text, size, "%.0f %s", value, history_metric_unit(series->metric, icount));
}

static int decimals(double percent)
{
	return fabs(percent) < 9.95 ? 1 : 0;
}

/* An end of an interval that nothing is known of. */
static void end_format(double part, char *text, size_t size)
{
	if (isfinite(part))
		snprintf(text, size, "%+.*f", decimals(part * 100), part * 100);
	else
		snprintf(text, size, "?");
}

void history_change_format(const struct history *history, const struct history_move *move,
			   char *text, size_t size)
{
	const struct history_series *series = &history->series[move->series];
	const struct change_point *change = &series->changes[move->change];
	double by = change->to - change->from;
	char low[32], high[32];

	if (series->metric == HISTORY_HIT_RATE) {
		snprintf(text, size, "%+.4g points", by * 100);
	} else if (series->metric > HISTORY_HIT_RATE) {
		snprintf(text, size, "%+.0f", by);
	} else if (isnan(change->size)) {
		snprintf(text, size, "%+.4g %s", by,
			 history_metric_unit(series->metric, history_icount(history, series)));
	} else {
		end_format(change->low, low, sizeof(low));
		end_format(change->high, high, sizeof(high));
		snprintf(text, size, "%+.*f %% (%s .. %s %%)", decimals(change->size * 100),
			 change->size * 100, low, high);
	}
}

void history_sure_format(const struct history *history, const struct history_move *move, char *text,
			 size_t size)
{
	const struct history_series *series = &history->series[move->series];
	const struct change_point *change = &series->changes[move->change];

	if (series->metric >= NR_METRICS)
		snprintf(text, size, "counted");
	else
		snprintf(text, size, "p %.1g%s", change->p,
			 change->drift ? ", a slope rather than a step" : "");
}

static void day_format(const struct history_file *file, char *text, size_t size)
{
	snprintf(text, size, "%.10s", *file->started ? file->started : "no date");
}

void history_event_format(const struct history *history, const struct history_event *event,
			  char *text, size_t size)
{
	const struct history_file *before = &history->files[event->before],
				  *after = &history->files[event->after];
	const char *names[2] = { history->kernels[before->kernel].name,
				 history->kernels[after->kernel].name };
	char days[2][32];

	day_format(before, days[0], sizeof(days[0]));
	day_format(after, days[1], sizeof(days[1]));
	if (before->kernel == after->kernel)
		snprintf(text, size, "%s: within %s, between the results of %.20s and %.20s",
			 history_direction(event->direction), names[0], before->started,
			 after->started);
	else if (history->by_time)
		snprintf(text, size, "%s: %s (%s) -> %s (%s)", history_direction(event->direction),
			 names[0], days[0], names[1], days[1]);
	else
		snprintf(text, size, "%s: %s -> %s (measured %s)",
			 history_direction(event->direction), names[0], names[1], days[1]);
}

/* Medians of @width parts, or the values themselves. Returns how many. */
static size_t condense(const struct history_series *series, size_t width, double *values)
{
	autofree double *part = malloc((series->nr + 1) * sizeof(*part));
	size_t nr = series->nr < width ? series->nr : width;

	for (size_t i = 0; i < nr; i++) {
		size_t start = i * series->nr / nr, end = (i + 1) * series->nr / nr;

		for (size_t j = start; j < end; j++)
			part[j - start] = series->points[j].value;
		values[i] = quantile_of(part, end - start, 0.5);
	}
	return nr;
}

void history_sparkline(const struct look *look, const struct history_series *series, size_t width,
		       char *text, size_t size)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char plain[] = "_.:-=+*#";
	autofree double *values = malloc((width + 1) * sizeof(*values));
	size_t nr = condense(series, width, values), used = 0;
	double least = INFINITY, most = -INFINITY;

	text[0] = '\0';
	for (size_t i = 0; i < nr; i++) {
		least = fmin(least, values[i]);
		most = fmax(most, values[i]);
	}
	if (series->metric < NR_METRICS && most - least < FLAT * most) {
		double middle = (least + most) / 2;

		least = middle - FLAT * most / 2;
		most = middle + FLAT * most / 2;
	}
	for (size_t i = 0; i < nr && used + 4 < size; i++) {
		double part = most > least ? (values[i] - least) / (most - least) : 0;
		size_t level = (size_t)fmin(7, floor(part * 8));

		used += (size_t)(look->utf8
					 ? snprintf(text + used, size - used, "%s", blocks[level])
					 : snprintf(text + used, size - used, "%c", plain[level]));
	}
}

void history_setup_format(const struct history_setup *setup, char *text, size_t size)
{
	static const struct {
		enum history_setup_field field;
		const char *before, *after;
	} parts[] = { { SETUP_CPU, "", "" },
		      { SETUP_CPUS, "", " CPUs" },
		      { SETUP_NODES, "", " nodes" },
		      { SETUP_HYPERVISOR, "on ", "" },
		      { SETUP_ACCEL, "run by ", "" },
		      { SETUP_ARCH, "", "" },
		      { SETUP_PAGE, "", "-byte pages" },
		      { SETUP_CACHE, "", "" },
		      { SETUP_SOURCE, "from a ", "" } };

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *value = setup->fields[parts[i].field];
		size_t used = strlen(text);

		if (!*value || (parts[i].field == SETUP_HYPERVISOR && !strcmp(value, "none")) ||
		    (parts[i].field == SETUP_NODES && !strcmp(value, "1")))
			continue;
		snprintf(text + used, size - used, "%s%s%.200s%.*s", used ? ", " : "",
			 parts[i].before, value,
			 /* "1 CPU" */
			 (int)strlen(parts[i].after) -
				 (strcmp(value, "1") == 0 && parts[i].field == SETUP_CPUS),
			 parts[i].after);
	}
	snprintf(text + strlen(text), size - strlen(text), "%sin %s, benchmark %s",
		 *text ? ", " : "", setup->fields[SETUP_CLOCK], setup->fields[SETUP_BENCHMARK]);
}

void history_setups_format(const struct history *history, size_t before, size_t after, char *text,
			   size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < NR_SETUP_FIELDS; i++) {
		const char *left = history->setups[before].fields[i];
		const char *right = history->setups[after].fields[i];
		size_t used = strlen(text);

		if (strcmp(left, right))
			snprintf(text + used, size - used, "%s%s %.100s -> %.100s",
				 used ? ", " : "", history_setup_phrases[i],
				 *left ? left : "not known", *right ? right : "not known");
	}
}

bool history_shown(const struct history_series *series, const struct history_view *view)
{
	return view->all || series->metric <= HISTORY_HIT_RATE || series->nr_changes;
}

size_t history_nr_short(const struct history *history)
{
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_series; i++)
		nr += history->series[i].metric < NR_METRICS &&
		      history->series[i].nr < CHANGE_LEAST;
	return nr;
}

size_t history_setup_order(const struct history *history, size_t *setups)
{
	autofree size_t *first = malloc((history->nr_setups + 1) * sizeof(*first));
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_setups; i++)
		first[i] = SIZE_MAX;
	for (size_t i = 0; i < history->nr_series; i++) {
		const struct history_series *series = &history->series[i];
		size_t rank = history->files[series->points[0].file].rank;

		first[series->setup] = rank < first[series->setup] ? rank : first[series->setup];
	}
	for (size_t i = 0; i < history->nr_setups; i++) {
		size_t at = nr;

		if (first[i] == SIZE_MAX)
			continue;
		for (; at > 0 && first[setups[at - 1]] > first[i]; at--)
			setups[at] = setups[at - 1];
		setups[at] = i;
		nr++;
	}
	return nr;
}

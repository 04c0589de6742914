// SPDX-License-Identifier: GPL-2.0-or-later
/* The change points of each series, and which of them are one event. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "history/history.h"

static void series_judge(struct history_series *series, double *values)
{
	for (size_t i = 0; i < series->nr; i++)
		values[i] = series->points[i].value;
	series->changes = calloc(series->nr + 1, sizeof(*series->changes));
	series->nr_changes = (series->metric < NR_METRICS
				      ? changes_find
				      : changes_exact)(values, series->nr, series->changes);
}

static size_t file_of(const struct history_series *series, size_t point)
{
	return series->points[point].file;
}

int history_move_better(const struct history *history, const struct history_move *move)
{
	const struct history_series *series = &history->series[move->series];
	const struct change_point *change = &series->changes[move->change];
	int better = history_metric_better(series->metric);

	return change->to > change->from ? better : change->to < change->from ? -better : 0;
}

static struct history_event event_of(const struct history *history, struct history_move move)
{
	const struct history_series *series = &history->series[move.series];
	size_t at = series->changes[move.change].at;

	return (struct history_event){ .before = file_of(series, at - 1),
				       .after = file_of(series, at),
				       .setup = series->setup };
}

/* In order of place; of one place those whose kernels differ in the same way stand together. */
static int by_place(const void *a, const void *b, void *context)
{
	const struct history *history = context;
	struct history_event left = event_of(history, *(const struct history_move *)a),
			     right = event_of(history, *(const struct history_move *)b);
	const struct history_file *files = history->files;
	long rc = (long)files[left.after].rank - (long)files[right.after].rank;

	rc = rc ? rc : (long)left.setup - (long)right.setup;
	rc = rc ? rc : (long)files[left.before].rank - (long)files[right.before].rank;
	rc = rc ? rc
		: (long)((const struct history_move *)a)->series -
			     (long)((const struct history_move *)b)->series;
	return rc < 0 ? -1 : rc > 0;
}

static bool same_place(const struct history *history, const struct history_event *a,
		       const struct history_event *b)
{
	const struct history_file *files = history->files;

	if (a->setup != b->setup)
		return false;
	if (a->after == b->after)
		return true;
	/* a kernel with several results, of which some lack the case */
	return files[a->before].kernel != files[a->after].kernel &&
	       files[a->before].kernel == files[b->before].kernel &&
	       files[a->after].kernel == files[b->after].kernel;
}

static bool is_counted(const struct history *history, const struct history_move *move)
{
	return history->series[move->series].metric >= NR_METRICS;
}

static size_t nr_counted(const struct history *history, const struct history_event *event)
{
	size_t nr = 0;

	for (size_t i = 0; i < event->nr; i++)
		nr += is_counted(history, &event->moves[i]);
	return nr;
}

static void event_take(struct history_event *event, const struct history_move *moves, size_t nr)
{
	event->moves = reallocarray(event->moves, event->nr + nr, sizeof(*event->moves));
	memcpy(event->moves + event->nr, moves, nr * sizeof(*moves));
	event->nr += nr;
}

/* Noise puts a time one result beside its place: whether @move would stand where @event does. */
static bool is_beside(const struct history *history, const struct history_move *move,
		      const struct history_event *event)
{
	const struct history_series *series = &history->series[move->series];
	size_t at = series->changes[move->change].at;

	return !is_counted(history, move) && series->setup == event->setup &&
	       ((at > 1 && file_of(series, at - 1) == event->after) ||
		(at + 1 < series->nr && file_of(series, at + 1) == event->after));
}

/* Times move to the event beside them that has counts, or else more rows. */
static void events_join(struct history *history)
{
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_events; i++) {
		struct history_event *event = &history->events[i];
		struct history_event *sides[2] = { i ? event - 1 : NULL,
						   i + 1 < history->nr_events ? event + 1 : NULL };

		for (size_t j = 0; j < 2 && event->nr; j++) {
			struct history_event *other = sides[j];
			size_t kept = 0;

			if (!other || !other->nr || nr_counted(history, event) ||
			    (!nr_counted(history, other) &&
			     (other->nr < event->nr || (other->nr == event->nr && j))))
				continue;
			for (size_t k = 0; k < event->nr; k++) {
				if (is_beside(history, &event->moves[k], other))
					event_take(other, &event->moves[k], 1);
				else
					event->moves[kept++] = event->moves[k];
			}
			event->nr = kept;
		}
	}
	for (size_t i = 0; i < history->nr_events; i++) {
		if (history->events[i].nr)
			history->events[nr++] = history->events[i];
		else
			free(history->events[i].moves);
	}
	history->nr_events = nr;
}

static int by_series(const void *a, const void *b)
{
	size_t left = ((const struct history_move *)a)->series,
	       right = ((const struct history_move *)b)->series;

	return (left > right) - (left < right);
}

static void event_close(const struct history *history, struct history_event *event)
{
	qsort(event->moves, event->nr, sizeof(*event->moves), by_series);
	event->drift = true;
	for (size_t i = 0; i < event->nr; i++) {
		const struct history_move *move = &event->moves[i];
		int better = history_move_better(history, move);

		event->drift = event->drift &&
			       history->series[move->series].changes[move->change].drift;
		if (better < 0 || event->direction == 0)
			event->direction = better;
	}
}

/* "2026-11-01" is before all times of that day. */
static bool is_since(const struct history *history, const struct history_event *event,
		     const char *since)
{
	return !since || strcmp(history->files[event->after].started, since) >= 0;
}

static void events_find(struct history *history, struct history_move *moves, size_t nr,
			const char *since)
{
	size_t kept = 0;

	qsort_r(moves, nr, sizeof(*moves), by_place, history);
	history->events = calloc(nr + 1, sizeof(*history->events));
	for (size_t i = 0; i < nr; i++) {
		struct history_event event = event_of(history, moves[i]);
		size_t same = history->nr_events;

		/* at most a few setups share a place */
		while (same > 0 && history->nr_events - same < 8 &&
		       !same_place(history, &history->events[same - 1], &event))
			same--;
		if (same == 0 || !same_place(history, &history->events[same - 1], &event)) {
			same = ++history->nr_events;
			history->events[same - 1] = event;
		}
		event_take(&history->events[same - 1], &moves[i], 1);
	}
	events_join(history);
	for (size_t i = 0; i < history->nr_events; i++) {
		struct history_event *event = &history->events[i];

		if (is_since(history, event, since)) {
			event_close(history, event);
			history->events[kept++] = *event;
		} else {
			free(event->moves);
		}
	}
	history->nr_events = kept;
}

void history_judge(struct history *history, const char *since)
{
	autofree struct history_move *moves = NULL;
	autofree double *values = calloc(history->nr_files + 1, sizeof(*values));
	size_t nr = 0, all = 0;

	for (size_t i = 0; i < history->nr_series; i++) {
		series_judge(&history->series[i], values);
		all += history->series[i].nr_changes;
	}
	moves = calloc(all + 1, sizeof(*moves));
	for (size_t i = 0; i < history->nr_series; i++)
		for (size_t j = 0; j < history->series[i].nr_changes; j++)
			moves[nr++] = (struct history_move){ i, j };
	events_find(history, moves, nr, since);
}

bool history_worse(const struct history *history)
{
	for (size_t i = 0; i < history->nr_events; i++)
		if (history->events[i].direction < 0)
			return true;
	return false;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

static const char *line_find(const char *text, const char *name, size_t length)
{
	for (const char *line = text; *line; line = next_line(line))
		if (strncmp(line, name, length) == 0 && line[length] == '=')
			return line + length + 1;
	return NULL;
}

struct differences {
	size_t nr, max, size;
	char *text;
};

static void difference_add(struct differences *differences, const char *name, int length,
			   const char *before, const char *after)
{
	size_t used = strlen(differences->text);

	if (differences->nr++ < differences->max)
		snprintf(differences->text + used, differences->size - used, "%s%.*s %.*s -> %.*s",
			 used ? ", " : "", length, name, before ? (int)strcspn(before, "\n") : 9,
			 before ? before : "not known", after ? (int)strcspn(after, "\n") : 9,
			 after ? after : "not known");
}

void history_config_format(const struct history *history, size_t before, size_t after, size_t max,
			   char *text, size_t size)
{
	const char *left = history->configs.texts[history->files[before].config];
	const char *right = history->configs.texts[history->files[after].config];
	struct differences found = { .max = max, .size = size, .text = text };

	text[0] = '\0';
	if (left == right || !*left || !*right)
		return;
	for (const char *line = left; *line; line = next_line(line)) {
		size_t length = strcspn(line, "=\n");
		const char *old = line + length + (line[length] == '=');
		const char *new = line_find(right, line, length);

		if (!new || strcspn(old, "\n") != strcspn(new, "\n") ||
		    strncmp(old, new, strcspn(old, "\n")))
			difference_add(&found, line, (int)length, old, new);
	}
	for (const char *line = right; *line; line = next_line(line)) {
		size_t length = strcspn(line, "=\n");

		if (!line_find(left, line, length))
			difference_add(&found, line, (int)length, NULL,
				       line + length + (line[length] == '='));
	}
	if (found.nr > max)
		snprintf(text + strlen(text), size - strlen(text), ", and %zu more",
			 found.nr - max);
}

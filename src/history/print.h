/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The formats of pinbench history: docs/history.md. */
#include <stdio.h>

#include "history/history.h"
#include "print/grid.h"

struct history_view {
	const char *since; /* what --since said; NULL */
	bool all;          /* rows of counts that never changed, too */
};

struct history_format {
	const char *name; /* of --format */
	void (*print)(FILE *out, const struct look *look, const struct history *history,
		      const struct history_view *view);
};

/* One line per format: its struct, at the foot of its file, is history_NAME. The first is the
 * default. */
#define HISTORY_FORMATS(X) \
	X(text)            \
	X(markdown)        \
	X(csv)             \
	X(json)

#define HISTORY_FORMAT_DECLARE(name) extern const struct history_format history_##name;
HISTORY_FORMATS(HISTORY_FORMAT_DECLARE)

extern const struct history_format *const history_formats[]; /* ended by NULL */

/* For the formats. A value with its unit: "7.712 us", "6.25 %", "15 pages". */
void history_value_format(const struct history *history, const struct history_series *series,
			  double value, char *text, size_t size);
/* "+8.1 % (+7.5 .. +8.8 %)", or "-93.75 points", "+15 pages" of what was counted. */
void history_change_format(const struct history *history, const struct history_move *move,
			   char *text, size_t size);
/* "p 0.001, a slope", "counted". */
void history_sure_format(const struct history *history, const struct history_move *move, char *text,
			 size_t size);
/* "worse: 6.1.190 -> 6.1.192 (2026-11-20)". */
void history_event_format(const struct history *history, const struct history_event *event,
			  char *text, size_t size);
/* "worse", "better", "changed". */
const char *history_direction(int direction);
/* The values as one line of at most @width blocks; of more values medians. */
void history_sparkline(const struct look *look, const struct history_series *series, size_t width,
		       char *text, size_t size);
/* "Cortex-A76 r4p1, 1 CPUs, ...". */
void history_setup_format(const struct history_setup *setup, char *text, size_t size);
/* What a setup has that is not that of the one before: "processor A -> B, clock ns ->
 * instructions". */
void history_setups_format(const struct history *history, size_t before, size_t after, char *text,
			   size_t size);
/* Whether the row is shown where not all are. */
bool history_shown(const struct history_series *series, const struct history_view *view);
/* Series that are too short to be judged. */
size_t history_nr_short(const struct history *history);
/* Setups in the order in which they come, each once; room for nr_setups. */
size_t history_setup_order(const struct history *history, size_t *setups);

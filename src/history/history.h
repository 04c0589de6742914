/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Many results in order: one row of numbers, a series, for each case and metric that was measured
 * in the same way on the same machine. A point is one result file: the one number of a case there
 * (stats/summary.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/metric.h"
#include "history/change.h"

/* Three times, the hit rate, the counts. */
enum {
	HISTORY_HIT_RATE = NR_METRICS,
	HISTORY_COUNT,
	NR_HISTORY_METRICS = HISTORY_COUNT + NR_COUNTS
};
/* "pin" ... "hit_rate", "requested_pages" ... */
const char *history_metric_name(unsigned int metric);
/* "ns" and "instructions" by @icount; "part" (of 1), "pages" ... */
const char *history_metric_unit(unsigned int metric, bool icount);
/* -1: lower is better; 1: higher; 0: neither. */
int history_metric_better(unsigned int metric);

/* What a series has in common: where any of it changes, a new series begins. Texts, "" where
 * unknown. */
enum history_setup_field {
	SETUP_CPU,
	SETUP_CPUS,
	SETUP_NODES,
	SETUP_HYPERVISOR,
	SETUP_ACCEL,
	SETUP_ARCH,
	SETUP_PAGE,
	SETUP_CLOCK,
	SETUP_CACHE,
	SETUP_BENCHMARK,
	SETUP_SOURCE,
	NR_SETUP_FIELDS
};
extern const char *const history_setup_names[NR_SETUP_FIELDS];   /* columns of the index */
extern const char *const history_setup_phrases[NR_SETUP_FIELDS]; /* for people */

struct history_setup {
	char *fields[NR_SETUP_FIELDS];
};

enum history_state {
	HISTORY_RESULT,
	HISTORY_COPY,       /* the content of another file: no second measurement */
	HISTORY_UNFINISHED, /* being written, or left by a run that was killed */
	HISTORY_OTHER,      /* of another tool */
	HISTORY_BROKEN,     /* cannot be read */
	NR_HISTORY_STATES
};
extern const char *const history_state_names[NR_HISTORY_STATES];

struct history_file {
	char *path; /* with its directory, as the user wrote that */
	int64_t size, mtime_ns;
	enum history_state state;
	char *why;                             /* not a result: the reason; else NULL */
	char *digest, *label, *started, *tool; /* "" where unknown; NULL: not a result */
	char *release, *build, *image;         /* what tells a kernel: uname -r, -v, digest */
	size_t setup, config;                  /* of the history's */
	size_t kernel, rank;                   /* after history_order() */
};

struct history_point {
	size_t file;
	double value;
	unsigned int nr_runs;
};

struct history_series {
	size_t key; /* of the history's */
	unsigned int metric;
	size_t setup;
	struct history_point *points; /* after history_order() in order */
	size_t nr;
	struct change_point *changes; /* after history_judge() */
	size_t nr_changes;
	size_t next; /* another setup of the same case and metric; 0: none, else its number + 1 */
};

struct history_kernel {
	const char *release, *build, *image;
	char *name;          /* for people: the release, with more where that is not enough */
	char *described;     /* by git; NULL: not there */
	int64_t built;       /* seconds of 1970; -1: unknown */
	const char *started; /* of its first result */
	size_t place;        /* of the kernel before they were put in order */
};

/* Rows that moved at one place: one event. */
struct history_event {
	size_t before, after; /* files between which it happened; of the first row */
	size_t setup;
	int direction; /* -1: something got worse; 1: better; 0: neither */
	bool drift;    /* every row of it is of a slope */
	struct history_move {
		size_t series, change;
	} * moves;
	size_t nr;
};

/* Texts that stand for numbers, each once. */
struct names {
	char **texts;
	size_t nr;
	void *tree;
};
size_t names_add(struct names *names, const char *text);
void names_free(struct names *names);

struct history {
	struct history_file *files;
	size_t nr_files;
	struct history_setup *setups;
	size_t nr_setups;
	struct names keys, configs; /* config: lines "name=value" */
	struct history_series *series;
	size_t nr_series;
	struct history_kernel *kernels; /* in order */
	size_t nr_kernels;
	struct history_event *events; /* in order */
	size_t nr_events;
	char **notes; /* what the user has to know: of the index, of the tree */
	size_t nr_notes;
	bool by_time;
	size_t nr_unknown;                   /* kernels that the tree has not */
	size_t (*heads)[NR_HISTORY_METRICS]; /* of each key: its first series, + 1 */
	size_t nr_heads;
};

void history_note(struct history *history, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* These give the place of what is added, or was there. */
size_t history_add_file(struct history *history, const struct history_file *file);
size_t history_add_setup(struct history *history, char *const fields[NR_SETUP_FIELDS]);
void history_add_point(struct history *history, size_t key, unsigned int metric,
		       const struct history_point *point);
void history_free(struct history *history);
void history_file_free(struct history_file *file);

static inline bool history_icount(const struct history *history,
				  const struct history_series *series)
{
	return history->setups[series->setup].fields[SETUP_CLOCK][0] == 'i';
}

/*
 * Leaves only the series whose key matches @pattern (fnmatch(3); NULL: all) and of that metric
 * (NR_HISTORY_METRICS: all). -ENODATA: there is none.
 */
int history_select(struct history *history, const char *pattern, unsigned int metric,
		   struct error *err);
/* order.c: puts kernels, points and series in order; nothing can be added after it. @tree: a git
 * repository, or NULL. */
int history_order(struct history *history, bool by_time, const char *tree, struct error *err);

/* Finds the change points, and the events of those that are not before @since ("2026-11-01", NULL:
 * all). */
void history_judge(struct history *history, const char *since);
/* -1: what moved got worse; 1: better; 0: neither is better. */
int history_move_better(const struct history *history, const struct history_move *move);
/* Whether anything of the events got worse. */
bool history_worse(const struct history *history);
/* The differences of two configurations, "CONFIG_X n -> y, ...", at most @max of them. */
void history_config_format(const struct history *history, size_t before, size_t after, size_t max,
			   char *text, size_t size);
/* "6.1.192", with the date of the result where @history is in order of time. */
void history_point_name(const struct history *history, const struct history_file *file, char *text,
			size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A result file: environment and results, in memory and as JSON (docs/result-1.schema.json).
 * A report holds text and numbers, no pointers into the registry: files of other hosts and versions
 * can be read without them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "fact.h"
#include "sample.h"

#define REPORT_SCHEMA "urn:pinbench:result:1"

enum status { STATUS_DONE, STATUS_SKIPPED, STATUS_FAILED, NR_STATUS };
extern const char *const status_names[NR_STATUS]; /* "done", "skipped", "failed" */

/* One process on this host, or one boot in the lab: the unit of replication. */
struct run {
	unsigned int index;
	int cpu, node;                 /* where it was bound; -1: not bound */
	size_t nr_warmup;              /* the first ones of samples[]: kept, but never summarised */
	size_t nr_samples;             /* all of samples[], warm-ups included */
	struct sample *samples;
	char clock[NR_METRICS][24];    /* "monotonic-raw", "gup-test-us" ...; empty: not measured */
	uint64_t quantum[NR_METRICS];  /* grain of that clock, in ticks */
};

/* The parameters of a case, as they stand in the file. */
struct params {
	char pinner[40], layout[24], state[24], access[8], window[40];
	uint64_t offset;         /* bytes from the start of the region */
	uint64_t bytes;          /* length of the window */
	uint64_t pages_per_call;
	uint64_t region_bytes;
};

struct result {
	char *key;               /* identity of the case everywhere */
	struct params params;
	enum status status;
	char *why;               /* skipped or failed: the reason, one sentence; else NULL */
	char *fix;               /* skipped: what would enable it; or NULL */
	struct run *runs;
	size_t nr_runs;
	struct path_count counts;
	struct fact_list truth;
	char **warnings;
	size_t nr_warnings;
};

struct report {
	char *path;              /* where it was read from; NULL for a new one */
	char *tool_version;
	char *label;
	bool complete;
	bool icount;             /* ticks are guest instructions, not ns */
	char *started;           /* UTC, 2026-01-31T12:00:00Z */
	double duration_s;
	char **command;          /* NULL-terminated argv */
	char *config;            /* the effective config, as JSON text */
	struct fact_list environment;
	struct result *results;
	size_t nr_results;
};

/* A new result at the end of the report; the pointer is valid until the next call. */
struct result *report_add(struct report *report, const char *key);
void result_warn(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const struct result *report_find(const struct report *report, const char *key);

/*
 * Writes to a new temporary name in the directory of @path (O_EXCL|O_NOFOLLOW, 0644 less the umask), syncs
 * and renames: the old file or the whole new one, never half of it. On failure nothing is left.
 */
int report_save(const struct report *report, const char *path, struct error *err);

/*
 * Reads an untrusted file: at most 64 MiB, depth 32, strings of 4 KiB (config text 64 KiB), 1e6 samples a result; duplicate
 * keys, unknown schema, wrong types and numbers out of range are errors with file and position.
 */
int report_load(struct report *report, const char *path, struct error *err);

/* Appends the runs of @from to the results of @into with the same key (boots of one kernel). */
int report_merge(struct report *into, const struct report *from, struct error *err);

void report_free(struct report *report);

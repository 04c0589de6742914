/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Result files for other programs. Each file becomes a small record of its numbers, and its samples
 * are freed before the next one is read: a thousand files take little memory.
 *
 * No record holds a host, a user, a path of a home, a command line or a kernel's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "result/results.h"
#include "stats/stats.h"
#include "stats/summary.h"

/* What a case says of one metric in all its runs. */
struct export_time {
	enum metric metric;
	struct summary summary; /* in ticks; nr is the number of runs */
};

struct export_case {
	char *key;
	struct params params;
	enum status status;
	char *why, *fix; /* or NULL */
	char **warnings;
	size_t nr_warnings;
	struct export_time times[NR_METRICS];
	size_t nr_times;
	bool hit_known;
	struct hit_rate hit;
	struct path_count counts;
	uint64_t nr_pages; /* that one cycle pinned; 0: not known */
};

/* One result file. */
struct export_result {
	char *label, *release, *version; /* of the kernel; of pinbench. "": not known */
	char *machine;                   /* the kind of machine: "aarch64, Cortex-A76" */
	char page_size[24];              /* "4K"; "": not known */
	char digest[DIGEST_SIZE];
	char *started; /* as in the file; "": not known */
	time_t time;   /* the same; -1: not known */
	double duration_s;
	unsigned int benchmark;
	bool complete, icount, imported;
	size_t nr_of[NR_STATUS];
	struct export_case *cases;
	size_t nr;
	char *series; /* labels that all its series share: what the files of one history have in
			 common */
};

struct export
{
	const char *pattern; /* fnmatch(3) over keys: which cases to take; NULL: all */
	bool timed;          /* takes no result without a time */
	struct export_result *results;
	size_t nr;
	size_t nr_unusable, nr_copies, nr_older; /* files of directories that were left out */
	struct error unusable;                   /* why the first of them was */
};

/*
 * Adds a file, or every *.json of a directory by name. "LABEL=PATH" gives all of them that label.
 * In a directory, what is no result is left out and counted; so is a copy of a result.
 */
int export_add(struct export *export, const char *argument, struct error *err);
void export_free(struct export *export);
/* Keeps the first @nr results, and counts the others in nr_older. */
void export_drop_older(struct export *export, size_t nr);

/* "ns", "instructions". */
const char *export_unit(const struct export_result *result);

struct export_format {
	const char *name;  /* as on the command line */
	const char *about; /* what it is for */
	bool timed;        /* each result needs its time */
	/* What the format cannot say; before anything is written. May be NULL. */
	int (*check)(struct export *export, struct error *err);
	void (*write)(FILE *out, const struct export *export);
	/* Exit code by the cases, as kselftest has it. */
	bool tells_status;
};

/* One line per format: its struct, at the foot of its file, is export_NAME. */
#define EXPORTS(X)     \
	X(prometheus)  \
	X(openmetrics) \
	X(ktap)        \
	X(csv)         \
	X(json)

#define EXPORT_DECLARE(name) extern const struct export_format export_##name;
EXPORTS(EXPORT_DECLARE)
extern const struct export_format *const export_formats[]; /* ended by NULL */
/* NULL: there is none of that name. */
const struct export_format *export_format_find(const char *name);

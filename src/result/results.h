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
#include <stdio.h>

#include "base/error.h"
#include "base/fact.h"
#include "base/infile.h"
#include "base/metric.h"
#include "result/explain.h"

#define RESULTS_SCHEMA "urn:pinbench:result:1"

enum status { STATUS_DONE, STATUS_SKIPPED, STATUS_FAILED, NR_STATUS };
extern const char *const status_names[NR_STATUS]; /* "done", "skipped", "failed" */

/*
 * What decided where the memory of a run came to lie. In the icount lane everything else is the
 * same in every boot, so that without other placements n boots are one observation.
 */
struct placement {
	bool known;
	uint64_t seed;         /* of QEMU's and the guest's random numbers, and of the two below */
	uint64_t region_start; /* address of the region */
	uint64_t pages_before; /* base pages that the process took from the allocator before its
				  region */
	uint64_t first_frame;  /* number of the window's first page frame; 0: not known */
	uint64_t entropy; /* 32 of the random bits that the kernel gave the process (AT_RANDOM); 0:
			     not known */
};

/* One process on this host, or one boot in the lab: the unit of replication. */
struct run {
	unsigned int index;
	int block; /* of the schedule: runs of two files with one block were neighbours; -1: none */
	int slot;  /* place in the whole schedule, all sides counted, from 0; -1: none */
	int cpu, node; /* where it was bound; -1: not bound */
	struct placement placement;
	size_t nr_warmup;  /* the first ones of samples[]: kept, but never summarised */
	size_t nr_samples; /* all of samples[], warm-ups included */
	struct sample *samples;
	char clock[NR_METRICS][24];   /* "monotonic-raw", "gup-test-us" ...; empty: not measured */
	uint64_t quantum[NR_METRICS]; /* grain of that clock, in ticks */
	struct memory_count *memory;  /* beside samples[], warm-ups included; NULL: not counted */
	unsigned int have_memory;     /* bit 1 << metric */
};

/* The parameters of a case, as they stand in the file. */
struct params {
	char pinner[40], layout[24], state[24], access[8], window[40];
	uint64_t offset; /* bytes from the start of the region */
	uint64_t bytes;  /* length of the window */
	uint64_t pages_per_call;
	uint64_t region_bytes;
};

/* Why there are as many runs as there are. */
enum stop { STOP_RUNS, STOP_PRECISION, STOP_MAX_TIME, NR_STOPS };
extern const char *const stop_names[NR_STOPS]; /* "runs", "precision", "max-time" */

struct result {
	char *key; /* identity of the case everywhere */
	struct params params;
	enum status status;
	char *why;         /* skipped or failed: the reason, one sentence; else NULL */
	char *fix;         /* skipped: what would enable it; or NULL */
	enum stop stop;    /* STOP_RUNS: as many as were asked for */
	double precision;  /* half width of the 95 % interval reached, as a part (0.01); 0: was not
			      asked for */
	char *counterpart; /* key of the case of the other file of the schedule that it is to be
			      compared with; NULL: the same */
	struct run *runs;  /* grown only by result_add_run() */
	size_t nr_runs;
	struct path_count counts;
	struct fact_list truth;
	char **warnings; /* grown only by result_warn() */
	size_t nr_warnings;
	struct explain *explain; /* of the first boot; NULL: not asked for, or not possible */
};

/* How the runs of several files took turns. Files with the same id were measured together. */
enum run_order { ORDER_NONE, ORDER_ABBA, ORDER_RANDOM, NR_ORDERS };
extern const char *const order_names[NR_ORDERS]; /* "none", "abba", "random" */

#define RESULTS_MAX_SIDES 16u

struct schedule {
	enum run_order order; /* ORDER_NONE: measured alone, the rest is empty */
	char id[33];          /* the same in all files of one schedule: letters and digits */
	uint64_t seed;        /* of the order, and of the placement where that is varied */
	unsigned int
		nr_blocks; /* planned; runs of a finished schedule fill blocks 0 .. nr_blocks - 1 */
	unsigned int side; /* which of sides[] this file is */
	unsigned int nr_sides;
	char *sides[RESULTS_MAX_SIDES]; /* labels, in the order of the command line */
};

/*
 * What one sample means. Raised when pinbench changes what it times, so that figures from before
 * and after do not fit together; the program's version changes with every commit and does not say
 * that.
 */
#define RESULTS_BENCHMARK 1u

/* A file that a report was read from, and what was in it: the same content is the same measurement,
 * whatever it is called. */
struct results_file {
	char *path;
	char digest[DIGEST_SIZE];
};

#define RESULTS_PATH_MAX 4096 /* with its NUL */

struct results {
	char *path;                 /* where it was read from; NULL for a new one */
	struct results_file *files; /* all that it was loaded and merged from; none: from memory */
	size_t nr_files;
	char *tool_version;
	unsigned int benchmark; /* RESULTS_BENCHMARK of the program that measured; 0 when it is this
				   one */
	char *imported; /* what it was made from ("gup_test log"): what that cannot tell is unknown;
			   or NULL */
	struct schedule schedule;
	char *label;
	bool complete;
	bool icount;   /* ticks are guest instructions, not ns */
	char *started; /* UTC, 2026-01-31T12:00:00Z */
	double duration_s;
	char **command; /* NULL-terminated argv */
	char *config;   /* the effective config, as JSON text */
	struct fact_list environment;
	struct result *items; /* grown only by results_add(); keys are unique */
	size_t nr;
};

/* Limits of a file, for reading and writing. Everything above them is refused, not cut (texts are
 * cut at writing). */
#define RESULTS_MAX_BYTES     (64u << 20)
#define RESULTS_MAX_DEPTH     32u
#define RESULTS_MAX_TEXT      4096u       /* bytes of one string, without the NUL */
#define RESULTS_MAX_CONFIG    (64u << 10) /* bytes of the config, as compact JSON */
#define RESULTS_MAX_VALUES    4000000u    /* numbers, strings, objects ... in one file */
#define RESULTS_MAX_GROUPS    500000u     /* objects and lists in one file */
#define RESULTS_MAX_RESULTS   10000u
#define RESULTS_MAX_RUNS      1000u    /* of one result */
#define RESULTS_MAX_SAMPLES   1000000u /* of one result, warm-ups included */
#define RESULTS_MAX_WARNINGS  1000u    /* of one result; more are not taken */
#define RESULTS_MAX_FACTS     4096u    /* of one list */
#define RESULTS_MAX_BLOCKS    100000u  /* of a schedule */
#define RESULTS_MAX_FACT_NAME 191u     /* bytes of a dotted name */

/*
 * What was typed, from a verb's arguments; the name of a user in "/home/NAME/" becomes "~/".
 * Replaces what was there.
 */
void results_set_command(struct results *results, int argc, char **argv);
/* A new result at the end of the report; the pointer is valid until the next call. */
struct result *results_add(struct results *results, const char *key);
/* A new run at the end of the result, index set, not bound, no samples; valid until the next call.
 */
struct run *result_add_run(struct result *result);
/* Adds a warning, unless the result has the same one already, or as many as a file holds. */
void result_warn(struct result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const struct result *results_find(const struct results *results, const char *key);
/* Key of the case of @to that @result, of @from, is to be compared with; there need not be one. */
const char *counterpart_key(const struct result *result, const struct results *from,
			    const struct results *to);

/*
 * Writes to a new temporary name in the directory of @path (O_EXCL|O_NOFOLLOW, 0644 less the
 * umask), syncs and renames: the old file or the whole new one, never half of it. On failure
 * nothing is left. -EINVAL names what the format cannot hold: a sample without a metric that the
 * others have, a name that is too long, a skipped or failed result without a reason.
 */
int results_save(const struct results *results, const char *path, struct error *err);
/*
 * The first files of @nr reports that belong together, under names that nothing has yet: where
 * "x.json" is there, "x-2.json", and so on, the same number for all. @paths: the names to begin
 * with, each in a buffer of RESULTS_PATH_MAX; then those that were taken.
 */
int results_save_new(const struct results *const *reports, char *const *paths, size_t nr,
		     struct error *err);

/* The same text to @out. */
int results_print(const struct results *results, FILE *out, struct error *err);

/*
 * Reads an untrusted file: at most 64 MiB, depth 32, strings of 4 KiB (config text 64 KiB), 1e6
 * samples a result; duplicate keys, unknown schema, wrong types and numbers out of range are errors
 * with file and position. Unknown keys are ignored; control characters in texts become '?'. On
 * failure @results is empty.
 */
/* Whether a file of this name in a directory is taken for a result: *.json or *.json.gz. */
bool results_is_file_name(const char *name);
int results_load(struct results *results, const char *path, struct error *err);
/* The same from memory; @path only names it in errors. */
int results_parse(struct results *results, const char *text, size_t size, const char *path,
		  struct error *err);

/* @digest of its content: of DIGEST_SIZE. */
void results_add_file(struct results *results, const char *path, const char *digest);
/* The first file of @a whose content is in @b too, and which of @b that is; NULL: none. */
const struct results_file *results_same_file(const struct results *a, const struct results *b,
					     const struct results_file **other);

/*
 * Appends the runs of @from to the results of @into with the same key (boots of one kernel).
 * Blocks, slots and placements come along; the schedule of @into stays.
 */
int results_merge(struct results *into, const struct results *from, struct error *err);

/* Whether runs that were merged into this result counted differently, which is a warning: its count
 * is that of one of them. */
bool count_varies(const struct result *result, enum count count);

/* Forgets what was measured in one slot of the schedule, and the cases that were done only there.
 */
void results_drop_slot(struct results *results, int slot);

/* The unit of the times: "ns" or "instructions". */
const char *results_unit(const struct results *results);
/* What each count is a count of: "pages", "calls", "faults", "mappings"; by enum count. */
extern const char *const count_units[NR_COUNTS];
/* False where fewer is better or worse depending on the question: requested pages. */
extern const bool count_lower_better[NR_COUNTS];

void results_free(struct results *results);

/* The results of a report by key, for those who look up many. Made once, valid while no result is
 * added. */

struct results_index {
	const struct result **sorted;
	size_t nr;
};

void results_index_make(struct results_index *index, const struct results *results);
/* NULL: there is none. */
const struct result *results_index_find(const struct results_index *index, const char *key);
void results_index_free(struct results_index *index);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A job file (configs/X.json): blocks of lists whose cross product is measured.
 *
 * {
 *   "about": "one sentence",
 *   "defaults": { "samples": 30, "warmup": 3 },
 *   "cases": [
 *     { "comment": "ignored", "pinner": ["gup-test/pin-fast"], "layout": ["hugetlb-*"], "state":
 * ["exclusive-ro"], "access": ["read"], "window": ["page", "head", "tail", "4K+64K"],
 * "pages_per_call": [1, 16, "all"], "size": "2M" }
 *   ]
 * }
 *
 * A list may be given as a single value; "defaults" takes every key of a block. Names are
 * fnmatch(3) patterns over what pinbench list shows; a pattern that matches nothing is an error
 * (with "did you mean"), except hugetlb-SIZE and thp-SIZE, which are skips where the running kernel
 * does not offer that size. access left out: whatever the pinner can do in that state.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define PAGES_PER_CALL_ALL UINT64_MAX

#define CONFIG_MAX_BYTES (1u << 20) /* of a file */
#define CONFIG_MAX_JOBS  1000u
#define CONFIG_MAX_LIST  256u         /* values of one key */
#define CONFIG_MAX_WORD  63u          /* characters of one value */
#define CONFIG_MAX_SIZE  (1ull << 40) /* bytes of a region */

struct word_list {
	char **words;
	size_t nr;
};

struct job {
	struct word_list pinner, layout, state, access, window;
	uint64_t *pages_per_call; /* 1..2^31, or PAGES_PER_CALL_ALL */
	size_t nr_pages_per_call;
	uint64_t
		size; /* bytes of the region, rounded up to whole pages of the layout; default 2M */
	unsigned int samples;    /* 1..1e6, default 30 */
	unsigned int warmup;     /* 0..1e4, default 3 */
	unsigned int runs;       /* processes per case, 1..1000, default 1 */
	unsigned int timeout_s;  /* deadline of one case, 1..3600, default 60 */
	int cpu, node;           /* -1: pinbench chooses */
	struct word_list device; /* none or one: struct pin_job, device */
};

struct config {
	char *path, *about; /* path: "quick" for the built-in job; about may be NULL */
	struct job *jobs;   /* defaults and overrides applied, no list but access is empty */
	size_t nr_jobs;
	bool overridden;  /* by -p, which may make one case of two: then the first stays */
	const char *only; /* glob(7) pattern for the keys of the cases that are planned, the
			     caller's; NULL: all */
};

/*
 * @path NULL: the built-in quick job; else a file, or the name of a job that comes with the
 * program. @overrides are the -p key=value[,value] arguments, applied to
 * every block. -EINVAL, -ERANGE, -E2BIG or what reading gave, with file and key in @err; @config
 * then needs no config_free().
 */
int config_load(struct config *config, const char *path, const char *const *overrides,
		size_t nr_overrides, struct error *err);
/* As config_load(), of @text; @name stands for the file in errors. */
int config_parse(struct config *config, const char *name, const char *text, size_t bytes,
		 const char *const *overrides, size_t nr_overrides, struct error *err);
/* The effective job as JSON text (malloc'ed, NULL when out of memory), replayable with run -c. */
char *config_text(const struct config *config);
void config_free(struct config *config);

/*
 * The keys of a block, and their values from text: one set of rules for job files and -p. @where
 * ("FILE: cases[0]",
 * "-p") begins every sentence of an error.
 */

enum kind {
	KIND_WORDS,  /* struct word_list of names or patterns */
	KIND_WORD,   /* struct word_list of one, empty until set */
	KIND_COUNTS, /* pages_per_call */
	KIND_SIZE,   /* uint64_t bytes */
	KIND_NUMBER, /* unsigned int */
	KIND_INDEX,  /* int, -1 until set */
};

struct key {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct job */
	uint64_t min, max;
	const char *initial; /* or NULL: empty list, -1 */
};

/* In the order in which config_text() writes them. */
#define NR_KEYS 14
extern const struct key job_keys[NR_KEYS];

/* NULL and -EINVAL in @err, with the nearest key, for an unknown one. */
const struct key *key_find(const char *name, const char *where, struct error *err);
/* Replaces what @job has under @key. -EINVAL, -ERANGE, -E2BIG, -ENOMEM. */
int key_set(struct job *job, const struct key *key, const char *const *values, size_t nr,
	    const char *where, struct error *err);
/* The initial values. On failure job_free() is still due. */
int job_init(struct job *job, struct error *err);
void job_free(struct job *job);

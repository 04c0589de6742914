/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A job file (configs/X.json): blocks of lists whose cross product is measured.
 *
 * {
 *   "about": "one sentence",
 *   "defaults": { "samples": 30, "warmup": 3 },
 *   "cases": [
 *     { "comment": "ignored", "pinner": ["gup-test/pin-fast"], "layout": ["hugetlb-*"], "state": ["exclusive-ro"],
 *       "access": ["read"], "window": ["page", "head", "tail", "4K+64K"], "pages_per_call": [1, 16, "all"],
 *       "size": "2M" }
 *   ]
 * }
 *
 * A list may be given as a single value. Names are fnmatch(3) patterns over what pinbench list shows; a pattern that
 * matches nothing is an error (with "did you mean"), except hugetlb-SIZE and thp-SIZE, which are skips where the
 * running kernel does not offer that size. access left out: whatever the pinner can do.
 */
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define PAGES_PER_CALL_ALL UINT64_MAX

struct word_list {
	char **words;
	size_t nr;
};

struct job {
	struct word_list pinner, layout, state, access, window;
	uint64_t *pages_per_call;  /* 1..2^31, or PAGES_PER_CALL_ALL */
	size_t nr_pages_per_call;
	uint64_t size;             /* bytes of the region, rounded up to whole pages of the layout; default 2M */
	unsigned int samples;      /* 1..1e6, default 30 */
	unsigned int warmup;       /* 0..1e4, default 3 */
	unsigned int runs;         /* processes per case, 1..1000, default 1 */
	unsigned int timeout_s;    /* deadline of one case, 1..3600, default 60 */
	int cpu, node;             /* -1: pinbench chooses */
};

struct config {
	char *path, *about;
	struct job *jobs;
	size_t nr_jobs;
};

/* @path NULL: the built-in quick job. @overrides are the -p key=value[,value] arguments, applied to every block. */
int config_load(struct config *config, const char *path, const char *const *overrides, size_t nr_overrides,
		struct error *err);
/* The effective job as JSON text (malloc'ed), replayable with run -c. */
char *config_text(const struct config *config);
void config_free(struct config *config);

/* "4K", "64k", "2M", "1G", "4096": exact bytes. -EINVAL, -ERANGE. */
int size_parse(const char *text, uint64_t *bytes, struct error *err);
/* The shortest exact form, "64K", "2M", "4097"; @text of 24 bytes or more. */
void size_format(uint64_t bytes, char *text, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a timed section executed, function by function: the sample of the first boot that is its
 * median, less the empty call where that is taken off. docs/explain.md.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"

/* What is counted of each function. */
enum explain_count {
	EXPLAIN_INSTRUCTIONS,
	EXPLAIN_CALLS,
	EXPLAIN_ATOMICS,
	EXPLAIN_BARRIERS,
	EXPLAIN_LOADS,
	EXPLAIN_STORES,
	EXPLAIN_LINES, /* distinct data lines; of the section as it is, nothing taken off */
	EXPLAIN_L1D_MISSES,
	EXPLAIN_L2_MISSES,
	EXPLAIN_LLC_MISSES,
	NR_EXPLAIN
};
extern const char *const explain_names[NR_EXPLAIN];

/* Where in the kernel a call is: by the innermost function that says so. */
enum explain_path {
	PATH_FAST,      /* below GUP-fast */
	PATH_SLOW,      /* below ordinary GUP */
	PATH_FAULT,     /* below the page fault handler */
	PATH_COPY,      /* copying of pages and user memory */
	PATH_UNPIN,     /* giving pins back */
	PATH_INTERRUPT, /* a timer tick, say */
	PATH_REST,      /* the rest of the system call */
	NR_PATHS
};
extern const char *const explain_path_names[NR_PATHS];

struct explain_function {
	char *name;
	int64_t count[NR_EXPLAIN];
};

/* A call stack, outermost first: "a;b;c", and the instructions of its innermost function there. */
struct explain_stack {
	char *frames;
	int64_t instructions;
};

struct explain_section {
	bool known;
	char *why;            /* there is none, and this is the reason; or NULL */
	unsigned int sample;  /* of the first run, warm-ups not counted */
	uint64_t reported;    /* ticks of that sample */
	int64_t instructions; /* counted: the sum of the functions, of the paths and of the stacks
			       */
	bool switched;        /* another thread ran in between: its functions are among these */
	int64_t path[NR_PATHS];
	struct explain_function *functions; /* the most instructions first */
	size_t nr_functions;
	struct explain_stack *stacks;
	size_t nr_stacks;
};

/* Of one case. */
struct explain {
	uint64_t seed; /* of the boot */
	struct explain_section section[NR_METRICS];
};

void explain_free(struct explain *explain); /* accepts NULL */

/* Which path the functions of @frames are on, outermost first. */
enum explain_path explain_path_of(const char *const *frames, size_t nr);

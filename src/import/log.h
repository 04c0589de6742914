/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A log of gup_test as processes and their figures. Few rules, none of which knows a kernel's, a
 * CI's or a writer's words:
 *
 * - What a line shares in shape (digits for digits, letters for the same letters) with the line
 * beside it is a stamp.
 * - A call owes its figures. What ends before it printed all of them has failed, and so has what
 * says "not ok" or [FAIL].
 * - The same case again behind other text, another prompt or another label is of another section;
 * behind nothing it is another run, if its call is shown again or is a loop. Values are never
 * looked at.
 * - What could belong to two calls, or to none, is refused with the numbers of the lines.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "import/call.h"

#define IMPORT_MAX_SECTIONS 1000u

struct kernel {
	char release[80], version[160], arch[24]; /* empty: not said */
};

/*
 * Processes below one line of other text. Groups of the same mail, depth of quotes and kernel are a
 * scope; they become sections, unless no case is in two of them.
 */
struct group {
	size_t scope; /* its first group */
	size_t part;  /* the mail */
	unsigned int depth;
	struct kernel kernel;
	char subject[80];      /* of the mail */
	char title[80];        /* the line of text; empty: there is none */
	size_t nr, line, last; /* processes: how many, where the first is, index of the last */
	size_t section;
};

struct log_case {
	char key[256];
	struct params params;
	bool known;             /* by its command line: processes of it are runs of one case */
	char call[160];         /* the first command line of that case; empty: none was seen */
	size_t index, nr, last; /* its own; of its processes: how many, the index of the last */
};

struct log_figure {
	uint64_t get_us, put_us;
	bool put_known;
};

struct process {
	size_t group;
	struct log_case *kind;
	enum status status;   /* skipped: it said that it cannot run; failed: its figures count for
				 nothing */
	char *why;            /* of these two; a warning, or NULL, when done */
	size_t line;          /* of its command line, or of its first figure */
	size_t figure_line;   /* of its first figure, where it has one */
	size_t first, nr;     /* in figures[] */
	uint64_t nr_expected; /* 0: not known */
};

struct log {
	struct group *groups;
	struct log_case **cases; /* in order of appearance */
	struct log_figure *figures;
	struct process *processes;
	size_t nr_groups, nr_sections, nr_cases, nr_figures, nr_processes;
	void *tree;       /* of the cases, by key */
	size_t nr_silent; /* calls of tests that print no figures */
};

/* -E2BIG beyond the limits of a result file, -EBADMSG where it cannot be told what a figure is of;
 * both with the line. */
int log_read(struct log *log, const char *text, size_t size, const char *name, struct error *err);
void log_free(struct log *log);

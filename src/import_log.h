/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A log of gup_test as processes and their figures. A process ends where the next one begins: at another command
 * line, at "TAP version 13", at the verdict of the script around it, when it has printed all the figures that its -r and
 * -j ask for. What cannot be told apart stays one process; processes whose command line is not known are not known to
 * be of one case.
 */
#include <stddef.h>
#include <stdint.h>

#include "import_line.h"

#define IMPORT_MAX_SECTIONS 1000u

/* Figures that belong together: below one heading of a mail, at one depth of quotes, of one kernel. */
struct section {
	unsigned int depth;
	char title[80];          /* of the heading; empty: before the first one */
	struct kernel kernel;
	size_t line, nr_figures; /* of the first figure; 0: the section is empty */
};

struct log_case {
	char key[256];
	struct params params;
	bool known;              /* by its command line: processes of it are runs of one case */
	char call[160];          /* the first command line of that case; empty: none was seen */
	size_t index;
};

struct log_figure {
	uint64_t get_us, put_us;
	bool put_known;
};

struct process {
	size_t section;
	const struct log_case *kind;
	enum status status;      /* skipped: it said that it cannot run; failed: its figures count for nothing */
	char *why;               /* of these two; NULL when done */
	size_t line;             /* of its command line, or of its first figure */
	size_t first, nr;        /* in figures[] */
	uint64_t nr_expected;    /* 0: not known */
};

struct log {
	struct section *sections;
	size_t nr_sections;
	struct log_case **cases; /* in order of appearance */
	size_t nr_cases;
	void *tree;              /* of the same, by key */
	struct log_figure *figures;
	size_t nr_figures;
	struct process *processes;
	size_t nr_processes;
	size_t nr_silent;        /* calls of tests that print no figures */
};

/* -E2BIG, with the line, beyond the limits of a result file. @name is for errors. */
int log_read(struct log *log, const char *text, size_t size, const char *name, struct error *err);
void log_free(struct log *log);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One line of a log: whatever stands around it (mail quotes, time stamps, TAP's "# "), what is it? The figures of
 * gup_test, in the words of each kernel:
 *
 *   4.15          Time: 123 us
 *   4.20 - 5.10   Time: get:123 put:45 us[, truncated (size: 4096)]
 *   5.11 - 6.8    PIN_FAST_BENCHMARK: Time: get:123 put:45 us[, truncated (size: 4096)]
 *   6.9 and later # PIN_FAST_BENCHMARK: Time: get:123 put:45 us[# , truncated (size: 4096)]#
 *   gup_bench     PIN_FAST_BENCHMARK (nr_pages=512  write private hugetlb=off thp=on) time: get:123 put:45 us[, truncated...]
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import_call.h"

#define LINE_MAX_BYTES 4096u /* longer ones are not gup_test's, and are passed over */

enum line_kind {
	LINE_OTHER,
	LINE_FIGURE,
	LINE_CALL,    /* a command line of gup_test */
	LINE_PROGRAM, /* "running ./userfaultfd": another program's output follows */
	LINE_TAP,     /* "TAP version 13", "1..1": a process begins to print */
	LINE_STATUS,  /* ok or not ok of gup_test itself */
	LINE_END,     /* [PASS], [FAIL], ok or not ok of the script around it: what was called has ended */
	LINE_FAULT,   /* gup_test gave up, and this is why */
	LINE_HEADING, /* "Without this patch:" */
	LINE_KERNEL,  /* uname -a, or the first line of a boot */
};

struct figure {
	enum gup_bench bench;
	struct gup_label label;
	uint64_t get_us, put_us;
	bool put_known;       /* not by 4.15 */
	bool cut;             /* the line ends before the figure does, or no 64 bits can count it */
	bool truncated;       /* the pin stopped at @bytes */
	uint64_t bytes;
	bool ksft;            /* printed by ksft_print_msg() */
};

struct kernel {
	char release[80], version[160], arch[24]; /* empty: not said */
};

struct line {
	enum line_kind kind;
	size_t number;        /* from 1 */
	unsigned int depth;   /* of mail quotes */
	char text[LINE_MAX_BYTES + 1]; /* without quotes, escape sequences and line end; plain */
	struct figure figure;
	struct gup_call call;
	struct kernel kernel;
	bool failed;          /* LINE_STATUS, LINE_END */
	bool skipped;
};

struct lines {
	const char *text, *end;
	size_t number;
	bool old_figures;     /* a bare "Time: 123 us" counts: gup_benchmark was called before */
	bool release_next;    /* "uname -r" was typed */
};

/* Whether @text holds a figure; @old: also a bare "Time: 123 us". What only looks like one, as gup_test's source, does not. */
bool figure_parse(struct figure *figure, const char *text, bool old);
/* The next line of a buffer that may hold anything; false at its end. */
bool line_next(struct lines *lines, struct line *line);

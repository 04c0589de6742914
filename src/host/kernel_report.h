/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The kernel's own report of a bug that it ran into, put together from the lines of its log. */
#include <stdbool.h>

struct kernel_report {
	char bug[120];   /* "kernel BUG at mm/gup.c:1027"; empty: there was none */
	char page[800];  /* the head of the page dump before it, lines joined by "; " */
	char trace[600]; /* the functions, innermost first: "f+0x64/0x68 < g+0x8/0x100" */
	bool in_trace;   /* the lines that come next are entries of the trace */
	bool ended;      /* the trace is whole: another one is that of something else */
};

/* One line of the log, without its time. Only the first bug counts; what follows it is its
 * aftermath. */
void kernel_report_add(struct kernel_report *report, const char *line);

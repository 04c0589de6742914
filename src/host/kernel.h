/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * nr_foll_pin_acquired and nr_foll_pin_released of /proc/vmstat: references taken and given back by
 * FOLL_PIN since boot, system-wide; the zero page does not count, FOLL_GET does not count
 * (6.1, 6.12: mm/gup.c).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct pin_counters {
	uint64_t acquired, released;
};

/* Folds the per-CPU parts in first (writes vm.stat_refresh). -EACCES for ordinary users: their
 * reading would lag. */
int pin_counters_read(struct pin_counters *counters, struct error *err);

/* Whether the counters, which are the whole system's, stand still while this process pins nothing;
 * takes 20 ms. */
bool pin_counters_quiet(void);

/* Pins held now; the counters wrap like the kernel's. */
static inline int64_t pin_counters_held(const struct pin_counters *counters)
{
	return (int64_t)(counters->acquired - counters->released);
}

/* The kernel's own report of a bug that it ran into, put together from the lines of its log. */

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

/* New complaints of the kernel while a case ran: lines in /dev/kmsg, bits in
 * /proc/sys/kernel/tainted. */

struct kernel_log {
	int fd; /* /dev/kmsg, at what has not been read; -1: not readable here */
	uint64_t taint_before, taint; /* when it was opened; at the last look */
	struct kernel_report report;  /* of a bug that the kernel ran into since the last look */
};

/* Starts at the end of the log. Not being allowed to read it is no error: only the taint is watched
 * then. */
void kernel_log_open(struct kernel_log *log);

/*
 * What came since the last look. @text gets the first line that tells of a kernel bug (WARNING:,
 * BUG:, Oops ...), free of control characters, or "". Returns the number of such lines; -EPIPE when
 * the ring was overwritten before it could be read; @new_taint gets the bits that are new.
 */
int kernel_log_look(struct kernel_log *log, char *text, size_t size, uint64_t *new_taint);
void kernel_log_close(struct kernel_log *log);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* New complaints of the kernel while a case ran: lines in /dev/kmsg, bits in
 * /proc/sys/kernel/tainted. */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct kernel_log {
	int fd;         /* /dev/kmsg, at what has not been read; -1: not readable here */
	uint64_t taint; /* at the last look */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Calls whose way through GUP is known from the kernel source: an observer that does not count them
 * exactly is not believed.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct known_call {
	const char *name;
	uint64_t requested;  /* pages asked of GUP-fast */
	uint64_t slow;       /* pages left for, or asked of, ordinary GUP */
	uint64_t slow_calls; /* entries of ordinary GUP, and takings of mmap_lock */

	/* what the call works on */
	void *pages;
	size_t bytes;
	int fd[2];
};

/* Nothing but the call. */
int known_call_run(struct known_call *known, struct error *err);

/* Hands each known call that this kernel can do, ready to go, to @one; ends at the first error. */
int known_calls_try(int (*one)(void *watch, struct known_call *known, struct error *err),
		    void *watch, struct error *err);

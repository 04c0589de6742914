/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Trying something in a child with a deadline: what hangs or oopses in the kernel takes the child,
 * not the program, and what the trial leaves open, mapped or pinned goes with it.
 */
#include "base/error.h"

#define PROBE_DEADLINE_MS 10000

/*
 * @trial returns 0 or -errno with the reason, and so does probe_run(). -ETIMEDOUT: no answer in
 * time, the child has been killed; -ENOMEM: it ran out of memory; -EFAULT: it ended without an
 * answer.
 */
int probe_run(int (*trial)(const void *context, struct error *why), const void *context,
	      struct error *why);
int probe_run_within(unsigned int deadline_ms, int (*trial)(const void *context, struct error *why),
		     const void *context, struct error *why);

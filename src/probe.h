/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Trying something in a child with a deadline: what hangs or oopses in the kernel takes the child, not the
 * program, and what the trial leaves open, mapped or pinned goes with it.
 */
#include "error.h"

#define PROBE_DEADLINE_MS 10000

/* @trial returns 0 or -errno with the reason, as probe_run() then does; -ETIMEDOUT, -EFAULT when the child hung or was killed. */
int probe_run(int (*trial)(const void *context, struct error *why), const void *context, struct error *why);

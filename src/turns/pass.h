/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One pass: a program of a side measures one case once, in a process of its own, and its result is
 * read from memory. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "result/results.h"
#include "turns/program.h"

#define PASS_KEY_MAX 512u /* longer than any key */

struct pass_order {
	const struct program *program;
	const char *label;            /* of the side, for errors */
	const char *job;              /* job file; NULL: the built-in one */
	const char *key;              /* of the case */
	const char *const *overrides; /* of -p */
	size_t nr_overrides;
	bool force, icount, time_only;
	const volatile sig_atomic_t *stop;
};

/* -EINTR when *@stop became true: the program was told and has ended. -EIO, saying why, when there
 * is no whole result. */
int pass_run(const struct pass_order *order, struct results *pass, struct error *err);

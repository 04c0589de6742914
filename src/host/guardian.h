/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A process that outlives the one which changes settings, and puts them back when that one dies
 * without having done so.
 *
 * It is started before the journal exists, so that there is no moment in which a death would go
 * unseen and it holds no lock of the journal; sleeps in poll() on a descriptor of the supervisor,
 * which no other process can be mistaken for; and plays back what it finds then, as the next
 * invocation would. Session, descriptors and directory are its own: it keeps no pipe or file system
 * busy, and what ends the supervisor with its process group or terminal does not reach it.
 */
#include <sched.h>
#include <sys/types.h>

#include "base/error.h"

struct guardian {
	pid_t pid; /* 0: none */
};

/* @measured: CPUs on which it shall not run, unless there are no others. When this returns, it
 * watches. */
int guardian_start(struct guardian *guardian, const cpu_set_t *measured, struct error *err);
/* After the settings are back, or were never changed: it ends, and is gone when this returns. */
void guardian_end(struct guardian *guardian);

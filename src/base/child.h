/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A child process that cannot be left behind: it dies with its parent, leads a process group of its
 * own (an interrupt at the terminal is for the parent, and what the child starts ends with it),
 * starts with default signal actions and an empty mask, and is waited for by a descriptor, so that
 * every wait can have a deadline.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct child {
	pid_t pid; /* 0: none */
	int fd;    /* pidfd: readable when it has ended; -1: none */
};

/*
 * fork(): 1 in the child, 0 in the parent, -errno. The child gets @death_signal when this process
 * dies. Without pidfd_open() (Linux 5.3) there is no child, and an error that says so.
 */
int child_fork(struct child *child, int death_signal, struct error *err);

/*
 * In a child that was forked otherwise, or that has changed its user, which clears the setting:
 * @death_signal when @parent dies. Leaves by _exit() when it is dead already. @parent is of
 * getpid() before the fork: after it, getppid() may be another's.
 */
void child_tie(pid_t parent, int death_signal);

/* Whether it has ended, by now or within @ms; a signal to this process ends the wait, too. */
bool child_ended(const struct child *child, int ms);
/* Waits for its end and takes its wait status; *@child is none then. -1: somebody else has taken
 * it. */
int child_reap(struct child *child);
/*
 * Waits for its end until @ms are over, whatever signals come; then it is killed. 0 with its wait
 * status in @status (which may be NULL); -ETIMEDOUT: it was killed; -ENOTRECOVERABLE: it could not
 * be killed and is left hanging in the kernel.
 */
int child_wait(struct child *child, unsigned int ms, int *status);
/* Kills it and its group, waits at most @grace_ms. 0, or -ETIMEDOUT: it hangs in the kernel and is
 * left to init. Accepts none. */
int child_kill(struct child *child, int grace_ms, int *status);

/* Who a program shall be when this process is root. */
struct child_user {
	uid_t uid;
	gid_t gid;
	gid_t group; /* one more; 0: none */
};

#define CHILD_NOBODY 65534u

/* A program to start. */
struct child_program {
	const char *path; /* absolute: $PATH has no say */
	int fd;           /* > 0: open on what is executed in its place; @path is its name */
	char *const *argv;
	char *const *environment; /* all that it gets */
	int in, out, err;         /* 0: /dev/null */
	const int *keep; /* further descriptors that it gets under their numbers; no others */
	size_t nr_keep;
	int directory;                 /* > 0: open on where it starts */
	const struct child_user *user; /* NULL: this process's; else no new rights, and as root that
					  one or not at all */
	unsigned long cpu_s, file_bytes; /* limits; 0: none */
	int death_signal;
};

/*
 * Starts it: 0 when it is executed. Otherwise -errno with what failed: the child does not execute a
 * program whose rights it could not drop, and drops are looked at, not believed. -ENOENT: there is
 * no such program.
 */
int child_exec(struct child *child, const struct child_program *program, struct error *err);

/*
 * Trying something in a child with a deadline: what hangs or oopses in the kernel takes the child,
 * not the program, and what the trial leaves open, mapped or pinned goes with it.
 */

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A program to measure with: this one or another build of pinbench. It is opened once and started
 * many times without a shell; what was opened is what is started, whatever its name points to by
 * then.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/error.h"
#include "base/infile.h"
#include "result/results.h"

struct program {
	char path[4096]; /* of the user, or what /proc/self/exe points to */
	int fd;          /* -1: not open */
	bool script;     /* "#!": its interpreter opens it again, by name */
	char hash[DIGEST_SIZE];
	struct stat opened; /* as it was hashed: who writes into it makes another program of it */
};

/* Whether the file looks like a program: an ELF image or "#!". -errno when it cannot be read. */
int program_is(const char *path, struct error *err);

/*
 * @path NULL: this program. Otherwise it has to be a regular file that may be executed, belongs to
 * root, to the caller, or to the user behind sudo, and may not be writable by everybody: it will
 * run with all rights of the caller. It is started once, with
 * --version, and has to answer as pinbench does. -EPERM, -ENOEXEC.
 */
int program_open(struct program *program, const char *path, struct error *err);
void program_close(struct program *program);

/*
 * Starts it without input, its outputs going to @out and @err_out. It gets SIGTERM when this
 * process dies. 0, or -errno; -ESTALE: it was written to since it was opened, or its name is a
 * script's that was replaced.
 */
int program_start(const struct program *program, char *const argv[], int out, int err_out,
		  struct child *child, struct error *err);

/* One pass: a program of a side measures one case once, in a process of its own, and its result is
 * read from memory. */

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

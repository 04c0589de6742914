/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One error, told once, by the code that knows: what went wrong, and what the user can do about it.
 * Every function that can fail takes a struct error and returns 0 or -errno; only the verbs print.
 */

#include <stdbool.h>

struct error {
	int code;       /* a positive errno, 0: no error */
	char text[512]; /* one sentence: file, key, limit, cause */
	char fix[256];  /* the command or option that would enable it; may be empty */
};

/* Fills @err (which may be NULL) and returns -@code; a code of 0 counts as EIO. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, with ": strerror(@code)" appended. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Whether an error says that something cannot be done here: not by this kernel, this machine or
 * this user. That is a reason to skip. Everything else (no memory, an I/O error, a process that
 * crashed or could not be started) says nothing about the machine, and what it stopped has failed.
 */
bool error_unsupported(const struct error *err);

/* Adds the way out to an error already set; returns -err->code so that it can end a return
 * statement. */
int error_fix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

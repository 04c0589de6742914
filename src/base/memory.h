/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Memory that cannot be had ends the process: "pinbench: out of memory" on stderr, and MEMORY_EXIT.
 * memory.c stands in for malloc() and its kin, for this program and for every library below it, so
 * that no caller checks for NULL and none goes on with half of what it wanted (jansson 2.14 leaves
 * bytes out of what it writes).
 */

/*
 * Exit code of a process that ran out of memory. Of the verbs it is documented in pinbench(1): git
 * bisect takes 128 and above for "stop", and what is below for a verdict.
 */
#define MEMORY_EXIT 128

/* The same for memory that the kernel did not have (ENOMEM of a call that says nothing then). */
_Noreturn void memory_end(void);

/* Scope cleanup for local handles. Never mixed with goto in one function. */

static inline void cleanup_free(void *slot)
{
	free(*(void **)slot);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define autofree   __attribute__((cleanup(cleanup_free)))
#define autoclose  __attribute__((cleanup(cleanup_close)))
#define autofclose __attribute__((cleanup(cleanup_fclose)))

/* opendir(3), called again when a signal came in between. NULL with errno, as there. */
static inline DIR *dir_open(const char *path)
{
	DIR *dir;

	do
		dir = opendir(path);
	while (!dir && errno == EINTR);
	return dir;
}

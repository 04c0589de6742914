/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Scope cleanup for local handles. Never mixed with goto in one function. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

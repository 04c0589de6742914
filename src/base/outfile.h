/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A file that appears whole or not at all: written under a new temporary name beside @path, then
 * renamed. The old file stays until outfile_commit has synced the new one. A program that is killed
 * in between leaves the temporary file, which the next one that writes into that directory removes:
 * its lock went with the program.
 */
#include <stdio.h>

#include "base/error.h"

struct outfile {
	int dir, fd;
	char *path, *name; /* as given; its last component */
	char temp[64];
};

/*
 * Refuses what a rename would destroy or a planted link would redirect: -EEXIST when @path is there
 * and is not a regular file. Under sudo the file is given to the user who called it (SUDO_UID,
 * SUDO_GID).
 */
/*
 * A directory for results: made where there is none, for the user behind sudo. -ELOOP: it is a
 * symbolic link; -EPERM, here and of outfile_open(): everybody may change what is in it (without
 * the sticky bit).
 */
int outfile_directory(const char *path, struct error *err);
int outfile_open(struct outfile *out, const char *path, struct error *err);
int outfile_write(struct outfile *out, const void *data, size_t size, struct error *err);
/* Syncs, renames, syncs the directory. On failure the old file is untouched and nothing is left
 * behind. */
int outfile_commit(struct outfile *out, struct error *err);
/* The same for a name that nothing has yet, in one step: -EEXIST otherwise, and @out can be
 * committed again. */
int outfile_commit_new(struct outfile *out, struct error *err);
/* Removes the temporary file; after a commit, and on one never opened ({ -1, -1 }), it only frees.
 */
void outfile_close(struct outfile *out);

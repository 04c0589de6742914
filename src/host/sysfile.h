/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Small files of the kernel (/proc, /sys) below one root, so that tests and saved trees of other
 * machines can stand in for the running system.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Every path given to this module is looked up below @prefix from now on ("" is the real system).
 */
void sysfile_set_root(const char *prefix);
const char *sysfile_root(void);
/* False when a fake tree is in use: then nothing may be probed by doing. */
bool sysfile_is_live(void);

/* Reads a whole small file, without its last newline, NUL-terminated. -E2BIG when it does not fit.
 */
int sysfile_read(const char *path, char *text, size_t size, struct error *err);
/* A decimal number. -EINVAL when the file holds something else. */
int sysfile_read_u64(const char *path, uint64_t *value, struct error *err);
/* The [bracketed] word of files such as transparent_hugepage/enabled; the whole text if none is. */
int sysfile_read_choice(const char *path, char *word, size_t size, struct error *err);
/* The number after "name " at the start of a line, as in /proc/vmstat and /proc/meminfo. */
int sysfile_read_field(const char *path, const char *name, uint64_t *value, struct error *err);
/* One write(2) of @text: never truncates first, so that a kill cannot leave a half-made setting. */
int sysfile_write(const char *path, const char *text, struct error *err);
bool sysfile_exists(const char *path);

/*
 * Many a file may be missing, and who finds it missing goes on without. An error that says nothing
 * about the machine
 * (!error_unsupported()) must not pass for that: the first one since sysfile_trouble_clear() is
 * kept. 0: there was none.
 */
int sysfile_trouble(struct error *err);
void sysfile_trouble_clear(void);
/* For who reads below the root without this module: a directory, a compressed file. */
void sysfile_trouble_add(int code, const char *path);

/* debugfs, tracefs and securityfs where the system has not mounted them: in a private mount
 * namespace, gone with the process. */

/*
 * Does nothing where all are there, or without the right to mount: what then is missing is told by
 * those who look for it. The host's own mount table is never touched.
 */
void mounts_complete(void);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A file that the user named, read whole and without waiting for anybody. */
#include <stddef.h>

#include "base/error.h"

/*
 * A descriptor for reading, or -errno. A regular file or a pipe without a name, as the shell's
 * <(command), is taken; a FIFO, whose open or read would wait for a writer, a device, a socket or a
 * directory is refused.
 */
int infile_open(const char *path, struct error *err);
/*
 * The rest of @fd; @name is for errors. @text gets @size bytes and a NUL, to be freed, also after a
 * failure. -EFBIG: more than @limit bytes.
 */
int infile_read(int fd, const char *name, size_t limit, char **text, size_t *size,
		struct error *err);

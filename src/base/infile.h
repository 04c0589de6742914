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

/*
 * Where @text of @size bytes is gzip data: what it holds takes its place. -EFBIG: that is more than
 * @limit bytes; -EINVAL: damaged or cut. Other bytes are left as they are.
 */
int infile_unpack(const char *name, size_t limit, char **text, size_t *size, struct error *err);

/* 64 bits of a SHA-256 in hex: tells one version of a file from another, proves nothing. */

#define DIGEST_SIZE 17 /* with the NUL */

/* Of what can be read from @fd, which stays where it is. */
int digest_file(int fd, char digest[DIGEST_SIZE], struct error *err);
void digest_bytes(const void *bytes, size_t size, char digest[DIGEST_SIZE]);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where O_DIRECT reads and writes go: a null_blk device, or a nameless file on a real file system.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct direct_target {
	int fd;         /* opened with O_DIRECT; nothing is left when it is closed */
	bool keeps;     /* what is written can be read back (null_blk: only if memory_backed) */
	char where[64]; /* for messages */
};

/*
 * Opens a target of at least @bytes. @named if it is a path (has a slash), else: an unused
 * /dev/nullb0, else a file in ./results, the current directory or /var/tmp. A block device is
 * written to only if it is a null_blk, or a RAM disk or loop device that was named, and nothing
 * uses it. -EOPNOTSUPP with reason and fix when there is none.
 */
int direct_target_open(struct direct_target *target, const char *named, size_t bytes,
		       struct error *err);
/*
 * Opens one for this process and those that it forks: until direct_target_unshare(),
 * direct_target_open() hands out that one. A file system has work to do for a file that has just
 * come or gone, milliseconds of it, at any later moment.
 */
int direct_target_share(const char *named, size_t bytes, struct error *err);
void direct_target_unshare(void);
void direct_target_close(struct direct_target *target);

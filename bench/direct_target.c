// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/direct_target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/sysfile.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

static bool is_real(long type)
{
	/*
	 * File systems whose O_DIRECT goes to the pages themselves: through fs/iomap or
	 * fs/direct-io.c. tmpfs takes the flag since 6.6 and copies; btrfs copies where it has
	 * checksums.
	 */
	return type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC || type == F2FS_SUPER_MAGIC;
}

static int open_file(struct direct_target *target, const char *directory, struct error *err)
{
	struct statfs fs;

	snprintf(target->where, sizeof(target->where), "a file in %.40s", directory);
	target->fd = TEMP_FAILURE_RETRY(
		open(directory, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600));
	if (target->fd < 0)
		return error_errno(err, errno, "a nameless O_DIRECT file in %s", directory);
	if (fstatfs(target->fd, &fs) < 0)
		return error_errno(err, errno, "statfs of %s", directory);
	if (!is_real(fs.f_type))
		return error_set(err, EOPNOTSUPP,
				 "%s is on a file system (type %#lx) not known to pin for O_DIRECT",
				 directory, (unsigned long)fs.f_type);
	target->keeps = true;
	return 0;
}

/* Whether @name is the driver that owns block major number @number, by /proc/devices. */
static bool is_driver(unsigned int number, const char *name)
{
	char text[8192], line[64];
	const char *blocks;

	if (sysfile_read("/proc/devices", text, sizeof(text), NULL) < 0)
		return false;
	blocks = strstr(text, "Block devices:");
	snprintf(line, sizeof(line), "\n%3u %s", number, name);
	blocks = blocks ? strstr(blocks, line) : NULL;
	return blocks && (blocks[strlen(line)] == '\n' || blocks[strlen(line)] == '\0');
}

/* Writes a block and reads it back. */
static int block_keeps(int fd, bool *keeps, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	autofree unsigned char *out = aligned_alloc(page, page);
	autofree unsigned char *in = aligned_alloc(page, page);

	if (!out || !in)
		return error_errno(err, ENOMEM, "two pages");
	memset(out, 0x5a, page);
	memset(in, 0, page);
	if (TEMP_FAILURE_RETRY(pwrite(fd, out, page, 0)) != (ssize_t)page ||
	    TEMP_FAILURE_RETRY(pread(fd, in, page, 0)) != (ssize_t)page)
		return error_errno(err, errno, "writing and reading one page");
	*keeps = memcmp(in, out, page) == 0;
	return 0;
}

static int check_block(const struct stat *st, const char *node, bool named, struct error *err)
{
	if (!S_ISBLK(st->st_mode))
		return error_set(err, ENOTBLK, "%s is neither a directory nor a block device",
				 node);
	if (is_driver(major(st->st_rdev), "nullb") ||
	    (named &&
	     (is_driver(major(st->st_rdev), "ramdisk") || is_driver(major(st->st_rdev), "loop"))))
		return 0;
	return error_set(err, EPERM,
			 "%s is not a null_blk, loop or RAM disk: pinbench does not write to it",
			 node);
}

static int open_block(struct direct_target *target, const char *node, bool named, size_t bytes,
		      struct error *err)
{
	struct stat st;
	uint64_t size = 0;
	int rc;

	snprintf(target->where, sizeof(target->where), "%.60s", node);
	if (stat(node, &st) < 0)
		return error_errno(err, errno, "%s", node);
	rc = check_block(&st, node, named,
			 err); /* even opening another disk for writing has effects */
	if (rc)
		return rc;
	/* O_EXCL: refused while it is mounted, swapped to, or part of something */
	target->fd = TEMP_FAILURE_RETRY(open(node, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC));
	if (target->fd < 0)
		return error_errno(err, errno, "opening %s", node);
	if (fstat(target->fd, &st) < 0)
		return error_errno(err, errno, "%s", node);
	rc = check_block(&st, node, named, err);
	if (rc)
		return rc;
	if (ioctl(target->fd, BLKGETSIZE64, &size) < 0 || size < bytes)
		return error_set(err, ENOSPC, "%s has %llu bytes, %zu are needed", node,
				 (unsigned long long)size, bytes);
	return block_keeps(target->fd, &target->keeps, err);
}

static int open_named(struct direct_target *target, const char *named, size_t bytes,
		      struct error *err)
{
	struct stat st;

	if (stat(named, &st) < 0)
		return error_errno(err, errno, "device %s", named);
	if (S_ISDIR(st.st_mode))
		return open_file(target, named, err);
	return open_block(target, named, true, bytes, err);
}

static int try(struct direct_target *target, int rc)
{
	if (rc && target->fd >= 0) {
		close(target->fd);
		target->fd = -1;
	}
	return rc;
}

static struct direct_target shared = { .fd = -1 };

int direct_target_share(const char *named, size_t bytes, struct error *err)
{
	struct direct_target target;
	int ret = direct_target_open(&target, named, bytes, err);

	if (ret == 0)
		shared = target;
	return ret;
}

void direct_target_unshare(void)
{
	direct_target_close(&shared);
}

int direct_target_open(struct direct_target *target, const char *named, size_t bytes,
		       struct error *err)
{
	static const char *const directories[] = { "results", ".", "/var/tmp" };

	if (shared.fd >= 0) {
		*target = shared;
		target->fd = fcntl(shared.fd, F_DUPFD_CLOEXEC, 0);
		return target->fd < 0 ? error_errno(err, errno, "dup of %s", shared.where) : 0;
	}
	*target = (struct direct_target){ .fd = -1 };
	if (named && strchr(named, '/'))
		return try(target, open_named(target, named, bytes, err));
	if (access("/dev/nullb0", F_OK) == 0 &&
	    try(target, open_block(target, "/dev/nullb0", false, bytes, NULL)) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (try(target, open_file(target, directories[i], NULL)) == 0)
			return 0;
	error_set(err, EOPNOTSUPP,
		  "O_DIRECT needs a free null_blk device, or ./results, the current directory or "
		  "/var/tmp "
		  "on ext4, xfs or f2fs");
	return error_fix(err, "modprobe null_blk (as root), or name one: device=/DIR");
}

void direct_target_close(struct direct_target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	target->fd = -1;
}

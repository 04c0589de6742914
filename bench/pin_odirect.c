// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * O_DIRECT: write(2) reads the window, read(2) writes to it. One system call per request; the
 * kernel pins at most 256 pages at a time for it (BIO_MAX_VECS). In 6.12 both sides pin
 * (lib/iov_iter.c, iov_iter_extract_user_pages), so write(2) is a read-only short-term FOLL_PIN
 * that can unshare, on any kernel of a distribution; in 6.1 they take FOLL_GET references
 * (__iov_iter_get_pages_alloc) and never unshare. The I/O is in the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "bench/bench.h"
#include "bench/mark.h"
#include "host/sysfile.h"

/* --- where the reads and writes go: a null_blk device, or a nameless file on a real file system
 * ---
 */

struct direct_target {
	int fd;         /* opened with O_DIRECT; nothing is left when it is closed */
	bool keeps;     /* what is written can be read back (null_blk: only if memory_backed) */
	char where[64]; /* for messages */
};

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

/*
 * Opens a target of at least @bytes. @named if it is a path (has a slash), else: an unused
 * /dev/nullb0, else a file in ./results, the current directory or /var/tmp. A block device is
 * written to only if it is a null_blk, or a RAM disk or loop device that was named, and nothing
 * uses it. -EOPNOTSUPP with reason and fix when there is none.
 */
static int direct_target_open(struct direct_target *target, const char *named, size_t bytes,
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

static void direct_target_close(struct direct_target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	target->fd = -1;
}

/*
 * Opens one for this process and those that it forks: until direct_target_unshare(),
 * direct_target_open() hands out that one. A file system has work to do for a file that has just
 * come or gone, milliseconds of it, at any later moment.
 */
static int direct_target_share(const char *named, size_t bytes, struct error *err)
{
	struct direct_target target;
	int ret = direct_target_open(&target, named, bytes, err);

	if (ret == 0)
		shared = target;
	return ret;
}

static void direct_target_unshare(void)
{
	direct_target_close(&shared);
}

/* Bytes of one system call; the kernel cuts at 2 GiB less a page. */
#define CALL_MAX      (1ul << 30)
#define CHUNK         (1ul << 20) /* when the target is filled or read back */
#define STEADY_PASSES 4           /* in a row that take less than twice the best */
#define MAX_PASSES    64

struct pin {
	struct direct_target target;
	struct pin_job job;
	size_t request; /* bytes of one call */
};

static struct pin_path odirect_path(const struct pinner *pinner)
{
	/* 6.1 and 6.12 were read; block/bio.c changed in 6.5 by its log (a7e689dd1c06) */
	bool pins = kernel_release() >= KERNEL(6, 5);

	(void)pinner;
	return (struct pin_path){ .entry = pins ? "pin_user_pages_fast" : "get_user_pages_fast",
				  .pins = pins,
				  .fast = true,
				  .max_pages = 256 };
}

/* What read(2) brings in must be what stands there; what write(2) carries out must not be there
 * before. */
static int odirect_write_all(const struct pin *pin, unsigned char *chunk, struct error *err)
{
	for (size_t done = 0; done < pin->job.bytes; done += CHUNK) {
		size_t part = pin->job.bytes - done < CHUNK ? pin->job.bytes - done : CHUNK;

		if (pin->job.access == ACCESS_WRITE)
			region_pattern(chunk, pin->job.offset + done, part);
		if (TEMP_FAILURE_RETRY(pwrite(pin->target.fd, chunk, part, (off_t)done)) !=
		    (ssize_t)part)
			return error_errno(err, errno, "filling %s with %zu bytes",
					   pin->target.where, pin->job.bytes);
	}
	return 0;
}

/*
 * Until writing takes its usual time: the first pass allocates blocks, and what the file system
 * does in the background for a new file, or for the one that the round before has just dropped,
 * would be in the only sample of a consumed state.
 */
static int odirect_fill(struct pin *pin, struct error *err)
{
	autofree unsigned char *chunk = aligned_alloc(pin->job.region->base_bytes, CHUNK);
	uint64_t took, best = UINT64_MAX;

	if (!chunk)
		return error_errno(err, ENOMEM, "%lu bytes", CHUNK);
	memset(chunk, 0xff, CHUNK);
	for (int pass = 0, steady = 0; pass < MAX_PASSES && steady < STEADY_PASSES; pass++) {
		uint64_t start = clock_now();

		if (odirect_write_all(pin, chunk, err))
			return -err->code;
		took = clock_now() - start;
		best = took < best ? took : best;
		steady = pass && took < 2 * best ? steady + 1 : 0;
	}
	return 0;
}

static void odirect_close(struct pin *pin)
{
	if (!pin)
		return;
	direct_target_close(&pin->target);
	free(pin);
}

static int odirect_prepare(const struct pinner *pinner, const char *device, size_t bytes,
			   struct error *err)
{
	(void)pinner;
	return direct_target_share(device, bytes, err);
}

static void odirect_finish(const struct pinner *pinner)
{
	(void)pinner;
	direct_target_unshare();
}

static int odirect_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
			struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->job = *job;
	pin->request = job->pages_per_call * job->region->base_bytes;
	pin->target.fd = -1;
	if (job->pages_per_call > CALL_MAX / job->region->base_bytes) {
		error_set(err, EOPNOTSUPP, "O_DIRECT moves at most 1 GiB in one request");
		rc = error_fix(err, "choose fewer pages_per_call");
	} else {
		rc = direct_target_open(&pin->target, job->device, job->bytes, err);
	}
	if (!rc && pin->target.keeps)
		rc = odirect_fill(pin, err);
	if (rc) {
		odirect_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int odirect_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	unsigned char *window = pin->job.region->addr + pin->job.offset;
	bool writes = pin->job.access == ACCESS_READ;
	size_t done, bytes = 0;
	uint64_t start, end;
	ssize_t moved = 0;

	start = clock_now();
	mark(MARK_START);
	for (done = 0; done < pin->job.bytes; done += bytes) {
		bytes = pin->job.bytes - done < pin->request ? pin->job.bytes - done : pin->request;
		moved = TEMP_FAILURE_RETRY(
			writes ? pwrite(pin->target.fd, window + done, bytes, (off_t)done)
			       : pread(pin->target.fd, window + done, bytes, (off_t)done));
		if (moved != (ssize_t)bytes)
			break;
	}
	end = clock_end(start);
	mark(MARK_CYCLE);
	if (done < pin->job.bytes) {
		if (moved < 0)
			return error_errno(err, errno, "O_DIRECT %s, %s", writes ? "write" : "read",
					   pin->target.where);
		return error_set(err, EIO, "O_DIRECT %s moved %zd of %zu bytes, %s",
				 writes ? "write" : "read", moved, bytes, pin->target.where);
	}
	*sample = (struct sample){ .have = 1u << METRIC_CYCLE };
	sample->ticks[METRIC_CYCLE] = end - start;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *odirect_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? CLOCK_OUTSIDE : NULL;
}

static int odirect_read(struct pin *pin, void *bytes, struct error *err)
{
	autofree unsigned char *chunk = aligned_alloc(pin->job.region->base_bytes, CHUNK);

	if (!chunk)
		return error_errno(err, ENOMEM, "%lu bytes", CHUNK);
	if (pin->job.access == ACCESS_WRITE)
		return error_set(err, EOPNOTSUPP,
				 "an O_DIRECT read carries nothing out of the window");
	if (!pin->target.keeps)
		return error_set(err, EOPNOTSUPP, "%s does not keep what is written to it",
				 pin->target.where);
	for (size_t done = 0; done < pin->job.bytes; done += CHUNK) {
		size_t part = pin->job.bytes - done < CHUNK ? pin->job.bytes - done : CHUNK;

		if (TEMP_FAILURE_RETRY(pread(pin->target.fd, chunk, part, (off_t)done)) !=
		    (ssize_t)part)
			return error_errno(err, errno, "reading back from %s", pin->target.where);
		memcpy((unsigned char *)bytes + done, chunk, part);
	}
	return 0;
}

#define ODIRECT_PINNER(symbol, odirect_name, odirect_about, bits) \
	const struct pinner symbol = {                            \
		.name = "odirect/" odirect_name,                  \
		.about = odirect_about,                           \
		.access = bits,                                   \
		.warms_itself = true,                             \
		.prepare = odirect_prepare,                       \
		.finish = odirect_finish,                         \
		.path = odirect_path,                             \
		.probe = pinner_try_page,                         \
		.open = odirect_open,                             \
		.cycle = odirect_cycle,                           \
		.clock = odirect_clock,                           \
		.read = odirect_read,                             \
		.close = odirect_close,                           \
	}

ODIRECT_PINNER(pin_odirect_write, "write",
	       "O_DIRECT write(2) from the window, the I/O included; pins since 6.5", ACCESS_READ);
ODIRECT_PINNER(pin_odirect_read, "read",
	       "O_DIRECT read(2) into the window, the I/O included; pins since 6.5", ACCESS_WRITE);

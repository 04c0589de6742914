// SPDX-License-Identifier: GPL-2.0-or-later
/* Getting at gup_test: the node, its version, and what FOLL_LONGTERM is called in this kernel. */
#include "bench/gup_test_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "host/sysfile.h"

static int node_missing(struct error *err)
{
	struct statfs fs;
	struct stat st;

	if (statfs("/sys/kernel/debug", &fs) < 0 || fs.f_type != DEBUGFS_MAGIC) {
		error_set(err, ENOENT, "debugfs is not mounted on /sys/kernel/debug");
		return error_fix(err, "mount -t debugfs none /sys/kernel/debug");
	}
	if (stat("/sys/kernel/debug/gup_benchmark", &st) == 0) {
		error_set(err, EOPNOTSUPP,
			  "this kernel has the old gup_benchmark, whose commands have other "
			  "meanings "
			  "and which masks its flags");
		return error_fix(err, "use Linux 5.13 or later");
	}
	error_set(err, ENOENT, "this kernel was built without CONFIG_GUP_TEST");
	return error_fix(err, "build it with CONFIG_DEBUG_FS=y CONFIG_GUP_TEST=y, or boot it in "
			      "the lab: pinbench vm");
}

static int node_refused(int code, struct error *err)
{
	switch (code) {
	case ENOENT:
		return node_missing(err);
	case EACCES:
		error_set(err, EACCES,
			  "%s is for root alone (whether this kernel has it cannot be seen either)",
			  GUP_TEST_NODE);
		return error_fix(err, "run as root");
	case EPERM:
		/* debugfs_locked_down() refuses files with ioctls (fs/debugfs/file.c) */
		error_set(err, EPERM, "kernel lockdown forbids %s", GUP_TEST_NODE);
		return error_fix(err,
				 "boot with lockdown=none (see /sys/kernel/security/lockdown)");
	default:
		return error_errno(err, code, "opening %s", GUP_TEST_NODE);
	}
}

int gup_test_open(struct error *err)
{
	struct gup_test empty = { 0 };
	int node = TEMP_FAILURE_RETRY(open(GUP_TEST_NODE, O_RDWR | O_CLOEXEC));
	int code;

	if (node < 0)
		return node_refused(errno, err);
	/* size 0 pins nothing; before 5.13 the struct was shorter, so its ioctl has another number:
	 * EINVAL */
	if (ioctl(node, GUP_TEST_PIN_FAST, &empty) == 0)
		return node;
	code = errno;
	close(node);
	if (code != EINVAL && code != ENOTTY)
		return error_errno(err, code, "%s: empty PIN_FAST_BENCHMARK", GUP_TEST_NODE);
	error_set(err, EOPNOTSUPP,
		  "the gup_test of this kernel is older than 5.13 and masks its flags");
	return error_fix(err, "use Linux 5.13 or later");
}

/*
 * gup_test asks kvcalloc() for one pointer per page before anything else, and that WARNs above
 * INT_MAX bytes (mm/util.c, kvmalloc_node): 1 TiB of 4 KiB pages.
 */
int gup_test_fits(size_t nr_pages, struct error *err)
{
	if (nr_pages <= INT_MAX / sizeof(void *))
		return 0;
	error_set(err, EOPNOTSUPP,
		  "gup_test cannot take %zu pages in one go: %zu is its limit, more costs a kernel "
		  "WARN",
		  nr_pages, INT_MAX / sizeof(void *));
	return error_fix(err, "choose a smaller size");
}

/*
 * Pins one page of a private file mapping that was only read, through @command with @flags, then
 * changes the file: the mapping still shows the old byte only if the pin put a private copy there.
 */
static int pin_copies(int node, unsigned long command, unsigned int flags, bool *copies,
		      struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct gup_test test = { .size = page, .nr_pages_per_call = 1, .gup_flags = flags };
	autoclose int file = memfd_create("pinbench-longterm", MFD_CLOEXEC);
	volatile char *map;
	int rc = 0;

	if (file < 0 || TEMP_FAILURE_RETRY(ftruncate(file, (off_t)page)) < 0 ||
	    TEMP_FAILURE_RETRY(pwrite(file, "a", 1, 0)) != 1)
		return error_errno(err, errno, "memfd_create");
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	if (map == MAP_FAILED)
		return error_errno(err, errno, "mapping one page of a memfd");
	(void)map[0];
	test.addr = (uintptr_t)map;
	if (ioctl(node, command, &test) < 0 || test.size != page)
		rc = error_set(err, EIO, "gup_test could not pin a page of a private file mapping");
	else if (TEMP_FAILURE_RETRY(pwrite(file, "b", 1, 0)) != 1)
		rc = error_errno(err, errno, "writing to a memfd");
	else
		*copies = map[0] == 'a';
	munmap((void *)map, page);
	return rc;
}

/*
 * 6.3 moved FOLL_LONGTERM from 0x10000 to 0x100, and distributions backport. What tells them apart
 * without a WARN: 0x100 was FOLL_HWPOISON before, which pin_user_pages() accepts and which does
 * nothing here (6.1 mm/gup.c); so PIN_BASIC with 0x100 is harmless on either side. It behaves as
 * PIN_LONGTERM, where the kernel itself puts its FOLL_LONGTERM, if that is its value. Before 6.2 a
 * long-term pin did not copy: too old for the new value.
 */
int gup_test_longterm(int node, unsigned int *flag, int *unshares, struct error *err)
{
	static unsigned int known_flag;
	static int known_unshares;
	bool longterm_copies = false, new_copies = false, basic_copies = false;
	uint64_t panic_on_warn = 1;
	int rc;

	if (known_flag)
		goto known;
	rc = pin_copies(node, GUP_TEST_PIN_LONGTERM, 0, &longterm_copies, err);
	if (!rc)
		rc = pin_copies(node, GUP_TEST_PIN_BASIC, 0, &basic_copies, err);
	if (!rc && longterm_copies)
		rc = pin_copies(node, GUP_TEST_PIN_BASIC, 0x100, &new_copies, err);
	if (rc || basic_copies) {
		/* no evidence (no memfd?): the release decides, unless a mistake would be fatal */
		sysfile_read_u64("/proc/sys/kernel/panic_on_warn", &panic_on_warn, NULL);
		if (panic_on_warn || !kernel_release()) {
			error_set(err, EOPNOTSUPP,
				  "the value of FOLL_LONGTERM could not be found without risking a "
				  "WARN "
				  "on a kernel that panics on one");
			return error_fix(err, "sysctl kernel.panic_on_warn=0");
		}
		longterm_copies = kernel_release() >= KERNEL(6, 2);
		new_copies = kernel_release() >= KERNEL(6, 3);
	}
	known_flag = longterm_copies && new_copies ? 0x100 : 0x10000;
	known_unshares = longterm_copies;
known:
	*flag = known_flag;
	*unshares = known_unshares;
	return 0;
}

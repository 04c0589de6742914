/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The ioctls of <debugfs>/gup_test. The kernel exports no header for them; layout and numbers are
 * those of mm/gup_test.h in 5.13 and later (6.1 and 6.12 read), the test_hold part of 6.2 and
 * later.
 */
#include <linux/ioctl.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define GUP_TEST_NODE  "/sys/kernel/debug/gup_test"
#define GUP_TEST_CLOCK "gup-test-us"

/* In: addr, size, nr_pages_per_call, gup_flags. Out: the two times, and size: up to where it came.
 */
struct gup_test {
	__u64 get_delta_usec; /* whole microseconds of ktime_get() around the loop of pin calls */
	__u64 put_delta_usec; /* and around the unpin */
	__u64 addr;
	__u64 size;
	__u32 nr_pages_per_call;
	__u32 gup_flags; /* FOLL_*, not masked: a wrong one costs a WARN */
	__u32 test_flags;
	__u32 which_pages[8]; /* for dumping, not used here */
};

#define GUP_TEST_GUP_FAST     _IOWR('g', 1, struct gup_test)
#define GUP_TEST_PIN_FAST     _IOWR('g', 2, struct gup_test)
#define GUP_TEST_PIN_LONGTERM _IOWR('g', 3, struct gup_test)
#define GUP_TEST_GUP_BASIC    _IOWR('g', 4, struct gup_test)
#define GUP_TEST_PIN_BASIC    _IOWR('g', 5, struct gup_test)

/* Pins that stay. One set for the whole system: closing any descriptor of the node gives it back.
 */
struct gup_hold {
	__u64 addr;
	__u64 size;
	__u32 flags; /* GUP_HOLD_* */
};

#define GUP_HOLD_WRITE 1
#define GUP_HOLD_FAST  2

#define GUP_HOLD_START _IOW('g', 7, struct gup_hold)
#define GUP_HOLD_STOP  _IO('g', 8)
#define GUP_HOLD_READ  _IOW('g', 9, __u64) /* points to the address where the pages' bytes go */

_Static_assert(sizeof(struct gup_test) == 80, "the ioctl number holds the size");
_Static_assert(sizeof(struct gup_hold) == 24, "the ioctl number holds the size");

#define FOLL_WRITE 0x1u /* the same in all versions */

/* Opens the node and makes sure it speaks this ABI. A descriptor, or -errno with reason and fix. */
int gup_test_open(struct error *err);

/* -EOPNOTSUPP where the kernel could not hold the array of page pointers: see the definition. */
int gup_test_fits(size_t nr_pages, struct error *err);

/*
 * The value of FOLL_LONGTERM in the running kernel. @unshares: a read-only long-term pin replaces
 * zero and page cache pages of a private mapping (6.2 and later). Found once per process, without a
 * value that could cost a WARN.
 */
int gup_test_longterm(int node, unsigned int *flag, int *unshares, struct error *err);

/*
 * What a call costs that does nothing, to be taken off a sample. Measured right before and right
 * after each sample, not once for all: the speed of a machine changes within a millisecond (in an
 * emulated guest by half, for a while after each tick), and what is short would be off by all of
 * that.
 */

/* Calls on each side; their median stands for the side. */
#define OVERHEAD_CALLS 3

/*
 * @ticks less the cheaper side, 0 when it took less than that: where the machine got slower or
 * faster in between, what is slow shows as a slow sample, never as a fast one.
 */
static inline uint64_t overhead_less(uint64_t ticks, uint64_t before, uint64_t after)
{
	uint64_t cheaper = before < after ? before : after;

	return ticks > cheaper ? ticks - cheaper : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock of every time taken from outside, and which kernel it is taken on. */
#include "bench.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ull

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t clock_grain(void)
{
	struct timespec grain;

	clock_getres(CLOCK_MONOTONIC_RAW, &grain);
	return (uint64_t)grain.tv_sec * NSEC_PER_SEC + (uint64_t)grain.tv_nsec;
}

unsigned int kernel_release(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2 || minor > 255)
		return 0;
	return KERNEL(major, minor);
}

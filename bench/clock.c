// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock of every time taken from outside, and which kernel it is taken on. */
#include "bench/bench.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "stats/stats.h"

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

#ifdef PINBENCH_INJECT
#define CALIBRATE_TURNS  100000u
#define CALIBRATE_ROUNDS 7

/* Ticks as the time goes, of a reading of the clock and of the loop that fills what is shorter than
 * that. */
static double read_ticks, turn_ticks;

static __attribute__((noinline)) void spin(uint64_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

static void calibrate(void)
{
	uint64_t reads[CALIBRATE_ROUNDS], turns[CALIBRATE_ROUNDS];

	for (int i = 0; i < CALIBRATE_ROUNDS; i++) {
		uint64_t start = clock_now();

		for (unsigned int nr = 1; nr < CALIBRATE_TURNS / 100; nr++)
			clock_now();
		reads[i] = clock_now() - start;
		start = clock_now();
		spin(CALIBRATE_TURNS);
		turns[i] = clock_now() - start;
	}
	read_ticks = (double)middle_of(reads, CALIBRATE_ROUNDS) / (CALIBRATE_TURNS / 100);
	turn_ticks = (double)middle_of(turns, CALIBRATE_ROUNDS) / CALIBRATE_TURNS;
}

/*
 * By the clock while there is time for another look at it, by turns for the rest: a few parts in a
 * thousand of a short pin are shorter than a look. PINBENCH_INJECT 0 goes the same way and adds
 * nothing, so that two builds differ in the slowdown alone.
 */
uint64_t clock_end(uint64_t start)
{
	uint64_t end = clock_now(), now = end;
	double late = (double)(end - start) * PINBENCH_INJECT / 1000, left = late;

	if (read_ticks <= 0)
		calibrate();
	for (; left > 2 * read_ticks; left = late - (double)(now - end))
		now = clock_now();
	spin(left > 0 ? (uint64_t)(left / turn_ticks) : 0);
	return clock_now();
}
#endif

unsigned int kernel_release(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2 || minor > 255)
		return 0;
	return KERNEL(major, minor);
}

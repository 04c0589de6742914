// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/settle.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "host/sysfile.h"
#include "stats/stats.h"

#define NR_PAGES 64u /* of the work */
#define NR_PASSES                                                                                  \
	9u /* of a probe, whose time is their middle: single passes meet ticks and refills of free \
	      lists */
#define GRAINS   32u       /* two steps of a 62.5 MHz counter, in instructions */
#define PAUSE_NS 10000000L /* what was put off by a tick comes now */
#define LIMIT_NS UINT64_C(2000000000)

/* Faults, a pin of each page by process_vm_readv(), and what it takes to give the pages back. */
static uint64_t pass(unsigned char *copy, size_t bytes)
{
	uint64_t start = clock_now();
	unsigned char *pages =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec from = { pages, bytes }, to = { copy, bytes };

	if (pages == MAP_FAILED)
		return 0;
	for (size_t at = 0; at < bytes; at += bytes / NR_PAGES)
		pages[at] = 1;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) <
	    0) /* not in this kernel: the rest will do */
		copy[0] = 0;
	munmap(pages, bytes);
	return clock_now() - start;
}

static uint64_t probe(unsigned char *copy, size_t bytes)
{
	uint64_t times[NR_PASSES];

	for (unsigned int i = 0; i < NR_PASSES; i++)
		times[i] = pass(copy, bytes);
	return middle_of(times, NR_PASSES);
}

/* A short probe may not be interrupted by those who wait for the CPU, but they are there: "0.00
 * 0.01 0.05 2/34 77". */
static bool others_wait(void)
{
	char text[128];
	unsigned int nr_running = 1;

	if (sysfile_read("/proc/loadavg", text, sizeof(text), NULL) == 0)
		sscanf(text, "%*s %*s %*s %u/", &nr_running);
	return nr_running > 1;
}

static bool agree(uint64_t a, uint64_t b, bool icount)
{
	uint64_t apart = a > b ? a - b : b - a;

	return icount ? apart <= GRAINS || apart * 1000 <= a : apart * 20 <= a;
}

void settle(struct settling *settling, bool icount, const volatile sig_atomic_t *stop)
{
	size_t bytes = NR_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t started = clock_now(), last = 0, now;

	*settling = (struct settling){ 0 };
	if (copy == MAP_FAILED)
		return;
	while (!settling->settled && !*stop && clock_now() - started < LIMIT_NS) {
		if (settling->nr_probes)
			nanosleep(&pause, NULL);
		now = probe(copy, bytes);
		settling->settled = settling->nr_probes++ && agree(last, now, icount) &&
				    !others_wait();
		last = now;
	}
	munmap(copy, bytes);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plain loop around gup_test's ioctl that people write by hand, with nothing of pinbench in it:
 * what pinbench reports on the same boot is held against this. usage: gup_loop KBYTES
 */
#include <fcntl.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NR_ROUNDS 41
#define NR_WARMUP 10

/* 6.1 mm/gup_test.h, written down here once more so that a mistake in pinbench's copy would show */
struct request {
	__u64 get_us, put_us, addr, size;
	__u32 pages_per_call, gup_flags, test_flags, which_pages[8];
};
#define PIN_FAST _IOWR('g', 2, struct request)

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static uint64_t median(uint64_t *values)
{
	qsort(values, NR_ROUNDS, sizeof(*values), by_value);
	return values[NR_ROUNDS / 2];
}

/* Medians of the time from outside and of the kernel's own pin time. */
static void loop(int fd, void *addr, size_t bytes, uint64_t *outside, uint64_t *get_us)
{
	static uint64_t total[NR_ROUNDS], inside[NR_ROUNDS];

	for (int i = -NR_WARMUP; i < NR_ROUNDS; i++) {
		struct request request = {
			.addr = (uintptr_t)addr,
			.size = bytes,
			.pages_per_call = (__u32)(bytes / 4096),
		};
		uint64_t start = now(), end;

		if (ioctl(fd, PIN_FAST, &request) || request.size != bytes) {
			puts("gup_loop: the pin failed");
			exit(1);
		}
		end = now();
		if (i >= 0) {
			total[i] = end - start;
			inside[i] = request.get_us;
		}
	}
	*outside = median(total);
	*get_us = median(inside);
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) << 10 : 0;
	uint64_t empty, outside, get_us, none;
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR);
	char *addr;

	if (fd < 0 || !bytes)
		return 1;
	addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (addr == MAP_FAILED)
		return 1;
	madvise(addr, bytes, MADV_NOHUGEPAGE);
	memset(addr, 1, bytes);
	loop(fd, addr, 0, &empty, &none);
	loop(fd, addr, bytes, &outside, &get_us);
	printf("gup_loop %zu %llu %llu\n", bytes >> 10, (unsigned long long)(outside - empty),
	       (unsigned long long)get_us * 1000);
	return 0;
}

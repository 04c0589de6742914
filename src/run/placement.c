// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/placement.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/random.h"

#define NR_HOLES   48u /* ranges given back */
#define HOLE_PAGES 8u  /* each 1 to this many: what per-CPU lists keep one by one */
#define ADDRESS_LOW   \
	(UINT64_C(64) \
	 << 30) /* above program and heap of a small binary, below the stacks of 39-bit address */
#define ADDRESS_ROOM (UINT64_C(64) << 30) /* spaces (arm64) and of 47-bit ones */

/* Both numbers of a seed come from generators of their own: one may draw more or less without
 * moving the other. */
enum { STREAM_ADDRESS = 1, STREAM_PAGES };

static void stream_open(struct random *random, uint64_t seed, uint64_t stream)
{
	random_seed(random, seed ^ stream << 56);
}

int ballast_take(struct ballast *ballast, uint64_t seed, size_t base_bytes, struct error *err)
{
	struct random random;

	stream_open(&random, seed, STREAM_PAGES);
	*ballast = (struct ballast){ .nr_pages = random_below(&random, PLACEMENT_MAX_PAGES + 1) };
	ballast->bytes = ballast->nr_pages * base_bytes;
	if (!ballast->bytes)
		return 0;
	ballast->addr = mmap(NULL, ballast->bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ballast->addr == MAP_FAILED) {
		ballast->addr = NULL;
		return error_errno(err, errno, "map %zu bytes before the region", ballast->bytes);
	}
	madvise(ballast->addr, ballast->bytes, MADV_NOHUGEPAGE); /* EINVAL: no THP in this kernel */
	madvise(ballast->addr, ballast->bytes, MADV_DONTFORK);
	if (madvise(ballast->addr, ballast->bytes,
		    MADV_POPULATE_WRITE)) /* 5.14; a quarter of the price of faults */
		for (size_t at = 0; at < ballast->bytes; at += base_bytes)
			ballast->addr[at] = 1;
	for (unsigned int i = 0; i < NR_HOLES; i++) {
		uint64_t first = random_below(&random, ballast->nr_pages),
			 nr = 1 + random_below(&random, HOLE_PAGES);

		if (nr > ballast->nr_pages - first)
			nr = ballast->nr_pages - first;
		if (madvise(ballast->addr + first * base_bytes, nr * base_bytes, MADV_DONTNEED))
			return error_errno(err, errno, "give pages back before the region");
	}
	return 0;
}

void *placement_address(uint64_t seed, size_t align)
{
	struct random random;

	stream_open(&random, seed, STREAM_ADDRESS);
	return (void *)(uintptr_t)((ADDRESS_LOW + random_below(&random, ADDRESS_ROOM)) &
				   ~((uint64_t)align - 1));
}

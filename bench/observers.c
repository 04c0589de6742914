// SPDX-License-Identifier: GPL-2.0-or-later
/* Every observer, innermost first: reading pagemap takes mmap_lock, reading perf records faults
 * their pages in. */
#include "bench/bench.h"

#include <errno.h>

extern const struct observer observe_rusage, observe_mmap_lock, observe_kprobe, observe_frames;

const struct observer *const observers[] = {
	&observe_rusage, &observe_mmap_lock, &observe_kprobe, &observe_frames, NULL,
};

bool observer_unsupported(const struct error *why)
{
	/* E2BIG: a struct perf_event_attr with fields that the kernel does not know */
	return error_unsupported(why) || why->code == EPROTO || why->code == EOVERFLOW ||
	       why->code == E2BIG;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Every observer, innermost first: reading pagemap takes mmap_lock, reading perf records faults their pages in. */
#include "bench.h"

extern const struct observer observe_rusage, observe_mmap_lock, observe_kprobe, observe_frames;

const struct observer *const observers[] = {
	&observe_rusage, &observe_mmap_lock, &observe_kprobe, &observe_frames, NULL,
};

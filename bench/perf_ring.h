/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One perf_event_open(2) event of the calling thread with its ring of records. It lives as long as
 * its descriptor: nothing is left in the kernel when the process dies, unlike tracefs
 * kprobe_events.
 */
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PERF_RING_ARGS 2
#define PERF_RING_MOST (1u << 20) /* records; 32 MiB of kernel memory */

struct perf_ring {
	int fd;    /* -1: closed */
	void *map; /* NULL: counts only */
	size_t map_bytes;
	size_t nr_args; /* registers in each record */
};

/* One hit: the sampled registers, lowest register number first. */
struct perf_hit {
	uint64_t args[PERF_RING_ARGS];
};

/*
 * Opens @attr for the calling thread on any CPU, disabled. @records: samples are kept (some 16,000
 * between start and stop, see perf_ring_fit()). -ENOENT when the traced function cannot be probed,
 * -EACCES/-EPERM without CAP_PERFMON.
 */
int perf_ring_open(struct perf_ring *ring, struct perf_event_attr *attr, bool records,
		   struct error *err);
/*
 * Makes room for @nr_records between start and stop, up to PERF_RING_MOST; keeps what room there is
 * when the kernel refuses (perf_event_mlock_kb): a lost record is noticed. Not between start and
 * stop.
 */
void perf_ring_fit(struct perf_ring *ring, size_t nr_records);
int perf_ring_start(struct perf_ring *ring, struct error *err);
/*
 * Stops and hands every record since start to @hit. @nr_hits gets the kernel's own count.
 * -EOVERFLOW if a record was lost or the two disagree: then no sum over the records may be used.
 */
int perf_ring_stop(struct perf_ring *ring, void (*hit)(void *sum, const struct perf_hit *hit),
		   void *sum, uint64_t *nr_hits, struct error *err);
void perf_ring_close(struct perf_ring *ring);

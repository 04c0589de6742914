// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rung 3, no kprobes needed: GUP-fast takes no lock, ordinary GUP takes mmap_lock once per call, so
 * the tracepoint counts the calls that fell back. Calls, not pages; a fault that drops the lock
 * adds one. Only for interfaces that leave the lock to GUP: the others would be counted for taking
 * it themselves.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/calibrate.h"
#include "bench/perf_ring.h"
#include "host/sysfile.h"

/* 5.11+, CONFIG_TRACING: include/trace/events/mmap_lock.h */
#define EVENT "events/mmap_lock/mmap_lock_acquire_returned/id"

struct watch {
	struct perf_ring ring;
	bool silent; /* says nothing about this pin */
};

static int event_id(uint64_t *id, struct error *err)
{
	if (sysfile_read_u64("/sys/kernel/tracing/" EVENT, id, err) == 0 ||
	    sysfile_read_u64("/sys/kernel/debug/tracing/" EVENT, id, err) == 0)
		return 0;
	error_set(err, err->code, "the mmap_lock tracepoint is not visible");
	return error_fix(err, err->code == EACCES ? "run as root"
						  : "mount -t tracefs tracefs /sys/kernel/tracing; "
						    "kernel: CONFIG_FTRACE=y");
}

static void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	perf_ring_close(&watch->ring);
	free(watch);
}

static int watch_count(struct watch *watch, uint64_t *nr, struct error *err)
{
	return perf_ring_stop(&watch->ring, NULL, NULL, nr, err);
}

/* Known calls take the lock as often as they enter ordinary GUP. */
static int calibrate_one(void *context, struct known_call *known, struct error *err)
{
	struct watch *watch = context;
	struct error other;
	uint64_t nr = 0;
	int ret;

	if (perf_ring_start(&watch->ring, err))
		return -err->code;
	ret = known_call_run(known, err);
	if (watch_count(watch, &nr, ret ? &other : err) || ret)
		return -err->code;
	if (nr != known->slow_calls)
		return error_set(err, EPROTO,
				 "calibration by %s: the tracepoint was hit %llu times, not %llu",
				 known->name, (unsigned long long)nr,
				 (unsigned long long)known->slow_calls);
	return 0;
}

static int watch_open(struct watch **slot, struct error *err)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	struct watch *watch;
	uint64_t id;

	*slot = NULL;
	if (event_id(&id, err))
		return -err->code;
	attr.config = id;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return error_errno(err, ENOMEM, "prepare the mmap_lock counter");
	if (perf_ring_open(&watch->ring, &attr, false, err)) {
		free(watch);
		return error_fix(err, "run as root (CAP_PERFMON)");
	}
	if (known_calls_try(calibrate_one, watch, err)) {
		watch_close(watch);
		return -err->code;
	}
	*slot = watch;
	return 0;
}

static int watch_start(struct watch *watch, const struct pin_job *job, struct error *err)
{
	/* a fault that dirties a page of a file drops the lock: 6.12 mm/memory.c
	 * fault_dirty_shared_page() */
	watch->silent = job->region->layout->kind->shared && job->unpopulated &&
			job->access == ACCESS_WRITE;
	return perf_ring_start(&watch->ring, err);
}

static int watch_stop(struct watch *watch, struct path_count *counts, struct error *err)
{
	uint64_t nr = 0;

	if (watch_count(watch, &nr, err))
		return -err->code;
	if (!watch->silent)
		path_count_set(counts, COUNT_SLOW_CALLS, nr, "mmap-lock");
	return 0;
}

static int probe(struct error *why)
{
	struct watch *watch;

	if (watch_open(&watch, why))
		return -why->code;
	watch_close(watch);
	return 0;
}

const struct observer observe_mmap_lock = {
	.name = "mmap-lock",
	.about = "calls that left GUP-fast, by the mmap_lock tracepoint of the thread; no kprobes "
		 "needed",
	.rung = 3,
	.fast_only = true,
	.probe = probe,
	.open = watch_open,
	.start = watch_start,
	.stop = watch_stop,
	.close = watch_close,
};

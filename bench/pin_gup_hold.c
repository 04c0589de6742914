// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gup_test's pins that stay (6.2 and later): always FOLL_LONGTERM, one START for the whole window,
 * READ copies through the pins, STOP gives them back. Pin and unpin are timed apart and from
 * outside, each less the same ioctl with nothing to do (overhead_less()). The array of page
 * pointers (8 bytes per page) is in both times.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/gup_test_abi.h"
#include "bench/mark.h"
#include "stats/stats.h"

struct hold_row {
	unsigned int flags;
	struct pin_path path;
};

struct pin {
	int node;
	struct gup_hold hold;
	const char *entry;
	uint64_t nr_pages;
	bool held;
};

static struct pin_path hold_path(const struct pinner *pinner)
{
	return ((const struct hold_row *)pinner->row)->path;
}

/*
 * START of size 0 is refused before anything is allocated (6.12 mm/gup_test.c,
 * pin_longterm_test_start); STOP without pins does nothing.
 */
static void hold_empty(const struct pin *pin, uint64_t *start_ticks, uint64_t *stop_ticks)
{
	uint64_t starts[OVERHEAD_CALLS], stops[OVERHEAD_CALLS], start;
	struct gup_hold nothing = { .flags = pin->hold.flags };

	for (int i = 0; i < OVERHEAD_CALLS; i++) {
		start = clock_now();
		mark(MARK_START);
		ioctl(pin->node, GUP_HOLD_START, &nothing);
		starts[i] = clock_end(start) - start;
		mark(MARK_EMPTY_PIN);
		start = clock_now();
		mark(MARK_START);
		ioctl(pin->node, GUP_HOLD_STOP);
		stops[i] = clock_end(start) - start;
		mark(MARK_EMPTY_UNPIN);
	}
	*start_ticks = middle_of(starts, OVERHEAD_CALLS);
	*stop_ticks = middle_of(stops, OVERHEAD_CALLS);
}

static int hold_prepare(struct pin *pin, const struct pin_job *job, struct error *err)
{
	int rc;

	pin->nr_pages = job->bytes / job->region->base_bytes;
	if (job->pages_per_call < pin->nr_pages) {
		error_set(err, EOPNOTSUPP,
			  "a held gup_test pin takes the whole window in one request");
		return error_fix(err, "pages_per_call=all");
	}
	rc = gup_test_fits(pin->nr_pages, err);
	if (rc)
		return rc;
	pin->node = gup_test_open(err);
	if (pin->node < 0)
		return pin->node;
	/* An older kernel answers EINVAL to all three, so START of size 0 could not tell. */
	if (ioctl(pin->node, GUP_HOLD_STOP) < 0) {
		error_set(err, EOPNOTSUPP, "the gup_test of this kernel cannot hold pins");
		return error_fix(err, "use Linux 6.2 or later");
	}
	pin->hold.addr = (uintptr_t)job->region->addr + job->offset;
	pin->hold.size = job->bytes;
	if (job->access == ACCESS_WRITE)
		pin->hold.flags |= GUP_HOLD_WRITE;
	return 0;
}

static void hold_close(struct pin *pin)
{
	if (!pin)
		return;
	if (pin->held)
		ioctl(pin->node, GUP_HOLD_STOP);
	if (pin->node >= 0)
		close(pin->node);
	free(pin);
}

static int hold_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
		     struct error *err)
{
	const struct hold_row *row = pinner->row;
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->node = -1;
	pin->hold.flags = row->flags;
	pin->entry = row->path.entry;
	rc = hold_prepare(pin, job, err);
	if (rc) {
		hold_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int hold_failed(const struct pin *pin, int code, struct error *err)
{
	if (code != EINVAL)
		return error_errno(err, code, "gup_test START (%s)", pin->entry);
	/* All arguments are ours and right: what remains is that its only slot is taken. */
	error_set(err, EBUSY, "another process holds gup_test's only set of pins");
	return error_fix(err, "end the other user of %s", GUP_TEST_NODE);
}

static int hold_hold(struct pin *pin, struct error *err)
{
	if (ioctl(pin->node, GUP_HOLD_START, &pin->hold) < 0)
		return hold_failed(pin, errno, err);
	pin->held = true;
	return 0;
}

static int hold_release(struct pin *pin, struct error *err)
{
	if (ioctl(pin->node, GUP_HOLD_STOP) < 0)
		return error_errno(err, errno, "gup_test STOP");
	pin->held = false;
	return 0;
}

static int hold_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, started, stop, stopped, start_before, stop_before, start_after, stop_after;
	int rc;

	hold_empty(pin, &start_before, &stop_before);
	start = clock_now();
	mark(MARK_START);
	rc = ioctl(pin->node, GUP_HOLD_START, &pin->hold);
	started = clock_end(start);
	mark(MARK_PIN);
	if (rc < 0)
		return hold_failed(pin, errno, err);
	stop = clock_now();
	mark(MARK_START);
	rc = ioctl(pin->node, GUP_HOLD_STOP);
	stopped = clock_end(stop);
	mark(MARK_UNPIN);
	if (rc < 0)
		return error_errno(err, errno, "gup_test STOP");
	hold_empty(pin, &start_after, &stop_after);
	*sample = (struct sample){ .have = 1u << METRIC_PIN | 1u << METRIC_UNPIN,
				   .nr_pages = pin->nr_pages };
	sample->ticks[METRIC_PIN] = overhead_less(started - start, start_before, start_after);
	sample->ticks[METRIC_UNPIN] = overhead_less(stopped - stop, stop_before, stop_after);
	return 0;
}

static const char *hold_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? NULL : CLOCK_OUTSIDE;
}

static int hold_read(struct pin *pin, void *bytes, struct error *err)
{
	__u64 address = (uintptr_t)bytes;

	if (ioctl(pin->node, GUP_HOLD_READ, &address) < 0)
		return error_errno(err, errno, "gup_test READ");
	return 0;
}

#define HOLD_PINNER(symbol, hold_name, hold_about, ...)         \
	const struct pinner symbol = {                          \
		.name = "gup-test/" hold_name,                  \
		.about = hold_about,                            \
		.access = ACCESS_READ | ACCESS_WRITE,           \
		.whole_only = true,                             \
		.row = &(const struct hold_row){ __VA_ARGS__ }, \
		.may_warn = true,                               \
		.lab_only = true,                               \
		.option = "CONFIG_GUP_TEST",                    \
		.path = hold_path,                              \
		.probe = pinner_try_page,                       \
		.open = hold_open,                              \
		.cycle = hold_cycle,                            \
		.clock = hold_clock,                            \
		.hold = hold_hold,                              \
		.release = hold_release,                        \
		.read = hold_read,                              \
		.close = hold_close,                            \
	}

HOLD_PINNER(pin_hold_fast, "hold-fast",
	    "pin_user_pages_fast with FOLL_LONGTERM, kept: pin and unpin timed apart",
	    .flags = GUP_HOLD_FAST,
	    .path = {
		    .entry = "pin_user_pages_fast", .pins = true, .fast = true, .longterm = true });

HOLD_PINNER(pin_hold_slow, "hold-slow",
	    "pin_user_pages with FOLL_LONGTERM, kept: never the fast path",
	    .path = { .entry = "pin_user_pages", .pins = true });

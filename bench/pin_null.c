// SPDX-License-Identifier: GPL-2.0-or-later
/* Pins nothing: the floor of the harness, and the double for tests. Its cycle is two reads of the
 * clock. */
#include "bench/bench.h"
#include "bench/mark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pin {
	struct pin_job job;
};

static struct pin_path null_path(const struct pinner *pinner)
{
	(void)pinner;
	return (struct pin_path){ .entry = "none" };
}

static int null_probe(const struct pinner *pinner, struct error *why)
{
	(void)pinner;
	(void)why;
	return 0;
}

static int null_open(struct pin **pin, const struct pinner *pinner, const struct pin_job *job,
		     struct error *err)
{
	(void)pinner;
	*pin = calloc(1, sizeof(**pin));
	if (!*pin)
		return error_errno(err, ENOMEM, "null");
	(*pin)->job = *job;
	return 0;
}

static int null_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, end;

	(void)err;
	start = clock_now();
	mark(MARK_START);
	end = clock_end(start);
	mark(MARK_CYCLE);
	*sample = (struct sample){ .have = 1u << METRIC_CYCLE };
	sample->ticks[METRIC_CYCLE] = end - start;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *null_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? CLOCK_OUTSIDE : NULL;
}

static int null_hold(struct pin *pin, struct error *err)
{
	(void)pin;
	(void)err;
	return 0;
}

/* No pin to see through: the bytes are those of the mapping. */
static int null_read(struct pin *pin, void *bytes, struct error *err)
{
	(void)err;
	memcpy(bytes, pin->job.region->addr + pin->job.offset, pin->job.bytes);
	return 0;
}

static uint64_t null_held_refs(const struct pin *pin)
{
	(void)pin;
	return 0;
}

static void null_close(struct pin *pin)
{
	free(pin);
}

const struct pinner pin_null = {
	.name = "null",
	.about = "pins nothing: two reads of the clock, the floor of every time",
	.access = ACCESS_READ | ACCESS_WRITE,
	.floor = true,
	.path = null_path,
	.probe = null_probe,
	.open = null_open,
	.cycle = null_cycle,
	.clock = null_clock,
	.hold = null_hold,
	.release = null_hold,
	.read = null_read,
	.held_refs = null_held_refs,
	.close = null_close,
};

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The benchmark commands of gup_test: one ioctl pins the window call by call and unpins it at once.
 *
 * Times. The kernel's own clock counts whole microseconds, so every cycle is timed from outside,
 * less the empty ioctl (PIN_FAST of size 0, see overhead_less()): what remains is pin, unpin, and
 * one zeroed array of 8 bytes per page. Pin and unpin apart come from the kernel's clock where the
 * window has APART_PAGES or more: whatever it reads, 0 too, is kept, with its grain. Below that a
 * grain says little on any machine; and what decides must be the window, never the reading, or slow
 * runs would have a pin that fast ones lack. Commands but
 * *-fast take mmap_lock before the kernel's clock starts, so it is in the cycle and not in the pin.
 *
 * Truth. The ioctl returns 0 whatever happened. A call that pinned nothing ends the loop and shows
 * in size; a call that pinned some ends it at the next round, so a short *last* call counts as
 * whole (mm/gup_test.c of 6.1 and 6.12): only nr_foll_pin_acquired shows that.
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

#define GRAIN_NS    1000u /* of the kernel's clock */
#define APART_PAGES 512u  /* base pages from which pin and unpin are told apart */

struct gup_row {
	unsigned long command;
	bool longterm_flag; /* the command does not set FOLL_LONGTERM, we do */
	bool longterm;
	struct pin_path path;
};

struct pin {
	int node;
	const struct gup_row *row;
	struct gup_test test;
	size_t page;
	bool apart;
};

static struct pin_path gup_path(const struct pinner *pinner)
{
	return ((const struct gup_row *)pinner->row)->path;
}

/*
 * gup_test WARNs when a page it pinned shows no pin (verify_dma_pinned). The zero page never takes
 * one (try_grab_page 6.1, try_grab_folio 6.12), and it is what a read-only pin of a hole gets,
 * except a long-term one since 6.2. hugetlb has no zero page.
 */
static int gup_zero_page(const struct gup_row *row, const struct pin_job *job, int unshares,
			 struct error *err)
{
	if (!job->unpopulated || job->access == ACCESS_WRITE || !row->path.pins)
		return 0;
	if (!job->region->layout->kind->zero_page || (row->longterm && unshares))
		return 0;
	error_set(err, EOPNOTSUPP,
		  "a read-only pin of unpopulated memory gets the zero page, "
		  "on which this gup_test command makes the kernel WARN");
	return error_fix(err, "use process_vm/readv or odirect/write, or access=write");
}

static uint64_t gup_empty(int node)
{
	uint64_t ticks[OVERHEAD_CALLS];

	for (int i = 0; i < OVERHEAD_CALLS; i++) {
		struct gup_test empty = { .nr_pages_per_call = 1 };
		uint64_t start = clock_now();

		mark(MARK_START);
		ioctl(node, GUP_TEST_PIN_FAST, &empty);
		ticks[i] = clock_end(start) - start;
		mark(MARK_EMPTY_CYCLE);
	}
	return middle_of(ticks, OVERHEAD_CALLS);
}

static int gup_prepare(struct pin *pin, const struct pin_job *job, struct error *err)
{
	unsigned int longterm = 0;
	int unshares = 0, rc;

	pin->page = job->region->base_bytes;
	rc = gup_test_fits(job->bytes / pin->page, err);
	if (rc)
		return rc;
	pin->node = gup_test_open(err);
	if (pin->node < 0)
		return pin->node;
	if (pin->row->longterm) {
		rc = gup_test_longterm(pin->node, &longterm, &unshares, err);
		if (rc)
			return rc;
	}
	rc = gup_zero_page(pin->row, job, unshares, err);
	if (rc)
		return rc;
	pin->test.addr = (uintptr_t)job->region->addr + job->offset;
	pin->test.size = job->bytes;
	pin->test.nr_pages_per_call = job->pages_per_call;
	pin->apart = job->bytes / pin->page >= APART_PAGES;
	if (job->access == ACCESS_WRITE)
		pin->test.gup_flags |= FOLL_WRITE;
	if (pin->row->longterm_flag)
		pin->test.gup_flags |= longterm;
	return 0;
}

static void gup_close(struct pin *pin)
{
	if (!pin)
		return;
	if (pin->node >= 0)
		close(pin->node);
	free(pin);
}

static int gup_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
		    struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->node = -1;
	pin->row = pinner->row;
	rc = gup_prepare(pin, job, err);
	if (rc) {
		gup_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int gup_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t before = gup_empty(pin->node), start, cycle;
	struct gup_test test = pin->test;
	int rc;

	start = clock_now();
	mark(MARK_START);
	rc = ioctl(pin->node, pin->row->command, &test);
	cycle = clock_end(start) - start;
	mark(MARK_CYCLE);
	if (rc < 0)
		return error_errno(err, errno, "gup_test %s", pin->row->path.entry);
	if (test.size != pin->test.size)
		return error_set(err, EFAULT, "gup_test %s ended after %llu of %llu pages",
				 pin->row->path.entry, (unsigned long long)test.size / pin->page,
				 (unsigned long long)pin->test.size / pin->page);
	*sample = (struct sample){ .have = 1u << METRIC_CYCLE, .nr_pages = test.size / pin->page };
	sample->ticks[METRIC_CYCLE] = overhead_less(cycle, before, gup_empty(pin->node));
	if (pin->apart) {
		sample->ticks[METRIC_PIN] = test.get_delta_usec * GRAIN_NS;
		sample->ticks[METRIC_UNPIN] = test.put_delta_usec * GRAIN_NS;
		sample->have |= 1u << METRIC_PIN | 1u << METRIC_UNPIN;
	}
	return 0;
}

static const char *gup_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	if (metric == METRIC_CYCLE) {
		*quantum_ns = clock_grain();
		return CLOCK_OUTSIDE;
	}
	if (pin && !pin->apart)
		return NULL;
	*quantum_ns = GRAIN_NS;
	return GUP_TEST_CLOCK;
}

#define GUP_PINNER(symbol, gup_name, gup_about, ...)           \
	const struct pinner symbol = {                         \
		.name = "gup-test/" gup_name,                  \
		.about = gup_about,                            \
		.access = ACCESS_READ | ACCESS_WRITE,          \
		.row = &(const struct gup_row){ __VA_ARGS__ }, \
		.may_warn = true,                              \
		.lab_only = true,                              \
		.option = "CONFIG_GUP_TEST",                   \
		.path = gup_path,                              \
		.probe = pinner_try_page,                      \
		.open = gup_open,                              \
		.cycle = gup_cycle,                            \
		.clock = gup_clock,                            \
		.close = gup_close,                            \
	}

GUP_PINNER(pin_gup_fast, "gup-fast", "get_user_pages_fast: references, no pins; never unshares",
	   .command = GUP_TEST_GUP_FAST, .path = { .entry = "get_user_pages_fast", .fast = true });

GUP_PINNER(pin_pin_fast, "pin-fast", "pin_user_pages_fast: short-term pins",
	   .command = GUP_TEST_PIN_FAST,
	   .path = { .entry = "pin_user_pages_fast", .pins = true, .fast = true });

GUP_PINNER(pin_pin_fast_longterm, "pin-fast-longterm",
	   "pin_user_pages_fast with FOLL_LONGTERM: what DMA drivers do",
	   .command = GUP_TEST_PIN_FAST, .longterm_flag = true, .longterm = true,
	   .path = {
		   .entry = "pin_user_pages_fast", .pins = true, .fast = true, .longterm = true });

GUP_PINNER(pin_pin_longterm, "pin-longterm",
	   "pin_user_pages with FOLL_LONGTERM: never the fast path",
	   .command = GUP_TEST_PIN_LONGTERM, .longterm = true,
	   .path = { .entry = "pin_user_pages", .pins = true, .longterm = true });

GUP_PINNER(pin_pin_basic, "pin-basic", "pin_user_pages: short-term pins, never the fast path",
	   .command = GUP_TEST_PIN_BASIC, .path = { .entry = "pin_user_pages", .pins = true });

GUP_PINNER(pin_gup_basic, "gup-basic",
	   "get_user_pages: references, never the fast path; never unshares",
	   .command = GUP_TEST_GUP_BASIC, .path = { .entry = "get_user_pages" });

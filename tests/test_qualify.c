// SPDX-License-Identifier: GPL-2.0-or-later
/* What "make qualify" draws and counts: windows hold what was measured in their slots, rates have
 * R's intervals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "qualify/line.h"
#include "qualify/windows.h"
#include "result/schedule.h"

enum { BLOCKS = 12 };

static char dir[64], path[4][128];

static struct sample sample_of(unsigned int slot, unsigned int nth)
{
	return (struct sample){
		.ticks = { [METRIC_PIN] = 1000 + slot, [METRIC_UNPIN] = 5000 + slot + nth },
		.have = 1u << METRIC_PIN | 1u << METRIC_UNPIN,
		.nr_pages = 1
	};
}

/* Two cases of pin and unpin; what was measured in a slot tells the slot. */
static void side_write(const struct schedule *schedule, unsigned int side, const char *to)
{
	static const char *const keys[] = { "one", "two" };
	struct results results = { .label = strdup("x"),
				   .tool_version = strdup("1"),
				   .started = strdup("2026-01-31T12:00:00Z"),
				   .complete = true };
	struct error err;

	schedule_copy(&results.schedule, schedule, side);
	for (size_t i = 0; i < 2; i++) {
		struct result *result = results_add(&results, keys[i]);

		result->status = STATUS_DONE;
		result->params = (struct params){ "null", "base", "exclusive", "read", "page",
						  0,      4096,   1,           4096 };
		for (unsigned int slot = 0; slot < 2 * BLOCKS; slot++) {
			struct run *run;

			if (schedule_side(schedule, slot) != side)
				continue;
			run = result_add_run(result);
			run->slot = (int)slot;
			run->block = (int)slot / 2;
			run->nr_samples = 3;
			run->nr_warmup = 1;
			run->samples = calloc(3, sizeof(*run->samples));
			for (unsigned int j = 0; j < 3; j++)
				run->samples[j] = sample_of(slot, j);
			strcpy(run->clock[METRIC_PIN], "monotonic-raw");
			strcpy(run->clock[METRIC_UNPIN], "monotonic-raw");
		}
	}
	if (results_save(&results, to, &err))
		fail_msg("%s", err.text);
	results_free(&results);
}

static void stretch_make(struct stretch *stretch, enum run_order order)
{
	static const char *const sides[] = { "a", "b" };
	const uint64_t seed = 5;
	struct schedule schedule;
	struct error err;

	schedule_init(&schedule, order, BLOCKS, sides, 2, &seed);
	side_write(&schedule, 0, path[0]);
	side_write(&schedule, 1, path[1]);
	schedule_free(&schedule);
	if (stretch_load(stretch, path[0], path[1], &err))
		fail_msg("%s", err.text);
}

/* Both files of a window: every slot once, on the side that @of says, renumbered from 0. */
static void window_check(const struct stretch *stretch, const struct window *window,
			 const struct schedule *of)
{
	const char *const to[2] = { path[2], path[3] };
	struct error err;

	if (window_save(stretch, window, to, &err))
		fail_msg("%s", err.text);
	for (unsigned int side = 0; side < 2; side++) {
		struct results results;

		if (results_load(&results, to[side], &err))
			fail_msg("%s", err.text);
		assert_int_equal(results.nr, window->pick.all ? 2 : 1);
		assert_int_equal(results.schedule.nr_blocks, window->nr_blocks);
		for (size_t i = 0; i < results.nr; i++) {
			const struct result *result = &results.items[i];

			assert_int_equal(result->nr_runs, window->nr_blocks);
			for (size_t j = 0; j < result->nr_runs; j++) {
				const struct run *run = &result->runs[j];
				unsigned int slot = (unsigned int)run->slot +
						    2 * window->first_block;

				assert_int_equal(run->block, j);
				assert_int_equal(run->block, run->slot / 2);
				assert_int_equal(side,
						 schedule_side(of,
							       window->labels == LABELS_MEASURED
								       ? slot
								       : (unsigned int)run->slot));
				assert_int_equal(run->samples[2].ticks[METRIC_UNPIN],
						 5000 + slot + 2);
				assert_int_equal(run->samples[2].have,
						 window->pick.all ? 3u << METRIC_PIN
								  : 1u << METRIC_UNPIN);
			}
		}
		results_free(&results);
	}
}

static void test_windows(void **state)
{
	struct window window = { .first_block = 4, .nr_blocks = 5, .pick = { .all = true } };
	struct stretch stretch;
	struct schedule drawn, abba;
	struct pick *picks;

	(void)state;
	stretch_make(&stretch, ORDER_RANDOM);
	assert_int_equal(stretch.nr_blocks, BLOCKS);
	drawn = abba = stretch.side[0].schedule;
	abba.order = ORDER_ABBA;
	window_check(&stretch, &window, &drawn);
	window.labels = LABELS_ABBA;
	window_check(&stretch, &window, &abba);
	window.labels = LABELS_RANDOM;
	window.seed = drawn.seed = 77;
	window_check(&stretch, &window, &drawn);
	assert_int_equal(stretch_rows(&stretch, &picks), 4);
	window.pick = picks[3]; /* the second case, unpin */
	assert_int_equal(window.pick.result, 1);
	window_check(&stretch, &window, &drawn);
	free(picks);
	stretch_free(&stretch);
}

/* Files that are not two sides of one schedule draw nothing. */
static void test_no_stretch(void **state)
{
	struct stretch stretch;
	struct error err;

	(void)state;
	stretch_make(&stretch, ORDER_ABBA);
	stretch_free(&stretch);
	assert_int_equal(stretch_load(&stretch, path[0], path[0], &err), -22);
	stretch_free(&stretch);
}

/* R 4.2.2: binom.test(nr, of)$conf.int */
static void test_rates(void **state)
{
	static const struct {
		size_t nr, of;
		double low, high;
	} rows[] = {
		{ 0, 20, 0, 0.168433470983 },
		{ 5, 100, 0.016431879182, 0.112834911105 },
		{ 20, 20, 0.831566529017, 1 },
		{ 42, 1020, 0.029834733053, 0.055253529165 },
		{ 1, 3, 0.008403758660, 0.905700675950 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rate rate = rate_of(rows[i].nr, rows[i].of);

		assert_true(fabs(rate.value - (double)rows[i].nr / (double)rows[i].of) < 1e-15);
		assert_true(fabs(rate.low - rows[i].low) < 1e-10);
		assert_true(fabs(rate.high - rows[i].high) < 1e-10);
	}
}

static int enter_directory(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/pinbench-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	for (int i = 0; i < 4; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%d.json", dir, i);
	return 0;
}

static int leave_directory(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		unlink(path[i]);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_no_stretch),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Change points with known answers, and the order of kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "history/change.h"
#include "history/history.h"
#include "history/order.h"
#include "qualify/laws.h"

#define MOST 600

static struct change_point points[MOST];
static double values[MOST];

/* @nr values of a law around 1. */
static void draw(const struct law *law, double noise, size_t nr, uint64_t seed)
{
	struct schedule_place place = { .nr_slots = nr, .disturbed = true };
	struct random random;

	random_seed(&random, seed);
	for (place.slot = 0; place.slot < nr; place.slot++)
		values[place.slot] = law->draw(&random, noise, &place);
}

static void step(size_t start, size_t end, double size)
{
	for (size_t i = start; i < end; i++)
		values[i] *= 1 + size;
}

static bool found_near(size_t nr_points, size_t at)
{
	for (size_t i = 0; i < nr_points; i++)
		if (points[i].at + 1 >= at && points[i].at <= at + 1)
			return true;
	return false;
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(changes_find(values, 0, points), 0);
	for (size_t nr = 1; nr < MOST; nr += nr < 40 ? 1 : 37) {
		for (size_t i = 0; i < nr; i++)
			values[i] = 7712;
		assert_int_equal(changes_find(values, nr, points), 0);
		assert_int_equal(changes_exact(values, nr, points), 0);
	}
}

/* Without noise every figure is known. */
static void test_clean_step(void **state)
{
	(void)state;
	for (size_t nr = CHANGE_LEAST; nr < 500; nr += nr < 30 ? 2 : 91) {
		for (size_t i = 0; i < nr; i++)
			values[i] = i < nr / 2 ? 200 : 210;
		assert_int_equal(changes_find(values, nr, points), 1);
		assert_int_equal(points[0].at, nr / 2);
		assert_int_equal(points[0].start, 0);
		assert_int_equal(points[0].end, nr);
		assert_float_equal(points[0].from, 200, 0);
		assert_float_equal(points[0].to, 210, 0);
		assert_float_equal(points[0].size, 0.05, 1e-12);
		assert_true(points[0].low <= points[0].size && points[0].high >= points[0].size);
		assert_true(points[0].p > 0 && points[0].p <= CHANGE_LEVEL);
		assert_false(points[0].drift);
	}
}

static void test_too_few(void **state)
{
	(void)state;
	for (size_t nr = 2; nr < CHANGE_LEAST; nr++) {
		for (size_t i = 0; i < nr; i++)
			values[i] = i < nr / 2 ? 100 : 200;
		assert_int_equal(changes_find(values, nr, points), 0);
	}
}

/* The step is eight times the noise, whatever the law: found where it is, and nothing else. */
static void test_steps_of_all_laws(void **state)
{
	static const double sizes[] = { 0.01, 0.02, 0.05, 0.10 };

	(void)state;
	for (size_t i = 0; i < NR_LAWS * 4; i++) {
		const struct law *law = &laws[i / 4];
		double size = sizes[i % 4];
		size_t nr_single = 0, nr_found = 0;

		for (uint64_t seed = 1; seed <= 10; seed++) {
			size_t nr;

			draw(law, size / 8, 40, seed);
			step(20, 40, size);
			nr = changes_find(values, 40, points);
			nr_found += found_near(nr, 20);
			nr_single += nr == 1;
		}
		if (nr_found < 9)
			fail_msg("%s: step of %g found %zu of 10 times", law->name, size, nr_found);
		/* a drift is a change, too; else a level of 1 % allows one of these two parts */
		if (!law->drifts && nr_single < 9)
			fail_msg("%s: %zu of 10 with one step", law->name, nr_single);
	}
}

/* Faster is a change as slower is. */
static void test_direction(void **state)
{
	(void)state;
	draw(&laws[0], 0.01, 40, 3);
	step(20, 40, -0.10);
	assert_int_equal(changes_find(values, 40, points), 1);
	assert_true(points[0].to < points[0].from);
	assert_true(points[0].size < -0.08 && points[0].size > -0.12);
	assert_true(points[0].low <= -0.10 && points[0].high >= -0.10);
}

static void test_three_steps(void **state)
{
	static const size_t at[] = { 20, 45, 60 };

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		size_t nr;

		draw(&laws[0], 0.005, 80, seed);
		step(20, 45, 0.05);
		step(45, 60, 0.10);
		step(60, 80, 0.02);
		nr = changes_find(values, 80, points);
		assert_true(nr >= 3 && nr <= 4);
		for (size_t i = 0; i < 3; i++)
			assert_true(found_near(nr, at[i]));
		for (size_t i = 0; i < nr; i++)
			assert_false(points[i].drift);
		for (size_t i = 1; i < nr; i++) {
			assert_true(points[i].at > points[i - 1].at);
			assert_int_equal(points[i].start, points[i - 1].at);
			assert_int_equal(points[i - 1].end, points[i].at);
		}
	}
}

/* In a long row, what lasts twelve results: the windows find it. */
static void test_short_bump(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		size_t nr;

		draw(&laws[0], 0.005, 500, seed);
		step(300, 312, 0.10);
		nr = changes_find(values, 500, points);
		assert_true(found_near(nr, 300));
		assert_true(found_near(nr, 312));
	}
}

/* One odd result is no level: anywhere, of any size, among equal ones and among noise. */
static void test_outliers(void **state)
{
	static const size_t sizes[] = { 10, 12, 20, 50, 100, 500 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t nr = sizes[i];

		for (size_t at = 0; at < nr; at += nr < 50 ? 1 : nr / 7) {
			for (size_t j = 0; j < nr; j++)
				values[j] = 100;
			values[at] = 1000;
			assert_int_equal(changes_find(values, nr, points), 0);
			values[at] = 1;
			assert_int_equal(changes_find(values, nr, points), 0);
			draw(&laws[0], 0.01, nr, 77);
			if (changes_find(values, nr, points))
				continue;
			values[at] = 50;
			assert_int_equal(changes_find(values, nr, points), 0);
		}
	}
}

/* A slope is cut into levels by any method of this kind: it is called what it is. */
static void test_drift(void **state)
{
	(void)state;
	for (size_t nr = 20; nr <= 500; nr *= 5) {
		size_t found;

		draw(&laws[0], 0.002, nr, 5);
		for (size_t i = 0; i < nr; i++)
			values[i] *= 1 + 0.1 * (double)i / (double)nr;
		found = changes_find(values, nr, points);
		assert_true(found > 0);
		for (size_t i = 0; i < found; i++)
			assert_true(points[i].drift);
	}
}

/* At 1 % a series: of 300 pure ones more than 9 would come once in 400 times. */
static void test_false_points(void **state)
{
	static const size_t sizes[] = { 20, 60, 150 };

	(void)state;
	for (size_t i = 0; i < NR_LAWS * 3; i++) {
		size_t nr = 0;

		if (laws[i / 3].drifts)
			continue;
		for (uint64_t seed = 0; seed < 300; seed++) {
			draw(&laws[i / 3], 0.03, sizes[i % 3], 1000 * i + seed);
			nr += changes_find(values, sizes[i % 3], points) > 0;
		}
		if (nr > 9)
			fail_msg("%s, n = %zu: %zu of 300", laws[i / 3].name, sizes[i % 3], nr);
	}
}

/* The interval holds the truth; it was chosen where the step looks largest, so not quite at 95 %.
 */
static void test_interval(void **state)
{
	size_t nr_found = 0, nr_held = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		draw(&laws[0], 0.01, 40, seed);
		step(20, 40, 0.05);
		if (changes_find(values, 40, points) != 1)
			continue;
		nr_found++;
		nr_held += points[0].low <= 0.05 && points[0].high >= 0.05;
	}
	assert_true(nr_found >= 280);
	if ((double)nr_held < 0.9 * (double)nr_found)
		fail_msg("%zu of %zu hold the truth", nr_held, nr_found);
}

/* Clocks with a coarse grain: nearly all values are equal. */
static void test_ties(void **state)
{
	size_t nr_false = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		draw(&laws[0], 0.3, 60, seed);
		for (size_t i = 0; i < 60; i++)
			values[i] = 100 + rint(values[i]);
		nr_false += changes_find(values, 60, points) > 0;
	}
	assert_true(nr_false <= 9);
	draw(&laws[0], 0.3, 60, 7);
	for (size_t i = 0; i < 60; i++)
		values[i] = 100 + rint(values[i]) + (i >= 30 ? 2 : 0);
	assert_true(found_near(changes_find(values, 60, points), 30));
}

/* 0 ticks have no logarithm: there is a change, and no size of it in percent. */
static void test_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < 20; i++)
		values[i] = i < 10 ? 0 : 16;
	assert_int_equal(changes_find(values, 20, points), 1);
	assert_true(isnan(points[0].size) && isnan(points[0].low));
	assert_float_equal(points[0].to, 16, 0);
}

static void test_exact(void **state)
{
	static const double rates[] = { 1, 1, 0.0625, 0.0625, 0.0625, 1, 0 };

	(void)state;
	assert_int_equal(changes_exact(rates, 7, points), 3);
	assert_int_equal(points[0].at, 2);
	assert_int_equal(points[1].at, 5);
	assert_int_equal(points[2].at, 6);
	assert_float_equal(points[0].from, 1, 0);
	assert_float_equal(points[0].to, 0.0625, 0);
	assert_float_equal(points[0].p, 0, 0);
	assert_int_equal(points[0].start, 0);
	assert_int_equal(points[0].end, 5);
	assert_int_equal(points[1].end, 6);
	assert_int_equal(points[2].end, 7);
	assert_int_equal(changes_exact(rates, 1, points), 0);
}

/* --- kernels --- */

static void test_releases(void **state)
{
	static const char *const in_order[] = { "",
						"5.4.0-150-generic",
						"6.1.9",
						"6.1.192",
						"6.12.0-rc1-00003-gabcdef012345",
						"6.12.0-rc1-00120-gabcdef012345",
						"6.12.0-rc2",
						"6.12.0-rc10",
						"6.12.0",
						"6.12.0-00001-gabcdef012345",
						"6.12.57+deb13-amd64",
						"6.13.0-rc1-next-20251130" };
	size_t nr = sizeof(in_order) / sizeof(in_order[0]);

	(void)state;
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < nr; j++) {
			int rc = release_compare(in_order[i], in_order[j]);

			if ((rc > 0) - (rc < 0) != (i > j) - (i < j))
				fail_msg("%s and %s: %d", in_order[i], in_order[j], rc);
		}
	}
	/* as git describes the same */
	assert_int_equal(release_compare("v6.12-rc1-3-gabcdef0", "6.12.0-rc1-00003-gabcdef012345"),
			 0);
	assert_int_equal(release_compare("v6.12-0-gabcdef0", "6.12.0"), 0);
	assert_int_equal(release_parse("6.12.0").rc, ULONG_MAX);
}

static void test_commits(void **state)
{
	static const struct {
		const char *release, *commit;
	} known[] = { { "6.12.0-rc1-00003-gabcdef012345", "abcdef012345" },
		      { "6.12.0-rc1-00003-gabcdef012345-dirty", "abcdef012345" },
		      { "6.1.192", "refs/tags/v6.1.192" },
		      { "6.12.0", "refs/tags/v6.12" },
		      { "6.12.0-rc3", "refs/tags/v6.12-rc3" },
		      { "6.12.57+deb13-amd64", NULL },
		      { "5.4.0-150-generic", NULL },
		      { "", NULL },
		      { "6.1.0-game", NULL } };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(release_commit(known[i].release, text, sizeof(text)),
				 known[i].commit != NULL);
		if (known[i].commit)
			assert_string_equal(text, known[i].commit);
	}
}

/* date -u -d ... +%s */
static void test_build_times(void **state)
{
	(void)state;
	assert_int_equal(build_time("#3 SMP PREEMPT Mon Nov 30 17:39:17 UTC 2026"), 1796060357);
	assert_int_equal(build_time("#1 SMP Tue Mar  3 07:08:09 CET 2026"), 1772521689);
	assert_int_equal(build_time("#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1 (2025-11-05)"),
			 1762300800);
	assert_int_equal(build_time("#1 SMP @0"), -1);
	assert_int_equal(build_time("Mon "), -1);
	assert_int_equal(build_time("#1 SMP (oops)"), -1);
	assert_int_equal(build_time(""), -1);
}

/* --- events --- */

static void add_file(struct history *history, const char *release, const char *started,
		     const char *config)
{
	char *setup[NR_SETUP_FIELDS];
	struct history_file file = { .path = (char *)started,
				     .label = "made-up",
				     .started = (char *)started,
				     .tool = "0.1.0",
				     .digest = (char *)started,
				     .release = (char *)release,
				     .build = "#1 SMP",
				     .image = "" };

	for (size_t i = 0; i < NR_SETUP_FIELDS; i++)
		setup[i] = i == SETUP_CLOCK ? "ns" : "";
	file.setup = history_add_setup(history, setup);
	file.config = names_add(&history->configs, config);
	history_add_file(history, &file);
}

static void add_points(struct history *history, const char *key, unsigned int metric,
		       const double *numbers)
{
	size_t place = names_add(&history->keys, key);

	for (size_t i = 0; i < history->nr_files; i++)
		history_add_point(history, place, metric,
				  &(struct history_point){ .file = i, .value = numbers[i] });
}

/* Twelve kernels, each measured once; the files come in no order. */
static struct history example(void)
{
	static const size_t mixed[] = { 7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 4, 6 };
	double slower[12], rate[12], copies[12], beside[12];
	struct history history = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < 12; i++) {
		char release[16], started[32];
		size_t nr = mixed[i];

		snprintf(release, sizeof(release), "6.%zu.0", nr);
		snprintf(started, sizeof(started), "2026-%02zu-01T00:00:00Z", 12 - nr);
		add_file(&history, release, started,
			 nr < 6 ? "CONFIG_A=y\nCONFIG_B=n\n"
				: "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\n");
		slower[i] = (nr < 6 ? 1000 : 1100) + (double)nr;
		beside[i] = (nr < 7 ? 1000 : 1100) + (double)(nr * 7 % 12);
		rate[i] = nr < 6 ? 1 : 0.5;
		copies[i] = nr == 3 ? 1 : 0;
	}
	add_points(&history, "b", METRIC_PIN, slower);
	add_points(&history, "a", METRIC_PIN, beside);
	add_points(&history, "b", HISTORY_HIT_RATE, rate);
	add_points(&history, "b", HISTORY_COUNT + COUNT_COPIED_PAGES, copies);
	assert_int_equal(history_order(&history, false, NULL, &err), 0);
	return history;
}

static void test_events(void **state)
{
	struct history history = example();
	char text[256];

	(void)state;
	assert_int_equal(history.nr_kernels, 12);
	assert_string_equal(history.kernels[10].release, "6.10.0");
	history_judge(&history, NULL);
	/* copies come and go; then both times and the rate, one of them a result late */
	assert_int_equal(history.nr_events, 3);
	assert_int_equal(history.events[0].nr, 1);
	assert_int_equal(history.events[0].direction, 0);
	assert_int_equal(history.events[2].nr, 3);
	assert_int_equal(history.events[2].direction, -1);
	assert_string_equal(history.files[history.events[2].before].release, "6.5.0");
	assert_string_equal(history.files[history.events[2].after].release, "6.6.0");
	assert_true(history_worse(&history));
	history_config_format(&history, history.events[2].before, history.events[2].after, 9, text,
			      sizeof(text));
	assert_string_equal(text, "CONFIG_B n -> y, CONFIG_C not known -> y");
	history_config_format(&history, history.events[2].before, history.events[2].after, 1, text,
			      sizeof(text));
	assert_string_equal(text, "CONFIG_B n -> y, and 1 more");
	history_free(&history);
}

static void test_since(void **state)
{
	struct history history = example();

	(void)state;
	/* 6.6.0 was measured on 2026-06-01, 6.3.0 and 6.4.0 later */
	history_judge(&history, "2026-06-02");
	assert_int_equal(history.nr_events, 2);
	assert_false(history_worse(&history));
	history_free(&history);
	history = example();
	history_judge(&history, "2026-06-01");
	assert_int_equal(history.nr_events, 3);
	history_free(&history);
}

static void test_select(void **state)
{
	struct history history = example();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(history_select(&history, "[b]", NR_HISTORY_METRICS, &err), 0);
	assert_int_equal(history.nr_series, 3);
	assert_int_equal(history_select(&history, NULL, METRIC_PIN, &err), 0);
	assert_int_equal(history.nr_series, 1);
	assert_int_equal(history_select(&history, "x*", METRIC_PIN, &err), -ENODATA);
	assert_non_null(strstr(err.text, "x*"));
	history_free(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),     cmocka_unit_test(test_clean_step),
		cmocka_unit_test(test_too_few),     cmocka_unit_test(test_steps_of_all_laws),
		cmocka_unit_test(test_direction),   cmocka_unit_test(test_three_steps),
		cmocka_unit_test(test_short_bump),  cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_drift),       cmocka_unit_test(test_false_points),
		cmocka_unit_test(test_interval),    cmocka_unit_test(test_ties),
		cmocka_unit_test(test_zero),        cmocka_unit_test(test_exact),
		cmocka_unit_test(test_releases),    cmocka_unit_test(test_commits),
		cmocka_unit_test(test_build_times), cmocka_unit_test(test_events),
		cmocka_unit_test(test_since),       cmocka_unit_test(test_select),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The closing read of a test build (make INJECT=100): late by that part of what it timed, and by
 * nothing with 0. */
#define clock_now      clock_now_here
#define clock_end      clock_end_here
#define clock_grain    clock_grain_here
#define kernel_release kernel_release_here
static unsigned int permille;
#define PINBENCH_INJECT permille
#include "../bench/clock.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TIMES 301

/* Median of what the closing read adds to a section of that length. */
static uint64_t late_by(uint64_t section_ns)
{
	uint64_t late[TIMES];

	for (int i = 0; i < TIMES; i++) {
		uint64_t start = clock_now(), now;

		do
			now = clock_now();
		while (now - start < section_ns);
		late[i] = clock_end(start) - start;
		late[i] = late[i] > section_ns ? late[i] - section_ns : 0;
	}
	return middle_of(late, TIMES);
}

static void test_late(void **state)
{
	static const uint64_t sections_ns[] = { 20000, 100000, 400000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sections_ns) / sizeof(*sections_ns); i++) {
		uint64_t section = sections_ns[i], nothing, some;

		permille = 0;
		nothing = late_by(section);
		permille = 100;
		some = late_by(section);
		assert_in_range(nothing, 0, section / 20);
		/* a tenth, less or more by what a loaded machine does to medians */
		assert_in_range(some - nothing, section * 85 / 1000, section * 120 / 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_late) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

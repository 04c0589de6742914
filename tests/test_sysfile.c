// SPDX-License-Identifier: GPL-2.0-or-later
/* Small files of the kernel, below a root that stands in for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sysfile.h"
#include "tree.h"

static int setup(void **state)
{
	(void)state;
	tree_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static void test_root(void **state)
{
	char text[16];

	(void)state;
	tree_put("/sys/a", "here");
	assert_false(sysfile_is_live());
	assert_true(sysfile_exists("/sys/a"));
	assert_false(sysfile_exists("/proc/self"));
	assert_int_equal(sysfile_read("/sys/a", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "here");
	sysfile_set_root("/");
	assert_true(sysfile_is_live());
	assert_string_equal(sysfile_root(), "");
	assert_true(sysfile_exists("/proc/self"));
}

static void test_read(void **state)
{
	struct error err = { 0 };
	char text[8];

	(void)state;
	tree_put("/sys/seven", "1234567");
	assert_int_equal(sysfile_read("/sys/seven", text, sizeof(text), &err), -E2BIG);
	tree_put("/sys/six", "123456");
	assert_int_equal(sysfile_read("/sys/six", text, sizeof(text), &err), 0);
	assert_string_equal(text, "123456");
	tree_put("/sys/two", "a\n");
	assert_int_equal(sysfile_read("/sys/two", text, sizeof(text), &err), 0);
	assert_string_equal(text, "a\n");
	tree_put("/sys/empty", "");
	assert_int_equal(sysfile_read("/sys/empty", text, sizeof(text), &err), 0);
	assert_string_equal(text, "");
	assert_int_equal(sysfile_read("/sys/none", text, sizeof(text), &err), -ENOENT);
	assert_non_null(strstr(err.text, "/sys/none"));
	assert_int_equal(sysfile_read("/sys", text, sizeof(text), &err), -EISDIR);
}

static void test_fifo_does_not_hang(void **state)
{
	char text[8];

	(void)state;
	tree_put("/sys/a", "");
	assert_int_equal(mkfifo(tree_path("/sys/fifo"), 0600), 0);
	alarm(5);
	assert_int_equal(sysfile_read("/sys/fifo", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(sysfile_write("/sys/fifo", "x", NULL), -ENXIO);
	alarm(0);
}

static void test_u64(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ " 42 ", 0, 42 },
		{ "007", 0, 7 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "1 2", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "max", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		tree_put("/sys/number", rows[i].text);
		assert_int_equal(sysfile_read_u64("/sys/number", &value, NULL), rows[i].rc);
		assert_int_equal(value, rows[i].value);
	}
}

static void test_choice(void **state)
{
	char word[10];

	(void)state;
	tree_put("/sys/choice", "always [madvise] never");
	assert_int_equal(sysfile_read_choice("/sys/choice", word, sizeof(word), NULL), 0);
	assert_string_equal(word, "madvise");
	tree_put("/sys/choice", "plain");
	assert_int_equal(sysfile_read_choice("/sys/choice", word, sizeof(word), NULL), 0);
	assert_string_equal(word, "plain");
	tree_put("/sys/choice", "broken [plain");
	assert_int_equal(sysfile_read_choice("/sys/choice", word, sizeof(word), NULL), -E2BIG);
	tree_put("/sys/choice", "a [much-too-long] b");
	assert_int_equal(sysfile_read_choice("/sys/choice", word, sizeof(word), NULL), -E2BIG);
}

static void test_field(void **state)
{
	uint64_t value = 0;

	(void)state;
	tree_put("/proc/vmstat", "nr_foll_pin_acquired_too 9\nnr_foll_pin_acquired 17\nbad x");
	assert_int_equal(sysfile_read_field("/proc/vmstat", "nr_foll_pin_acquired", &value, NULL),
			 0);
	assert_int_equal(value, 17);
	assert_int_equal(sysfile_read_field("/proc/vmstat", "nr_foll_pin_released", &value, NULL),
			 -ENOENT);
	assert_int_equal(sysfile_read_field("/proc/vmstat", "bad", &value, NULL), -EINVAL);
	tree_put("/proc/meminfo", "MemTotal:       24684100 kB\nHugePages_Free:        3");
	assert_int_equal(sysfile_read_field("/proc/meminfo", "MemTotal", &value, NULL), 0);
	assert_int_equal(value, 24684100);
	assert_int_equal(sysfile_read_field("/proc/meminfo", "HugePages_Free", &value, NULL), 0);
	assert_int_equal(value, 3);
	assert_int_equal(sysfile_read_field("/proc/none", "x", &value, NULL), -ENOENT);
}

static void test_write(void **state)
{
	struct error err = { 0 };

	(void)state;
	tree_put("/sys/knob", "a longer value");
	assert_int_equal(sysfile_write("/sys/knob", "1", &err), 0);
	assert_string_equal(tree_get("/sys/knob"), "1");
	/* A file that is not there is not made. */
	assert_int_equal(sysfile_write("/sys/none", "1", &err), -ENOENT);
	assert_false(sysfile_exists("/sys/none"));
	assert_non_null(strstr(err.text, "/sys/none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_does_not_hang, setup, teardown),
		cmocka_unit_test_setup_teardown(test_u64, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_field, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Huge pages: sizes, what is free, getting more of them for a run, and the guard of the machine's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugepage.h"
#include "sysfile.h"
#include "tree.h"

#define ALL_2M "/sys/kernel/mm/hugepages/hugepages-2048kB"
#define ALL_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB"
#define MIB (1ull << 20)

static void pool_put(const char *pool, const char *nr, const char *nr_free)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/nr_hugepages", pool);
	tree_put(path, nr);
	snprintf(path, sizeof(path), "%s/free_hugepages", pool);
	tree_put(path, nr_free);
	snprintf(path, sizeof(path), "%s/surplus_hugepages", pool);
	tree_put(path, "0");
}

static int setup(void **state)
{
	(void)state;
	tree_make();
	pool_put(ALL_2M, "4", "3");
	tree_put(ALL_2M "/resv_hugepages", "1");
	pool_put(ALL_1G, "0", "0");
	tree_put("/sys/devices/system/node/online", "0");
	pool_put(TREE_2M, "4", "3");
	pool_put("/sys/devices/system/node/node0/hugepages/hugepages-1048576kB", "0", "0");
	tree_put("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static void test_sizes(void **state)
{
	size_t sizes[HUGEPAGE_SIZES_MAX];

	(void)state;
	tree_put("/sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", "0");
	tree_put("/sys/kernel/mm/hugepages/hugepages-MB/x", "0");
	tree_put("/sys/kernel/mm/hugepages/hugepages-8MB/x", "0");
	tree_put("/sys/kernel/mm/hugepages/hugepages-0kB/x", "0");
	tree_put("/sys/kernel/mm/hugepages/hugepages-99999999999999999999kB/x", "0");
	assert_int_equal(hugepage_sizes(sizes, HUGEPAGE_SIZES_MAX), 3);
	assert_int_equal(sizes[0], 64 << 10);
	assert_int_equal(sizes[1], 2 * MIB);
	assert_int_equal(sizes[2], 1024 * MIB);
	assert_int_equal(thp_sizes(sizes, HUGEPAGE_SIZES_MAX), 0);
}

static void test_free_count(void **state)
{
	(void)state;
	/* one of the three is promised to a mapping that has not touched it */
	assert_int_equal(hugepage_free_count(2 * MIB, 0), 2);
	assert_int_equal(hugepage_free_count(2 * MIB, 1), 0);
	assert_int_equal(hugepage_free_count(4 * MIB, 0), 0);
}

static void test_reserve(void **state)
{
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 2, &err), 0);
	assert_int_equal(tree_kernel.nr_writes, 0); /* there were enough */
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 10, &err), 0);
	assert_int_equal(hugepage_free_count(2 * MIB, 0), 10);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "12");
	/* never the global pool, which would move the pages of other nodes */
	assert_string_equal(tree_get(ALL_2M "/nr_hugepages"), "4");
	journal_close(journal);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "4");
}

static void test_reserve_gives_back(void **state)
{
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	tree_kernel.pages_left = 1;
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 24, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "got 3 of 24"));
	assert_non_null(strstr(err.text, "on node 0"));
	assert_non_null(strstr(err.fix, "hugepagesz=2M"));
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "4");
	assert_string_equal(tree_get(TREE_2M "/free_hugepages"), "3");
	journal_close(journal);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "4");
}

static void test_reserve_more_than_memory(void **state)
{
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 2 + 2049, &err), -EOPNOTSUPP);
	assert_int_equal(tree_kernel.nr_writes, 0);
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 2 + 2048, &err), 0);
	journal_close(journal);
}

static void test_reserve_refused(void **state)
{
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, &err), 0);
	tree_kernel.refuse = TREE_2M "/nr_hugepages";
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 0, 10, &err), -EACCES);
	assert_non_null(strstr(err.fix, "sudo"));
	assert_int_equal(hugepage_reserve(journal, 4 * MIB, 0, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "4M"));
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, 7, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "node 7"));
	journal_close(journal);
}

static void test_several_nodes_need_one(void **state)
{
	struct error err = { 0 };
	char path[256];

	(void)state;
	tree_put("/sys/devices/system/node/online", "0-1");
	pool_put("/sys/devices/system/node/node1/hugepages/hugepages-2048kB", "0", "0");
	assert_int_equal(hugepage_pool(2 * MIB, -1, path, sizeof(path), &err), -EINVAL);
	assert_int_equal(hugepage_pool(2 * MIB, 1, path, sizeof(path), &err), 0);
	assert_string_equal(path, "/sys/devices/system/node/node1/hugepages/hugepages-2048kB");
}

static void test_without_numa(void **state)
{
	struct journal *journal;
	struct error err = { 0 };
	char path[256];

	(void)state;
	unlink(tree_path("/sys/devices/system/node/online"));
	assert_int_equal(hugepage_pool(2 * MIB, -1, path, sizeof(path), &err), 0);
	assert_string_equal(path, ALL_2M);
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(hugepage_reserve(journal, 2 * MIB, -1, 3, &err), 0);
	assert_string_equal(tree_get(ALL_2M "/nr_hugepages"), "5");
	journal_close(journal);
	assert_string_equal(tree_get(ALL_2M "/nr_hugepages"), "4");
}

static void test_thp(void **state)
{
	static const struct {
		const char *global, *size;
		bool available;
		const char *changed; /* file that thp_allow() changes */
	} rows[] = {
		{ "[always] madvise never", NULL, true, NULL },
		{ "always [madvise] never", NULL, true, NULL },
		{ "always madvise [never]", NULL, false, TREE_THP "/enabled" },
		{ "always madvise [never]", "always [inherit] madvise never", false,
		  TREE_THP "/hugepages-2048kB/enabled" },
		{ "always [madvise] never", "always [inherit] madvise never", true, NULL },
		{ "[always] madvise never", "always inherit madvise [never]", false,
		  TREE_THP "/hugepages-2048kB/enabled" },
		{ "always madvise [never]", "[always] inherit madvise never", true, NULL },
	};
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(thp_pmd_bytes(), 0);
	assert_false(thp_available());
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(thp_allow(journal, &err), -ENOTSUP);
	tree_put(TREE_THP "/hpage_pmd_size", "2097152");
	assert_int_equal(thp_pmd_bytes(), 2 * MIB);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tree_put(TREE_THP "/enabled", rows[i].global);
		unlink(tree_path(TREE_THP "/hugepages-2048kB/enabled"));
		if (rows[i].size)
			tree_put(TREE_THP "/hugepages-2048kB/enabled", rows[i].size);
		assert_int_equal(thp_available(), rows[i].available);
		tree_kernel.nr_writes = 0;
		assert_int_equal(thp_allow(journal, &err), 0);
		assert_true(thp_available());
		assert_int_equal(tree_kernel.nr_writes, rows[i].changed != NULL);
		if (rows[i].changed)
			assert_non_null(strstr(tree_get(rows[i].changed), "[madvise]"));
		assert_int_equal(journal_restore(journal, NULL, &err), 0);
		assert_string_equal(tree_get(TREE_THP "/enabled"), rows[i].global);
		if (rows[i].size)
			assert_string_equal(tree_get(TREE_THP "/hugepages-2048kB/enabled"), rows[i].size);
	}
	journal_close(journal);
}

static void test_memory_guard(void **state)
{
	struct error err = { 0 };

	(void)state;
	/* a quarter of 4 GiB */
	assert_int_equal(memory_guard(1024 * MIB, &err), 0);
	assert_int_equal(memory_guard(1024 * MIB + 1, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "4096 MiB"));
	assert_true(err.fix[0] != '\0');
	/* the smallest limit on the way to the root counts: 600 - 200 MiB */
	tree_put("/proc/self/cgroup", "1:cpu:/x\n0::/outer/inner");
	tree_put("/sys/fs/cgroup/outer/inner/memory.max", "max");
	tree_put("/sys/fs/cgroup/outer/inner/memory.current", "1048576");
	tree_put("/sys/fs/cgroup/outer/memory.max", "629145600");
	tree_put("/sys/fs/cgroup/outer/memory.current", "209715200");
	assert_int_equal(memory_guard(100 * MIB, &err), 0);
	assert_int_equal(memory_guard(100 * MIB + 1, &err), -EOPNOTSUPP);
	tree_put("/sys/fs/cgroup/outer/memory.current", "629145601");
	assert_int_equal(memory_guard(1, &err), -EOPNOTSUPP);
	unlink(tree_path("/proc/meminfo"));
	assert_int_equal(memory_guard(UINT64_MAX, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserve, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserve_gives_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserve_more_than_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserve_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_nodes_need_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_numa, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_guard, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

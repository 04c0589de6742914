// SPDX-License-Identifier: GPL-2.0-or-later
/* Huge pages: sizes, what is free, getting more of them for a run, and the guard of the machine's
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/hugepage.h"
#include "host/sysfile.h"
#include "run/case.h"
#include "tree.h"

#define ALL_2M "/sys/kernel/mm/hugepages/hugepages-2048kB"
#define ALL_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB"
#define MIB    (1ull << 20)

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

/* Nothing changes here while somebody waits. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

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
	assert_non_null(strstr(err.text, " 4096 MiB of available memory are too few"));
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
	assert_false(thp_available(thp_pmd_bytes()));
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(thp_allow(journal, thp_pmd_bytes(), &err), -ENOTSUP);
	tree_put(TREE_THP "/hpage_pmd_size", "2097152");
	assert_int_equal(thp_pmd_bytes(), 2 * MIB);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tree_put(TREE_THP "/enabled", rows[i].global);
		unlink(tree_path(TREE_THP "/hugepages-2048kB/enabled"));
		if (rows[i].size)
			tree_put(TREE_THP "/hugepages-2048kB/enabled", rows[i].size);
		assert_int_equal(thp_available(thp_pmd_bytes()), rows[i].available);
		tree_kernel.nr_writes = 0;
		assert_int_equal(thp_allow(journal, thp_pmd_bytes(), &err), 0);
		assert_true(thp_available(thp_pmd_bytes()));
		assert_int_equal(tree_kernel.nr_writes, rows[i].changed != NULL);
		if (rows[i].changed)
			assert_non_null(strstr(tree_get(rows[i].changed), "[madvise]"));
		assert_int_equal(journal_restore(journal, NULL, &err), 0);
		assert_string_equal(tree_get(TREE_THP "/enabled"), rows[i].global);
		if (rows[i].size)
			assert_string_equal(tree_get(TREE_THP "/hugepages-2048kB/enabled"),
					    rows[i].size);
	}
	journal_close(journal);
}

/* Free pages belong to the run that counted on them first; the next one brings its own. */
static void test_two_runs_reserve(void **state)
{
	struct journal *first, *second;
	struct error err = { 0 };

	(void)state;
	pool_put(TREE_2M, "16", "16");
	tree_put(ALL_2M "/resv_hugepages", "0");
	assert_int_equal(journal_open(&first, &err), 0);
	assert_int_equal(journal_open(&second, &err), 0);
	assert_int_equal(hugepage_reserve(first, 2 * MIB, 0, 10, &err), 0);
	assert_int_equal(tree_kernel.nr_writes, 0);
	assert_false(hugepage_shared(first, 2 * MIB, 0));
	assert_true(hugepage_shared(second, 2 * MIB, 0));
	assert_false(hugepage_shared(NULL, 2 * MIB, 0));
	assert_int_equal(hugepage_reserve(second, 2 * MIB, 0, 10, &err), 0);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "26");
	assert_true(hugepage_shared(first, 2 * MIB, 0));
	/* as many again, or fewer: they are there; more: the difference */
	assert_int_equal(hugepage_reserve(first, 2 * MIB, 0, 10, &err), 0);
	assert_int_equal(hugepage_reserve(second, 2 * MIB, 0, 3, &err), 0);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "26");
	assert_int_equal(hugepage_reserve(first, 2 * MIB, 0, 12, &err), 0);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "28");
	/* too few for what it needs alone: nothing stays */
	tree_kernel.pages_left = 3;
	assert_int_equal(hugepage_reserve(second, 2 * MIB, 0, 20, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "got 13 of 20"));
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "28");
	journal_close(first);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "26");
	/* alone now, it may use what is free */
	assert_int_equal(hugepage_reserve(second, 2 * MIB, 0, 26, &err), 0);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "26");
	journal_close(second);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "16");
}

/* Someone eats free pages of a run beside others: they are added again. */
static void test_reserve_after_a_loss(void **state)
{
	struct journal *first, *second;
	struct error err = { 0 };

	(void)state;
	pool_put(TREE_2M, "0", "0");
	tree_put(ALL_2M "/resv_hugepages", "0");
	assert_int_equal(journal_open(&first, &err), 0);
	assert_int_equal(journal_open(&second, &err), 0);
	assert_int_equal(hugepage_reserve(first, 2 * MIB, 0, 10, &err), 0);
	assert_int_equal(hugepage_reserve(second, 2 * MIB, 0, 4, &err), 0);
	tree_put(TREE_2M "/free_hugepages", "6");
	assert_int_equal(hugepage_reserve(first, 2 * MIB, 0, 10, &err), 0);
	assert_string_equal(tree_get(TREE_2M "/free_hugepages"), "10");
	tree_put(TREE_2M "/free_hugepages", "18");
	journal_close(first);
	journal_close(second);
	assert_string_equal(tree_get(TREE_2M "/nr_hugepages"), "0");
}

/* THP that another run switched on stays until the last run has ended. */
static void test_two_runs_allow_thp(void **state)
{
	struct journal *first, *second;
	struct error err = { 0 };

	(void)state;
	tree_put(TREE_THP "/hpage_pmd_size", "2097152");
	tree_put(TREE_THP "/enabled", "always madvise [never]");
	assert_int_equal(journal_open(&first, &err), 0);
	assert_int_equal(journal_open(&second, &err), 0);
	assert_int_equal(thp_allow(first, thp_pmd_bytes(), &err), 0);
	assert_int_equal(thp_allow(second, thp_pmd_bytes(), &err), 0);
	assert_int_equal(tree_kernel.nr_writes, 1);
	journal_close(first);
	assert_true(thp_available(thp_pmd_bytes()));
	assert_int_equal(tree_kernel.nr_writes, 1);
	journal_close(second);
	assert_string_equal(tree_get(TREE_THP "/enabled"), "always madvise [never]");
}

static void pins_put(unsigned int acquired, unsigned int released)
{
	char text[128];

	snprintf(text, sizeof(text), "nr_foll_pin_acquired %u\nnr_foll_pin_released %u", acquired,
		 released);
	tree_put("/proc/vmstat", text);
}

/* A case that ended; what the pool and the pins are now, and what others hold. */
static const struct after_row {
	const char *what, *nr, *nr_free;
	unsigned int acquired; /* 100 were before, and all released */
	const char *status;    /* of another process, that was not there before */
	int code;
	const char *text;   /* in the error */
	const char *change; /* free_hugepages_change; NULL: not said */
	int balanced;       /* pins_balanced; -1: not said */
} after_rows[] = {
	{ "as before", "4", "3", 100, NULL, 0, NULL, "0", 1 },
	{ "more are free", "4", "4", 100, NULL, 0, NULL, "1", 1 },
	{ "the pool is larger", "9", "8", 100, NULL, 0, NULL, "0", 1 },
	{ "fewer are free", "4", "1", 100, NULL, -EBUSY, "2 more huge pages", "-2", 1 },
	{ "fewer, another program has none", "4", "1", 100, "VmPin: 0 kB\nHugetlbPages: 0 kB",
	  -EBUSY, "2 more", "-2", 1 },
	{ "fewer, another program has them", "4", "1", 100, "HugetlbPages: 4096 kB", 0, NULL, NULL,
	  1 },
	{ "pins are held", "4", "3", 107, NULL, -EBUSY, "7 more pins", "0", 0 },
	{ "pins are held by another program", "4", "3", 107, "VmPin: 28 kB", 0, NULL, "0", -1 },
	{ "pins are held for VFIO", "4", "3", 107, "VmLck: 28 kB", 0, NULL, "0", -1 },
	{ "fewer pins", "4", "3", 93, NULL, 0, NULL, "0", -1 },
	{ "both", "4", "1", 107, NULL, -EBUSY, "2 more huge pages", "-2", 0 },
};

static void after_check(const struct after_row *row, struct journal *journal, bool pins_quiet)
{
	struct bystanders bystanders;
	struct results results = { 0 };
	struct result *result = results_add(&results, "a");
	const struct fact *fact;
	struct error err = { 0 };
	struct before before;
	bool company = journal != NULL || !pins_quiet;

	pool_put(TREE_2M, "4", "3");
	tree_put("/proc/sys/vm/stat_refresh", "");
	pins_put(100, 100);
	unlink(tree_path("/proc/7/status"));
	bystanders_look(&bystanders);
	before_look(&before, journal, 2 * MIB, 0);
	pool_put(TREE_2M, row->nr, row->nr_free);
	pins_put(row->acquired, 100);
	if (row->status)
		tree_put("/proc/7/status", row->status);
	assert_int_equal(leak_check(&before, &bystanders, pins_quiet, result, &err),
			 company && journal ? 0 : row->code);
	if (row->code && !company)
		assert_non_null(strstr(err.text, row->text));
	fact = fact_find(&result->truth, "free_hugepages_change");
	if (journal || !row->change) {
		assert_null(fact);
		assert_non_null(fact_find(&result->truth, "free_hugepages_unverified"));
	} else {
		assert_non_null(fact);
		assert_int_equal(fact->number, atoi(row->change));
	}
	fact = fact_find(&result->truth, "pins_balanced");
	if (row->balanced < 0 || (company && !row->balanced))
		assert_null(fact);
	else
		assert_int_equal(fact->number, row->balanced);
	assert_int_equal(result->nr_warnings, row->acquired != 100 && !fact);
	results_free(&results);
}

static void test_what_a_case_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(after_rows) / sizeof(after_rows[0]); i++) {
		print_message("%s\n", after_rows[i].what);
		after_check(&after_rows[i], NULL, true);
	}
}

/* Whatever the numbers are, no case fails for another run that counts on the same pool. */
static void test_what_another_run_has(void **state)
{
	struct journal *own, *other;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(journal_open(&own, &err), 0);
	assert_int_equal(journal_open(&other, &err), 0);
	assert_int_equal(hugepage_reserve(other, 2 * MIB, 0, 1, &err), 0);
	for (size_t i = 0; i < sizeof(after_rows) / sizeof(after_rows[0]); i++) {
		print_message("%s\n", after_rows[i].what);
		after_check(&after_rows[i], own, true);
	}
	journal_close(own);
	journal_close(other);
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
	/* also where it is the inner one: 200 - 0 MiB, while the outer one leaves 400 */
	tree_put("/sys/fs/cgroup/outer/memory.current", "209715200");
	tree_put("/sys/fs/cgroup/outer/inner/memory.max", "209715200");
	tree_put("/sys/fs/cgroup/outer/inner/memory.current", "0");
	assert_int_equal(memory_guard(50 * MIB, &err), 0);
	assert_int_equal(memory_guard(50 * MIB + 1, &err), -EOPNOTSUPP);
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
		cmocka_unit_test_setup_teardown(test_two_runs_reserve, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserve_after_a_loss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_runs_allow_thp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_a_case_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_another_run_has, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_guard, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

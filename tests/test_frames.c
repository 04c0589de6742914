// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page frames as the kernel's accounts tell them: a made-up /proc, whose words are those of
 * Documentation/admin-guide/mm/pagemap.rst (bits 0-54 frame, 55 soft-dirty, 56 exclusively mapped,
 * 57 uffd-wp, 61 file or shared, 62 swapped, 63 present) and of
 * include/uapi/linux/kernel-page-flags.h; bit 34 of kpageflags is PG_anon_exclusive where PG_anon
 * is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/frames.h"
#include "host/sysfile.h"
#include "tree.h"

#define PAGE  4096u
#define ADDR  ((const void *)(uintptr_t)(7 * PAGE))
#define FIRST 7u /* its place in pagemap */

#define ONCE      (UINT64_C(1) << 56)
#define SWAPPED   (UINT64_C(1) << 62)
#define PRESENT   (UINT64_C(1) << 63)
#define ANON      (UINT64_C(1) << 12)
#define HEAD      (UINT64_C(1) << 15)
#define TAIL      (UINT64_C(1) << 16)
#define HUGE      (UINT64_C(1) << 17)
#define EXCLUSIVE (UINT64_C(1) << 34)

static void put_word(const char *path, uint64_t index, uint64_t word)
{
	int fd = open(tree_path(path), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &word, sizeof(word), (off_t)(index * sizeof(word))),
			 sizeof(word));
	close(fd);
}

static void cut(const char *path, uint64_t nr_words)
{
	assert_int_equal(truncate(tree_path(path), (off_t)(nr_words * sizeof(uint64_t))), 0);
}

static void map(size_t page, uint64_t word)
{
	put_word("/proc/self/pagemap", FIRST + page, word);
}

static void flag(uint64_t pfn, uint64_t flags)
{
	put_word("/proc/kpageflags", pfn, flags);
}

/* Frames 0 .. 4095 without flags or mappings. */
static int setup(void **state)
{
	(void)state;
	tree_make();
	tree_put("/proc/self/pagemap", "");
	tree_put("/proc/kpageflags", "");
	tree_put("/proc/kpagecount", "");
	cut("/proc/self/pagemap", 0);
	cut("/proc/self/pagemap", 8192);
	cut("/proc/kpageflags", 0);
	cut("/proc/kpageflags", 4096);
	cut("/proc/kpagecount", 0);
	cut("/proc/kpagecount", 4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static void look(struct frame *frames, size_t nr, size_t unit_pages)
{
	struct error err = { 0 };

	memset(frames, 0xff, nr * sizeof(*frames));
	if (frames_read(ADDR, nr, PAGE, unit_pages, frames, &err))
		fail_msg("%s", err.text);
	assert_int_equal(err.code, 0);
}

static void fails(size_t nr, size_t unit_pages, int code, const char *words)
{
	struct frame frames[1100];
	struct error err = { 0 };

	assert_int_equal(frames_read(ADDR, nr, PAGE, unit_pages, frames, &err), -code);
	assert_int_equal(err.code, code);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	assert_int_equal(frames_read(ADDR, nr, PAGE, unit_pages, frames, NULL), -code);
}

static void test_base_pages(void **state)
{
	struct frame frames[6];

	(void)state;
	map(0, PRESENT | ONCE | 100);
	map(1, PRESENT | 5 | UINT64_C(1) << 55 | UINT64_C(1) << 57 | UINT64_C(1) << 61);
	map(2, SWAPPED | 6); /* of a swapped page the low bits are type and offset of the swap */
	map(3, 0);
	map(4, PRESENT | ONCE | 7);
	map(5, PRESENT | ONCE); /* as others see it: the number is hidden */
	flag(0, 0x77);
	flag(100, ANON | EXCLUSIVE);
	flag(5, ANON | 1);
	flag(6, ANON | EXCLUSIVE);
	flag(7, EXCLUSIVE); /* mapped to disk: the same bit of a page that is not anonymous */
	look(frames, 6, 1);
	assert_true(frames[0].present && frames[0].mapped_once && frames[0].exclusive &&
		    !frames[0].swapped);
	assert_int_equal(frames[0].pfn, 100);
	assert_int_equal(frames[0].flags, ANON | EXCLUSIVE);
	assert_true(frames[1].present && !frames[1].mapped_once && !frames[1].exclusive &&
		    !frames[1].swapped);
	assert_int_equal(frames[1].pfn, 5);
	assert_int_equal(frames[1].flags, ANON | 1);
	assert_true(frames[2].swapped && !frames[2].present && !frames[2].exclusive);
	assert_int_equal(frames[2].pfn, 0);
	assert_int_equal(frames[2].flags, 0);
	assert_true(!frames[3].swapped && !frames[3].present && !frames[3].mapped_once);
	assert_true(frames[4].present && !frames[4].exclusive);
	assert_int_equal(frames[4].flags, EXCLUSIVE);
	assert_true(frames[5].present && frames[5].mapped_once && !frames[5].exclusive);
	assert_int_equal(frames[5].flags, 0);
}

/* The frame number is bits 0 to 54; kpageflags is not there, which is no error: the flags are
 * hidden. */
static void test_widest_number(void **state)
{
	struct frame frame;

	(void)state;
	map(0, UINT64_MAX);
	assert_int_equal(unlink(tree_path("/proc/kpageflags")), 0);
	look(&frame, 1, 1);
	assert_int_equal(frame.pfn, (UINT64_C(1) << 55) - 1);
	assert_int_equal(frame.flags, 0);
	assert_true(frame.present && frame.swapped && frame.mapped_once && !frame.exclusive);
}

/* Of a huge page the head has the flag, and of this head alone. */
static void test_head_of_a_huge_page(void **state)
{
	struct frame frames[4];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		map(i, PRESENT | ONCE | (165 + i));
	map(3, PRESENT | ONCE | 176);
	for (uint64_t pfn = 160; pfn < 176; pfn++)
		flag(pfn, ANON | (pfn == 160 ? HEAD | EXCLUSIVE : TAIL));
	flag(176, ANON);
	look(frames, 4, 16);
	assert_true(frames[0].exclusive && frames[1].exclusive && frames[2].exclusive);
	assert_false(frames[3].exclusive);
	assert_int_equal(frames[0].flags, ANON | TAIL);
	look(frames, 4, 4); /* 164 is the head then */
	assert_false(frames[0].exclusive || frames[1].exclusive || frames[2].exclusive);
	look(frames, 4, 1); /* a THP that is mapped page by page: each has its own */
	assert_false(frames[0].exclusive || frames[1].exclusive || frames[2].exclusive);
	flag(166, ANON | TAIL | EXCLUSIVE);
	look(frames, 4, 1);
	assert_true(!frames[0].exclusive && frames[1].exclusive && !frames[2].exclusive);
	flag(160, ANON | HEAD);
	flag(166, ANON | TAIL);
	look(frames, 4, 16);
	assert_false(frames[0].exclusive || frames[1].exclusive || frames[2].exclusive);
	/* neighbours of a frame that are no tails have nothing of it */
	flag(160, ANON | HEAD | EXCLUSIVE);
	flag(165, ANON);
	look(frames, 4, 16);
	assert_true(!frames[0].exclusive && frames[1].exclusive);
	flag(160, EXCLUSIVE);
	flag(166, TAIL); /* not anonymous */
	look(frames, 4, 16);
	assert_false(frames[1].exclusive);
}

/* Bit 56 of hugetlb pages is not believed; kpagecount of the head is. */
static void test_mappings_of_hugetlb(void **state)
{
	struct frame frames[40];

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		map(i, PRESENT | (i < 16 ? ONCE : 0) | (160 + i));
		flag(160 + i, ANON | HUGE | (i % 16 ? TAIL : HEAD));
		put_word("/proc/kpagecount", 160 + i, 77); /* of tails it says nothing */
	}
	put_word("/proc/kpagecount", 160, 2);
	put_word("/proc/kpagecount", 176, 1);
	for (size_t i = 32; i < 40; i++) { /* base pages behind them, of which bit 56 holds */
		map(i, PRESENT | (i % 2 ? ONCE : 0) | (200 + i));
		flag(200 + i, ANON);
	}
	look(frames, 40, 16);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(frames[i].mapped_once, i < 32 ? i >= 16 : i % 2);
	put_word("/proc/kpagecount", 160, 0);
	look(frames, 40, 16);
	assert_false(frames[0].mapped_once);
	put_word("/proc/kpagecount", 160, 1);
	look(frames, 40, 16);
	assert_true(frames[0].mapped_once && frames[15].mapped_once);
	cut("/proc/kpagecount", 176);
	fails(40, 16, EIO, "/proc/kpagecount: 0 of 8 bytes");
	look(frames, 16, 16);
	assert_int_equal(unlink(tree_path("/proc/kpagecount")), 0);
	fails(40, 16, ENOENT, "/proc/kpagecount");
	flag(160, ANON); /* not hugetlb: not asked */
	look(frames, 1, 16);
}

/* Runs around the sizes of blocks and batches, and frames in any order; each has a flag word of its
 * own. */
static void test_every_frame_has_its_own_flags(void **state)
{
	static const size_t lengths[] = { 1, 2, 15, 16, 17, 18, 511, 512, 513, 1024, 1025, 1100 };
	static struct frame frames[1100];

	(void)state;
	for (uint64_t pfn = 0; pfn < 4096; pfn++)
		flag(pfn, pfn << 40 | 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t nr = lengths[i];

		for (size_t page = 0; page < nr; page++)
			map(page, PRESENT | (1000 + page));
		map(nr, PRESENT | 3);
		look(frames, nr + (nr < 1100), 1);
		for (size_t page = 0; page < nr; page++) {
			assert_int_equal(frames[page].pfn, 1000 + page);
			assert_int_equal(frames[page].flags, (UINT64_C(1000) + page) << 40 | 1);
		}
		if (nr < 1100)
			assert_int_equal(frames[nr].flags, UINT64_C(3) << 40 | 1);
	}
	/* 1021 shares no divisor with the sizes here; blocks come back after others took their
	 * place */
	for (size_t page = 0; page < 1100; page++)
		map(page, PRESENT | (page * 1021 % 4096));
	look(frames, 1100, 1);
	for (size_t page = 1; page < 1100; page++)
		assert_int_equal(frames[page].flags, ((uint64_t)page * 1021 % 4096) << 40 | 1);
	/* frames that follow each other but for what is not there: number 0 begins no run */
	for (size_t page = 0; page < 40; page++)
		map(page, page ? PRESENT | page : 0);
	look(frames, 40, 1);
	assert_int_equal(frames[0].flags, 0);
	for (size_t page = 1; page < 40; page++)
		assert_int_equal(frames[page].flags, (uint64_t)page << 40 | 1);
}

/* Memory ends somewhere; what lies behind is not zero but unknown. */
static void test_end_of_the_accounts(void **state)
{
	struct frame frames[40];
	struct error err = { 0 };

	(void)state;
	map(0, PRESENT | 1003);
	cut("/proc/kpageflags", 1004);
	flag(1003, ANON | EXCLUSIVE);
	look(frames, 1, 1);
	assert_true(frames[0].exclusive);
	cut("/proc/kpageflags", 1003);
	fails(1, 1, EIO, "nothing about frame 1003");
	cut("/proc/kpageflags", 900);
	fails(1, 1, EIO, "nothing about frame 1003");
	for (size_t i = 0; i < 40; i++)
		map(i, PRESENT | (1000 + i));
	cut("/proc/kpageflags", 1030);
	fails(40, 1, EIO, "/proc/kpageflags: 240 of 320 bytes");
	cut("/proc/kpageflags", 1040);
	look(frames, 40, 1);
	/* the head of a tail that is the first frame known here */
	for (uint64_t pfn = 1024; pfn < 1040; pfn++)
		flag(pfn, ANON | TAIL);
	assert_int_equal(frames_read(ADDR, 40, PAGE, 2048, frames, &err), 0);
	cut("/proc/self/pagemap", FIRST + 39);
	fails(40, 1, EIO, "/proc/self/pagemap: 312 of 320 bytes");
	assert_int_equal(unlink(tree_path("/proc/self/pagemap")), 0);
	fails(1, 1, ENOENT, "/proc/self/pagemap");
}

/* What hides the flags is no error, anything else is. */
static void test_flags_that_cannot_be_read(void **state)
{
	struct frame frame;

	(void)state;
	map(0, PRESENT | 100);
	assert_int_equal(unlink(tree_path("/proc/kpageflags")), 0);
	look(&frame, 1, 1);
	assert_int_equal(frame.pfn, 100);
	assert_int_equal(frame.flags, 0);
	assert_int_equal(symlink("kpageflags", tree_path("/proc/kpageflags")), 0);
	fails(1, 1, ELOOP, "/proc/kpageflags");
	assert_int_equal(unlink(tree_path("/proc/kpageflags")), 0);
	assert_int_equal(mkdir(tree_path("/proc/kpageflags"), 0700), 0);
	fails(1, 1, EISDIR, "/proc/kpageflags");
	assert_int_equal(rmdir(tree_path("/proc/kpageflags")), 0);
	tree_put("/proc/kpageflags", "");
	if (geteuid() != 0) {
		assert_int_equal(chmod(tree_path("/proc/kpageflags"), 0), 0);
		look(&frame, 1, 1);
	}
}

/* frames_visible() looks at a page of its own stack, which lies near this one. */
static void put_stack(uint64_t word)
{
	char here;
	uint64_t page = (uintptr_t)&here / (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint64_t i = page - 4; i <= page + 4; i++)
		put_word("/proc/self/pagemap", i, word);
}

static void test_visible(void **state)
{
	struct error why = { 0 };

	(void)state;
	put_stack(PRESENT | 100);
	flag(100, ANON);
	assert_true(frames_visible(&why));
	assert_true(frames_visible(NULL));
	flag(100, 0);
	assert_false(frames_visible(&why));
	assert_false(frames_visible(NULL));
	assert_int_equal(why.code, EPERM);
	assert_non_null(strstr(why.text, "hidden"));
	assert_non_null(strstr(why.fix, "root"));
	flag(100, ANON);
	put_stack(PRESENT);
	why.code = 0;
	assert_false(frames_visible(&why));
	assert_int_equal(why.code, EPERM);
	assert_int_equal(unlink(tree_path("/proc/self/pagemap")), 0);
	assert_false(frames_visible(&why));
	assert_false(frames_visible(NULL));
	assert_int_equal(why.code, ENOENT);
	assert_non_null(strstr(why.text, "pagemap"));
}

static void test_moved_and_reused(void **state)
{
	static const struct {
		uint64_t before, after;
		bool was_exclusive, is_exclusive;
		size_t moved, reused;
	} cases[] = {
		{ 5, 6, false, true, 1, 0 },                               /* copied */
		{ 5, 6, false, false, 1, 0 }, { 5, 5, false, true, 0, 1 }, /* reused */
		{ 5, 5, true, true, 0, 0 },                                /* was its own before */
		{ 5, 5, false, false, 0, 0 },                              /* still shared */
		{ 5, 5, true, false, 0, 0 },  { 0, 5, false, true, 0, 0 }, /* faulted in */
		{ 5, 0, false, false, 0, 0 },                              /* gone */
		{ 0, 0, false, true, 0, 0 },
	};
	struct frame before[9], after[9];

	(void)state;
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	for (size_t i = 0; i < 9; i++) {
		before[i].pfn = cases[i].before;
		after[i].pfn = cases[i].after;
		before[i].exclusive = cases[i].was_exclusive;
		after[i].exclusive = cases[i].is_exclusive;
		assert_int_equal(frames_moved(&before[i], &after[i], 1), cases[i].moved);
		assert_int_equal(frames_reused(&before[i], &after[i], 1), cases[i].reused);
	}
	assert_int_equal(frames_moved(before, after, 9), 2);
	assert_int_equal(frames_reused(before, after, 9), 1);
	assert_int_equal(frames_moved(before, after, 0), 0);
	assert_int_equal(frames_reused(before, after, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_base_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_widest_number, setup, teardown),
		cmocka_unit_test_setup_teardown(test_head_of_a_huge_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mappings_of_hugetlb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_frame_has_its_own_flags, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_end_of_the_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flags_that_cannot_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_visible, setup, teardown),
		cmocka_unit_test(test_moved_and_reused),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}

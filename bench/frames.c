// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "host/sysfile.h"

#define PM_PFN_MASK    ((UINT64_C(1) << 55) - 1)
#define PM_MAPPED_ONCE (UINT64_C(1) << 56)
#define PM_SWAPPED     (UINT64_C(1) << 62)
#define PM_PRESENT     (UINT64_C(1) << 63)
/*
 * PG_anon_exclusive shares its bit with PG_mappedtodisk (6.1, KPF_MAPPEDTODISK) and with PG_owner_2
 * (6.12, KPF_OWNER_2), both reported as bit 34 by stable_page_flags(): fs/proc/page.c,
 * include/linux/page-flags.h.
 */
#define KPF_ANON_EXCLUSIVE (UINT64_C(1) << 34)
#define KPF_BIT(name)      (UINT64_C(1) << KPF_##name)
#define BATCH              512
#define KPAGEFLAGS         "/proc/kpageflags"

static int open_proc(const char *path, struct error *err)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s%s", sysfile_root(),
		 path); /* the root is half as long at most */
	fd = TEMP_FAILURE_RETRY(open(full, O_RDONLY | O_CLOEXEC));
	return fd >= 0 ? fd : error_errno(err, errno, "open %s", full);
}

/* pread(2) that takes a short answer for an error. */
static int read_words(int fd, const char *path, uint64_t *words, size_t nr, uint64_t index,
		      struct error *err)
{
	ssize_t got = TEMP_FAILURE_RETRY(
		pread(fd, words, nr * sizeof(*words), (off_t)(index * sizeof(*words))));

	if (got < 0)
		return error_errno(err, errno, "read %s", path);
	if ((size_t)got != nr * sizeof(*words))
		return error_set(err, EIO, "read %s: %zd of %zu bytes", path, got,
				 nr * sizeof(*words));
	return 0;
}

bool frames_visible(struct error *why)
{
	volatile char probe = 1; /* the stack page is present */
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct error unread;
	struct frame frame;

	if (frames_read((const char *)((uintptr_t)&probe & ~(page - 1)), 1, page, 1, &frame,
			&unread)) {
		if (why)
			*why = unread;
		return false;
	}
	if (frame.pfn && frame.flags)
		return true;
	error_set(why, EPERM, "frame numbers are hidden in /proc/self/pagemap");
	error_fix(why, "run as root (CAP_SYS_ADMIN)");
	return false;
}

/*
 * Of a hugetlb page bit 56 of pagemap cannot be believed: 6.12 asks hugetlb_pmd_shared()
 * (fs/proc/task_mmu.c pagemap_hugetlb_range), which reads pt_share_count of the page table that
 * holds the entry, and in a PTE or PUD table that field was never set: pagetable_pmd_ctor() alone
 * does so (include/linux/mm.h). See docs/kernel-findings.md.
 */
static int read_hugetlb_mapcount(struct frame *frames, size_t nr, size_t unit_pages,
				 struct error *err)
{
	static const char path[] = "/proc/kpagecount";
	uint64_t last_head = UINT64_MAX, count = 0;
	autoclose int fd = open_proc(path, err);
	int ret;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < nr; i++) {
		uint64_t head = frames[i].pfn - frames[i].pfn % unit_pages;

		if (!(frames[i].flags & KPF_BIT(HUGE)))
			continue;
		ret = head == last_head ? 0 : read_words(fd, path, &count, 1, head, err);
		if (ret)
			return ret;
		last_head = head;
		frames[i].mapped_once = count == 1;
	}
	return 0;
}

/*
 * A look at the flags of many frames. Those of a huge page follow each other and are read together.
 * Base pages of one region lie near each other, but seldom in the order of their addresses: a frame
 * is read with its neighbours, which are kept for the rest of the look; a call for each would be
 * most of the price of a proof.
 */
#define BLOCK_WORDS 16
#define NR_BLOCKS   64

struct flag_blocks {
	int fd;
	struct flag_block {
		uint64_t first, words[BLOCK_WORDS];
		size_t nr; /* less than all at the end of memory */
	} blocks[NR_BLOCKS];
};

static int flags_of(struct flag_blocks *cache, uint64_t pfn, uint64_t *flags, struct error *err)
{
	struct flag_block *block = &cache->blocks[pfn / BLOCK_WORDS % NR_BLOCKS];
	uint64_t first = pfn - pfn % BLOCK_WORDS;

	if (!block->nr || block->first != first) {
		ssize_t got =
			TEMP_FAILURE_RETRY(pread(cache->fd, block->words, sizeof(block->words),
						 (off_t)(first * sizeof(*block->words))));

		if (got < 0)
			return error_errno(err, errno, "read %s", KPAGEFLAGS);
		block->first = first;
		block->nr = (size_t)got / sizeof(*block->words);
	}
	if (pfn - first >= block->nr)
		return error_set(err, EIO, "read %s: nothing about frame %llu", KPAGEFLAGS,
				 (unsigned long long)pfn);
	*flags = block->words[pfn - first];
	return 0;
}

/* Of a huge page the head has the flag. */
static int find_exclusive(struct frame *frame, size_t unit_pages, struct flag_blocks *cache,
			  struct error *err)
{
	uint64_t head_flags = 0;
	int ret = 0;

	if (unit_pages > 1 && frame->flags & KPF_BIT(COMPOUND_TAIL))
		ret = flags_of(cache, frame->pfn - frame->pfn % unit_pages, &head_flags, err);
	if (ret)
		return ret;
	frame->exclusive = (frame->flags | head_flags) & KPF_ANON_EXCLUSIVE &&
			   frame->flags & KPF_BIT(ANON);
	return 0;
}

static int read_flags(struct frame *frames, size_t nr, size_t unit_pages, struct error *err)
{
	struct error unopened;
	autoclose int fd = open_proc(KPAGEFLAGS, &unopened);
	struct flag_blocks cache;
	uint64_t words[BATCH];

	if (fd == -EACCES || fd == -EPERM || fd == -ENOENT)
		return 0;
	if (fd < 0) {
		if (err)
			*err = unopened;
		return fd;
	}
	cache.fd = fd;
	for (size_t i = 0; i < NR_BLOCKS; i++)
		cache.blocks[i].nr = 0;
	for (size_t i = 0, run; i < nr; i += run) {
		int ret = 0;

		for (run = 1; i + run < nr && run < BATCH && frames[i].pfn &&
			      frames[i + run].pfn == frames[i].pfn + run;
		     run++)
			;
		if (run > BLOCK_WORDS)
			ret = read_words(fd, KPAGEFLAGS, words, run, frames[i].pfn, err);
		for (size_t j = 0; !ret && j < run; j++) {
			struct frame *frame = &frames[i + j];

			if (run > BLOCK_WORDS)
				frame->flags = words[j];
			else if (frame->pfn)
				ret = flags_of(&cache, frame->pfn, &frame->flags, err);
			if (!ret)
				ret = find_exclusive(frame, unit_pages, &cache, err);
		}
		if (ret)
			return ret;
	}
	return 0;
}

int frames_read(const void *addr, size_t nr, size_t base_bytes, size_t unit_pages,
		struct frame *frames, struct error *err)
{
	static const char path[] = "/proc/self/pagemap";
	uint64_t words[BATCH];
	uint64_t first = (uintptr_t)addr / base_bytes;
	autoclose int fd = open_proc(path, err);
	int ret;

	if (fd < 0)
		return fd;
	for (size_t i = 0, got; i < nr; i += got) {
		got = nr - i < BATCH ? nr - i : BATCH;
		ret = read_words(fd, path, words, got, first + i, err);
		if (ret)
			return ret;
		for (size_t j = 0; j < got; j++) {
			struct frame *frame = &frames[i + j];

			memset(frame, 0, sizeof(*frame));
			frame->present = words[j] & PM_PRESENT;
			frame->swapped = words[j] & PM_SWAPPED;
			frame->mapped_once = words[j] & PM_MAPPED_ONCE;
			if (frame->present)
				frame->pfn = words[j] & PM_PFN_MASK;
		}
	}
	ret = read_flags(frames, nr, unit_pages, err);
	if (ret)
		return ret;
	return nr && frames[0].flags & KPF_BIT(HUGE)
		       ? read_hugetlb_mapcount(frames, nr, unit_pages, err)
		       : 0;
}

size_t frames_moved(const struct frame *before, const struct frame *after, size_t nr)
{
	size_t moved = 0;

	for (size_t i = 0; i < nr; i++)
		moved += before[i].pfn && after[i].pfn && before[i].pfn != after[i].pfn;
	return moved;
}

size_t frames_reused(const struct frame *before, const struct frame *after, size_t nr)
{
	size_t reused = 0;

	for (size_t i = 0; i < nr; i++)
		reused += before[i].pfn && before[i].pfn == after[i].pfn && !before[i].exclusive &&
			  after[i].exclusive;
	return reused;
}

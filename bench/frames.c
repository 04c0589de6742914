// SPDX-License-Identifier: GPL-2.0-or-later
#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <string.h>

#include "cleanup.h"
#include "sysfile.h"

#define PM_PFN_MASK ((UINT64_C(1) << 55) - 1)
#define PM_MAPPED_ONCE (UINT64_C(1) << 56)
#define PM_SWAPPED (UINT64_C(1) << 62)
#define PM_PRESENT (UINT64_C(1) << 63)
/*
 * PG_anon_exclusive shares its bit with PG_mappedtodisk (6.1, KPF_MAPPEDTODISK) and with PG_owner_2 (6.12,
 * KPF_OWNER_2), both reported as bit 34 by stable_page_flags(): fs/proc/page.c, include/linux/page-flags.h.
 */
#define KPF_ANON_EXCLUSIVE (UINT64_C(1) << 34)
#define KPF_BIT(name) (UINT64_C(1) << KPF_##name)
#define BATCH 512

static int open_proc(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : error_errno(err, errno, "open %s", path);
}

/* pread(2) that takes a short answer for an error. */
static int read_words(int fd, const char *path, uint64_t *words, size_t nr, uint64_t index,
		      struct error *err)
{
	ssize_t got = pread(fd, words, nr * sizeof(*words), (off_t)(index * sizeof(*words)));

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
 * Of a hugetlb page bit 56 of pagemap cannot be believed: 6.12 asks hugetlb_pmd_shared() (fs/proc/task_mmu.c
 * pagemap_hugetlb_range), which reads pt_share_count of the page table that holds the entry, and in a PTE or PUD
 * table that field was never set: pagetable_pmd_ctor() alone does so (include/linux/mm.h). See docs/kernel-findings.md.
 */
static int read_hugetlb_mapcount(struct frame *frames, size_t nr, size_t unit_pages,
				 struct error *err)
{
	static const char path[] = "/proc/kpagecount";
	uint64_t last_head = UINT64_MAX, count = 0;
	autoclose int fd = open_proc(path, err);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < nr; i++) {
		uint64_t head = frames[i].pfn - frames[i].pfn % unit_pages;

		if (!(frames[i].flags & KPF_BIT(HUGE)))
			continue;
		if (head != last_head && read_words(fd, path, &count, 1, head, err))
			return -err->code;
		last_head = head;
		frames[i].mapped_once = count == 1;
	}
	return 0;
}

/* Flags of runs of consecutive frames are read together: one call for a huge page, not 512. */
static int read_flags(struct frame *frames, size_t nr, size_t unit_pages, struct error *err)
{
	static const char path[] = "/proc/kpageflags";
	uint64_t head_pfn = 0, head_flags = 0;
	uint64_t words[BATCH];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES || errno == EPERM || errno == ENOENT
			       ? 0 : error_errno(err, errno, "open %s", path);
	for (size_t i = 0, run; i < nr; i += run) {
		for (run = 1; i + run < nr && run < BATCH && frames[i].pfn &&
			      frames[i + run].pfn == frames[i].pfn + run; run++)
			;
		if (!frames[i].pfn)
			continue;
		if (read_words(fd, path, words, run, frames[i].pfn, err))
			return -err->code;
		for (size_t j = 0; j < run; j++) {
			struct frame *frame = &frames[i + j];

			frame->flags = words[j];
			frame->exclusive = words[j] & KPF_ANON_EXCLUSIVE;
			if (unit_pages > 1 && words[j] & KPF_BIT(COMPOUND_TAIL)) {
				uint64_t head = frame->pfn - frame->pfn % unit_pages;

				if (head != head_pfn &&
				    read_words(fd, path, &head_flags, 1, head, err))
					return -err->code;
				head_pfn = head;
				frame->exclusive |= !!(head_flags & KPF_ANON_EXCLUSIVE);
			}
			frame->exclusive = frame->exclusive && frame->flags & KPF_BIT(ANON);
		}
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

	if (fd < 0)
		return fd;
	for (size_t i = 0, got; i < nr; i += got) {
		got = nr - i < BATCH ? nr - i : BATCH;
		if (read_words(fd, path, words, got, first + i, err))
			return -err->code;
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
	if (read_flags(frames, nr, unit_pages, err))
		return -err->code;
	return nr && frames[0].flags & KPF_BIT(HUGE)
		       ? read_hugetlb_mapcount(frames, nr, unit_pages, err) : 0;
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

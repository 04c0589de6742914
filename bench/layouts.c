// SPDX-License-Identifier: GPL-2.0-or-later
/* Layouts: what backs a region. Mapped so that nothing else can be in it, proved page by page. */
#include "bench/bench.h"

#include <errno.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "bench/frames.h"
#include "host/hugepage.h"

#define MAX_HUGETLB_SIZES 8 /* HUGE_MAX_HSTATE is at most 4 (6.12: arch/arm64, powerpc) */

static size_t layout_list_hugetlb(struct layout *layouts, size_t max)
{
	size_t sizes[MAX_HUGETLB_SIZES];
	size_t nr = hugepage_sizes(sizes, max < MAX_HUGETLB_SIZES ? max : MAX_HUGETLB_SIZES);
	char size[24];

	if (nr > max)
		nr = max;
	for (size_t i = 0; i < nr && i < MAX_HUGETLB_SIZES; i++) {
		layouts[i] = (struct layout){
			.about = "private anonymous hugetlb pages of this size, reserved for the "
				 "run",
			.backing = BACKING_HUGETLB,
			.page_bytes = sizes[i],
		};
		size_format(sizes[i], size, sizeof(size));
		snprintf(layouts[i].name, sizeof(layouts[i].name), "hugetlb-%.14s", size);
	}
	return nr;
}

size_t layout_list(struct layout *layouts, size_t max)
{
	size_t pmd_bytes = thp_pmd_bytes();
	char size[24];
	size_t nr = 0;

	if (nr < max)
		layouts[nr++] = (struct layout){
			.name = "base",
			.about = "private anonymous base pages; huge pages are refused for the "
				 "mapping",
			.backing = BACKING_BASE,
			.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		};
	if (nr < max && pmd_bytes) {
		layouts[nr] = (struct layout){
			.about = "transparent huge pages, each mapped by one PMD",
			.backing = BACKING_THP,
			.page_bytes = pmd_bytes,
		};
		size_format(pmd_bytes, size, sizeof(size));
		snprintf(layouts[nr++].name, sizeof(layouts->name), "thp-%.14s", size);
	}
	return nr + layout_list_hugetlb(layouts + nr, max - nr);
}

#define POOL_WAIT_MS 1000

static int region_map_hugetlb(struct region *region, size_t bytes, void *wish, struct error *err)
{
	const struct layout *layout = region->layout;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		    __builtin_ctzl(layout->page_bytes) << MAP_HUGE_SHIFT;
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };

	/* the pool is large enough, but a worker of another run that was killed may hold pages of
	 * it for some moments more */
	for (int waited = 0; waited < POOL_WAIT_MS; waited += 10) {
		region->addr = mmap(wish, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
		if (region->addr != MAP_FAILED)
			return 0;
		if (errno != ENOMEM)
			break;
		nanosleep(&pause, NULL);
		errno = ENOMEM;
	}
	region->addr = NULL;
	return error_errno(err, errno, "map %zu pages of %s", bytes / layout->page_bytes,
			   layout->name);
}

/*
 * Reserves more than asked, keeps the aligned part and leaves the rest inaccessible: neighbours
 * cannot merge with the region's VMA, and a huge page can start at its first byte.
 */
static int region_map_pages(struct region *region, size_t bytes, void *wish, struct error *err)
{
	const struct layout *layout = region->layout;
	size_t align = layout->page_bytes;
	size_t room = bytes + 2 * align;
	uintptr_t start;
	void *reserved;

	reserved = mmap(wish ? (char *)wish - align : NULL, room, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return error_errno(err, errno, "reserve %zu bytes of address space", room);
	start = ((uintptr_t)reserved + align) & ~(align - 1);
	region->addr = mmap((void *)start, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (region->addr == MAP_FAILED) {
		region->addr = NULL;
		return error_errno(err, errno, "map %zu bytes of %s", bytes, layout->name);
	}
	if (madvise(region->addr, bytes,
		    layout->backing == BACKING_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    (layout->backing == BACKING_THP || errno != EINVAL)) /* EINVAL: no THP in this kernel */
		return error_errno(err, errno, "madvise %s for %s",
				   layout->backing == BACKING_THP ? "MADV_HUGEPAGE"
								  : "MADV_NOHUGEPAGE",
				   layout->name);
	return 0;
}

int region_map(struct region *region, const struct layout *layout, size_t bytes, void *wish,
	       struct error *err)
{
	*region = (struct region){
		.layout = layout,
		.bytes = bytes,
		.base_bytes = (size_t)sysconf(_SC_PAGESIZE),
	};
	if (layout->backing == BACKING_HUGETLB)
		return region_map_hugetlb(region, bytes, wish, err);
	return region_map_pages(region, bytes, wish, err);
}

void region_unmap(struct region *region)
{
	if (region->addr)
		munmap(region->addr, region->bytes);
	region->addr = NULL;
}

/*
 * The contents: three cache lines of every 4 KiB carry words that no other place of the region has,
 * the rest stays zero. Writing every byte of a 1 GiB page for every sample would cost seconds under
 * emulation and prove no more: a copied, swapped or shifted page shows.
 */
#define BLOCK 4096
#define LINE  64
static const size_t stamped[] = { 0, BLOCK / 2, BLOCK - LINE };

static void block_stamp(unsigned char *block, size_t index)
{
	for (size_t i = 0; i < sizeof(stamped) / sizeof(*stamped); i++) {
		uint64_t *line = (uint64_t *)(void *)(block + stamped[i]);

		for (size_t j = 0; j < LINE / sizeof(*line); j++)
			line[j] = (index << 8 | i << 4 | j) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	}
}

void region_fill(struct region *region)
{
	/*
	 * By faults, as a program gets its memory. MADV_POPULATE_WRITE is cheaper but goes through
	 * GUP, which leaves base pages marked as accessed; the slow path of a pin would then
	 * activate each of them (mark_page_accessed() in follow_page_pte(), mm/gup.c of 6.1): 300
	 * instructions a page that no program pays.
	 */
	for (size_t i = 0; i < region->bytes / BLOCK; i++)
		block_stamp(region->addr + i * BLOCK, i);
}

void region_pattern(unsigned char *copy, size_t offset, size_t bytes)
{
	memset(copy, 0, bytes);
	for (size_t i = 0; i < bytes / BLOCK; i++)
		block_stamp(copy + i * BLOCK, offset / BLOCK + i);
}

int region_check(const unsigned char *copy, size_t offset, size_t bytes, struct error *err)
{
	_Alignas(LINE) unsigned char want[BLOCK] = { 0 };

	for (size_t i = 0; i < bytes / BLOCK; i++) {
		block_stamp(want, offset / BLOCK + i);
		if (memcmp(copy + i * BLOCK, want, BLOCK) != 0)
			return error_set(err, EILSEQ,
					 "contents at byte %zu of the region are not what was "
					 "written",
					 offset + i * BLOCK);
	}
	return 0;
}

struct vma_account {
	size_t kernel_page, rss, anon_huge, hugetlb;
};

/* The smaps entry that starts at @addr; smaps speaks in kB. */
static int vma_account_read(const void *addr, struct vma_account *account, struct error *err)
{
	autofclose FILE *smaps = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512];
	unsigned long start, value;
	char dash, name[64];

	memset(account, 0, sizeof(*account));
	if (!smaps)
		return error_errno(err, errno, "open /proc/self/smaps");
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx%c", &start, &dash) == 2 && dash == '-') {
			if (inside)
				return 0;
			inside = start == (uintptr_t)addr;
		} else if (inside && sscanf(line, "%63[^:]: %lu kB", name, &value) == 2) {
			if (strcmp(name, "KernelPageSize") == 0)
				account->kernel_page = value << 10;
			else if (strcmp(name, "Rss") == 0)
				account->rss = value << 10;
			else if (strcmp(name, "AnonHugePages") == 0)
				account->anon_huge = value << 10;
			else if (strcmp(name, "Private_Hugetlb") == 0 ||
				 strcmp(name, "Shared_Hugetlb") == 0)
				account->hugetlb += value << 10;
		}
	}
	return inside ? 0 : error_set(err, ENOENT, "the region is not in /proc/self/smaps");
}

static int smaps_verify(const struct region *region, struct error *err)
{
	const struct layout *layout = region->layout;
	struct vma_account account;
	size_t seen;

	if (vma_account_read(region->addr, &account, err))
		return -err->code;
	switch (layout->backing) {
	case BACKING_BASE:
		if (account.anon_huge || account.hugetlb || account.rss != region->bytes)
			return error_set(err, EPROTO,
					 "smaps shows %zu kB resident and %zu kB huge in a region "
					 "of %zu kB base pages",
					 account.rss >> 10,
					 (account.anon_huge + account.hugetlb) >> 10,
					 region->bytes >> 10);
		return 0;
	case BACKING_THP:
		seen = account.anon_huge;
		break;
	default:
		seen = account.kernel_page == layout->page_bytes ? account.hugetlb : 0;
	}
	if (seen != region->bytes) {
		error_set(err, EPROTO, "smaps shows %zu kB of %s, %zu kB were asked", seen >> 10,
			  layout->name, region->bytes >> 10);
		return error_fix(err,
				 layout->backing == BACKING_THP ? "free memory is fragmented: echo "
								  "1 > /proc/sys/vm/compact_memory"
								: "%s",
				 "");
	}
	return 0;
}

/* Every frame must carry the flags of its layout and stand where its huge page puts it. */
static int frames_verify(const struct region *region, struct error *err)
{
	const struct layout *layout = region->layout;
	size_t nr = region->bytes / region->base_bytes;
	size_t unit = layout->page_bytes / region->base_bytes;
	uint64_t compound = UINT64_C(1) << KPF_COMPOUND_HEAD | UINT64_C(1) << KPF_COMPOUND_TAIL;
	uint64_t kind = UINT64_C(1) << (layout->backing == BACKING_HUGETLB ? KPF_HUGE : KPF_THP);
	autofree struct frame *frames = calloc(nr, sizeof(*frames));

	if (!frames)
		return error_errno(err, ENOMEM, "account for %zu pages", nr);
	if (frames_read(region->addr, nr, region->base_bytes, unit, frames, err))
		return -err->code;
	for (size_t i = 0; i < nr; i++) {
		uint64_t flags = frames[i].flags;
		bool fits;

		if (layout->backing == BACKING_BASE)
			fits = !(flags & (compound | UINT64_C(1) << KPF_ZERO_PAGE));
		else
			fits = flags & kind && frames[i].pfn % unit == i % unit &&
			       frames[i].pfn - frames[i - i % unit].pfn == i % unit;
		if (!frames[i].present || !(flags & UINT64_C(1) << KPF_ANON) || !fits)
			return error_set(err, EPROTO,
					 "page %zu of the region is not %s: frame flags 0x%llx", i,
					 layout->name, (unsigned long long)flags);
	}
	return 0;
}

int region_verify_faulted(const struct region *region, const struct frame *frames, size_t nr,
			  struct error *err)
{
	uint64_t compound = UINT64_C(1) << KPF_COMPOUND_HEAD | UINT64_C(1) << KPF_COMPOUND_TAIL;
	enum backing backing = region->layout->backing;
	uint64_t kind = UINT64_C(1) << (backing == BACKING_HUGETLB ? KPF_HUGE : KPF_THP);

	for (size_t i = 0; i < nr; i++) {
		uint64_t flags = frames[i].flags;

		/* the zero page, which a pin for reading may find: it belongs to no layout */
		if (!frames[i].pfn || flags & UINT64_C(1) << KPF_ZERO_PAGE)
			continue;
		if (backing == BACKING_BASE ? flags & compound : !(flags & kind))
			return error_set(err, EPROTO,
					 "the pin faulted in page %zu of the window, which is not "
					 "%s: frame flags 0x%llx",
					 i, region->layout->name, (unsigned long long)flags);
	}
	return 0;
}

int region_verify(const struct region *region, char *proof, size_t size, struct error *err)
{
	if (smaps_verify(region, err))
		return -err->code;
	snprintf(proof, size, "smaps");
	if (!frames_visible(NULL))
		return 0;
	if (frames_verify(region, err))
		return -err->code;
	snprintf(proof, size, "smaps, kpageflags of every page");
	return 0;
}

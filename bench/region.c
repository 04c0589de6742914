// SPDX-License-Identifier: GPL-2.0-or-later
/* What backs a region: mapped so that nothing else can be in it, proved page by page. */
#include "bench/region.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "host/sysfile.h"

/*
 * Reserves more than asked, keeps the aligned part and leaves the rest inaccessible: neighbours
 * cannot merge with the region's VMA, and a huge page can start at its first byte.
 */
int region_map_file(struct region *region, void *wish, int fd, int flags, int advice,
		    struct error *err)
{
	const struct layout *layout = region->layout;
	size_t align = layout->page_bytes;
	size_t room = region->bytes + 2 * align;
	uintptr_t start;
	void *reserved;

	reserved = mmap(wish ? (char *)wish - align : NULL, room, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return error_errno(err, errno, "reserve %zu bytes of address space", room);
	start = ((uintptr_t)reserved + align) & ~(align - 1);
	region->addr = mmap((void *)start, region->bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
			    fd, 0);
	if (region->addr == MAP_FAILED) {
		region->addr = NULL;
		return error_errno(err, errno, "map %zu bytes of %s", region->bytes, layout->name);
	}
	if (madvise(region->addr, region->bytes, advice) == 0)
		return 0;
	/* EINVAL: no THP in this kernel, so there is nothing to refuse */
	if (advice == MADV_NOHUGEPAGE && errno == EINVAL)
		return 0;
	return error_errno(err, errno, "madvise %s for %s",
			   advice == MADV_NOHUGEPAGE ? "MADV_NOHUGEPAGE" : "MADV_HUGEPAGE",
			   layout->name);
}

int region_map_anonymous(struct region *region, void *wish, int advice, struct error *err)
{
	return region_map_file(region, wish, -1, MAP_PRIVATE | MAP_ANONYMOUS, advice, err);
}

int region_map(struct region *region, const struct layout *layout, size_t bytes, void *wish,
	       struct error *err)
{
	*region = (struct region){
		.layout = layout,
		.bytes = bytes,
		.base_bytes = (size_t)sysconf(_SC_PAGESIZE),
	};
	return layout->kind->map(region, wish, err);
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

void region_stamp(struct region *region, size_t offset, size_t bytes)
{
	/*
	 * By faults, as a program gets its memory. MADV_POPULATE_WRITE is cheaper but goes through
	 * GUP, which leaves base pages marked as accessed; the slow path of a pin would then
	 * activate each of them (mark_page_accessed() in follow_page_pte(), mm/gup.c of 6.1): 300
	 * instructions a page that no program pays.
	 */
	for (size_t i = offset / BLOCK; i < (offset + bytes) / BLOCK; i++)
		block_stamp(region->addr + i * BLOCK, i);
}

int region_fill(struct region *region, struct error *err)
{
	if (region->layout->kind->fill)
		return region->layout->kind->fill(region, err);
	region_stamp(region, 0, region->bytes);
	return 0;
}

int region_hollow(struct region *region, struct error *err)
{
	const struct layout_kind *kind = region->layout->kind;

	return kind->hollow ? kind->hollow(region, err) : 0;
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
			else if (strcmp(name, "ShmemPmdMapped") == 0)
				account->shmem_pmd = value << 10;
			else if (strcmp(name, "Private_Hugetlb") == 0 ||
				 strcmp(name, "Shared_Hugetlb") == 0)
				account->hugetlb += value << 10;
		}
	}
	return inside ? 0 : error_set(err, ENOENT, "the region is not in /proc/self/smaps");
}

int account_compare(const struct region *region, size_t seen, struct error *err)
{
	if (seen == region->bytes)
		return 0;
	return error_set(err, EPROTO, "smaps shows %zu kB of %s, %zu kB were asked", seen >> 10,
			 region->layout->name, region->bytes >> 10);
}

bool frame_in_unit(const struct region *region, const struct frame *frames, size_t i, uint64_t kind)
{
	size_t unit = region->layout->page_bytes / region->base_bytes;

	return frames[i].flags & kind && frames[i].pfn % unit == i % unit &&
	       frames[i].pfn - frames[i - i % unit].pfn == i % unit;
}

int region_frames(const struct region *region, size_t offset, size_t nr, struct frame *frames,
		  struct error *err)
{
	const struct layout *layout = region->layout;
	size_t unit = layout->kind->mapped_whole ? layout->page_bytes / region->base_bytes : 1;

	return frames_read(region->addr + offset, nr, region->base_bytes, unit, frames, err);
}

/* Every frame must carry the flags of its layout and stand where its unit puts it. */
static int frames_verify(const struct region *region, struct error *err)
{
	const struct layout *layout = region->layout;
	size_t nr = region->bytes / region->base_bytes;
	autofree struct frame *frames = calloc(nr, sizeof(*frames));

	if (!frames)
		return error_errno(err, ENOMEM, "account for %zu pages", nr);
	if (region_frames(region, 0, nr, frames, err))
		return -err->code;
	for (size_t i = 0; i < nr; i++)
		if (!frames[i].present || !layout->kind->fits(region, frames, i))
			return error_set(err, EPROTO,
					 "page %zu of the region is not %s: frame flags 0x%llx", i,
					 layout->name, (unsigned long long)frames[i].flags);
	return 0;
}

int region_verify_faulted(const struct region *region, const struct frame *frames, size_t nr,
			  enum access access, struct error *err)
{
	const struct layout *layout = region->layout;
	/* a long-term pin for reading replaces the zero page by a copy, which is a single page */
	bool single = access == ACCESS_READ && layout->kind->zero_page;

	for (size_t i = 0; i < nr; i++) {
		/* the zero page, which a pin for reading may find: it belongs to no layout */
		if (!frames[i].pfn || frames[i].flags & KPF(ZERO_PAGE) ||
		    layout->kind->fits_faulted(frames[i].flags) ||
		    (single && !(frames[i].flags & COMPOUND)))
			continue;
		return error_set(err, EPROTO,
				 "the pin faulted in page %zu of the window, which is not %s: "
				 "frame flags 0x%llx",
				 i, layout->name, (unsigned long long)frames[i].flags);
	}
	return 0;
}

int region_verify(const struct region *region, char *proof, size_t size, struct error *err)
{
	struct vma_account account;

	if (vma_account_read(region->addr, &account, err) ||
	    region->layout->kind->account(region, &account, err))
		return -err->code;
	snprintf(proof, size, "%s", region->layout->kind->accounts);
	if (!frames_visible(NULL))
		return 0;
	if (frames_verify(region, err))
		return -err->code;
	snprintf(proof, size, "%s, kpageflags of every page", region->layout->kind->accounts);
	return 0;
}

void layout_name(struct layout *layout, const struct layout_kind *kind, size_t page_bytes)
{
	char size[24];

	*layout = (struct layout){ .kind = kind, .page_bytes = page_bytes };
	size_format(page_bytes, size, sizeof(size));
	snprintf(layout->name, sizeof(layout->name), "%.15s%.8s%.8s", kind->prefix, size,
		 kind->suffix ? kind->suffix : "");
}

static int layout_trial(const void *context, struct error *why)
{
	const struct layout *layout = context;
	struct region region;
	char proof[256];
	int rc = region_map(&region, layout, layout->page_bytes, NULL, why);

	if (rc)
		return rc;
	rc = region_fill(&region, why);
	if (rc)
		return rc;
	return region_verify(&region, proof, sizeof(proof), why);
}

void layout_try(struct finding *finding, const struct layout *layout, const char *about)
{
	finding_try(finding, layout_trial, layout, about);
}

void layout_check(struct finding *finding, const struct layout *layout, int node, unsigned int nr)
{
	char about[128];

	(void)node;
	(void)nr;
	if (sysfile_is_live())
		layout_try(finding, layout, about_short(layout->about, about));
	else
		finding_set(finding, LEVEL_OK, "%s", about_short(layout->about, about));
}

bool layout_contpte(const struct layout *layout, size_t base_bytes)
{
#ifdef __aarch64__
	/* CONT_PTES: 16 of 4K, 128 of 16K, 32 of 64K (6.12: arch/arm64/include/asm/pgtable-hwdef.h)
	 */
	size_t block = base_bytes == 4096 ? 64 << 10 : 2 << 20;

	size_t bytes = layout->kind->halved ? layout->page_bytes / 2 : layout->page_bytes;

	return layout->kind->folio_ptes && !layout->kind->misaligned && bytes >= block &&
	       kernel_release() >= KERNEL(6, 9);
#else
	(void)layout;
	(void)base_bytes;
	return false;
#endif
}

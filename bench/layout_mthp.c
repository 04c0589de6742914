// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Multi-size THP (6.8+): folios smaller than a PMD, mapped by one page table entry a page. A page
 * fault takes the largest size that is switched on and fits the mapping between its ends, where
 * nothing is mapped yet (6.12: mm/memory.c alloc_anon_folio). So the mapping ends where a unit
 * shall end, and larger sizes need not be switched off for the rest of the machine.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench/region.h"
#include "host/hugepage.h"

size_t thp_layouts(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	size_t sizes[HUGEPAGE_SIZES_MAX], nr = thp_sizes(sizes, HUGEPAGE_SIZES_MAX);

	/* before 6.8 there is one size, and no switch of its own */
	if (!nr && thp_pmd_bytes())
		sizes[nr++] = thp_pmd_bytes();
	for (size_t i = 0; i < nr && i < max; i++)
		layout_name(&layouts[i], kind, sizes[i]);
	return nr < max ? nr : max;
}

static size_t mthp_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	size_t sizes[HUGEPAGE_SIZES_MAX], nr_sizes = thp_sizes(sizes, HUGEPAGE_SIZES_MAX);
	size_t pmd_bytes = thp_pmd_bytes(), nr = 0;

	for (size_t i = 0; i < nr_sizes && nr < max; i++) {
		if (sizes[i] >= pmd_bytes)
			continue;
		layout_name(&layouts[nr], kind, sizes[i]);
		layouts[nr++].about = "multi-size THP: folios of this size, each page mapped by "
				      "its own PTE";
	}
	return nr;
}

static const char *mthp_absent(void)
{
	return thp_pmd_bytes() ? "multi-size THP came with Linux 6.8"
			       : "this kernel has no transparent huge pages";
}

static int mthp_map(struct region *region, void *wish, struct error *err)
{
	return region_map_anonymous(region, wish, MADV_HUGEPAGE, err);
}

/* Lets the mapping grow unit by unit; the rest of the region is not accessible until its turn. */
int thp_units_fill(struct region *region, struct error *err)
{
	size_t unit = region->layout->page_bytes;

	region->counted = thp_allocated(unit, &region->count);
	if (mprotect(region->addr, region->bytes, PROT_NONE))
		return error_errno(err, errno, "take access to the region away");
	for (size_t at = 0; at < region->bytes; at += unit) {
		if (mprotect(region->addr + at, unit, PROT_READ | PROT_WRITE))
			return error_errno(err, errno, "let the region grow to %zu kB",
					   (at + unit) >> 10);
		region_stamp(region, at, unit);
	}
	/* khugepaged would make PMD-sized ones of them in the middle of a long run */
	if (madvise(region->addr, region->bytes, MADV_NOHUGEPAGE))
		return error_errno(err, errno, "keep khugepaged away");
	return 0;
}

/*
 * For faults of a pin the whole region has to be mapped: a flag that every second unit has makes
 * each a mapping of its own.
 */
static int mthp_hollow(struct region *region, struct error *err)
{
	size_t unit = region->layout->page_bytes;

	for (size_t at = unit; at < region->bytes; at += 2 * unit) {
		if (madvise(region->addr + at, unit, MADV_DONTDUMP) == 0)
			continue;
		error_errno(err, errno == ENOMEM ? EOPNOTSUPP : errno,
			    "make mappings of %zu kB of %zu units of %s", unit >> 10,
			    region->bytes / unit, region->layout->name);
		return error_fix(err, "a smaller size, or a higher vm.max_map_count");
	}
	return 0;
}

static int mthp_account(const struct region *region, const struct vma_account *seen,
			struct error *err)
{
	size_t units = region->bytes / region->layout->page_bytes;
	uint64_t now = 0;

	if (seen->anon_huge || seen->hugetlb || seen->rss != region->bytes)
		return error_set(err, EPROTO,
				 "smaps shows %zu kB resident and %zu kB mapped by PMDs in a "
				 "region of %zu kB of %s",
				 seen->rss >> 10, (seen->anon_huge + seen->hugetlb) >> 10,
				 region->bytes >> 10, region->layout->name);
	if (!region->counted || !thp_allocated(region->layout->page_bytes, &now)) {
		if (frames_visible(NULL))
			return 0;
		error_set(err, EOPNOTSUPP, "nothing that this user may read tells folio sizes");
		return error_fix(err, "run as root, or on Linux 6.10 or later");
	}
	if (now - region->count >= units)
		return 0;
	error_set(err, EPROTO, "anon_fault_alloc rose by %llu, the region has %zu units of %s",
		  (unsigned long long)(now - region->count), units, region->layout->name);
	return error_fix(err, THP_FRAGMENTED);
}

bool thp_unit_fits(const struct region *region, const struct frame *frames, size_t i)
{
	size_t unit = region->layout->page_bytes / region->base_bytes;

	return frames[i].flags & KPF(ANON) &&
	       frames[i].flags & (i % unit ? KPF(COMPOUND_TAIL) : KPF(COMPOUND_HEAD)) &&
	       frame_in_unit(region, frames, i, KPF(THP));
}

static bool mthp_fits_faulted(uint64_t flags)
{
	return flags & KPF(THP);
}

const struct layout_kind layout_mthp = {
	.prefix = "thp-",
	.sized = true,
	.pages = "transparent huge pages",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.accounts = "smaps, anon_fault_alloc",
	.large = true,
	.zero_page = true,
	.folio_ptes = true,
	.list = mthp_list,
	.absent = mthp_absent,
	.map = mthp_map,
	.fill = thp_units_fill,
	.hollow = mthp_hollow,
	.account = mthp_account,
	.fits = thp_unit_fits,
	.fits_faulted = mthp_fits_faulted,
	.reserve = thp_layout_reserve,
	.check = thp_layout_check,
};

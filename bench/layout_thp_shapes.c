// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folios that are not mapped as they were made: one of PMD size by single entries, one of which a
 * half is gone, and one at an address that is no multiple of its size.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench/region.h"
#include "host/hugepage.h"

static int map_units(struct region *region, void *wish, struct error *err)
{
	return region_map_anonymous(region, wish, MADV_HUGEPAGE, err);
}

static int account_units(const struct region *region, const struct vma_account *seen,
			 struct error *err)
{
	const struct layout *layout = region->layout;
	size_t off = (uintptr_t)region->addr % layout->page_bytes;

	if (seen->anon_huge || seen->hugetlb || seen->rss != region->bytes)
		return error_set(err, EPROTO,
				 "smaps shows %zu kB resident and %zu kB mapped by PMDs in a "
				 "region of %zu kB of %s",
				 seen->rss >> 10, (seen->anon_huge + seen->hugetlb) >> 10,
				 region->bytes >> 10, layout->name);
	if (off != (layout->kind->misaligned ? region->base_bytes : 0))
		return error_set(err, EPROTO, "%s lies %zu bytes beyond a multiple of its size",
				 layout->name, off);
	if (frames_visible(NULL))
		return 0;
	error_set(err, EOPNOTSUPP, "only frame flags tell %s from other memory", layout->name);
	return error_fix(err, "run as root (CAP_SYS_ADMIN)");
}

static bool fits_faulted(uint64_t flags)
{
	return flags & KPF(THP);
}

/* --- mapped by single entries: once the protection differs inside, also when it no longer does ---
 */

static size_t ptes_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	if (!max || !thp_pmd_bytes())
		return 0;
	layout_name(&layouts[0], kind, thp_pmd_bytes());
	layouts[0].about = "a THP of PMD size whose pages are mapped one by one";
	return 1;
}

static int ptes_fill(struct region *region, struct error *err)
{
	int ret = thp_units_fill(region, err);

	for (size_t at = 0; !ret && at < region->bytes; at += region->layout->page_bytes)
		if (mprotect(region->addr + at, region->base_bytes, PROT_READ) ||
		    mprotect(region->addr + at, region->base_bytes, PROT_READ | PROT_WRITE))
			ret = error_errno(err, errno, "split the mapping of a THP");
	return ret;
}

const struct layout_kind layout_thp_ptes = {
	.prefix = "thp-",
	.suffix = "-ptes",
	.sized = true,
	.pages = "transparent huge pages",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.accounts = "smaps",
	.large = true,
	.zero_page = true,
	.folio_ptes = true,
	.made = true,
	.list = ptes_list,
	.map = map_units,
	.fill = ptes_fill,
	.account = account_units,
	.fits = thp_unit_fits,
	.fits_faulted = fits_faulted,
	.reserve = thp_layout_reserve,
};

/* --- of which the second half is gone, and base pages are in its place --- */

static size_t each_list(const struct layout_kind *kind, struct layout *layouts, size_t max,
			const char *about)
{
	size_t nr = thp_layouts(kind, layouts, max);

	for (size_t i = 0; i < nr; i++)
		layouts[i].about = about;
	return nr;
}

static size_t part_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	return each_list(kind, layouts, max,
			 "a THP of this size whose second half was unmapped; base pages there");
}

static int part_fill(struct region *region, struct error *err)
{
	size_t unit = region->layout->page_bytes;
	int ret = thp_units_fill(region, err);

	for (size_t at = unit / 2; !ret && at < region->bytes; at += unit) {
		if (madvise(region->addr + at, unit / 2, MADV_DONTNEED))
			return error_errno(err, errno, "unmap a half of a THP");
		region_stamp(region, at, unit / 2);
	}
	return ret;
}

static bool part_fits(const struct region *region, const struct frame *frames, size_t i)
{
	size_t unit = region->layout->page_bytes / region->base_bytes;

	if (i % unit < unit / 2)
		return thp_unit_fits(region, frames, i);
	return frames[i].flags & KPF(ANON) && !(frames[i].flags & COMPOUND);
}

const struct layout_kind layout_thp_part = {
	.prefix = "thp-",
	.suffix = "-part",
	.sized = true,
	.pages = "transparent huge pages",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.accounts = "smaps",
	.large = true,
	.zero_page = true,
	.folio_ptes = true,
	.halved = true,
	.made = true,
	.list = part_list,
	.map = map_units,
	.fill = part_fill,
	.account = account_units,
	.fits = part_fits,
	.fits_faulted = fits_faulted,
	.reserve = thp_layout_reserve,
};

/* --- one page beyond where it was made --- */

static size_t moved_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	return each_list(kind, layouts, max,
			 "a THP of this size moved to one page beyond a multiple of it");
}

static int moved_fill(struct region *region, struct error *err)
{
	size_t unit = region->layout->page_bytes, room = region->bytes + 2 * unit;
	int ret = thp_units_fill(region, err);
	unsigned char *space;
	void *to;

	if (ret)
		return ret;
	space = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		return error_errno(err, errno, "reserve %zu bytes of address space", room);
	to = space + (unit - (uintptr_t)space % unit) % unit + region->base_bytes;
	if (mremap(region->addr, region->bytes, region->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
	    MAP_FAILED)
		return error_errno(err, errno, "move %zu bytes", region->bytes);
	region->addr = to;
	return 0;
}

const struct layout_kind layout_thp_moved = {
	.prefix = "thp-",
	.suffix = "-moved",
	.sized = true,
	.pages = "transparent huge pages",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.accounts = "smaps",
	.large = true,
	.zero_page = true,
	.folio_ptes = true,
	.misaligned = true,
	.made = true,
	.list = moved_list,
	.map = map_units,
	.fill = moved_fill,
	.account = account_units,
	.fits = thp_unit_fits,
	.fits_faulted = fits_faulted,
	.reserve = thp_layout_reserve,
};

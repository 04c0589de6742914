// SPDX-License-Identifier: GPL-2.0-or-later
/* Single pages: what every kernel has, and what most memory is. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/region.h"

static size_t base_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	if (!max)
		return 0;
	layouts[0] = (struct layout){
		.name = "base",
		.about = "private anonymous base pages; huge pages are refused for the mapping",
		.kind = kind,
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
	};
	return 1;
}

static int base_map(struct region *region, void *wish, struct error *err)
{
	return region_map_anonymous(region, wish, MADV_NOHUGEPAGE, err);
}

static int base_account(const struct region *region, const struct vma_account *seen,
			struct error *err)
{
	if (!seen->anon_huge && !seen->hugetlb && seen->rss == region->bytes)
		return 0;
	return error_set(err, EPROTO,
			 "smaps shows %zu kB resident and %zu kB huge in a region of %zu kB base "
			 "pages",
			 seen->rss >> 10, (seen->anon_huge + seen->hugetlb) >> 10,
			 region->bytes >> 10);
}

static bool base_fits(const struct region *region, const struct frame *frames, size_t i)
{
	(void)region;
	return frames[i].flags & KPF(ANON) && !(frames[i].flags & (COMPOUND | KPF(ZERO_PAGE)));
}

static bool base_fits_faulted(uint64_t flags)
{
	return !(flags & COMPOUND);
}

const struct layout_kind layout_base_pages = {
	.prefix = "base",
	.accounts = "smaps",
	.control = true,
	.zero_page = true,
	.list = base_list,
	.map = base_map,
	.account = base_account,
	.fits = base_fits,
	.fits_faulted = base_fits_faulted,
	.check = layout_check,
};

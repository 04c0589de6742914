// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared memory of a memfd, as guests and AF_XDP have it: pages of a file without a name, which
 * fork() shares without copies, so that no pin has to unshare them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/region.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

static int memfd_of(const struct region *region, struct error *err)
{
	int fd = memfd_create("pinbench", MFD_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "make a memfd");
	if (ftruncate(fd, (off_t)region->bytes) == 0)
		return fd;
	error_errno(err, errno, "make a memfd of %zu bytes", region->bytes);
	close(fd);
	return -err->code;
}

static int shmem_map(struct region *region, void *wish, int advice, struct error *err)
{
	int fd = memfd_of(region, err), ret;

	if (fd < 0)
		return fd;
	ret = region_map_file(region, wish, fd, MAP_SHARED, advice, err);
	close(fd);
	return ret;
}

/* --- base pages --- */

static size_t base_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	if (!max)
		return 0;
	layouts[0] = (struct layout){
		.name = "shmem",
		.about = "a shared mapping of a memfd, base pages: a pin never has to unshare",
		.kind = kind,
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
	};
	return 1;
}

static int base_map(struct region *region, void *wish, struct error *err)
{
	return shmem_map(region, wish, MADV_NOHUGEPAGE, err);
}

static int base_account(const struct region *region, const struct vma_account *seen,
			struct error *err)
{
	if (!seen->anon_huge && !seen->hugetlb && !seen->shmem_pmd && seen->rss == region->bytes)
		return 0;
	return error_set(err, EPROTO,
			 "smaps shows %zu kB resident and %zu kB mapped by PMDs in a region of "
			 "%zu kB of shared base pages",
			 seen->rss >> 10, seen->shmem_pmd >> 10, region->bytes >> 10);
}

static bool base_fits_faulted(uint64_t flags)
{
	return flags & KPF(SWAPBACKED) && !(flags & (COMPOUND | KPF(ANON)));
}

static bool base_fits(const struct region *region, const struct frame *frames, size_t i)
{
	(void)region;
	return base_fits_faulted(frames[i].flags);
}

const struct layout_kind layout_shmem = {
	.prefix = "shmem",
	.pages = "shared memory",
	.option = "CONFIG_MEMFD_CREATE",
	.accounts = "smaps",
	.shared = true,
	.list = base_list,
	.map = base_map,
	.account = base_account,
	.fits = base_fits,
	.fits_faulted = base_fits_faulted,
	.check = layout_check,
};

/* --- THP of PMD size --- */

static size_t huge_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	if (!max || !thp_pmd_bytes() || !shmem_thp_known())
		return 0;
	layout_name(&layouts[0], kind, thp_pmd_bytes());
	layouts[0].about = "a shared mapping of a memfd, THP each mapped by one PMD";
	return 1;
}

static const char *huge_absent(void)
{
	return "needs CONFIG_SHMEM and CONFIG_TRANSPARENT_HUGEPAGE";
}

static int huge_map(struct region *region, void *wish, struct error *err)
{
	return shmem_map(region, wish, MADV_HUGEPAGE, err);
}

static int huge_account(const struct region *region, const struct vma_account *seen,
			struct error *err)
{
	if (!account_compare(region, seen->shmem_pmd, err))
		return 0;
	return error_fix(err, THP_FRAGMENTED);
}

static bool huge_fits_faulted(uint64_t flags)
{
	return flags & KPF(THP) && flags & KPF(SWAPBACKED) && !(flags & KPF(ANON));
}

static bool huge_fits(const struct region *region, const struct frame *frames, size_t i)
{
	return huge_fits_faulted(frames[i].flags) && frame_in_unit(region, frames, i, KPF(THP));
}

static int huge_reserve(struct journal *journal, const struct layout *layout, int node,
			unsigned int nr, struct error *err)
{
	(void)node;
	(void)nr;
	if (journal)
		return shmem_thp_allow(journal, layout->page_bytes, err);
	return shmem_thp_available(layout->page_bytes) ? 0 : -EAGAIN;
}

static void huge_check(struct finding *finding, const struct layout *layout, int node,
		       unsigned int nr)
{
	(void)node;
	(void)nr;
	if (shmem_thp_available(layout->page_bytes)) {
		layout_check(finding, layout, node, nr);
	} else if (sysfile_is_live() && geteuid() != 0) {
		finding_set(finding, LEVEL_NO, "switched off for shared memory");
		finding_fix(finding, "echo advise | sudo tee " THP_DIR "/shmem_enabled");
	} else {
		finding_set(finding, LEVEL_OK,
			    "switched off for shared memory: allowed for the run");
	}
}

const struct layout_kind layout_shmem_thp = {
	.prefix = "shmem-",
	.sized = true,
	.pages = "THP of shared memory",
	.option = "CONFIG_TRANSPARENT_HUGEPAGE",
	.accounts = "smaps",
	.shared = true,
	.large = true,
	.mapped_whole = true,
	.list = huge_list,
	.absent = huge_absent,
	.map = huge_map,
	.account = huge_account,
	.fits = huge_fits,
	.fits_faulted = huge_fits_faulted,
	.reserve = huge_reserve,
	.check = huge_check,
};

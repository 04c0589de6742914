// SPDX-License-Identifier: GPL-2.0-or-later
/* hugetlb pages of every size that the kernel has: private and anonymous, or of a memfd and shared.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "bench/region.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

#define MAX_SIZES    8 /* HUGE_MAX_HSTATE is at most 4 (6.12: arch/arm64, powerpc) */
#define POOL_WAIT_MS 1000

static size_t hugetlb_list(const struct layout_kind *kind, struct layout *layouts, size_t max)
{
	size_t sizes[MAX_SIZES];
	size_t nr = hugepage_sizes(sizes, max < MAX_SIZES ? max : MAX_SIZES);

	if (nr > max)
		nr = max;
	for (size_t i = 0; i < nr && i < MAX_SIZES; i++) {
		layout_name(&layouts[i], kind, sizes[i]);
		layouts[i].about =
			kind->shared ? "a shared mapping of a memfd of hugetlb pages, reserved for "
				       "the run"
				     : "private anonymous hugetlb pages of this size, reserved for "
				       "the run";
	}
	return nr;
}

static int pages_map(struct region *region, void *wish, int flags, int fd, struct error *err)
{
	const struct layout *layout = region->layout;
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };

	/* the pool is large enough, but a worker of another run that was killed may hold pages of
	 * it for some moments more */
	for (int waited = 0; waited < POOL_WAIT_MS; waited += 10) {
		region->addr = mmap(wish, region->bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
		if (region->addr != MAP_FAILED)
			return 0;
		if (errno != ENOMEM)
			break;
		nanosleep(&pause, NULL);
		errno = ENOMEM;
	}
	region->addr = NULL;
	return error_errno(err, errno, "map %zu pages of %s", region->bytes / layout->page_bytes,
			   layout->name);
}

static int hugetlb_map(struct region *region, void *wish, struct error *err)
{
	int flags = __builtin_ctzl(region->layout->page_bytes) << MAP_HUGE_SHIFT;

	return pages_map(region, wish, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, err);
}

static int memfd_map(struct region *region, void *wish, struct error *err)
{
	unsigned int size = (unsigned int)__builtin_ctzl(region->layout->page_bytes);
	int fd = memfd_create("pinbench", MFD_CLOEXEC | MFD_HUGETLB | size << MAP_HUGE_SHIFT);
	int ret;

	if (fd < 0)
		return error_errno(err, errno, "make a memfd of %s", region->layout->name);
	if (ftruncate(fd, (off_t)region->bytes))
		ret = error_errno(err, errno, "make a memfd of %zu bytes", region->bytes);
	else
		ret = pages_map(region, wish, MAP_SHARED, fd, err);
	close(fd);
	return ret;
}

static int hugetlb_account(const struct region *region, const struct vma_account *seen,
			   struct error *err)
{
	return account_compare(region,
			       seen->kernel_page == region->layout->page_bytes ? seen->hugetlb : 0,
			       err);
}

static bool hugetlb_fits(const struct region *region, const struct frame *frames, size_t i)
{
	return !(frames[i].flags & KPF(ANON)) == region->layout->kind->shared &&
	       frame_in_unit(region, frames, i, KPF(HUGE));
}

static bool hugetlb_fits_faulted(uint64_t flags)
{
	return flags & KPF(HUGE);
}

static int hugetlb_reserve(struct journal *journal, const struct layout *layout, int node,
			   unsigned int nr, struct error *err)
{
	if (journal)
		return hugepage_reserve(journal, layout->page_bytes, node, nr, err);
	return hugepage_free_count(layout->page_bytes, node) >= nr ? 0 : -EAGAIN;
}

/* A pool of huge pages is looked at, not raised. */
static void hugetlb_check(struct finding *finding, const struct layout *layout, int node,
			  unsigned int nr)
{
	size_t page_bytes = layout->page_bytes;
	uint64_t nr_free = hugepage_free_count(page_bytes, node), available = 0;
	char pool[256], where[24] = "", plan[48] = "", size[24];
	unsigned int wanted = nr ? nr : 1;

	size_format(page_bytes, size, sizeof(size));
	if (node >= 0)
		snprintf(where, sizeof(where), " on node %d", node);
	if (nr)
		snprintf(plan, sizeof(plan), ", %u planned", nr);
	if (hugepage_pool(page_bytes, node, pool, sizeof(pool), NULL)) {
		finding_set(finding, LEVEL_UNKNOWN, "no pool of this size%s", where);
		return;
	}
	sysfile_read_field("/proc/meminfo", "MemAvailable", &available, NULL);
	if (nr_free > 0 && nr_free >= nr) {
		finding_set(finding, LEVEL_OK, "%" PRIu64 " free%s%s", nr_free, where, plan);
		return;
	}
	if (available * 1024 < (uint64_t)wanted * page_bytes) {
		finding_set(finding, LEVEL_NO,
			    "%" PRIu64 " free%s%s, and %" PRIu64
			    " MiB of memory are too few for more",
			    nr_free, where, plan, available >> 10);
		return;
	}
	if (sysfile_is_live() && geteuid() != 0) {
		finding_set(finding, LEVEL_NO, "%" PRIu64 " free%s%s", nr_free, where, plan);
		finding_fix(finding, "echo %u | sudo tee %s/nr_hugepages", wanted, pool);
		return;
	}
	if (page_bytes >= 512u << 20) {
		finding_set(finding, LEVEL_WARN,
			    "%" PRIu64 " free%s%s: fails where memory is fragmented", nr_free,
			    where, plan);
		finding_fix(finding, "boot with hugepagesz=%s hugepages=%u", size, wanted);
		return;
	}
	finding_set(finding, LEVEL_OK, "%" PRIu64 " free%s%s: reserved for the run", nr_free, where,
		    plan);
}

const struct layout_kind layout_hugetlb = {
	.prefix = "hugetlb-",
	.sized = true,
	.pages = "hugetlb pages",
	.option = "CONFIG_HUGETLBFS",
	.accounts = "smaps",
	.large = true,
	.pool = true,
	.own_faults = true,
	.mapped_whole = true,
	.copied_whole = true,
	.reused_whole = true,
	.list = hugetlb_list,
	.map = hugetlb_map,
	.account = hugetlb_account,
	.fits = hugetlb_fits,
	.fits_faulted = hugetlb_fits_faulted,
	.reserve = hugetlb_reserve,
	.check = hugetlb_check,
};

const struct layout_kind layout_memfd_hugetlb = {
	.prefix = "memfd-hugetlb-",
	.sized = true,
	.pages = "hugetlb pages",
	.option = "CONFIG_HUGETLBFS",
	.accounts = "smaps",
	.shared = true,
	.large = true,
	.pool = true,
	.own_faults = true,
	.mapped_whole = true,
	.list = hugetlb_list,
	.map = memfd_map,
	.account = hugetlb_account,
	.fits = hugetlb_fits,
	.fits_faulted = hugetlb_fits_faulted,
	.reserve = hugetlb_reserve,
};

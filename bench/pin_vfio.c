// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VFIO type1 DMA map and unmap: one MAP_DMA ioctl per request, timed together under one pair of
 * clock reads, then one UNMAP_DMA each. The kernel pins with pin_user_pages_remote(FOLL_LONGTERM)
 * under mmap_lock, a page of page pointers at a time (vaddr_get_pfns in
 * drivers/vfio/vfio_iommu_type1.c, 6.1 and 6.12), and enters what it pinned into the IOMMU: that is
 * in the time. A map without VFIO_DMA_MAP_FLAG_WRITE is a read-only pin and can unshare.
 */
#include "bench/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/mark.h"
#include "host/sysfile.h"

#define NODE     "/dev/vfio/vfio"
#define DRIVER   "/sys/bus/pci/drivers/vfio-pci"
#define GIB      (1ull << 30)
#define INFO_MAX 65536

struct pin {
	int container, group;
	struct pin_job job;
	struct vfio_iommu_type1_dma_map *maps; /* one per request */
	size_t nr_maps, nr_mapped;
};

static struct pin_path vfio_path(const struct pinner *pinner)
{
	(void)pinner;
	return (struct pin_path){ .entry = "pin_user_pages_remote",
				  .pins = true,
				  .max_pages = (size_t)sysconf(_SC_PAGESIZE) / sizeof(void *) };
}

/* The first PCI function bound to vfio-pci, into @name. */
static int first_bound(char *name, size_t size, struct error *err)
{
	unsigned int domain, bus, slot, function;
	char path[256];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s%s", sysfile_root(), DRIVER);
	directory = dir_open(path);
	name[0] = '\0';
	while (directory && !name[0] && (entry = readdir(directory)))
		if (sscanf(entry->d_name, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4)
			snprintf(name, size, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	if (directory)
		closedir(directory);
	if (name[0])
		return 0;
	error_set(err, EOPNOTSUPP, "no PCI function is bound to vfio-pci");
	return error_fix(err, "for a DEV that nothing uses (lspci -D), as root: cd /sys/bus/pci; "
			      "echo DEV > devices/DEV/driver/unbind; echo vfio-pci > "
			      "devices/DEV/driver_override; "
			      "echo DEV > drivers_probe");
}

/* The number of the function's IOMMU group: the link appears when the driver is bound. */
static int group_number(const char *function, unsigned int *number, struct error *err)
{
	char path[320], link[256];
	const char *last;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%.40s/iommu_group", sysfile_root(),
		 function);
	length = readlink(path, link, sizeof(link) - 1);
	if (length > 0) {
		link[length] = '\0';
		last = strrchr(link, '/');
		if (sscanf(last ? last + 1 : link, "%u", number) == 1)
			return 0;
	}
	error_set(err, EOPNOTSUPP,
		  "%.40s has no IOMMU group: it does not exist, or this kernel runs without an "
		  "IOMMU",
		  function);
	return error_fix(err, "enable the IOMMU in the firmware and boot with intel_iommu=on or "
			      "the like");
}

static int open_container(struct error *err)
{
	int container = TEMP_FAILURE_RETRY(open(NODE, O_RDWR | O_CLOEXEC));

	if (container < 0 && (errno == ENOENT || errno == ENODEV)) {
		error_set(err, EOPNOTSUPP, "this kernel offers no VFIO container (%s)", NODE);
		return error_fix(err, "modprobe vfio-pci (needs CONFIG_VFIO_GROUP, "
				      "CONFIG_VFIO_CONTAINER, an IOMMU)");
	}
	if (container < 0 && errno == EACCES) {
		error_set(err, EOPNOTSUPP, "%s may not be opened by this user", NODE);
		return error_fix(err, "run as root");
	}
	if (container < 0)
		return error_errno(err, errno, "opening %s", NODE);
	return container;
}

static int open_group(struct pin *pin, const char *function, unsigned int number, struct error *err)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char node[48];

	snprintf(node, sizeof(node), "/dev/vfio/%u", number);
	pin->group = TEMP_FAILURE_RETRY(open(node, O_RDWR | O_CLOEXEC));
	if (pin->group < 0 && errno == EBUSY)
		return error_set(err, EBUSY, "%s (of %.40s) is open elsewhere", node, function);
	if (pin->group < 0) {
		error_set(err, EOPNOTSUPP, "%s (of %.40s): %s", node, function, strerror(errno));
		return error_fix(err,
				 "bind %.40s to vfio-pci, and run as root or as the owner of %s",
				 function, node);
	}
	if (ioctl(pin->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return error_errno(err, errno, "VFIO_GROUP_GET_STATUS of %s", node);
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		error_set(err, EOPNOTSUPP,
			  "another function in the IOMMU group of %.40s still has its driver",
			  function);
		return error_fix(err, "bind all of /sys/kernel/iommu_groups/%u/devices to vfio-pci",
				 number);
	}
	return 0;
}

static int set_iommu(struct pin *pin, struct error *err)
{
	if (ioctl(pin->group, VFIO_GROUP_SET_CONTAINER, &pin->container) < 0)
		return error_errno(err, errno, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(pin->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0)
		return 0;
	if (errno == EPERM) {
		error_set(err, EOPNOTSUPP, "this machine cannot isolate the interrupts of devices");
		return error_fix(err, "modprobe vfio_iommu_type1 allow_unsafe_interrupts=1, if the "
				      "device is trusted");
	}
	if (errno == ENODEV || errno == EINVAL) {
		error_set(err, EOPNOTSUPP, "this kernel has no VFIO type1 IOMMU");
		return error_fix(err, "modprobe vfio_iommu_type1 (CONFIG_VFIO_IOMMU_TYPE1)");
	}
	return error_errno(err, errno, "VFIO_SET_IOMMU");
}

static const struct vfio_info_cap_header *info_cap(const struct vfio_iommu_type1_info *info,
						   uint16_t id)
{
	const struct vfio_info_cap_header *cap;
	uint32_t offset = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;

	while (offset && offset + sizeof(*cap) <= info->argsz) {
		cap = (const void *)((const char *)info + offset);
		if (cap->id == id)
			return cap;
		offset = cap->next;
	}
	return NULL;
}

/* Where the IOMMU takes @bytes: 4 GiB or above if possible, clear of interrupt windows; a multiple
 * of 1 GiB. */
static int find_iova(const struct vfio_iommu_type1_info *info, uint64_t bytes, uint64_t *iova,
		     struct error *err)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges =
		(const void *)info_cap(info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);

	*iova = 4 * GIB;
	for (int above = 1; ranges && above >= 0; above--) {
		for (uint32_t i = 0; i < ranges->nr_iovas; i++) {
			uint64_t start = ranges->iova_ranges[i].start,
				 end = ranges->iova_ranges[i].end;

			if (above && start < 4 * GIB)
				start = 4 * GIB;
			start = (start + GIB - 1) / GIB * GIB;
			if (start <= end && end - start >= bytes - 1) {
				*iova = start;
				return 0;
			}
		}
	}
	return ranges ? error_set(err, EOPNOTSUPP,
				  "the IOMMU has no room for %llu bytes in one piece",
				  (unsigned long long)bytes)
		      : 0;
}

static int prepare_maps(struct pin *pin, struct error *err)
{
	const struct pin_job *job = &pin->job;
	size_t request = job->pages_per_call * job->region->base_bytes;
	autofree struct vfio_iommu_type1_info *info = calloc(1, INFO_MAX);
	const struct vfio_iommu_type1_info_dma_avail *avail;
	uint64_t iova;
	int rc;

	pin->nr_maps = (job->bytes + request - 1) / request;
	pin->maps = calloc(pin->nr_maps, sizeof(*pin->maps));
	if (!info || !pin->maps)
		return error_errno(err, ENOMEM, "%zu DMA maps", pin->nr_maps);
	info->argsz = INFO_MAX;
	if (ioctl(pin->container, VFIO_IOMMU_GET_INFO, info) < 0)
		return error_errno(err, errno, "VFIO_IOMMU_GET_INFO");
	if (info->argsz > INFO_MAX)
		return error_set(err, E2BIG, "VFIO_IOMMU_GET_INFO has %u bytes", info->argsz);
	avail = (const void *)info_cap(info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	if (avail && pin->nr_maps > avail->avail) {
		error_set(err, EOPNOTSUPP, "VFIO takes %u maps, this needs %zu", avail->avail,
			  pin->nr_maps);
		return error_fix(err, "choose more pages_per_call");
	}
	rc = find_iova(info, job->region->bytes, &iova, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < pin->nr_maps; i++) {
		struct vfio_iommu_type1_dma_map *map = &pin->maps[i];
		size_t at = job->offset + i * request;

		map->argsz = sizeof(*map);
		map->flags = VFIO_DMA_MAP_FLAG_READ |
			     (job->access == ACCESS_WRITE ? VFIO_DMA_MAP_FLAG_WRITE : 0);
		map->vaddr = (uintptr_t)job->region->addr + at;
		map->iova = iova +
			    at; /* as aligned as the page of the layout: the IOMMU can map large */
		map->size = i + 1 < pin->nr_maps ? request : job->bytes - i * request;
	}
	return 0;
}

static int vfio_prepare(struct pin *pin, struct error *err)
{
	const char *named = pin->job.device;
	unsigned int number = 0;
	char function[48];
	int rc = 0;

	pin->container = open_container(err);
	if (pin->container < 0)
		return pin->container;
	if (ioctl(pin->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return error_set(err, EOPNOTSUPP, "%s speaks an unknown version of VFIO", NODE);
	if (named && !strchr(named, '/'))
		snprintf(function, sizeof(function), "%.40s", named);
	else
		rc = first_bound(function, sizeof(function), err);
	if (!rc)
		rc = group_number(function, &number, err);
	if (!rc)
		rc = open_group(pin, function, number, err);
	if (!rc)
		rc = set_iommu(pin, err);
	return rc ? rc : prepare_maps(pin, err);
}

/* Takes back what is mapped, the last first; says so if the kernel took back less than was mapped.
 */
static int unmap_all(struct pin *pin, struct error *err)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	int rc = 0;

	while (pin->nr_mapped) {
		const struct vfio_iommu_type1_dma_map *map = &pin->maps[--pin->nr_mapped];

		unmap = (struct vfio_iommu_type1_dma_unmap){ .argsz = sizeof(unmap),
							     .iova = map->iova,
							     .size = map->size };
		if (ioctl(pin->container, VFIO_IOMMU_UNMAP_DMA, &unmap) < 0)
			rc = error_errno(err, errno, "VFIO_IOMMU_UNMAP_DMA");
		else if (unmap.size != map->size)
			rc = error_set(err, EIO, "VFIO unmapped %llu of %llu bytes",
				       (unsigned long long)unmap.size,
				       (unsigned long long)map->size);
	}
	return rc;
}

static int map_all(struct pin *pin, struct error *err)
{
	int code;

	for (; pin->nr_mapped < pin->nr_maps; pin->nr_mapped++)
		if (ioctl(pin->container, VFIO_IOMMU_MAP_DMA, &pin->maps[pin->nr_mapped]) < 0)
			break;
	if (pin->nr_mapped == pin->nr_maps)
		return 0;
	code = errno;
	error_errno(err, code, "VFIO_IOMMU_MAP_DMA number %zu of %zu", pin->nr_mapped + 1,
		    pin->nr_maps);
	unmap_all(pin, NULL);
	if (code == ENOMEM)
		return error_fix(err, "ulimit -l %zu (or run with CAP_IPC_LOCK)",
				 pin->job.bytes >> 10);
	return -code;
}

static void vfio_close(struct pin *pin)
{
	if (!pin)
		return;
	unmap_all(pin, NULL);
	if (pin->group >= 0)
		close(pin->group);
	if (pin->container >= 0)
		close(pin->container);
	free(pin->maps);
	free(pin);
}

static int vfio_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
		     struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->container = pin->group = -1;
	pin->job = *job;
	rc = vfio_prepare(pin, err);
	if (rc) {
		vfio_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int vfio_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, mapped, stop, end;
	int rc;

	start = clock_now();
	mark(MARK_START);
	rc = map_all(pin, err);
	mapped = clock_end(start);
	mark(MARK_PIN);
	if (rc)
		return rc;
	stop = clock_now();
	mark(MARK_START);
	rc = unmap_all(pin, err);
	end = clock_end(stop);
	mark(MARK_UNPIN);
	if (rc)
		return rc;
	*sample = (struct sample){ .have = 1u << METRIC_PIN | 1u << METRIC_UNPIN };
	sample->ticks[METRIC_PIN] = mapped - start;
	sample->ticks[METRIC_UNPIN] = end - stop;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *vfio_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? NULL : CLOCK_OUTSIDE;
}

/* Before 6.2 a read-only long-term pin of a hole got the zero page, which takes no pin. */
static uint64_t vfio_held_refs(const struct pin *pin)
{
	const struct pin_job *job = &pin->job;

	if (job->unpopulated && job->access == ACCESS_READ && kernel_release() < KERNEL(6, 2) &&
	    job->region->layout->kind->zero_page)
		return PIN_REFS_UNKNOWN;
	return job->bytes / job->region->base_bytes;
}

const struct pinner pin_vfio = {
	.name = "vfio/type1",
	.about = "VFIO type1 DMA map and unmap: long-term pins and the IOMMU, never the fast path",
	.access = ACCESS_READ | ACCESS_WRITE,
	.memlock = true,
	.dma_map = true,
	.option = "CONFIG_VFIO",
	.path = vfio_path,
	.probe = pinner_try_page,
	.open = vfio_open,
	.cycle = vfio_cycle,
	.clock = vfio_clock,
	.hold = map_all,
	.release = unmap_all,
	.held_refs = vfio_held_refs,
	.close = vfio_close,
};

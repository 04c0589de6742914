// SPDX-License-Identifier: GPL-2.0-or-later
/* Every pinner, layout, state and observer, in the order of pinbench list. A new one is one file
 * and its line here. */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One line per pinner: the name of its struct. */
#define PINNERS(X)               \
	X(pin_null)              \
	X(pin_gup_fast)          \
	X(pin_pin_fast)          \
	X(pin_pin_fast_longterm) \
	X(pin_pin_longterm)      \
	X(pin_pin_basic)         \
	X(pin_gup_basic)         \
	X(pin_hold_fast)         \
	X(pin_hold_slow)         \
	X(pin_process_vm_readv)  \
	X(pin_process_vm_writev) \
	X(pin_vmsplice)          \
	X(pin_io_uring)          \
	X(pin_odirect_write)     \
	X(pin_odirect_read)      \
	X(pin_vfio)

/* One line per kind of layouts; the first is of single pages. */
#define LAYOUTS(X)              \
	X(layout_base_pages)    \
	X(layout_mthp)          \
	X(layout_thp)           \
	X(layout_hugetlb)       \
	X(layout_shmem)         \
	X(layout_shmem_thp)     \
	X(layout_memfd_hugetlb) \
	X(layout_thp_ptes)      \
	X(layout_thp_part)      \
	X(layout_thp_moved)

/* One line per state: the name of its struct. */
#define STATES(X)                   \
	X(state_exclusive)          \
	X(state_exclusive_ro)       \
	X(state_shared)             \
	X(state_partially_shared)   \
	X(state_previously_shared)  \
	X(state_dontfork)           \
	X(state_pinned_then_forked) \
	X(state_mlocked)            \
	X(state_unpopulated)

/*
 * One line per observer, innermost first: reading pagemap takes mmap_lock, reading perf records
 * faults their pages in.
 */
#define OBSERVERS(X)         \
	X(observe_rusage)    \
	X(observe_mmap_lock) \
	X(observe_kprobe)    \
	X(observe_frames)

#define ENTER(name)            &name,
#define DECLARE_PINNER(name)   extern const struct pinner name;
#define DECLARE_LAYOUT(name)   extern const struct layout_kind name;
#define DECLARE_STATE(name)    extern const struct state name;
#define DECLARE_OBSERVER(name) extern const struct observer name;

PINNERS(DECLARE_PINNER)
const struct pinner *const pinners[] = { PINNERS(ENTER) NULL };

LAYOUTS(DECLARE_LAYOUT)
const struct layout_kind *const layout_kinds[] = { LAYOUTS(ENTER) NULL };

STATES(DECLARE_STATE)
const struct state *const states[] = { STATES(ENTER) NULL };

OBSERVERS(DECLARE_OBSERVER)
const struct observer *const observers[] = { OBSERVERS(ENTER) NULL };

size_t layout_list(struct layout *layouts, size_t max)
{
	size_t nr = 0;

	for (size_t i = 0; layout_kinds[i]; i++)
		nr += layout_kinds[i]->list(layout_kinds[i], layouts + nr, max - nr);
	return nr;
}

static bool offered(const struct layout_kind *kind, const struct layout *layouts, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (layouts[i].kind == kind)
			return true;
	return false;
}

bool layout_absent(const struct layout_kind *kind, const struct layout *layouts, size_t nr,
		   char name[40], char why[128])
{
	if (offered(kind, layouts, nr))
		return false;
	/* of kinds whose names begin alike the first speaks for all */
	for (size_t i = 0; layout_kinds[i] != kind; i++)
		if (strcmp(layout_kinds[i]->prefix, kind->prefix) == 0 &&
		    !offered(layout_kinds[i], layouts, nr))
			return false;
	snprintf(name, 40, "%.15s%s%.15s", kind->prefix, kind->sized ? "SIZE" : "",
		 kind->suffix ? kind->suffix : "");
	if (kind->absent)
		snprintf(why, 128, "%s", kind->absent());
	else
		snprintf(why, 128, "this kernel offers no %s (%s)", kind->pages, kind->option);
	return true;
}

void layout_base(struct layout *layout)
{
	layout_kinds[0]->list(layout_kinds[0], layout, 1);
}

const struct layout_kind *layout_kind_of(const char *name, char size[24])
{
	const struct layout_kind *found = NULL;

	size[0] = '\0';
	for (size_t i = 0; layout_kinds[i]; i++) {
		const struct layout_kind *kind = layout_kinds[i];
		size_t length = strlen(name), prefix = strlen(kind->prefix),
		       suffix = kind->suffix ? strlen(kind->suffix) : 0;

		if (!kind->sized && strcmp(name, kind->prefix) == 0)
			return kind;
		if (!kind->sized || length < prefix + suffix ||
		    strncmp(name, kind->prefix, prefix) != 0 ||
		    (suffix && strcmp(name + length - suffix, kind->suffix) != 0))
			continue;
		/* "thp-64K-part" begins as "thp-64K" does: the suffix tells */
		if (found && !suffix)
			continue;
		found = kind;
		snprintf(size, 24, "%.*s", (int)(length - prefix - suffix), name + prefix);
	}
	return found;
}

bool layout_is_control(const char *name)
{
	char size[24];
	const struct layout_kind *kind = layout_kind_of(name, size);

	return kind && kind->control;
}

const struct pinner *pinner_find(const char *name)
{
	for (size_t i = 0; pinners[i]; i++)
		if (strcmp(pinners[i]->name, name) == 0)
			return pinners[i];
	return NULL;
}

const struct pinner *pinner_floor(void)
{
	size_t i = 0;

	while (!pinners[i]->floor)
		i++;
	return pinners[i];
}

bool pinner_is_floor(const char *name)
{
	const struct pinner *pinner = pinner_find(name);

	return pinner && pinner->floor;
}

int pinner_try_page(const struct pinner *pinner, struct error *why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct layout layout;
	struct region region = { .layout = &layout, .bytes = page, .base_bytes = page };
	struct pin_job job = {
		.region = &region,
		.bytes = page,
		.pages_per_call = 1,
		.access = pinner->access & ACCESS_READ ? ACCESS_READ : ACCESS_WRITE,
	};
	struct sample sample;
	struct pin *pin = NULL;
	int ret;

	layout_base(&layout);
	region.addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region.addr == MAP_FAILED)
		return error_errno(why, errno, "map a page to pin");
	*(volatile unsigned char *)region.addr =
		1; /* not the zero page, for which gup_test WARNs */
	ret = pinner->open(&pin, pinner, &job, why);
	if (ret == 0)
		ret = pinner->cycle(pin, &sample, why);
	if (ret == 0 && sample.nr_pages != 1)
		ret = error_set(why, EIO, "%s said that it pinned a page and did not",
				pinner->name);
	pinner->close(pin);
	munmap(region.addr, page);
	return ret;
}

bool observer_unsupported(const struct error *why)
{
	/* E2BIG: a struct perf_event_attr with fields that the kernel does not know */
	return error_unsupported(why) || why->code == EPROTO || why->code == EOVERFLOW ||
	       why->code == E2BIG;
}

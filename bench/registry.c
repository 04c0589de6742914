// SPDX-License-Identifier: GPL-2.0-or-later
/* Every pinner, in the order of pinbench list. A new one is one file and its lines here. */
#include "bench/bench.h"

#include <errno.h>
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
	X(pin_io_uring)          \
	X(pin_odirect_write)     \
	X(pin_odirect_read)      \
	X(pin_vfio)

#define DECLARE(name) extern const struct pinner name;
#define ENTER(name)   &name,

PINNERS(DECLARE)
const struct pinner *const pinners[] = { PINNERS(ENTER) NULL };

const struct pinner *pinner_find(const char *name)
{
	for (size_t i = 0; pinners[i]; i++)
		if (strcmp(pinners[i]->name, name) == 0)
			return pinners[i];
	return NULL;
}

int pinner_try_page(const struct pinner *pinner, struct error *why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const struct layout layout = { .name = "probe",
				       .backing = BACKING_BASE,
				       .page_bytes = page };
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

// SPDX-License-Identifier: GPL-2.0-or-later
/* Every pinner, in the order of pinbench list. A new one is one file and its lines here. */
#include "bench.h"

#include <string.h>

/* One line per pinner: the name of its struct. */
#define PINNERS(X) \
	X(pin_null) \
	X(pin_gup_fast) \
	X(pin_pin_fast) \
	X(pin_pin_fast_longterm) \
	X(pin_pin_longterm) \
	X(pin_pin_basic) \
	X(pin_gup_basic) \
	X(pin_hold_fast) \
	X(pin_hold_slow) \
	X(pin_process_vm_readv) \
	X(pin_process_vm_writev) \
	X(pin_io_uring) \
	X(pin_odirect_write) \
	X(pin_odirect_read) \
	X(pin_vfio)

#define DECLARE(name) extern const struct pinner name;
#define ENTER(name) &name,

PINNERS(DECLARE)
const struct pinner *const pinners[] = { PINNERS(ENTER) NULL };

const struct pinner *pinner_find(const char *name)
{
	for (size_t i = 0; pinners[i]; i++)
		if (strcmp(pinners[i]->name, name) == 0)
			return pinners[i];
	return NULL;
}

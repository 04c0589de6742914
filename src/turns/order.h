/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What takes turns within a block: cases that belong together, one of each side. Only for
 * interleave*.c. */
#include "turns/turns.h"

/* NULL: that side has no such case. */
struct turn {
	const char *keys[INTERLEAVE_SIDES];
};

struct turns {
	struct turn *items;
	size_t nr;
};

/* In the order of the first side's job, then what only the other one has; keys are the plans'. Free
 * items. */
void turns_find(struct turns *turns, const struct interleave *interleave);

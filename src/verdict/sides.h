/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All sides that a verb was given. */
#include "verdict/compare.h"
#include "verdict/side.h"

struct sides {
	struct side *items; /* the first is the base */
	size_t nr;
	struct comparison *comparisons; /* of the base with each of the others; of one side alone
					   with itself, which says its numbers and nothing more */
	size_t nr_comparisons;
};

/* Loads and compares. sides_free() also after a failure. */
int sides_load(struct sides *sides, char *const *arguments, size_t nr,
	       const struct compare_options *options, struct error *err);
void sides_free(struct sides *sides);

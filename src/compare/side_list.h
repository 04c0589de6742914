/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All sides that a verb was given. */
#include "compare/compare.h"
#include "compare/side.h"

struct side_list {
	struct side *items; /* the first is the base */
	size_t nr;
	struct comparison *comparisons; /* of the base with each of the others; of one side alone
					   with itself, which says its numbers and nothing more */
	size_t nr_comparisons;
};

/* Loads and compares. side_list_free() also after a failure. */
int side_list_load(struct side_list *sides, char *const *arguments, size_t nr,
		   const struct compare_options *options, struct error *err);
void side_list_free(struct side_list *sides);

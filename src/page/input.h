/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a page is made of. */
#include "compare/compare.h"
#include "compare/side.h"

struct page_input {
	const struct side *sides; /* the first is the base */
	size_t nr_sides;
	/* Of sides[0] with each of the others; of a page about one side, with itself: only the
	 * numbers of the base are shown then. */
	const struct comparison *comparisons;
	size_t nr;
	const struct compare_options *options;
};

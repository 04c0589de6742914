/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The rows of a comparison. Only for compare_*.c. */
#include "compare.h"

/* What columns are called: the labels where they fit and differ, else "base" and "new". */
struct compare_names {
	char base[24], new[24];
};

struct compare_names compare_names(const struct comparison *comparison);
/* The group of pairs[@first] as a table; marks its pairs in @printed. */
void compare_print_group(FILE *out, const struct look *look, const struct comparison *comparison, size_t first,
			 const struct params *common, bool *printed);

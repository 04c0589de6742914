/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Several comparisons with one base as one table: a row a case and metric, a column a comparison.
 */
#include "compare/compare.h"

struct matrix_row {
	const struct result *base;
	enum row_kind kind;
	unsigned int which;      /* enum metric, or enum count */
	const struct row **rows; /* of each comparison; NULL: not there */
	const struct row *first; /* the first of them that is there */
	bool redundant;          /* in all */
	bool shown;              /* in any */
};

struct matrix {
	const struct comparison *comparisons;
	size_t nr;               /* comparisons */
	struct matrix_row *rows; /* by case in the order of the base */
	size_t nr_rows;
	const struct row **cells;
};

/* Points into @comparisons, which are of one base. */
void matrix_find(struct matrix *matrix, const struct comparison *comparisons, size_t nr);
void matrix_free(struct matrix *matrix);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Several kernels against one base: a row a case and metric, a column a kernel with its number, the
 * change against the base and the verdict. Sections and units as of one comparison.
 */
#include "compare/matrix.h"
#include "print/grid.h"
#include "print/heading.h"

struct matrix_print {
	FILE *out;
	const struct look *look;
	const struct matrix *matrix;
	struct verdicts judged;   /* a row a row of the matrix, with the worst of its verdicts */
	struct sections sections; /* of these */
	struct params common;
	char (*names)[24]; /* of the base and of each kernel */
};

/* Where there are more than @many rows, those that changed nowhere are left out. @most columns for
 * a name. */
void matrix_print_init(struct matrix_print *print, const struct matrix *matrix, size_t many,
		       size_t most);
void matrix_print_free(struct matrix_print *print);
/* The row of the matrix that a row of the sections stands for. */
const struct matrix_row *matrix_row_of(const struct matrix_print *print, const struct row *row);
/* Every number exact, and the same in the whole section on every side: one line is enough. */
bool matrix_all_equal(const struct matrix_print *print, const struct section *section);
/* "12 worse, 3 better" of one kernel. */
void matrix_tally(const struct matrix_print *print, size_t kernel, char *text, size_t size);

/* The matrix as each format has it. */
struct compare_options;
void matrix_print_text(FILE *out, const struct look *look, const struct matrix *matrix,
		       const struct compare_options *options);
void matrix_print_commit(FILE *out, const struct look *look, const struct matrix *matrix,
			 const struct compare_options *options);
void matrix_print_markdown(FILE *out, const struct look *look, const struct matrix *matrix,
			   const struct compare_options *options);

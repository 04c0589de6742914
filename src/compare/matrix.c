// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/matrix.h"

#include <stdlib.h>

#include "base/memory.h"

struct cell {
	const struct row *row;
	size_t column;
};

/* In the order of the base; then rates, counts, times, tails, as each comparison has them. */
static int by_row(const struct row *left, const struct row *right)
{
	static const unsigned int order[] = { [ROW_RATE] = 0, [ROW_COUNT] = 1,  [ROW_COST] = 2,
					      [ROW_TIME] = 3, [ROW_MEMORY] = 4, [ROW_TAIL] = 5 };

	if (left->base != right->base)
		return left->base < right->base ? -1 : 1;
	if (left->kind != right->kind)
		return order[left->kind] < order[right->kind] ? -1 : 1;
	return (left->which > right->which) - (left->which < right->which);
}

static int by_place(const void *a, const void *b)
{
	const struct cell *left = a, *right = b;
	int order = by_row(left->row, right->row);

	return order ? order : (left->column > right->column) - (left->column < right->column);
}

static void add_cell(struct matrix *matrix, const struct cell *cell)
{
	struct matrix_row *last = matrix->nr_rows ? &matrix->rows[matrix->nr_rows - 1] : NULL;

	if (!last || by_row(last->first, cell->row)) {
		last = &matrix->rows[matrix->nr_rows];
		*last = (struct matrix_row){
			.base = cell->row->base,
			.kind = cell->row->kind,
			.which = cell->row->which,
			.rows = &matrix->cells[matrix->nr_rows * matrix->nr],
			.first = cell->row,
			.redundant = true,
		};
		matrix->nr_rows++;
	}
	last->rows[cell->column] = cell->row;
	last->redundant = last->redundant && cell->row->redundant;
	last->shown = last->shown || cell->row->shown;
}

void matrix_find(struct matrix *matrix, const struct comparison *comparisons, size_t nr)
{
	autofree struct cell *cells = NULL;
	size_t nr_cells = 0, nr_all = 0, nr_rows = 0;

	for (size_t i = 0; i < nr; i++)
		nr_all += comparisons[i].verdicts.nr;
	cells = calloc(nr_all + 1, sizeof(*cells));
	if (!cells)
		abort();
	for (size_t i = 0; i < nr; i++)
		for (size_t j = 0; j < comparisons[i].verdicts.nr; j++)
			cells[nr_cells++] = (struct cell){ &comparisons[i].verdicts.rows[j], i };
	qsort(cells, nr_cells, sizeof(*cells), by_place);
	for (size_t i = 0; i < nr_cells; i++)
		nr_rows += i == 0 || by_row(cells[i - 1].row, cells[i].row);
	*matrix = (struct matrix){
		.comparisons = comparisons,
		.nr = nr,
		.rows = calloc(nr_rows + 1, sizeof(*matrix->rows)),
		.cells = calloc(nr_rows * nr + 1, sizeof(*matrix->cells)),
	};
	if (!matrix->rows || !matrix->cells)
		abort();
	for (size_t i = 0; i < nr_cells; i++)
		add_cell(matrix, &cells[i]);
}

void matrix_free(struct matrix *matrix)
{
	free(matrix->rows);
	free(matrix->cells);
	*matrix = (struct matrix){ 0 };
}

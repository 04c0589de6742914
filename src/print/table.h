/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One report for people: what was measured, what was not and why. */
#include <stdio.h>

#include "print/grid.h"
#include "result/results.h"
#include "stats/summary.h"
#include "verdict/unshare.h"

void table_print(FILE *out, const struct look *look, const struct results *results);

/* Nothing where no case has both terms. */
void table_print_unshare(FILE *out, const struct look *look, const struct results *results);
/* Skipped cases by reason, with the line that enables them, and failed cases one by one. @whose: ""
 * or "base: ". */
void table_print_undone(FILE *out, const struct look *look, const struct results *results,
			const char *whose);
/* "fixed part 1.2 us + 35.1 ns per page (4 points, r2 0.998)"; empty when one window size cannot
 * tell. */
void fit_format(const struct results *results, const struct unshare_list *list, size_t index,
		char *text, size_t size);
/* "1.2 us (1.1 .. 1.3)", or "not distinguishable from 0 (-3.1 .. +1.2 us)"; the number alone where
 * there is no interval. */
void cost_format(const struct cost *cost, const struct unit *unit, char *text, size_t size);
/* What the brackets mean, or why there are none. */
const char *cost_legend(const struct unshare_list *list);
/* "window, pages per call, more": the first three cells of a row. */
void table_add_case(struct grid *grid, const struct result *result);
/* One cell: the count, empty where it is not known. */
void table_add_count(struct grid *grid, const struct result *result, enum count count);

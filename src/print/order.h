/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The rows of a comparison in the order in which people read them, for formats with tables: cases
 * of one kind together, those with a row that got worse first; in them one metric after the other
 * with one unit for all its rows, so that ratios can be checked by eye; in these what got worse
 * first.
 */
#include "stats/summary.h"
#include "verdict/verdict.h"

struct section {
	const struct row **rows;
	size_t nr;
	struct unit unit;    /* of times and tails */
	bool first_of_group; /* another pinner, layout, state or access than the section before */
};

struct sections {
	struct section *items;
	size_t nr;
	size_t nr_rows;            /* in all of items[] */
	size_t nr_of[NR_VERDICTS]; /* of all rows that people may see */
	size_t nr_left_out[NR_VERDICTS], nr_left_out_all;
	const struct row **rows;
};

/*
 * Where there are more than @many rows, those that did not change are left out, unless they are the
 * controls of one that did.
 */
void sections_find(struct sections *sections, const struct verdicts *verdicts, size_t many);
void sections_free(struct sections *sections);

/* 0: rows of one pinner, layout, state and access on both sides, which may have measured different
 * things on purpose. */
int rows_by_group(const struct row *left, const struct row *right);

/* The numbers of a row, without the unit of its section. Empty where they are not known. */
struct row_cells {
	char value[2][32];
	char change[32];   /* "+1.3%"; rates: points; counts: the difference; "=" */
	char interval[48]; /* "[-66.3, -65.3]" in the unit of the change */
};

void row_cells(const struct row *row, const struct unit *unit, struct row_cells *cells);

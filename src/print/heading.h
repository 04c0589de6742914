/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What stands above and beside the numbers: the file, what all cases have in common, and what a
 * group of rows shares. */
#include "print/grid.h"
#include "result/results.h"
#include "stats/summary.h"
#include "verdict/verdict.h"

/* "6.1.192, aarch64, Cortex-A76": kernel and machine, as far as the file knows them; in one line.
 */
void machine_format(const struct results *results, char *text, size_t size);
/* The same without the kernel. */
void hardware_format(const struct results *results, char *text, size_t size);

/*
 * What must be said beside the times of a guest that a software emulator ran, which nobody should
 * take for those of a machine; NULL for all others.
 */
const char *emulated_note(const struct results *results);

/* What every case of all reports shares: the other fields are empty. */
void common_add(struct params *common, const struct params *params, bool first);
void common_find(struct params *common, const struct results *const *reports, size_t nr);
/* "pinner gup-test/pin-fast, access read"; empty when nothing is common. */
void common_format(const struct params *common, char *text, size_t size);

/* Rows of one table: the same pinner, layout, state and access. */
bool params_same_group(const struct params *a, const struct params *b);
/* What sets this group apart from the others: "hugetlb-64K, exclusive-ro"; empty when nothing does.
 */
void group_format(const struct params *params, const struct params *common, char *text,
		  size_t size);
/* The same of two sides: "base -> thp-2M, exclusive" where they are not the same. */
void groups_format(const struct params *base, const struct params *new, const struct params *common,
		   char *text, size_t size);
/* Pages of one call: "512", "all" where gup_test -n -1 was imported, or empty where they are not
 * known. */
void pages_format(const struct result *result, char *text, size_t size);
/* What a key says beyond the parameters: "size=4M cpu=1"; usually empty. */
void extras_format(const char *key, char *text, size_t size);

/*
 * The rows of a comparison in the order in which people read them, for formats with tables: cases
 * of one kind together, those with a row that got worse first; in them one metric after the other
 * with one unit for all its rows, so that ratios can be checked by eye; in these what got worse
 * first.
 */

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

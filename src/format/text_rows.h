/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of a comparison as text. Only for compare_*.c. */
#include "format/format.h"
#include "print/grid.h"
#include "verdict/words.h"

/* How much a terminal has room for: the first that fits, for all tables of a comparison. */
struct row_style {
	bool interval, spread, brief; /* brief: no "instr" in each cell */
	struct compare_names names;
};

struct text_print {
	FILE *out;
	const struct look *look;
	const struct comparison *comparison;
	struct params common; /* what all cases of both have */
	bool replicated;      /* more than one observation a side in any row */
	struct row_style style;
	struct footnotes notes;
};

/* Chooses @style so that every group of rows fits look->columns, if any does. */
void compare_fit(struct text_print *print);
/* All rows that are to be shown, group by group. */
void compare_print_groups(struct text_print *print);
void compare_print_footnotes(struct text_print *print);

/* Files, what cannot be compared, environment: before any number. */
void compare_print_head(const struct text_print *print, const struct compare_options *options);
/* How many rows of each verdict, by which rule; then what got worse. */
void compare_print_tally(const struct text_print *print, const struct compare_options *options);
void compare_print_unshare(const struct text_print *print);

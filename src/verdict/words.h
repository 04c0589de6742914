/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verdict/verdict.h"

/* How the parts of a row are written for people, in every format. Texts are empty where there is
 * nothing to say. */

/* What columns are called: the labels where they differ and fit in @most columns, else "base" and
 * "new". */
struct compare_names {
	char base[24], new[24];
};

struct compare_names compare_names(const struct results *base, const struct results *new,
				   size_t most);

/* "hit rate", "slow pages", "copied", "pin", "pin p99". */
const char *row_label(const struct row *row);
/* "4.700 us", "6.25 %", "16"; both sides of a time in one unit. @brief: "3.152 k" for "3.152 k
 * instr". */
void row_value_format(const struct row *row, size_t side, bool icount, bool brief, char *text,
		      size_t size);
/* The same with " ±1.5 %", where there is a spread over runs. */
void row_spread_format(const struct row *row, size_t side, bool icount, char *text, size_t size);
/* "+36.3 %", "+93.75 points", "+15", "=". */
void row_change_format(const struct row *row, char *text, size_t size);
/* "[-0.5, +1.4] %"; counts: "exact". */
void row_interval_format(const struct row *row, char *text, size_t size);
/* "2 %": a part as a percentage. */
void percent_format(double part, char *text, size_t size);
/* "2 worse, 5 better, 12 same"; those that are 0 are left out. */
/* "+38.7 % instr, atomics 50 -> 146, misses 0 -> 0", of a ROW_COST. */
void row_cost_format(const struct row *row, char *text, size_t size);
void tally_format(const size_t nr_of[NR_VERDICTS], char *text, size_t size);
/* Whether any row has more than one observation a side. */
bool verdicts_replicated(const struct verdicts *verdicts);
/*
 * What the runs behind the table were, one sentence: "12 boots each, interleaved (abba): compared
 * in pairs of one block", "1 boot each: says nothing about boot-to-boot differences".
 */
void design_format(const struct verdicts *verdicts, char *text, size_t size);

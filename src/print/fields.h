/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the formats for programs (csv, json) call things, and which numbers they have:
 * docs/comparison-format.md. */
#include "verdict/verdict.h"

extern const char *const kind_names[];   /* by enum row_kind: "time" ... */
extern const char *const design_names[]; /* by enum row_design */

/* "cycle", "hit_rate", "slow_pages": no spaces, the same in every version. */
const char *row_field(const struct row *row);
/* "ns", "instructions", "part" (of 1), "pages" ... */
const char *row_unit(const struct row *row, const struct verdicts *verdicts);
/* "lower", "higher", "none". */
const char *row_better(const struct row *row);

/* The numbers of a row. One that is not known is NAN, never 0 and never infinite. */
struct row_numbers {
	double value[2], spread[2];
	double least[2]; /* of a hit rate that is known no better; its value is not known then */
	double change, low, high;
	double p, alpha;
};

struct row_numbers row_numbers(const struct row *row);
/*
 * Bytes that a DMA map maps in a second, which is what people quote of it: with @ticks for all
 * pages of the case. 0: no DMA map, no time (instructions), or not known.
 */
double result_throughput(const struct results *results, const struct result *result,
			 enum metric metric, double ticks);
/* Bytes in a second of a row of DMA maps, of both sides; NAN: none, or not known. */
void row_throughput(const struct row *row, const struct verdicts *verdicts, double rate[2]);

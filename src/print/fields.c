// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "stats/summary.h"

const char *const kind_names[] = {
	[ROW_TIME] = "time",   [ROW_TAIL] = "p99",      [ROW_RATE] = "rate",
	[ROW_COUNT] = "count", [ROW_MEMORY] = "memory", [ROW_COST] = "cost",
};

const char *const design_names[] = {
	[DESIGN_NONE] = "none",   [DESIGN_PAIRS] = "pairs", [DESIGN_SAMPLES] = "samples",
	[DESIGN_SEEDS] = "seeds", [DESIGN_EXACT] = "exact",
};

const char *row_field(const struct row *row)
{
	static const char *const costs[] = { "pin_cost", "unpin_cost", "cost", "cost" };
	static const char *const memory[NR_METRICS][NR_MEMORY] = {
		{ "pin_loads", "pin_stores", "pin_atomics", "pin_l1d_misses", "pin_l2_misses",
		  "pin_llc_misses", "pin_lines", "pin_code_lines" },
		{ "unpin_loads", "unpin_stores", "unpin_atomics", "unpin_l1d_misses",
		  "unpin_l2_misses", "unpin_llc_misses", "unpin_lines", "unpin_code_lines" },
		{ "loads", "stores", "atomics", "l1d_misses", "l2_misses", "llc_misses", "lines",
		  "code_lines" },
	};

	switch (row->kind) {
	case ROW_MEMORY:
		return memory[row->which / NR_MEMORY][row->which % NR_MEMORY];
	case ROW_COST:
		return costs[row->which];
	case ROW_RATE:
		return "hit_rate";
	case ROW_COUNT:
		return count_names[row->which];
	default:
		return metric_names[row->which];
	}
}

const char *row_unit(const struct row *row, const struct verdicts *verdicts)
{
	switch (row->kind) {
	case ROW_RATE:
		return "part";
	case ROW_COUNT:
		return count_units[row->which];
	case ROW_MEMORY:
		return memory_units[row->which % NR_MEMORY];
	default:
		return results_unit(verdicts->base);
	}
}

const char *row_better(const struct row *row)
{
	int direction = row_direction(row);

	return direction < 0 ? "lower" : direction > 0 ? "higher" : "none";
}

/*
 * To nine digits: the last ones of what went through log() and exp() are not the same with every C
 * library, and these formats are.
 */
static double rounded(double number)
{
	char text[40];

	if (!isfinite(number))
		return NAN;
	snprintf(text, sizeof(text), "%.9g", number);
	return strtod(text, NULL);
}

struct row_numbers row_numbers(const struct row *row)
{
	struct row_numbers numbers = {
		.value = { NAN, NAN },
		.spread = { NAN, NAN },
		.least = { NAN, NAN },
		.change = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.alpha = NAN,
	};
	bool exact = row->design == DESIGN_EXACT;

	for (size_t side = 0; side < 2; side++) {
		if (exact || row->nr_measured[side] > 0)
			*(row->bound[side] ? &numbers.least[side] : &numbers.value[side]) =
				row->value[side];
		if (row_has_spread(row, side))
			numbers.spread[side] = rounded(row->spread[side]);
	}
	if (row->change_known)
		numbers.change = rounded(row->change);
	if (!exact || row->bound[0] || row->bound[1]) {
		numbers.low = rounded(row->interval.low);
		numbers.high = rounded(row->interval.high);
	}
	if (row->alpha > 0) {
		numbers.p = rounded(row->p);
		numbers.alpha = rounded(row->alpha);
	}
	return numbers;
}

double result_throughput(const struct results *results, const struct result *result,
			 enum metric metric, double ticks)
{
	const struct pinner *pinner = pinner_find(result->params.pinner);
	const struct fact *page = fact_find(&results->environment, "memory.page_bytes");
	uint64_t pages = result_pages(result);

	if (metric != METRIC_PIN || results->icount || !pinner || !pinner->dma_map || !pages ||
	    !page || page->kind != FACT_NUMBER || page->number <= 0 || !(ticks > 0))
		return 0;
	return (double)pages * (double)page->number / (ticks / 1e9);
}

void row_throughput(const struct row *row, const struct verdicts *verdicts, double rate[2])
{
	const struct results *reports[2] = { verdicts->base, verdicts->new };
	const struct result *sides[2] = { row->base, row->new };

	for (size_t i = 0; i < 2; i++) {
		rate[i] =
			row->kind == ROW_TIME && row->nr_measured[i]
				? result_throughput(reports[i], sides[i], row->which, row->value[i])
				: 0;
		rate[i] = rate[i] > 0 ? rounded(rate[i]) : NAN;
	}
}

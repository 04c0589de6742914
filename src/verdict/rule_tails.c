// SPDX-License-Identifier: GPL-2.0-or-later
/* The slow end: p99 of each run, bootstrapped over runs, or over blocks where there are pairs. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "stats/stats.h"
#include "stats/summary.h"
#include "verdict/judge.h"

#define TAIL_SEED                                                                               \
	99u /* of every row: a file gives the same interval today and tomorrow, beside whatever \
	       other rows */

static size_t samples_of(const struct run_values sides[2])
{
	size_t fewest = SIZE_MAX;

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sides[i].nr; j++) {
			const struct run *run = sides[i].items[j].run;

			if (run->nr_samples - run->nr_warmup < fewest)
				fewest = run->nr_samples - run->nr_warmup;
		}
	}
	return fewest == SIZE_MAX ? 0 : fewest;
}

static bool enough(struct verdicts *verdicts, const struct run_values sides[2])
{
	size_t runs = sides[0].nr < sides[1].nr ? sides[0].nr : sides[1].nr,
	       samples = samples_of(sides);

	if (runs >= RULE_TAIL_RUNS && samples >= RULE_TAIL_SAMPLES)
		return true;
	if (verdicts->no_tail.nr_rows == 0 || runs < verdicts->no_tail.runs)
		verdicts->no_tail.runs = runs;
	if (verdicts->no_tail.nr_rows == 0 || samples < verdicts->no_tail.samples)
		verdicts->no_tail.samples = samples;
	verdicts->no_tail.nr_rows++;
	return false;
}

static void keep_values(struct row_data *data, const struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++) {
		data->nr[i] = sides[i].nr;
		data->values[i] = malloc((sides[i].nr + 1) * sizeof(*data->values[i]));
		if (!data->values[i])
			abort();
		for (size_t j = 0; j < sides[i].nr; j++)
			data->values[i][j] = sides[i].items[j].value;
	}
}

/* The row of times before it has looked at clocks and zeros. */
static const struct row *time_row(const struct verdict_work *work, const struct result *base,
				  enum metric metric)
{
	for (size_t i = work->verdicts->nr; i-- > 0 && work->verdicts->rows[i].base == base;)
		if (work->verdicts->rows[i].kind == ROW_TIME &&
		    work->verdicts->rows[i].which == metric)
			return &work->verdicts->rows[i];
	return NULL;
}

static void add_tail(struct verdict_work *work, const struct result *base, const struct result *new,
		     enum metric metric, enum row_design design)
{
	struct run_values sides[2];

	run_values_of(&sides[0], base, metric, 0.99);
	run_values_of(&sides[1], new, metric, 0.99);
	if (design == DESIGN_PAIRS) {
		run_values_by_block(sides);
		run_values_pair(sides);
	}
	if (enough(work->verdicts, sides)) {
		struct row *row = row_add(work, base, new, ROW_TAIL, metric);

		row->design = design;
		row->grain = run_values_grain(sides, metric);
		row_set_sides(row, sides, 0.99);
		row->change_known = true;
		row->change = run_values_median(&sides[1]) / run_values_median(&sides[0]) - 1;
		keep_values(&work->data[work->verdicts->nr - 1], sides);
	}
	free(sides[0].items);
	free(sides[1].items);
}

static void rows_add_tails(struct verdict_work *work, const struct result *base,
			   const struct result *new)
{
	for (unsigned int i = 0; i < NR_METRICS && work->verdicts->rule.tails; i++) {
		const struct row *row = time_row(work, base, i);

		if (row && (row->design == DESIGN_PAIRS || row->design == DESIGN_SAMPLES))
			add_tail(work, base, new, i, row->design);
	}
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The ratio of the medians of one resample, and as small and large as the grain of the clock may
 * have made it. */
static void resample(const struct row *row, const struct row_data *data, struct random *random,
		     size_t *drawn, double *values, double ratio[2])
{
	bool paired = row->design == DESIGN_PAIRS;
	double median[2];

	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < data->nr[side]; i++) {
			if (side == 0 || !paired)
				drawn[i] = random_below(random, data->nr[side]);
			values[i] = data->values[side][drawn[i]];
		}
		median[side] = quantile_of(values, data->nr[side], 0.5);
	}
	ratio[0] = median[1] / (median[0] + row->grain) - 1;
	ratio[1] = (median[1] + row->grain) / median[0] - 1;
}

static void find_tail(struct row *row, const struct row_data *data)
{
	size_t most = data->nr[0] > data->nr[1] ? data->nr[0] : data->nr[1];
	autofree double *least = malloc(RULE_TAIL_RESAMPLES * sizeof(*least));
	autofree double *largest = malloc(RULE_TAIL_RESAMPLES * sizeof(*largest)),
			*values = malloc(most * sizeof(*values));
	autofree size_t *drawn = malloc(most * sizeof(*drawn));
	size_t beyond = (size_t)(row->alpha / 2 * RULE_TAIL_RESAMPLES);
	struct random random;

	if (!least || !largest || !values || !drawn)
		abort();
	if (beyond == 0) {
		row->note = NOTE_MANY_ROWS;
		return;
	}
	random_seed(&random, TAIL_SEED);
	for (size_t i = 0; i < RULE_TAIL_RESAMPLES; i++) {
		double ratio[2];

		resample(row, data, &random, drawn, values, ratio);
		least[i] = ratio[0];
		largest[i] = ratio[1];
	}
	qsort(least, RULE_TAIL_RESAMPLES, sizeof(*least), by_size);
	qsort(largest, RULE_TAIL_RESAMPLES, sizeof(*largest), by_size);
	row->interval =
		(struct interval){ least[beyond], largest[RULE_TAIL_RESAMPLES - 1 - beyond] };
	row->moved = row->interval.low > 0 || row->interval.high < 0;
}

static void rows_find_tails(struct verdict_work *work)
{
	for (size_t i = 0; i < work->verdicts->nr; i++)
		if (work->verdicts->rows[i].kind == ROW_TAIL)
			find_tail(&work->verdicts->rows[i], &work->data[i]);
}

/* The same of p99, with --tails and where n allows; what does not is counted. */
const struct row_rule rule_tails = {
	.add = rows_add_tails,
	.find = rows_find_tails,
};

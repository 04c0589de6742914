// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of times: ranks of logarithms, Holm over the family. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "schedule.h"
#include "summary.h"
#include "verdict_rows.h"

static bool clocks_differ(const struct run_values sides[2], enum metric metric)
{
	const char *clock = sides[0].nr ? sides[0].items[0].run->clock[metric] : "";

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			if (strcmp(sides[i].items[j].run->clock[metric], clock))
				return true;
	return false;
}

static bool any_zero(const struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			if (!(sides[i].items[j].value > 0))
				return true;
	return false;
}

/* A figure from a log stands for an unknown number of repetitions, unless the log repeats it. */
static bool repetition_unknown(const struct verdicts *verdicts, const struct run_values sides[2])
{
	return (verdicts->base->imported && sides[0].nr < 2) || (verdicts->new->imported && sides[1].nr < 2);
}

static enum row_note hindrance(const struct verdicts *verdicts, const struct run_values sides[2], enum metric metric)
{
	if (sides[0].nr == 0 || sides[1].nr == 0)
		return NOTE_NO_BLOCK;
	if (clocks_differ(sides, metric))
		return NOTE_OTHER_CLOCK;
	if (any_zero(sides))
		return NOTE_ZERO;
	return repetition_unknown(verdicts, sides) ? NOTE_UNKNOWN_RUNS : NOTE_NONE;
}

static void keep_logs(struct row_data *data, const struct run_values sides[2], bool paired)
{
	for (size_t i = 0; i < 2; i++) {
		data->nr[i] = sides[i].nr;
		data->values[i] = malloc((sides[i].nr + 1) * sizeof(*data->values[i]));
		if (!data->values[i])
			abort();
		for (size_t j = 0; j < sides[i].nr; j++)
			data->values[i][j] = log(sides[i].items[j].value);
	}
	for (size_t j = 0; paired && j < sides[0].nr; j++)
		data->values[0][j] = data->values[1][j] - data->values[0][j];
}

static void test(struct row *row, struct row_data *data)
{
	struct shift shift = row->design == DESIGN_PAIRS ?
		shift_of_pairs(data->values[0], data->nr[0]) :
		shift_of_samples(data->values[0], data->nr[0], data->values[1], data->nr[1]);

	row->p = shift.p;
	row->change = expm1(shift.estimate);
	row->change_known = true;
}

static void count_runs(struct verdicts *verdicts, const struct row *row, size_t nr_found)
{
	size_t nr_left = nr_found - row->nr[0] - row->nr[1];

	for (size_t i = 0; i < 2; i++)
		verdicts->nr_runs[i] = row->nr[i] > verdicts->nr_runs[i] ? row->nr[i] : verdicts->nr_runs[i];
	verdicts->nr_unpaired = nr_left > verdicts->nr_unpaired ? nr_left : verdicts->nr_unpaired;
}

static void add_time(struct verdict_work *work, const struct result *base, const struct result *new,
		     enum metric metric)
{
	struct verdicts *verdicts = work->verdicts;
	struct row *row = row_add(work, base, new, ROW_TIME, metric);
	struct row_data *data = &work->data[verdicts->nr - 1];
	struct run_values sides[2];
	size_t nr_found;

	run_values_of(&sides[0], base, metric, 0.5);
	run_values_of(&sides[1], new, metric, 0.5);
	nr_found = sides[0].nr + sides[1].nr;
	if (verdicts->icount) {
		if (run_values_by_seed(sides))
			verdicts->seeds_shared = true;
		else if (verdicts->paired)
			run_values_by_block(sides);
		run_values_pair(sides);
	} else if (verdicts->paired) {
		run_values_by_block(sides);
		run_values_pair(sides);
	}
	row_set_sides(row, sides, 0.5);
	count_runs(verdicts, row, nr_found);
	row->note = hindrance(verdicts, sides, metric);
	if (row->note != NOTE_NONE) {
		/* the figures are there; what they differ by proves nothing */
		row->change_known = row->note == NOTE_UNKNOWN_RUNS;
		row->change = row->change_known ? row->value[1] / row->value[0] - 1 : 0;
	} else if (verdicts->icount) {
		row->design = DESIGN_SEEDS;
		row_find_seeds(row, sides);
	} else {
		row->design = verdicts->paired ? DESIGN_PAIRS : DESIGN_SAMPLES;
		keep_logs(data, sides, verdicts->paired);
		test(row, data);
	}
	free(sides[0].items);
	free(sides[1].items);
}

void rows_add_times(struct verdict_work *work, const struct result *base, const struct result *new)
{
	for (unsigned int i = 0; i < NR_METRICS; i++)
		if (result_metric_whole(base, i) && result_metric_whole(new, i))
			add_time(work, base, new, i);
}

static struct interval change_interval(struct interval logs)
{
	struct interval interval = logs;

	if (isfinite(logs.low))
		interval.low = expm1(logs.low);
	if (isfinite(logs.high))
		interval.high = expm1(logs.high);
	return interval;
}

static void find_interval(struct row *row, const struct row_data *data)
{
	double level = 1 - row->alpha;
	struct interval logs = row->design == DESIGN_PAIRS ?
		interval_of_pairs(data->values[0], data->nr[0], level) :
		interval_of_samples(data->values[0], data->nr[0], data->values[1], data->nr[1], level);

	row->interval = change_interval(logs);
	row->moved = logs.low > 0 || logs.high < 0;
}

/* Tails have no p: in Holm's order they come last, and are judged at the level of the first step. */
void rows_find_times(struct verdict_work *work)
{
	struct verdicts *verdicts = work->verdicts;
	autofree double *p = calloc(verdicts->nr + 1, sizeof(*p)), *levels = calloc(verdicts->nr + 1, sizeof(*levels));
	size_t nr = 0;

	if (!p || !levels)
		abort();
	for (size_t i = 0; i < verdicts->nr; i++)
		if (work->data[i].nr[0])
			p[nr++] = verdicts->rows[i].p;
	verdicts->nr_tested = nr;
	holm_levels(p, nr, 1 - verdicts->rule.level, levels);
	nr = 0;
	for (size_t i = 0; i < verdicts->nr; i++) {
		struct row *row = &verdicts->rows[i];

		if (!work->data[i].nr[0])
			continue;
		row->alpha = row->kind == ROW_TAIL ? (1 - verdicts->rule.level) / verdicts->nr_tested : levels[nr];
		nr++;
		if (row->kind == ROW_TIME)
			find_interval(row, &work->data[i]);
	}
}

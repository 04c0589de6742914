// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of times: ranks of logarithms, Holm over the family. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/schedule.h"
#include "stats/summary.h"
#include "verdict/judge.h"

static bool clocks_differ(const struct run_values sides[2], enum metric metric)
{
	const char *clock = sides[0].nr ? sides[0].items[0].run->clock[metric] : "";

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			if (strcmp(sides[i].items[j].run->clock[metric], clock))
				return true;
	return false;
}

/* A coarse clock reads 0 for what is below its grain: that is a reading like others. */
static bool any_zero(const struct run_values sides[2], enum metric metric)
{
	if (run_values_grain(sides, metric) > 0)
		return false;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			if (!(sides[i].items[j].value > 0))
				return true;
	return false;
}

/* A figure from a log stands for an unknown number of repetitions, unless the log repeats it. */
static bool repetition_unknown(const struct verdicts *verdicts, const struct run_values sides[2])
{
	return (verdicts->base->imported && sides[0].nr < 2) ||
	       (verdicts->new->imported &&sides[1].nr < 2);
}

static enum row_note hindrance(const struct verdicts *verdicts, const struct run_values sides[2],
			       enum metric metric)
{
	if (sides[0].nr == 0 || sides[1].nr == 0)
		return NOTE_NO_BLOCK;
	if (clocks_differ(sides, metric))
		return NOTE_OTHER_CLOCK;
	if (any_zero(sides, metric))
		return NOTE_ZERO;
	return repetition_unknown(verdicts, sides) ? NOTE_UNKNOWN_RUNS : NOTE_NONE;
}

static double *logs_of(size_t nr)
{
	double *logs = malloc((nr + 1) * sizeof(*logs));

	if (!logs)
		abort();
	return logs;
}

static void to_differences(double *const sides[2], size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		sides[0][i] = sides[1][i] - sides[0][i];
}

/* Where the grain makes the new side look smallest, and largest, against the base. */
static void keep_bounds(const struct row *row, struct row_data *data,
			const struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++) {
		data->bounds[0][i] = logs_of(sides[i].nr);
		data->bounds[1][i] = logs_of(sides[i].nr);
		for (size_t j = 0; j < sides[i].nr; j++) {
			double low, high;

			reading_bounds(sides[i].items[j].run, row->which, sides[i].items[j].value,
				       row->grain, &low, &high);
			data->bounds[0][i][j] = log(i ? low : high);
			data->bounds[1][i][j] = log(i ? high : low);
		}
	}
}

static void keep_logs(const struct row *row, struct row_data *data,
		      const struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++) {
		data->nr[i] = sides[i].nr;
		data->values[i] = logs_of(sides[i].nr);
		for (size_t j = 0; j < sides[i].nr; j++)
			data->values[i][j] = log(sides[i].items[j].value);
	}
	if (row->grain > 0)
		keep_bounds(row, data, sides);
	if (row->design != DESIGN_PAIRS)
		return;
	to_differences(data->values, sides[0].nr);
	for (size_t i = 0; i < 2 && data->bounds[i][0]; i++)
		to_differences(data->bounds[i], sides[0].nr);
}

static struct shift shift_of(const struct row *row, double *const values[2], const size_t nr[2])
{
	return row->design == DESIGN_PAIRS ? shift_of_pairs(values[0], nr[0])
					   : shift_of_samples(values[0], nr[0], values[1], nr[1]);
}

static void test(struct row *row, struct row_data *data)
{
	struct shift shift = shift_of(row, data->values, data->nr), least, most;

	row->p = shift.p;
	row->change = expm1(shift.estimate);
	row->change_known = isfinite(shift.estimate);
	if (!row->change_known)
		row->change = 0;
	if (!data->bounds[0][0])
		return;
	/* as sure as it would be if the grain hid what speaks against it */
	least = shift_of(row, data->bounds[0], data->nr);
	most = shift_of(row, data->bounds[1], data->nr);
	row->p = least.estimate > 0 ? least.p : most.estimate < 0 ? most.p : 1;
}

static void count_runs(struct verdicts *verdicts, const struct row *row, size_t nr_found)
{
	size_t nr_left = nr_found - row->nr[0] - row->nr[1];

	for (size_t i = 0; i < 2; i++)
		verdicts->nr_runs[i] = row->nr[i] > verdicts->nr_runs[i] ? row->nr[i]
									 : verdicts->nr_runs[i];
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
		row->grain = run_values_grain(sides, metric);
		row->design = DESIGN_SEEDS;
		row_find_seeds(row, sides);
	} else {
		row->design = verdicts->paired ? DESIGN_PAIRS : DESIGN_SAMPLES;
		row->grain = run_values_grain(sides, metric);
		keep_logs(row, data, sides);
		test(row, data);
	}
	free(sides[0].items);
	free(sides[1].items);
}

static void rows_add_times(struct verdict_work *work, const struct result *base,
			   const struct result *new)
{
	if (work->verdicts->base->icount != work->verdicts->new->icount)
		return;
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

static struct interval interval_of(const struct row *row, double *const values[2],
				   const size_t nr[2])
{
	double level = 1 - row->alpha;

	return row->design == DESIGN_PAIRS
		       ? interval_of_pairs(values[0], nr[0], level)
		       : interval_of_samples(values[0], nr[0], values[1], nr[1], level);
}

static void find_interval(struct row *row, const struct row_data *data)
{
	struct interval logs = interval_of(row, data->values, data->nr);

	if (data->bounds[0][0]) {
		logs.low = interval_of(row, data->bounds[0], data->nr).low;
		logs.high = interval_of(row, data->bounds[1], data->nr).high;
	}
	row->interval = change_interval(logs);
	row->moved = logs.low > 0 || logs.high < 0;
}

/* Tails have no p: in Holm's order they come last, and are judged at the level of the first step.
 */
static void rows_find_times(struct verdict_work *work)
{
	struct verdicts *verdicts = work->verdicts;
	autofree double *p = calloc(verdicts->nr + 1, sizeof(*p)),
			*levels = calloc(verdicts->nr + 1, sizeof(*levels));
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
		row->alpha = row->kind == ROW_TAIL
				     ? (1 - verdicts->rule.level) / verdicts->nr_tested
				     : levels[nr];
		nr++;
		if (row->kind == ROW_TIME)
			find_interval(row, &work->data[i]);
	}
}

/* A row for each metric that both have in every run. */
const struct row_rule rule_times = {
	.add = rows_add_times,
	.find = rows_find_times,
};

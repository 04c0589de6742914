// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory beside instructions, and what both together cost. Counts have no grain and no noise: a
 * change is what every seed shows, as with instructions (rule_seeds.c). The cost is a verdict over
 * what counts of it: better where some got fewer and none more, mixed where both.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/schedule.h"
#include "stats/stats.h"
#include "stats/summary.h"
#include "verdict/judge.h"

const char *const cost_part_names[NR_COST_PARTS] = {
	[COST_INSTRUCTIONS] = "instructions", [COST_ATOMICS] = "atomics",
	[COST_L1D_MISSES] = "l1d_misses",     [COST_L2_MISSES] = "l2_misses",
	[COST_LLC_MISSES] = "llc_misses",
};

/* The counts that have a row of their own. */
static const enum memory listed[] = { MEMORY_ATOMICS, MEMORY_LINES, MEMORY_L1D_MISSES,
				      MEMORY_L2_MISSES, MEMORY_LLC_MISSES };
#define NR_LISTED (sizeof(listed) / sizeof(listed[0]))

enum verdict cost_part_word(const struct cost_pairs *pairs, double threshold, double events)
{
	size_t more = 0, fewer = 0;

	for (size_t i = 0; i < pairs->nr; i++) {
		double by = pairs->new[i] - pairs->base[i];

		if (by == 0 || fabs(by) <= pairs->grain ||
		    fabs(by) < events * pairs->instructions[i] ||
		    fabs(by) < threshold * pairs->base[i])
			continue;
		more += by > 0;
		fewer += by < 0;
	}
	return !more && !fewer      ? VERDICT_SAME
	       : more == pairs->nr  ? VERDICT_MORE
	       : fewer == pairs->nr ? VERDICT_FEWER
				    : VERDICT_UNSURE;
}

enum verdict cost_verdict(const struct row_cost *cost)
{
	bool more = false, fewer = false, unsure = false;

	for (size_t i = 0; i < NR_COST_PARTS; i++) {
		more = more || cost->part[i].word == VERDICT_MORE;
		fewer = fewer || cost->part[i].word == VERDICT_FEWER;
		unsure = unsure || cost->part[i].word == VERDICT_UNSURE;
	}
	if (more && fewer)
		return VERDICT_MIXED;
	if (unsure)
		return VERDICT_UNSURE;
	return more ? VERDICT_WORSE : fewer ? VERDICT_BETTER : VERDICT_SAME;
}

/* How many of @pairs differ in where memory lay, on the side that has fewer. */
static size_t nr_placements(const struct run_values sides[2])
{
	size_t least = SIZE_MAX;

	for (size_t side = 0; side < 2; side++) {
		size_t nr = 0;

		for (size_t i = 0; i < sides[side].nr; i++) {
			size_t j = 0;

			while (j < i && sides[side].items[j].run->placement.seed !=
						sides[side].items[i].run->placement.seed)
				j++;
			nr += j == i;
		}
		least = nr < least ? nr : least;
	}
	return least;
}

/* The numbers of one count of a metric, in pairs of one seed; a total is of pin and unpin. */
static void take_sides(struct run_values sides[2], const struct verdicts *verdicts,
		       const struct result *const results[2], unsigned int metric, int memory)
{
	for (size_t i = 0; i < 2; i++) {
		autofree struct run_number *numbers =
			malloc((results[i]->nr_runs + 1) * sizeof(*numbers));

		sides[i] = (struct run_values){ .items = calloc(results[i]->nr_runs + 1,
								sizeof(*sides[i].items)) };
		for (unsigned int part = 0; part < NR_METRICS; part++) {
			if (metric < NR_METRICS ? part != metric : part == METRIC_CYCLE)
				continue;
			sides[i].nr = memory < 0
					      ? result_numbers(results[i], part, 0.5, numbers)
					      : result_memory_numbers(results[i], part,
								      (enum memory)memory, numbers);
			for (size_t j = 0; j < sides[i].nr; j++) {
				sides[i].items[j].value += numbers[j].value;
				sides[i].items[j].key = j;
				sides[i].items[j].run = numbers[j].run;
			}
		}
	}
	if (!run_values_by_seed(sides) && verdicts->paired)
		run_values_by_block(sides);
	run_values_pair(sides);
}

static void free_sides(struct run_values sides[2])
{
	free(sides[0].items);
	free(sides[1].items);
}

/* Value, change and range over the seeds; whether all of them moved one way. */
static void row_fill(struct row *row, const struct run_values sides[2])
{
	size_t more = 0, fewer = 0;

	row->design = DESIGN_SEEDS;
	row->interval = (struct interval){ INFINITY, -INFINITY };
	for (size_t i = 0; i < 2; i++) {
		row->nr[i] = row->nr_measured[i] = sides[i].nr;
		row->value[i] = run_values_median(&sides[i]);
	}
	for (size_t i = 0; i < sides[0].nr; i++) {
		double was = sides[0].items[i].value, is = sides[1].items[i].value,
		       change = is == was ? 0
				: was > 0 ? is / was - 1
					  : INFINITY;

		row->interval.low = fmin(row->interval.low, change);
		row->interval.high = fmax(row->interval.high, change);
		more += is - was >= RULE_ICOUNT_PART * was && is > was;
		fewer += was - is >= RULE_ICOUNT_PART * was && is < was;
	}
	row->moved = more == sides[0].nr || fewer == sides[0].nr;
	row->change_known = row->value[0] > 0 || row->value[1] == 0;
	row->change = row->value[0] > 0   ? row->value[1] / row->value[0] - 1
		      : row->value[1] > 0 ? INFINITY
					  : 0;
	if (nr_placements(sides) < RULE_ICOUNT_SEEDS) {
		row->note = NOTE_FEW_SEEDS;
		row->need = RULE_ICOUNT_SEEDS;
	}
}

static void add_memory(struct verdict_work *work, const struct result *const results[2],
		       enum metric metric, enum memory memory)
{
	struct row *row =
		row_add(work, results[0], results[1], ROW_MEMORY, metric * NR_MEMORY + memory);
	struct run_values sides[2];

	take_sides(sides, work->verdicts, results, metric, (int)memory);
	if (sides[0].nr)
		row_fill(row, sides);
	else
		row->note = NOTE_NO_BLOCK;
	free_sides(sides);
}

/* The largest of the clocks that counted the instructions. */
static double grain_of(const struct run_values sides[2])
{
	uint64_t grain = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			for (unsigned int metric = 0; metric < NR_METRICS; metric++)
				if (sides[i].items[j].run->quantum[metric] > grain &&
				    sides[i].items[j].run->quantum[metric] <= RULE_FINE_GRAIN)
					grain = sides[i].items[j].run->quantum[metric];
	return (double)grain;
}

static void part_find(struct row_cost *cost, enum cost_part which, const struct run_values sides[2],
		      const struct run_values instructions[2], double grain, double threshold)
{
	static const double events[NR_COST_PARTS] = {
		[COST_INSTRUCTIONS] = COST_EVENTS,   [COST_ATOMICS] = COST_EVENTS,
		[COST_L1D_MISSES] = COST_EVENTS,     [COST_L2_MISSES] = COST_EVENTS_FAR,
		[COST_LLC_MISSES] = COST_EVENTS_FAR,
	};
	size_t nr = sides[0].nr < instructions[0].nr ? sides[0].nr : instructions[0].nr;
	autofree double *numbers = malloc((3 * nr + 1) * sizeof(*numbers));
	struct cost_part_value *part = &cost->part[which];

	for (size_t i = 0; i < nr; i++) {
		numbers[i] = sides[0].items[i].value;
		numbers[nr + i] = sides[1].items[i].value;
		numbers[2 * nr + i] = instructions[0].items[i].value;
	}
	part->low = INFINITY;
	part->high = -INFINITY;
	for (size_t i = 0; i < nr; i++) {
		double was = numbers[i], is = numbers[nr + i],
		       change = is == was ? 0
				: was > 0 ? is / was - 1
					  : INFINITY;

		part->low = fmin(part->low, change);
		part->high = fmax(part->high, change);
	}
	part->value[0] = run_values_median(&sides[0]);
	part->value[1] = run_values_median(&sides[1]);
	part->word = cost_part_word(&(struct cost_pairs){ numbers, numbers + nr, numbers + 2 * nr,
							  nr, grain },
				    threshold, events[which]);
}

static void add_cost(struct verdict_work *work, const struct result *const results[2],
		     unsigned int metric)
{
	static const int memory[NR_COST_PARTS] = { -1, MEMORY_ATOMICS, MEMORY_L1D_MISSES,
						   MEMORY_L2_MISSES, MEMORY_LLC_MISSES };
	struct row *row = row_add(work, results[0], results[1], ROW_COST, metric);
	struct run_values instructions[2], sides[2];
	struct row_cost *cost = &row->cost;

	take_sides(instructions, work->verdicts, results, metric, -1);
	if (!instructions[0].nr) {
		row->note = NOTE_NO_BLOCK;
		free_sides(instructions);
		return;
	}
	row_fill(row, instructions);
	for (unsigned int i = 0; i < NR_COST_PARTS; i++) {
		take_sides(sides, work->verdicts, results, metric, memory[i]);
		part_find(cost, i, sides, instructions,
			  i == COST_INSTRUCTIONS ? RULE_ICOUNT_TICKS * grain_of(instructions) : 0,
			  work->verdicts->rule.threshold);
		free_sides(sides);
	}
	/* lines never decide */
	take_sides(sides, work->verdicts, results, metric, MEMORY_LINES);
	cost->lines[0] = run_values_median(&sides[0]);
	cost->lines[1] = run_values_median(&sides[1]);
	free_sides(sides);
	free_sides(instructions);
}

static bool same_model(const struct results *base, const struct results *new)
{
	const struct fact *was = fact_find(&base->environment, "memory.model"),
			  *is = fact_find(&new->environment, "memory.model");

	return was && is && was->kind == FACT_TEXT && is->kind == FACT_TEXT &&
	       !strcmp(was->text, is->text);
}

static bool is_miss(enum memory memory)
{
	return memory == MEMORY_L1D_MISSES || memory == MEMORY_L2_MISSES ||
	       memory == MEMORY_LLC_MISSES;
}

static void add(struct verdict_work *work, const struct result *base, const struct result *new)
{
	const struct result *const results[2] = { base, new };
	bool model = same_model(work->verdicts->base, work->verdicts->new), known[NR_METRICS];

	if (!work->verdicts->icount)
		return;
	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		known[metric] = result_memory_whole(base, metric) &&
				result_memory_whole(new, metric) &&
				result_metric_whole(base, metric) &&
				result_metric_whole(new, metric);
		for (size_t i = 0; known[metric] && i < NR_LISTED; i++)
			if (model || !is_miss(listed[i]))
				add_memory(work, results, metric, listed[i]);
	}
	for (unsigned int metric = 0; model && metric < NR_METRICS; metric++)
		if (known[metric])
			add_cost(work, results, metric);
	if (model && known[METRIC_PIN] && known[METRIC_UNPIN] && !known[METRIC_CYCLE])
		add_cost(work, results, COST_TOTAL);
}

const struct row_rule rule_cost = { .add = add };

// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/results.h"
#include "result/schedule.h"
#include "stats/stats.h"
#include "stats/summary.h"
#include "verdict/verdict.h"

const char *const verdict_names[NR_VERDICTS] = {
	[VERDICT_SAME] = "same",     [VERDICT_BETTER] = "better",   [VERDICT_WORSE] = "worse",
	[VERDICT_UNSURE] = "unsure", [VERDICT_DIFFERS] = "differs", [VERDICT_FEWER] = "fewer",
	[VERDICT_MORE] = "more",     [VERDICT_MIXED] = "mixed",
};

#define ENTER(name) &rule_##name,

static const struct row_rule *const rules[] = { RULES(ENTER) };

#define NR_RULES (sizeof(rules) / sizeof(*rules))

const struct rule rule_default = { .threshold = 0.02, .level = 0.95 };

struct row *row_add(struct verdict_work *work, const struct result *base, const struct result *new,
		    enum row_kind kind, unsigned int which)
{
	struct verdicts *verdicts = work->verdicts;
	struct row *row;

	if ((verdicts->nr & (verdicts->nr - 1)) == 0) {
		size_t room = verdicts->nr ? verdicts->nr * 2 : 1;

		verdicts->rows = reallocarray(verdicts->rows, room, sizeof(*verdicts->rows));
		work->data = reallocarray(work->data, room, sizeof(*work->data));
		if (!verdicts->rows || !work->data)
			abort();
	}
	work->data[verdicts->nr] = (struct row_data){ 0 };
	row = &verdicts->rows[verdicts->nr++];
	*row = (struct row){
		.base = base,
		.new = new,
		.kind = kind,
		.which = which,
		.interval = { -INFINITY, INFINITY },
		.p = 1,
		.verdict = VERDICT_UNSURE,
		.shown = true,
	};
	return row;
}

static void add_rows(struct verdict_work *work)
{
	const struct results *base = work->verdicts->base, *new = work->verdicts->new;
	struct results_index index;

	results_index_make(&index, new);
	for (size_t i = 0; i < base->nr; i++) {
		const struct result *was = &base->items[i];
		const struct result *is =
			results_index_find(&index, counterpart_key(was, base, new));

		if (!is || was->status != STATUS_DONE || is->status != STATUS_DONE)
			continue;
		for (size_t j = 0; j < NR_RULES; j++)
			rules[j]->add(work, was, is);
	}
	results_index_free(&index);
}

/*
 * Runs that would decide, if the interval shrinks with the root of their number: until it has left
 * no change, or is inside the threshold, whichever is nearer from here.
 */
static size_t runs_to_decide(const struct row *row, double threshold, size_t fewest)
{
	double half = (log1p(row->interval.high) - log1p(row->interval.low)) / 2,
	       change = fabs(log1p(row->change));
	double room = fmax(log1p(threshold) - change, change);
	size_t nr = row->nr[0] < row->nr[1] ? row->nr[0] : row->nr[1];
	double need = ceil((double)nr * (half / room) * (half / room));

	if (!(need <= RULE_MOST_RUNS))
		return RULE_MOST_RUNS + 1;
	need = fmax(need, (double)nr + 1);
	return need > (double)fewest ? (size_t)need : fewest;
}

/* More runs do not help where the grain alone makes half of the interval or more, or a run read 0.
 */
static bool grain_decides(const struct row *row)
{
	double was[2], is[2], open;

	if (row->grain == 0)
		return false;
	reading_bounds(&row->base->runs[0], row->which, row->value[0], row->grain, &was[0],
		       &was[1]);
	reading_bounds(&row->new->runs[0], row->which, row->value[1], row->grain, &is[0], &is[1]);
	if (!(was[0] > 0) || !(is[0] > 0))
		return true;
	open = log(is[1] / was[0]) - log(is[0] / was[1]);
	return isfinite(row->interval.low) && isfinite(row->interval.high) &&
	       2 * open >= log1p(row->interval.high) - log1p(row->interval.low);
}

static void explain(struct row *row, const struct verdicts *verdicts)
{
	size_t fewest = rule_fewest_runs(&verdicts->rule, verdicts->nr_tested, verdicts->paired);

	if (row->verdict != VERDICT_UNSURE || row->design == DESIGN_NONE)
		return;
	if (row->note == NOTE_NONE && grain_decides(row)) {
		row->note = NOTE_GRAIN;
	} else if (row->design == DESIGN_SEEDS) {
		if (row->note != NOTE_FEW_SEEDS)
			row->note = NOTE_SEEDS_DISAGREE;
	} else if (row->note != NOTE_NONE) {
		return;
	} else if (!isfinite(row->interval.low) || !isfinite(row->interval.high)) {
		row->note = NOTE_TOO_FEW;
		row->need = fewest;
	} else {
		row->note = NOTE_MORE_RUNS;
		row->need = runs_to_decide(row, verdicts->rule.threshold, fewest);
	}
}

/* A clear change of the icount lane is one however small, unless the user said what is too small.
 */
static enum verdict own_verdict(const struct row *row, const struct verdicts *verdicts)
{
	bool clear = row->design == DESIGN_SEEDS && row->moved && !verdicts->rule.threshold_given;
	enum verdict verdict = row_judge(row, clear ? 0 : verdicts->rule.threshold);

	/* what is executed is more or less, and that is no verdict about time */
	if (row->kind != ROW_COST && row->design == DESIGN_SEEDS)
		return verdict == VERDICT_BETTER  ? VERDICT_FEWER
		       : verdict == VERDICT_WORSE ? VERDICT_MORE
						  : verdict;
	return verdict;
}

/* Whether the clearest order that any row could show would reach the level of Holm's first step. */
static bool enough_runs(const struct verdicts *verdicts)
{
	double first = (1 - verdicts->rule.level) / (double)verdicts->nr_tested;

	return (verdicts->paired
			? smallest_p_pairs(verdicts->nr_runs[0])
			: smallest_p_samples(verdicts->nr_runs[0], verdicts->nr_runs[1])) <= first;
}

static void count_verdicts(struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		if (row->redundant)
			continue;
		verdicts->nr_of[row->verdict]++;
		verdicts->nr_exact_of[row->verdict] += row->design == DESIGN_EXACT;
		verdicts->nr_memory_of[row->verdict] += row->kind == ROW_MEMORY;
		verdicts->nr_cost_of[row->verdict] += row->kind == ROW_COST;
	}
	if (verdicts->nr_tested && !enough_runs(verdicts))
		verdicts->need =
			rule_fewest_runs(&verdicts->rule, verdicts->nr_tested, verdicts->paired);
}

void verdicts_find(struct verdicts *verdicts, const struct results *base, const struct results *new,
		   const struct rule *rule)
{
	struct verdict_work work = { .verdicts = verdicts };

	*verdicts = (struct verdicts){
		.rule = *rule,
		.base = base,
		.new = new,
		.icount = base->icount &&new->icount,
		.paired = schedule_shared(&base->schedule, &new->schedule),
	};
	add_rows(&work);
	for (size_t i = 0; i < NR_RULES; i++)
		if (rules[i]->find)
			rules[i]->find(&work);
	for (size_t i = 0; i < verdicts->nr; i++) {
		struct row *row = &verdicts->rows[i];

		if (row->design != DESIGN_EXACT) {
			row->verdict = own_verdict(row, verdicts);
			explain(row, verdicts);
			row->redundant = row->kind == ROW_MEMORY && row->verdict == VERDICT_SAME;
		}
		for (size_t side = 0; side < 2; side++) {
			free(work.data[i].values[side]);
			free(work.data[i].bounds[0][side]);
			free(work.data[i].bounds[1][side]);
		}
	}
	free(work.data);
	count_verdicts(verdicts);
	rows_find_controls(verdicts);
}

void verdicts_free(struct verdicts *verdicts)
{
	free(verdicts->rows);
	*verdicts = (struct verdicts){ 0 };
}

int row_direction(const struct row *row)
{
	if (row->kind == ROW_COUNT)
		return count_lower_better[row->which] ? -1 : 0;
	return row->kind == ROW_RATE ? 1 : -1;
}

bool row_has_spread(const struct row *row, size_t side)
{
	/* an icount row without replication counts as one run, whatever their number */
	return row->nr_measured[side] > 1 && (row->design != DESIGN_SEEDS || row->nr[side] > 1);
}

/* Whatever the figures are. */
static bool undecidable(const struct row *row)
{
	return row->design == DESIGN_NONE || row->note == NOTE_COUNT_VARIES ||
	       row->note == NOTE_OTHER_OBSERVER || row->note == NOTE_FEW_SEEDS;
}

enum verdict row_judge(const struct row *row, double threshold)
{
	bool inside = row->interval.low >= -threshold && row->interval.high <= threshold;
	int direction = row_direction(row);

	if (undecidable(row))
		return VERDICT_UNSURE;
	if (row->kind == ROW_COST)
		return cost_verdict(&row->cost);
	if (inside)
		return VERDICT_SAME;
	if (!row->moved)
		return VERDICT_UNSURE;
	if (direction == 0)
		return VERDICT_DIFFERS;
	return (row->interval.low >= 0) == (direction > 0) ? VERDICT_BETTER : VERDICT_WORSE;
}

enum verdict row_judge_part(const struct row *row, enum cost_part part, double threshold)
{
	const struct cost_part_value *value = &row->cost.part[part];

	if (undecidable(row))
		return VERDICT_UNSURE;
	if (value->low > threshold)
		return VERDICT_WORSE;
	return value->high <= threshold ? VERDICT_SAME : VERDICT_UNSURE;
}

bool verdict_alarms(enum verdict verdict)
{
	return verdict == VERDICT_WORSE || verdict == VERDICT_MORE || verdict == VERDICT_MIXED;
}

int row_compare_change(const void *a, const void *b)
{
	const struct row *left = *(const struct row *const *)a,
			 *right = *(const struct row *const *)b;
	double one = fabs(left->change), other = fabs(right->change);

	if (one != other)
		return one > other ? -1 : 1;
	return (left > right) - (left < right);
}

static const char *memory_label(unsigned int which)
{
	static const char *const labels[NR_METRICS][NR_MEMORY] = {
		[METRIC_PIN] = { "pin loads", "pin stores", "pin atomics", "pin L1D misses",
				 "pin L2 misses", "pin LLC misses", "pin lines", "pin code lines" },
		[METRIC_UNPIN] = { "unpin loads", "unpin stores", "unpin atomics",
				   "unpin L1D misses", "unpin L2 misses", "unpin LLC misses",
				   "unpin lines", "unpin code lines" },
		[METRIC_CYCLE] = { "loads", "stores", "atomics", "L1D misses", "L2 misses",
				   "LLC misses", "lines", "code lines" },
	};

	return labels[which / NR_MEMORY][which % NR_MEMORY];
}

const char *row_metric(const struct row *row)
{
	static const char *const costs[NR_METRICS + 1] = {
		[METRIC_PIN] = "pin cost",
		[METRIC_UNPIN] = "unpin cost",
		[METRIC_CYCLE] = "cost",
		[COST_TOTAL] = "cost",
	};
	static const char *const tails[NR_METRICS] = {
		[METRIC_PIN] = "pin p99",
		[METRIC_UNPIN] = "unpin p99",
		[METRIC_CYCLE] = "cycle p99",
	};

	switch (row->kind) {
	case ROW_RATE:
		return "hit rate";
	case ROW_COUNT:
		return count_names[row->which];
	case ROW_MEMORY:
		return memory_label(row->which);
	case ROW_COST:
		return costs[row->which];
	case ROW_TAIL:
		return tails[row->which];
	default:
		return metric_names[row->which];
	}
}

size_t rule_fewest_runs(const struct rule *rule, size_t nr_rows, bool paired)
{
	double alpha = 1 - rule->level;

	return paired ? fewest_pairs(alpha, nr_rows) : fewest_samples(alpha, nr_rows);
}

/* One number of each run, and which runs of two sides belong together. */

void run_values_of(struct run_values *values, const struct result *result, enum metric metric,
		   double part)
{
	autofree struct run_number *numbers = malloc((result->nr_runs + 1) * sizeof(*numbers));

	*values =
		(struct run_values){ .items = calloc(result->nr_runs + 1, sizeof(*values->items)) };
	if (!numbers || !values->items)
		abort();
	values->nr = result_numbers(result, metric, part, numbers);
	for (size_t i = 0; i < values->nr; i++)
		values->items[i] = (struct run_value){ .value = numbers[i].value,
						       .key = i,
						       .run = numbers[i].run };
}

static int by_key(const void *a, const void *b)
{
	const struct run_value *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->run->index > right->run->index) - (left->run->index < right->run->index);
}

/* A block or a seed that is there twice, in merged files, say, is one observation: its first one.
 */
static size_t key_end(const struct run_values *side, size_t at)
{
	size_t end = at + 1;

	while (end < side->nr && side->items[end].key == side->items[at].key)
		end++;
	return end;
}

void run_values_pair(struct run_values sides[2])
{
	size_t at[2] = { 0 }, nr = 0;

	for (size_t i = 0; i < 2; i++)
		qsort(sides[i].items, sides[i].nr, sizeof(*sides[i].items), by_key);
	while (at[0] < sides[0].nr && at[1] < sides[1].nr) {
		struct run_value base = sides[0].items[at[0]], new = sides[1].items[at[1]];

		if (base.key == new.key) {
			sides[0].items[nr] = base;
			sides[1].items[nr++] = new;
		}
		at[0] = base.key <= new.key ? key_end(&sides[0], at[0]) : at[0];
		at[1] = new.key <= base.key ? key_end(&sides[1], at[1]) : at[1];
	}
	sides[0].nr = sides[1].nr = nr;
}

static bool share_key(const struct run_values sides[2])
{
	for (size_t i = 0; i < sides[0].nr; i++)
		for (size_t j = 0; j < sides[1].nr; j++)
			if (sides[0].items[i].key == sides[1].items[j].key)
				return true;
	return false;
}

static void key_by_place(struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			sides[i].items[j].key = j;
}

bool run_values_by_block(struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++) {
		struct run_values *side = &sides[i];
		size_t nr = 0;

		for (size_t j = 0; j < side->nr; j++) {
			if (side->items[j].run->block < 0)
				continue;
			side->items[nr] = side->items[j];
			side->items[nr].key = (uint64_t)side->items[j].run->block;
			nr++;
		}
		side->nr = nr;
	}
	return share_key(sides);
}

bool run_values_by_seed(struct run_values sides[2])
{
	bool known = true;

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sides[i].nr; j++) {
			known = known && sides[i].items[j].run->placement.known;
			sides[i].items[j].key = sides[i].items[j].run->placement.seed;
		}
	}
	if (known && share_key(sides))
		return true;
	key_by_place(sides);
	return false;
}

double run_values_grain(const struct run_values sides[2], enum metric metric)
{
	uint64_t grain = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sides[i].nr; j++)
			if (sides[i].items[j].run->quantum[metric] > grain)
				grain = sides[i].items[j].run->quantum[metric];
	return grain > RULE_FINE_GRAIN ? (double)grain : 0;
}

void reading_bounds(const struct run *run, enum metric metric, double reading, double grain,
		    double *low, double *high)
{
	bool cut = strcmp(run->clock[metric], "gup-test-us") == 0;

	*low = cut || grain == 0 ? reading : fmax(0, reading - grain);
	*high = reading + grain;
}

double run_values_median(const struct run_values *values)
{
	autofree double *copy = malloc((values->nr + 1) * sizeof(*copy));

	if (!copy)
		abort();
	for (size_t i = 0; i < values->nr; i++)
		copy[i] = values->items[i].value;
	return quantile_of(copy, values->nr, 0.5);
}

void row_set_sides(struct row *row, const struct run_values sides[2], double part)
{
	const struct result *cases[2] = { row->base, row->new };

	for (size_t i = 0; i < 2; i++) {
		struct summary summary;

		row->nr[i] = sides[i].nr;
		if (!result_summary_at(cases[i], row->which, part, &summary))
			continue;
		row->nr_measured[i] = summary.nr;
		row->value[i] = summary.median;
		row->spread[i] = summary_spread(&summary);
	}
}

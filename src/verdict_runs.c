// SPDX-License-Identifier: GPL-2.0-or-later
/* One number of each run, and which runs of two sides belong together. */
#include <stdlib.h>

#include "cleanup.h"
#include "stats.h"
#include "verdict_rows.h"

static size_t nr_timed(const struct run *run)
{
	return run->nr_samples > run->nr_warmup ? run->nr_samples - run->nr_warmup : 0;
}

static size_t run_ticks(const struct run *run, enum metric metric, double *ticks)
{
	size_t nr = 0;

	for (size_t i = run->nr_warmup; i < run->nr_samples; i++)
		if (run->samples[i].have >> metric & 1)
			ticks[nr++] = (double)run->samples[i].ticks[metric];
	return nr;
}

/* Runs of one slot are processes of one boot, one after the other in the file: together they are one observation. */
static size_t slot_end(const struct result *result, size_t first)
{
	size_t end = first + 1;

	while (end < result->nr_runs && result->runs[first].slot >= 0 && result->runs[end].slot == result->runs[first].slot)
		end++;
	return end;
}

size_t result_nr_boots(const struct result *result)
{
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_runs; i = slot_end(result, i))
		nr++;
	return nr;
}

/* False: none of them measured the metric. */
static bool slot_value(const struct run *runs, size_t nr, enum metric metric, double part, double *ticks, double *value)
{
	autofree double *values = malloc(nr * sizeof(*values));
	size_t nr_values = 0;

	if (!values)
		abort();
	for (size_t i = 0; i < nr; i++) {
		size_t nr_ticks = run_ticks(&runs[i], metric, ticks);

		if (nr_ticks)
			values[nr_values++] = quantile_of(ticks, nr_ticks, part);
	}
	if (nr_values)
		*value = quantile_of(values, nr_values, 0.5);
	return nr_values > 0;
}

void run_values_of(struct run_values *values, const struct result *result, enum metric metric, double part)
{
	autofree double *ticks = NULL;
	size_t most = 1;

	for (size_t i = 0; i < result->nr_runs; i++)
		most = nr_timed(&result->runs[i]) > most ? nr_timed(&result->runs[i]) : most;
	ticks = malloc(most * sizeof(*ticks));
	*values = (struct run_values){ .items = calloc(result->nr_runs + 1, sizeof(*values->items)) };
	if (!ticks || !values->items)
		abort();
	for (size_t i = 0, end; i < result->nr_runs; i = end) {
		struct run_value *item = &values->items[values->nr];

		end = slot_end(result, i);
		*item = (struct run_value){ .key = values->nr, .run = &result->runs[i] };
		values->nr += slot_value(&result->runs[i], end - i, metric, part, ticks, &item->value);
	}
}

size_t result_medians(const struct result *result, enum metric metric, double *values)
{
	struct run_values runs;

	run_values_of(&runs, result, metric, 0.5);
	for (size_t i = 0; i < runs.nr; i++)
		values[i] = runs.items[i].value;
	free(runs.items);
	return runs.nr;
}

static int by_key(const void *a, const void *b)
{
	const struct run_value *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->run->index > right->run->index) - (left->run->index < right->run->index);
}

/* A block or a seed that is there twice, in merged files, say, is one observation: its first one. */
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

static void set_side(struct row *row, size_t side, const struct run_values *values)
{
	autofree double *copy = malloc((values->nr + 1) * sizeof(*copy));
	struct summary summary;

	if (!copy)
		abort();
	for (size_t i = 0; i < values->nr; i++)
		copy[i] = values->items[i].value;
	summary = summary_of(copy, values->nr);
	row->nr[side] = values->nr;
	row->value[side] = values->nr ? summary.median : 0;
	row->spread[side] = values->nr ? summary_spread(&summary) : 0;
}

void row_set_sides(struct row *row, const struct run_values sides[2])
{
	for (size_t i = 0; i < 2; i++)
		set_side(row, i, &sides[i]);
}

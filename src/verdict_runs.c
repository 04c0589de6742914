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
	for (size_t i = 0; i < result->nr_runs; i++) {
		size_t nr = run_ticks(&result->runs[i], metric, ticks);

		if (nr == 0)
			continue;
		values->items[values->nr] = (struct run_value){
			.value = quantile_of(ticks, nr, part), .key = values->nr, .run = &result->runs[i],
		};
		values->nr++;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct run_value *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->run->index > right->run->index) - (left->run->index < right->run->index);
}

void run_values_pair(struct run_values sides[2])
{
	size_t at[2] = { 0 }, nr = 0;

	for (size_t i = 0; i < 2; i++)
		qsort(sides[i].items, sides[i].nr, sizeof(*sides[i].items), by_key);
	while (at[0] < sides[0].nr && at[1] < sides[1].nr) {
		struct run_value base = sides[0].items[at[0]], new = sides[1].items[at[1]];

		at[0] += base.key <= new.key;
		at[1] += new.key <= base.key;
		if (base.key != new.key)
			continue;
		sides[0].items[nr] = base;
		sides[1].items[nr++] = new;
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

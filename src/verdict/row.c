// SPDX-License-Identifier: GPL-2.0-or-later
/* One number of each run, and which runs of two sides belong together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stats/stats.h"
#include "stats/summary.h"
#include "verdict/row.h"

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

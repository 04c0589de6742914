// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instructions. Everything in a boot repeats but the placement of its memory, which the seed
 * decides: there is no noise to test against, only other placements. So no ranks: a change is what
 * every seed shows.
 */
#include <math.h>

#include "verdict/judge.h"

static uint64_t grain(const struct run_value *base, const struct run_value *new,
		      unsigned int metric)
{
	uint64_t left = base->run->quantum[metric], right = new->run->quantum[metric];

	return left > right ? left : right;
}

/* -1, 0 or 1: which way this seed moves, by more than the clock can hide and by the smallest part
 * that counts. */
static int moves(const struct run_value *base, const struct run_value *new, unsigned int metric)
{
	double by = new->value - base->value,
	       ticks = RULE_ICOUNT_TICKS *(double)grain(base, new, metric);
	double least = RULE_ICOUNT_PART * base->value;

	/* each side is known to a tick, so that a change of just that part may show as two ticks
	 * less */
	if (fabs(by) <= ticks || fabs(by) + fmin(ticks, RULE_ICOUNT_SLACK * least) < least)
		return 0;
	return by > 0 ? 1 : -1;
}

static bool same_placement(const struct placement *a, const struct placement *b)
{
	return a->known == b->known &&
	       (!a->known || (a->seed == b->seed && a->region_start == b->region_start &&
			      a->pages_before == b->pages_before));
}

/* Several runs, of which some differ in where memory lay, and in what they gave. */
static bool replicated(const struct run_values sides[2])
{
	bool placed = false, spread = false;

	for (size_t side = 0; side < 2; side++) {
		const struct run_value *items = sides[side].items;

		for (size_t i = 1; i < sides[side].nr; i++) {
			placed = placed || !same_placement(&items[i].run->placement,
							   &items[0].run->placement);
			spread = spread || items[i].value != items[0].value;
		}
	}
	return placed && spread;
}

/* In how many ways memory lay, on the side that has fewer. */
static size_t nr_placements(const struct run_values sides[2])
{
	size_t least = SIZE_MAX;

	for (size_t side = 0; side < 2; side++) {
		const struct run_value *items = sides[side].items;
		size_t nr = 0;

		for (size_t i = 0; i < sides[side].nr; i++) {
			size_t j = 0;

			while (j < i &&
			       !same_placement(&items[i].run->placement, &items[j].run->placement))
				j++;
			nr += j == i;
		}
		least = nr < least ? nr : least;
	}
	return least;
}

void row_find_seeds(struct row *row, const struct run_values sides[2])
{
	const struct run_value *base = sides[0].items, *new = sides[1].items;
	int way = moves(&base[0], &new[0], row->which);

	row->interval = (struct interval){ INFINITY, -INFINITY };
	row->moved = way != 0;
	for (size_t i = 0; i < sides[0].nr; i++) {
		double was[2], is[2];

		reading_bounds(base[i].run, row->which, base[i].value, row->grain, &was[0],
			       &was[1]);
		reading_bounds(new[i].run, row->which, new[i].value, row->grain, &is[0], &is[1]);
		row->moved = row->moved && moves(&base[i], &new[i], row->which) == way;
		row->interval.low = fmin(row->interval.low, is[0] / was[1] - 1);
		row->interval.high = fmax(row->interval.high, is[1] / was[0] - 1);
	}
	row->change = run_values_median(&sides[1]) / run_values_median(&sides[0]) - 1;
	row->change_known = isfinite(row->change);
	if (!row->change_known)
		row->change = 0;
	if (!replicated(sides)) {
		row->nr[0] = row->nr[1] = 1;
		row->note = NOTE_NO_REPLICATION;
	}
	if (nr_placements(sides) < RULE_ICOUNT_SEEDS) {
		row->note = NOTE_FEW_SEEDS;
		row->need = RULE_ICOUNT_SEEDS;
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* The @nth of the sides in the order drawn for @block: a shuffle of its own for each block, so that
 * any slot can be asked. */
static unsigned int drawn_side(const struct schedule *schedule, unsigned int block,
			       unsigned int nth)
{
	unsigned int sides[RESULTS_MAX_SIDES];
	struct random random;

	random_seed(&random, schedule->seed + ((uint64_t)block << 32));
	for (unsigned int i = 0; i < schedule->nr_sides; i++)
		sides[i] = i;
	for (unsigned int i = schedule->nr_sides - 1; i > 0; i--) {
		unsigned int other = (unsigned int)random_below(&random, i + 1), side = sides[i];

		sides[i] = sides[other];
		sides[other] = side;
	}
	return sides[nth];
}

unsigned int schedule_side(const struct schedule *schedule, unsigned int slot)
{
	unsigned int block = slot / schedule->nr_sides, nth = slot % schedule->nr_sides;

	if (schedule->order == ORDER_RANDOM)
		return drawn_side(schedule, block, nth);
	return block % 2 ? schedule->nr_sides - 1 - nth : nth;
}

unsigned int schedule_slot(const struct schedule *schedule, unsigned int side, unsigned int block)
{
	unsigned int slot = block * schedule->nr_sides;

	while (schedule_side(schedule, slot) != side)
		slot++;
	return slot;
}

void schedule_init(struct schedule *schedule, enum run_order order, unsigned int nr_blocks,
		   const char *const *sides, unsigned int nr_sides, const uint64_t *seed)
{
	*schedule = (struct schedule){
		.order = order,
		.seed = seed ? *seed : random_new_seed() & UINT32_MAX,
		.nr_blocks = nr_blocks,
		.nr_sides = nr_sides,
	};
	snprintf(schedule->id, sizeof(schedule->id), "%016" PRIx64 "%016" PRIx64, random_new_seed(),
		 random_new_seed());
	for (unsigned int i = 0; i < nr_sides; i++)
		if (!(schedule->sides[i] = strdup(sides[i])))
			abort();
}

void schedule_copy(struct schedule *schedule, const struct schedule *from, unsigned int side)
{
	*schedule = *from;
	schedule->side = side;
	for (unsigned int i = 0; i < from->nr_sides; i++)
		if (!(schedule->sides[i] = strdup(from->sides[i])))
			abort();
}

void schedule_free(struct schedule *schedule)
{
	for (unsigned int i = 0; i < schedule->nr_sides; i++)
		free(schedule->sides[i]);
	*schedule = (struct schedule){ 0 };
}

bool schedule_shared(const struct schedule *a, const struct schedule *b)
{
	return a->order != ORDER_NONE && b->order != ORDER_NONE && strcmp(a->id, b->id) == 0 &&
	       a->side != b->side;
}

void schedule_stamp(const struct schedule *schedule, unsigned int slot, struct results *results)
{
	for (size_t i = 0; i < results->nr; i++) {
		for (size_t j = 0; j < results->items[i].nr_runs; j++) {
			results->items[i].runs[j].block = (int)(slot / schedule->nr_sides);
			results->items[i].runs[j].slot = (int)slot;
		}
	}
}

bool schedule_has(const struct results *results, unsigned int slot)
{
	for (size_t i = 0; i < results->nr; i++)
		for (size_t j = 0; j < results->items[i].nr_runs; j++)
			if (results->items[i].runs[j].slot == (int)slot)
				return true;
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which side measures next. A block is one run of every side, one after the other; what drifts on
 * the machine drifts for all sides of a block alike, and compare pairs by block.
 *
 * abba: every other block runs backwards (A B, B A, A B ...), so that a steady drift favours
 * nobody. random: the order within each block is drawn with the schedule's seed, so that nothing
 * that changes with time can be taken for a difference of the sides, however it changes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "result/results.h"

/* Side of @slot: 0 .. nr_sides - 1. The block is slot / nr_sides. */
unsigned int schedule_side(const struct schedule *schedule, unsigned int slot);
/* The slot of @side in @block. */
unsigned int schedule_slot(const struct schedule *schedule, unsigned int side, unsigned int block);
/* A new id and, when @seed is NULL, a seed of 32 bits that nobody chose. Sides are copied. At most
 * RESULTS_MAX_SIDES. */
void schedule_init(struct schedule *schedule, enum run_order order, unsigned int nr_blocks,
		   const char *const *sides, unsigned int nr_sides, const uint64_t *seed);
/* The schedule of @from for another side; both own their texts. */
void schedule_copy(struct schedule *schedule, const struct schedule *from, unsigned int side);
void schedule_free(struct schedule *schedule);
/* Whether two files took turns with each other. */
bool schedule_shared(const struct schedule *a, const struct schedule *b);
/* Puts block and slot on every run of a report that was measured in @slot. */
void schedule_stamp(const struct schedule *schedule, unsigned int slot, struct results *results);
/* Whether @results has runs that were measured in @slot. */
bool schedule_has(const struct results *results, unsigned int slot);

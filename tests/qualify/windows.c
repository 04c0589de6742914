// SPDX-License-Identifier: GPL-2.0-or-later
#include "windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/schedule.h"

const struct run *stretch_at(const struct stretch *stretch, size_t result, unsigned int slot)
{
	return stretch->at[result * 2 * stretch->nr_blocks + slot];
}

/* The results that count stand first: stretch_load() has moved them there, on both sides in the
 * same order. */
const struct result *stretch_result(const struct stretch *stretch, size_t result)
{
	return &stretch->side[0].items[result];
}

/* --- loading --- */

static bool is_measured(const struct result *result)
{
	return result && result->status == STATUS_DONE && result->nr_runs;
}

static void swap(struct result *a, struct result *b)
{
	struct result other = *a;

	*a = *b;
	*b = other;
}

/* Results measured on both sides to the front, in the order of the base. */
static size_t results_align(struct results *base, struct results *new)
{
	size_t nr = 0;

	for (size_t i = 0; i < base->nr; i++) {
		struct result *mine = &base->items[i];
		struct result *other = (struct result *)results_find(new, mine->key);

		if (!is_measured(mine) || !is_measured(other))
			continue;
		swap(&new->items[nr], other);
		swap(&base->items[nr++], mine);
	}
	return nr;
}

static int slots_fill(struct stretch *stretch, unsigned int side, struct error *err)
{
	const struct results *results = &stretch->side[side];
	unsigned int nr_slots = 2 * stretch->nr_blocks;

	for (size_t i = 0; i < stretch->nr; i++) {
		for (size_t j = 0; j < results->items[i].nr_runs; j++) {
			const struct run *run = &results->items[i].runs[j];

			if (run->slot < 0 || (unsigned int)run->slot >= nr_slots ||
			    run->block != run->slot / 2)
				return error_set(err, EINVAL,
						 "%s: %s: run %zu has no place in the schedule",
						 results->path, results->items[i].key, j);
			if (run->nr_samples != stretch->side[0].items[i].runs[0].nr_samples)
				return error_set(err, EINVAL,
						 "%s: %s: runs with different numbers of samples",
						 results->path, results->items[i].key);
			stretch->at[i * nr_slots + (size_t)run->slot] = run;
			stretch->of[run->slot] = side;
		}
	}
	return 0;
}

int stretch_load(struct stretch *stretch, const char *base, const char *new, struct error *err)
{
	const char *const path[2] = { base, new };
	unsigned int nr_slots;

	*stretch = (struct stretch){ .nr_blocks = 0 };
	for (int side = 0; side < 2; side++)
		if (results_load(&stretch->side[side], path[side], err))
			return -err->code;
	if (!schedule_shared(&stretch->side[0].schedule, &stretch->side[1].schedule))
		return error_set(err, EINVAL, "%s, %s: not two sides of one schedule", base, new);
	stretch->nr_blocks = stretch->side[0].schedule.nr_blocks;
	stretch->nr = results_align(&stretch->side[0], &stretch->side[1]);
	nr_slots = 2 * stretch->nr_blocks;
	stretch->at = calloc(stretch->nr * nr_slots + 1, sizeof(*stretch->at));
	stretch->of = calloc(nr_slots + 1, sizeof(*stretch->of));
	if (!stretch->at || !stretch->of)
		return error_errno(err, ENOMEM, "%s", base);
	if (slots_fill(stretch, 0, err) || slots_fill(stretch, 1, err))
		return -err->code;
	for (size_t i = 0; i < stretch->nr * nr_slots; i++)
		if (!stretch->at[i])
			return error_set(err, EINVAL, "%s, %s: %s: slot %zu was not measured", base,
					 new, stretch_result(stretch, i / nr_slots)->key,
					 i % nr_slots);
	if (!stretch->nr || !stretch->nr_blocks)
		return error_set(err, EINVAL, "%s, %s: nothing was measured on both sides", base,
				 new);
	return 0;
}

void stretch_free(struct stretch *stretch)
{
	results_free(&stretch->side[0]);
	results_free(&stretch->side[1]);
	free(stretch->at);
	free(stretch->of);
	*stretch = (struct stretch){ .nr_blocks = 0 };
}

size_t stretch_rows(const struct stretch *stretch, struct pick **picks)
{
	size_t nr = 0;

	*picks = calloc(stretch->nr * NR_METRICS, sizeof(**picks));
	if (!*picks)
		abort();
	for (size_t i = 0; i < stretch->nr; i++)
		for (unsigned int metric = 0; metric < NR_METRICS; metric++)
			if (stretch_at(stretch, i, 0)->clock[metric][0])
				(*picks)[nr++] = (struct pick){ .result = i, .metric = metric };
	return nr;
}

/* --- writing --- */

/* The parts of a report that a window does not own are the stretch's. */
struct drawn {
	struct results results;
	struct result *items;
	struct run *runs;
	struct sample *samples;
};

static void cleanup_drawn(struct drawn *drawn)
{
	free(drawn->items);
	free(drawn->runs);
	free(drawn->samples);
}

static unsigned int side_of(const struct stretch *stretch, const struct window *window,
			    const struct schedule *labels, unsigned int slot)
{
	if (window->labels == LABELS_MEASURED)
		return stretch->of[2 * window->first_block + slot];
	return schedule_side(labels, slot);
}

/* A case of which one metric is looked at has no other one. */
static struct sample *samples_keep(struct sample *into, const struct run *run, enum metric metric)
{
	for (size_t i = 0; i < run->nr_samples; i++) {
		into[i] = run->samples[i];
		into[i].have &= 1u << metric;
	}
	return into;
}

static void run_draw(struct drawn *drawn, struct run *run, const struct window *window,
		     unsigned int slot)
{
	run->slot = (int)slot;
	run->block = (int)(slot / 2);
	if (window->pick.all)
		return;
	run->samples =
		samples_keep(drawn->samples + slot * run->nr_samples, run, window->pick.metric);
	for (unsigned int metric = 0; metric < NR_METRICS; metric++)
		if (metric != window->pick.metric)
			run->clock[metric][0] = '\0';
}

static int side_draw(struct drawn *drawn, const struct stretch *stretch,
		     const struct window *window, const struct schedule *labels, unsigned int side)
{
	size_t first = window->pick.all ? 0 : window->pick.result,
	       nr = window->pick.all ? stretch->nr : 1;
	unsigned int nr_slots = 2 * window->nr_blocks;
	size_t used = 0;

	drawn->results = stretch->side[side];
	drawn->results.schedule = *labels;
	drawn->results.schedule.side = side;
	drawn->results.nr = nr;
	drawn->results.items = drawn->items = calloc(nr, sizeof(*drawn->items));
	drawn->runs = calloc(nr * nr_slots, sizeof(*drawn->runs));
	drawn->samples = calloc(nr_slots * stretch_at(stretch, first, 0)->nr_samples + 1,
				sizeof(*drawn->samples));
	if (!drawn->items || !drawn->runs || !drawn->samples)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct result *result = &drawn->items[i];

		*result = stretch->side[side].items[first + i];
		result->runs = drawn->runs +
			       used; /* no run has samples of its own: nothing to free */
		result->nr_runs = 0;
		for (unsigned int slot = 0; slot < nr_slots; slot++) {
			struct run *run = &result->runs[result->nr_runs];

			if (side_of(stretch, window, labels, slot) != side)
				continue;
			*run = *stretch_at(stretch, first + i, 2 * window->first_block + slot);
			run_draw(drawn, run, window, slot);
			run->index = (unsigned int)result->nr_runs++;
		}
		used += result->nr_runs;
	}
	return 0;
}

int window_save(const struct stretch *stretch, const struct window *window,
		const char *const path[2], struct error *err)
{
	struct schedule labels = stretch->side[0].schedule;

	labels.nr_blocks = window->nr_blocks;
	if (window->labels != LABELS_MEASURED)
		labels.order = window->labels == LABELS_ABBA ? ORDER_ABBA : ORDER_RANDOM;
	if (window->labels == LABELS_RANDOM)
		labels.seed = window->seed;
	for (unsigned int side = 0; side < 2; side++) {
		__attribute__((cleanup(cleanup_drawn))) struct drawn drawn = { .items = NULL };

		if (side_draw(&drawn, stretch, window, &labels, side))
			return error_errno(err, ENOMEM, "draw a window");
		if (results_save(&drawn.results, path[side], err))
			return -err->code;
	}
	return 0;
}

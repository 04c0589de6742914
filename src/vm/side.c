// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "result/schedule.h"
#include "stats/steady.h"
#include "vm/lab.h"
#include "vm/side.h"

bool side_begun(const struct lab_side *side)
{
	for (unsigned int block = 0; block < side->schedule.nr_blocks; block++)
		if (side->whole[block])
			return true;
	return false;
}

bool side_complete(const struct lab_side *side)
{
	for (unsigned int block = 0; block < side->schedule.nr_blocks; block++)
		if (!side->whole[block])
			return false;
	return true;
}

static int compare_slots(const void *a, const void *b)
{
	const struct run *left = a, *right = b;

	return left->slot < right->slot ? -1 : left->slot > right->slot;
}

/* A hole that was filled later: runs stand in the order of the schedule, whenever they were made.
 */
static void runs_sort(struct results *results)
{
	for (size_t i = 0; i < results->nr; i++) {
		struct result *result = &results->items[i];

		for (size_t j = 1; j < result->nr_runs; j++) {
			if (compare_slots(&result->runs[j - 1], &result->runs[j]) <= 0)
				continue;
			qsort(result->runs, result->nr_runs, sizeof(*result->runs), compare_slots);
			break;
		}
		for (size_t j = 0; j < result->nr_runs; j++)
			result->runs[j].index = (unsigned int)j;
	}
}

/* Puts on the result what the guest could not know, and must not: which kernel this is meant to be.
 */
static void results_finish(struct lab_side *side, const struct side_origin *origin)
{
	struct results *results = &side->results;
	struct fact_list *facts = &results->environment;
	int64_t nr_whole = 0;

	if (!results->label || strcmp(results->label, side->name)) {
		free(results->label);
		results->label = strdup(side->name);
	}
	schedule_free(&results->schedule);
	schedule_copy(&results->schedule, &side->schedule, side->schedule.side);
	for (unsigned int block = 0; block < side->schedule.nr_blocks; block++)
		nr_whole += side->whole[block];
	fact_text(facts, origin->accel, "lab.accel");
	fact_number(facts, nr_whole, "lab.boots");
	fact_number(facts, origin->memory_mib, "lab.memory_mib");
	fact_text(facts, side->image_digest, "lab.image");
	fact_text(facts, side->guest_digest, "lab.guest");
	fact_text(facts, origin->command, "lab.command");
	if (origin->job[0])
		fact_text(facts, origin->job, "lab.job");
	if (origin->append[0])
		fact_text(facts, origin->append, "lab.append");
	for (size_t i = 0; i < side->lost.nr; i++)
		fact_text(facts, side->lost.items[i].text, "%s", side->lost.items[i].name);
	results->complete = side_complete(side);
	results_steady(results); /* a boot alone can tell less, and has */
}

/* The first boot of a file: when it began, and what was typed. */
static void results_begin(struct results *results, const struct side_origin *origin)
{
	results_set_command(results, origin->argc, origin->argv);
	free(results->started);
	results->started = strdup(origin->started);
}

int sides_reserve(struct lab_side *sides, size_t nr, const struct side_origin *origin,
		  struct error *err)
{
	const struct results *reports[LAB_MAX_KERNELS] = { NULL };
	char *paths[LAB_MAX_KERNELS] = { NULL };
	int ret;

	for (size_t i = 0; i < nr; i++) {
		struct results *results = &sides[i].results;

		results->tool_version = strdup(PINBENCH_VERSION);
		results->icount = origin->icount;
		results_begin(results, origin);
		results_finish(&sides[i], origin);
		reports[i] = results;
		paths[i] = sides[i].path;
	}
	ret = results_save_new(reports, paths, nr, err);
	for (size_t i = 0; i < nr; i++) {
		results_free(&sides[i].results);
		sides[i].results = (struct results){ 0 };
		sides[i].reserved = !ret;
	}
	return ret;
}

int side_take(struct lab_side *side, const struct side_origin *origin, unsigned int slot,
	      const struct boot *boot, struct error *err)
{
	const struct frame_text *text = &boot->channel.result;
	unsigned int block = slot / side->schedule.nr_sides;
	struct results results = { 0 };
	int ret = 0;

	if (boot->end != BOOT_DONE)
		fact_text(&side->lost, boot->text, "lab.boot%u", block);
	side->whole[block] = boot->end == BOOT_DONE;
	if (!text->bytes && !side->measured)
		return 0;
	if (text->bytes) {
		ret = results_parse(&results, text->bytes, text->size, "the guest's result", err);
		if (ret)
			return ret;
		if (side->whole[block] && !results.complete) {
			fact_text(&side->lost, "the guest's pinbench did not finish", "lab.boot%u",
				  block);
			side->whole[block] = false;
		}
		schedule_stamp(&side->schedule, slot, &results);
		if (side->measured) {
			ret = results_merge(&side->results, &results, err);
			results_free(&results);
			runs_sort(&side->results);
		} else {
			side->results = results;
			side->measured = true;
			results_begin(&side->results, origin);
		}
	}
	if (ret)
		return ret;
	results_finish(side, origin);
	return results_save(&side->results, side->path, err);
}

int side_end(struct lab_side *side, const struct side_origin *origin, unsigned int nr_blocks,
	     struct error *err)
{
	side->schedule.nr_blocks = nr_blocks;
	if (!side->measured)
		return 0;
	results_finish(side, origin);
	return results_save(&side->results, side->path, err);
}

void side_mend(struct lab_side *side)
{
	struct results *results = &side->results;
	const struct fact *repeated = fact_find(&results->environment, "lab.repeated");
	int64_t nr_repeated = repeated ? repeated->number : 0;
	bool any = false;
	char name[32];

	for (unsigned int block = 0; block < side->schedule.nr_blocks; block++) {
		unsigned int slot = schedule_slot(&side->schedule, side->schedule.side, block);

		snprintf(name, sizeof(name), "lab.boot%u", block);
		if (fact_find(&results->environment, name)) {
			fact_remove(&results->environment, name);
			results_drop_slot(results, (int)slot);
			fact_number(&results->environment, ++nr_repeated, "lab.repeated");
		}
		side->whole[block] = schedule_has(results, slot);
		any = any || side->whole[block];
	}
	if (any)
		return;
	results_free(results);
	side->measured = false;
}

void side_close(struct lab_side *side)
{
	lab_image_close(&side->image);
	if (side->measured)
		results_free(&side->results);
	else if (side->reserved)
		unlink(side->path);
	schedule_free(&side->schedule);
	fact_list_free(&side->lost);
	free(side->whole);
	side->whole = NULL;
}

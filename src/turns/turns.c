// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/turns.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "result/schedule.h"
#include "stats/steady.h"
#include "turns/files.h"
#include "turns/order.h"
#include "turns/pass.h"

/* How far it is, in turns of one side. */
struct way {
	size_t nr_done, nr_left;
	uint64_t started_ns;
};

static void tell(const struct interleave *interleave, const struct way *way, unsigned int block,
		 const char *label, const char *key)
{
	double elapsed = (double)(clock_now() - way->started_ns) / 1e9;
	struct interleave_event event = {
		.block = block,
		.nr_blocks = interleave->schedule.nr_blocks,
		.label = label,
		.key = key,
		.elapsed_s = elapsed,
		.open = interleave->precision.part > 0,
		.left_s = way->nr_done && interleave->precision.part <= 0
				  ? elapsed / (double)way->nr_done * (double)way->nr_left
				  : -1,
	};

	if (interleave->event)
		interleave->event(interleave->context, &event);
}

static double side_time_s(const struct interleave *interleave, const struct interleave_side *side)
{
	size_t nr_done = 0;

	for (size_t i = 0; i < side->results.nr; i++)
		nr_done += side->results.items[i].status == STATUS_DONE;
	return interleave->precision.max_time_s > 0 &&
			       side->results.duration_s >=
				       interleave->precision.max_time_s * (double)nr_done
		       ? interleave->precision.max_time_s
		       : 0;
}

/* After a block: whether every case of both sides is settled, or the time is over. Each says which.
 */
static bool blocks_enough(struct interleave *interleave)
{
	struct precision precision = interleave->precision;
	bool enough = true;

	precision.most_runs = interleave->schedule.nr_blocks;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];
		double time_s = side_time_s(interleave, side);

		for (size_t k = 0; k < side->results.nr; k++)
			if (side->results.items[k].status == STATUS_DONE &&
			    !precision_enough(&precision, &side->results.items[k], time_s))
				enough = false;
	}
	return enough;
}

static void sides_end(struct interleave *interleave)
{
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct results *results = &interleave->sides[i].results;

		if (results->complete)
			continue;
		results->schedule.nr_blocks = interleave->schedule.nr_blocks;
		results->complete = true;
		results_steady(results);
		interleave->sides[i].unsaved = true;
	}
}

static int none_done(const struct interleave_side *side, struct error *err)
{
	for (size_t i = 0; i < side->results.nr; i++)
		if (side->results.items[i].status != STATUS_SKIPPED)
			return 0;
	error_set(err, ENODATA, "%s: no case can run here", side->label);
	return error_fix(err, "pinbench run --dry-run%s%s says why", side->job ? " -c " : "",
			 side->job ? side->job : "");
}

/* One case of one side. What turned out not to run here is not tried in every block. */
static int turn_run(const struct interleave *interleave, const struct interleave_side *side,
		    const char *key, struct results *pass, struct error *err)
{
	const struct result *before = results_find(&side->results, key);
	struct pass_order order = {
		.program = &side->program,
		.label = side->label,
		.job = side->job,
		.key = key,
		.overrides = interleave->overrides,
		.nr_overrides = interleave->nr_overrides,
		.force = interleave->force,
		.icount = interleave->icount,
		.time_only = side->results.nr > 0,
		.stop = interleave->stop,
	};
	/* in the first block there is nothing but the block itself */
	const struct results *known = side->results.nr ? &side->results : pass;
	struct results part = { 0 };
	int ret;

	if (before && before->status == STATUS_SKIPPED)
		return 0;
	ret = pass_run(&order, &part, err);
	if (!ret && known->nr)
		ret = interleave_check(side, known, &part, err);
	if (!ret && pass->nr) {
		ret = results_merge(pass, &part, err);
	} else if (!ret) {
		*pass = part;
		return 0;
	}
	results_free(&part);
	return ret;
}

/* Case by case, each side's right after the other's: whatever the machine does lasts longer than
 * that. */
static int block_run(struct interleave *interleave, const struct turns *turns, unsigned int block,
		     struct way *way, struct error *err)
{
	struct results passes[INTERLEAVE_SIDES] = { 0 };
	int ret = 0;

	for (size_t i = 0; i < turns->nr * INTERLEAVE_SIDES && !ret; i++) {
		unsigned int slot = block * INTERLEAVE_SIDES + (unsigned int)(i % INTERLEAVE_SIDES);
		unsigned int nth = schedule_side(&interleave->schedule, slot);
		const char *key = turns->items[i / INTERLEAVE_SIDES].keys[nth];

		if (*interleave->stop) {
			ret = error_set(err, EINTR, "interrupted");
			break;
		}
		tell(interleave, way, block, interleave->sides[nth].label, key ? key : "");
		if (key)
			ret = turn_run(interleave, &interleave->sides[nth], key, &passes[nth], err);
		way->nr_done++;
		way->nr_left--;
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		if (!ret)
			ret = interleave_take(interleave, &interleave->sides[i], block, &passes[i],
					      err);
		if (!ret)
			ret = none_done(&interleave->sides[i], err);
		results_free(&passes[i]);
	}
	if (!ret && interleave_save_due(interleave))
		ret = interleave_save(interleave, err);
	if (!ret)
		tell(interleave, way, block, NULL, NULL);
	return ret;
}

int interleave_run(struct interleave *interleave, struct error *err)
{
	struct turns turns = { 0 };
	struct way way = { .started_ns = clock_now() };
	struct error untold;
	int ret = 0;

	turns_find(&turns, interleave);
	way.nr_left = (size_t)interleave_nr_left(interleave) * turns.nr * INTERLEAVE_SIDES;
	for (unsigned int block = 0; block < interleave->schedule.nr_blocks && !ret; block++) {
		if (interleave_block_done(interleave, block))
			continue;
		ret = block_run(interleave, &turns, block, &way, err);
		if (!ret && interleave->precision.part > 0 && blocks_enough(interleave))
			interleave->schedule.nr_blocks = block + 1;
	}
	if (!ret)
		sides_end(interleave);
	if (interleave_save(interleave, ret ? &untold : err) && !ret)
		ret = -err->code;
	free(turns.items);
	return ret;
}

void interleave_free(struct interleave *interleave)
{
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		results_free(&interleave->sides[i].results);
		program_close(&interleave->sides[i].program);
	}
	schedule_free(&interleave->schedule);
}

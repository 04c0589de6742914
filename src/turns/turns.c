// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "result/schedule.h"
#include "stats/steady.h"
#include "turns/program.h"

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
		results_steady(results, pinner_is_floor);
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

static int key_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **keys_sorted(const struct plan *plan)
{
	const char **keys = calloc(plan->nr + 1, sizeof(*keys));

	if (!keys)
		abort();
	for (size_t i = 0; i < plan->nr; i++)
		keys[i] = plan->cases[i].key;
	qsort(keys, plan->nr, sizeof(*keys), key_compare);
	return keys;
}

/* The key of what case @i of @side is compared with, on the other side. */
static const char *other_key(const struct interleave_side *side, size_t i)
{
	return side->counterparts && side->counterparts[i] ? side->counterparts[i]
							   : side->plan->cases[i].key;
}

void turns_find(struct turns *turns, const struct interleave *interleave)
{
	turns->items = calloc(interleave->sides[0].plan->nr + interleave->sides[1].plan->nr + 1,
			      sizeof(*turns->items));
	if (!turns->items)
		abort();
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		const struct interleave_side *side = &interleave->sides[i],
					     *other = &interleave->sides[!i];
		autofree const char **keys = keys_sorted(other->plan);

		for (size_t k = 0; k < side->plan->nr; k++) {
			const char *key = other_key(side, k);
			bool both = bsearch(&key, keys, other->plan->nr, sizeof(*keys),
					    key_compare) != NULL;
			struct turn *turn = &turns->items[turns->nr];

			if (both && i > 0)
				continue;
			turn->keys[i] = side->plan->cases[k].key;
			turn->keys[!i] = both ? key : NULL;
			turns->nr++;
		}
	}
}

/* A file is written whole, and grows: of the time between two savings they take at most this part.
 */
#define SAVE_PART 20u

static const char *environment_text(const struct results *results, const char *name)
{
	const struct fact *fact = fact_find(&results->environment, name);

	return fact && fact->kind == FACT_TEXT ? fact->text : "";
}

static bool text_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static unsigned int slot_of(const struct interleave *interleave, const struct interleave_side *side,
			    unsigned int block)
{
	return schedule_slot(&interleave->schedule, (unsigned int)(side - interleave->sides),
			     block);
}

static bool side_has(const struct interleave *interleave, const struct interleave_side *side,
		     unsigned int block)
{
	return schedule_has(&side->results, slot_of(interleave, side, block));
}

bool interleave_block_done(const struct interleave *interleave, unsigned int block)
{
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		if (!side_has(interleave, &interleave->sides[i], block))
			return false;
	return true;
}

unsigned int interleave_nr_left(const struct interleave *interleave)
{
	unsigned int nr = 0;

	for (unsigned int block = 0; block < interleave->schedule.nr_blocks; block++)
		nr += !interleave_block_done(interleave, block);
	return nr;
}

int interleave_check(const struct interleave_side *side, const struct results *before,
		     const struct results *pass, struct error *err)
{
	static const char *const names[] = { "kernel.release", "kernel.version", "kernel.cmdline" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!text_same(environment_text(before, names[i]),
			       environment_text(pass, names[i])))
			return error_set(err, EINVAL,
					 "%s: %s was \"%.120s\" when the schedule began and is "
					 "\"%.120s\" now",
					 side->path, names[i], environment_text(before, names[i]),
					 environment_text(pass, names[i]));
	if (!text_same(before->config, pass->config))
		return error_set(err, EINVAL,
				 "%s: the job is not the one that the schedule began with (%s and "
				 "-p)",
				 side->path, side->job ? side->job : "built in");
	return 0;
}

static void counterparts_set(struct interleave_side *side)
{
	for (size_t i = 0; side->counterparts && i < side->plan->nr; i++) {
		struct result *result =
			(struct result *)results_find(&side->results, side->plan->cases[i].key);

		if (result && side->counterparts[i] && !result->counterpart)
			result->counterpart = strdup(side->counterparts[i]);
	}
}

static void side_begin(const struct interleave *interleave, struct interleave_side *side)
{
	struct results *results = &side->results;
	unsigned int nth = (unsigned int)(side - interleave->sides);

	free(results->path);
	results->path = NULL;
	free(results->label);
	results->label = strdup(side->label);
	results_set_command(results, interleave->argc, interleave->argv);
	schedule_copy(&results->schedule, &interleave->schedule, nth);
	fact_text(&results->environment, side->program.hash, "harness.program");
	counterparts_set(side);
}

int interleave_take(struct interleave *interleave, struct interleave_side *side, unsigned int block,
		    struct results *pass, struct error *err)
{
	if (pass->nr == 0)
		return 0; /* of the job nothing can run here, and the file says so */
	schedule_stamp(&interleave->schedule, slot_of(interleave, side, block), pass);
	if (side->results.nr == 0) {
		results_free(&side->results);
		side->results = *pass;
		*pass = (struct results){ 0 };
		side_begin(interleave, side);
	} else if (results_merge(&side->results, pass, err)) {
		return -err->code;
	}
	side->results.complete = false; /* until all blocks are there */
	side->unsaved = true;
	return 0;
}

/* Both under one new name, or that of one where the other was given. */
static int save_new(struct interleave *interleave, struct error *err)
{
	const struct results *reports[INTERLEAVE_SIDES];
	struct interleave_side *sides[INTERLEAVE_SIDES];
	char *paths[INTERLEAVE_SIDES];
	size_t nr = 0;

	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];

		if (!side->unsaved || !side->is_new)
			continue;
		sides[nr] = side;
		reports[nr] = &side->results;
		paths[nr++] = side->path;
	}
	if (nr && results_save_new(reports, paths, nr, err))
		return -err->code;
	for (size_t i = 0; i < nr; i++)
		sides[i]->unsaved = sides[i]->is_new = false;
	return 0;
}

int interleave_save(struct interleave *interleave, struct error *err)
{
	uint64_t started = clock_now();

	if (save_new(interleave, err))
		return -err->code;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];

		if (side->unsaved && results_save(&side->results, side->path, err))
			return -err->code;
		side->unsaved = false;
	}
	interleave->saved_ns = clock_now();
	interleave->save_took_ns = interleave->saved_ns - started;
	return 0;
}

bool interleave_save_due(const struct interleave *interleave)
{
	return clock_now() - interleave->saved_ns >= SAVE_PART * interleave->save_took_ns;
}

/* --- taking up --- */

/* By its precision or the time it took: then its blocks are as many as it has. */
static bool stopped_early(const struct results *results)
{
	for (size_t i = 0; i < results->nr; i++)
		if (results->items[i].stop != STOP_RUNS)
			return results->complete;
	return false;
}

static int side_load(struct interleave *interleave, struct interleave_side *side, struct error *err)
{
	const struct schedule *mine = &interleave->schedule, *its;
	const char *hash;

	if (results_load(&side->results, side->path, err))
		return -err->code;
	its = &side->results.schedule;
	hash = environment_text(&side->results, "harness.program");
	if (its->order == ORDER_NONE || its->nr_sides != mine->nr_sides)
		return error_set(err, EINVAL, "%s was not measured in turns with one other",
				 side->path);
	if (its->side != side - interleave->sides ||
	    strcmp(its->sides[its->side], side->label) != 0)
		return error_set(err, EINVAL, "%s is side \"%s\" of its schedule, not \"%s\"",
				 side->path, its->sides[its->side], side->label);
	if (its->order != mine->order)
		return error_set(err, EINVAL, "%s: the order is %s, not %s", side->path,
				 order_names[its->order], order_names[mine->order]);
	if (its->nr_blocks != mine->nr_blocks && !stopped_early(&side->results))
		return error_set(err, EINVAL, "%s: the schedule has %u runs a side, not %u",
				 side->path, its->nr_blocks, mine->nr_blocks);
	if (strcmp(hash, side->program.hash) != 0)
		return error_set(err, EINVAL,
				 "%s: measured by another program than %s is now (SHA-256 %s..., "
				 "not %s...)",
				 side->path, side->program.path, hash, side->program.hash);
	return 0;
}

/* A block of which one side was saved when the other was not: what belongs next to each other is
 * measured again. */
static void blocks_mend(struct interleave *interleave)
{
	for (unsigned int block = 0; block < interleave->schedule.nr_blocks; block++)
		for (unsigned int i = 0;
		     i < INTERLEAVE_SIDES && !interleave_block_done(interleave, block); i++)
			results_drop_slot(&interleave->sides[i].results,
					  (int)slot_of(interleave, &interleave->sides[i], block));
}

int interleave_take_up(struct interleave *interleave, bool seed_given, struct error *err)
{
	struct schedule *mine = &interleave->schedule, *its;
	unsigned int nr_found = 0;

	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];

		/* a kill between the two files of the first block leaves one */
		if (access(side->path, F_OK) && errno == ENOENT)
			continue;
		if (side_load(interleave, side, err))
			return -err->code;
		its = &side->results.schedule;
		if (seed_given && its->seed != mine->seed)
			return error_set(err, EINVAL, "%s: the seed is %llu, not %llu", side->path,
					 (unsigned long long)its->seed,
					 (unsigned long long)mine->seed);
		if (nr_found++ && strcmp(its->id, mine->id) != 0)
			return error_set(err, EINVAL, "%s and %s are not of one schedule",
					 interleave->sides[0].path, side->path);
		memcpy(mine->id, its->id, sizeof(mine->id));
		mine->nr_blocks = its->nr_blocks;
		mine->seed = its->seed;
	}
	if (!nr_found)
		return error_set(err, ENOENT, "nothing to resume: there is no %s",
				 interleave->sides[0].path);
	blocks_mend(interleave);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "interleave.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "cleanup.h"
#include "pass.h"
#include "schedule.h"
#include "steady.h"

static const char *fact_value(const struct report *report, const char *name)
{
	const struct fact *fact = fact_find(&report->environment, name);

	return fact && fact->kind == FACT_TEXT ? fact->text : "";
}

static bool text_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static unsigned int slot_of(const struct interleave *interleave, const struct interleave_side *side, unsigned int block)
{
	unsigned int slot = block * INTERLEAVE_SIDES;

	while (&interleave->sides[schedule_side(&interleave->schedule, slot)] != side)
		slot++;
	return slot;
}

static bool side_has(const struct interleave *interleave, const struct interleave_side *side, unsigned int block)
{
	return schedule_has(&side->report, slot_of(interleave, side, block));
}

static bool block_done(const struct interleave *interleave, unsigned int block)
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
		nr += !block_done(interleave, block);
	return nr;
}

/* --- what takes turns --- */

/* One case of each side; NULL: that side has no such case. */
struct turn {
	const char *keys[INTERLEAVE_SIDES];
};

struct turns {
	struct turn *items;
	size_t nr;
};

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
	return side->counterparts && side->counterparts[i] ? side->counterparts[i] : side->plan->cases[i].key;
}

/* In the order of the first side's job, then what only the other one has. */
static void turns_find(struct turns *turns, const struct interleave *interleave)
{
	turns->items = calloc(interleave->sides[0].plan->nr + interleave->sides[1].plan->nr + 1, sizeof(*turns->items));
	if (!turns->items)
		abort();
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		const struct interleave_side *side = &interleave->sides[i], *other = &interleave->sides[!i];
		autofree const char **keys = keys_sorted(other->plan);

		for (size_t k = 0; k < side->plan->nr; k++) {
			const char *key = other_key(side, k);
			bool both = bsearch(&key, keys, other->plan->nr, sizeof(*keys), key_compare) != NULL;
			struct turn *turn = &turns->items[turns->nr];

			if (both && i > 0)
				continue;
			turn->keys[i] = side->plan->cases[k].key;
			turn->keys[!i] = both ? key : NULL;
			turns->nr++;
		}
	}
}

/* --- a side's file --- */

/* A pass that measured something else than those before it, on another kernel, say, must not be added to them. */
static int pass_check(const struct interleave_side *side, const struct report *pass, struct error *err)
{
	static const char *const names[] = { "kernel.release", "kernel.version", "kernel.cmdline" };
	const struct report *before = &side->report;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!text_same(fact_value(before, names[i]), fact_value(pass, names[i])))
			return error_set(err, EINVAL, "%s: %s was \"%.120s\" when the schedule began and is \"%.120s\" now", side->path,
					 names[i], fact_value(before, names[i]), fact_value(pass, names[i]));
	if (!text_same(before->config, pass->config))
		return error_set(err, EINVAL, "%s: the job is not the one that the schedule began with (%s and -p)", side->path,
				 side->job ? side->job : "built in");
	return 0;
}

static void counterparts_set(struct interleave_side *side)
{
	for (size_t i = 0; side->counterparts && i < side->plan->nr; i++) {
		struct result *result = (struct result *)report_find(&side->report, side->plan->cases[i].key);

		if (result && side->counterparts[i] && !result->counterpart)
			result->counterpart = strdup(side->counterparts[i]);
	}
}

static void side_begin(const struct interleave *interleave, struct interleave_side *side)
{
	struct report *report = &side->report;
	unsigned int nth = (unsigned int)(side - interleave->sides);

	free(report->path);
	report->path = NULL;
	free(report->label);
	report->label = strdup(side->label);
	report_set_command(report, interleave->argc, interleave->argv);
	schedule_copy(&report->schedule, &interleave->schedule, nth);
	fact_text(&report->environment, side->program.hash, "harness.program");
	counterparts_set(side);
}

static bool side_complete(const struct interleave *interleave, const struct interleave_side *side)
{
	for (unsigned int block = 0; block < interleave->schedule.nr_blocks; block++)
		if (!side_has(interleave, side, block))
			return false;
	return true;
}

/* What a side measured in a block goes into its file. */
static int side_take(struct interleave *interleave, struct interleave_side *side, unsigned int block, struct report *pass,
		     struct error *err)
{
	if (pass->nr_results == 0)
		return 0; /* of the job nothing can run here, and the file says so */
	schedule_stamp(&interleave->schedule, slot_of(interleave, side, block), pass);
	if (side->report.nr_results == 0) {
		report_free(&side->report);
		side->report = *pass;
		*pass = (struct report){ 0 };
		side_begin(interleave, side);
	} else if (report_merge(&side->report, pass, err)) {
		return -err->code;
	}
	side->report.complete = side_complete(interleave, side);
	if (side->report.complete)
		report_steady(&side->report);
	return report_save(&side->report, side->path, err);
}

/* --- taking up --- */

/* By its precision or the time it took: then its blocks are as many as it has. */
static bool stopped_early(const struct report *report)
{
	for (size_t i = 0; i < report->nr_results; i++)
		if (report->results[i].stop != STOP_RUNS)
			return report->complete;
	return false;
}

static int side_load(struct interleave *interleave, struct interleave_side *side, struct error *err)
{
	const struct schedule *mine = &interleave->schedule, *its;
	const char *hash;

	if (report_load(&side->report, side->path, err))
		return -err->code;
	its = &side->report.schedule;
	hash = fact_value(&side->report, "harness.program");
	if (its->order == ORDER_NONE || its->nr_sides != mine->nr_sides)
		return error_set(err, EINVAL, "%s was not measured in turns with one other", side->path);
	if (its->side != side - interleave->sides || strcmp(its->sides[its->side], side->label) != 0)
		return error_set(err, EINVAL, "%s is side \"%s\" of its schedule, not \"%s\"", side->path,
				 its->sides[its->side], side->label);
	if (its->order != mine->order)
		return error_set(err, EINVAL, "%s: the order is %s, not %s", side->path, order_names[its->order],
				 order_names[mine->order]);
	if (its->nr_blocks != mine->nr_blocks && !stopped_early(&side->report))
		return error_set(err, EINVAL, "%s: the schedule has %u runs a side, not %u", side->path, its->nr_blocks,
				 mine->nr_blocks);
	if (strcmp(hash, side->program.hash) != 0)
		return error_set(err, EINVAL, "%s: measured by another program than %s is now (SHA-256 %s..., not %s...)", side->path,
				 side->program.path, hash, side->program.hash);
	return 0;
}

/* A block of which one side was saved when the other was not: what belongs next to each other is measured again. */
static void blocks_mend(struct interleave *interleave)
{
	for (unsigned int block = 0; block < interleave->schedule.nr_blocks; block++)
		for (unsigned int i = 0; i < INTERLEAVE_SIDES && !block_done(interleave, block); i++)
			report_drop_slot(&interleave->sides[i].report, (int)slot_of(interleave, &interleave->sides[i], block));
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
		its = &side->report.schedule;
		if (seed_given && its->seed != mine->seed)
			return error_set(err, EINVAL, "%s: the seed is %llu, not %llu", side->path,
					 (unsigned long long)its->seed, (unsigned long long)mine->seed);
		if (nr_found++ && strcmp(its->id, mine->id) != 0)
			return error_set(err, EINVAL, "%s and %s are not of one schedule", interleave->sides[0].path, side->path);
		memcpy(mine->id, its->id, sizeof(mine->id));
		mine->nr_blocks = its->nr_blocks;
		mine->seed = its->seed;
	}
	if (!nr_found)
		return error_set(err, ENOENT, "nothing to resume: there is no %s", interleave->sides[0].path);
	blocks_mend(interleave);
	return 0;
}

/* --- all of them --- */

/* How far it is, in turns of one side. */
struct way {
	size_t nr_done, nr_left;
	uint64_t started_ns;
};

static void tell(const struct interleave *interleave, const struct way *way, unsigned int block, const char *label,
		 const char *key)
{
	double elapsed = (double)(clock_now() - way->started_ns) / 1e9;
	struct interleave_event event = {
		.block = block,
		.nr_blocks = interleave->schedule.nr_blocks,
		.label = label,
		.key = key,
		.elapsed_s = elapsed,
		.open = interleave->precision.part > 0,
		.left_s = way->nr_done && interleave->precision.part <= 0 ?
			elapsed / (double)way->nr_done * (double)way->nr_left : -1,
	};

	if (interleave->event)
		interleave->event(interleave->context, &event);
}

static double side_time_s(const struct interleave *interleave, const struct interleave_side *side)
{
	size_t nr_done = 0;

	for (size_t i = 0; i < side->report.nr_results; i++)
		nr_done += side->report.results[i].status == STATUS_DONE;
	return interleave->precision.max_time_s > 0 && side->report.duration_s >= interleave->precision.max_time_s * (double)nr_done
		       ? interleave->precision.max_time_s : 0;
}

/* After a block: whether every case of both sides is settled, or the time is over. Each says which. */
static bool blocks_enough(struct interleave *interleave)
{
	struct precision precision = interleave->precision;
	bool enough = true;

	precision.most_runs = interleave->schedule.nr_blocks;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];
		double time_s = side_time_s(interleave, side);

		for (size_t k = 0; k < side->report.nr_results; k++)
			if (side->report.results[k].status == STATUS_DONE &&
			    !precision_enough(&precision, &side->report.results[k], time_s))
				enough = false;
	}
	return enough;
}

static int sides_end(struct interleave *interleave, unsigned int nr_blocks, struct error *err)
{
	int ret = 0;

	interleave->schedule.nr_blocks = nr_blocks;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES && !ret; i++) {
		struct report *report = &interleave->sides[i].report;

		report->schedule.nr_blocks = nr_blocks;
		report->complete = true;
		report_steady(report);
		ret = report_save(report, interleave->sides[i].path, err);
	}
	return ret;
}

static int none_done(const struct interleave_side *side, struct error *err)
{
	for (size_t i = 0; i < side->report.nr_results; i++)
		if (side->report.results[i].status != STATUS_SKIPPED)
			return 0;
	error_set(err, ENODATA, "%s: no case can run here", side->label);
	return error_fix(err, "pinbench run --dry-run%s%s says why", side->job ? " -c " : "", side->job ? side->job : "");
}

/* One case of one side. What turned out not to run here is not tried in every block. */
static int turn_run(const struct interleave *interleave, const struct interleave_side *side, const char *key,
		    struct report *pass, struct error *err)
{
	const struct result *before = report_find(&side->report, key);
	struct pass_order order = {
		.program = &side->program,
		.label = side->label,
		.job = side->job,
		.key = key,
		.overrides = interleave->overrides,
		.nr_overrides = interleave->nr_overrides,
		.force = interleave->force,
		.icount = interleave->icount,
		.time_only = side->report.nr_results > 0,
		.stop = interleave->stop,
	};
	struct report part = { 0 };
	int ret;

	if (before && before->status == STATUS_SKIPPED)
		return 0;
	ret = pass_run(&order, &part, err);
	if (!ret && side->report.nr_results)
		ret = pass_check(side, &part, err);
	if (!ret && pass->nr_results) {
		ret = report_merge(pass, &part, err);
	} else if (!ret) {
		*pass = part;
		return 0;
	}
	report_free(&part);
	return ret;
}

/* Case by case, each side's right after the other's: whatever the machine does lasts longer than that. */
static int block_run(struct interleave *interleave, const struct turns *turns, unsigned int block, struct way *way,
		     struct error *err)
{
	struct report passes[INTERLEAVE_SIDES] = { 0 };
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
			ret = side_take(interleave, &interleave->sides[i], block, &passes[i], err);
		if (!ret)
			ret = none_done(&interleave->sides[i], err);
		report_free(&passes[i]);
	}
	if (!ret)
		tell(interleave, way, block, NULL, NULL);
	return ret;
}

int interleave_run(struct interleave *interleave, struct error *err)
{
	struct turns turns = { 0 };
	struct way way = { .started_ns = clock_now() };
	int ret = 0;

	turns_find(&turns, interleave);
	way.nr_left = (size_t)interleave_nr_left(interleave) * turns.nr * INTERLEAVE_SIDES;
	for (unsigned int block = 0; block < interleave->schedule.nr_blocks && !ret; block++) {
		if (block_done(interleave, block))
			continue;
		ret = block_run(interleave, &turns, block, &way, err);
		if (!ret && interleave->precision.part > 0 && blocks_enough(interleave)) {
			ret = sides_end(interleave, block + 1, err);
			break;
		}
	}
	free(turns.items);
	return ret;
}

void interleave_free(struct interleave *interleave)
{
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		report_free(&interleave->sides[i].report);
		program_close(&interleave->sides[i].program);
	}
	schedule_free(&interleave->schedule);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/side.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/version.h"
#include "bench/bench.h"
#include "print/heading.h"
#include "result/schedule.h"
#include "stats/steady.h"
#include "vm/plugin.h"

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
	results_steady(results, pinner_is_floor); /* a boot alone can tell less, and has */
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
		if (boot->counted)
			plugin_take(&results, boot->counted, boot->channel.symbols.bytes);
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

#define UTC_LENGTH   16 /* 20260131T120000Z */
#define STAMP_LENGTH 22 /* 20260131T120000Z-12345 */

/* The stamp in "NAME-STAMP.json" with the number that may stand behind it, without ".json": its
 * length, or 0. */
static size_t stamp_of(const char *file, const char *name, const char **stamp)
{
	static const char form[] = "dddddddd-dddddd-"; /* '-': a letter */
	size_t skip = strlen(name) + 1, length = strlen(file), digits;

	if (strncmp(file, name, skip - 1) || file[skip - 1] != '-' ||
	    length < skip + UTC_LENGTH + strlen(".json"))
		return 0;
	*stamp = file + skip;
	length -= skip + strlen(".json");
	if (strcmp(*stamp + length, ".json") || length > STAMP_LENGTH)
		return 0;
	for (size_t i = 0; i < UTC_LENGTH; i++)
		if ((form[i] == 'd') != ((*stamp)[i] >= '0' && (*stamp)[i] <= '9'))
			return 0;
	digits = length > UTC_LENGTH ? strspn(*stamp + UTC_LENGTH + 1, "0123456789") : 0;
	if (length > UTC_LENGTH &&
	    ((*stamp)[UTC_LENGTH] != '-' || digits == 0 || UTC_LENGTH + 1 + digits != length))
		return 0;
	return length;
}

struct stamps {
	char (*list)[STAMP_LENGTH + 1];
	size_t nr;
};

static int compare_newest(const void *a, const void *b)
{
	const char *left = a, *right = b;
	int order = strncmp(right, left, UTC_LENGTH);

	if (order)
		return order;
	return strlen(left) != strlen(right) ? (strlen(left) < strlen(right) ? 1 : -1)
					     : strcmp(right, left);
}

/* The times at which files of any of the sides were begun, newest first, each once. */
static int stamps_find(struct stamps *stamps, const struct lab_side *sides, unsigned int nr_sides,
		       const char *directory, struct error *err)
{
	DIR *dir = dir_open(directory);
	struct dirent *entry;
	size_t nr = 0;

	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, errno, "open %s", directory);
	while ((entry = readdir(dir))) {
		for (unsigned int i = 0; i < nr_sides; i++) {
			const char *stamp;
			size_t length = stamp_of(entry->d_name, sides[i].name, &stamp);

			if (!length)
				continue;
			stamps->list =
				realloc(stamps->list, (stamps->nr + 1) * sizeof(*stamps->list));
			if (!stamps->list)
				abort();
			snprintf(stamps->list[stamps->nr++], sizeof(*stamps->list), "%.*s",
				 (int)length, stamp);
		}
	}
	closedir(dir);
	if (stamps->nr)
		qsort(stamps->list, stamps->nr, sizeof(*stamps->list), compare_newest);
	for (size_t i = 0; i < stamps->nr; i++)
		if (i == 0 || strcmp(stamps->list[i], stamps->list[nr - 1]))
			memmove(stamps->list[nr++], stamps->list[i], sizeof(*stamps->list));
	stamps->nr = nr;
	return 0;
}

static bool sides_same(const struct schedule *a, const struct schedule *b)
{
	if (a->nr_sides != b->nr_sides)
		return false;
	for (unsigned int i = 0; i < a->nr_sides; i++)
		if (strcmp(a->sides[i], b->sides[i]))
			return false;
	return true;
}

static void sides_forget(struct lab_side *sides, unsigned int nr_sides)
{
	for (unsigned int i = 0; i < nr_sides; i++) {
		if (sides[i].measured)
			results_free(&sides[i].results);
		sides[i].measured = false;
	}
}

/*
 * The files of one stamp: @schedule is theirs, or NULL when they are not of a schedule of these
 * sides. A side may have none: nothing of it had been measured.
 */
static int sides_load(struct lab_side *sides, const char *directory, const char *stamp,
		      const struct schedule *wanted, const struct schedule **schedule,
		      struct error *err)
{
	*schedule = NULL;
	for (unsigned int i = 0; i < wanted->nr_sides; i++) {
		struct lab_side *side = &sides[i];
		int ret;

		snprintf(side->path, sizeof(side->path), "%.3900s/%s-%s.json", directory,
			 side->name, stamp);
		ret = results_load(&side->results, side->path, err);
		if (ret == -ENOENT)
			continue;
		if (ret)
			return ret;
		side->measured = true;
		if (side->results.schedule.order == ORDER_NONE ||
		    !sides_same(&side->results.schedule, wanted) ||
		    (*schedule && strcmp((*schedule)->id, side->results.schedule.id))) {
			*schedule = NULL;
			return 0;
		}
		*schedule = &side->results.schedule;
	}
	return 0;
}

static bool sides_complete(const struct lab_side *sides, unsigned int nr_sides)
{
	for (unsigned int i = 0; i < nr_sides; i++)
		if (!sides[i].measured || !sides[i].results.complete)
			return false;
	return true;
}

static int differs(struct error *err, const struct lab_side *side, const char *what,
		   const char *then, const char *now)
{
	error_set(err, ESTALE, "%s was measured with another %s (%s, now %s)", side->path, what,
		  then, now);
	return error_fix(err, "the same command as then, or leave out --resume to begin anew");
}

static int number_check(const struct lab_side *side, const char *what, uint64_t then, uint64_t now,
			struct error *err)
{
	char texts[2][24];

	if (then == now)
		return 0;
	snprintf(texts[0], sizeof(texts[0]), "%" PRIu64, then);
	snprintf(texts[1], sizeof(texts[1]), "%" PRIu64, now);
	return differs(err, side, what, texts[0], texts[1]);
}

static int schedule_check(const struct lab_side *side, const struct schedule *then,
			  const struct schedule *now, bool seed_given, struct error *err)
{
	if (number_check(side, "number of boots (--boots)", then->nr_blocks, now->nr_blocks, err))
		return -err->code;
	if (then->order != now->order)
		return differs(err, side, "--order", order_names[then->order],
			       order_names[now->order]);
	return seed_given ? number_check(side, "--seed", then->seed, now->seed, err) : 0;
}

/* Everything that decides what a boot measures. */
static int origin_check(const struct lab_side *side, const struct side_origin *origin,
			struct error *err)
{
	const struct {
		const char *fact, *what, *now;
	} texts[] = {
		{ "lab.image", "kernel image", side->image_digest },
		{ "lab.guest", "guest, by a pinbench that was built anew since",
		  side->guest_digest },
		{ "lab.accel", "--accel", origin->accel },
		{ "lab.append", "--append", origin->append[0] ? origin->append : "none" },
		{ "lab.command", "command for the guest", origin->command },
		{ "lab.job", "text of the job file", origin->job[0] ? origin->job : "none" },
	};
	const struct fact_list *facts = &side->results.environment;
	const struct fact *memory = fact_find(facts, "lab.memory_mib");
	char then[1000];

	if (side->results.icount != origin->icount)
		return differs(err, side, "--clock", side->results.icount ? "icount" : "real",
			       origin->icount ? "icount" : "real");
	if (number_check(side, "--memory", memory ? (uint64_t)memory->number : 0,
			 origin->memory_mib, err))
		return -err->code;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!fact_value(facts, texts[i].fact, then, sizeof(then)))
			snprintf(then, sizeof(then), "none");
		if (strcmp(then, texts[i].now))
			return differs(err, side, texts[i].what, then, texts[i].now);
	}
	return 0;
}

/* Blocks that go on now: their boots are not next to each other, and the files say how often that
 * was. */
static void torn_count(struct lab_side *sides, const struct schedule *schedule)
{
	unsigned int nr_torn = 0;

	for (unsigned int block = 0; block < schedule->nr_blocks; block++) {
		unsigned int nr_whole = 0;

		for (unsigned int i = 0; i < schedule->nr_sides; i++)
			nr_whole += sides[i].measured && sides[i].whole[block];
		nr_torn += nr_whole > 0 && nr_whole < schedule->nr_sides;
	}
	for (unsigned int i = 0; i < schedule->nr_sides && nr_torn; i++) {
		struct fact_list *facts = &sides[i].results.environment;
		const struct fact *before = fact_find(facts, "lab.torn");

		if (sides[i].measured)
			fact_number(facts, nr_torn + (before ? before->number : 0), "lab.torn");
	}
}

static int sides_adopt(struct lab_side *sides, const struct schedule *then,
		       const struct schedule *wanted, bool seed_given,
		       const struct side_origin *origin, struct error *err)
{
	struct schedule own; /* @then belongs to a report that may be dropped below */

	for (unsigned int i = 0; i < wanted->nr_sides; i++)
		if (sides[i].measured &&
		    (schedule_check(&sides[i], then, wanted, seed_given, err) ||
		     origin_check(&sides[i], origin, err)))
			return -err->code;
	schedule_copy(&own, then, 0);
	for (unsigned int i = 0; i < wanted->nr_sides; i++) {
		schedule_free(&sides[i].schedule);
		schedule_copy(&sides[i].schedule, &own, i);
		if (sides[i].measured)
			side_mend(&sides[i]);
	}
	torn_count(sides, &own);
	schedule_free(&own);
	return 0;
}

static int nothing_to_resume(const struct schedule *wanted, const char *directory,
			     struct error *err)
{
	char names[200] = "";

	for (unsigned int i = 0; i < wanted->nr_sides; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ", " : "", wanted->sides[i]);
	error_set(err, ENOENT, "nothing to resume in %s: no unfinished schedule of %s", directory,
		  names);
	return error_fix(err, "leave out --resume to begin one");
}

int resume_load(struct lab_side *sides, const char *directory, const struct schedule *wanted,
		bool seed_given, const struct side_origin *origin, struct error *err)
{
	struct stamps stamps = { NULL, 0 };
	const struct schedule *then = NULL;
	int ret = stamps_find(&stamps, sides, wanted->nr_sides, directory, err);

	for (size_t i = 0; i < stamps.nr && !ret; i++) {
		ret = sides_load(sides, directory, stamps.list[i], wanted, &then, err);
		if (!ret && then && !sides_complete(sides, wanted->nr_sides))
			break;
		then = NULL;
		sides_forget(sides, wanted->nr_sides);
	}
	free(stamps.list);
	if (ret)
		return ret;
	if (!then)
		return nothing_to_resume(wanted, directory, err);
	return sides_adopt(sides, then, wanted, seed_given, origin, err);
}

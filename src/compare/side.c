// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/side.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "result/schedule.h"

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

const char *side_path(const char *argument)
{
	const char *equal = strchr(argument, '='), *slash = strchr(argument, '/');
	struct stat status;

	if (!equal || equal == argument || (slash && slash < equal) || stat(argument, &status) == 0)
		return argument;
	return equal + 1;
}

static int is_json(const struct dirent *entry)
{
	return results_is_file_name(entry->d_name);
}

struct loading {
	struct side *side;
	bool force, labelled; /* labelled: the user says that it is one side, whatever the files are
				 called */
};

/* A file that pinbench did not write may hold all of it, and sentences go where files do not. */
static void cmdline_hide(const char *name, char *text)
{
	char whole[RESULTS_MAX_TEXT + 1];

	if (strcmp(name, "kernel.cmdline"))
		return;
	snprintf(whole, sizeof(whole), "%s", text);
	cmdline_shorten(whole, text, sizeof(whole));
}

/* Two kernels, machines or labels in one directory are two sides that somebody keeps in one place.
 */
static void check_same_side(const struct loading *loading, struct comparable *comparable,
			    const struct results *other)
{
	static const struct {
		const char *name, *what;
	} facts[] = {
		{ "kernel.release", "kernel" },
		{ "kernel.version", "build of the kernel" },
		{ "lab.image", "image of the kernel" },
		{ "kernel.cmdline", "command line of the kernel" },
		{ "cpu.model", "processor" },
	};
	const struct results *first = &loading->side->results;
	char left[RESULTS_MAX_TEXT + 1], right[RESULTS_MAX_TEXT + 1];

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (fact_value(&first->environment, facts[i].name, left, sizeof(left)) &&
		    fact_value(&other->environment, facts[i].name, right, sizeof(right)) &&
		    strcmp(left, right)) {
			cmdline_hide(facts[i].name, left);
			cmdline_hide(facts[i].name, right);
			remark_add(&comparable->refusals, "%s: %.100s and %.100s", facts[i].what,
				   left, right);
		}
	if (!loading->labelled && strcmp(first->label, other->label))
		remark_add(&comparable->refusals, "label: %s and %s", first->label, other->label);
}

static int check_mergeable(const struct loading *loading, const struct results *other,
			   struct error *err)
{
	const struct results *first = &loading->side->results;
	struct comparable comparable;
	int rc = 0;

	comparable_find(&comparable, first, other, AS_ONE_SIDE, true);
	check_same_side(loading, &comparable, other);
	if (comparable.refusals.nr && !loading->force)
		rc = comparable_refuse(&comparable, first, other, "be runs of one side", err);
	for (size_t i = 0; i < comparable.refusals.nr && !rc; i++)
		remark_add(&loading->side->remarks, "merged by --force: %s and %s differ in %s",
			   results_name(first), results_name(other), comparable.refusals.texts[i]);
	comparable_free(&comparable);
	return rc;
}

static bool same_run(const struct run *a, const struct run *b)
{
	if (a->nr_samples != b->nr_samples || a->nr_warmup != b->nr_warmup ||
	    (a->block >= 0 && b->block >= 0 && a->block != b->block))
		return false;
	for (size_t i = 0; i < a->nr_samples; i++)
		if (a->samples[i].have != b->samples[i].have ||
		    memcmp(a->samples[i].ticks, b->samples[i].ticks, sizeof(a->samples[i].ticks)) !=
			    0)
			return false;
	return true;
}

static bool has_run(const struct result *result, const struct run *run)
{
	for (size_t i = 0; result && i < result->nr_runs; i++)
		if (same_run(&result->runs[i], run))
			return true;
	return false;
}

/*
 * Whether @other is a copy, or an earlier state, of a file that is in @into: taken as more runs it
 * would make anything significant. Instructions repeat by themselves; there the seeds tell.
 */
static bool is_copy(const struct results *into, const struct results *other)
{
	const struct results_file *same;
	size_t nr = 0;

	if (results_same_file(into, other, &same))
		return true;
	if (into->schedule.order != ORDER_NONE && other->schedule.order != ORDER_NONE &&
	    strcmp(into->schedule.id, other->schedule.id))
		return false;
	for (size_t i = 0; i < other->nr && !other->icount; i++) {
		const struct result *result = &other->items[i],
				    *there = results_find(into, result->key);

		for (size_t j = 0; j < result->nr_runs; j++, nr++)
			if (!has_run(there, &result->runs[j]))
				return false;
	}
	return nr > 0;
}

static int check_copy(const struct loading *loading, const struct results *other, struct error *err)
{
	if (!is_copy(&loading->side->results, other))
		return 0;
	if (loading->force) {
		remark_add(&loading->side->remarks,
			   "merged by --force: all samples of %s are in another file too",
			   results_name(other));
		return 0;
	}
	error_set(err, EEXIST,
		  "%s: all its samples are in another file of this side: a copy is no second "
		  "measurement",
		  results_name(other));
	return error_fix(err,
			 "take one of them away; --force counts both, and says so in its output");
}

/*
 * Blocks of two schedules have the same numbers and are not the same blocks. What is kept of the
 * slots is which processes are of one boot: numbers that no other file has.
 */
static void forget_schedule(struct results *results, size_t nth_file)
{
	if (results->schedule.order == ORDER_NONE)
		return;
	schedule_free(&results->schedule);
	for (size_t i = 0; i < results->nr; i++) {
		struct result *result = &results->items[i];
		int slot = (int)(nth_file % (INT_MAX / RESULTS_MAX_RUNS) * RESULTS_MAX_RUNS),
		    before = -1;

		for (size_t j = 0; j < result->nr_runs; j++) {
			struct run *run = &result->runs[j];

			run->block = -1;
			if (run->slot < 0)
				continue;
			slot += j && run->slot != before;
			before = run->slot;
			run->slot = slot;
		}
	}
}

static int add_file(const struct loading *loading, const char *path, struct error *err)
{
	struct side *side = loading->side;
	struct results *into = &side->results, other = { 0 };
	bool scheduled;
	int rc;

	if (side->nr_files++ == 0)
		return results_load(into, path, err);
	rc = results_load(&other, path, err);
	if (!rc)
		rc = check_mergeable(loading, &other, err);
	if (!rc)
		rc = check_copy(loading, &other, err);
	scheduled = into->schedule.order != ORDER_NONE;
	if (!rc && (strcmp(into->schedule.id, other.schedule.id) ||
		    into->schedule.side != other.schedule.side)) {
		if (scheduled)
			remark_add(&side->remarks,
				   "%s and %s are of different schedules: their blocks are not "
				   "paired",
				   results_name(into), results_name(&other));
		forget_schedule(into, 0);
		forget_schedule(&other, side->nr_files - 1);
	}
	if (!rc)
		rc = results_merge(into, &other, err);
	results_free(&other);
	return rc;
}

static int add_directory(const struct loading *loading, const char *path, struct error *err)
{
	struct dirent **entries = NULL;
	int nr = scandir(path, &entries, is_json, alphasort), rc = 0;

	if (nr < 0)
		return error_errno(err, errno, "%s", path);
	if (nr == 0) {
		error_set(err, ENOENT, "%s: no *.json in this directory", path);
		rc = error_fix(err, "name a result file, or the directory that has them");
	}
	for (int i = 0; i < nr; i++) {
		autofree char *file = NULL;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		if (!rc)
			rc = add_file(loading, file, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static void set_text(char **text, char *copy)
{
	if (!copy)
		abort();
	free(*text);
	*text = copy;
}

int side_load(struct side *side, const char *argument, bool force, struct error *err)
{
	const char *path = side_path(argument);
	const struct loading loading = { side, force, path != argument };
	int rc;

	*side = (struct side){ 0 };
	if (is_directory(path))
		rc = add_directory(&loading, path, err);
	else
		rc = add_file(&loading, path, err);
	if (rc)
		return rc;
	if (side->nr_files > 1)
		set_text(&side->results.path, strdup(path));
	if (loading.labelled)
		set_text(&side->results.label, strndup(argument, (size_t)(path - argument) - 1));
	return 0;
}

void side_free(struct side *side)
{
	results_free(&side->results);
	remark_list_free(&side->remarks);
	side->nr_files = 0;
}

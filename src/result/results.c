// SPDX-License-Identifier: GPL-2.0-or-later
/* Results in memory. Reading and writing them is read.c and write.c. */
#include "result/results.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *const status_names[NR_STATUS] = {
	[STATUS_DONE] = "done",
	[STATUS_SKIPPED] = "skipped",
	[STATUS_FAILED] = "failed",
};

const char *const stop_names[NR_STOPS] = {
	[STOP_RUNS] = "runs",
	[STOP_PRECISION] = "precision",
	[STOP_MAX_TIME] = "max-time",
};

const char *const order_names[NR_ORDERS] = {
	[ORDER_NONE] = "none",
	[ORDER_ABBA] = "abba",
	[ORDER_RANDOM] = "random",
};

const char *const count_units[NR_COUNTS] = {
	[COUNT_REQUESTED_PAGES] = "pages", [COUNT_SLOW_PAGES] = "pages",
	[COUNT_SLOW_CALLS] = "calls",      [COUNT_FAULTS] = "faults",
	[COUNT_UNSHARE_FAULTS] = "faults", [COUNT_COPIED_PAGES] = "pages",
	[COUNT_REUSED_PAGES] = "pages",    [COUNT_SPLIT_THPS] = "mappings",
};

/* Pages asked and pages reused or copied say what happened, not how well. */
const bool count_lower_better[NR_COUNTS] = {
	[COUNT_SLOW_PAGES] = true,
	[COUNT_SLOW_CALLS] = true,
	[COUNT_FAULTS] = true,
};

const char *results_unit(const struct results *results)
{
	return results->icount ? "instructions" : "ns";
}

/* As for facts, running out of memory for a few kilobytes aborts. */
static void *grow(void *items, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return items;
	items = reallocarray(items, nr ? nr * 2 : 1, size);
	if (!items)
		abort();
	return items;
}

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

struct result *results_add(struct results *results, const char *key)
{
	struct result *result;

	results->items = grow(results->items, results->nr, sizeof(*results->items));
	result = &results->items[results->nr++];
	memset(result, 0, sizeof(*result));
	result->key = copy_text(key);
	return result;
}

struct run *result_add_run(struct result *result)
{
	struct run *run;

	result->runs = grow(result->runs, result->nr_runs, sizeof(*result->runs));
	run = &result->runs[result->nr_runs];
	*run = (struct run){
		.index = result->nr_runs, .block = -1, .slot = -1, .cpu = -1, .node = -1
	};
	result->nr_runs++;
	return run;
}

void result_warn(struct result *result, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (size_t i = 0; i < result->nr_warnings; i++)
		if (strcmp(result->warnings[i], text) == 0)
			return;
	if (result->nr_warnings >= RESULTS_MAX_WARNINGS)
		return;
	result->warnings = grow(result->warnings, result->nr_warnings, sizeof(*result->warnings));
	result->warnings[result->nr_warnings++] = copy_text(text);
}

const char *counterpart_key(const struct result *result, const struct results *from,
			    const struct results *to)
{
	bool together = from->schedule.order != ORDER_NONE &&
			strcmp(from->schedule.id, to->schedule.id) == 0 &&
			from->schedule.side != to->schedule.side;

	return result->counterpart && together ? result->counterpart : result->key;
}

const struct result *results_find(const struct results *results, const char *key)
{
	for (size_t i = 0; i < results->nr; i++)
		if (strcmp(results->items[i].key, key) == 0)
			return &results->items[i];
	return NULL;
}

static void merge_runs(struct result *into, const struct result *from)
{
	for (size_t i = 0; i < from->nr_runs; i++) {
		struct run *run = result_add_run(into);
		size_t size = from->runs[i].nr_samples * sizeof(*run->samples);
		unsigned int index = run->index;

		*run = from->runs[i];
		run->index = index;
		run->samples = malloc(size ? size : 1);
		if (!run->samples)
			abort();
		if (size)
			memcpy(run->samples, from->runs[i].samples, size);
		if (!run->memory)
			continue;
		run->memory = calloc(run->nr_samples + 1, sizeof(*run->memory));
		memcpy(run->memory, from->runs[i].memory, run->nr_samples * sizeof(*run->memory));
	}
}

/* Failure in one run is failure; a case that one boot could not do is done by the others, and says
 * so. */
static void merge_status(struct result *into, const struct result *from)
{
	if (into->status == from->status || into->status == STATUS_FAILED) {
		if (into->status != STATUS_DONE && from->why && into->why &&
		    strcmp(into->why, from->why))
			result_warn(into, "another run: %s", from->why);
		return;
	}
	if (from->status == STATUS_SKIPPED) {
		result_warn(into, "skipped in another run: %s",
			    from->why ? from->why : "no reason given");
		return;
	}
	if (into->status == STATUS_SKIPPED && into->why)
		result_warn(into, "skipped in another run: %s", into->why);
	free(into->why);
	free(into->fix);
	into->why = copy_text(from->why);
	into->fix = copy_text(from->fix);
	into->status = from->status;
	into->params = from->params;
}

#define VARIES                                                                                    \
	"%s differs between runs: " /* the file keeps this warning, and nothing else, of what the \
				       others counted */

bool count_varies(const struct result *result, enum count count)
{
	char text[64];
	int length = snprintf(text, sizeof(text), VARIES, count_names[count]);

	for (size_t i = 0; i < result->nr_warnings; i++)
		if (strncmp(result->warnings[i], text, (size_t)length) == 0)
			return true;
	return false;
}

static void merge_counts(struct result *into, const struct result *from)
{
	for (size_t i = 0; i < NR_COUNTS; i++) {
		if (!from->counts.observer[i][0])
			continue;
		if (!into->counts.observer[i][0]) {
			into->counts.value[i] = from->counts.value[i];
			memcpy(into->counts.observer[i], from->counts.observer[i],
			       sizeof(into->counts.observer[i]));
		} else if (into->counts.value[i] != from->counts.value[i]) {
			result_warn(into, VARIES "%llu and %llu", count_names[i],
				    (unsigned long long)into->counts.value[i],
				    (unsigned long long)from->counts.value[i]);
		}
	}
}

/* The first run's findings stand, except that a check which failed in any run has failed. */
static void merge_truth(struct result *into, const struct result *from)
{
	for (size_t i = 0; i < from->truth.nr; i++) {
		const struct fact *fact = &from->truth.items[i];
		const struct fact *have = fact_find(&into->truth, fact->name);

		if (fact->kind == FACT_BOOL && (!have || !fact->number))
			fact_bool(&into->truth, fact->number, "%s", fact->name);
		else if (!have && fact->kind == FACT_NUMBER)
			fact_number(&into->truth, fact->number, "%s", fact->name);
		else if (!have && fact->kind == FACT_TEXT)
			fact_text(&into->truth, fact->text, "%s", fact->name);
	}
}

void results_add_file(struct results *results, const char *path, const char *digest)
{
	struct results_file *file;

	results->files =
		reallocarray(results->files, results->nr_files + 1, sizeof(*results->files));
	if (!results->files)
		abort();
	file = &results->files[results->nr_files++];
	file->path = copy_text(path);
	memcpy(file->digest, digest, sizeof(file->digest));
}

const struct results_file *results_same_file(const struct results *a, const struct results *b,
					     const struct results_file **other)
{
	for (size_t i = 0; i < a->nr_files; i++) {
		for (size_t j = 0; j < b->nr_files; j++) {
			if (strcmp(a->files[i].digest, b->files[j].digest))
				continue;
			*other = &b->files[j];
			return &a->files[i];
		}
	}
	return NULL;
}

int results_merge(struct results *into, const struct results *from, struct error *err)
{
	if (into->icount != from->icount)
		return error_set(err, EINVAL, "%s counts in %s, %s in %s: they cannot be merged",
				 into->label, into->icount ? "instructions" : "ns", from->label,
				 from->icount ? "instructions" : "ns");
	for (size_t i = 0; i < from->nr; i++) {
		const struct result *other = &from->items[i];
		struct result *result = (struct result *)results_find(into, other->key);

		if (result) {
			merge_status(result, other);
		} else {
			result = results_add(into, other->key);
			result->params = other->params;
			result->status = other->status;
			result->why = copy_text(other->why);
			result->fix = copy_text(other->fix);
		}
		merge_runs(result, other);
		merge_counts(result, other);
		merge_truth(result, other);
		if (!result->explain) { /* @from gives it away: it is of no use there any more */
			result->explain = other->explain;
			((struct result *)other)->explain = NULL;
		}
		for (size_t j = 0; j < other->nr_warnings; j++)
			result_warn(result, "%s", other->warnings[j]);
	}
	for (size_t i = 0; i < from->nr_files; i++)
		results_add_file(into, from->files[i].path, from->files[i].digest);
	into->complete = into->complete && from->complete;
	into->duration_s += from->duration_s;
	return 0;
}

static void run_empty(struct run *run)
{
	free(run->samples);
	free(run->memory);
}

static void result_free(struct result *result)
{
	for (size_t i = 0; i < result->nr_runs; i++)
		run_empty(&result->runs[i]);
	for (size_t i = 0; i < result->nr_warnings; i++)
		free(result->warnings[i]);
	free(result->runs);
	free(result->warnings);
	free(result->key);
	free(result->why);
	free(result->fix);
	free(result->counterpart);
	fact_list_free(&result->truth);
	explain_free(result->explain);
}

static void runs_drop(struct result *result, int slot)
{
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_runs; i++) {
		if (result->runs[i].slot == slot) {
			run_empty(&result->runs[i]);
			continue;
		}
		result->runs[nr] = result->runs[i];
		result->runs[nr].index = (unsigned int)nr;
		nr++;
	}
	result->nr_runs = nr;
}

void results_drop_slot(struct results *results, int slot)
{
	size_t nr = 0;

	for (size_t i = 0; i < results->nr; i++) {
		struct result *result = &results->items[i];

		runs_drop(result, slot);
		if (result->status == STATUS_DONE && result->nr_runs == 0)
			result_free(result);
		else
			results->items[nr++] = *result;
	}
	results->nr = nr;
}

void results_free(struct results *results)
{
	for (size_t i = 0; i < results->nr; i++)
		result_free(&results->items[i]);
	for (char **word = results->command; word && *word; word++)
		free(*word);
	for (size_t i = 0; i < results->nr_files; i++)
		free(results->files[i].path);
	free(results->files);
	free(results->items);
	free(results->command);
	free(results->path);
	free(results->tool_version);
	free(results->label);
	free(results->imported);
	for (unsigned int i = 0; i < results->schedule.nr_sides; i++)
		free(results->schedule.sides[i]);
	free(results->started);
	free(results->config);
	fact_list_free(&results->environment);
	memset(results, 0, sizeof(*results));
}

static char *word_public(const char *word)
{
	char *public = copy_text(word);

	text_hide_home(public);
	return public;
}

/* argv[0] is "pinbench VERB", as argp is told: two words of what was typed. */
void results_set_command(struct results *results, int argc, char **argv)
{
	const char *verb = strchr(argv[0], ' ');
	size_t nr = 0;

	for (char **old = results->command; old && *old; old++)
		free(*old);
	free(results->command);
	results->command = calloc((size_t)argc + 2, sizeof(*results->command));
	if (!results->command)
		abort();
	results->command[nr++] = strdup("pinbench");
	if (verb)
		results->command[nr++] = strdup(verb + 1);
	for (int i = 1; i < argc; i++)
		results->command[nr++] = word_public(argv[i]);
}

static int by_key(const void *a, const void *b)
{
	const struct result *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

void results_index_make(struct results_index *index, const struct results *results)
{
	index->nr = results->nr;
	index->sorted = calloc(index->nr + 1, sizeof(*index->sorted));
	if (!index->sorted)
		abort();
	for (size_t i = 0; i < index->nr; i++)
		index->sorted[i] = &results->items[i];
	qsort(index->sorted, index->nr, sizeof(*index->sorted), by_key);
}

static int key_against(const void *key, const void *slot)
{
	const struct result *const *result = slot;

	return strcmp(key, (*result)->key);
}

const struct result *results_index_find(const struct results_index *index, const char *key)
{
	const struct result **slot =
		bsearch(key, index->sorted, index->nr, sizeof(*index->sorted), key_against);

	return slot ? *slot : NULL;
}

void results_index_free(struct results_index *index)
{
	free(index->sorted);
	*index = (struct results_index){ 0 };
}

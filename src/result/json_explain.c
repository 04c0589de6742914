// SPDX-License-Identifier: GPL-2.0-or-later
/* What was counted beside the clock: in memory and as JSON. */
#include "result/explain.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "result/json.h"

#define MAX_FUNCTIONS 20000u /* of one section */
#define MAX_STACKS    20000u

const char *const explain_names[NR_EXPLAIN] = {
	[EXPLAIN_INSTRUCTIONS] = "instructions",
	[EXPLAIN_CALLS] = "calls",
	[EXPLAIN_ATOMICS] = "atomics",
	[EXPLAIN_BARRIERS] = "barriers",
	[EXPLAIN_LOADS] = "loads",
	[EXPLAIN_STORES] = "stores",
	[EXPLAIN_LINES] = "lines",
	[EXPLAIN_L1D_MISSES] = "l1d_misses",
	[EXPLAIN_L2_MISSES] = "l2_misses",
	[EXPLAIN_LLC_MISSES] = "llc_misses",
};

const char *const explain_path_names[NR_PATHS] = {
	[PATH_FAST] = "fast path",      [PATH_SLOW] = "slow path", [PATH_FAULT] = "fault",
	[PATH_COPY] = "copy",           [PATH_UNPIN] = "unpin",    [PATH_REST] = "rest",
	[PATH_INTERRUPT] = "interrupt",
};

/* Functions by whose name a path begins. Copying the arguments of a system call is of the rest, so
 * what does that is not among them. A name that ends in '*' stands for all that begin so. */
static const struct {
	const char *name;
	enum explain_path path;
} beginnings[] = {
	{ "internal_get_user_pages_fast", PATH_FAST }, /* .. 6.8 */
	{ "gup_fast_fallback", PATH_FAST },            /* 6.9 .. */
	{ "get_user_pages_fast_only", PATH_FAST },
	{ "get_user_pages_unlocked", PATH_SLOW },
	{ "get_user_pages", PATH_SLOW },
	{ "get_user_pages_remote", PATH_SLOW },
	{ "pin_user_pages", PATH_SLOW },
	{ "pin_user_pages_unlocked", PATH_SLOW },
	{ "pin_user_pages_remote", PATH_SLOW },
	{ "__gup_longterm_locked", PATH_SLOW },
	{ "__get_user_pages", PATH_SLOW },
	{ "__get_user_pages_locked", PATH_SLOW },
	{ "handle_mm_fault", PATH_FAULT },
	{ "hugetlb_fault", PATH_FAULT },
	{ "do_page_fault", PATH_FAULT },
	{ "do_user_addr_fault", PATH_FAULT },
	{ "exc_page_fault", PATH_FAULT },
	{ "copy_page", PATH_COPY },
	{ "copy_mc_*", PATH_COPY },
	{ "copy_page_to_iter*", PATH_COPY },
	{ "copy_page_from_iter*", PATH_COPY },
	{ "_copy_to_iter", PATH_COPY },
	{ "_copy_from_iter", PATH_COPY },
	{ "clear_page*", PATH_COPY },
	{ "clear_huge_page", PATH_COPY },
	{ "unpin_user_*", PATH_UNPIN },
	{ "io_buffer_unmap", PATH_UNPIN },
	{ "el1h_64_irq", PATH_INTERRUPT },
	{ "el0t_64_irq", PATH_INTERRUPT },
	{ "asm_sysvec_*", PATH_INTERRUPT },
	{ "asm_common_interrupt", PATH_INTERRUPT },
};
#define NR_BEGINNINGS (sizeof(beginnings) / sizeof(beginnings[0]))

static bool name_begins(const char *pattern, const char *name)
{
	size_t stem = strcspn(pattern, "*");

	return !strncmp(pattern, name, stem) && (pattern[stem] == '*' || !name[stem]);
}

enum explain_path explain_path_of(const char *const *frames, size_t nr)
{
	while (nr-- > 0)
		for (size_t i = 0; i < NR_BEGINNINGS; i++)
			if (name_begins(beginnings[i].name, frames[nr]))
				return beginnings[i].path;
	return PATH_REST;
}

void explain_free(struct explain *explain)
{
	for (unsigned int i = 0; explain && i < NR_METRICS; i++) {
		struct explain_section *section = &explain->section[i];

		for (size_t j = 0; j < section->nr_functions; j++)
			free(section->functions[j].name);
		for (size_t j = 0; j < section->nr_stacks; j++)
			free(section->stacks[j].frames);
		free(section->functions);
		free(section->stacks);
		free(section->why);
	}
	free(explain);
}

/* --- writing --- */

static json_t *counts_list(const int64_t *counts, size_t nr)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(list, json_integer(counts[i]));
	return list;
}

static json_t *section_json(const struct explain_section *section)
{
	json_t *object = json_object(), *functions = json_array(), *stacks = json_array();

	if (section->why) {
		json_object_set_new(object, "why", json_string(section->why));
		json_decref(functions);
		json_decref(stacks);
		return object;
	}
	json_object_set_new(object, "sample", json_integer(section->sample));
	json_object_set_new(object, "reported", json_integer((json_int_t)section->reported));
	json_object_set_new(object, "instructions", json_integer(section->instructions));
	if (section->switched)
		json_object_set_new(object, "switched", json_true());
	json_object_set_new(object, "paths", counts_list(section->path, NR_PATHS));
	for (size_t i = 0; i < section->nr_functions; i++)
		json_array_append_new(functions, json_pack("{ssso}", "name",
							   section->functions[i].name, "counts",
							   counts_list(section->functions[i].count,
								       NR_EXPLAIN)));
	json_object_set_new(object, "functions", functions);
	for (size_t i = 0; i < section->nr_stacks; i++)
		json_array_append_new(stacks,
				      json_pack("{sssI}", "frames", section->stacks[i].frames,
						"instructions",
						(json_int_t)section->stacks[i].instructions));
	json_object_set_new(object, "stacks", stacks);
	return object;
}

json_t *explain_json(const struct explain *explain)
{
	json_t *object = json_object();

	json_object_set_new(object, "seed", json_integer((json_int_t)explain->seed));
	for (unsigned int i = 0; i < NR_METRICS; i++)
		if (explain->section[i].known || explain->section[i].why)
			json_object_set_new(object, metric_names[i],
					    section_json(&explain->section[i]));
	return object;
}

json_t *memory_json(const struct run *run)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < NR_METRICS; i++) {
		json_t *counts = json_object();

		for (unsigned int j = 0; j < NR_MEMORY && run->have_memory >> i & 1; j++) {
			json_t *list = json_array();

			for (size_t k = run->nr_warmup; k < run->nr_samples; k++)
				json_array_append_new(list, json_integer((json_int_t)run->memory[k]
										 .value[i][j]));
			json_object_set_new(counts, memory_names[j], list);
		}
		if (json_object_size(counts))
			json_object_set_new(object, metric_names[i], counts);
		else
			json_decref(counts);
	}
	return object;
}

/* --- reading --- */

/* A list of @nr numbers of either sign. */
static int get_numbers(struct reader *reader, const json_t *object, const char *name, size_t nr,
		       int64_t *numbers)
{
	const uint64_t *cut;
	const json_t *list;
	size_t used, nr_here;
	int rc = get_member(reader, object, name, JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	cut = number_lists_get(reader->lists, list, &nr_here);
	if (!cut)
		nr_here = json_array_size(list);
	if (nr_here < nr)
		return reader_error(reader, "%zu values, not %zu", nr_here, nr);
	for (size_t i = 0; i < nr; i++) {
		const json_t *value = cut ? NULL : json_array_get(list, i);

		if (!cut && !json_is_integer(value))
			return reader_error(reader, "not a list of integers");
		numbers[i] = cut ? (int64_t)cut[i] : json_integer_value(value);
	}
	reader_leave(reader, used);
	return 0;
}

static int get_functions(struct reader *reader, const json_t *object,
			 struct explain_section *section)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, object, "functions", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > MAX_FUNCTIONS)
		return reader_error(reader, "more than %u functions", MAX_FUNCTIONS);
	section->functions = calloc(json_array_size(list) + 1, sizeof(*section->functions));
	for (size_t i = 0; i < json_array_size(list) && rc >= 0; i++) {
		struct explain_function *function = &section->functions[section->nr_functions++];
		size_t inner = reader_enter_index(reader, i);

		if (!json_is_object(json_array_get(list, i)))
			return reader_error(reader, "not an object");
		rc = get_text(reader, json_array_get(list, i), "name", REQUIRED, &function->name);
		if (rc >= 0)
			rc = get_numbers(reader, json_array_get(list, i), "counts", NR_EXPLAIN,
					 function->count);
		if (rc >= 0)
			reader_leave(reader, inner);
	}
	if (rc >= 0)
		reader_leave(reader, used);
	return rc < 0 ? rc : 0;
}

static int get_stacks(struct reader *reader, const json_t *object, struct explain_section *section)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, object, "stacks", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > MAX_STACKS)
		return reader_error(reader, "more than %u stacks", MAX_STACKS);
	section->stacks = calloc(json_array_size(list) + 1, sizeof(*section->stacks));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct explain_stack *stack = &section->stacks[section->nr_stacks++];
		const json_t *item = json_array_get(list, i), *number;
		size_t inner = reader_enter_index(reader, i), member;

		if (!json_is_object(item))
			return reader_error(reader, "not an object");
		rc = get_text(reader, item, "frames", REQUIRED, &stack->frames);
		if (rc < 0)
			return rc;
		rc = get_member(reader, item, "instructions", JSON_INTEGER, REQUIRED, &number,
				&member);
		if (rc < 0)
			return rc;
		stack->instructions = json_integer_value(number);
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

static int get_section(struct reader *reader, const json_t *explain, unsigned int metric,
		       struct explain_section *section)
{
	const json_t *object, *value;
	uint64_t number;
	size_t used, inner;
	int rc = get_member(reader, explain, metric_names[metric], JSON_OBJECT, OPTIONAL, &object,
			    &used);

	if (rc <= 0)
		return rc;
	rc = get_text(reader, object, "why", OPTIONAL, &section->why);
	if (rc < 0 || section->why) {
		reader_leave(reader, used);
		return rc < 0 ? rc : 0;
	}
	section->known = true;
	if ((rc = get_number(reader, object, "sample", REQUIRED, 0, RESULTS_MAX_SAMPLES, &number)) <
		    0 ||
	    (rc = get_number(reader, object, "reported", REQUIRED, 0, INT64_MAX,
			     &section->reported)) < 0 ||
	    (rc = get_member(reader, object, "instructions", JSON_INTEGER, REQUIRED, &value,
			     &inner)) < 0)
		return rc;
	section->sample = (unsigned int)number;
	section->instructions = json_integer_value(value);
	reader_leave(reader, inner);
	section->switched = json_is_true(json_object_get(object, "switched"));
	rc = get_numbers(reader, object, "paths", NR_PATHS, section->path);
	if (!rc)
		rc = get_functions(reader, object, section);
	if (!rc)
		rc = get_stacks(reader, object, section);
	if (!rc)
		reader_leave(reader, used);
	return rc;
}

int get_explain(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *explain;
	size_t used;
	int rc = get_member(reader, object, "explain", JSON_OBJECT, OPTIONAL, &explain, &used);

	if (rc <= 0)
		return rc;
	result->explain = calloc(1, sizeof(*result->explain));
	rc = get_number(reader, explain, "seed", REQUIRED, 0, INT64_MAX, &result->explain->seed);
	for (unsigned int i = 0; i < NR_METRICS && rc >= 0; i++)
		rc = get_section(reader, explain, i, &result->explain->section[i]);
	if (rc < 0)
		return rc;
	reader_leave(reader, used);
	return 0;
}

int get_memory(struct reader *reader, const json_t *object, struct run *run)
{
	size_t nr = run->nr_samples - run->nr_warmup, used, inner;
	const json_t *memory, *counts;
	int rc = get_member(reader, object, "memory", JSON_OBJECT, OPTIONAL, &memory, &used);

	if (rc <= 0)
		return rc;
	run->memory = calloc(run->nr_samples + 1, sizeof(*run->memory));
	for (unsigned int i = 0; i < NR_METRICS; i++) {
		rc = get_member(reader, memory, metric_names[i], JSON_OBJECT, OPTIONAL, &counts,
				&inner);
		if (rc < 0)
			return rc;
		if (!rc)
			continue;
		for (unsigned int j = 0; j < NR_MEMORY; j++) {
			autofree int64_t *numbers = calloc(nr + 1, sizeof(*numbers));

			rc = get_numbers(reader, counts, memory_names[j], nr, numbers);
			if (rc < 0)
				return rc;
			for (size_t k = 0; k < nr; k++) {
				if (numbers[k] < 0)
					return reader_error(reader, "%s is below 0",
							    memory_names[j]);
				run->memory[run->nr_warmup + k].value[i][j] = (uint64_t)numbers[k];
			}
		}
		run->have_memory |= 1u << i;
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

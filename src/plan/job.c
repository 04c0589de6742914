// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/job.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

const struct key job_keys[NR_KEYS] = {
	{ "pinner", KIND_WORDS, offsetof(struct job, pinner), 0, 0, NULL },
	{ "layout", KIND_WORDS, offsetof(struct job, layout), 0, 0, "base" },
	{ "state", KIND_WORDS, offsetof(struct job, state), 0, 0, "exclusive" },
	{ "access", KIND_WORDS, offsetof(struct job, access), 0, 0, NULL },
	{ "window", KIND_WORDS, offsetof(struct job, window), 0, 0, "region" },
	{ "pages_per_call", KIND_COUNTS, offsetof(struct job, pages_per_call), 1, 1ull << 31,
	  "all" },
	{ "size", KIND_SIZE, offsetof(struct job, size), 1, CONFIG_MAX_SIZE, "2M" },
	{ "samples", KIND_NUMBER, offsetof(struct job, samples), 1, 1000000, "30" },
	{ "warmup", KIND_NUMBER, offsetof(struct job, warmup), 0, 10000, "3" },
	{ "runs", KIND_NUMBER, offsetof(struct job, runs), 1, 1000, "1" },
	{ "timeout_s", KIND_NUMBER, offsetof(struct job, timeout_s), 1, 3600, "60" },
	{ "cpu", KIND_INDEX, offsetof(struct job, cpu), 0, 65535, NULL },
	{ "node", KIND_INDEX, offsetof(struct job, node), 0, 1023, NULL },
	{ "device", KIND_WORD, offsetof(struct job, device), 0, 0, NULL },
};

static const char *key_nth(const void *context, size_t i)
{
	(void)context;
	return i < NR_KEYS ? job_keys[i].name : NULL;
}

const struct key *key_find(const char *name, const char *where, struct error *err)
{
	char all[NR_KEYS * 20] = "";
	const char *near;
	size_t used = 0;

	for (size_t i = 0; i < NR_KEYS; i++)
		if (strcmp(job_keys[i].name, name) == 0)
			return &job_keys[i];
	near = suggest_word(name, key_nth, NULL);
	error_set(err, EINVAL, "%s: unknown key \"%.64s\"%s%s%s", where, name,
		  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	if (!near) {
		for (size_t i = 0; i < NR_KEYS; i++)
			used += snprintf(all + used, sizeof(all) - used, " %s", job_keys[i].name);
		error_fix(err, "one of the keys%s", all);
	}
	return NULL;
}

static void word_list_free(struct word_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->words[i]);
	free(list->words);
	*list = (struct word_list){ 0 };
}

static int word_list_set(struct word_list *list, const char *const *values, size_t nr)
{
	word_list_free(list);
	list->words = calloc(nr, sizeof(*list->words));
	for (size_t i = 0; list->words && i < nr; i++) {
		list->words[i] = strdup(values[i]);
		if (!list->words[i])
			break;
		list->nr++;
	}
	return list->words && list->nr == nr ? 0 : -ENOMEM;
}

static int number_parse(const struct key *key, const char *text, uint64_t *number,
			const char *where, struct error *err)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end)
		return error_set(err, EINVAL, "%s.%s: \"%s\" is not a whole number%s", where,
				 key->name, text, key->kind == KIND_COUNTS ? " or \"all\"" : "");
	if (errno || *number < key->min || *number > key->max)
		return error_set(err, ERANGE, "%s.%s: %s is out of range: %" PRIu64 " to %" PRIu64,
				 where, key->name, text, key->min, key->max);
	return 0;
}

static int counts_set(struct job *job, const struct key *key, const char *const *values, size_t nr,
		      const char *where, struct error *err)
{
	free(job->pages_per_call);
	job->nr_pages_per_call = 0;
	job->pages_per_call = calloc(nr, sizeof(*job->pages_per_call));
	if (!job->pages_per_call)
		return error_errno(err, ENOMEM, "%s.%s", where, key->name);
	for (size_t i = 0; i < nr; i++) {
		uint64_t number = PAGES_PER_CALL_ALL;

		if (strcmp(values[i], "all") != 0) {
			int ret = number_parse(key, values[i], &number, where, err);

			if (ret)
				return ret;
		}
		job->pages_per_call[job->nr_pages_per_call++] = number;
	}
	return 0;
}

static int size_set(uint64_t *slot, const struct key *key, const char *text, const char *where,
		    struct error *err)
{
	struct error why;
	int ret = size_parse(text, slot, &why);

	if (ret)
		return error_set(err, why.code, "%s.%s: %s", where, key->name, why.text);
	if (*slot < key->min || *slot > key->max)
		return error_set(err, ERANGE, "%s.%s: %s is out of range: 1 to 1T", where,
				 key->name, text);
	return 0;
}

int key_set(struct job *job, const struct key *key, const char *const *values, size_t nr,
	    const char *where, struct error *err)
{
	void *slot = (char *)job + key->offset;
	bool list = key->kind == KIND_WORDS || key->kind == KIND_COUNTS;
	uint64_t number;
	int ret;

	if (nr == 0)
		return error_set(err, EINVAL, "%s.%s: no value", where, key->name);
	if (nr > CONFIG_MAX_LIST)
		return error_set(err, E2BIG, "%s.%s: more than %u values", where, key->name,
				 CONFIG_MAX_LIST);
	if (!list && nr > 1)
		return error_set(err, EINVAL, "%s.%s: one value, not %zu", where, key->name, nr);
	for (size_t i = 0; i < nr; i++) {
		if (!values[i][0])
			return error_set(err, EINVAL, "%s.%s: an empty value", where, key->name);
		if (strlen(values[i]) > CONFIG_MAX_WORD)
			return error_set(err, E2BIG,
					 "%s.%s: \"%.16s...\" is longer than %u characters", where,
					 key->name, values[i], CONFIG_MAX_WORD);
	}
	switch (key->kind) {
	case KIND_WORDS:
	case KIND_WORD:
		return word_list_set(slot, values, nr)
			       ? error_errno(err, ENOMEM, "%s.%s", where, key->name)
			       : 0;
	case KIND_COUNTS:
		return counts_set(job, key, values, nr, where, err);
	case KIND_SIZE:
		return size_set(slot, key, values[0], where, err);
	case KIND_NUMBER:
	case KIND_INDEX:
		ret = number_parse(key, values[0], &number, where, err);
		if (ret)
			return ret;
		if (key->kind == KIND_NUMBER)
			*(unsigned int *)slot = (unsigned int)number;
		else
			*(int *)slot = (int)number;
	}
	return 0;
}

void job_free(struct job *job)
{
	word_list_free(&job->pinner);
	word_list_free(&job->layout);
	word_list_free(&job->state);
	word_list_free(&job->access);
	word_list_free(&job->window);
	word_list_free(&job->device);
	free(job->pages_per_call);
}

int job_init(struct job *job, struct error *err)
{
	*job = (struct job){ .cpu = -1, .node = -1 };
	for (size_t i = 0; i < NR_KEYS; i++) {
		int ret;

		if (!job_keys[i].initial)
			continue;
		ret = key_set(job, &job_keys[i], &job_keys[i].initial, 1, "initial values", err);
		if (ret)
			return ret;
	}
	return 0;
}

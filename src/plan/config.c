// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/infile.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/place.h"

/* configs/quick.json, so that a copied binary can measure with no file at hand. Built from the top
 * directory. */
__asm__(".pushsection .rodata\n"
	"quick_begin: .incbin \"configs/quick.json\"\n"
	"quick_end: .byte 0\n"
	".popsection\n");
/* hidden: through the GOT, the AArch64 linker loses where in the section a local label stands */
extern const char quick_begin[] __attribute__((visibility("hidden")));
extern const char quick_end[] __attribute__((visibility("hidden")));

/* The text of a JSON string or integer; @number lends the room for the latter. NULL for anything
 * else. */
static const char *value_text(const json_t *value, char number[24])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (!json_is_integer(value))
		return NULL;
	snprintf(number, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return number;
}

/* Only digits, for a key that takes numbers. */
static bool is_number(const struct key *key, const char *text)
{
	return (key->kind == KIND_COUNTS || key->kind == KIND_NUMBER || key->kind == KIND_INDEX) &&
	       text[0] && !text[strspn(text, "0123456789")];
}

static int job_read_key(struct job *job, const char *name, const json_t *value, const char *where,
			struct error *err)
{
	size_t nr = json_is_array(value) ? json_array_size(value) : 1;
	const struct key *key = key_find(name, where, err);
	autofree char(*numbers)[24] = NULL;
	autofree const char **values = NULL;

	if (!key)
		return -EINVAL;
	if (nr > CONFIG_MAX_LIST)
		return error_set(err, E2BIG, "%s.%s: more than %u values", where, name,
				 CONFIG_MAX_LIST);
	numbers = calloc(nr + 1, sizeof(*numbers));
	values = calloc(nr + 1, sizeof(*values));
	if (!numbers || !values)
		return error_errno(err, ENOMEM, "%s.%s", where, name);
	for (size_t i = 0; i < nr; i++) {
		values[i] = value_text(json_is_array(value) ? json_array_get(value, i) : value,
				       numbers[i]);
		if (values[i] && values[i] != numbers[i] && is_number(key, values[i])) {
			error_set(err, EINVAL, "%s.%s: \"%.24s\" is text where a number is wanted",
				  where, name, values[i]);
			return error_fix(err, "write it without quotes: %.24s", values[i]);
		}
		if (!values[i])
			return error_set(err, EINVAL,
					 "%s.%s: text or a whole number is wanted, or a list of "
					 "them",
					 where, name);
	}
	return key_set(job, key, values, nr, where, err);
}

static int job_read(struct job *job, json_t *object, const char *where, struct error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return error_set(err, EINVAL, "%s: an object {...} is wanted", where);
	json_object_foreach(object, name, value)
	{
		int ret;

		if (strcmp(name, "comment") == 0)
			continue;
		ret = job_read_key(job, name, value, where, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int override_apply(struct config *config, const char *override, struct error *err)
{
	const char *values[CONFIG_MAX_LIST + 1], *equals = strchr(override, '=');
	autofree char *text = strdup(override);
	const struct key *key;
	char *rest, *value;
	size_t nr = 0;

	if (!text)
		return error_errno(err, ENOMEM, "-p %s", override);
	if (!equals || equals == override) {
		error_set(err, EINVAL, "-p %.64s: key=value[,value] is wanted", override);
		return error_fix(err, "-p layout=base,thp-2M");
	}
	text[equals - override] = '\0';
	key = key_find(text, "-p", err);
	if (!key)
		return -EINVAL;
	rest = text + (equals - override) + 1;
	while ((value = strsep(&rest, ",")) && nr <= CONFIG_MAX_LIST)
		values[nr++] = value;
	for (size_t i = 0; i < config->nr_jobs; i++) {
		int ret = key_set(&config->jobs[i], key, values, nr, "-p", err);

		if (ret)
			return ret;
	}
	return 0;
}

static const char *top_nth(const void *context, size_t i)
{
	static const char *const names[] = { "about", "defaults", "cases", "comment", NULL };

	(void)context;
	return names[i];
}

static int top_check(json_t *root, const char *path, struct error *err)
{
	const char *name, *near;
	json_t *value;

	if (!json_is_object(root))
		return error_set(err, EINVAL, "%s: an object {\"cases\": [...]} is wanted", path);
	json_object_foreach(root, name, value)
	{
		size_t i = 0;

		while (top_nth(NULL, i) && strcmp(top_nth(NULL, i), name) != 0)
			i++;
		if (top_nth(NULL, i))
			continue;
		near = suggest_word(name, top_nth, NULL);
		return error_set(err, EINVAL, "%s: unknown key \"%.64s\"; %s%s%s", path, name,
				 near ? "did you mean \""
				      : "the top level has about, defaults and cases",
				 near ? near : "", near ? "\"?" : "");
	}
	value = json_object_get(root, "about");
	if (value && !json_is_string(value))
		return error_set(err, EINVAL, "%s: about: text is wanted", path);
	value = json_object_get(root, "cases");
	if (!json_is_array(value) || json_array_size(value) == 0)
		return error_set(err, EINVAL, "%s: cases: a list of one or more objects is wanted",
				 path);
	if (json_array_size(value) > CONFIG_MAX_JOBS)
		return error_set(err, E2BIG, "%s: cases: more than %u objects", path,
				 CONFIG_MAX_JOBS);
	return 0;
}

static int config_read(struct config *config, json_t *root, struct error *err)
{
	json_t *defaults = json_object_get(root, "defaults"),
	       *cases = json_object_get(root, "cases");
	const char *about = json_string_value(json_object_get(root, "about"));
	autofree char *where = NULL;
	int ret;

	config->about = about ? strdup(about) : NULL;
	config->jobs = calloc(json_array_size(cases), sizeof(*config->jobs));
	if (!config->jobs)
		return error_errno(err, ENOMEM, "%s", config->path);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		struct job *job = &config->jobs[config->nr_jobs++];

		ret = job_init(job, err);
		if (ret == 0 && defaults) {
			free(where);
			if (asprintf(&where, "%.256s: defaults", config->path) < 0)
				where = NULL;
			ret = job_read(job, defaults, where ? where : "defaults", err);
		}
		if (ret == 0) {
			free(where);
			if (asprintf(&where, "%.256s: cases[%zu]", config->path, i) < 0)
				where = NULL;
			ret = job_read(job, json_array_get(cases, i), where ? where : "cases", err);
		}
		if (ret)
			return ret;
	}
	return 0;
}

static int file_read(const char *path, char **text, size_t *bytes, struct error *err)
{
	autoclose int fd = infile_open(path, err);
	int ret;

	*text = NULL;
	if (fd == -ENOENT) {
		error_errno(err, ENOENT, "%.256s", path);
		return place_job_fix(path, err);
	}
	if (fd < 0)
		return fd;
	ret = infile_read(fd, path, CONFIG_MAX_BYTES, text, bytes, err);
	if (ret == -EFBIG)
		return error_set(err, E2BIG,
				 "%.256s: larger than %u bytes, the limit of a job file", path,
				 CONFIG_MAX_BYTES);
	return ret;
}

int config_parse(struct config *config, const char *name, const char *text, size_t bytes,
		 const char *const *overrides, size_t nr_overrides, struct error *err)
{
	json_error_t position;
	json_t *root;
	int ret;

	*config = (struct config){ .path = strdup(name), .overridden = nr_overrides > 0 };
	root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &position);
	if (!root)
		ret = error_set(err, EINVAL, "%.256s:%d:%d: %s", config->path, position.line,
				position.column, position.text);
	else
		ret = top_check(root, config->path, err);
	if (ret == 0)
		ret = config_read(config, root, err);
	for (size_t i = 0; ret == 0 && i < nr_overrides; i++)
		ret = override_apply(config, overrides[i], err);
	for (size_t i = 0; ret == 0 && i < config->nr_jobs; i++)
		if (config->jobs[i].pinner.nr == 0)
			ret = error_set(err, EINVAL, "%s: cases[%zu]: no pinner is named",
					config->path, i);
	json_decref(root);
	if (ret)
		config_free(config);
	return ret;
}

int config_load(struct config *config, const char *path, const char *const *overrides,
		size_t nr_overrides, struct error *err)
{
	autofree char *job = path ? place_job(path) : NULL;
	autofree char *file_text = NULL;
	size_t bytes = 0;
	int ret;

	if (job)
		path = job;
	else if (path && strcmp(path, "quick") == 0)
		path = NULL; /* of a program that was copied alone */
	if (!path)
		return config_parse(config, "quick", quick_begin, (size_t)(quick_end - quick_begin),
				    overrides, nr_overrides, err);
	*config = (struct config){ 0 };
	ret = file_read(path, &file_text, &bytes, err);
	return ret ? ret
		   : config_parse(config, path, file_text, bytes, overrides, nr_overrides, err);
}

static json_t *words_json(const struct word_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->nr; i++)
		json_array_append_new(array, json_string(list->words[i]));
	return array;
}

static json_t *counts_json(const struct job *job)
{
	json_t *array = json_array();

	for (size_t i = 0; i < job->nr_pages_per_call; i++) {
		uint64_t number = job->pages_per_call[i];

		json_array_append_new(array, number == PAGES_PER_CALL_ALL
						     ? json_string("all")
						     : json_integer((json_int_t)number));
	}
	return array;
}

static json_t *key_json(const struct job *job, const struct key *key)
{
	const void *slot = (const char *)job + key->offset;
	char size[24];

	switch (key->kind) {
	case KIND_WORDS:
		return ((const struct word_list *)slot)->nr ? words_json(slot) : NULL;
	case KIND_WORD:
		return ((const struct word_list *)slot)->nr
			       ? json_string(((const struct word_list *)slot)->words[0])
			       : NULL;
	case KIND_COUNTS:
		return counts_json(job);
	case KIND_SIZE:
		size_format(*(const uint64_t *)slot, size, sizeof(size));
		return json_string(size);
	case KIND_NUMBER:
		return json_integer(*(const unsigned int *)slot);
	case KIND_INDEX:
		return *(const int *)slot < 0 ? NULL : json_integer(*(const int *)slot);
	}
	return NULL;
}

char *config_text(const struct config *config)
{
	json_t *root = json_object(), *cases = json_array();
	char *text;

	if (config->about)
		json_object_set_new(root, "about", json_string(config->about));
	for (size_t i = 0; i < config->nr_jobs; i++) {
		json_t *object = json_object();

		for (size_t k = 0; k < NR_KEYS; k++) {
			json_t *value = key_json(&config->jobs[i], &job_keys[k]);

			if (value)
				json_object_set_new(object, job_keys[k].name, value);
		}
		json_array_append_new(cases, object);
	}
	json_object_set_new(root, "cases", cases);
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->nr_jobs; i++)
		job_free(&config->jobs[i]);
	free(config->jobs);
	free(config->path);
	free(config->about);
	*config = (struct config){ 0 };
}

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

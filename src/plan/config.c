// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/config.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/infile.h"
#include "base/suggest.h"
#include "plan/job.h"

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
		return strchr(path, '/') ? -ENOENT : error_fix(err, "-c configs/%s", path);
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

	*config = (struct config){ .path = strdup(name) };
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
	autofree char *file_text = NULL;
	size_t bytes = 0;
	int ret;

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

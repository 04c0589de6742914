// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/json_get.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/memory.h"
#include "base/text.h"

static size_t reader_step(struct reader *reader, struct step step)
{
	size_t depth = reader->depth;

	/* never full: json_text_scan() lets nothing deeper through */
	if (depth < sizeof(reader->steps) / sizeof(reader->steps[0]))
		reader->steps[reader->depth++] = step;
	return depth;
}

size_t reader_enter(struct reader *reader, const char *name)
{
	return reader_step(reader, (struct step){ .name = name });
}

size_t reader_enter_index(struct reader *reader, size_t index)
{
	return reader_step(reader, (struct step){ .index = index });
}

void reader_leave(struct reader *reader, size_t depth)
{
	reader->depth = depth;
}

int reader_error(struct reader *reader, const char *format, ...)
{
	char where[241] = "", text[256];
	size_t used = 0;
	va_list args;

	for (size_t i = 0; i < reader->depth && used < sizeof(where); i++) {
		const struct step *step = &reader->steps[i];

		if (step->name)
			used += snprintf(where + used, sizeof(where) - used, "%s%s",
					 used ? "." : "", step->name);
		else
			used += snprintf(where + used, sizeof(where) - used, "[%zu]", step->index);
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(reader->err, EINVAL, "%s: %s", *where ? where : "the file", text);
}

int get_member(struct reader *reader, const json_t *object, const char *name, json_type type,
	       enum need need, const json_t **value, size_t *used)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number",    [JSON_TRUE] = "true or false",
	};
	json_type have;

	*used = reader->depth;
	*value = json_object_get(object, name);
	if (!*value)
		return need == REQUIRED ? reader_error(reader, "\"%s\" is missing", name) : 0;
	reader_enter(reader, name);
	have = json_typeof(*value);
	if (have == JSON_FALSE)
		have = JSON_TRUE;
	if (have == JSON_INTEGER && type == JSON_REAL)
		have = JSON_REAL;
	if (have != type)
		return reader_error(reader, "not %s", names[type]);
	return 1;
}

int check_string(struct reader *reader, const json_t *value, size_t max_bytes)
{
	if (!json_is_string(value))
		return reader_error(reader, "not a string");
	if (json_string_length(value) > max_bytes)
		return reader_error(reader, "a string of more than %zu bytes", max_bytes);
	return 0;
}

char *get_plain(const json_t *value)
{
	char *copy = strdup(json_string_value(value));

	if (!copy)
		abort();
	text_plain(copy);
	return copy;
}

int get_text(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char **text)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, RESULTS_MAX_TEXT);
	if (rc)
		return rc;
	*text = get_plain(value);
	reader_leave(reader, used);
	return 0;
}

int get_word(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char *word, size_t size)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, size - 1);
	if (rc)
		return rc;
	if (!text_is_word(json_string_value(value)))
		return reader_error(reader, "not a name (printable ASCII without spaces)");
	memcpy(word, json_string_value(value), json_string_length(value) + 1);
	reader_leave(reader, used);
	return 0;
}

int get_integer(struct reader *reader, const json_t *value, uint64_t min, uint64_t max,
		uint64_t *number)
{
	json_int_t have = json_integer_value(value);

	if (!json_is_integer(value))
		return reader_error(reader, "not an integer");
	if (have < 0 || (uint64_t)have < min || (uint64_t)have > max)
		return reader_error(reader, "%lld is not in %llu..%llu", (long long)have,
				    (unsigned long long)min, (unsigned long long)max);
	*number = have;
	return 0;
}

int get_number(struct reader *reader, const json_t *object, const char *name, enum need need,
	       uint64_t min, uint64_t max, uint64_t *number)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_INTEGER, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = get_integer(reader, value, min, max, number);
	if (rc)
		return rc;
	reader_leave(reader, used);
	return 1;
}

int get_real(struct reader *reader, const json_t *object, const char *name, double *number)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_REAL, OPTIONAL, &value, &used);

	if (rc <= 0)
		return rc;
	*number = json_number_value(value);
	if (*number < 0)
		return reader_error(reader, "is below 0");
	reader_leave(reader, used);
	return 0;
}

int get_choice(struct reader *reader, const json_t *object, const char *name, enum need need,
	       const char *const *choices, size_t *chosen)
{
	char list[128] = "";
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	for (*chosen = 0; choices[*chosen]; ++*chosen) {
		if (strcmp(json_string_value(value), choices[*chosen]) == 0) {
			reader_leave(reader, used);
			return 1;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"%s\"",
			 *chosen ? ", " : "", choices[*chosen]);
	}
	return reader_error(reader, "not one of %s", list);
}

static int get_facts(struct reader *reader, const json_t *object, struct fact_list *facts,
		     const char *prefix)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[RESULTS_MAX_FACT_NAME + 1];
		size_t used;
		int length;

		if (!text_is_word(key) || strchr(key, '.') || strlen(key) > RESULTS_MAX_FACT_NAME)
			return reader_error(reader, "a name is not printable ASCII without spaces "
						    "and dots");
		used = reader_enter(reader, key);
		length = snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if ((size_t)length >= sizeof(name))
			return reader_error(reader, "the dotted name has more than %u bytes",
					    RESULTS_MAX_FACT_NAME);
		if (json_is_object(value)) {
			int rc = get_facts(reader, value, facts, name);

			if (rc)
				return rc;
		} else if (facts->nr >= RESULTS_MAX_FACTS) {
			return reader_error(reader, "more than %u facts", RESULTS_MAX_FACTS);
		} else if (json_is_integer(value)) {
			fact_number(facts, json_integer_value(value), "%s", name);
		} else if (json_is_boolean(value)) {
			fact_bool(facts, json_is_true(value), "%s", name);
		} else {
			int rc = check_string(reader, value, RESULTS_MAX_TEXT);
			autofree char *text = NULL;

			if (rc)
				return reader_error(reader,
						    "not an integer, a boolean, a string of at "
						    "most %u bytes "
						    "or an object",
						    RESULTS_MAX_TEXT);
			text = get_plain(value);
			fact_text(facts, text, "%s", name);
		}
		reader_leave(reader, used);
	}
	return 0;
}

int get_fact_group(struct reader *reader, const json_t *object, const char *name,
		   struct fact_list *facts)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_OBJECT, REQUIRED, &value, &used);

	if (rc < 0)
		return rc;
	rc = get_facts(reader, value, facts, "");
	if (rc)
		return rc;
	reader_leave(reader, used);
	return 0;
}

void json_seed(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (bytes)
		memcpy(&seed, bytes, sizeof(seed));
	json_object_seed(seed ? seed : 1); /* 0 would ask /dev/urandom */
}

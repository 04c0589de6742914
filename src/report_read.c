// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a result file that may come from anywhere. docs/result-1.schema.json is the same rules as data. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "report.h"
#include "text.h"

/* Where in the document we are, for errors: "results[3].runs[0].samples.pin". */
struct reader {
	struct error *err;
	char where[512];
};

/* Goes down one step and remembers the length to come back to. */
static size_t enter(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static size_t enter(struct reader *reader, const char *format, ...)
{
	size_t used = strlen(reader->where);
	va_list args;

	va_start(args, format);
	vsnprintf(reader->where + used, sizeof(reader->where) - used, format, args);
	va_end(args);
	return used;
}

static void leave(struct reader *reader, size_t used)
{
	reader->where[used] = '\0';
}

static int wrong(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int wrong(struct reader *reader, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(reader->err, EINVAL, "%.240s: %s",
			 *reader->where ? reader->where + (*reader->where == '.') : "the file", text);
}

enum need { OPTIONAL, REQUIRED };

/* Gets a member of the type asked for: 1 found, 0 absent and optional, or an error. Enters ".name" when found. */
static int member(struct reader *reader, const json_t *object, const char *name, json_type type,
		  enum need need, const json_t **value, size_t *used)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer", [JSON_REAL] = "a number", [JSON_TRUE] = "true or false",
	};
	json_type have;

	*value = json_object_get(object, name);
	if (!*value)
		return need == REQUIRED ? wrong(reader, "\"%s\" is missing", name) : 0;
	*used = enter(reader, ".%s", name);
	have = json_typeof(*value);
	if (have == JSON_FALSE)
		have = JSON_TRUE;
	if (have == JSON_INTEGER && type == JSON_REAL)
		have = JSON_REAL;
	if (have != type)
		return wrong(reader, "not %s", names[type]);
	return 1;
}

static int check_string(struct reader *reader, const json_t *value, size_t max_bytes)
{
	if (!json_is_string(value))
		return wrong(reader, "not a string");
	if (json_string_length(value) > max_bytes)
		return wrong(reader, "a string of more than %zu bytes", max_bytes);
	return 0;
}

static char *plain_copy(const json_t *value)
{
	char *copy = strdup(json_string_value(value));

	if (!copy)
		abort();
	text_plain(copy);
	return copy;
}

static int get_text(struct reader *reader, const json_t *object, const char *name, enum need need, char **text)
{
	const json_t *value;
	size_t used;
	int rc = member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, REPORT_MAX_TEXT);
	if (rc)
		return rc;
	*text = plain_copy(value);
	leave(reader, used);
	return 0;
}

/* A name: printable ASCII without spaces, that fits its field. */
static int get_word(struct reader *reader, const json_t *object, const char *name, enum need need, char *word,
		    size_t size)
{
	const json_t *value;
	size_t used;
	int rc = member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, size - 1);
	if (rc)
		return rc;
	if (!text_is_word(json_string_value(value)))
		return wrong(reader, "not a name (printable ASCII without spaces)");
	memcpy(word, json_string_value(value), json_string_length(value) + 1);
	leave(reader, used);
	return 0;
}

static int get_integer(struct reader *reader, const json_t *value, uint64_t min, uint64_t max, uint64_t *number)
{
	if (!json_is_integer(value))
		return wrong(reader, "not an integer");
	if (json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) < min ||
	    (uint64_t)json_integer_value(value) > max)
		return wrong(reader, "%lld is not in %llu..%llu", (long long)json_integer_value(value),
			     (unsigned long long)min, (unsigned long long)max);
	*number = json_integer_value(value);
	return 0;
}

/* 1 when it was there. */
static int get_number(struct reader *reader, const json_t *object, const char *name, enum need need, uint64_t min,
		      uint64_t max, uint64_t *number)
{
	const json_t *value;
	size_t used;
	int rc = member(reader, object, name, JSON_INTEGER, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = get_integer(reader, value, min, max, number);
	if (rc)
		return rc;
	leave(reader, used);
	return 1;
}

static int get_facts(struct reader *reader, const json_t *object, struct fact_list *facts, const char *prefix)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		char name[REPORT_MAX_FACT_NAME + 1];
		size_t used;
		int length;

		if (!text_is_word(key) || strchr(key, '.') || strlen(key) > REPORT_MAX_FACT_NAME)
			return wrong(reader, "a name is not printable ASCII without spaces and dots");
		used = enter(reader, ".%s", key);
		length = snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if ((size_t)length >= sizeof(name))
			return wrong(reader, "the dotted name has more than %u bytes", REPORT_MAX_FACT_NAME);
		if (json_is_object(value)) {
			int rc = get_facts(reader, value, facts, name);

			if (rc)
				return rc;
		} else if (facts->nr >= REPORT_MAX_FACTS) {
			return wrong(reader, "more than %u facts", REPORT_MAX_FACTS);
		} else if (json_is_integer(value)) {
			fact_number(facts, json_integer_value(value), "%s", name);
		} else if (json_is_boolean(value)) {
			fact_bool(facts, json_is_true(value), "%s", name);
		} else {
			int rc = check_string(reader, value, REPORT_MAX_TEXT);
			autofree char *text = NULL;

			if (rc)
				return wrong(reader, "not an integer, a boolean, a string of at most %u bytes "
					     "or an object", REPORT_MAX_TEXT);
			text = plain_copy(value);
			fact_text(facts, text, "%s", name);
		}
		leave(reader, used);
	}
	return 0;
}

static int get_fact_group(struct reader *reader, const json_t *object, const char *name, struct fact_list *facts)
{
	const json_t *value;
	size_t used;
	int rc = member(reader, object, name, JSON_OBJECT, REQUIRED, &value, &used);

	if (rc < 0)
		return rc;
	rc = get_facts(reader, value, facts, "");
	if (rc)
		return rc;
	leave(reader, used);
	return 0;
}

static int get_params(struct reader *reader, const json_t *result, enum need need, struct params *params)
{
	const json_t *object;
	size_t used;
	int rc = member(reader, result, "params", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	if ((rc = get_word(reader, object, "pinner", need, params->pinner, sizeof(params->pinner))) ||
	    (rc = get_word(reader, object, "layout", need, params->layout, sizeof(params->layout))) ||
	    (rc = get_word(reader, object, "state", need, params->state, sizeof(params->state))) ||
	    (rc = get_word(reader, object, "access", need, params->access, sizeof(params->access))) ||
	    (rc = get_word(reader, object, "window", need, params->window, sizeof(params->window))))
		return rc;
	if ((rc = get_number(reader, object, "offset", need, 0, INT64_MAX, &params->offset)) < 0 ||
	    (rc = get_number(reader, object, "bytes", need, 1, INT64_MAX, &params->bytes)) < 0 ||
	    (rc = get_number(reader, object, "pages_per_call", need, 1, INT64_MAX, &params->pages_per_call)) < 0 ||
	    (rc = get_number(reader, object, "region_bytes", OPTIONAL, 1, INT64_MAX, &params->region_bytes)) < 0)
		return rc;
	leave(reader, used);
	return 0;
}

/* One of "warmup" and "samples": the lists are parallel, so all have the length of the first. */
static int get_samples(struct reader *reader, const json_t *object, struct run *run, size_t first, size_t nr,
		       enum metric metric)
{
	const json_t *list;
	size_t used;
	int rc = member(reader, object, metric_names[metric], JSON_ARRAY, OPTIONAL, &list, &used);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) != nr)
		return wrong(reader, "%zu values beside a list of %zu", json_array_size(list), nr);
	for (size_t i = 0; i < nr; i++) {
		size_t inner = enter(reader, "[%zu]", i);

		rc = get_integer(reader, json_array_get(list, i), 0, INT64_MAX,
				 &run->samples[first + i].ticks[metric]);
		if (rc)
			return rc;
		run->samples[first + i].have |= 1u << metric;
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_pages(struct reader *reader, const json_t *object, struct run *run, size_t first, size_t nr)
{
	const json_t *pages = json_object_get(object, "pages");
	size_t used = enter(reader, ".pages");
	int rc;

	if (!pages)
		return nr ? wrong(reader, "is missing") : (leave(reader, used), 0);
	if (json_is_array(pages) && json_array_size(pages) != nr)
		return wrong(reader, "%zu values beside a list of %zu", json_array_size(pages), nr);
	for (size_t i = 0; i < nr || (i == 0 && json_is_integer(pages)); i++) {
		uint64_t number;
		size_t inner = strlen(reader->where);
		const json_t *value = pages;

		if (json_is_array(pages)) {
			enter(reader, "[%zu]", i);
			value = json_array_get(pages, i);
		}
		rc = get_integer(reader, value, 0, INT64_MAX, &number);
		if (rc)
			return rc;
		if (i < nr)
			run->samples[first + i].nr_pages = number;
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static size_t nr_listed(const json_t *object)
{
	for (size_t i = 0; i < NR_METRICS; i++) {
		const json_t *list = json_object_get(object, metric_names[i]);

		if (json_is_array(list))
			return json_array_size(list);
	}
	return 0;
}

static int get_clock(struct reader *reader, const json_t *object, struct run *run)
{
	const json_t *clock, *quantum;
	size_t used, inner;
	int rc = member(reader, object, "clock", JSON_OBJECT, REQUIRED, &clock, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		bool measured = run->nr_samples && run->samples[0].have >> i & 1;

		rc = get_word(reader, clock, metric_names[i], measured ? REQUIRED : OPTIONAL, run->clock[i],
			      sizeof(run->clock[i]));
		if (rc)
			return rc;
	}
	leave(reader, used);
	rc = member(reader, object, "quantum", JSON_OBJECT, OPTIONAL, &quantum, &inner);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		rc = get_number(reader, quantum, metric_names[i], OPTIONAL, 1, INT64_MAX, &run->quantum[i]);
		if (rc < 0)
			return rc;
	}
	leave(reader, inner);
	return 0;
}

static int get_run(struct reader *reader, const json_t *object, struct run *run, size_t *nr_left)
{
	const json_t *part[2];
	static const char *const part_names[2] = { "warmup", "samples" };
	uint64_t number;
	size_t used, nr[2], first = 0;
	int rc;

	if (!json_is_object(object))
		return wrong(reader, "not an object");
	rc = get_number(reader, object, "index", REQUIRED, 0, UINT32_MAX, &number);
	if (rc < 0)
		return rc;
	run->index = number;
	rc = get_number(reader, object, "cpu", OPTIONAL, 0, INT32_MAX, &number);
	if (rc < 0)
		return rc;
	run->cpu = rc ? (int)number : -1;
	rc = get_number(reader, object, "node", OPTIONAL, 0, INT32_MAX, &number);
	if (rc < 0)
		return rc;
	run->node = rc ? (int)number : -1;
	for (size_t i = 0; i < 2; i++) {
		rc = member(reader, object, part_names[i], JSON_OBJECT, REQUIRED, &part[i], &used);
		if (rc < 0)
			return rc;
		leave(reader, used);
		nr[i] = nr_listed(part[i]);
	}
	if (nr[0] + nr[1] > *nr_left)
		return wrong(reader, "more than %u samples in one result", REPORT_MAX_SAMPLES);
	*nr_left -= nr[0] + nr[1];
	run->nr_warmup = nr[0];
	run->nr_samples = nr[0] + nr[1];
	run->samples = calloc(run->nr_samples ? run->nr_samples : 1, sizeof(*run->samples));
	if (!run->samples)
		return wrong(reader, "out of memory");
	for (size_t i = 0; i < 2; i++) {
		used = enter(reader, ".%s", part_names[i]);
		for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
			rc = get_samples(reader, part[i], run, first, nr[i], metric);
			if (rc)
				return rc;
		}
		rc = get_pages(reader, part[i], run, first, nr[i]);
		if (rc)
			return rc;
		leave(reader, used);
		first += nr[i];
	}
	if (nr[0] && nr[1] && run->samples[0].have != run->samples[nr[0]].have)
		return wrong(reader, "warmup and samples hold different metrics");
	return get_clock(reader, object, run);
}

static int get_runs(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *runs;
	size_t used, nr_left = REPORT_MAX_SAMPLES;
	int rc = member(reader, object, "runs", JSON_ARRAY, REQUIRED, &runs, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(runs) > REPORT_MAX_RUNS)
		return wrong(reader, "more than %u runs", REPORT_MAX_RUNS);
	for (size_t i = 0; i < json_array_size(runs); i++) {
		size_t inner = enter(reader, "[%zu]", i);

		rc = get_run(reader, json_array_get(runs, i), result_add_run(result), &nr_left);
		if (rc)
			return rc;
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_counts(struct reader *reader, const json_t *result, struct path_count *counts)
{
	const json_t *object, *observer;
	size_t used, inner;
	int rc = member(reader, result, "counts", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	rc = member(reader, object, "observer", JSON_OBJECT, REQUIRED, &observer, &inner);
	if (rc < 0)
		return rc;
	leave(reader, inner);
	for (size_t i = 0; i < NR_COUNTS; i++) {
		rc = get_number(reader, object, count_names[i], OPTIONAL, 0, INT64_MAX, &counts->value[i]);
		if (rc < 0)
			return rc;
		if (!rc && json_object_get(observer, count_names[i]))
			return wrong(reader, "observer names \"%s\", which has no number", count_names[i]);
		if (!rc)
			continue;
		inner = enter(reader, ".observer");
		rc = get_word(reader, observer, count_names[i], REQUIRED, counts->observer[i],
			      sizeof(counts->observer[i]));
		if (rc)
			return rc;
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_warnings(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *list;
	size_t used;
	int rc = member(reader, object, "warnings", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > REPORT_MAX_RUNS)
		return wrong(reader, "more than %u warnings", REPORT_MAX_RUNS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = enter(reader, "[%zu]", i);
		autofree char *text = NULL;

		rc = check_string(reader, json_array_get(list, i), REPORT_MAX_TEXT);
		if (rc)
			return rc;
		text = plain_copy(json_array_get(list, i));
		result_warn(result, "%s", text);
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_status(struct reader *reader, const json_t *object, enum status *status)
{
	const json_t *value;
	size_t used;
	int rc = member(reader, object, "status", JSON_STRING, REQUIRED, &value, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_STATUS; i++) {
		if (strcmp(json_string_value(value), status_names[i]) == 0) {
			*status = i;
			leave(reader, used);
			return 0;
		}
	}
	return wrong(reader, "not one of \"done\", \"skipped\", \"failed\"");
}

static int get_result(struct reader *reader, const json_t *object, struct report *report)
{
	char key[256];
	struct result *result;
	int rc;

	if (!json_is_object(object))
		return wrong(reader, "not an object");
	rc = get_word(reader, object, "key", REQUIRED, key, sizeof(key));
	if (rc)
		return rc;
	result = report_add(report, key);
	rc = get_status(reader, object, &result->status);
	if (rc)
		return rc;
	rc = get_text(reader, object, "why", result->status == STATUS_DONE ? OPTIONAL : REQUIRED,
		      &result->why);
	if (rc)
		return rc;
	rc = get_text(reader, object, "fix", OPTIONAL, &result->fix);
	if (rc)
		return rc;
	/* a case that never ran may lack what the layout would have decided */
	rc = get_params(reader, object, result->status == STATUS_DONE ? REQUIRED : OPTIONAL,
			&result->params);
	if (rc)
		return rc;
	rc = get_runs(reader, object, result);
	if (rc)
		return rc;
	rc = get_counts(reader, object, &result->counts);
	if (rc)
		return rc;
	rc = get_fact_group(reader, object, "truth", &result->truth);
	if (rc)
		return rc;
	return get_warnings(reader, object, result);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const struct result *const *)a)->key, (*(const struct result *const *)b)->key);
}

static int check_unique(struct reader *reader, const struct report *report)
{
	autofree const struct result **order = calloc(report->nr_results + 1, sizeof(*order));

	if (!order)
		return wrong(reader, "out of memory");
	for (size_t i = 0; i < report->nr_results; i++)
		order[i] = &report->results[i];
	qsort(order, report->nr_results, sizeof(*order), compare_keys);
	for (size_t i = 1; i < report->nr_results; i++)
		if (compare_keys(&order[i - 1], &order[i]) == 0)
			return wrong(reader, "the key %s is there twice", order[i]->key);
	return 0;
}

static int get_results(struct reader *reader, const json_t *root, struct report *report)
{
	const json_t *list;
	size_t used;
	int rc = member(reader, root, "results", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > REPORT_MAX_RESULTS)
		return wrong(reader, "more than %u results", REPORT_MAX_RESULTS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = enter(reader, "[%zu]", i);

		rc = get_result(reader, json_array_get(list, i), report);
		if (rc)
			return rc;
		leave(reader, inner);
	}
	rc = check_unique(reader, report);
	leave(reader, used);
	return rc;
}

/* The three times share one unit, and that says which lane the file is from. */
static int get_metrics(struct reader *reader, const json_t *root, bool *icount)
{
	const json_t *object;
	size_t used;
	int rc = member(reader, root, "metrics", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		const json_t *metric;
		char unit[16] = "";
		size_t inner;

		rc = member(reader, object, metric_names[i], JSON_OBJECT, REQUIRED, &metric, &inner);
		if (rc < 0)
			return rc;
		rc = get_word(reader, metric, "unit", REQUIRED, unit, sizeof(unit));
		if (rc)
			return rc;
		if (strcmp(unit, "ns") && strcmp(unit, "instructions"))
			return wrong(reader, "unit: not \"ns\" or \"instructions\"");
		if (i > 0 && *icount != (strcmp(unit, "ns") != 0))
			return wrong(reader, "unit: not the unit of the other times");
		*icount = strcmp(unit, "ns") != 0;
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_command(struct reader *reader, const json_t *root, struct report *report)
{
	const json_t *list;
	size_t used;
	int rc = member(reader, root, "command", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > REPORT_MAX_RUNS)
		return wrong(reader, "more than %u words", REPORT_MAX_RUNS);
	report->command = calloc(json_array_size(list) + 1, sizeof(*report->command));
	if (!report->command)
		return wrong(reader, "out of memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = enter(reader, "[%zu]", i);

		rc = check_string(reader, json_array_get(list, i), REPORT_MAX_TEXT);
		if (rc)
			return rc;
		report->command[i] = plain_copy(json_array_get(list, i));
		leave(reader, inner);
	}
	leave(reader, used);
	return 0;
}

static int get_head(struct reader *reader, const json_t *root, struct report *report)
{
	const json_t *value;
	char schema[64];
	size_t used;
	int rc = get_word(reader, root, "schema", REQUIRED, schema, sizeof(schema));

	if (rc)
		return rc;
	if (strcmp(schema, REPORT_SCHEMA)) {
		wrong(reader, "schema is \"%s\", this program reads \"%s\"", schema, REPORT_SCHEMA);
		return error_fix(reader->err, "use the version of pinbench that wrote it");
	}
	rc = member(reader, root, "tool", JSON_OBJECT, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	rc = get_text(reader, value, "version", REQUIRED, &report->tool_version);
	if (rc)
		return rc;
	leave(reader, used);
	if ((rc = get_text(reader, root, "label", REQUIRED, &report->label)) ||
	    (rc = get_text(reader, root, "started", OPTIONAL, &report->started)))
		return rc;
	rc = member(reader, root, "complete", JSON_TRUE, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	report->complete = json_is_true(value);
	leave(reader, used);
	rc = member(reader, root, "duration_s", JSON_REAL, OPTIONAL, &value, &used);
	if (rc < 0)
		return rc;
	if (rc) {
		report->duration_s = json_number_value(value);
		if (report->duration_s < 0)
			return wrong(reader, "is below 0");
		leave(reader, used);
	}
	rc = member(reader, root, "config", JSON_OBJECT, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	report->config = json_dumps(value, JSON_COMPACT);
	if (!report->config || strlen(report->config) > REPORT_MAX_CONFIG)
		return wrong(reader, "more than %u bytes", REPORT_MAX_CONFIG);
	leave(reader, used);
	return get_command(reader, root, report);
}

/*
 * Before the parser sees the text: nesting and the number of values, which decide how much memory it takes.
 * Whether the text is JSON at all is left to the parser.
 */
static int scan(const char *text, size_t size, const char *path, struct error *err)
{
	size_t line = 1, line_start = 0, depth = 0, nr_values = 1, nr_groups = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '\n') {
			line++;
			line_start = i + 1;
		}
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		quoted = c == '"';
		nr_values += c == ',' || c == ':';
		nr_groups += c == '[' || c == '{';
		depth += c == '[' || c == '{';
		depth -= depth > 0 && (c == ']' || c == '}');
		if (depth > REPORT_MAX_DEPTH)
			return error_set(err, EINVAL, "%s:%zu:%zu: nested deeper than %u", path, line,
					 i - line_start + 1, REPORT_MAX_DEPTH);
		if (nr_values > REPORT_MAX_VALUES || nr_groups > REPORT_MAX_VALUES / 8)
			return error_set(err, EINVAL, "%s:%zu:%zu: more than %u values or %u objects and lists",
					 path, line, i - line_start + 1, REPORT_MAX_VALUES,
					 REPORT_MAX_VALUES / 8);
	}
	return 0;
}

static int read_all(const char *path, char **text, size_t *size, struct error *err)
{
	/* O_NONBLOCK: opening a pipe that nobody writes to must not hang */
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "%s: cannot read", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: not a regular file", path);
	if (st.st_size > (off_t)REPORT_MAX_BYTES)
		return error_set(err, EFBIG, "%s: %lld bytes are above the limit of 64 MiB of a result file",
				 path, (long long)st.st_size);
	*text = malloc(st.st_size + 1);
	if (!*text)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	*size = 0;
	while (*size < (size_t)st.st_size) {
		ssize_t got = read(fd, *text + *size, st.st_size - *size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, errno, "%s: cannot read", path);
		if (got == 0)
			break;
		*size += got;
	}
	return 0;
}

int report_parse(struct report *report, const char *text, size_t size, const char *path, struct error *err)
{
	struct error inner = { 0 };
	struct reader reader = { .err = &inner };
	json_error_t where;
	json_t *root;
	int rc = scan(text, size, path, err);

	memset(report, 0, sizeof(*report));
	if (rc)
		return rc;
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		text_plain(where.text);
		return error_set(err, EINVAL, "%s:%d:%d: %s", path, where.line, where.column, where.text);
	}
	rc = json_is_object(root) ? get_head(&reader, root, report) : wrong(&reader, "not an object");
	if (!rc)
		rc = get_metrics(&reader, root, &report->icount);
	if (!rc)
		rc = get_fact_group(&reader, root, "environment", &report->environment);
	if (!rc)
		rc = get_results(&reader, root, report);
	json_decref(root);
	if (rc) {
		report_free(report);
		error_set(err, inner.code, "%s: %s", path, inner.text);
		return inner.fix[0] ? error_fix(err, "%s", inner.fix) : rc;
	}
	report->path = strdup(path);
	if (!report->path)
		abort();
	return 0;
}

int report_load(struct report *report, const char *path, struct error *err)
{
	autofree char *text = NULL;
	size_t size = 0;
	int rc;

	memset(report, 0, sizeof(*report));
	rc = read_all(path, &text, &size, err);
	return rc ? rc : report_parse(report, text, size, path, err);
}

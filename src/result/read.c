// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a result file that may come from anywhere. docs/result-1.schema.json is the same rules as
 * data. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "result/json.h"

static const char *const time_units[] = { "ns", "instructions", NULL };
static const char *const exact_units[] = { "pages", "calls", "faults", "mappings", NULL };
static const char *const directions[] = { "lower", "none", NULL };
static const char *const kinds[] = { "measured", "exact", NULL };

/* Entry of the table of metrics. That of a count may be absent: @unit is as it was then. */
static int get_metric(struct reader *reader, const json_t *metrics, const char *name, bool exact,
		      size_t *unit)
{
	const json_t *metric;
	size_t used, ignored;
	int rc = get_member(reader, metrics, name, JSON_OBJECT, exact ? OPTIONAL : REQUIRED,
			    &metric, &used);

	if (rc <= 0)
		return rc;
	if ((rc = get_choice(reader, metric, "unit", exact ? OPTIONAL : REQUIRED,
			     exact ? exact_units : time_units, unit)) < 0 ||
	    (rc = get_choice(reader, metric, "better", OPTIONAL, directions, &ignored)) < 0 ||
	    (rc = get_choice(reader, metric, "kind", OPTIONAL, kinds, &ignored)) < 0)
		return rc;
	reader_leave(reader, used);
	return 0;
}

/* The three times share one unit, and that says which lane the file is from. */
static int get_metrics(struct reader *reader, const json_t *root, bool *icount)
{
	const json_t *metrics;
	size_t used, unit, first = 0;
	int rc = get_member(reader, root, "metrics", JSON_OBJECT, REQUIRED, &metrics, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		rc = get_metric(reader, metrics, metric_names[i], false, &unit);
		if (rc)
			return rc;
		if (i == 0)
			first = unit;
		if (unit != first)
			return reader_error(reader, "\"%s\" is in another unit than \"%s\"",
					    metric_names[i], metric_names[0]);
	}
	for (size_t i = 0; i < NR_COUNTS; i++) {
		rc = get_metric(reader, metrics, count_names[i], true, &unit);
		if (rc)
			return rc;
	}
	*icount = first == 1;
	reader_leave(reader, used);
	return 0;
}

static int get_command(struct reader *reader, const json_t *root, struct results *results)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, root, "command", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > RESULTS_MAX_RUNS)
		return reader_error(reader, "more than %u words", RESULTS_MAX_RUNS);
	results->command = calloc(json_array_size(list) + 1, sizeof(*results->command));
	if (!results->command)
		return reader_error(reader, "out of memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = reader_enter_index(reader, i);

		rc = check_string(reader, json_array_get(list, i), RESULTS_MAX_TEXT);
		if (rc)
			return rc;
		results->command[i] = get_plain(json_array_get(list, i));
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

static int get_sides(struct reader *reader, const json_t *object, struct schedule *schedule)
{
	const json_t *list;
	uint64_t side;
	size_t used;
	int rc = get_member(reader, object, "sides", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) < 1 || json_array_size(list) > RESULTS_MAX_SIDES)
		return reader_error(reader, "not 1 to %u sides", RESULTS_MAX_SIDES);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = reader_enter_index(reader, i);

		rc = check_string(reader, json_array_get(list, i), RESULTS_MAX_TEXT);
		if (rc)
			return rc;
		schedule->sides[schedule->nr_sides++] = get_plain(json_array_get(list, i));
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	rc = get_number(reader, object, "side", REQUIRED, 0, schedule->nr_sides - 1, &side);
	schedule->side = side;
	return rc < 0 ? rc : 0;
}

static int get_schedule(struct reader *reader, const json_t *root, struct schedule *schedule)
{
	static const char *const orders[] = { "abba", "random", NULL };
	const json_t *object;
	uint64_t number;
	size_t used, order;
	int rc = get_member(reader, root, "schedule", JSON_OBJECT, OPTIONAL, &object, &used);

	if (rc <= 0)
		return rc;
	rc = get_choice(reader, object, "order", REQUIRED, orders, &order);
	if (rc < 0)
		return rc;
	schedule->order = order ? ORDER_RANDOM : ORDER_ABBA;
	rc = get_word(reader, object, "id", REQUIRED, schedule->id, sizeof(schedule->id));
	if (rc)
		return rc;
	rc = get_number(reader, object, "seed", REQUIRED, 0, INT64_MAX, &schedule->seed);
	if (rc < 0)
		return rc;
	rc = get_number(reader, object, "blocks", REQUIRED, 1, RESULTS_MAX_BLOCKS, &number);
	if (rc < 0)
		return rc;
	schedule->nr_blocks = number;
	rc = get_sides(reader, object, schedule);
	if (rc)
		return rc;
	reader_leave(reader, used);
	return 0;
}

static int get_head(struct reader *reader, const json_t *root, struct results *results)
{
	static const char *const tools[] = { "pinbench", NULL };
	const json_t *value;
	char schema[64];
	uint64_t benchmark;
	size_t used, ignored;
	int rc = get_word(reader, root, "schema", REQUIRED, schema, sizeof(schema));

	if (rc)
		return rc;
	if (strcmp(schema, RESULTS_SCHEMA)) {
		reader_error(reader, "schema is \"%s\", this program reads \"%s\"", schema,
			     RESULTS_SCHEMA);
		return error_fix(reader->err, "use the version of pinbench that wrote it");
	}
	rc = get_member(reader, root, "tool", JSON_OBJECT, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	rc = get_choice(reader, value, "name", OPTIONAL, tools, &ignored);
	if (rc < 0)
		return rc;
	rc = get_text(reader, value, "version", REQUIRED, &results->tool_version);
	if (rc)
		return rc;
	rc = get_number(reader, value, "benchmark", OPTIONAL, 1, INT32_MAX, &benchmark);
	if (rc < 0)
		return rc;
	results->benchmark = rc ? (unsigned int)benchmark : 1; /* files older than this field */
	reader_leave(reader, used);
	if ((rc = get_text(reader, root, "label", REQUIRED, &results->label)) ||
	    (rc = get_text(reader, root, "started", OPTIONAL, &results->started)) ||
	    (rc = get_text(reader, root, "imported", OPTIONAL, &results->imported)) ||
	    (rc = get_schedule(reader, root, &results->schedule)))
		return rc;
	reader->imported = results->imported;
	rc = get_member(reader, root, "complete", JSON_TRUE, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	results->complete = json_is_true(value);
	reader_leave(reader, used);
	rc = get_real(reader, root, "duration_s", &results->duration_s);
	if (rc)
		return rc;
	rc = get_member(reader, root, "config", JSON_OBJECT, REQUIRED, &value, &used);
	if (rc < 0)
		return rc;
	results->config = json_dumps(value, JSON_COMPACT);
	if (!results->config || strlen(results->config) > RESULTS_MAX_CONFIG)
		return reader_error(reader, "more than %u bytes", RESULTS_MAX_CONFIG);
	reader_leave(reader, used);
	return get_command(reader, root, results);
}

int results_parse(struct results *results, const char *text, size_t size, const char *path,
		  struct error *err)
{
	struct json_text document = { .path = path, .text = text, .size = size };
	struct error inner = { 0 };
	struct reader reader = { .err = &inner };
	json_t *root;
	int rc = json_text_scan(&document, err);

	memset(results, 0, sizeof(*results));
	if (rc)
		return rc;
	root = json_text_parse_head(&document, err);
	if (!root)
		return -EINVAL;
	rc = json_is_object(root) ? get_head(&reader, root, results)
				  : reader_error(&reader, "not an object");
	if (!rc)
		rc = get_metrics(&reader, root, &results->icount);
	if (!rc)
		rc = get_fact_group(&reader, root, "environment", &results->environment);
	if (!rc)
		rc = get_results(&reader, root, &document, results);
	json_decref(root);
	if (rc) {
		results_free(results);
		if (reader.located)
			return error_set(err, inner.code, "%s", inner.text);
		error_set(err, inner.code, "%s: %s", path, inner.text);
		return inner.fix[0] ? error_fix(err, "%s", inner.fix) : rc;
	}
	results->path = strdup(path);
	if (!results->path)
		abort();
	return 0;
}

int results_load(struct results *results, const char *path, struct error *err)
{
	autofree char *text = NULL;
	char digest[DIGEST_SIZE];
	size_t size = 0;
	int rc;

	memset(results, 0, sizeof(*results));
	rc = json_text_read(path, &text, &size, err);
	if (!rc)
		rc = results_parse(results, text, size, path, err);
	if (rc)
		return rc;
	digest_bytes(text, size, digest);
	results_add_file(results, path, digest);
	return 0;
}

/* Reading the results of a report: parameters and counts. */

static int get_params(struct reader *reader, const json_t *result, enum need need,
		      struct params *params)
{
	const json_t *object;
	size_t used;
	int rc = get_member(reader, result, "params", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	if ((rc = get_word(reader, object, "pinner", need, params->pinner,
			   sizeof(params->pinner))) ||
	    (rc = get_word(reader, object, "layout", need, params->layout,
			   sizeof(params->layout))) ||
	    (rc = get_word(reader, object, "state", need, params->state, sizeof(params->state))) ||
	    (rc = get_word(reader, object, "access", need, params->access,
			   sizeof(params->access))) ||
	    (rc = get_word(reader, object, "window", need, params->window, sizeof(params->window))))
		return rc;
	if (reader->imported)
		need = OPTIONAL;
	if ((rc = get_number(reader, object, "offset", need, 0, INT64_MAX, &params->offset)) < 0 ||
	    (rc = get_number(reader, object, "bytes", need, 1, INT64_MAX, &params->bytes)) < 0 ||
	    (rc = get_number(reader, object, "pages_per_call", need, 1, INT64_MAX,
			     &params->pages_per_call)) < 0 ||
	    (rc = get_number(reader, object, "region_bytes", OPTIONAL, 1, INT64_MAX,
			     &params->region_bytes)) < 0)
		return rc;
	reader_leave(reader, used);
	return 0;
}

static int get_counts(struct reader *reader, const json_t *result, struct path_count *counts)
{
	const json_t *object, *observer;
	size_t used, inner;
	int rc = get_member(reader, result, "counts", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	rc = get_member(reader, object, "observer", JSON_OBJECT, REQUIRED, &observer, &inner);
	if (rc < 0)
		return rc;
	reader_leave(reader, inner);
	for (size_t i = 0; i < NR_COUNTS; i++) {
		rc = get_number(reader, object, count_names[i], OPTIONAL, 0, INT64_MAX,
				&counts->value[i]);
		if (rc < 0)
			return rc;
		if (!rc && json_object_get(observer, count_names[i]))
			return reader_error(reader, "observer names \"%s\", which has no number",
					    count_names[i]);
		if (!rc)
			continue;
		inner = reader_enter(reader, "observer");
		rc = get_word(reader, observer, count_names[i], REQUIRED, counts->observer[i],
			      sizeof(counts->observer[i]));
		if (rc)
			return rc;
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

static int get_warnings(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, object, "warnings", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > RESULTS_MAX_WARNINGS)
		return reader_error(reader, "more than %u warnings", RESULTS_MAX_WARNINGS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = reader_enter_index(reader, i);
		autofree char *text = NULL;

		rc = check_string(reader, json_array_get(list, i), RESULTS_MAX_TEXT);
		if (rc)
			return rc;
		text = get_plain(json_array_get(list, i));
		result_warn(result, "%s", text);
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

static const char *const stops[] = { "runs", "precision", "max-time", NULL }; /* as enum stop */
static const char *const statuses[] = { "done", "skipped", "failed", NULL };  /* as enum status */

static int get_result(struct reader *reader, const json_t *object, struct results *results)
{
	char key[256];
	struct result *result;
	size_t status, stop;
	int rc;

	if (!json_is_object(object))
		return reader_error(reader, "not an object");
	rc = get_word(reader, object, "key", REQUIRED, key, sizeof(key));
	if (rc)
		return rc;
	result = results_add(results, key);
	rc = get_choice(reader, object, "status", REQUIRED, statuses, &status);
	if (rc < 0)
		return rc;
	result->status = status;
	rc = get_text(reader, object, "why", result->status == STATUS_DONE ? OPTIONAL : REQUIRED,
		      &result->why);
	if (rc)
		return rc;
	rc = get_text(reader, object, "fix", OPTIONAL, &result->fix);
	if (rc)
		return rc;
	rc = get_text(reader, object, "counterpart", OPTIONAL, &result->counterpart);
	if (rc)
		return rc;
	rc = get_choice(reader, object, "stopped_by", OPTIONAL, stops, &stop);
	if (rc < 0)
		return rc;
	result->stop = rc ? stop : STOP_RUNS;
	rc = get_real(reader, object, "precision", &result->precision);
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
	rc = get_explain(reader, object, result);
	if (rc)
		return rc;
	return get_warnings(reader, object, result);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const struct result *const *)a)->key,
		      (*(const struct result *const *)b)->key);
}

static int check_unique(struct reader *reader, const struct results *results)
{
	autofree const struct result **order = calloc(results->nr + 1, sizeof(*order));

	if (!order)
		return reader_error(reader, "out of memory");
	for (size_t i = 0; i < results->nr; i++)
		order[i] = &results->items[i];
	qsort(order, results->nr, sizeof(*order), compare_keys);
	for (size_t i = 1; i < results->nr; i++)
		if (compare_keys(&order[i - 1], &order[i]) == 0)
			return reader_error(reader, "the key %s is there twice", order[i]->key);
	return 0;
}

static int get_next(struct reader *reader, const json_t *object, struct results *results)
{
	size_t used = reader_enter_index(reader, results->nr);
	int rc;

	if (results->nr == RESULTS_MAX_RESULTS) {
		reader_leave(reader, used);
		return reader_error(reader, "more than %u results", RESULTS_MAX_RESULTS);
	}
	rc = get_result(reader, object, results);
	if (!rc)
		reader_leave(reader, used);
	return rc;
}

/*
 * The result at @start that is still text, with its numbers beside it, and its end. What cannot be
 * parsed so is parsed as it is, to say where the error is.
 */
static json_t *parse_result(struct reader *reader, struct number_lists *lists,
			    const struct json_text *text, size_t start, size_t *end)
{
	json_t *object;

	*end = number_lists_cut(lists, text, start);
	object = json_loadb(lists->text, lists->size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
			    NULL);
	if (object)
		return object;
	lists->nr = 0;
	object = json_text_parse(text, start, *end, reader->err);
	reader->located = !object;
	return object;
}

/* Each is a tree only while it is looked at. */
static int get_results_text(struct reader *reader, const struct json_text *text,
			    struct results *results)
{
	struct number_lists lists = { 0 };
	size_t start = text->list, end;
	int rc = 0;

	if (start + strspn(text->text + start, " \t\r\n") == text->list_end)
		return 0;
	reader->lists = &lists;
	for (; start <= text->list_end && !rc; start = end + 1) {
		json_t *object = parse_result(reader, &lists, text, start, &end);

		rc = object ? get_next(reader, object, results) : -EINVAL;
		json_decref(object);
	}
	reader->lists = NULL;
	number_lists_free(&lists);
	return rc;
}

int get_results(struct reader *reader, const json_t *root, const struct json_text *text,
		struct results *results)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, root, "results", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	rc = 0;
	for (size_t i = 0; i < json_array_size(list) && !rc; i++)
		rc = get_next(reader, json_array_get(list, i), results);
	if (!rc && text->list_end)
		rc = get_results_text(reader, text, results);
	if (!rc)
		rc = check_unique(reader, results);
	reader_leave(reader, used);
	return rc;
}

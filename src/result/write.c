// SPDX-License-Identifier: GPL-2.0-or-later
/* A report as JSON, laid out as docs/result-format.md says. Unknown values are left out. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "base/text.h"
#include "result/json.h"

#define NR_NAMES 10000u /* of one label in one second */

void writer_set(struct writer *writer, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) && !writer->rc)
		writer->rc =
			error_set(writer->err, ENOMEM, "out of memory while writing \"%s\"", name);
}

void writer_append(struct writer *writer, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) && !writer->rc)
		writer->rc = error_set(writer->err, ENOMEM, "out of memory while writing");
}

static json_t *text_json(const char *text)
{
	autofree char *copy = strndup(text, RESULTS_MAX_TEXT);
	json_t *string;
	size_t length;

	if (!copy)
		return NULL;
	length = strlen(copy);
	if (text[length]) {
		/* not in the middle of a character */
		while (length > 0 && (text[length] & 0xc0) == 0x80)
			length--;
		copy[length] = '\0';
	}
	string = json_string(copy);
	if (!string) {
		text_plain(copy);
		string = json_string(copy);
	}
	return string;
}

json_t *count_json(struct writer *writer, uint64_t number, const char *what)
{
	if (number > INT64_MAX && !writer->rc)
		writer->rc = error_set(writer->err, EINVAL, "%s: %llu is above 2^63 - 1", what,
				       (unsigned long long)number);
	return json_integer(number > INT64_MAX ? 0 : (json_int_t)number);
}

void writer_set_text(struct writer *writer, json_t *object, const char *name, const char *text)
{
	if (text && *text)
		writer_set(writer, object, name, text_json(text));
}

/* Walks "a.b.c" into nested objects; the last part is the name of the value. */
static void set_fact(struct writer *writer, json_t *object, const struct fact *fact)
{
	autofree char *path = strdup(fact->name);
	char *rest = path, *part;

	while (path && (part = strsep(&rest, ".")) && rest && json_is_object(object)) {
		json_t *inner = json_object_get(object, part);

		if (!inner) {
			inner = json_object();
			writer_set(writer, object, part, inner);
		}
		object = inner;
	}
	if (!path || !*part || !json_is_object(object) || json_object_get(object, part)) {
		if (!writer->rc)
			writer->rc = error_set(writer->err, EINVAL,
					       "fact %s: both a value and a group", fact->name);
		return;
	}
	if (fact->kind == FACT_NUMBER)
		writer_set(writer, object, part, json_integer(fact->number));
	else if (fact->kind == FACT_BOOL)
		writer_set(writer, object, part, json_boolean(fact->number));
	else
		writer_set(writer, object, part, text_json(fact->text));
}

static json_t *facts_json(struct writer *writer, const struct fact_list *facts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < facts->nr; i++)
		set_fact(writer, object, &facts->items[i]);
	return object;
}

static json_t *metrics_json(struct writer *writer)
{
	json_t *object = json_object();

	for (size_t i = 0; i < NR_METRICS; i++)
		writer_set(writer, object, metric_names[i],
			   json_pack("{ssssss}", "unit", results_unit(writer->results), "better",
				     "lower", "kind", "measured"));
	for (size_t i = 0; i < NR_COUNTS; i++)
		writer_set(writer, object, count_names[i],
			   json_pack("{ssssss}", "unit", count_units[i], "better",
				     count_lower_better[i] ? "lower" : "none", "kind", "exact"));
	return object;
}

static json_t *params_json(struct writer *writer, const struct params *params)
{
	json_t *object = json_object();

	writer_set_text(writer, object, "pinner", params->pinner);
	writer_set_text(writer, object, "layout", params->layout);
	writer_set_text(writer, object, "state", params->state);
	writer_set_text(writer, object, "access", params->access);
	writer_set_text(writer, object, "window", params->window);
	if (params->bytes) {
		writer_set(writer, object, "offset",
			   count_json(writer, params->offset, "params.offset"));
		writer_set(writer, object, "bytes",
			   count_json(writer, params->bytes, "params.bytes"));
	}
	/* UINT64_MAX stands for "all" in a case that was never laid out */
	if (params->pages_per_call && params->pages_per_call <= INT64_MAX)
		writer_set(writer, object, "pages_per_call", json_integer(params->pages_per_call));
	if (params->region_bytes)
		writer_set(writer, object, "region_bytes",
			   count_json(writer, params->region_bytes, "params.region_bytes"));
	return object;
}

static json_t *counts_json(struct writer *writer, const struct path_count *counts)
{
	json_t *object = json_object(), *observer = json_object();

	for (size_t i = 0; i < NR_COUNTS; i++) {
		if (!counts->observer[i][0])
			continue;
		writer_set(writer, object, count_names[i],
			   count_json(writer, counts->value[i], count_names[i]));
		writer_set_text(writer, observer, count_names[i], counts->observer[i]);
	}
	writer_set(writer, object, "observer", observer);
	return object;
}

/* Many boots with many runs each may be more than is read again. */
static void check_size(struct writer *writer, const struct result *result)
{
	size_t nr_samples = 0;

	for (size_t i = 0; i < result->nr_runs; i++)
		nr_samples += result->runs[i].nr_samples;
	if (writer->rc ||
	    (result->nr_runs <= RESULTS_MAX_RUNS && nr_samples <= RESULTS_MAX_SAMPLES))
		return;
	writer->rc = error_set(writer->err, E2BIG,
			       "has %zu runs with %zu samples, a result holds %u and %u",
			       result->nr_runs, nr_samples, RESULTS_MAX_RUNS, RESULTS_MAX_SAMPLES);
}

static json_t *result_json(struct writer *writer, const struct result *result)
{
	json_t *object = json_object(), *runs = json_array(), *warnings = json_array();

	check_size(writer, result);
	if (result->status != STATUS_DONE && (!result->why || !*result->why) && !writer->rc)
		writer->rc = error_set(writer->err, EINVAL, "is %s and does not say why",
				       status_names[result->status]);
	writer_set(writer, object, "key", text_json(result->key));
	writer_set(writer, object, "params", params_json(writer, &result->params));
	writer_set_text(writer, object, "status", status_names[result->status]);
	writer_set_text(writer, object, "why", result->why);
	writer_set_text(writer, object, "fix", result->fix);
	writer_set_text(writer, object, "counterpart", result->counterpart);
	if (result->stop != STOP_RUNS)
		writer_set_text(writer, object, "stopped_by", stop_names[result->stop]);
	if (result->precision > 0)
		writer_set(writer, object, "precision", json_real(result->precision));
	for (size_t i = 0; i < result->nr_runs; i++)
		writer_append(writer, runs, run_json(writer, &result->runs[i]));
	writer_set(writer, object, "runs", runs);
	writer_set(writer, object, "counts", counts_json(writer, &result->counts));
	writer_set(writer, object, "truth", facts_json(writer, &result->truth));
	for (size_t i = 0; i < result->nr_warnings; i++)
		writer_append(writer, warnings, text_json(result->warnings[i]));
	writer_set(writer, object, "warnings", warnings);
	if (result->explain)
		writer_set(writer, object, "explain", explain_json(result->explain));
	return object;
}

static json_t *config_json(struct writer *writer, const char *text)
{
	json_error_t where;
	json_t *config = json_loads(text, JSON_REJECT_DUPLICATES, &where);

	if (!config && !writer->rc)
		writer->rc = error_set(writer->err, EINVAL, "config:%d:%d: %s", where.line,
				       where.column, where.text);
	return config;
}

static json_t *schedule_json(struct writer *writer, const struct schedule *schedule)
{
	json_t *object = json_object(), *sides = json_array();

	writer_set_text(writer, object, "order", order_names[schedule->order]);
	writer_set_text(writer, object, "id", schedule->id);
	writer_set(writer, object, "seed", count_json(writer, schedule->seed, "schedule.seed"));
	writer_set(writer, object, "blocks", json_integer(schedule->nr_blocks));
	for (unsigned int i = 0; i < schedule->nr_sides; i++)
		writer_append(writer, sides, text_json(schedule->sides[i]));
	writer_set(writer, object, "sides", sides);
	writer_set(writer, object, "side", json_integer(schedule->side));
	return object;
}

static json_t *results_json(struct writer *writer)
{
	const struct results *results = writer->results;
	json_t *object = json_object(), *command = json_array(), *cases = json_array();

	writer_set(writer, object, "schema", json_string(RESULTS_SCHEMA));
	writer_set(writer, object, "tool",
		   json_pack("{sssssi}", "name", "pinbench", "version",
			     results->tool_version ? results->tool_version : "unknown", "benchmark",
			     results->benchmark ? (int)results->benchmark
						: (int)RESULTS_BENCHMARK));
	writer_set(writer, object, "label", text_json(results->label ? results->label : ""));
	writer_set(writer, object, "complete", json_boolean(results->complete));
	writer_set_text(writer, object, "started", results->started);
	writer_set_text(writer, object, "imported", results->imported);
	if (results->schedule.order != ORDER_NONE)
		writer_set(writer, object, "schedule", schedule_json(writer, &results->schedule));
	/* milliseconds are plenty, and shorter to read */
	if (!results->imported || results->duration_s > 0)
		writer_set(writer, object, "duration_s",
			   json_real(round(results->duration_s * 1000) / 1000));
	for (char **word = results->command; word && *word; word++)
		writer_append(writer, command, text_json(*word));
	writer_set(writer, object, "command", command);
	writer_set(writer, object, "config",
		   results->config ? config_json(writer, results->config) : json_object());
	writer_set(writer, object, "environment", facts_json(writer, &results->environment));
	writer_set(writer, object, "metrics", metrics_json(writer));
	writer_set(writer, object, "results", cases);
	if (results->nr > RESULTS_MAX_RESULTS && !writer->rc)
		writer->rc = error_set(writer->err, E2BIG, "%zu results are above the limit of %u",
				       results->nr, RESULTS_MAX_RESULTS);
	for (size_t i = 0; i < results->nr && !writer->rc; i++) {
		writer_append(writer, cases, result_json(writer, &results->items[i]));
		if (writer->rc && writer->err) {
			struct error inner = *writer->err;

			error_set(writer->err, inner.code, "results[%zu] %s: %.300s", i,
				  results->items[i].key, inner.text);
		}
	}
	return object;
}

/* The text of a file, malloc'ed, not ended by NUL; @path only names it in errors. NULL: error. */
static char *results_text(const struct results *results, const char *path, size_t *size,
			  struct error *err)
{
	struct writer writer = { .results = results, .err = err };
	json_t *root = results_json(&writer);
	char *text = writer.rc ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	int rc = writer.rc;

	json_decref(root);
	if (!rc && !text)
		rc = error_set(err, ENOMEM, "out of memory while writing");
	if (rc) {
		struct error inner = err ? *err : (struct error){ 0 };

		error_set(err, -rc, "%s: %.400s", path, inner.text);
		return NULL;
	}
	*size = json_join_lines(text);
	if (json_text_scan(&(struct json_text){ .text = text, .size = *size }, NULL)) {
		error_set(err, E2BIG,
			  "%s: more than the %u values or %u objects and lists of a result file",
			  path, RESULTS_MAX_VALUES, RESULTS_MAX_GROUPS);
		free(text);
		return NULL;
	}
	if (*size >= RESULTS_MAX_BYTES) {
		error_set(err, EFBIG,
			  "%s: %zu bytes are above the limit of 64 MiB of a result file", path,
			  *size);
		free(text);
		return NULL;
	}
	text[(*size)++] = '\n';
	return text;
}

static int text_save(const char *text, size_t size, const char *path, bool is_new,
		     struct error *err)
{
	struct outfile out = { .dir = -1, .fd = -1 };
	int rc = outfile_open(&out, path, err);

	if (!rc)
		rc = outfile_write(&out, text, size, err);
	if (!rc)
		rc = is_new ? outfile_commit_new(&out, err) : outfile_commit(&out, err);
	outfile_close(&out);
	return rc;
}

static int save(const struct results *results, const char *path, bool is_new, struct error *err)
{
	struct error why = { 0 };
	size_t size;
	char *text = results_text(results, path, &size, &why);
	int rc = text ? text_save(text, size, path, is_new, &why) : -why.code;

	free(text);
	if (rc && err)
		*err = why;
	return rc;
}

int results_save(const struct results *results, const char *path, struct error *err)
{
	return save(results, path, false, err);
}

/* "x.json" is "x-2.json" as the second. */
static void path_number(char *path, const char *first, unsigned int nth)
{
	size_t length = strlen(first),
	       tail = length > 5 && !strcmp(first + length - 5, ".json") ? 5 : 0;

	if (nth == 1)
		snprintf(path, RESULTS_PATH_MAX, "%s", first);
	else
		snprintf(path, RESULTS_PATH_MAX, "%.*s-%u%s", (int)(length - tail), first, nth,
			 first + length - tail);
}

int results_save_new(const struct results *const *reports, char *const *paths, size_t nr,
		     struct error *err)
{
	autofree char *first = malloc(nr * RESULTS_PATH_MAX);
	size_t nr_saved;
	int rc = -EEXIST;

	if (!first)
		abort();
	for (size_t i = 0; i < nr; i++) {
		if (strlen(paths[i]) > RESULTS_PATH_MAX - 8)
			return error_set(err, ENAMETOOLONG, "%.200s...: the path is too long",
					 paths[i]);
		strcpy(first + i * RESULTS_PATH_MAX, paths[i]);
	}
	for (unsigned int nth = 1; rc == -EEXIST && nth <= NR_NAMES; nth++) {
		rc = 0;
		for (nr_saved = 0; nr_saved < nr && !rc; nr_saved += !rc) {
			path_number(paths[nr_saved], first + nr_saved * RESULTS_PATH_MAX, nth);
			rc = save(reports[nr_saved], paths[nr_saved], true, err);
		}
		/* all have one number, or none: theirs alone is what tells which belong together */
		while (rc && nr_saved-- > 0)
			unlink(paths[nr_saved]);
	}
	return rc;
}

int results_print(const struct results *results, FILE *out, struct error *err)
{
	struct error why = { 0 };
	size_t size;
	char *text = results_text(results, "-", &size, &why);
	int rc = text ? 0 : -why.code;

	if (!rc && (fwrite(text, 1, size, out) != size || fflush(out)))
		rc = error_errno(&why, errno, "writing the result");
	free(text);
	if (rc && err)
		*err = why;
	return rc;
}

/* One run as JSON, with its samples. */

/* One number where all samples pinned the same, as nearly always; else one for each. */
static json_t *pages_json(struct writer *writer, const struct sample *samples, size_t nr)
{
	bool same = true;
	json_t *array;

	for (size_t i = 1; i < nr; i++)
		same = same && samples[i].nr_pages == samples[0].nr_pages;
	if (same)
		return count_json(writer, samples[0].nr_pages, "pages");
	array = json_array();
	for (size_t i = 0; i < nr; i++)
		writer_append(writer, array, count_json(writer, samples[i].nr_pages, "pages"));
	return array;
}

static json_t *samples_json(struct writer *writer, const struct run *run, size_t first, size_t end)
{
	json_t *object = json_object();

	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		json_t *array = json_array();

		for (size_t i = first; i < end; i++) {
			/* the arrays of one run are parallel: a hole would shift what follows */
			if ((run->samples[i].have ^ run->samples[0].have) >> metric & 1 &&
			    !writer->rc)
				writer->rc = error_set(writer->err, EINVAL,
						       "sample %zu: has \"%s\" and sample 0 has "
						       "not, or the reverse",
						       i, metric_names[metric]);
			if (run->samples[i].have >> metric & 1)
				writer_append(writer, array,
					      count_json(writer, run->samples[i].ticks[metric],
							 metric_names[metric]));
		}
		if (json_array_size(array) > 0)
			writer_set(writer, object, metric_names[metric], array);
		else
			json_decref(array);
	}
	/* no pin that was timed took no page: 0 is not known, as the page size of an imported log
	 */
	if (first < end && !(writer->results->imported && run->samples[first].nr_pages == 0))
		writer_set(writer, object, "pages",
			   pages_json(writer, run->samples + first, end - first));
	return object;
}

static json_t *placement_json(struct writer *writer, const struct placement *placement)
{
	json_t *object = json_object();

	writer_set(writer, object, "seed", count_json(writer, placement->seed, "placement.seed"));
	writer_set(writer, object, "region_start",
		   count_json(writer, placement->region_start, "placement.region_start"));
	writer_set(writer, object, "pages_before",
		   count_json(writer, placement->pages_before, "placement.pages_before"));
	if (placement->first_frame)
		writer_set(writer, object, "first_frame",
			   count_json(writer, placement->first_frame, "placement.first_frame"));
	if (placement->entropy)
		writer_set(writer, object, "entropy",
			   count_json(writer, placement->entropy, "placement.entropy"));
	return object;
}

json_t *run_json(struct writer *writer, const struct run *run)
{
	json_t *object = json_object(), *clock = json_object(), *quantum = json_object();
	size_t nr_warmup = run->nr_warmup < run->nr_samples ? run->nr_warmup : run->nr_samples;

	writer_set(writer, object, "index", json_integer(run->index));
	if (run->cpu >= 0)
		writer_set(writer, object, "cpu", json_integer(run->cpu));
	if (run->node >= 0)
		writer_set(writer, object, "node", json_integer(run->node));
	if (run->block >= 0)
		writer_set(writer, object, "block", json_integer(run->block));
	if (run->slot >= 0)
		writer_set(writer, object, "slot", json_integer(run->slot));
	if (run->placement.known)
		writer_set(writer, object, "placement", placement_json(writer, &run->placement));
	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		bool measured = run->nr_samples && run->samples[0].have >> metric & 1;

		if (measured && !run->clock[metric][0] && !writer->rc)
			writer->rc = error_set(writer->err, EINVAL, "metric \"%s\" names no clock",
					       metric_names[metric]);
		if (!run->clock[metric][0])
			continue;
		writer_set_text(writer, clock, metric_names[metric], run->clock[metric]);
		if (run->quantum[metric])
			writer_set(writer, quantum, metric_names[metric],
				   count_json(writer, run->quantum[metric], "quantum"));
	}
	writer_set(writer, object, "clock", clock);
	writer_set(writer, object, "quantum", quantum);
	writer_set(writer, object, "warmup", samples_json(writer, run, 0, nr_warmup));
	writer_set(writer, object, "samples",
		   samples_json(writer, run, nr_warmup, run->nr_samples));
	if (run->memory)
		writer_set(writer, object, "memory", memory_json(run));
	return object;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the results of a report: parameters, runs with their samples, counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "report_json.h"

static int get_params(struct reader *reader, const json_t *result, enum need need, struct params *params)
{
	const json_t *object;
	size_t used;
	int rc = get_member(reader, result, "params", JSON_OBJECT, REQUIRED, &object, &used);

	if (rc < 0)
		return rc;
	if ((rc = get_word(reader, object, "pinner", need, params->pinner, sizeof(params->pinner))) ||
	    (rc = get_word(reader, object, "layout", need, params->layout, sizeof(params->layout))) ||
	    (rc = get_word(reader, object, "state", need, params->state, sizeof(params->state))) ||
	    (rc = get_word(reader, object, "access", need, params->access, sizeof(params->access))) ||
	    (rc = get_word(reader, object, "window", need, params->window, sizeof(params->window))))
		return rc;
	/* what an imported log does not tell */
	if (strcmp(params->layout, "unknown") == 0)
		need = OPTIONAL;
	if ((rc = get_number(reader, object, "offset", need, 0, INT64_MAX, &params->offset)) < 0 ||
	    (rc = get_number(reader, object, "bytes", need, 1, INT64_MAX, &params->bytes)) < 0 ||
	    (rc = get_number(reader, object, "pages_per_call", need, 1, INT64_MAX, &params->pages_per_call)) < 0 ||
	    (rc = get_number(reader, object, "region_bytes", OPTIONAL, 1, INT64_MAX, &params->region_bytes)) < 0)
		return rc;
	reader_leave(reader, used);
	return 0;
}

/* One of "warmup" and "samples": the lists are parallel, so all have the length of the first. */
static int get_samples(struct reader *reader, const json_t *object, struct run *run, size_t first, size_t nr,
		       enum metric metric)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, object, metric_names[metric], JSON_ARRAY, OPTIONAL, &list, &used);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) != nr)
		return reader_error(reader, "%zu values beside a list of %zu", json_array_size(list), nr);
	for (size_t i = 0; i < nr; i++) {
		size_t inner = reader_enter(reader, "[%zu]", i);

		rc = get_integer(reader, json_array_get(list, i), 0, INT64_MAX,
				 &run->samples[first + i].ticks[metric]);
		if (rc)
			return rc;
		run->samples[first + i].have |= 1u << metric;
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

static int get_pages(struct reader *reader, const json_t *object, struct run *run, size_t first, size_t nr)
{
	const json_t *pages = json_object_get(object, "pages");
	size_t used = reader_enter(reader, ".pages");
	int rc;

	if (!pages)
		return nr ? reader_error(reader, "is missing") : (reader_leave(reader, used), 0);
	if (json_is_array(pages) && json_array_size(pages) != nr)
		return reader_error(reader, "%zu values beside a list of %zu", json_array_size(pages), nr);
	for (size_t i = 0; i < nr || (i == 0 && json_is_integer(pages)); i++) {
		uint64_t number;
		size_t inner = strlen(reader->where);
		const json_t *value = pages;

		if (json_is_array(pages)) {
			reader_enter(reader, "[%zu]", i);
			value = json_array_get(pages, i);
		}
		rc = get_integer(reader, value, 0, INT64_MAX, &number);
		if (rc)
			return rc;
		if (i < nr)
			run->samples[first + i].nr_pages = number;
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
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
	int rc = get_member(reader, object, "clock", JSON_OBJECT, REQUIRED, &clock, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		bool measured = run->nr_samples && run->samples[0].have >> i & 1;

		rc = get_word(reader, clock, metric_names[i], measured ? REQUIRED : OPTIONAL, run->clock[i],
			      sizeof(run->clock[i]));
		if (rc)
			return rc;
	}
	reader_leave(reader, used);
	rc = get_member(reader, object, "quantum", JSON_OBJECT, OPTIONAL, &quantum, &inner);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		rc = get_number(reader, quantum, metric_names[i], OPTIONAL, 1, INT64_MAX, &run->quantum[i]);
		if (rc < 0)
			return rc;
	}
	reader_leave(reader, inner);
	return 0;
}

/* A small number that may be missing: -1. */
static int get_place(struct reader *reader, const json_t *object, const char *name, uint64_t max, int *place)
{
	uint64_t number;
	int rc = get_number(reader, object, name, OPTIONAL, 0, max, &number);

	*place = rc > 0 ? (int)number : -1;
	return rc < 0 ? rc : 0;
}

static int get_placement(struct reader *reader, const json_t *run, struct placement *placement)
{
	const json_t *object;
	size_t used;
	int rc = get_member(reader, run, "placement", JSON_OBJECT, OPTIONAL, &object, &used);

	if (rc <= 0)
		return rc;
	placement->known = true;
	if ((rc = get_number(reader, object, "seed", REQUIRED, 0, INT64_MAX, &placement->seed)) < 0 ||
	    (rc = get_number(reader, object, "region_start", REQUIRED, 0, INT64_MAX,
			     &placement->region_start)) < 0 ||
	    (rc = get_number(reader, object, "pages_before", REQUIRED, 0, INT64_MAX,
			     &placement->pages_before)) < 0)
		return rc;
	reader_leave(reader, used);
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
		return reader_error(reader, "not an object");
	rc = get_number(reader, object, "index", REQUIRED, 0, UINT32_MAX, &number);
	if (rc < 0)
		return rc;
	run->index = number;
	if ((rc = get_place(reader, object, "cpu", INT32_MAX, &run->cpu)) ||
	    (rc = get_place(reader, object, "node", INT32_MAX, &run->node)) ||
	    (rc = get_place(reader, object, "block", REPORT_MAX_BLOCKS - 1, &run->block)) ||
	    (rc = get_place(reader, object, "slot", REPORT_MAX_BLOCKS * REPORT_MAX_SIDES - 1, &run->slot)) ||
	    (rc = get_placement(reader, object, &run->placement)))
		return rc;
	for (size_t i = 0; i < 2; i++) {
		rc = get_member(reader, object, part_names[i], JSON_OBJECT, REQUIRED, &part[i], &used);
		if (rc < 0)
			return rc;
		reader_leave(reader, used);
		nr[i] = nr_listed(part[i]);
	}
	if (nr[0] + nr[1] > *nr_left)
		return reader_error(reader, "more than %u samples in one result", REPORT_MAX_SAMPLES);
	*nr_left -= nr[0] + nr[1];
	run->nr_warmup = nr[0];
	run->nr_samples = nr[0] + nr[1];
	run->samples = calloc(run->nr_samples ? run->nr_samples : 1, sizeof(*run->samples));
	if (!run->samples)
		return reader_error(reader, "out of memory");
	for (size_t i = 0; i < 2; i++) {
		used = reader_enter(reader, ".%s", part_names[i]);
		for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
			rc = get_samples(reader, part[i], run, first, nr[i], metric);
			if (rc)
				return rc;
		}
		rc = get_pages(reader, part[i], run, first, nr[i]);
		if (rc)
			return rc;
		reader_leave(reader, used);
		first += nr[i];
	}
	if (nr[0] && nr[1] && run->samples[0].have != run->samples[nr[0]].have)
		return reader_error(reader, "warmup and samples hold different metrics");
	return get_clock(reader, object, run);
}

static int get_runs(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *runs;
	size_t used, nr_left = REPORT_MAX_SAMPLES;
	int rc = get_member(reader, object, "runs", JSON_ARRAY, REQUIRED, &runs, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(runs) > REPORT_MAX_RUNS)
		return reader_error(reader, "more than %u runs", REPORT_MAX_RUNS);
	for (size_t i = 0; i < json_array_size(runs); i++) {
		size_t inner = reader_enter(reader, "[%zu]", i);

		rc = get_run(reader, json_array_get(runs, i), result_add_run(result), &nr_left);
		if (rc)
			return rc;
		reader_leave(reader, inner);
	}
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
		rc = get_number(reader, object, count_names[i], OPTIONAL, 0, INT64_MAX, &counts->value[i]);
		if (rc < 0)
			return rc;
		if (!rc && json_object_get(observer, count_names[i]))
			return reader_error(reader, "observer names \"%s\", which has no number", count_names[i]);
		if (!rc)
			continue;
		inner = reader_enter(reader, ".observer");
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
	if (json_array_size(list) > REPORT_MAX_RUNS)
		return reader_error(reader, "more than %u warnings", REPORT_MAX_RUNS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = reader_enter(reader, "[%zu]", i);
		autofree char *text = NULL;

		rc = check_string(reader, json_array_get(list, i), REPORT_MAX_TEXT);
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
static const char *const statuses[] = { "done", "skipped", "failed", NULL }; /* as enum status */

static int get_result(struct reader *reader, const json_t *object, struct report *report)
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
	result = report_add(report, key);
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
		return reader_error(reader, "out of memory");
	for (size_t i = 0; i < report->nr_results; i++)
		order[i] = &report->results[i];
	qsort(order, report->nr_results, sizeof(*order), compare_keys);
	for (size_t i = 1; i < report->nr_results; i++)
		if (compare_keys(&order[i - 1], &order[i]) == 0)
			return reader_error(reader, "the key %s is there twice", order[i]->key);
	return 0;
}

int get_results(struct reader *reader, const json_t *root, struct report *report)
{
	const json_t *list;
	size_t used;
	int rc = get_member(reader, root, "results", JSON_ARRAY, REQUIRED, &list, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(list) > REPORT_MAX_RESULTS)
		return reader_error(reader, "more than %u results", REPORT_MAX_RESULTS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t inner = reader_enter(reader, "[%zu]", i);

		rc = get_result(reader, json_array_get(list, i), report);
		if (rc)
			return rc;
		reader_leave(reader, inner);
	}
	rc = check_unique(reader, report);
	reader_leave(reader, used);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* For scripts: docs/export-1.schema.json. One case a line; what is not known is left out. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "export/export.h"

#define EXPORT_SCHEMA "urn:pinbench:export:1"

static void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		abort();
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text && *text)
		set(object, name, json_string(text));
}

static void set_count(json_t *object, const char *name, uint64_t number)
{
	if (number)
		set(object, name, json_integer((json_int_t)number));
}

static json_t *number_json(double number)
{
	return number == rint(number) && fabs(number) < 0x1p53 ? json_integer((json_int_t)number)
							       : json_real(number);
}

/* Takes @value. */
static void put(FILE *out, json_t *value)
{
	autofree char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	json_decref(value);
	fputs(text, out);
}

static void put_member(FILE *out, const char *name, json_t *value)
{
	fprintf(out, "\"%s\": ", name);
	put(out, value);
	fputs(", ", out);
}

static json_t *params_json(const struct params *params)
{
	json_t *object = json_object();

	set_text(object, "pinner", params->pinner);
	set_text(object, "layout", params->layout);
	set_text(object, "state", params->state);
	set_text(object, "access", params->access);
	set_text(object, "window", params->window);
	set_count(object, "bytes", params->bytes);
	set_count(object, "pages_per_call", params->pages_per_call);
	return object;
}

static json_t *time_json(const struct summary *summary)
{
	json_t *object = json_object();

	set(object, "median", number_json(summary->median));
	set_count(object, "runs", summary->nr);
	if (summary->nr > 1) {
		set(object, "low", number_json(summary->q1));
		set(object, "high", number_json(summary->q3));
		set(object, "least", number_json(summary->min));
		set(object, "most", number_json(summary->max));
	}
	return object;
}

static void set_numbers(json_t *object, const struct export_case *item)
{
	json_t *times = json_object(), *counts = json_object(), *hit = json_object();

	for (size_t i = 0; i < item->nr_times; i++)
		set(times, metric_names[item->times[i].metric], time_json(&item->times[i].summary));
	set(object, "times", times);
	if (item->hit_known) {
		set(hit, "least", number_json(item->hit.least));
		set(hit, "most", number_json(item->hit.most));
		set(object, "hit_rate", json_incref(hit));
	}
	json_decref(hit);
	for (size_t i = 0; i < NR_COUNTS; i++)
		if (*item->counts.observer[i])
			set(counts, count_names[i],
			    json_integer((json_int_t)item->counts.value[i]));
	set(object, "counts", counts);
}

static json_t *case_json(const struct export_case *item)
{
	json_t *object = json_object(), *warnings = json_array();

	set_text(object, "key", item->key);
	set(object, "params", params_json(&item->params));
	set_text(object, "status", status_names[item->status]);
	set_text(object, "why", item->why);
	set_text(object, "fix", item->fix);
	if (item->status == STATUS_DONE) {
		set_count(object, "pages", item->nr_pages);
		set_numbers(object, item);
	}
	for (size_t i = 0; i < item->nr_warnings; i++)
		if (json_array_append_new(warnings, json_string(item->warnings[i])))
			abort();
	set(object, "warnings", warnings);
	return object;
}

static void put_text(FILE *out, const char *name, const char *text)
{
	if (*text)
		put_member(out, name, json_string(text));
}

static void put_result(FILE *out, const struct export_result *result)
{
	fputs("\n {", out);
	put_member(out, "label", json_string(result->label));
	put_text(out, "release", result->release);
	put_text(out, "machine", result->machine);
	put_text(out, "page_size", result->page_size);
	put_member(out, "clock", json_string(result->icount ? "icount" : "real"));
	put_member(out, "unit", json_string(export_unit(result)));
	put_member(out, "benchmark", json_integer(result->benchmark));
	put_text(out, "version", result->version);
	put_text(out, "started", result->started);
	if (!result->imported)
		put_member(out, "duration_s", json_real(result->duration_s));
	put_member(out, "complete", json_boolean(result->complete));
	fputs("\"cases\": [", out);
	for (size_t i = 0; i < result->nr; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		put(out, case_json(&result->cases[i]));
	}
	fputs("]}", out);
}

static void json_write(FILE *out, const struct export *export)
{
	fputs("{\"schema\": \"" EXPORT_SCHEMA "\", \"results\": [", out);
	for (size_t i = 0; i < export->nr; i++) {
		fputs(i ? "," : "", out);
		put_result(out, &export->results[i]);
	}
	fputs("]}\n", out);
}

const struct export_format export_json = {
	.name = "json",
	.about = "scripts: medians, rates and counts, without the samples",
	.write = json_write,
};

// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/families.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum scope { SCOPE_RESULT, SCOPE_STATUS, SCOPE_CASE, SCOPE_TIME };

/* Where a sample comes from. */
struct source {
	const struct export_result *result;
	const struct export_case *item;  /* SCOPE_CASE, SCOPE_TIME */
	const struct export_time *times; /* SCOPE_TIME */
	unsigned int which;              /* SCOPE_STATUS: the status; of a count: which */
};

struct family {
	const char *name, *unit, *help;
	enum scope scope;
	bool info;          /* its value is 1, its labels are what it says */
	bool release;       /* has the kernel's release as a label */
	unsigned int which; /* of a count */
	double (*get)(const struct source *source); /* NAN: not known */
};

struct point {
	struct source source;
	double value;
};

struct points {
	struct point *items;
	size_t nr, room;
};

static double get_one(const struct source *source)
{
	(void)source;
	return 1;
}

static double get_start(const struct source *source)
{
	return source->result->time < 0 ? NAN : (double)source->result->time;
}

static double get_duration(const struct source *source)
{
	return source->result->imported ? NAN : source->result->duration_s;
}

static double get_complete(const struct source *source)
{
	return source->result->complete;
}

static double get_status(const struct source *source)
{
	return (double)source->result->nr_of[source->which];
}

static double get_failed(const struct source *source)
{
	return source->item->status == STATUS_FAILED;
}

static double get_skipped(const struct source *source)
{
	return source->item->status == STATUS_SKIPPED;
}

static double get_pages(const struct source *source)
{
	return source->item->nr_pages ? (double)source->item->nr_pages : NAN;
}

static double get_hit(const struct source *source)
{
	const struct hit_rate *hit = &source->item->hit;

	return source->item->hit_known && hit->least >= hit->most ? hit->least : NAN;
}

static double get_hit_least(const struct source *source)
{
	return source->item->hit_known ? source->item->hit.least : NAN;
}

static double get_count(const struct source *source)
{
	const struct path_count *counts = &source->item->counts;

	return *counts->observer[source->which] ? (double)counts->value[source->which] : NAN;
}

static double seconds(const struct source *source, double ticks)
{
	return source->result->icount ? NAN : ticks / 1e9;
}

static double instructions(const struct source *source, double ticks)
{
	return source->result->icount ? ticks : NAN;
}

/* One run has no spread. */
static double spread(const struct source *source, double quartile)
{
	return source->times->summary.nr > 1 ? quartile : NAN;
}

static double get_seconds(const struct source *source)
{
	return seconds(source, source->times->summary.median);
}

static double get_seconds_low(const struct source *source)
{
	return seconds(source, spread(source, source->times->summary.q1));
}

static double get_seconds_high(const struct source *source)
{
	return seconds(source, spread(source, source->times->summary.q3));
}

static double get_instructions(const struct source *source)
{
	return instructions(source, source->times->summary.median);
}

static double get_instructions_low(const struct source *source)
{
	return instructions(source, spread(source, source->times->summary.q1));
}

static double get_instructions_high(const struct source *source)
{
	return instructions(source, spread(source, source->times->summary.q3));
}

static double get_runs(const struct source *source)
{
	return (double)source->times->summary.nr;
}

#define COUNT(which_, what)                                                          \
	{                                                                            \
		.scope = SCOPE_CASE, .which = which_, .get = get_count, .help = what \
	}

static const struct family families[] = {
	{ .name = "run_info",
	  .help = "Kernel and version of pinbench of the result.",
	  .info = true,
	  .release = true,
	  .get = get_one },
	{ .name = "run_start_timestamp_seconds",
	  .unit = "seconds",
	  .help = "When the measurement began, in seconds since 1970.",
	  .release = true,
	  .get = get_start },
	{ .name = "run_duration_seconds",
	  .unit = "seconds",
	  .help = "How long the measurement took.",
	  .get = get_duration },
	{ .name = "run_complete",
	  .help = "1: all cases were tried; 0: the measurement was interrupted.",
	  .get = get_complete },
	{ .name = "cases",
	  .help = "Cases of the result by what became of them.",
	  .scope = SCOPE_STATUS,
	  .get = get_status },
	{ .name = "case_failed",
	  .help = "1: the case failed; its numbers are missing then.",
	  .scope = SCOPE_CASE,
	  .get = get_failed },
	{ .name = "case_skipped",
	  .help = "1: the case cannot run there; its numbers are missing then.",
	  .scope = SCOPE_CASE,
	  .get = get_skipped },
	{ .name = "pinned_pages",
	  .help = "Base pages that one cycle of the case pins.",
	  .scope = SCOPE_CASE,
	  .get = get_pages },
	{ .name = "hit_ratio",
	  .unit = "ratio",
	  .help = "Part of the pages that GUP-fast pinned itself, where it is known exactly.",
	  .scope = SCOPE_CASE,
	  .get = get_hit },
	{ .name = "hit_least_ratio",
	  .unit = "ratio",
	  .help = "Part of the pages that GUP-fast is proved to have pinned at least.",
	  .scope = SCOPE_CASE,
	  .get = get_hit_least },
	COUNT(COUNT_REQUESTED_PAGES, "Pages asked of GUP-fast."),
	COUNT(COUNT_SLOW_PAGES, "Pages that GUP-fast left to ordinary GUP."),
	COUNT(COUNT_SLOW_CALLS, "Entries of ordinary GUP."),
	COUNT(COUNT_FAULTS, "Minor faults inside GUP."),
	COUNT(COUNT_UNSHARE_FAULTS, "Faults that unshared a page for the pin."),
	COUNT(COUNT_COPIED_PAGES, "Base pages that were copied for the pin."),
	COUNT(COUNT_REUSED_PAGES, "Base pages that became exclusive without a copy."),
	COUNT(COUNT_SPLIT_THPS, "PMD mappings of a THP that were split."),
	{ .name = "time_seconds",
	  .unit = "seconds",
	  .help = "Time of one cycle: the median over the runs of the median of each run.",
	  .scope = SCOPE_TIME,
	  .get = get_seconds },
	{ .name = "time_low_seconds",
	  .unit = "seconds",
	  .help = "Lower quartile of the runs.",
	  .scope = SCOPE_TIME,
	  .get = get_seconds_low },
	{ .name = "time_high_seconds",
	  .unit = "seconds",
	  .help = "Upper quartile of the runs.",
	  .scope = SCOPE_TIME,
	  .get = get_seconds_high },
	{ .name = "instructions",
	  .help = "Instructions of one cycle: the median over the runs of the median of each run.",
	  .scope = SCOPE_TIME,
	  .get = get_instructions },
	{ .name = "instructions_low",
	  .help = "Lower quartile of the runs.",
	  .scope = SCOPE_TIME,
	  .get = get_instructions_low },
	{ .name = "instructions_high",
	  .help = "Upper quartile of the runs.",
	  .scope = SCOPE_TIME,
	  .get = get_instructions_high },
	{ .name = "time_runs",
	  .help = "Runs behind the median.",
	  .scope = SCOPE_TIME,
	  .get = get_runs },
};

/* A value of a label: what is in it is quoted as both formats want it. */
static void put_label(FILE *out, const char *before, const char *name, const char *value)
{
	if (!*value)
		return;
	fprintf(out, "%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static char *series_make(const struct export_result *result)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "benchmark=\"%u\",clock=\"%s\"", result->benchmark,
		result->icount ? "icount" : "real");
	put_label(out, ",", "label", result->label);
	put_label(out, ",", "machine", result->machine);
	put_label(out, ",", "page_size", result->page_size);
	if (fclose(out))
		abort();
	return text;
}

static int by_series_and_time(const void *a, const void *b)
{
	const struct export_result *left = a, *right = b;
	int order = strcmp(left->series, right->series);

	return order ? order : (left->time > right->time) - (left->time < right->time);
}

void families_prepare(struct export *export)
{
	for (size_t i = 0; i < export->nr; i++)
		export->results[i].series = series_make(&export->results[i]);
	if (export->nr)
		qsort(export->results, export->nr, sizeof(*export->results), by_series_and_time);
}

bool families_same_series(const struct export_result *a, const struct export_result *b)
{
	return strcmp(a->series, b->series) == 0;
}

int families_check_times(const struct export *export, struct error *err)
{
	for (size_t i = 1; i < export->nr; i++) {
		const struct export_result *one = &export->results[i - 1],
					   *other = &export->results[i];

		if (one->time != other->time || !families_same_series(one, other))
			continue;
		error_set(err, EEXIST,
			  "two results of label \"%.80s\" on the same machine are of %s: a series "
			  "has one value at a time",
			  one->label, *one->started ? one->started : "no known time");
		return error_fix(err, "give one of them another label: LABEL=FILE");
	}
	return 0;
}

static void add_point(struct points *points, const struct family *family,
		      const struct source *source)
{
	double value = family->get(source);

	if (isnan(value))
		return;
	if (points->nr == points->room) {
		points->room = points->room ? points->room * 2 : 256;
		points->items = reallocarray(points->items, points->room, sizeof(*points->items));
	}
	points->items[points->nr++] = (struct point){ *source, value };
}

static void add_points(struct points *points, const struct family *family,
		       const struct export_result *result)
{
	struct source source = { .result = result, .which = family->which };

	if (family->scope == SCOPE_RESULT)
		add_point(points, family, &source);
	for (size_t i = 0; i < NR_STATUS && family->scope == SCOPE_STATUS; i++) {
		source.which = (unsigned int)i;
		add_point(points, family, &source);
	}
	for (size_t i = 0; i < result->nr && family->scope >= SCOPE_CASE; i++) {
		source.item = &result->cases[i];
		if (family->scope == SCOPE_CASE)
			add_point(points, family, &source);
		for (size_t j = 0; j < source.item->nr_times && family->scope == SCOPE_TIME; j++) {
			source.times = &source.item->times[j];
			add_point(points, family, &source);
		}
	}
}

/* The samples of one series stand together, in the order of time: OpenMetrics asks for that. */
static int by_labels_and_time(const void *a, const void *b)
{
	const struct source *left = a, *right = b; /* the first member of a point */
	int order = strcmp(left->result->series, right->result->series);

	if (!order && left->item)
		order = strcmp(left->item->key, right->item->key);
	if (!order && left->times)
		order = (int)left->times->metric - (int)right->times->metric;
	if (!order && !left->item)
		order = (int)left->which - (int)right->which;
	if (order)
		return order;
	return (left->result->time > right->result->time) -
	       (left->result->time < right->result->time);
}

static void put_point(FILE *out, const struct family *family, const char *name,
		      const struct point *point, enum families_format format)
{
	const struct source *source = &point->source;

	fprintf(out, "%s{%s", name, source->result->series);
	if (source->item)
		put_label(out, ",", "case", source->item->key);
	if (source->times)
		put_label(out, ",", "metric", metric_names[source->times->metric]);
	if (family->scope == SCOPE_STATUS)
		put_label(out, ",", "status", status_names[source->which]);
	if (family->release)
		put_label(out, ",", "release", source->result->release);
	if (family->info)
		put_label(out, ",", "version", source->result->version);
	fprintf(out, "} %.15g", point->value);
	if (format == FAMILIES_OPENMETRICS)
		fprintf(out, " %lld", (long long)source->result->time);
	fputc('\n', out);
}

static void put_head(FILE *out, const struct family *family, const char *name,
		     enum families_format format)
{
	bool info = family->info && format == FAMILIES_OPENMETRICS;
	size_t length = strlen(name) - (info ? strlen("_info") : 0);

	fprintf(out, "# HELP %.*s %s\n", (int)length, name, family->help);
	fprintf(out, "# TYPE %.*s %s\n", (int)length, name, info ? "info" : "gauge");
	if (family->unit && format == FAMILIES_OPENMETRICS)
		fprintf(out, "# UNIT %s %s\n", name, family->unit);
}

void families_write(FILE *out, const struct export *export, enum families_format format)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];
		struct points points = { 0 };
		char name[64];

		snprintf(name, sizeof(name), "pinbench_%s",
			 family->name ? family->name : count_names[family->which]);
		for (size_t j = 0; j < export->nr; j++)
			add_points(&points, family, &export->results[j]);
		if (points.nr) {
			qsort(points.items, points.nr, sizeof(*points.items), by_labels_and_time);
			put_head(out, family, name, format);
		}
		for (size_t j = 0; j < points.nr; j++)
			put_point(out, family, name, &points.items[j], format);
		free(points.items);
	}
}

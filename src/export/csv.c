// SPDX-License-Identifier: GPL-2.0-or-later
/* For spreadsheets and notebooks: RFC 4180, a record for each number of each case. */
#include <math.h>
#include <string.h>

#include "export/export.h"
#include "print/csv_field.h"

/* One record behind the case. What is not known is NAN, and an empty field. */
struct record {
	const char *metric, *unit, *better;
	size_t nr_runs;
	double value, low, high, least, most;
};

static const struct record nothing = { "", "", "", 0, NAN, NAN, NAN, NAN, NAN };

static void put_result(FILE *out, const struct export_result *result)
{
	csv_text(out, result->label, false);
	csv_text(out, result->release, false);
	csv_text(out, result->machine, false);
	csv_text(out, result->page_size, false);
	csv_text(out, result->icount ? "icount" : "real", false);
	csv_count(out, result->benchmark);
	csv_text(out, result->version, false);
	csv_text(out, result->started, false);
	csv_text(out, result->complete ? "yes" : "no", false);
}

static void put_record(FILE *out, const struct export_result *result,
		       const struct export_case *item, const struct record *record)
{
	const struct params *params = &item->params;

	put_result(out, result);
	csv_text(out, item->key, false);
	csv_text(out, params->pinner, false);
	csv_text(out, params->layout, false);
	csv_text(out, params->state, false);
	csv_text(out, params->access, false);
	csv_text(out, params->window, false);
	csv_count(out, params->bytes);
	csv_count(out, params->pages_per_call);
	csv_count(out, item->nr_pages);
	csv_text(out, status_names[item->status], false);
	csv_text(out, item->why ? item->why : "", false);
	csv_text(out, record->metric, false);
	csv_text(out, record->unit, false);
	csv_text(out, record->better, false);
	csv_count(out, record->nr_runs);
	csv_number(out, record->value, false);
	csv_number(out, record->low, false);
	csv_number(out, record->high, false);
	csv_number(out, record->least, false);
	csv_number(out, record->most, true);
}

static void put_time(FILE *out, const struct export_result *result, const struct export_case *item,
		     const struct export_time *time)
{
	const struct summary *summary = &time->summary;
	struct record record = nothing;

	record.metric = metric_names[time->metric];
	record.unit = export_unit(result);
	record.better = "lower";
	record.nr_runs = summary->nr;
	record.value = summary->median;
	if (summary->nr > 1) {
		record.low = summary->q1;
		record.high = summary->q3;
		record.least = summary->min;
		record.most = summary->max;
	}
	put_record(out, result, item, &record);
}

static void put_hit(FILE *out, const struct export_result *result, const struct export_case *item)
{
	struct record record = nothing;

	record.metric = "hit_rate";
	record.unit = "part";
	record.better = "higher";
	if (item->hit.least < item->hit.most) {
		record.least = item->hit.least;
		record.most = item->hit.most;
	} else {
		record.value = item->hit.least;
	}
	put_record(out, result, item, &record);
}

static void put_case(FILE *out, const struct export_result *result, const struct export_case *item)
{
	bool any = item->nr_times > 0 || item->hit_known;

	for (size_t i = 0; i < item->nr_times; i++)
		put_time(out, result, item, &item->times[i]);
	if (item->hit_known)
		put_hit(out, result, item);
	for (size_t i = 0; i < NR_COUNTS; i++) {
		struct record record = nothing;

		if (!*item->counts.observer[i])
			continue;
		record.metric = count_names[i];
		record.unit = count_units[i];
		record.better = count_lower_better[i] ? "lower" : "none";
		record.value = (double)item->counts.value[i];
		put_record(out, result, item, &record);
		any = true;
	}
	if (!any)
		put_record(out, result, item, &nothing);
}

static void csv_write(FILE *out, const struct export *export)
{
	fputs("label,release,machine,page_size,clock,benchmark,version,started,complete,"
	      "key,pinner,layout,state,access,window,bytes,pages_per_call,pages,status,why,"
	      "metric,unit,better,runs,value,low,high,least,most\r\n",
	      out);
	for (size_t i = 0; i < export->nr; i++)
		for (size_t j = 0; j < export->results[i].nr; j++)
			put_case(out, &export->results[i], &export->results[i].cases[j]);
}

const struct export_format export_csv = {
	.name = "csv",
	.about = "spreadsheets and notebooks: a record for each number of each case",
	.write = csv_write,
};

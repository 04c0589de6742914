// SPDX-License-Identifier: GPL-2.0-or-later
/* A history for spreadsheets: RFC 4180, a record for each point, with the change that it begins. */
#include "print/csv_field.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "history/print.h"

static void put_change(FILE *out, const struct history *history, size_t nth_series, size_t point)
{
	const struct history_series *series = &history->series[nth_series];
	const struct change_point *change = NULL;
	struct history_move move = { .series = nth_series };

	for (size_t i = 0; i < series->nr_changes; i++) {
		if (series->changes[i].at != point)
			continue;
		change = &series->changes[i];
		move.change = i;
	}
	csv_text(out, change ? history_direction(history_move_better(history, &move)) : "", false);
	csv_number(out, change ? change->from : NAN, false);
	csv_number(out, change ? change->to : NAN, false);
	csv_number(out, change ? change->size : NAN, false);
	csv_number(out, change && isfinite(change->low) ? change->low : NAN, false);
	csv_number(out, change && isfinite(change->high) ? change->high : NAN, false);
	csv_number(out, change && change->p > 0 ? change->p : NAN, false);
	csv_text(out,
		 !change         ? ""
		 : change->drift ? "slope"
		 : change->p > 0 ? "step"
				 : "counted",
		 true);
}

static void print_csv(FILE *out, const struct look *look, const struct history *history,
		      const struct history_view *view)
{
	(void)look;
	(void)view;
	fputs("case,metric,unit,setup,kernel,release,label,started,value,runs,change,from,to,size,"
	      "low,high,p,kind\r\n",
	      out);
	for (size_t i = 0; i < history->nr_series; i++) {
		const struct history_series *series = &history->series[i];
		char setup[1200];

		history_setup_format(&history->setups[series->setup], setup, sizeof(setup));
		for (size_t j = 0; j < series->nr; j++) {
			const struct history_point *point = &series->points[j];
			const struct history_file *file = &history->files[point->file];

			csv_text(out, history->keys.texts[series->key], false);
			csv_text(out, history_metric_name(series->metric), false);
			csv_text(out,
				 history_metric_unit(series->metric,
						     history_icount(history, series)),
				 false);
			csv_text(out, setup, false);
			csv_text(out, history->kernels[file->kernel].name, false);
			csv_text(out, file->release, false);
			csv_text(out, file->label, false);
			csv_text(out, file->started, false);
			csv_number(out, point->value, false);
			csv_number(out, point->nr_runs ? point->nr_runs : NAN, false);
			put_change(out, history, i, j);
		}
	}
}

const struct history_format history_csv = { "csv", print_csv };

// SPDX-License-Identifier: GPL-2.0-or-later
/* What a page costs against how many pages one call pins, on logarithmic axes: where batching pays.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "plot/plot.h"
#include "print/heading.h"
#include "stats/summary.h"

#define MAX_LINES 12u
#define WIDTH_PX  900u
#define HEIGHT_PX 636u
#define KEY_PX    20u

/* What one line is about: everything but the pages per call. */
static bool same_line(const struct result *a, const struct result *b)
{
	char a_extras[64], b_extras[64];

	extras_format(a->key, a_extras, sizeof(a_extras));
	extras_format(b->key, b_extras, sizeof(b_extras));
	return params_same_group(&a->params, &b->params) && a->params.offset == b->params.offset &&
	       a->params.bytes == b->params.bytes && strcmp(a_extras, b_extras) == 0;
}

static bool drawn(const struct plot *plot, const struct result *result)
{
	enum metric metric;

	return plot_wants(plot, result) && result_pin_metric(result, &metric) &&
	       result_pages(result) > 0;
}

static int compare_calls(const void *a, const void *b)
{
	uint64_t left = (*(const struct result *const *)a)->params.pages_per_call;
	uint64_t right = (*(const struct result *const *)b)->params.pages_per_call;

	return (left > right) - (left < right);
}

/* 0 is less than a grain of the clock, and has no place on a logarithmic axis: it is drawn as half
 * a grain, and that is said. */
static void draw_zero(struct plot *plot, const struct result *result, enum metric metric,
		      struct summary *summary)
{
	double half = fmax(1, (double)result->runs[0].quantum[metric]) / 2;

	summary->q1 = fmax(summary->q1, half);
	summary->median = fmax(summary->median, half);
	summary->q3 = fmax(summary->q3, half);
	plot->zeros = true;
}

static void write_line(struct plot *plot, FILE *file, size_t side, const struct result **points,
		       size_t nr)
{
	char label[512], name[256];
	enum metric metric;

	/* a line of pins that goes on as pins and unpins would show a step that is none */
	if (!results_pin_metric(points, nr, &metric))
		metric = METRIC_CYCLE;
	group_format(&points[0]->params, &plot->common, label, sizeof(label));
	if (!*plot->common.window)
		snprintf(label + strlen(label), sizeof(label) - strlen(label), "%s%s",
			 *label ? ", " : "", points[0]->params.window);
	if (plot->nr_sides > 1 || !*label) {
		plot_label(plot, side, name, sizeof(name));
		snprintf(label + strlen(label), sizeof(label) - strlen(label), "%s%s",
			 *label ? ", " : "", name);
	}
	plot_put_text(plot, file, label, 52);
	fputs("\t2\t3\t4\n", file);
	qsort(points, nr, sizeof(*points), compare_calls);
	for (size_t i = 0; i < nr; i++) {
		double pages = result_pages(points[i]);
		struct summary summary;

		if (!result_summary(points[i], metric, &summary))
			continue;
		if (summary.q1 <= 0)
			draw_zero(plot, points[i], metric, &summary);
		if (plot->most == 0 || summary.q1 / pages < plot->least)
			plot->least = summary.q1 / pages;
		plot->most = fmax(plot->most, summary.q3 / pages);
		plot->spread = plot->spread || summary.nr > 1;
		fprintf(file, "%" PRIu64 "\t%.6g\t%.6g\t%.6g\n", points[i]->params.pages_per_call,
			summary.median / pages, summary.q1 / pages, summary.q3 / pages);
	}
	fputs("\n\n", file);
}

/* One line for each set of cases that differ only in the pages per call, where there are at least
 * two. */
static int write_lines(struct plot *plot, FILE *file, size_t side, struct error *err)
{
	const struct results *own = plot->sides[side];
	autofree const struct result **points = calloc(own->nr + 1, sizeof(*points));
	autofree bool *used = calloc(own->nr + 1, sizeof(*used));

	if (!points || !used)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < own->nr; i++) {
		size_t nr = 0;

		for (size_t j = i; j < own->nr; j++) {
			if (used[j] || !drawn(plot, &own->items[i]) ||
			    !drawn(plot, &own->items[j]) ||
			    !same_line(&own->items[i], &own->items[j]))
				continue;
			used[j] = true;
			points[nr++] = &own->items[j];
		}
		if (nr < 2)
			continue;
		if (plot->nr_lines == MAX_LINES) {
			error_set(err, E2BIG, "more than %u lines do not fit in one picture",
				  MAX_LINES);
			return error_fix(err, "--only PATTERN, for example --only '*,exclusive,*'");
		}
		write_line(plot, file, side, points, nr);
		plot->nr_lines++;
	}
	return 0;
}

/* Cases with a partner that differs in the pages per call. */
static bool cost_draws(const struct plot *plot, const struct results *results,
		       const struct result *result)
{
	if (!drawn(plot, result))
		return false;
	for (size_t i = 0; i < results->nr; i++)
		if (&results->items[i] != result && drawn(plot, &results->items[i]) &&
		    same_line(&results->items[i], result))
			return true;
	return false;
}

/* Of all points; "different" where they are not replicated alike. */
static void replication(const struct plot *plot, char *text, size_t size)
{
	char own[32];

	for (size_t i = 0; i < plot->nr_sides; i++) {
		for (size_t j = 0; j < plot->sides[i]->nr; j++) {
			const struct result *result = &plot->sides[i]->items[j];
			enum metric metric;

			if (!cost_draws(plot, plot->sides[i], result))
				continue;
			result_pin_metric(result, &metric);
			result_replication(result, metric, own, sizeof(own));
			snprintf(text, size, "%s", *text && strcmp(text, own) ? "different" : own);
			if (strcmp(text, own))
				return;
		}
	}
}

static int cost_write(struct plot *plot, struct error *err)
{
	FILE *file = plot_file(plot, "lines.tsv", err);
	char n[32] = "", more[128];
	int rc = 0, lost;

	if (!file)
		return -EIO;
	for (size_t i = 0; i < plot->nr_sides && !rc; i++)
		rc = write_lines(plot, file, i, err);
	lost = plot_file_close(file, "lines.tsv", rc ? NULL : err);
	if (rc || lost)
		return rc ? rc : lost;
	if (plot->nr_lines == 0) {
		error_set(err, ENODATA,
			  "no case was measured with two different numbers of pages per call");
		return error_fix(err, "pinbench run -p pages_per_call=1,16,512");
	}
	replication(plot, n, sizeof(n));
	snprintf(more, sizeof(more), "n = %s (runs x samples)%s", n,
		 plot->zeros ? "; what its clock read as 0 is drawn as half a grain" : "");
	plot->width = WIDTH_PX;
	plot->height = HEIGHT_PX + plot->nr_lines * KEY_PX;
	return plot_write_head(plot,
			       plot->sides[0]->icount
				       ? "Instructions per page against pages per call"
				       : "Time per page against pages per call",
			       "median of the runs' medians of the pin, or of pin and unpin "
			       "together; logarithmic axes",
			       plot->spread ? "bars at the points: between the quartiles of the "
					      "runs; lower is better"
					    : "one run each: no spread of runs; lower is better",
			       more, err);
}

const struct plot_kind plot_cost = {
	.name = "cost",
	.about = "time per page against pages per call, on logarithmic axes",
	.template = "cost",
	.draws = cost_draws,
	.write = cost_write,
};

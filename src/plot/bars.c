// SPDX-License-Identifier: GPL-2.0-or-later
/* The number of each case, one bar for each file: before and after side by side. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "plot/plot.h"
#include "print/heading.h"
#include "stats/summary.h"

#define MAX_BARS    120u
#define BAR_PX      16u
#define CASE_GAP_PX 8u
#define GROUP_PX    40u /* title of a group, and air above it */
#define CHAR_PX     9u
#define TOP_PX      130u
#define FOOT_PX     56u
#define SCALE_PX    460u /* length of the longest bar with its whisker */
#define VALUE_PX    170u /* room for the number behind it */
#define LEGEND_PX   20u

size_t plot_bars_most(size_t nr_sides)
{
	return nr_sides ? MAX_BARS / nr_sides : 0;
}

/* One case in the file that has it first; the others are found by key. */
struct bar_case {
	const struct result *result;
	size_t group;
	enum metric metric;
};

struct bars {
	struct bar_case *cases;
	size_t nr, nr_groups;
	unsigned int left_px;
	char replication[32]; /* of all bars, or "" */
	bool spread;          /* any of them has several runs */
	FILE *bars, *rows, *panels;
};

static void case_label(const struct result *result, char *text, size_t size)
{
	uint64_t pages = result_pages(result);
	char extras[48];

	extras_format(result->key, extras, sizeof(extras));
	snprintf(text, size, "%s", result->params.window);
	if (pages)
		snprintf(text + strlen(text), size - strlen(text), ", %" PRIu64 " page%s", pages,
			 pages == 1 ? "" : "s");
	if (result->params.pages_per_call < pages)
		snprintf(text + strlen(text), size - strlen(text), ", %" PRIu64 " per call",
			 result->params.pages_per_call);
	if (*extras)
		snprintf(text + strlen(text), size - strlen(text), ", %s", extras);
}

/* The case in that file, if it has a place in the picture. */
static const struct result *bar_result(const struct plot *plot, size_t side, const char *key)
{
	const struct result *result = results_find(plot->sides[side], key);
	enum metric metric;

	return result && plot_wants(plot, result) && result_pin_metric(result, &metric) ? result
											: NULL;
}

static bool bar_of(const struct plot *plot, size_t side, const struct bar_case *bar,
		   struct summary *summary)
{
	const struct result *result = bar_result(plot, side, bar->result->key);

	return result && result_summary(result, bar->metric, summary);
}

/* Bars that stand together show the same: pin where all of the group have it, else pin and unpin
 * together. */
static void choose_metrics(const struct plot *plot, struct bars *bars)
{
	autofree const struct result **chosen = calloc(bars->nr * plot->nr_sides, sizeof(*chosen));
	struct bar_case *bar;

	if (!chosen)
		abort();
	for (size_t group = 0; group < bars->nr_groups; group++) {
		enum metric metric;
		bool one;
		size_t nr = 0;

		for (bar = bars->cases; bar < bars->cases + bars->nr; bar++)
			for (size_t i = 0; bar->group == group && i < plot->nr_sides; i++)
				if (bar_result(plot, i, bar->result->key))
					chosen[nr++] = bar_result(plot, i, bar->result->key);
		one = results_pin_metric(chosen, nr, &metric);
		for (bar = bars->cases; bar < bars->cases + bars->nr; bar++)
			if (bar->group == group &&
			    (one || !result_pin_metric(bar->result, &bar->metric)))
				bar->metric = metric;
	}
}

static int collect(struct plot *plot, struct bars *bars, struct error *err)
{
	bars->cases = calloc(MAX_BARS, sizeof(*bars->cases));
	if (!bars->cases)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < plot->nr_sides; i++) {
		for (size_t j = 0; j < plot->sides[i]->nr; j++) {
			const struct result *result = &plot->sides[i]->items[j];
			size_t seen = 0;

			while (seen < bars->nr &&
			       strcmp(bars->cases[seen].result->key, result->key))
				seen++;
			if (seen < bars->nr || !bar_result(plot, i, result->key))
				continue;
			if ((bars->nr + 1) * plot->nr_sides > MAX_BARS) {
				error_set(err, E2BIG, "more than %u bars do not fit in one picture",
					  MAX_BARS);
				return error_fix(err, "--only PATTERN, for example --only "
						      "'*,hugetlb-64K,*'");
			}
			bars->cases[bars->nr].group = bars->nr_groups;
			for (size_t k = 0; k < bars->nr; k++)
				if (params_same_group(&bars->cases[k].result->params,
						      &result->params))
					bars->cases[bars->nr].group = bars->cases[k].group;
			bars->nr_groups += bars->cases[bars->nr].group == bars->nr_groups;
			bars->cases[bars->nr++].result = result;
		}
	}
	if (bars->nr == 0)
		return error_set(err, ENODATA, "no case has times of a pin");
	choose_metrics(plot, bars);
	return 0;
}

static void measure(struct plot *plot, struct bars *bars)
{
	size_t width = 0;
	char label[160];
	bool first = true;

	for (size_t i = 0; i < bars->nr; i++) {
		char n[32];

		case_label(bars->cases[i].result, label, sizeof(label));
		width = text_width(label) > width ? text_width(label) : width;
		for (size_t j = 0; j < plot->nr_sides; j++) {
			const struct result *result =
				bar_result(plot, j, bars->cases[i].result->key);
			struct summary summary;

			if (!result || !result_summary(result, bars->cases[i].metric, &summary))
				continue;
			bars->spread = bars->spread || summary.nr > 1;
			result_replication(result, bars->cases[i].metric, n, sizeof(n));
			if (first)
				memcpy(bars->replication, n, sizeof(n));
			else if (strcmp(bars->replication, n))
				bars->replication[0] = '\0';
			first = false;
		}
	}
	bars->left_px = 36 + CHAR_PX * (width < 60 ? width : 60);
	plot->width = bars->left_px + SCALE_PX + VALUE_PX;
	plot->width = plot->width < 800 ? 800 : plot->width;
	plot->height = TOP_PX + plot->nr_sides * LEGEND_PX + bars->nr_groups * GROUP_PX + FOOT_PX +
		       bars->nr * (plot->nr_sides * BAR_PX + CASE_GAP_PX);
}

/* The end of the longest whisker of a group: what SCALE_PX stands for. */
static double group_scale(const struct plot *plot, const struct bars *bars, size_t group)
{
	struct summary summary;
	double most = 0;

	for (size_t i = 0; i < bars->nr; i++)
		for (size_t j = 0; bars->cases[i].group == group && j < plot->nr_sides; j++)
			if (bar_of(plot, j, &bars->cases[i], &summary))
				most = fmax(most, fmax(summary.q3, summary.median));
	return most > 0 ? most : 1;
}

/* x1 y1 x2 y2 file whisker-from whisker-to text-x text */
static void write_bar(const struct plot *plot, struct bars *bars, size_t side,
		      const struct summary *summary, double scale, const struct unit *unit,
		      unsigned int y)
{
	double px = SCALE_PX / scale;
	char text[64], whisker[64] = "NaN\tNaN"; /* one run has none, not one of no length */

	(void)plot;
	summary_format(unit, summary, text, sizeof(text));
	if (summary->nr > 1)
		snprintf(whisker, sizeof(whisker), "%.1f\t%.1f", bars->left_px + summary->q1 * px,
			 bars->left_px + summary->q3 * px);
	fprintf(bars->bars, "%u\t%u\t%.1f\t%u\t%zu\t%s\t%.1f\t%s\n", bars->left_px, y + 1,
		bars->left_px + summary->median * px, y + BAR_PX - 1, side, whisker,
		bars->left_px + fmax(summary->q3, summary->median) * px + 8, text);
}

static unsigned int write_case(struct plot *plot, struct bars *bars, const struct bar_case *bar,
			       double scale, unsigned int y)
{
	struct summary summary;
	double largest = 0, smallest = 0;
	struct unit unit;
	char label[160];

	for (size_t i = 0; i < plot->nr_sides; i++) {
		if (!bar_of(plot, i, bar, &summary))
			continue;
		smallest = largest == 0 ? summary.median : fmin(smallest, summary.median);
		largest = fmax(largest, summary.median);
	}
	unit = unit_for(plot->sides[0]->icount, largest, smallest);
	case_label(bar->result, label, sizeof(label));
	fprintf(bars->rows, "%u\t%u\t", bars->left_px - 10,
		y + (unsigned int)plot->nr_sides * BAR_PX / 2);
	plot_put_text(plot, bars->rows, label, 60);
	fputc('\n', bars->rows);
	for (size_t i = 0; i < plot->nr_sides; i++) {
		if (bar_of(plot, i, bar, &summary))
			write_bar(plot, bars, i, &summary, scale, &unit, y);
		y += BAR_PX;
	}
	return y + CASE_GAP_PX;
}

static void write_all(struct plot *plot, struct bars *bars)
{
	unsigned int y = TOP_PX + plot->nr_sides * LEGEND_PX;
	char title[256];

	for (size_t group = 0; group < bars->nr_groups; group++) {
		bool titled = false;

		y += GROUP_PX;
		for (size_t i = 0; i < bars->nr; i++) {
			if (bars->cases[i].group != group)
				continue;
			group_format(&bars->cases[i].result->params, &plot->common, title,
				     sizeof(title));
			snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s%s",
				 *title ? ": " : "",
				 bars->cases[i].metric == METRIC_PIN ? "pin" : "pin and unpin");
			if (!titled) {
				fprintf(bars->panels, "%u\t%u\t", 24, y - 14);
				plot_put_text(plot, bars->panels, title, plot->width / CHAR_PX - 6);
				fputc('\n', bars->panels);
			}
			titled = true;
			y = write_case(plot, bars, &bars->cases[i], group_scale(plot, bars, group),
				       y);
		}
	}
}

static int write_legend(struct plot *plot, struct error *err)
{
	FILE *file = plot_file(plot, "columns.tsv", err);
	char label[256];

	if (!file)
		return -EIO;
	for (size_t i = 0; i < plot->nr_sides; i++) {
		plot_label(plot, i, label, sizeof(label));
		fprintf(file, "%u\t%zu\t%zu\t", 24, TOP_PX + i * LEGEND_PX, i);
		plot_put_text(plot, file, label, plot->width / CHAR_PX - 10);
		fputc('\n', file);
	}
	return plot_file_close(file, "columns.tsv", err);
}

static bool bars_draws(const struct plot *plot, const struct results *results,
		       const struct result *result)
{
	enum metric metric;

	(void)plot;
	(void)results;
	return result_pin_metric(result, &metric);
}

static int bars_write(struct plot *plot, struct error *err)
{
	struct bars bars = { .nr = 0 };
	autofree struct bar_case *cases = NULL;
	char foot[160];
	int rc = collect(plot, &bars, err), lost = 0;

	cases = bars.cases;
	if (rc)
		return rc;
	measure(plot, &bars);
	snprintf(foot, sizeof(foot),
		 "bar: median of the runs' medians%s%s%s (runs x samples); lower is better",
		 bars.spread ? ", line: their quartiles" : "",
		 *bars.replication ? ", n = " : ", n differs", bars.replication);
	rc = plot_write_head(plot,
			     plot->sides[0]->icount ? "Instructions to pin the window once"
						    : "Time to pin the window once",
			     "pin alone where all of a group could be timed so, else pin and unpin "
			     "together",
			     foot, "each group has a scale of its own, from 0", err);
	if (!rc)
		rc = write_legend(plot, err);
	if (rc)
		return rc;
	bars.bars = plot_file(plot, "bars.tsv", err);
	bars.rows = plot_file(plot, "rows.tsv", err);
	bars.panels = plot_file(plot, "panels.tsv", err);
	if (bars.bars && bars.rows && bars.panels)
		write_all(plot, &bars);
	else
		rc = -EIO;
	if (bars.bars)
		lost |= plot_file_close(bars.bars, "bars.tsv", err);
	if (bars.rows)
		lost |= plot_file_close(bars.rows, "rows.tsv", err);
	if (bars.panels)
		lost |= plot_file_close(bars.panels, "panels.tsv", err);
	return rc ? rc : lost;
}

const struct plot_kind plot_bars = {
	.name = "bars",
	.about = "median time of each case, a bar per file: before and after",
	.template = "bars",
	.draws = bars_draws,
	.write = bars_write,
};

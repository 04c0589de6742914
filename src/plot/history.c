// SPDX-License-Identifier: GPL-2.0-or-later
/* Series over kernels: a panel for each, its levels, and a mark where one changed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "history/print.h"
#include "plot/plot.h"
#include "stats/summary.h"

#define MOST_PANELS 12u
#define WIDTH_PX    900u
#define PANEL_PX    120u
#define AROUND_PX   340u /* above and below all panels */
#define FLAT        0.02 /* times closer to each other than this part are drawn as flat */

struct panel {
	const struct history_series *series;
	struct unit unit;
	double low, high; /* of the axis */
};

static double scaled(const struct panel *panel, double value)
{
	return value / panel->unit.ticks;
}

static void panel_make(const struct history *history, const struct history_series *series,
		       struct panel *panel)
{
	double least = INFINITY, most = -INFINITY, room;

	*panel = (struct panel){ .series = series };
	for (size_t i = 0; i < series->nr; i++) {
		least = fmin(least, series->points[i].value);
		most = fmax(most, series->points[i].value);
	}
	if (series->metric < NR_METRICS)
		panel->unit = unit_for(history_icount(history, series), most, least);
	else if (series->metric == HISTORY_HIT_RATE)
		panel->unit = (struct unit){ "%", 0.01 };
	else
		panel->unit = (struct unit){ history_metric_unit(series->metric, false), 1 };
	room = series->metric < NR_METRICS ? fmax(most - least, FLAT * most)
					   : fmax(most - least, 1);
	if (series->metric == HISTORY_HIT_RATE) {
		least = 0;
		most = room = 1;
	}
	panel->low = scaled(panel, (least + most) / 2 - 0.6 * room);
	panel->high = scaled(panel, (least + most) / 2 + 0.6 * room);
	if (series->metric >= NR_METRICS && panel->low < 0 && least >= 0)
		panel->low = scaled(panel, -0.1 * room);
}

/* Rows that changed come first, then times, then rates; counts that never changed say nothing. */
static int weight(const struct history_series *series)
{
	if (series->nr_changes)
		return 3;
	if (series->metric < NR_METRICS)
		return 2;
	return series->metric == HISTORY_HIT_RATE;
}

static size_t choose(const struct plot *plot, struct panel *panels, size_t *nr_all)
{
	const struct history *history = plot->history;
	size_t nr = 0;

	*nr_all = 0;
	for (int wanted = 3; wanted > 0; wanted--) {
		for (size_t i = 0; i < history->nr_series; i++) {
			const struct history_series *series = &history->series[i];

			if (weight(series) != wanted)
				continue;
			++*nr_all;
			if (nr < MOST_PANELS)
				panel_make(history, series, &panels[nr++]);
		}
	}
	return nr;
}

static size_t kernel_of(const struct history *history, const struct history_series *series,
			size_t point)
{
	return history->files[series->points[point].file].kernel;
}

static void write_points(const struct history *history, const struct panel *panel, FILE *out)
{
	for (size_t i = 0; i < panel->series->nr; i++)
		fprintf(out, "%zu\t%.9g\n", kernel_of(history, panel->series, i),
			scaled(panel, panel->series->points[i].value));
	fputs("\n\n", out);
}

static void write_level(const struct history *history, const struct panel *panel, FILE *out,
			size_t start, size_t end)
{
	autofree double *values = malloc((end - start) * sizeof(*values));
	double level;

	for (size_t i = start; i < end; i++)
		values[i - start] = panel->series->points[i].value;
	level = scaled(panel, quantile_of(values, end - start, 0.5));
	fprintf(out, "%.2f\t%.9g\n%.2f\t%.9g\n\n",
		(double)kernel_of(history, panel->series, start) - 0.4, level,
		(double)kernel_of(history, panel->series, end - 1) + 0.4, level);
}

static void write_levels(const struct history *history, const struct panel *panel, FILE *out)
{
	const struct history_series *series = panel->series;
	size_t start = 0;

	for (size_t i = 0; i < series->nr_changes; i++) {
		write_level(history, panel, out, start, series->changes[i].at);
		start = series->changes[i].at;
	}
	write_level(history, panel, out, start, series->nr);
	fputc('\n', out);
}

/* Between the kernels of the two results; a block has a line at least. */
static void write_marks(const struct history *history, const struct panel *panel, FILE *out)
{
	static const unsigned int colours[] = { 0xd55e00, 0x5c636b, 0x009e73 };
	const struct history_series *series = panel->series;

	fputs("NaN\tNaN\t0\n", out);
	for (size_t i = 0; i < series->nr_changes; i++) {
		size_t at = series->changes[i].at;
		struct history_move move = { (size_t)(series - history->series), i };

		fprintf(out, "%.2f\t%.9g\t%u\n",
			(double)(kernel_of(history, series, at - 1) +
				 kernel_of(history, series, at)) /
				2,
			panel->low, colours[history_move_better(history, &move) + 1]);
	}
	fputs("\n\n", out);
}

/* 1, 2 or 5 of some power of ten: two to four tics. */
static double tic_step(double range)
{
	double power = pow(10, floor(log10(range / 2)));

	for (double times = 5; times > 1; times = times == 5 ? 2 : 1)
		if (range / (times * power) >= 2)
			return times * power;
	return power;
}

static void write_panels(struct plot *plot, const struct panel *panels, size_t nr, FILE *out)
{
	for (size_t i = 0; i < nr; i++) {
		const struct history_series *series = panels[i].series;
		char text[512];

		snprintf(text, sizeof(text), "%s: %s", plot->history->keys.texts[series->key],
			 history_metric_name(series->metric));
		fprintf(out, "%zu\t", i);
		plot_put_text(plot, out, text, 100);
		fprintf(out, "\t%s\t%.9g\t%.9g\t%.9g\n", panels[i].unit.name, panels[i].low,
			panels[i].high, tic_step(panels[i].high - panels[i].low));
	}
}

static void write_kernels(struct plot *plot, FILE *out)
{
	const struct history *history = plot->history;
	size_t every = history->nr_kernels / 20 + 1;

	for (size_t i = 0; i < history->nr_kernels; i += every) {
		fprintf(out, "%zu\t", i);
		plot_put_text(plot, out, history->kernels[i].name, 26);
		fputc('\n', out);
	}
}

enum { POINTS, LEVELS, MARKS, PANELS, KERNELS, NR_TABLES };

static int write_table(struct plot *plot, const struct panel *panels, size_t nr, unsigned int which,
		       struct error *err)
{
	static const char *const names[NR_TABLES] = { "points.tsv", "levels.tsv", "marks.tsv",
						      "panels.tsv", "kernels.tsv" };
	static void (*const write[])(const struct history *history, const struct panel *panel,
				     FILE *out) = { write_points, write_levels, write_marks };
	FILE *out = plot_file(plot, names[which], err);

	if (!out)
		return -EIO;
	if (which == PANELS)
		write_panels(plot, panels, nr, out);
	else if (which == KERNELS)
		write_kernels(plot, out);
	for (size_t i = 0; which < PANELS && i < nr; i++)
		write[which](plot->history, &panels[i], out);
	return plot_file_close(out, names[which], err);
}

static int write_head(struct plot *plot, const struct panel *panels, size_t nr, size_t nr_all,
		      struct error *err)
{
	const struct history *history = plot->history;
	char counts[160], setup[600], more[200] = "";
	const char *lines[] = { "Results over kernels",
				("a dot is a result, a line a level; it got worse at an orange "
				 "mark, better at a green one"),
				counts,
				setup,
				"pinbench history tells sizes, intervals and p",
				"",
				more };
	size_t nr_results = 0;

	for (size_t i = 0; i < history->nr_files; i++)
		nr_results += history->files[i].state == HISTORY_RESULT;
	snprintf(counts, sizeof(counts), "%zu results of %zu kernels", nr_results,
		 history->nr_kernels);
	history_setup_format(&history->setups[panels[0].series->setup], setup, sizeof(setup));
	if (history->nr_setups > 1)
		snprintf(setup, sizeof(setup), "%zu machines or clocks: a panel is of one",
			 history->nr_setups);
	if (nr < nr_all)
		snprintf(more, sizeof(more),
			 "%zu of %zu rows, those that changed first; --only PATTERN shows others",
			 nr, nr_all);
	return plot_write_texts(plot, lines, err);
}

static bool history_draws(const struct plot *plot, const struct results *results,
			  const struct result *result)
{
	(void)plot;
	(void)results;
	(void)result;
	return false; /* it has no sides */
}

static int history_write(struct plot *plot, struct error *err)
{
	struct panel panels[MOST_PANELS];
	size_t nr_all, nr = choose(plot, panels, &nr_all);
	int rc = 0;

	if (nr == 0) {
		error_set(err, ENODATA,
			  "only counts, and none of them ever changed: nothing to draw");
		return error_fix(err, "pinbench history --metric NAME shows them");
	}
	plot->width = WIDTH_PX;
	plot->height = (unsigned int)(AROUND_PX + nr * PANEL_PX);
	plot->nr_lines = (unsigned int)nr;
	plot->most = (double)plot->history->nr_kernels;
	for (unsigned int i = 0; i < NR_TABLES && !rc; i++)
		rc = write_table(plot, panels, nr, i, err);
	return rc ? rc : write_head(plot, panels, nr, nr_all, err);
}

const struct plot_kind plot_history = {
	.name = "history",
	.about = "each case over many kernels, with marks where its level changed",
	.template = "history",
	.draws = history_draws,
	.write = history_write,
};

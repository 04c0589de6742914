// SPDX-License-Identifier: GPL-2.0-or-later
/* Heat map of the hit rate: a row for each group of cases, a column for each window, a panel for
 * each file. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plot/plot.h"
#include "print/heading.h"
#include "stats/summary.h"

#define MAX_ROWS     40u
#define MAX_COLUMNS  16u
#define ROW_PX       32u
#define CHAR_PX      9u
#define TOP_PX       186u /* title lines, panel titles, column labels */
#define PANEL_PX     74u  /* title and column labels of a further panel */
#define FOOT_PX      56u
#define GAP_PX       36u   /* between panels */
#define MAX_WIDTH_PX 1100u /* beyond it panels stand one below the other */

struct axis_label {
	char text[160], more[48];
};

struct hit_map {
	struct axis_label rows[MAX_ROWS], columns[MAX_COLUMNS];
	size_t nr_rows, nr_columns;
	bool bounds; /* one cell at least is what slow calls prove: ">= 93.75 %" */
	unsigned int left_px, column_px,
		panel_px; /* panel_px: its height with labels, when stacked; else 0 */
};

static void row_label(const struct plot *plot, const struct result *result,
		      struct axis_label *label)
{
	memset(label, 0, sizeof(*label));
	group_format(&result->params, &plot->common, label->text, sizeof(label->text));
	if (!*label->text)
		snprintf(label->text, sizeof(label->text), "%s", result->params.layout);
}

/* "tail" and, where the window takes several calls, "1 per call" below it. */
static void column_label(const struct result *result, struct axis_label *label)
{
	uint64_t asked = result->counts.value[COUNT_REQUESTED_PAGES],
		 pages = asked ? asked : result_pages(result);
	char extras[32];

	memset(label, 0, sizeof(*label));
	snprintf(label->text, sizeof(label->text), "%s", result->params.window);
	if (result->params.pages_per_call < pages)
		snprintf(label->more, sizeof(label->more), "%" PRIu64 " per call",
			 result->params.pages_per_call);
	extras_format(result->key, extras, sizeof(extras));
	if (*extras)
		snprintf(label->more + strlen(label->more),
			 sizeof(label->more) - strlen(label->more), " %s", extras);
}

/* Index of the label, added at the end when it is new; @max when there is no room. */
static size_t label_index(struct axis_label *labels, size_t *nr, size_t max,
			  const struct axis_label *label)
{
	for (size_t i = 0; i < *nr; i++)
		if (strcmp(labels[i].text, label->text) == 0 &&
		    strcmp(labels[i].more, label->more) == 0)
			return i;
	if (*nr < max)
		labels[(*nr)++] = *label;
	else
		return max;
	return *nr - 1;
}

static bool hit_draws(const struct plot *plot, const struct results *results,
		      const struct result *result)
{
	struct hit_rate rate;

	(void)plot;
	(void)results;
	return result_hit_range(result, &rate) && (rate.least > 0 || rate.most == 0);
}

/* A bound of 0 says nothing. */
static bool drawn(const struct plot *plot, const struct result *result, struct hit_rate *rate)
{
	return plot_wants(plot, result) && result_hit_range(result, rate) &&
	       (rate->least > 0 || rate->most == 0);
}

static int collect(struct plot *plot, struct hit_map *map, struct error *err)
{
	struct axis_label label;
	struct hit_rate rate;

	for (size_t i = 0; i < plot->nr_sides; i++) {
		for (size_t j = 0; j < plot->sides[i]->nr; j++) {
			const struct result *result = &plot->sides[i]->items[j];

			if (!drawn(plot, result, &rate))
				continue;
			map->bounds = map->bounds || rate.least < rate.most;
			row_label(plot, result, &label);
			if (label_index(map->rows, &map->nr_rows, MAX_ROWS, &label) == MAX_ROWS)
				goto full;
			column_label(result, &label);
			if (label_index(map->columns, &map->nr_columns, MAX_COLUMNS, &label) ==
			    MAX_COLUMNS)
				goto full;
		}
	}
	if (map->nr_rows == 0) {
		error_set(err, ENODATA, "no case has a known hit rate");
		return error_fix(err, "pinbench doctor, for what counts slow pages");
	}
	return 0;
full:
	error_set(err, E2BIG, "more than %u rows or %u windows do not fit in one picture", MAX_ROWS,
		  MAX_COLUMNS);
	return error_fix(err, "--only PATTERN, for example --only '*,exclusive-ro,*'");
}

static void measure(struct plot *plot, struct hit_map *map)
{
	size_t row = 0, column = map->bounds ? 10 : 7;

	for (size_t i = 0; i < map->nr_rows; i++)
		row = text_width(map->rows[i].text) > row ? text_width(map->rows[i].text) : row;
	for (size_t i = 0; i < map->nr_columns; i++) {
		size_t more = text_width(map->columns[i].more),
		       text = text_width(map->columns[i].text);

		column = text > column ? text : column;
		column = more > column ? more : column;
	}
	/* labels come from files: a hostile one must not make a picture of a kilometre */
	map->left_px = 32 + CHAR_PX * (row < 60 ? row : 60);
	map->column_px = 12 + (CHAR_PX - 1) * (column < 24 ? column : 24);
	plot->width = map->left_px + plot->nr_sides * (map->nr_columns * map->column_px + GAP_PX);
	plot->height = TOP_PX + map->nr_rows * ROW_PX + FOOT_PX;
	if (plot->width > MAX_WIDTH_PX && plot->nr_sides > 1) {
		map->panel_px = map->nr_rows * ROW_PX + PANEL_PX;
		plot->width = map->left_px + map->nr_columns * map->column_px + GAP_PX;
		plot->height += (plot->nr_sides - 1) * map->panel_px;
	}
	plot->width = plot->width < 800 ? 800 : plot->width;
}

/* The top left corner of a panel's cells. */
static unsigned int panel_x(const struct hit_map *map, size_t panel)
{
	return map->left_px +
	       (map->panel_px ? 0 : panel * (map->nr_columns * map->column_px + GAP_PX));
}

static unsigned int panel_y(const struct hit_map *map, size_t panel)
{
	return TOP_PX + panel * map->panel_px;
}

static int write_cells(struct plot *plot, struct hit_map *map, struct error *err)
{
	FILE *file = plot_file(plot, "cells.tsv", err);
	struct axis_label label;
	char text[32];
	struct hit_rate rate;

	if (!file)
		return -EIO;
	for (size_t i = 0; i < plot->nr_sides; i++) {
		for (size_t j = 0; j < plot->sides[i]->nr; j++) {
			const struct result *result = &plot->sides[i]->items[j];
			size_t row, column;

			if (!drawn(plot, result, &rate))
				continue;
			row_label(plot, result, &label);
			row = label_index(map->rows, &map->nr_rows, MAX_ROWS, &label);
			column_label(result, &label);
			column = label_index(map->columns, &map->nr_columns, MAX_COLUMNS, &label);
			hit_rate_format(&rate, text, sizeof(text));
			fprintf(file, "%zu\t%zu\t%zu\t%zu\t%.4f\t%s\n",
				panel_x(map, i) + column * map->column_px + 1,
				panel_y(map, i) + row * ROW_PX + 1,
				panel_x(map, i) + (column + 1) * map->column_px - 1,
				panel_y(map, i) + (row + 1) * ROW_PX - 1, rate.least * 100, text);
		}
	}
	return plot_file_close(file, "cells.tsv", err);
}

static int write_labels(struct plot *plot, struct hit_map *map, struct error *err)
{
	FILE *rows = plot_file(plot, "rows.tsv", err),
	     *columns = plot_file(plot, "columns.tsv", err);
	FILE *panels = plot_file(plot, "panels.tsv", err);
	char label[256];
	bool more = false;
	int rc = -EIO;

	for (size_t i = 0; i < map->nr_columns; i++)
		more = more || *map->columns[i].more;
	if (!rows || !columns || !panels)
		goto out;
	for (size_t i = 0; i < map->nr_rows * (map->panel_px ? plot->nr_sides : 1); i++) {
		fprintf(rows, "%u\t%zu\t", map->left_px - 10,
			panel_y(map, i / map->nr_rows) + i % map->nr_rows * ROW_PX + ROW_PX / 2);
		plot_put_text(plot, rows, map->rows[i % map->nr_rows].text, 60);
		fputc('\n', rows);
	}
	for (size_t i = 0; i < plot->nr_sides; i++) {
		plot_label(plot, i, label, sizeof(label));
		fprintf(panels, "%u\t%u\t", panel_x(map, i), panel_y(map, i) - (more ? 50 : 40));
		plot_put_text(plot, panels, label, map->nr_columns * map->column_px / CHAR_PX);
		fputc('\n', panels);
		for (size_t j = 0; j < map->nr_columns; j++) {
			fprintf(columns, "%zu\t%u\t",
				panel_x(map, i) + j * map->column_px + map->column_px / 2,
				panel_y(map, i) - (*map->columns[j].more ? 26 : 13));
			plot_put_text(plot, columns, map->columns[j].text, 24);
			fputc('\t', columns);
			plot_put_text(plot, columns, map->columns[j].more, 24);
			fputc('\n', columns);
		}
	}
	rc = 0;
out:
	if (rows && plot_file_close(rows, "rows.tsv", err))
		rc = -EIO;
	if (columns && plot_file_close(columns, "columns.tsv", err))
		rc = -EIO;
	if (panels && plot_file_close(panels, "panels.tsv", err))
		rc = -EIO;
	return rc;
}

/* What the named windows are, of those that are drawn. */
static void explain_windows(const struct hit_map *map, char *text, size_t size)
{
	static const char *const about[][2] = {
		{ "page", "a page of the layout" },
		{ "head", "its first base page" },
		{ "tail", "its second" },
		{ "last", "its last" },
		{ "straddle", "its last and the next" },
		{ "region", "all" },
	};
	bool first = true;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		bool there = false;

		for (size_t j = 0; j < map->nr_columns; j++)
			there = there || strcmp(map->columns[j].text, about[i][0]) == 0;
		if (!there)
			continue;
		snprintf(text + strlen(text), size - strlen(text), "%s %s = %s",
			 first ? "window" : ",", about[i][0], about[i][1]);
		first = false;
	}
}

static int hit_write(struct plot *plot, struct error *err)
{
	struct hit_map map = { .nr_rows = 0 };
	char foot[256];
	int rc = collect(plot, &map, err);

	if (rc)
		return rc;
	measure(plot, &map);
	explain_windows(&map, foot, sizeof(foot));
	rc = plot_write_head(
		plot, "Hit rate of GUP-fast",
		"part of the pages asked that the fast path pinned itself, without ordinary GUP",
		map.bounds ? "exact counts, and bounds (>=) that slow calls prove; higher is better"
			   : "exact counts; higher is better",
		foot, err);
	if (!rc)
		rc = write_cells(plot, &map, err);
	return rc ? rc : write_labels(plot, &map, err);
}

const struct plot_kind plot_hit = {
	.name = "hit",
	.about = "heat map of the fast-path hit rate: layout by window, file by file",
	.template = "hit",
	.draws = hit_draws,
	.write = hit_write,
};

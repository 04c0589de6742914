// SPDX-License-Identifier: GPL-2.0-or-later
#include "format/explain.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "stats/summary.h"
#include "verdict/explained.h"

/* What stands in front of every table of this lane. */
static const char lane[] = "Instructions, loads, stores and atomics are counted, not timed: they "
			   "say what is executed, not "
			   "how long hardware takes for it.";

struct printer {
	FILE *out;
	const struct look *look;
	const struct results *results[2];
	const struct explain_item *item;
	struct explained explained;
};

static bool paired(const struct printer *printer)
{
	return printer->results[1] != NULL;
}

static const char *label(const struct printer *printer, size_t side)
{
	const struct results *results = printer->results[side];

	return results->label && results->label[0] ? results->label : side ? "new" : "base";
}

static int64_t total(const struct printer *printer, size_t side)
{
	return printer->explained.side[side]->instructions;
}

/* What compare says of the case: the difference of its medians. False: it says nothing. */
static bool compared(const struct printer *printer, double *value, double *grain)
{
	const struct result *sides[2] = { printer->item->base, printer->item->new };

	*grain = 0;
	for (size_t i = 0; i < (paired(printer) ? 2 : 1); i++) {
		struct summary summary;

		if (!result_summary(sides[i], printer->item->metric, &summary))
			return false;
		value[i] = summary.median;
		if (sides[i]->nr_runs &&
		    (double)sides[i]->runs[0].quantum[printer->item->metric] > *grain)
			*grain = (double)sides[i]->runs[0].quantum[printer->item->metric];
	}
	return true;
}

/* "adds up: +1193; compare: +1200 in steps of 16". */
static void adds_up_format(const struct printer *printer, char *text, size_t size)
{
	double value[2], grain;
	int length;

	if (paired(printer))
		length = snprintf(text, size, "adds up: %+" PRId64,
				  total(printer, 1) - total(printer, 0));
	else
		length = snprintf(text, size, "adds up: %" PRId64, total(printer, 0));
	if (!compared(printer, value, &grain))
		return;
	if (paired(printer))
		snprintf(text + length, size - (size_t)length, "; compare: %+.0f in steps of %.0f",
			 value[1] - value[0], grain);
	else
		snprintf(text + length, size - (size_t)length, "; reported: %.0f in steps of %.0f",
			 value[0], grain);
}

static void heading_format(const struct printer *printer, char *text, size_t size)
{
	const struct explain_item *item = printer->item;
	double value[2], grain;
	int length = snprintf(text, size, "%s, %s", item->base->key, metric_names[item->metric]);

	if (!compared(printer, value, &grain))
		return;
	if (!paired(printer))
		snprintf(text + length, size - (size_t)length, ": %.0f instr", value[0]);
	else if (value[0] > 0)
		snprintf(text + length, size - (size_t)length, ": %.0f -> %.0f instr (%+.1f %%)",
			 value[0], value[1], (value[1] / value[0] - 1) * 100);
	else
		snprintf(text + length, size - (size_t)length, ": %.0f -> %.0f instr", value[0],
			 value[1]);
}

/* Why a side has no explanation; NULL: both have one. */
static const char *why_not(const struct explain_item *item, const char *const *labels,
			   const char **whose)
{
	const struct result *sides[2] = { item->base, item->new };

	for (size_t i = 0; i < (item->new ? 2 : 1); i++) {
		const struct explain *explain = sides[i]->explain;

		*whose = labels[i];
		if (!explain)
			return "it was measured without one";
		if (explain->section[item->metric].why)
			return explain->section[item->metric].why;
		if (!explain->section[item->metric].known)
			return "no marks stand around what times it";
	}
	return NULL;
}

static void cell_pair(const struct printer *printer, struct grid *grid,
		      const struct explained_row *row, unsigned int count)
{
	int64_t base = row->count[0][count], new = row->count[1][count];

	if (!base && !new)
		grid_add(grid, "%s", "");
	else if (!paired(printer))
		grid_add(grid, "%" PRId64, base);
	else
		grid_add(grid, "%" PRId64 " / %" PRId64, base, new);
}

static void paths_grid(const struct printer *printer, struct grid *grid)
{
	const struct explain_section *const *side = printer->explained.side;

	grid_init(grid, printer->look, paired(printer) ? "lrrr" : "lr");
	grid_add(grid, "path");
	for (size_t i = 0; i < (paired(printer) ? 2 : 1); i++)
		grid_add(grid, "%s", label(printer, i));
	if (paired(printer))
		grid_add(grid, "change");
	for (unsigned int path = 0; path < NR_PATHS; path++) {
		int64_t base = side[0]->path[path], new = side[1] ? side[1]->path[path] : 0;

		if (!base && !new)
			continue;
		grid_add(grid, "%s", explain_path_names[path]);
		grid_add(grid, "%" PRId64, base);
		if (!paired(printer))
			continue;
		grid_add(grid, "%" PRId64, new);
		grid_add(grid, "%+" PRId64, new - base);
	}
	grid_add(grid, "sum");
	grid_add(grid, "%" PRId64, total(printer, 0));
	if (!paired(printer))
		return;
	grid_add(grid, "%" PRId64, total(printer, 1));
	grid_add(grid, "%+" PRId64, total(printer, 1) - total(printer, 0));
}

static const struct {
	unsigned int count;
	const char *name;
} columns[] = {
	{ EXPLAIN_CALLS, "calls" },           { EXPLAIN_ATOMICS, "atomics" },
	{ EXPLAIN_BARRIERS, "barriers" },     { EXPLAIN_LOADS, "loads" },
	{ EXPLAIN_STORES, "stores" },         { EXPLAIN_LINES, "lines" },
	{ EXPLAIN_L1D_MISSES, "L1D misses" }, { EXPLAIN_L2_MISSES, "L2 misses" },
	{ EXPLAIN_LLC_MISSES, "LLC misses" },
};
#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void row_cells(const struct printer *printer, struct grid *grid,
		      const struct explained_row *row, const char *name)
{
	grid_add(grid, "%s", name);
	grid_add(grid, "%" PRId64, row->count[0][EXPLAIN_INSTRUCTIONS]);
	if (paired(printer)) {
		grid_add(grid, "%" PRId64, row->count[1][EXPLAIN_INSTRUCTIONS]);
		grid_add(grid, "%+" PRId64, row->change);
	}
	for (size_t i = 0; i < NR_COLUMNS; i++)
		cell_pair(printer, grid, row, columns[i].count);
}

/* The functions that differ, then the others as one row, then the sum. */
static void functions_grid(const struct printer *printer, struct grid *grid)
{
	const struct explained *explained = &printer->explained;
	int64_t sums[2][2][NR_EXPLAIN] = { 0 };
	size_t nr_shown = explained->nr - explained->nr_same;
	char text[64];

	grid_init(grid, printer->look, paired(printer) ? "lrrrrrrrrrrrr" : "lrrrrrrrrrr");
	grid_add(grid, "function");
	for (size_t i = 0; i < (paired(printer) ? 2 : 1); i++)
		grid_add(grid, "%s", label(printer, i));
	if (paired(printer))
		grid_add(grid, "change");
	for (size_t i = 0; i < NR_COLUMNS; i++)
		grid_add(grid, "%s", columns[i].name);
	for (size_t i = 0; i < explained->nr; i++) {
		const struct explained_row *row = &explained->rows[i];

		if (i < nr_shown)
			row_cells(printer, grid, row, row->name);
		for (size_t side = 0; side < 2; side++)
			for (unsigned int j = 0; j < NR_EXPLAIN; j++) {
				sums[0][side][j] += row->count[side][j];
				sums[1][side][j] += i < nr_shown ? 0 : row->count[side][j];
			}
	}
	for (size_t which = 2; which-- > 0;) {
		struct explained_row row = { NULL, { sums[which][0], sums[which][1] }, 0 };

		/* a line that several functions touch is one line */
		sums[which][0][EXPLAIN_LINES] = sums[which][1][EXPLAIN_LINES] = 0;
		row.change = sums[which][1][EXPLAIN_INSTRUCTIONS] -
			     sums[which][0][EXPLAIN_INSTRUCTIONS];
		if (which && !explained->nr_same)
			continue;
		snprintf(text, sizeof(text), "%zu without a difference", explained->nr_same);
		row_cells(printer, grid, &row, which ? text : "sum");
	}
}

static void notes_print(const struct printer *printer)
{
	for (size_t i = 0; i < (paired(printer) ? 2 : 1); i++)
		if (printer->explained.side[i]->switched)
			fprintf(printer->out,
				"  %s: another thread ran in between, and is counted, too\n",
				label(printer, i));
}

static void text_print(const struct printer *printer)
{
	char text[512];
	struct grid grid;

	heading_format(printer, text, sizeof(text));
	fprintf(printer->out, "%s%s%s\n\n", look_bold(printer->look), text,
		look_end(printer->look));
	paths_grid(printer, &grid);
	grid_print(&grid, printer->out, "  ");
	grid_free(&grid);
	fputc('\n', printer->out);
	functions_grid(printer, &grid);
	grid_print(&grid, printer->out, "  ");
	grid_free(&grid);
	adds_up_format(printer, text, sizeof(text));
	fprintf(printer->out, "\n  %s\n", text);
	notes_print(printer);
	fprintf(printer->out, "  sample %u of the boot with seed %" PRIu64 "%s",
		printer->explained.side[0]->sample + 1, printer->item->base->explain->seed,
		paired(printer) ? "" : "\n\n");
	if (paired(printer))
		fprintf(printer->out, ", %u with seed %" PRIu64 "\n\n",
			printer->explained.side[1]->sample + 1, printer->item->new->explain->seed);
}

static void commit_print(const struct printer *printer)
{
	const struct explained *explained = &printer->explained;
	char text[512];

	heading_format(printer, text, sizeof(text));
	fprintf(printer->out, "%s\n", text);
	for (size_t i = 0; i < explained->nr - explained->nr_same; i++) {
		const struct explained_row *row = &explained->rows[i];

		if (paired(printer))
			fprintf(printer->out,
				"  %-32s %8" PRId64 " -> %8" PRId64 " %+8" PRId64 "\n", row->name,
				row->count[0][EXPLAIN_INSTRUCTIONS],
				row->count[1][EXPLAIN_INSTRUCTIONS], row->change);
		else
			fprintf(printer->out, "  %-32s %8" PRId64 "\n", row->name,
				row->count[0][EXPLAIN_INSTRUCTIONS]);
	}
	adds_up_format(printer, text, sizeof(text));
	fprintf(printer->out, "  %s\n\n", text);
}

/* A grid as a table of GitHub's Markdown. */
static void markdown_grid(const struct printer *printer, const struct grid *grid)
{
	size_t nr_rows = grid_nr_rows(grid);

	for (size_t row = 0; row < nr_rows; row++) {
		fputc('|', printer->out);
		for (size_t column = 0; column < grid->nr_columns; column++)
			fprintf(printer->out, " %s |",
				grid->cells[row * grid->nr_columns + column]);
		fputc('\n', printer->out);
		for (size_t column = 0; !row && column < grid->nr_columns; column++)
			fprintf(printer->out, "%s%s", column ? "" : "|",
				grid->align[column] == 'l' ? ":--|" : "--:|");
		if (!row)
			fputc('\n', printer->out);
	}
}

static void markdown_print(const struct printer *printer)
{
	char text[512];
	struct grid grid;

	heading_format(printer, text, sizeof(text));
	fprintf(printer->out, "### `%s`\n\n", text);
	paths_grid(printer, &grid);
	markdown_grid(printer, &grid);
	grid_free(&grid);
	fputc('\n', printer->out);
	functions_grid(printer, &grid);
	markdown_grid(printer, &grid);
	grid_free(&grid);
	adds_up_format(printer, text, sizeof(text));
	fprintf(printer->out, "\n%s\n\n", text);
}

static json_t *counts_json(const struct printer *printer, const int64_t *const *count)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < NR_EXPLAIN; i++) {
		json_t *sides = json_object();

		json_object_set_new(sides, "base", json_integer(count[0][i]));
		if (paired(printer))
			json_object_set_new(sides, "new", json_integer(count[1][i]));
		json_object_set_new(object, explain_names[i], sides);
	}
	return object;
}

static json_t *item_json(const struct printer *printer)
{
	json_t *object = json_object(), *paths = json_object(), *functions = json_array(),
	       *adds = json_object();
	const struct explained *explained = &printer->explained;
	double value[2], grain;

	json_object_set_new(object, "key", json_string(printer->item->base->key));
	json_object_set_new(object, "metric", json_string(metric_names[printer->item->metric]));
	for (unsigned int i = 0; i < NR_PATHS; i++) {
		json_t *sides = json_object();

		json_object_set_new(sides, "base", json_integer(explained->side[0]->path[i]));
		if (paired(printer))
			json_object_set_new(sides, "new",
					    json_integer(explained->side[1]->path[i]));
		json_object_set_new(paths, explain_path_names[i], sides);
	}
	json_object_set_new(object, "paths", paths);
	for (size_t i = 0; i < explained->nr; i++) {
		json_t *function = counts_json(printer, explained->rows[i].count);

		json_object_set_new(function, "name", json_string(explained->rows[i].name));
		json_array_append_new(functions, function);
	}
	json_object_set_new(object, "functions", functions);
	json_object_set_new(adds, "counted",
			    json_integer(paired(printer) ? total(printer, 1) - total(printer, 0)
							 : total(printer, 0)));
	if (compared(printer, value, &grain)) {
		json_object_set_new(adds, "compared",
				    json_real(paired(printer) ? value[1] - value[0] : value[0]));
		json_object_set_new(adds, "grain", json_real(grain));
	}
	json_object_set_new(object, "adds_up", adds);
	return object;
}

/* Stacks of both sides by name. */
struct folded {
	char *frames;
	int64_t count[2];
};

static int compare_folded(const void *a, const void *b)
{
	return strcmp(((const struct folded *)a)->frames, ((const struct folded *)b)->frames);
}

/*
 * What the empty call took off more than a stack had goes off its caller: a flame has no negative
 * width, and the sum stays.
 */
static void folded_lend(struct folded *list, size_t nr)
{
	for (size_t i = nr; i-- > 0;) {
		for (size_t side = 0; side < 2; side++) {
			char *frames = list[i].frames, *end = strrchr(frames, ';');
			int64_t owed = list[i].count[side];

			if (owed >= 0 || !end)
				continue;
			*end = '\0';
			for (size_t j = 0; j < nr && owed < 0; j++) {
				if (j == i || strcmp(list[j].frames, frames))
					continue;
				list[j].count[side] += owed;
				list[i].count[side] = owed = 0;
			}
			*end = ';';
		}
	}
}

static void folded_print(const struct printer *printer, bool several)
{
	const struct explain_section *const *side = printer->explained.side;
	size_t room = side[0]->nr_stacks + (side[1] ? side[1]->nr_stacks : 0), nr = 0;
	autofree struct folded *list = calloc(room + 1, sizeof(*list));

	for (size_t i = 0; i < (paired(printer) ? 2 : 1); i++)
		for (size_t j = 0; j < side[i]->nr_stacks; j++) {
			list[nr].frames = side[i]->stacks[j].frames;
			list[nr++].count[i] = side[i]->stacks[j].instructions;
		}
	qsort(list, nr, sizeof(*list), compare_folded);
	room = nr;
	nr = 0;
	for (size_t i = 0; i < room; i++) {
		if (nr && !strcmp(list[nr - 1].frames, list[i].frames)) {
			list[nr - 1].count[0] += list[i].count[0];
			list[nr - 1].count[1] += list[i].count[1];
			continue;
		}
		list[nr++] = list[i];
	}
	folded_lend(list, nr);
	for (size_t i = 0; i < nr; i++) {
		if (!list[i].count[0] && !list[i].count[1])
			continue;
		if (several)
			fprintf(printer->out, "%s %s;", printer->item->base->key,
				metric_names[printer->item->metric]);
		fprintf(printer->out, "%s %" PRId64, list[i].frames, list[i].count[0]);
		if (paired(printer))
			fprintf(printer->out, " %" PRId64, list[i].count[1]);
		fputc('\n', printer->out);
	}
}

void explain_print(FILE *out, const struct look *look, enum explain_format format,
		   const struct results *base, const struct results *new,
		   const struct explain_item *items, size_t nr)
{
	struct printer printer = { .out = out, .look = look, .results = { base, new } };
	const char *labels[2] = { label(&printer, 0), new ? label(&printer, 1) : NULL };
	json_t *root = json_object(), *cases = json_array(), *names = json_object();

	if (format == EXPLAIN_TEXT)
		look_wrap(look, out, 0, 0, lane), fputc('\n', out);
	for (size_t i = 0; i < nr; i++) {
		const char *whose, *why = why_not(&items[i], labels, &whose);

		printer.item = &items[i];
		if (why) {
			if (format == EXPLAIN_TEXT || format == EXPLAIN_MARKDOWN)
				fprintf(out, "%s, %s: not explained: %s: %s\n\n",
					items[i].base->key, metric_names[items[i].metric], whose,
					why);
			continue;
		}
		explained_find(&printer.explained, explain_of(items[i].base, items[i].metric),
			       new ? explain_of(items[i].new, items[i].metric) : NULL);
		if (format == EXPLAIN_TEXT)
			text_print(&printer);
		else if (format == EXPLAIN_COMMIT)
			commit_print(&printer);
		else if (format == EXPLAIN_MARKDOWN)
			markdown_print(&printer);
		else if (format == EXPLAIN_JSON)
			json_array_append_new(cases, item_json(&printer));
		else
			folded_print(&printer, nr > 1);
		explained_free(&printer.explained);
	}
	json_object_set_new(root, "schema", json_string("urn:pinbench:explanation:1"));
	json_object_set_new(names, "base", json_string(labels[0]));
	if (new)
		json_object_set_new(names, "new", json_string(labels[1]));
	json_object_set_new(root, "labels", names);
	json_object_set_new(root, "cases", cases);
	if (format == EXPLAIN_JSON) {
		json_dumpf(root, out, JSON_INDENT(1));
		fputc('\n', out);
	}
	json_decref(root);
}

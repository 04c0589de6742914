// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "print/commit.h"
#include "print/heading.h"

#define MAX_NAME   26u
#define ROW_INDENT 4u /* of rows, beyond the indent of all lines */

enum column { NAME, BASE, NEW, CHANGE, VERDICT, INTERVAL, NR_COLUMNS };

/* Widths of the columns; 0: the column is left out. */
struct layout {
	size_t width[NR_COLUMNS];
	struct compare_names names;
};

/* "tail n=16"; what the key says beyond that, too. */
static void one_name_format(const struct result *result, char *text, size_t size)
{
	char extras[64], pages[24];

	extras_format(result->key, extras, sizeof(extras));
	pages_format(result, pages, sizeof(pages));
	snprintf(text, size, "%s%s%s%s%s", result->params.window, *pages ? " n=" : "", pages,
		 *extras ? " " : "", extras);
}

/* Of both sides where they are not the same. */
static void name_format(const struct row *row, char *text, size_t size)
{
	char name[2][160];

	one_name_format(row->base, name[0], sizeof(name[0]));
	one_name_format(row->new, name[1], sizeof(name[1]));
	snprintf(text, size, strcmp(name[0], name[1]) ? "%s -> %s" : "%s", name[0], name[1]);
}

static void widen(size_t *width, const char *text)
{
	size_t length = strlen(text);

	*width = length > *width ? length : *width;
}

static size_t total(const struct layout *layout)
{
	size_t sum = LINES_INDENT + ROW_INDENT;

	for (size_t i = 0; i < NR_COLUMNS; i++)
		sum += layout->width[i] ? layout->width[i] + 2 : 0;
	return sum - 2;
}

static struct layout layout_of(const struct sections *sections, struct compare_names names)
{
	struct layout layout = {
		.width = { [CHANGE] = strlen("change"), [VERDICT] = strlen("verdict") },
		.names = names,
	};

	text_ascii(layout.names.base);
	text_ascii(layout.names.new);
	widen(&layout.width[BASE], layout.names.base);
	widen(&layout.width[NEW], layout.names.new);
	for (size_t i = 0; i < sections->nr; i++) {
		const struct section *section = &sections->items[i];

		for (size_t j = 0; j < section->nr; j++) {
			struct row_cells cells;
			char name[330];

			name_format(section->rows[j], name, sizeof(name));
			widen(&layout.width[NAME], "all");
			row_cells(section->rows[j], &section->unit, &cells);
			if (strlen(name) <= MAX_NAME)
				widen(&layout.width[NAME], name);
			widen(&layout.width[BASE], cells.value[0]);
			widen(&layout.width[NEW], cells.value[1]);
			widen(&layout.width[CHANGE], cells.change);
			widen(&layout.width[INTERVAL], cells.interval);
		}
	}
	if (layout.width[INTERVAL])
		widen(&layout.width[INTERVAL], "interval");
	if (total(&layout) > LINES_COLUMNS)
		layout.width[INTERVAL] = 0;
	if (total(&layout) > LINES_COLUMNS)
		layout.width[NAME] -= total(&layout) - LINES_COLUMNS;
	return layout;
}

static void put_cells(struct lines *lines, const struct layout *layout, const char *const *cells)
{
	char line[256] = "";

	for (size_t i = 0; i < NR_COLUMNS; i++) {
		bool left = i == NAME || i == INTERVAL || i == VERDICT;
		size_t used = strlen(line);

		if (layout->width[i])
			snprintf(line + used, sizeof(line) - used, "%s%*s", used ? "  " : "",
				 left ? -(int)layout->width[i] : (int)layout->width[i], cells[i]);
	}
	lines_put(lines, ROW_INDENT, line);
}

/* "cycle in us, lower is better" */
static void put_title(struct lines *lines, const struct section *section)
{
	const struct row *row = section->rows[0];
	const char *unit = row->kind == ROW_RATE    ? " in %, change in points"
			   : row->kind == ROW_COUNT ? ", exact"
						    : section->unit.name;
	int direction = row_direction(row);
	char line[160];

	snprintf(line, sizeof(line), "%s%s%s%s", row_label(row),
		 row->kind == ROW_TIME || row->kind == ROW_TAIL ? " in " : "", unit,
		 direction < 0   ? ", lower is better"
		 : direction > 0 ? ", higher is better"
				 : "");
	lines_put(lines, 2, line);
}

/* Exact, and the same number on both sides of every row. */
static bool all_equal(const struct section *section)
{
	for (size_t i = 0; i < section->nr; i++) {
		const struct row *row = section->rows[i];

		if (row->design != DESIGN_EXACT || row->moved ||
		    row->value[0] != section->rows[0]->value[0])
			return false;
	}
	return section->nr > 1;
}

/* @all: instead of the name of the case. */
static void put_row(struct lines *lines, const struct layout *layout, const struct section *section,
		    const struct row *row, const char *all)
{
	struct row_cells cells;
	char name[330];

	row_cells(row, &section->unit, &cells);
	name_format(row, name, sizeof(name));
	if (all)
		snprintf(name, sizeof(name), "%s", all);
	if (strlen(name) > layout->width[NAME]) {
		lines_wrap(lines, ROW_INDENT, 2, "window %s:", name);
		*name = '\0';
	}
	put_cells(lines, layout,
		  (const char *[NR_COLUMNS]){ [NAME] = name,
					      [BASE] = cells.value[0],
					      [NEW] = cells.value[1],
					      [CHANGE] = cells.change,
					      [VERDICT] = verdict_names[row->verdict],
					      [INTERVAL] = cells.interval });
}

void commit_rows(struct lines *lines, const struct sections *sections, const struct params *common,
		 struct compare_names names)
{
	struct layout layout = layout_of(sections, names);

	if (sections->nr == 0)
		return;
	put_cells(lines, &layout,
		  (const char *[NR_COLUMNS]){ [NAME] = "",
					      [BASE] = layout.names.base,
					      [NEW] = layout.names.new,
					      [CHANGE] = "change",
					      [VERDICT] = "verdict",
					      [INTERVAL] = "interval" });
	for (size_t i = 0; i < sections->nr; i++) {
		const struct section *section = &sections->items[i];
		char title[256];

		if (section->first_of_group) {
			if (i > 0)
				lines_gap(lines);
			groups_format(&section->rows[0]->base->params,
				      &section->rows[0]->new->params, common, title, sizeof(title));
			lines_wrap(lines, 0, 2, "%s", title);
		}
		put_title(lines, section);
		if (all_equal(section)) {
			put_row(lines, &layout, section, section->rows[0], "all");
			continue;
		}
		for (size_t j = 0; j < section->nr; j++)
			put_row(lines, &layout, section, section->rows[j], NULL);
	}
}

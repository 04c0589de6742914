// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/grid.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

struct look look_of(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct look look = { .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };
	struct winsize size;

	if (!isatty(fileno(out)))
		return look;
	look.colour = !(no_color && *no_color) && term && strcmp(term, "dumb");
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		look.columns = size.ws_col;
	return look;
}

const char *look_bold(const struct look *look)
{
	return look->colour ? "\033[1m" : "";
}

const char *look_dim(const struct look *look)
{
	return look->colour ? "\033[2m" : "";
}

const char *look_end(const struct look *look)
{
	return look->colour ? "\033[0m" : "";
}

void look_plain(const struct look *look, char *text)
{
	if (look->utf8)
		text_plain(text);
	else
		text_ascii(text);
}

void look_print(const struct look *look, FILE *out, const char *text)
{
	autofree char *copy = strdup(text);

	if (!copy)
		abort();
	look_plain(look, copy);
	fputs(copy, out);
}

#define WRAP_COLUMNS 100u

void look_wrap(const struct look *look, FILE *out, size_t used, size_t hang, const char *text)
{
	size_t limit = look->columns && look->columns < WRAP_COLUMNS ? look->columns : WRAP_COLUMNS;
	autofree char *copy = strdup(text);
	bool first = true;
	char *rest, *word;

	if (!copy)
		abort();
	look_plain(look, copy);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (!first && used + 1 + text_width(word) > limit) {
			fprintf(out, "\n%*s", (int)hang, "");
			used = hang;
			first = true;
		}
		fprintf(out, "%s%s", first ? "" : " ", word);
		used += text_width(word) + !first;
		first = false;
	}
	fputc('\n', out);
}

void grid_init(struct grid *grid, const struct look *look, const char *align)
{
	*grid = (struct grid){ .look = look, .align = align, .nr_columns = strlen(align) };
}

void grid_add(struct grid *grid, const char *format, ...)
{
	va_list args;
	char *cell;

	va_start(args, format);
	if (vasprintf(&cell, format, args) < 0)
		abort();
	va_end(args);
	look_plain(grid->look, cell);
	if ((grid->nr_cells & (grid->nr_cells - 1)) == 0) {
		size_t room = grid->nr_cells ? grid->nr_cells * 2 : 1;

		grid->cells = reallocarray(grid->cells, room, sizeof(*grid->cells));
		if (!grid->cells)
			abort();
	}
	grid->cells[grid->nr_cells++] = cell;
}

void grid_fill(struct grid *grid)
{
	while (grid->nr_cells % grid->nr_columns)
		grid_add(grid, "%s", "");
}

size_t grid_nr_rows(const struct grid *grid)
{
	return grid->nr_cells / grid->nr_columns;
}

/* 0 for a column that has only a heading */
static size_t column_width(const struct grid *grid, size_t column)
{
	size_t width = 0, below = 0;

	for (size_t i = column; i < grid->nr_cells; i += grid->nr_columns) {
		size_t cell = text_width(grid->cells[i]);

		width = cell > width ? cell : width;
		below += i >= grid->nr_columns ? cell : 0;
	}
	return below ? width : 0;
}

size_t grid_width(const struct grid *grid)
{
	size_t width = 0;

	for (size_t column = 0; column < grid->nr_columns; column++) {
		size_t one = column_width(grid, column);

		width += one ? one + 2 : 0;
	}
	return width > 2 ? width - 2 : 0;
}

void grid_drop(struct grid *grid, size_t column)
{
	for (size_t row = 0; row < grid_nr_rows(grid); row++)
		grid->cells[row * grid->nr_columns + column][0] = '\0';
}

void grid_print(const struct grid *grid, FILE *out, const char *indent)
{
	autofree size_t *widths = calloc(grid->nr_columns, sizeof(*widths));

	if (!widths)
		abort();
	for (size_t column = 0; column < grid->nr_columns; column++)
		widths[column] = column_width(grid, column);
	for (size_t row = 0; row < grid_nr_rows(grid); row++) {
		const char *gap = indent;
		size_t pad =
			0; /* written only when something follows: no blanks at the end of a line */

		if (row == 0)
			fputs(look_dim(grid->look), out);
		for (size_t column = 0; column < grid->nr_columns; column++) {
			const char *cell = grid->cells[row * grid->nr_columns + column];
			size_t room = widths[column] - (widths[column] ? text_width(cell) : 0);

			if (widths[column] == 0)
				continue;
			/* a number that is not known, beside others that are */
			if (!*cell && grid->align[column] == 'r') {
				cell = "-";
				room--;
			}
			if (*cell) {
				pad += grid->align[column] == 'r' ? room : 0;
				fprintf(out, "%*s%s", (int)pad, "", gap);
				fputs(cell, out);
				pad = grid->align[column] == 'r' ? 0 : room;
			} else {
				pad += strlen(gap) + room;
			}
			gap = "  ";
		}
		fprintf(out, "%s\n", row == 0 ? look_end(grid->look) : "");
	}
}

void grid_free(struct grid *grid)
{
	for (size_t i = 0; i < grid->nr_cells; i++)
		free(grid->cells[i]);
	free(grid->cells);
	*grid = (struct grid){ 0 };
}

size_t footnote(struct footnotes *notes, const char *text)
{
	if (!*text)
		return 0;
	for (size_t i = 0; i < notes->nr; i++)
		if (strcmp(notes->texts[i], text) == 0)
			return i + 1;
	notes->texts = reallocarray(notes->texts, notes->nr + 1, sizeof(*notes->texts));
	if (!notes->texts || !(notes->texts[notes->nr] = strdup(text)))
		abort();
	return ++notes->nr;
}

void footnotes_free(struct footnotes *notes)
{
	for (size_t i = 0; i < notes->nr; i++)
		free(notes->texts[i]);
	free(notes->texts);
	*notes = (struct footnotes){ 0 };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A table of text: columns as wide as their widest cell, columns with nothing below their heading
 * left out. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How the reader sees it: decided by the verb from the terminal, the locale and NO_COLOR. */
struct look {
	bool colour;
	bool utf8;
	unsigned int columns; /* of the terminal; 0: no limit */
};

struct look look_of(FILE *out);
/* Escape sequences, or "". */
const char *look_bold(const struct look *look);
const char *look_dim(const struct look *look);
const char *look_end(const struct look *look);
/* Text from a file as this look can show it, without what could steer the terminal. */
void look_plain(const struct look *look, char *text);
void look_print(const struct look *look, FILE *out, const char *text);
/*
 * A sentence on as many lines as the terminal needs, at most 100 columns wide: @used columns of the
 * first are written already, the others begin with @hang blanks. With a line break at the end.
 */
void look_wrap(const struct look *look, FILE *out, size_t used, size_t hang, const char *text);

struct grid {
	const struct look *look;
	const char *align; /* one letter a column: 'l' or 'r' */
	size_t nr_columns;
	char **cells; /* row by row; the first row is the heading */
	size_t nr_cells;
};

/* @look and @align must outlive the grid. */
void grid_init(struct grid *grid, const struct look *look, const char *align);
/* The next cell; made plain as look_print() does. */
void grid_add(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empty cells to the end of the row. */
void grid_fill(struct grid *grid);
size_t grid_nr_rows(const struct grid *grid);
/* Columns of its widest line, without an indent. */
size_t grid_width(const struct grid *grid);
/* Leaves a column out. */
void grid_drop(struct grid *grid, size_t column);
void grid_print(const struct grid *grid, FILE *out, const char *indent);
void grid_free(struct grid *grid);

/* What is said below a table: each sentence once, numbered as they are met. */

struct footnotes {
	char **texts;
	size_t nr;
};

/* The number of a sentence, from 1; 0 for an empty one. */
size_t footnote(struct footnotes *notes, const char *text);
void footnotes_free(struct footnotes *notes);

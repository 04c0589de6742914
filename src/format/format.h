/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The formats of compare, each in a file of its name. */
#include <stdio.h>

#include "compare/compare.h"
#include "compare/gate.h"
#include "print/grid.h"

struct matrix;
struct side;

/*
 * One way of writing @nr comparisons of one base. All but text write the same bytes for the same
 * files on every host and in every terminal: docs/comparison-format.md.
 */
struct format {
	const char *name; /* of --format */
	void (*print)(FILE *out, const struct look *look, const struct comparison *comparisons,
		      size_t nr, const struct compare_options *options);
	/* Several in one table; NULL: print() has them all in one document. */
	void (*matrix)(FILE *out, const struct look *look, const struct matrix *matrix,
		       const struct compare_options *options);
	/* What is in one, which was compared with itself; NULL: not in this format. */
	void (*alone)(FILE *out, const struct look *look, const struct side *side,
		      const struct comparison *itself);
};

/* Text from a file in markdown: as code, where nothing is markup, a mention or a link. */
void markdown_code(FILE *out, const char *text);

/* One line per format: its struct, at the foot of its file, is format_NAME. The first is the
 * default. */
#define FORMATS(X)  \
	X(text)     \
	X(commit)   \
	X(markdown) \
	X(csv)      \
	X(json)

#define FORMAT_DECLARE(name) extern const struct format format_##name;
FORMATS(FORMAT_DECLARE)

extern const struct format *const formats[]; /* ended by NULL */

/* What gate says: its line, and the rows that made it so, each on its own. */
void gate_print(FILE *out, const struct look *look, const struct gate *gate,
		const struct gate_options *options);

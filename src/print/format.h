/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The formats of compare. */
#include <stdio.h>

#include "print/grid.h"
#include "verdict/compare.h"
#include "verdict/gate.h"

/* One way of writing: @nr comparisons of one base. */
struct compare_printer {
	const char *name; /* of --format */
	void (*print)(FILE *out, const struct look *look, const struct comparison *comparisons,
		      size_t nr, const struct compare_options *options);
};
extern const struct compare_printer compare_printers[NR_COMPARE_FORMATS];

void compare_print_text(FILE *out, const struct look *look, const struct comparison *comparisons,
			size_t nr, const struct compare_options *options);
/*
 * The others write the same bytes for the same files on every host and in every terminal:
 * docs/comparison-format.md. For commit messages: see compare_lines.h. Tables as GitHub shows them.
 * RFC 4180, a record for each row. urn:pinbench:comparison:1.
 */
void compare_print_commit(FILE *out, const struct look *look, const struct comparison *comparisons,
			  size_t nr, const struct compare_options *options);
void compare_print_markdown(FILE *out, const struct look *look,
			    const struct comparison *comparisons, size_t nr,
			    const struct compare_options *options);
void compare_print_csv(FILE *out, const struct look *look, const struct comparison *comparisons,
		       size_t nr, const struct compare_options *options);
void compare_print_json(FILE *out, const struct look *look, const struct comparison *comparisons,
			size_t nr, const struct compare_options *options);

/* What gate says: its line, and the rows that made it so, each on its own. */
void gate_print(FILE *out, const struct look *look, const struct gate *gate,
		const struct gate_options *options);

// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gate says on a terminal or in the log of a job. */
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

#include "verdict/words.h"

#define MAX_ROWS 20u /* of each kind; the first line has the number of all */

/* @detail: 0 the change alone, 1 both values too, 2 the interval too. */
static void fill_rows(struct grid *grid, const struct gate *gate, const char *what,
		      const struct row *const *rows, size_t nr, unsigned int detail)
{
	struct compare_names names =
		compare_names(gate->comparison->base, gate->comparison->new, 20);
	const char *const heads[] = { "",        "case",   "metric",  names.base,
				      names.new, "change", "interval" };
	bool icount = gate->comparison->verdicts.icount;
	char text[80];

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		grid_add(grid, "%s", heads[i]);
	for (size_t i = 0; i < nr; i++) {
		grid_add(grid, "%s", what);
		grid_add(grid, "%s", rows[i]->base->key);
		grid_add(grid, "%s", row_label(rows[i]));
		for (size_t side = 0; side < 2; side++) {
			row_value_format(rows[i], side, icount, detail < 2, text, sizeof(text));
			grid_add(grid, "%s", detail ? text : "");
		}
		row_change_format(rows[i], text, sizeof(text));
		grid_add(grid, "%s", text);
		row_interval_format(rows[i], text, sizeof(text));
		grid_add(grid, "%s", detail > 1 ? text : "");
	}
}

/* With as much beside each name as there is room for. */
static void print_rows(FILE *out, const struct look *look, const struct gate *gate,
		       const char *what, const struct row *const *rows, size_t nr)
{
	size_t nr_shown = nr < MAX_ROWS ? nr : MAX_ROWS;

	for (unsigned int detail = 2; nr; detail--) {
		struct grid grid;
		bool fits;

		grid_init(&grid, look, "lllrrrr");
		fill_rows(&grid, gate, what, rows, nr_shown, detail);
		fits = detail == 0 || !look->columns || grid_width(&grid) + 2 <= look->columns;
		if (fits)
			grid_print(&grid, out, "  ");
		grid_free(&grid);
		if (fits)
			break;
	}
	if (nr > nr_shown)
		fprintf(out, "  ... and %zu more %s\n", nr - nr_shown, what);
}

static void print_missing(FILE *out, const struct look *look, const struct gate *gate, bool allowed)
{
	char text[1024];

	for (size_t i = 0; i < gate->nr_missing && i < MAX_ROWS; i++) {
		const struct gate_missing *missing = &gate->missing[i];

		snprintf(text, sizeof(text), "  missing%s  %.255s  %s%s%.500s",
			 allowed ? ", allowed" : "", missing->base->key,
			 missing->metric ? missing->metric
			 : !missing->new ? "not in the file"
					 : status_names[missing->new->status],
			 missing->metric                     ? " not measured"
			 : missing->new && missing->new->why ? ": "
							     : "",
			 !missing->metric && missing->new && missing->new->why ? missing->new->why
									       : "");
		look_print(look, out, text);
		fputc('\n', out);
	}
	if (gate->nr_missing > MAX_ROWS)
		fprintf(out, "  ... and %zu more missing\n", gate->nr_missing - MAX_ROWS);
}

void gate_print(FILE *out, const struct look *look, const struct gate *gate,
		const struct gate_options *options)
{
	const struct remark_list *forced = &gate->comparison->comparable.refusals;
	const struct remark_list *differences = &gate->comparison->comparable.differences;
	char line[700];

	for (size_t i = 0; i < differences->nr; i++) {
		fputs("differs: ", out);
		look_print(look, out, differences->texts[i]);
		fputc('\n', out);
	}
	snprintf(line, sizeof(line), "gate: %s", gate->text);
	look_print(look, out, line);
	fputc('\n', out);
	for (size_t i = 0; i < forced->nr; i++) {
		fputs("  compared by --force all the same: ", out);
		look_print(look, out, forced->texts[i]);
		fputc('\n', out);
	}
	print_rows(out, look, gate, "worse", gate->worse, gate->nr_worse);
	print_missing(out, look, gate, options->allow_missing);
	if (gate->outcome == GATE_UNDECIDED)
		print_rows(out, look, gate, "unsure", gate->unsure, gate->nr_unsure);
	if (gate->nr_outside)
		fprintf(out, "  not asked for, and worse: %zu row%s (pinbench compare shows %s)\n",
			gate->nr_outside, gate->nr_outside == 1 ? "" : "s",
			gate->nr_outside == 1 ? "it" : "them");
}

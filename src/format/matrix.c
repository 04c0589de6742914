// SPDX-License-Identifier: GPL-2.0-or-later
#include "format/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "format/format.h"
#include "print/command.h"
#include "verdict/words.h"

#define MANY_ROWS        100u /* of markdown */
#define MANY_COMMIT_ROWS 24u
#define COMMIT_NAME      12u /* columns of a heading in a commit message */
#define MAX_REMARKS      3u

/* --- rows --- */

/* Of several kernels the one that a reader has to see. */
static const enum verdict gravest[] = { VERDICT_WORSE,   VERDICT_MIXED,  VERDICT_MORE,
					VERDICT_DIFFERS, VERDICT_BETTER, VERDICT_FEWER,
					VERDICT_UNSURE,  VERDICT_SAME };

static enum verdict verdict_of(const struct matrix *matrix, const struct matrix_row *row)
{
	for (size_t i = 0; i < sizeof(gravest) / sizeof(gravest[0]); i++)
		for (size_t j = 0; j < matrix->nr; j++)
			if (row->rows[j] && row->rows[j]->verdict == gravest[i])
				return gravest[i];
	return VERDICT_SAME;
}

/* Stands for a row where rows are ordered, left out and given a unit. */
static struct row judged_row(const struct matrix *matrix, const struct matrix_row *row)
{
	struct row judged = *row->first;

	judged.shown = row->shown;
	judged.redundant = row->redundant;
	judged.verdict = verdict_of(matrix, row);
	for (size_t i = 0; i < matrix->nr; i++) {
		const struct row *of = row->rows[i];

		if (!of)
			continue;
		judged.control = judged.control || of->control;
		judged.value[0] = fmin(judged.value[0], fmin(of->value[0], of->value[1]));
		judged.value[1] = fmax(judged.value[1], fmax(of->value[0], of->value[1]));
	}
	return judged;
}

/* Labels that fit and differ, else "base" and numbers. */
static void name_columns(struct matrix_print *print, size_t most)
{
	const struct comparison *comparisons = print->matrix->comparisons;
	bool all = true;

	print->names = calloc(print->matrix->nr + 1, sizeof(*print->names));
	if (!print->names)
		abort();
	for (size_t i = 0; i <= print->matrix->nr; i++) {
		const char *label = i ? comparisons[i - 1].new->label : comparisons[0].base->label;

		all = all && *label && strlen(label) < sizeof(print->names[0]) &&
		      text_width(label) <= most;
		snprintf(print->names[i], sizeof(print->names[i]), "%s", label);
		for (size_t j = 0; j < i; j++)
			all = all && strcmp(print->names[j], print->names[i]);
	}
	for (size_t i = 0; !all && i <= print->matrix->nr; i++)
		snprintf(print->names[i], sizeof(print->names[i]), i ? "new %zu" : "base", i);
}

void matrix_print_init(struct matrix_print *print, const struct matrix *matrix, size_t many,
		       size_t most)
{
	const struct results **all = calloc(matrix->nr + 1, sizeof(*all));

	print->matrix = matrix;
	print->judged = matrix->comparisons[0].verdicts;
	print->judged.rows = calloc(matrix->nr_rows + 1, sizeof(*print->judged.rows));
	print->judged.nr = matrix->nr_rows;
	if (!all || !print->judged.rows)
		abort();
	for (size_t i = 0; i < matrix->nr_rows; i++)
		print->judged.rows[i] = judged_row(matrix, &matrix->rows[i]);
	all[0] = matrix->comparisons[0].base;
	for (size_t i = 0; i < matrix->nr; i++)
		all[i + 1] = matrix->comparisons[i].new;
	common_find(&print->common, all, matrix->nr + 1);
	free(all);
	sections_find(&print->sections, &print->judged, many);
	name_columns(print, most);
}

void matrix_print_free(struct matrix_print *print)
{
	sections_free(&print->sections);
	free(print->judged.rows);
	free(print->names);
}

const struct matrix_row *matrix_row_of(const struct matrix_print *print, const struct row *row)
{
	return &print->matrix->rows[row - print->judged.rows];
}

bool matrix_all_equal(const struct matrix_print *print, const struct section *section)
{
	double first = matrix_row_of(print, section->rows[0])->first->value[0];

	for (size_t i = 0; i < section->nr; i++) {
		const struct matrix_row *row = matrix_row_of(print, section->rows[i]);

		for (size_t j = 0; j < print->matrix->nr; j++) {
			const struct row *of = row->rows[j];

			if (!of || of->design != DESIGN_EXACT || of->moved || of->value[0] != first)
				return false;
		}
	}
	return section->nr > 1;
}

void matrix_tally(const struct matrix_print *print, size_t kernel, char *text, size_t size)
{
	tally_format(print->matrix->comparisons[kernel].verdicts.nr_of, text, size);
}

/* --- cells --- */

/* "cycle (us)" */
static void metric_format(const struct section *section, char *text, size_t size)
{
	const struct row *row = section->rows[0];

	snprintf(text, size, "%s%s%s%s", row_label(row), row->kind == ROW_COUNT ? "" : " (",
		 row->kind == ROW_RATE    ? "%"
		 : row->kind == ROW_COUNT ? ""
					  : section->unit.name,
		 row->kind == ROW_COUNT ? "" : ")");
}

/* "512", and what else the key says. */
static void call_format(const struct result *result, char *text, size_t size)
{
	char extras[160];

	pages_format(result, text, size);
	extras_format(result->key, extras, sizeof(extras));
	if (*extras)
		snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " " : "",
			 extras);
}

static void base_cell(const struct section *section, const struct matrix_row *row, char *text,
		      size_t size)
{
	struct row_cells cells;

	row_cells(row->first, &section->unit, &cells);
	snprintf(text, size, "%s", cells.value[0]);
}

static void group_title(const struct matrix_print *print, const struct section *section, char *text,
			size_t size)
{
	const struct row *row = section->rows[0];

	groups_format(&row->base->params, &row->new->params, &print->common, text, size);
}

static bool any_left_out(const struct matrix_print *print, char *text, size_t size)
{
	tally_format(print->sections.nr_left_out, text, size);
	return print->sections.nr_left_out_all > 0;
}

static bool has_notes(const struct matrix *matrix)
{
	for (size_t i = 0; i < matrix->nr; i++)
		if (matrix->comparisons[i].verdicts.nr_of[VERDICT_UNSURE])
			return true;
	return false;
}

static size_t nr_others(const struct matrix *matrix, size_t kernel)
{
	return matrix->comparisons[kernel].nr_others;
}

/* --- text --- */

static void add_case(struct grid *grid, const struct matrix_row *row)
{
	char text[200];

	grid_add(grid, "%s%s%s", row->base->params.window,
		 strcmp(row->first->base->params.window, row->first->new->params.window) ? " -> "
											 : "",
		 strcmp(row->first->base->params.window, row->first->new->params.window)
			 ? row->first->new->params.window
			 : "");
	call_format(row->base, text, sizeof(text));
	grid_add(grid, "%s", text);
}

static void add_kernel(struct grid *grid, const struct section *section, const struct row *row)
{
	struct row_cells cells;

	if (!row) {
		for (size_t i = 0; i < 3; i++)
			grid_add(grid, "%s", "");
		return;
	}
	row_cells(row, &section->unit, &cells);
	grid_add(grid, "%s", cells.value[1]);
	grid_add(grid, "%s", cells.change);
	grid_add(grid, "%s", verdict_names[row->verdict]);
}

/* Sections of one group; kernels @from to before @to. */
static void fill_grid(struct grid *grid, const struct matrix_print *print, size_t first, size_t end,
		      size_t from, size_t to)
{
	char text[200];

	grid_add(grid, "%s", "");
	grid_add(grid, "window");
	grid_add(grid, "per call");
	grid_add(grid, "%s", print->names[0]);
	for (size_t i = from; i < to; i++) {
		grid_add(grid, "%s", print->names[i + 1]);
		grid_add(grid, "change");
		grid_add(grid, "%s", "");
	}
	for (size_t i = first; i < end; i++) {
		const struct section *section = &print->sections.items[i];
		bool equal = matrix_all_equal(print, section);

		for (size_t j = 0; j < (equal ? 1 : section->nr); j++) {
			const struct matrix_row *row = matrix_row_of(print, section->rows[j]);

			metric_format(section, text, sizeof(text));
			grid_add(grid, "%s", j ? "" : text);
			if (equal) {
				grid_add(grid, "all");
				grid_add(grid, "%s", " ");
			} else {
				add_case(grid, row);
			}
			base_cell(section, row, text, sizeof(text));
			grid_add(grid, "%s", text);
			for (size_t k = from; k < to; k++)
				add_kernel(grid, section, row->rows[k]);
		}
	}
}

/* Three columns a kernel. */
static void grid_start(struct grid *grid, const struct look *look, char *align, size_t nr)
{
	strcpy(align, "llrr");
	for (size_t i = 0; i < nr; i++)
		strcat(align, "rrl");
	grid_init(grid, look, align);
}

static size_t group_end(const struct matrix_print *print, size_t first)
{
	size_t end = first + 1;

	while (end < print->sections.nr && !print->sections.items[end].first_of_group)
		end++;
	return end;
}

/* As many kernels side by side as every group has room for. */
static size_t nr_together(const struct matrix_print *print, size_t columns)
{
	size_t nr = print->matrix->nr;
	autofree char *align = malloc(3 * nr + 8);

	if (!align)
		abort();
	for (size_t first = 0; columns && first < print->sections.nr && nr > 1;) {
		size_t end = group_end(print, first), width = 0;

		for (size_t from = 0; from < print->matrix->nr; from += nr) {
			size_t to = from + nr < print->matrix->nr ? from + nr : print->matrix->nr;
			struct grid grid;

			grid_start(&grid, print->look, align, to - from);
			fill_grid(&grid, print, first, end, from, to);
			width = grid_width(&grid) > width ? grid_width(&grid) : width;
			grid_free(&grid);
		}
		if (width + 2 > columns)
			nr--;
		else
			first = end;
	}
	return nr;
}

static size_t nr_runs(const struct results *results)
{
	size_t most = 0;

	for (size_t i = 0; i < results->nr; i++) {
		size_t nr = result_nr_boots(&results->items[i]);

		most = nr > most ? nr : most;
	}
	return most;
}

static void add_side(struct grid *grid, const struct matrix_print *print, size_t side)
{
	const struct comparison *comparisons = print->matrix->comparisons;
	const struct results *results = side ? comparisons[side - 1].new : comparisons[0].base;
	char text[160] = "";

	fact_value(&results->environment, "kernel.release", text, sizeof(text));
	if (side)
		grid_add(grid, "new %zu", side);
	else
		grid_add(grid, "base");
	grid_add(grid, "%s", results->label);
	grid_add(grid, "%s", text);
	grid_add(grid, "%zu %s", nr_runs(results), results_run_word(results, nr_runs(results)));
	*text = '\0';
	if (side)
		matrix_tally(print, side - 1, text, sizeof(text));
	grid_add(grid, "%s%s%s", text, results->complete ? "" : " interrupted",
		 results->imported ? " imported" : "");
}

static void text_remarks(const struct matrix_print *print, size_t kernel,
			 const struct remark_list *list, const char *what)
{
	char text[RESULTS_MAX_TEXT + 256];

	for (size_t i = 0; i < list->nr; i++) {
		snprintf(text, sizeof(text), "%s: %s%s", print->names[kernel + 1], what,
			 list->texts[i]);
		look_wrap(print->look, print->out, 0, 2, text);
	}
}

static void text_head(const struct matrix_print *print)
{
	const struct matrix *matrix = print->matrix;
	struct grid grid;
	char text[512];

	grid_init(&grid, print->look, "lllll");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "label");
	grid_add(&grid, "kernel");
	grid_add(&grid, "runs");
	grid_add(&grid, "against the base");
	for (size_t i = 0; i <= matrix->nr; i++)
		add_side(&grid, print, i);
	grid_print(&grid, print->out, "");
	grid_free(&grid);
	hardware_format(matrix->comparisons[0].base, text, sizeof(text));
	if (*text) {
		fputs("base on ", print->out);
		look_print(print->look, print->out, text);
		fputc('\n', print->out);
	}
	for (size_t i = 0; i < matrix->nr; i++) {
		const struct comparison *comparison = &matrix->comparisons[i];
		size_t nr = comparison->nr_changes - comparison->nr_noise;

		text_remarks(print, i, &comparison->comparable.refusals,
			     "NOT COMPARABLE, compared by --force: ");
		text_remarks(print, i, &comparison->comparable.differences, "differs: ");
		text_remarks(print, i, &comparison->comparable.unknowns, "");
		if (nr) {
			snprintf(text, sizeof(text), "%s: %zu difference%s of the environment",
				 print->names[i + 1], nr, nr == 1 ? "" : "s");
			look_wrap(print->look, print->out, 0, 2, text);
		}
	}
	common_format(&print->common, text, sizeof(text));
	if (*text) {
		fputs("\nall cases: ", print->out);
		look_wrap(print->look, print->out, 11, 2, text);
	}
	for (size_t i = 0; i <= matrix->nr; i++) {
		const struct results *results = i ? matrix->comparisons[i - 1].new
						  : matrix->comparisons[0].base;

		if (!emulated_note(results))
			continue;
		fputs(emulated_note(results), print->out);
		break;
	}
	fputs("change: against the base; hit rates in points\n", print->out);
}

/* Whether any of these kernels has one of the rows. */
static bool any_cell(const struct matrix_print *print, size_t first, size_t end, size_t from,
		     size_t to)
{
	for (size_t i = first; i < end; i++)
		for (size_t j = 0; j < print->sections.items[i].nr; j++)
			for (size_t k = from; k < to; k++)
				if (matrix_row_of(print, print->sections.items[i].rows[j])->rows[k])
					return true;
	return false;
}

static void text_group(const struct matrix_print *print, size_t first, size_t end, size_t together)
{
	autofree char *align = malloc(3 * print->matrix->nr + 8);
	char title[256];

	if (!align)
		abort();
	group_title(print, &print->sections.items[first], title, sizeof(title));
	fputc('\n', print->out);
	if (*title) {
		fputs(look_bold(print->look), print->out);
		look_print(print->look, print->out, title);
		fprintf(print->out, "%s\n", look_end(print->look));
	}
	for (size_t from = 0; from < print->matrix->nr; from += together) {
		size_t to = from + together < print->matrix->nr ? from + together
								: print->matrix->nr;
		struct grid grid;

		if (!any_cell(print, first, end, from, to))
			continue;
		grid_start(&grid, print->look, align, to - from);
		fill_grid(&grid, print, first, end, from, to);
		grid_print(&grid, print->out, "  ");
		grid_free(&grid);
	}
}

static void text_tail(const struct matrix_print *print)
{
	bool gap = false;

	for (size_t i = 0; i < print->matrix->nr; i++) {
		size_t nr = nr_others(print->matrix, i);

		if (nr == 0)
			continue;
		fputs(gap ? "" : "\n", print->out);
		gap = true;
		fputs("not compared with ", print->out);
		look_print(print->look, print->out, print->names[i + 1]);
		fprintf(print->out, ": %zu case%s not done in both\n", nr, nr == 1 ? "" : "s");
	}
	if (print->sections.nr == 0)
		fputs("\nno case is done in both\n", print->out);
	fprintf(print->out, "\n--each: one comparison after the other, with intervals%s\n",
		has_notes(print->matrix) ? " and what would decide" : "");
}

void matrix_print_text(FILE *out, const struct look *look, const struct matrix *matrix,
		       const struct compare_options *options)
{
	struct matrix_print print = { .out = out, .look = look };
	size_t together;

	(void)options;
	matrix_print_init(&print, matrix, SIZE_MAX, 20);
	together = nr_together(&print, look->columns);
	text_head(&print);
	for (size_t first = 0, end; first < print.sections.nr; first = end) {
		end = group_end(&print, first);
		text_group(&print, first, end, together);
	}
	text_tail(&print);
	matrix_print_free(&print);
}

/* --- commit --- */

static const struct look plain_look = { .columns = 0 };

/* One letter where a word has no room. */
static const char marks[NR_VERDICTS] = {
	[VERDICT_SAME] = '=',   [VERDICT_BETTER] = 'B',  [VERDICT_WORSE] = 'W',
	[VERDICT_UNSURE] = '?', [VERDICT_DIFFERS] = 'D', [VERDICT_FEWER] = 'F',
	[VERDICT_MORE] = 'M',   [VERDICT_MIXED] = 'X'
};

static void commit_name(const struct result *result, char *text, size_t size)
{
	char call[200];

	call_format(result, call, sizeof(call));
	snprintf(text, size, "%s%s%s", result->params.window, *call ? " n=" : "", call);
	if (strlen(text) > 26)
		strcpy(text + 24, "..");
}

static void commit_fill(struct grid *grid, const struct matrix_print *print,
			const struct section *section, size_t from, size_t to)
{
	bool equal = matrix_all_equal(print, section);
	char text[512];

	for (size_t j = 0; j < (equal ? 1 : section->nr); j++) {
		const struct matrix_row *row = matrix_row_of(print, section->rows[j]);

		commit_name(row->base, text, sizeof(text));
		grid_add(grid, "%s", equal ? "all" : text);
		base_cell(section, row, text, sizeof(text));
		grid_add(grid, "%s", text);
		for (size_t k = from; k < to; k++) {
			const struct row *of = row->rows[k];
			struct row_cells cells = { .change = "" };

			if (of)
				row_cells(of, &section->unit, &cells);
			grid_add(grid, "%s", cells.value[1]);
			grid_add(grid, of ? "%s %c" : "%s%c",
				 strcmp(cells.change, "=") ? cells.change : "",
				 of ? marks[of->verdict] : ' ');
		}
	}
}

static void commit_head(struct grid *grid, const struct matrix_print *print, size_t from, size_t to)
{
	grid_add(grid, "%s", "");
	grid_add(grid, "%s", print->names[0]);
	for (size_t i = from; i < to; i++) {
		grid_add(grid, "%s", print->names[i + 1]);
		grid_add(grid, "%s", " ");
	}
}

static size_t commit_together(const struct matrix_print *print, char *align)
{
	size_t nr = print->matrix->nr;

	for (; nr > 1; nr--) {
		size_t width = 0;

		for (size_t from = 0; from < print->matrix->nr; from += nr) {
			size_t to = from + nr < print->matrix->nr ? from + nr : print->matrix->nr;
			struct grid grid;

			strcpy(align, "lr");
			for (size_t i = from; i < to; i++)
				strcat(align, "rr");
			grid_init(&grid, &plain_look, align);
			commit_head(&grid, print, from, to);
			for (size_t i = 0; i < print->sections.nr; i++)
				commit_fill(&grid, print, &print->sections.items[i], from, to);
			width = grid_width(&grid) > width ? grid_width(&grid) : width;
			grid_free(&grid);
		}
		if (width + LINES_INDENT + 4 <= LINES_COLUMNS)
			break;
	}
	return nr;
}

/* One grid for all, so that columns stand below each other; titles go between its lines. */
static void commit_sections(struct lines *lines, const struct matrix_print *print, char *align,
			    size_t from, size_t to)
{
	autofree char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	char title[256], *rest;
	struct grid grid;

	if (!out)
		abort();
	strcpy(align, "lr");
	for (size_t k = from; k < to; k++)
		strcat(align, "rr");
	grid_init(&grid, &plain_look, align);
	commit_head(&grid, print, from, to);
	for (size_t i = 0; i < print->sections.nr; i++)
		commit_fill(&grid, print, &print->sections.items[i], from, to);
	grid_print(&grid, out, "    ");
	grid_free(&grid);
	if (fclose(out))
		abort();
	rest = text;
	lines_gap(lines);
	lines_put(lines, 0, strsep(&rest, "\n"));
	for (size_t i = 0; i < print->sections.nr; i++) {
		const struct section *section = &print->sections.items[i];
		size_t nr = matrix_all_equal(print, section) ? 1 : section->nr;

		if (section->first_of_group) {
			if (i)
				lines_gap(lines);
			group_title(print, section, title, sizeof(title));
			lines_wrap(lines, 0, 2, "%s", title);
		}
		metric_format(section, title, sizeof(title));
		lines_put(lines, 2, title);
		for (size_t j = 0; j < nr && rest; j++)
			lines_put(lines, 0, strsep(&rest, "\n"));
	}
}

/* The command of the base, and those that are another one. */
static void commit_reproduction(struct lines *lines, const struct matrix *matrix)
{
	struct command base, command;

	command_of(&base, matrix->comparisons[0].base, false);
	for (size_t i = 0; i <= matrix->nr; i++) {
		const struct results *results = i ? matrix->comparisons[i - 1].new
						  : matrix->comparisons[0].base;
		char whose[48] = "";

		command_of(&command, results, false);
		if (command.nr && (i == 0 || !command_same(&base, &command))) {
			if (i)
				snprintf(whose, sizeof(whose), " new %zu", i);
			lines_wrap(lines, 0, 2, "reproduce%s (pinbench %s):", whose,
				   results->tool_version ? results->tool_version
							 : "of unknown version");
			command_put(&command, lines, 2);
		}
		command_free(&command);
	}
	command_free(&base);
}

void matrix_print_commit(FILE *out, const struct look *look, const struct matrix *matrix,
			 const struct compare_options *options)
{
	struct matrix_print print = { .out = out, .look = look };
	struct lines lines = { .out = out };
	autofree char *align = malloc(3 * matrix->nr + 8);
	char text[512];
	size_t together;

	(void)options;
	if (!align)
		abort();
	matrix_print_init(&print, matrix, MANY_COMMIT_ROWS, COMMIT_NAME);
	for (size_t i = 0; i <= matrix->nr; i++) {
		const struct results *results = i ? matrix->comparisons[i - 1].new
						  : matrix->comparisons[0].base;
		char release[128] = "", tally[160] = "";

		fact_value(&results->environment, "kernel.release", release, sizeof(release));
		if (i)
			matrix_tally(&print, i - 1, tally, sizeof(tally));
		snprintf(text, sizeof(text), i ? "new %zu" : "base", i);
		lines_wrap(&lines, 0, 6, "%-5s %.100s%s%.100s%s%s%s", text, results->label,
			   *release ? "  " : "", release, *tally ? ": " : "", tally,
			   results->complete ? "" : ", interrupted");
	}
	hardware_format(matrix->comparisons[0].base, text, sizeof(text));
	if (*text)
		lines_wrap(&lines, 0, 6, "base  on %s", text);
	for (size_t i = 0; i < matrix->nr; i++) {
		const struct comparable *comparable = &matrix->comparisons[i].comparable;
		const struct remark_list *lists[] = { &comparable->refusals,
						      &comparable->differences,
						      &comparable->unknowns };
		static const char *const what[] = { "not comparable:", "differs:", "note:" };

		for (size_t j = 0; j < 3; j++)
			for (size_t k = 0; k < lists[j]->nr && k < MAX_REMARKS; k++)
				lines_wrap(&lines, 0, 6, "new %zu %s %.160s", i + 1, what[j],
					   lists[j]->texts[k]);
	}
	common_format(&print.common, text, sizeof(text));
	if (*text)
		lines_wrap(&lines, 0, 6, "all   %s", text);
	lines_wrap(&lines, 0, 6,
		   "marks: W worse, M more, X mixed, B better, F fewer, D differs, ? unsure, = "
		   "same; change against the "
		   "base");
	together = commit_together(&print, align);
	for (size_t from = 0; from < matrix->nr; from += together)
		commit_sections(&lines, &print, align, from,
				from + together < matrix->nr ? from + together : matrix->nr);
	lines_gap(&lines);
	if (any_left_out(&print, text, sizeof(text)))
		lines_wrap(&lines, 0, 2, "not listed: %s", text);
	for (size_t i = 0; i < matrix->nr; i++)
		if (nr_others(matrix, i))
			lines_wrap(&lines, 0, 2,
				   "not compared with new %zu: %zu case%s not done "
				   "in both",
				   i + 1, nr_others(matrix, i),
				   nr_others(matrix, i) == 1 ? "" : "s");
	commit_reproduction(&lines, matrix);
	matrix_print_free(&print);
}

/* --- markdown --- */

static void markdown_cell(const struct matrix_print *print, const struct section *section,
			  const struct row *row)
{
	const char *strong = row && row->verdict == VERDICT_WORSE ? "**" : "";
	struct row_cells cells;

	if (!row) {
		fputs(" |", print->out);
		return;
	}
	row_cells(row, &section->unit, &cells);
	fprintf(print->out, " %s%s%s%s %s%s%s |", cells.value[1], *cells.change ? " (" : "",
		cells.change, *cells.change ? ")" : "", strong, verdict_names[row->verdict],
		strong);
}

static void markdown_row(const struct matrix_print *print, const struct section *section,
			 size_t nth, bool equal)
{
	const struct matrix_row *row = matrix_row_of(print, section->rows[nth]);
	char text[200];

	metric_format(section, text, sizeof(text));
	fprintf(print->out, "| %s | ", nth ? "" : text);
	if (equal) {
		fputs("all | | ", print->out);
	} else {
		markdown_code(print->out, row->base->params.window);
		fputs(" | ", print->out);
		call_format(row->base, text, sizeof(text));
		if (*text)
			markdown_code(print->out, text);
		fputs(" | ", print->out);
	}
	base_cell(section, row, text, sizeof(text));
	fprintf(print->out, "%s |", text);
	for (size_t i = 0; i < print->matrix->nr; i++)
		markdown_cell(print, section, row->rows[i]);
	fputc('\n', print->out);
}

static void markdown_head(const struct matrix_print *print)
{
	const struct matrix *matrix = print->matrix;
	char text[512];

	for (size_t i = 0; i <= matrix->nr; i++) {
		const struct results *results = i ? matrix->comparisons[i - 1].new
						  : matrix->comparisons[0].base;

		fprintf(print->out, i ? "- new %zu " : "- base ", i);
		markdown_code(print->out, results->label);
		if (fact_value(&results->environment, "kernel.release", text, sizeof(text))) {
			fputs(", kernel ", print->out);
			markdown_code(print->out, text);
		}
		fputs(results->complete ? "" : ", interrupted", print->out);
		if (i) {
			matrix_tally(print, i - 1, text, sizeof(text));
			fprintf(print->out, ": **%s**", text);
		}
		fputc('\n', print->out);
	}
	hardware_format(matrix->comparisons[0].base, text, sizeof(text));
	if (*text) {
		fputs("- base on ", print->out);
		markdown_code(print->out, text);
		fputc('\n', print->out);
	}
	for (size_t i = 0; i < matrix->nr; i++) {
		const struct comparable *comparable = &matrix->comparisons[i].comparable;
		const struct remark_list *lists[] = { &comparable->refusals,
						      &comparable->differences,
						      &comparable->unknowns };
		static const char *const what[] = { "**not comparable**:", "**differs**:",
						    "note:" };

		for (size_t j = 0; j < 3; j++) {
			for (size_t k = 0; k < lists[j]->nr; k++) {
				fprintf(print->out, "- new %zu %s ", i + 1, what[j]);
				markdown_code(print->out, lists[j]->texts[k]);
				fputc('\n', print->out);
			}
		}
	}
	common_format(&print->common, text, sizeof(text));
	if (*text) {
		fputs("- all cases: ", print->out);
		markdown_code(print->out, text);
		fputc('\n', print->out);
	}
}

static void markdown_group(const struct matrix_print *print, const struct section *section)
{
	char title[256];

	group_title(print, section, title, sizeof(title));
	fputc('\n', print->out);
	if (*title) {
		markdown_code(print->out, title);
		fputs("\n\n", print->out);
	}
	fputs("| | window | per call |", print->out);
	for (size_t i = 0; i <= print->matrix->nr; i++) {
		fputc(' ', print->out);
		markdown_code(print->out, print->names[i]);
		fputs(" |", print->out);
	}
	fputs("\n|:--|:--|--:|", print->out);
	for (size_t i = 0; i <= print->matrix->nr; i++)
		fputs("--:|", print->out);
	fputc('\n', print->out);
}

void matrix_print_markdown(FILE *out, const struct look *look, const struct matrix *matrix,
			   const struct compare_options *options)
{
	struct matrix_print print = { .out = out, .look = look };
	char text[200];

	(void)options;
	matrix_print_init(&print, matrix, MANY_ROWS, 20);
	markdown_head(&print);
	for (size_t i = 0; i < print.sections.nr; i++) {
		const struct section *section = &print.sections.items[i];
		bool equal = matrix_all_equal(&print, section);

		if (section->first_of_group)
			markdown_group(&print, section);
		for (size_t j = 0; j < (equal ? 1 : section->nr); j++)
			markdown_row(&print, section, j, equal);
	}
	if (any_left_out(&print, text, sizeof(text)))
		fprintf(out, "\nnot listed: %s\n", text);
	for (size_t i = 0; i < matrix->nr; i++)
		if (nr_others(matrix, i))
			fprintf(out, "\nnot compared with new %zu: %zu case%s not done in both\n",
				i + 1, nr_others(matrix, i), nr_others(matrix, i) == 1 ? "" : "s");
	matrix_print_free(&print);
}

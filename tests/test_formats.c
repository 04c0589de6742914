// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines that git leaves alone, rows in the order of reading, numbers that are known or absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "print/command.h"
#include "print/fields.h"
#include "print/heading.h"

static char *text;
static size_t size;
static struct lines lines;

static int open_lines(void **state)
{
	(void)state;
	lines = (struct lines){ .out = open_memstream(&text, &size) };
	return lines.out ? 0 : -1;
}

static int close_lines(void **state)
{
	(void)state;
	if (lines.out)
		fclose(lines.out);
	free(text);
	return 0;
}

static void assert_lines(const char *expected)
{
	fflush(lines.out);
	assert_string_equal(text, expected);
}

static void test_put(void **state)
{
	char longest[301];

	(void)state;
	lines_gap(&lines);
	lines_put(&lines, 0, "a");
	lines_put(&lines, 0, "");
	lines_put(&lines, 0, "   ");
	lines_gap(&lines);
	lines_gap(&lines);
	lines_put(&lines, 2, "  b \xc2\xb1 \xc3\xa9 \t  ");
	lines_put(&lines, 0, "#x");
	lines_put(&lines, 0, "  ---");
	lines_put(&lines, 0, "--");
	lines_put(&lines, 0, "-- >8 8< --");
	lines_put(&lines, 0, "-k x");
	lines_put(&lines, 0, "diff x");
	lines_put(&lines, 0, "different");
	memset(longest, 'x', 300);
	longest[300] = '\0';
	lines_put(&lines, 0, longest);
	lines_gap(&lines);
	assert_lines(
		"  a\n\n      b +- ? ?\n  ?x\n    ?--\n  ?-\n  ?- ?8 8? --\n  -k x\n  ?iff x\n  "
		"different\n"
		"  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..\n");
}

static void test_wrap(void **state)
{
	(void)state;
	lines_wrap(&lines, 0, 4, "%s",
		   "ten ten te ten ten ten ten ten ten ten ten ten ten ten ten ten ten ten ten ten "
		   "ten");
	lines_wrap(&lines, 2, 0, "%072d-%05d", 0, 1);
	lines_wrap(&lines, 0, 2, "a\nb");
	assert_lines("  ten ten te ten ten ten ten ten ten ten ten ten ten ten ten ten ten ten\n"
		     "      ten ten ten\n"
		     "    00000000000000000000000000000000000000000000000000000000000000000000000\n"
		     "    0-00001\n"
		     "  a?b\n");
}

static void put_command(unsigned int max_lines, const char *const *words)
{
	size_t nr = 0;

	while (words[nr])
		nr++;
	lines_command(&lines, 0, words, nr, max_lines);
}

static void test_command(void **state)
{
	(void)state;
	put_command(6, (const char *const[]){ "pinbench", "run", "-c", "it's", "", "a b", "--",
					      "#x", "*", NULL });
	put_command(6, (const char *const[]){ "pinbench", "vm", "--kernel",
					      "base=/home/somebody/some/where/bzImage", "--kernel",
					      "new=/home/somebody/some/where/else/bzImage", "--",
					      "run", NULL });
	put_command(2, (const char *const[]){ "a123456789a123456789a123456789a123456789",
					      "b123456789b123456789b123456789b123456789",
					      "c123456789c123456789c123456789c123456789", NULL });
	put_command(1, (const char *const[]){ "/an/absolute/path/that/is/much/too/long/to/be/read/"
					      "or/typed/by/anybody/bzImage",
					      NULL });
	assert_lines("  pinbench run -c 'it'\\''s' '' 'a b' -- '#x' '*'\n"
		     "  pinbench vm --kernel base=/home/somebody/some/where/bzImage \\\n"
		     "    --kernel new=/home/somebody/some/where/else/bzImage -- run\n"
		     "  a123456789a123456789a123456789a123456789 \\\n"
		     "    b123456789b123456789b123456789b123456789 ...\n"
		     "  /an/absolute/path/th.../typed/by/anybody/bzImage\n");
}

/* A report with cases named by window, and rows on them. */
struct rows {
	struct results results;
	struct verdicts verdicts;
};

static struct row *add_row(struct rows *rows, const char *layout, const char *window,
			   enum row_kind kind, enum verdict verdict)
{
	struct result *result = results_add(&rows->results, window);
	struct row *row = &rows->verdicts.rows[rows->verdicts.nr++];

	strcpy(result->params.pinner, "p");
	strcpy(result->params.layout, layout);
	strcpy(result->params.state, "s");
	strcpy(result->params.access, "read");
	strcpy(result->params.window, window);
	*row = (struct row){
		.kind = kind,
		.which = kind == ROW_TIME ? METRIC_PIN : 0,
		.design = DESIGN_EXACT,
		.nr = { 1, 1 },
		.value = { 1000, 1000 },
		.verdict = verdict,
		.shown = true,
	};
	return row;
}

static void start_rows(struct rows *rows)
{
	*rows = (struct rows){ .verdicts = { .rows = calloc(64, sizeof(struct row)) } };
	assert_non_null(rows->verdicts.rows);
}

/* results_add() moves the results: the rows are tied to them when all are there. */
static void tie_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->verdicts.nr; i++)
		rows->verdicts.rows[i].base = rows->verdicts.rows[i].new = &rows->results.items[i];
}

static void assert_order(const struct sections *sections, const char *order)
{
	char have[256] = "";

	for (size_t i = 0; i < sections->nr; i++) {
		strcat(have, sections->items[i].first_of_group ? " |" : " /");
		for (size_t j = 0; j < sections->items[i].nr; j++) {
			strcat(have, " ");
			strcat(have, sections->items[i].rows[j]->base->params.window);
		}
	}
	assert_string_equal(have, order);
}

static void test_sections(void **state)
{
	struct sections sections;
	struct rows rows;

	(void)state;
	start_rows(&rows);
	add_row(&rows, "same", "a", ROW_TIME, VERDICT_SAME);
	add_row(&rows, "better", "b", ROW_TIME, VERDICT_SAME)->control = true;
	add_row(&rows, "worse", "c", ROW_TIME, VERDICT_BETTER);
	add_row(&rows, "worse", "d", ROW_TIME, VERDICT_UNSURE);
	add_row(&rows, "better", "e", ROW_TIME, VERDICT_BETTER);
	add_row(&rows, "worse", "f", ROW_TIME, VERDICT_WORSE);
	add_row(&rows, "worse", "g", ROW_RATE, VERDICT_SAME);
	add_row(&rows, "same", "h", ROW_COUNT, VERDICT_SAME);
	add_row(&rows, "worse", "i", ROW_COUNT, VERDICT_DIFFERS)->redundant = true;
	add_row(&rows, "worse", "j", ROW_COUNT, VERDICT_BETTER)->shown = false;
	tie_rows(&rows);
	sections_find(&sections, &rows.verdicts, 8);
	assert_order(&sections, " | g / f c d | b e | h / a");
	assert_int_equal(sections.nr_rows, 8);
	assert_int_equal(sections.nr_of[VERDICT_SAME], 4);
	assert_int_equal(sections.nr_of[VERDICT_WORSE], 1);
	assert_int_equal(sections.nr_left_out_all, 0);
	sections_free(&sections);
	sections_find(&sections, &rows.verdicts, 7);
	assert_order(&sections, " | f c | b e");
	assert_int_equal(sections.nr_of[VERDICT_SAME], 4);
	assert_int_equal(sections.nr_left_out[VERDICT_SAME], 3);
	assert_int_equal(sections.nr_left_out[VERDICT_UNSURE], 1);
	assert_int_equal(sections.nr_left_out_all, 4);
	sections_free(&sections);
	rows.verdicts.nr = 0;
	sections_find(&sections, &rows.verdicts, 7);
	assert_int_equal(sections.nr, 0);
	sections_free(&sections);
	free(rows.verdicts.rows);
	results_free(&rows.results);
}

/* One unit for all rows of a section, in which the smallest still has digits. */
static void test_units(void **state)
{
	struct sections sections;
	struct row_cells cells;
	struct rows rows;

	(void)state;
	start_rows(&rows);
	*add_row(&rows, "l", "a", ROW_TIME, VERDICT_SAME)->value = 512;
	*add_row(&rows, "l", "b", ROW_TIME, VERDICT_SAME)->value = 30000000;
	tie_rows(&rows);
	sections_find(&sections, &rows.verdicts, 8);
	assert_string_equal(sections.items[0].unit.name, "us");
	row_cells(sections.items[0].rows[0], &sections.items[0].unit, &cells);
	assert_string_equal(cells.value[0], "0.512");
	assert_string_equal(cells.value[1], "1.000");
	row_cells(sections.items[0].rows[1], &sections.items[0].unit, &cells);
	assert_string_equal(cells.value[0], "30000");
	sections_free(&sections);
	free(rows.verdicts.rows);
	results_free(&rows.results);
}

static void cells_of(struct row *row, const char *change, const char *interval)
{
	struct row_cells cells;
	struct unit unit = { "us", 1e3 };

	row_cells(row, &unit, &cells);
	assert_string_equal(cells.change, change);
	assert_string_equal(cells.interval, interval);
}

static void test_cells(void **state)
{
	struct row row = {
		.kind = ROW_TIME,
		.design = DESIGN_PAIRS,
		.nr = { 6, 6 },
		.value = { 1000, 1013 },
		.change_known = true,
		.change = 0.0134,
		.interval = { -0.00004, 0.0291 },
	};

	(void)state;
	cells_of(&row, "+1.3%", "[0, +2.9]");
	row.interval.high = INFINITY;
	cells_of(&row, "+1.3%", "");
	row.change = -0.00126;
	row.interval = (struct interval){ -0.5, 123.4 };
	cells_of(&row, "-0.13%", "[-50.0, +12340]");
	row.note = NOTE_NO_REPLICATION;
	cells_of(&row, "-0.13%", "");
	row.change_known = false;
	cells_of(&row, "", "");
	row = (struct row){ .kind = ROW_RATE,
			    .design = DESIGN_EXACT,
			    .value = { 0.0625, 1 },
			    .change_known = true,
			    .interval = { 0.9375, 0.9375 } };
	cells_of(&row, "+93.75", "");
	row.value[0] = 1;
	cells_of(&row, "=", "");
	row = (struct row){ .kind = ROW_COUNT, .design = DESIGN_EXACT, .value = { 16, 1 } };
	cells_of(&row, "-15", "");
}

/* What is not known is NAN, never 0 and never infinite. */
static void test_numbers(void **state)
{
	struct row row = {
		.kind = ROW_TIME,
		.design = DESIGN_PAIRS,
		.nr = { 6, 1 },
		.nr_measured = { 6, 1 },
		.value = { 1e15 + 0.5, 3 },
		.spread = { 0.01, 0 },
		.change_known = true,
		.change = 1 / 3.0,
		.interval = { -INFINITY, 0.5 },
		.p = 0.25,
		.alpha = 0.05,
	};
	struct row_numbers numbers = row_numbers(&row);

	(void)state;
	assert_true(numbers.value[0] == 1e15 + 0.5 && numbers.value[1] == 3);
	assert_true(numbers.spread[0] == 0.01 && isnan(numbers.spread[1]));
	assert_true(numbers.change == 0.333333333);
	assert_true(isnan(numbers.low) && numbers.high == 0.5);
	assert_true(numbers.p == 0.25 && numbers.alpha == 0.05);
	row.alpha = 0;
	row.nr_measured[1] = 0;
	row.change_known = false;
	numbers = row_numbers(&row);
	assert_true(isnan(numbers.p) && isnan(numbers.alpha) && isnan(numbers.value[1]) &&
		    isnan(numbers.change));
	row = (struct row){ .kind = ROW_COUNT,
			    .design = DESIGN_EXACT,
			    .nr = { 1, 1 },
			    .value = { 0, 2 },
			    .change = INFINITY,
			    .interval = { INFINITY, INFINITY } };
	numbers = row_numbers(&row);
	assert_true(numbers.value[0] == 0 && numbers.value[1] == 2 && isnan(numbers.spread[0]));
	assert_true(isnan(numbers.change) && isnan(numbers.low) && isnan(numbers.p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, open_lines, close_lines),
		cmocka_unit_test_setup_teardown(test_wrap, open_lines, close_lines),
		cmocka_unit_test_setup_teardown(test_command, open_lines, close_lines),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}

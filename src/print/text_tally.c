// SPDX-License-Identifier: GPL-2.0-or-later
/* How the table came out, before the table: how many rows of each verdict, by which rule, and each
 * row that got worse. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "print/heading.h"
#include "print/text_rows.h"

#define MAX_WORSE 20u /* the largest; the rest is only counted here, and marked in the tables */

static void subtract(size_t to[NR_VERDICTS], const struct verdicts *verdicts)
{
	for (size_t i = 0; i < NR_VERDICTS; i++)
		to[i] = verdicts->nr_of[i] - verdicts->nr_exact_of[i];
}

static size_t sum(const size_t nr_of[NR_VERDICTS])
{
	size_t nr = 0;

	for (size_t i = 0; i < NR_VERDICTS; i++)
		nr += nr_of[i];
	return nr;
}

static void print_line(const struct text_print *print, const char *what,
		       const size_t nr_of[NR_VERDICTS])
{
	char text[160];

	if (sum(nr_of) == 0)
		return;
	tally_format(nr_of, text, sizeof(text));
	fprintf(print->out, "%s%s%s: ", look_bold(print->look), what, look_end(print->look));
	look_wrap(print->look, print->out, strlen(what) + 2, 2, text);
}

static void print_rule(const struct text_print *print, size_t nr_rows)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	char text[400], threshold[32], level[32];

	percent_format(verdicts->rule.threshold, threshold, sizeof(threshold));
	percent_format(verdicts->rule.level, level, sizeof(level));
	if (verdicts->icount)
		snprintf(text, sizeof(text),
			 "changed: each of %u or more seeds moves the same way by more than %u "
			 "clock ticks "
			 "and by %g %%%s; same: every seed within %s; unsure: the rest",
			 RULE_ICOUNT_SEEDS, RULE_ICOUNT_TICKS, RULE_ICOUNT_PART * 100,
			 verdicts->rule.threshold_given ? ", and one beyond the threshold" : "",
			 threshold);
	else
		snprintf(text, sizeof(text),
			 "%zu row%s, intervals of %s adjusted over %s (Holm); same: the interval "
			 "is within "
			 "%s; better, worse: it excludes 0",
			 nr_rows, nr_rows == 1 ? "" : "s", level, nr_rows == 1 ? "it" : "them",
			 threshold);
	fputs("  ", print->out);
	look_wrap(print->look, print->out, 2, 2, text);
}

/* What keeps the whole table from saying more. */
static void print_missing(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	char text[400];

	for (size_t i = 0; verdicts->need && i < verdicts->nr; i++) {
		if (verdicts->rows[i].note != NOTE_TOO_FEW)
			continue;
		row_note(&verdicts->rows[i], verdicts, text, sizeof(text));
		fputs("  ", print->out);
		look_wrap(print->look, print->out, 2, 2, text);
		break;
	}
	if (!verdicts->rule.tails)
		return;
	if (verdicts->icount)
		snprintf(text, sizeof(text),
			 "p99: not of instructions, which have no tail but that of the placement");
	else if (verdicts->no_tail.nr_rows)
		snprintf(text, sizeof(text),
			 "p99: missing in %zu row%s: every run needs %u samples (fewest: %zu), "
			 "each side %u "
			 "runs (fewest: %zu)",
			 verdicts->no_tail.nr_rows, verdicts->no_tail.nr_rows == 1 ? "" : "s",
			 RULE_TAIL_SAMPLES, verdicts->no_tail.samples, RULE_TAIL_RUNS,
			 verdicts->no_tail.runs);
	else
		return;
	fputs("  ", print->out);
	look_wrap(print->look, print->out, 2, 2, text);
}

static void add_worse(struct grid *grid, const struct text_print *print, const struct row *row,
		      unsigned int detail)
{
	bool icount = print->comparison->verdicts.icount;
	char text[256];

	grid_add(grid, "%s", row_label(row));
	groups_format(&row->base->params, &row->new->params, &print->common, text, sizeof(text));
	grid_add(grid, "%s", text);
	grid_add(grid, "%s", row->base->params.window);
	pages_format(row->base, text, sizeof(text));
	grid_add(grid, *text ? "n=%s" : "%s", text);
	extras_format(row->base->key, text, sizeof(text));
	grid_add(grid, "%s", text);
	for (size_t side = 0; side < 2; side++) {
		row_value_format(row, side, icount, detail < 2, text, sizeof(text));
		grid_add(grid, "%s", detail ? text : "");
	}
	row_change_format(row, text, sizeof(text));
	grid_add(grid, "%s", text);
	row_interval_format(row, text, sizeof(text));
	grid_add(grid, "%s", detail > 2 ? text : "");
}

/* With as much beside each name as there is room for. */
static void print_list(const struct text_print *print, const struct row *const *rows, size_t nr)
{
	const char *names[] = {
		"",       "",        "", "", "", print->style.names.base, print->style.names.new,
		"change", "interval"
	};

	for (unsigned int detail = 3;; detail--) {
		struct grid grid;

		grid_init(&grid, print->look, "lllllrrrr");
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			grid_add(&grid, "%s", names[i]);
		for (size_t i = 0; i < nr; i++)
			add_worse(&grid, print, rows[i], detail);
		if (detail == 0 || !print->look->columns ||
		    grid_width(&grid) + 2 <= print->look->columns) {
			grid_print(&grid, print->out, "  ");
			grid_free(&grid);
			return;
		}
		grid_free(&grid);
	}
}

static void print_worse(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	autofree const struct row **worse = calloc(verdicts->nr + 1, sizeof(*worse));
	size_t nr = 0, nr_shown;

	if (!worse)
		abort();
	for (size_t i = 0; i < verdicts->nr; i++)
		if (verdicts->rows[i].verdict == VERDICT_WORSE && !verdicts->rows[i].redundant)
			worse[nr++] = &verdicts->rows[i];
	if (nr == 0)
		return;
	qsort(worse, nr, sizeof(*worse), row_compare_change);
	nr_shown = nr < MAX_WORSE ? nr : MAX_WORSE;
	fprintf(print->out, "\n%sgot worse%s\n", look_bold(print->look), look_end(print->look));
	print_list(print, worse, nr_shown);
	if (nr_shown < nr)
		fprintf(print->out, "  and %zu more that changed less, in the tables below\n",
			nr - nr_shown);
}

static size_t nr_shown(const struct verdicts *verdicts, size_t *nr_all)
{
	size_t nr = 0;

	*nr_all = 0;
	for (size_t i = 0; i < verdicts->nr; i++) {
		*nr_all += !verdicts->rows[i].redundant;
		nr += !verdicts->rows[i].redundant && verdicts->rows[i].shown;
	}
	return nr;
}

void compare_print_tally(const struct text_print *print, const struct compare_options *options)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	size_t times[NR_VERDICTS], nr, nr_all;
	char text[400];

	subtract(times, verdicts);
	fputc('\n', print->out);
	print_line(print, verdicts->icount ? "instructions" : "times", times);
	if (sum(times) && (verdicts->icount || verdicts->nr_tested))
		print_rule(print, verdicts->nr_tested);
	if (sum(times))
		print_missing(print);
	print_line(print, "hit rates and counts, exact", verdicts->nr_exact_of);
	if (sum(verdicts->nr_of) == 0)
		fputs("no case is done in both\n", print->out);
	nr = nr_shown(verdicts, &nr_all);
	if (options->filter) {
		snprintf(text, sizeof(text),
			 "below: %zu of %zu rows: cases that match \"%.200s\", their controls, and "
			 "what got worse",
			 nr, nr_all, options->filter);
		look_wrap(print->look, print->out, 0, 2, text);
	}
	print_worse(print);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of a comparison, in groups of one pinner, layout, state and access: hit rate, exact
 * counts, times. */
#include "format/text_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "print/heading.h"
#include "print/table.h"
#include "stats/summary.h"

#define INDENT "  "

/* The rows of one case: rows[first] and those after it. */
struct case_rows {
	const struct row *rows;
	size_t nr;
	size_t leader; /* the first case of its group */
	size_t place;
};

struct groups {
	struct case_rows *cases;
	size_t nr;
};

/* One kind of number. */
struct measure {
	enum row_kind kind;
	unsigned int which;
};

#define NR_COSTS    (NR_METRICS + 1)
#define NR_MEASURES (1 + NR_COUNTS + 2 * NR_METRICS + NR_COSTS + NR_METRICS * NR_MEMORY)

static struct measure measure_nth(size_t i)
{
	if (i == 0)
		return (struct measure){ ROW_RATE, 0 };
	if (i <= NR_COUNTS)
		return (struct measure){ ROW_COUNT, i - 1 };
	i -= 1 + NR_COUNTS;
	if (i < NR_COSTS)
		return (struct measure){ ROW_COST, i };
	i -= NR_COSTS;
	if (i < NR_METRICS)
		return (struct measure){ ROW_TIME, i };
	i -= NR_METRICS;
	if (i < NR_METRICS * NR_MEMORY)
		return (struct measure){ ROW_MEMORY, i };
	return (struct measure){ ROW_TAIL, i - NR_METRICS * NR_MEMORY };
}

static const struct row *case_row(const struct case_rows *item, struct measure measure)
{
	for (size_t i = 0; i < item->nr; i++) {
		const struct row *row = &item->rows[i];

		if (row->kind == measure.kind && row->which == measure.which && row->shown &&
		    !row->redundant)
			return row;
	}
	return NULL;
}

static int compare_groups(const struct case_rows *left, const struct case_rows *right)
{
	return rows_by_group(left->rows, right->rows);
}

static int by_params(const void *a, const void *b)
{
	const struct case_rows *left = a, *right = b;
	int order = compare_groups(left, right);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

static int by_leader(const void *a, const void *b)
{
	const struct case_rows *left = a, *right = b;

	if (left->leader != right->leader)
		return left->leader < right->leader ? -1 : 1;
	return (left->place > right->place) - (left->place < right->place);
}

/* The cases with a row to show, group by group in the order of the base. */
static struct groups groups_of(const struct verdicts *verdicts)
{
	struct groups groups = { .cases = calloc(verdicts->nr + 1, sizeof(*groups.cases)) };

	if (!groups.cases)
		abort();
	for (size_t i = 0, next; i < verdicts->nr; i = next) {
		bool shown = false;

		for (next = i;
		     next < verdicts->nr && verdicts->rows[next].base == verdicts->rows[i].base;
		     next++)
			shown = shown ||
				(verdicts->rows[next].shown && !verdicts->rows[next].redundant);
		if (!shown)
			continue;
		groups.cases[groups.nr] =
			(struct case_rows){ &verdicts->rows[i], next - i, groups.nr, groups.nr };
		groups.nr++;
	}
	qsort(groups.cases, groups.nr, sizeof(*groups.cases), by_params);
	for (size_t i = 1; i < groups.nr; i++)
		if (compare_groups(&groups.cases[i], &groups.cases[i - 1]) == 0)
			groups.cases[i].leader = groups.cases[i - 1].leader;
	qsort(groups.cases, groups.nr, sizeof(*groups.cases), by_leader);
	return groups;
}

static size_t group_end(const struct groups *groups, size_t first)
{
	size_t end = first + 1;

	while (end < groups->nr && groups->cases[end].leader == groups->cases[first].leader)
		end++;
	return end;
}

static void add_value(struct grid *grid, const struct text_print *print, const struct row *row,
		      size_t side)
{
	bool icount = print->comparison->verdicts.icount;
	char text[64];

	if (print->style.spread)
		row_spread_format(row, side, icount, text, sizeof(text));
	else
		row_value_format(row, side, icount, print->style.brief, text, sizeof(text));
	grid_add(grid, "%s", text);
}

static void add_nr(struct grid *grid, const struct text_print *print, const struct row *row)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;

	if (row->design == DESIGN_EXACT || !print->replicated ||
	    (row->nr[0] == verdicts->nr_runs[0] && row->nr[1] == verdicts->nr_runs[1]))
		grid_add(grid, "%s", "");
	else if (row->nr[0] == row->nr[1])
		grid_add(grid, "n=%zu", row->nr[0]);
	else
		grid_add(grid, "n=%zu,%zu", row->nr[0], row->nr[1]);
}

/* What all rows of the table lack is said above it, once. */
static bool said_above(const struct text_print *print, const struct row *row)
{
	return (row->note == NOTE_TOO_FEW && print->comparison->verdicts.need > 0) ||
	       (row->note == NOTE_NO_REPLICATION && !print->replicated);
}

static void add_both(struct grid *grid, const char *base, const char *new)
{
	if (strcmp(base, new))
		grid_add(grid, "%s -> %s", base, new);
	else
		grid_add(grid, "%s", base);
}

/* Window, pages per call, and what else the key says: of both sides where they measured different
 * things on purpose. */
static void add_case(struct grid *grid, const struct row *row)
{
	char call[2][24], extras[2][64];
	const struct result *sides[] = { row->base, row->new };

	for (size_t i = 0; i < 2; i++) {
		pages_format(sides[i], call[i], sizeof(call[i]));
		extras_format(sides[i]->key, extras[i], sizeof(extras[i]));
	}
	add_both(grid, row->base->params.window, row->new->params.window);
	add_both(grid, call[0], call[1]);
	add_both(grid, extras[0], extras[1]);
}

static void add_row(struct grid *grid, struct text_print *print, const struct row *row)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	char text[256];

	add_value(grid, print, row, 0);
	add_value(grid, print, row, 1);
	row_change_format(row, text, sizeof(text));
	grid_add(grid, "%s", text);
	row_interval_format(row, text, sizeof(text));
	grid_add(grid, "%s", print->style.interval ? text : "");
	row_note(row, verdicts, text, sizeof(text));
	if (*text && !said_above(print, row))
		grid_add(grid, "%s [%zu]", verdict_names[row->verdict],
			 footnote(&print->notes, text));
	else
		grid_add(grid, "%s", verdict_names[row->verdict]);
	add_nr(grid, print, row);
}

/*
 * What both files say of a measure where they agree on every row of the group: "100 %", or "1, 16,
 * 64" in the order of the rows.
 */
static bool equal_text(const struct groups *groups, size_t first, size_t end,
		       struct measure measure, size_t most, char *text, size_t size)
{
	char all[64] = "", one[32] = "";
	bool same = true;
	size_t nr = 0;

	for (size_t i = first; i < end; i++) {
		const struct row *row = case_row(&groups->cases[i], measure);
		char value[32];

		if (!row)
			continue;
		if (row->design != DESIGN_EXACT || row->verdict != VERDICT_SAME)
			return false;
		row_value_format(row, 0, false, false, value, sizeof(value));
		if (nr++ == 0)
			snprintf(one, sizeof(one), "%s", value);
		same = same && strcmp(one, value) == 0;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", *all ? ", " : "",
			 value);
	}
	snprintf(text, size, "%s", same ? one : all);
	return nr > 1 && strlen(text) <= most;
}

static void add_headings(struct grid *grid, const struct text_print *print)
{
	grid_add(grid, "%s", "");
	grid_add(grid, "window");
	grid_add(grid, "per call");
	grid_add(grid, "%s", "");
	grid_add(grid, "%s", print->style.names.base);
	grid_add(grid, "%s", print->style.names.new);
	grid_add(grid, "change");
	grid_add(grid, print->comparison->verdicts.icount ? "over the seeds" : "interval");
	grid_add(grid, "verdict");
	grid_add(grid, "%s", "");
}

static void fill_grid(struct grid *grid, struct text_print *print, const struct groups *groups,
		      size_t first, size_t end)
{
	add_headings(grid, print);
	for (size_t i = 0; i < NR_MEASURES; i++) {
		struct measure measure = measure_nth(i);
		char equal[32];
		bool named = false;

		if (equal_text(groups, first, end, measure, print->style.spread ? 20 : 10, equal,
			       sizeof(equal))) {
			const char *cells[] = { "",     "all",
						" ",    "",
						equal,  equal,
						"=",    print->style.interval ? "exact" : "",
						"same", "" };

			cells[0] = row_label(
				&(struct row){ .kind = measure.kind, .which = measure.which });
			for (size_t j = 0; j < sizeof(cells) / sizeof(cells[0]); j++)
				grid_add(grid, "%s", cells[j]);
			continue;
		}
		for (size_t j = first; j < end; j++) {
			const struct row *row = case_row(&groups->cases[j], measure);

			if (!row)
				continue;
			grid_add(grid, "%s", named ? "" : row_label(row));
			named = true;
			add_case(grid, row);
			add_row(grid, print, row);
		}
	}
}

#define ALIGN "llrlrrrrll"

void compare_fit(struct text_print *print)
{
	const struct results *base = print->comparison->base, *new = print->comparison->new;
	const struct row_style styles[] = {
		{ print->replicated, true, false, compare_names(base, new, SIZE_MAX) },
		{ false, true, false, compare_names(base, new, SIZE_MAX) },
		{ false, true, false, compare_names(base, new, 10) },
		{ print->replicated, false, true, compare_names(base, new, 10) },
		{ false, false, true, compare_names(base, new, 10) },
	};
	struct groups groups = groups_of(&print->comparison->verdicts);
	size_t nr_styles = sizeof(styles) / sizeof(styles[0]), style = 0;

	print->style = styles[0];
	for (size_t first = 0;
	     print->look->columns && first < groups.nr && style + 1 < nr_styles;) {
		size_t end = group_end(&groups, first), width;
		struct grid grid;

		grid_init(&grid, print->look, ALIGN);
		fill_grid(&grid, print, &groups, first, end);
		width = grid_width(&grid) + strlen(INDENT);
		grid_free(&grid);
		if (width > print->look->columns)
			print->style = styles[++style];
		else
			first = end;
	}
	free(groups.cases);
}

void compare_print_groups(struct text_print *print)
{
	struct groups groups = groups_of(&print->comparison->verdicts);

	for (size_t first = 0, end; first < groups.nr; first = end) {
		struct grid grid;
		char title[256];

		end = group_end(&groups, first);
		groups_format(&groups.cases[first].rows->base->params,
			      &groups.cases[first].rows->new->params, &print->common, title,
			      sizeof(title));
		grid_init(&grid, print->look, ALIGN);
		fill_grid(&grid, print, &groups, first, end);
		fputc('\n', print->out);
		if (*title) {
			fputs(look_bold(print->look), print->out);
			look_print(print->look, print->out, title);
			fprintf(print->out, "%s\n", look_end(print->look));
		}
		grid_print(&grid, print->out, INDENT);
		grid_free(&grid);
	}
	free(groups.cases);
}

void compare_print_footnotes(struct text_print *print)
{
	for (size_t i = 0; i < print->notes.nr; i++) {
		fprintf(print->out, "%s[%zu] ", i == 0 ? "\n" : "", i + 1);
		look_wrap(print->look, print->out, 4, 4, print->notes.texts[i]);
	}
}

/* What unsharing costs on both sides, as the pin that unshares minus the one that need not. */

/* "9.12 - 1.20 = 7.92 us" */
static void add_terms(struct grid *grid, const struct unit *unit, const struct unshare *unshare)
{
	char with[48], without[48], cost[160];

	if (!unshare) {
		grid_add(grid, "%s", "");
		return;
	}
	ticks_format(unit, unshare->with_ticks, with, sizeof(with));
	ticks_format(unit, unshare->without_ticks, without, sizeof(without));
	cost_format(&unshare->cost, unit, cost, sizeof(cost));
	with[strcspn(with, " ")] = '\0';
	without[strcspn(without, " ")] = '\0';
	grid_add(grid, "%s - %s = %s", with, without, cost);
}

static void print_fit(const struct text_print *print, const struct results *results,
		      const struct unshare_list *list, const struct unshare *unshare,
		      const char *whose)
{
	char text[400] = "";

	if (unshare)
		fit_format(results, list, unshare - list->items, text, sizeof(text));
	if (!*text)
		return;
	fputs("    ", print->out);
	look_print(print->look, print->out, whose);
	fputs(" fitted: ", print->out);
	look_wrap(print->look, print->out, 13 + strlen(whose), 6, text);
}

static void print_series(const struct text_print *print, const struct unshare_list *base,
			 const struct unshare_list *new, size_t first, size_t end)
{
	const struct comparison *comparison = print->comparison;
	struct compare_names names = print->style.names;
	const struct unshare *last_new = NULL;
	struct grid grid;
	char title[256];

	grid_init(&grid, print->look, "lrlrr");
	grid_add(&grid, "window");
	grid_add(&grid, "per call");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "%s", names.base);
	grid_add(&grid, "%s", names.new);
	for (size_t i = first; i < end; i++) {
		const struct unshare *item = &base->items[i],
				     *other = unshare_of(new, item->with->key);
		struct unit unit = unit_for(comparison->base->icount,
					    fmax(item->with_ticks, other ? other->with_ticks : 0),
					    fabs(unshare_ticks(item)));

		table_add_case(&grid, item->with);
		add_terms(&grid, &unit, item);
		add_terms(&grid, &unit, other);
		last_new = other ? other : last_new;
	}
	group_format(&base->items[first].with->params, &(struct params){ 0 }, title, sizeof(title));
	fputs("  ", print->out);
	look_print(print->look, print->out, title);
	fprintf(print->out, " (%s)\n", metric_names[base->items[first].metric]);
	grid_print(&grid, print->out, "    ");
	grid_free(&grid);
	print_fit(print, comparison->base, base, &base->items[first], names.base);
	print_fit(print, comparison->new, new, last_new, names.new);
}

void compare_print_unshare(const struct text_print *print)
{
	const struct comparison *comparison = print->comparison;
	struct unshare_list base, new;
	size_t first = 0;

	if (comparison->base->icount != comparison->new->icount)
		return; /* forced: there is no unit for both */
	unshare_find(&base, comparison->base);
	unshare_find(&new, comparison->new);
	if (base.nr && new.nr)
		fprintf(print->out,
			"\n%sunshare cost%s: the pin that unshares - the same pin in exclusive-ro "
			"= the cost\n  %s\n",
			look_bold(print->look), look_end(print->look), cost_legend(&base));
	for (size_t i = 1; new.nr &&i <= base.nr; i++) {
		if (i < base.nr && unshare_same_series(&base.items[first], &base.items[i]))
			continue;
		print_series(print, &base, &new, first, i);
		first = i;
	}
	unshare_list_free(&base);
	unshare_list_free(&new);
}

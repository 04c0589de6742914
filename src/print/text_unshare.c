// SPDX-License-Identifier: GPL-2.0-or-later
/* What unsharing costs on both sides, as the pin that unshares minus the one that need not. */
#include <math.h>
#include <string.h>

#include "print/heading.h"
#include "print/table.h"
#include "print/text_rows.h"
#include "stats/summary.h"

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

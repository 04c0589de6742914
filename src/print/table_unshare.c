// SPDX-License-Identifier: GPL-2.0-or-later
/* What unsharing cost in one report, both terms shown. */
#include <math.h>
#include <string.h>

#include "print/heading.h"
#include "print/table.h"
#include "stats/summary.h"

/* "-3.100": of an interval, whose unit stands once. */
static void end_format(const struct unit *unit, double ticks, bool sign, char *text, size_t size)
{
	ticks_format(unit, ticks, text, size);
	text[strcspn(text, " ")] = '\0';
	if (sign && ticks > 0) {
		memmove(text + 1, text, strlen(text) + 1);
		text[0] = '+';
	}
}

void cost_format(const struct cost *cost, const struct unit *unit, char *text, size_t size)
{
	char low[48], high[48];

	if (cost->lack != COST_KNOWN) {
		ticks_format(unit, cost->value, text, size);
		return;
	}
	end_format(unit, cost->interval.low, cost->zero, low, sizeof(low));
	end_format(unit, cost->interval.high, cost->zero, high, sizeof(high));
	if (cost->zero) {
		snprintf(text, size, "not distinguishable from 0 (%s .. %s %s)", low, high,
			 unit->name);
		return;
	}
	ticks_format(unit, cost->value, text, size);
	snprintf(text + strlen(text), size - strlen(text), " (%s .. %s)", low, high);
}

const char *cost_legend(const struct unshare_list *list)
{
	bool known = false;

	for (size_t i = 0; i < list->nr; i++)
		known = known || list->items[i].cost.lack == COST_KNOWN;
	if (list->icount)
		return known ? "in brackets: from the least to the most of the seeds"
			     : "fewer than 8 placements of memory: no interval, so a cost may be "
			       "none";
	if (known)
		return "in brackets: 95 % interval over the runs";
	for (size_t i = 0; i < list->nr; i++)
		if (list->items[i].cost.lack == COST_FEW_RUNS)
			return "too few runs for an interval (6 of one order, or 4 a side): a cost "
			       "may be noise";
	return "one run: no interval, so what a cost is below the noise is not known";
}

static struct unit cost_unit(bool icount, const struct cost *cost)
{
	double size = fabs(cost->value);

	if (cost->lack == COST_KNOWN && cost->zero)
		size = fmax(fabs(cost->interval.low), fabs(cost->interval.high));
	return unit_for(icount, size, 0);
}

void fit_format(const struct results *results, const struct unshare_list *list, size_t index,
		char *text, size_t size)
{
	struct unshare_line fit;
	struct unit unit;
	char fixed[160], slope[160];

	text[0] = '\0';
	if (unshare_fit(list, index, &fit))
		return;
	unit = cost_unit(results->icount, &fit.fixed);
	cost_format(&fit.fixed, &unit, fixed, sizeof(fixed));
	unit = cost_unit(results->icount, &fit.slope);
	cost_format(&fit.slope, &unit, slope, sizeof(slope));
	snprintf(text, size, "%s + %s per page (", fixed, slope);
	if (fit.line.nr_x == 2)
		snprintf(text + strlen(text), size - strlen(text), "only two sizes)");
	else
		snprintf(text + strlen(text), size - strlen(text), "%zu points, r2 %.3f%s)",
			 fit.line.nr, fit.line.r2,
			 fit.line.r2 < 0.9 ? ", not a straight line" : "");
}

void table_print_unshare(FILE *out, const struct look *look, const struct results *results)
{
	struct unshare_list list;
	struct grid grid;

	unshare_find(&list, results);
	if (list.nr == 0)
		goto out;
	fprintf(out,
		"\n%sunshare cost%s: the pin that unshares, minus the pin of the same pages in "
		"exclusive-ro\n",
		look_bold(look), look_end(look));
	fprintf(out, "  %s\n", cost_legend(&list));
	for (size_t i = 0; i < list.nr; i++) {
		const struct unshare *unshare = &list.items[i];
		struct unit unit = unit_for(results->icount, fabs(unshare->with_ticks),
					    fabs(unshare_ticks(unshare)));
		char title[256], text[400];

		if (i == 0 || !unshare_same_series(unshare, &list.items[i - 1])) {
			group_format(&unshare->with->params, &(struct params){ 0 }, title,
				     sizeof(title));
			fputs("  ", out);
			look_print(look, out, title);
			fputc('\n', out);
			grid_init(&grid, look, "lrlrrrrr");
			grid_add(&grid, "window");
			grid_add(&grid, "per call");
			grid_add(&grid, "%s", "");
			grid_add(&grid, "copied");
			grid_add(&grid, "reused");
			grid_add(&grid, "%s", metric_names[unshare->metric]);
			grid_add(&grid, "- exclusive-ro");
			grid_add(&grid, "= unshare");
		}
		table_add_case(&grid, unshare->with);
		table_add_count(&grid, unshare->with, COUNT_COPIED_PAGES);
		table_add_count(&grid, unshare->with, COUNT_REUSED_PAGES);
		ticks_format(&unit, unshare->with_ticks, text, sizeof(text));
		grid_add(&grid, "%s", text);
		ticks_format(&unit, unshare->without_ticks, text, sizeof(text));
		grid_add(&grid, "%s", text);
		cost_format(&unshare->cost, &unit, text, sizeof(text));
		grid_add(&grid, "%s", text);
		if (i + 1 < list.nr && unshare_same_series(unshare, &list.items[i + 1]))
			continue;
		grid_print(&grid, out, "    ");
		grid_free(&grid);
		fit_format(results, &list, i, text, sizeof(text));
		if (*text) {
			fputs("    fitted: ", out);
			look_wrap(look, out, 12, 6, text);
		}
	}
out:
	unshare_list_free(&list);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What unsharing cost in one report, both terms shown. */
#include <math.h>
#include <string.h>

#include "heading.h"
#include "summary.h"
#include "table.h"

void fit_format(const struct report *report, const struct unshare_list *list, size_t index, char *text, size_t size)
{
	struct line line;
	struct unit unit;
	char fixed[48], slope[48];

	text[0] = '\0';
	if (unshare_fit(list, index, &line))
		return;
	unit = unit_for(report->icount, fabs(line.fixed), 0);
	ticks_format(&unit, line.fixed, fixed, sizeof(fixed));
	unit = unit_for(report->icount, fabs(line.slope), 0);
	ticks_format(&unit, fabs(line.slope), slope, sizeof(slope));
	snprintf(text, size, "%s %c %s per page (", fixed, line.slope < 0 ? '-' : '+', slope);
	if (line.nr_x == 2)
		snprintf(text + strlen(text), size - strlen(text), "only two sizes)");
	else
		snprintf(text + strlen(text), size - strlen(text), "%zu points, r2 %.3f%s)", line.nr, line.r2,
			 line.r2 < 0.9 ? ", not a straight line" : "");
}

void table_print_unshare(FILE *out, const struct look *look, const struct report *report)
{
	struct unshare_list list;
	struct grid grid;

	unshare_find(&list, report);
	if (list.nr == 0)
		goto out;
	fprintf(out, "\n%sunshare cost%s: the pin that unshares, minus the pin of the same pages in exclusive-ro\n",
		look_bold(look), look_end(look));
	for (size_t i = 0; i < list.nr; i++) {
		const struct unshare *unshare = &list.items[i];
		struct unit unit = unit_for(report->icount, fabs(unshare->with_ticks), fabs(unshare_ticks(unshare)));
		char title[256], text[160];

		if (i == 0 || !unshare_same_series(unshare, &list.items[i - 1])) {
			group_format(&unshare->with->params, &(struct params){ 0 }, title, sizeof(title));
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
		ticks_format(&unit, unshare_ticks(unshare), text, sizeof(text));
		grid_add(&grid, "%s", text);
		if (i + 1 < list.nr && unshare_same_series(unshare, &list.items[i + 1]))
			continue;
		grid_print(&grid, out, "    ");
		grid_free(&grid);
		fit_format(report, &list, i, text, sizeof(text));
		if (*text)
			fprintf(out, "    fitted: %s\n", text);
	}
out:
	unshare_list_free(&list);
}

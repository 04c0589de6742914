// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of a comparison: hit rate, exact counts, times. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compare_rows.h"
#include "heading.h"
#include "summary.h"
#include "table.h"

#define MAX_EQUAL 20u /* columns of a row that says what all windows have in both files */

struct compare_names compare_names(const struct comparison *comparison)
{
	struct compare_names names = { "base", "new" };
	const char *base = comparison->base->label, *new = comparison->new->label;

	if (strcmp(base, new) && *base && *new && strlen(base) < sizeof(names.base) &&
	    strlen(new) < sizeof(names.new)) {
		strcpy(names.base, base);
		strcpy(names.new, new);
	}
	return names;
}

static void add_hit_rate(struct grid *grid, const struct result *result)
{
	char text[32] = "";
	double rate;

	if (result_hit_rate(result, &rate))
		rate_format(rate, text, sizeof(text));
	grid_add(grid, "%s", text);
}

static void hit_rate_row(struct grid *grid, const struct pair *pair)
{
	double base, new;

	add_hit_rate(grid, pair->base);
	add_hit_rate(grid, pair->new);
	if (!result_hit_rate(pair->base, &base) || !result_hit_rate(pair->new, &new))
		grid_add(grid, "%s", "");
	else if (base == new)
		grid_add(grid, "=");
	else
		grid_add(grid, "%+.4g points", (new - base) * 100);
	grid_add(grid, "exact");
}

static void count_row(struct grid *grid, const struct pair *pair, enum count count)
{
	const struct result *side[2] = { pair->base, pair->new };
	uint64_t base = pair->base->counts.value[count], new = pair->new->counts.value[count];

	for (size_t i = 0; i < 2; i++) {
		if (count_known(side[i], count))
			grid_add(grid, "%" PRIu64, side[i]->counts.value[count]);
		else
			grid_add(grid, "%s", "");
	}
	if (!count_known(pair->base, count) || !count_known(pair->new, count))
		grid_add(grid, "%s", "");
	else if (base == new)
		grid_add(grid, "=");
	else
		grid_add(grid, "%c%" PRIu64, new > base ? '+' : '-', new > base ? new - base : base - new);
	grid_add(grid, "exact");
}

static void add_percent(struct grid *grid, double percent)
{
	/* no "-0.0 %" */
	grid_add(grid, fabs(percent) < 0.05 ? "0.0 %%" : "%+.1f %%", percent);
}

static void time_row(struct grid *grid, const struct pair *pair, enum metric metric, bool icount)
{
	struct summary base, new;
	bool have_base = result_summary(pair->base, metric, &base), have_new = result_summary(pair->new, metric, &new);
	char base_text[64] = "", new_text[64] = "", base_n[32] = "", new_n[32] = "";
	struct unit unit = unit_for(icount, fmax(have_base ? base.median : 0, have_new ? new.median : 0),
				    have_base && have_new ? fmin(base.median, new.median) : 0);

	if (have_base)
		summary_format(&unit, &base, base_text, sizeof(base_text));
	if (have_new)
		summary_format(&unit, &new, new_text, sizeof(new_text));
	grid_add(grid, "%s", base_text);
	grid_add(grid, "%s", new_text);
	if (have_base && have_new && base.median > 0)
		add_percent(grid, (new.median / base.median - 1) * 100);
	else
		grid_add(grid, "%s", "");
	result_replication(pair->base, metric, base_n, sizeof(base_n));
	result_replication(pair->new, metric, new_n, sizeof(new_n));
	if (strcmp(base_n, new_n) == 0)
		grid_add(grid, "%s", base_n);
	else
		grid_add(grid, "%s, %s", *base_n ? base_n : "-", *new_n ? new_n : "-");
}

/* One kind of number: hit rate, then the counts, then the times. */
#define NR_MEASURES (1 + NR_COUNTS + NR_METRICS)

static const char *measure_name(size_t measure)
{
	static const char *const names[NR_COUNTS] = {
		[COUNT_REQUESTED_PAGES] = "pages asked", [COUNT_SLOW_PAGES] = "slow pages",
		[COUNT_SLOW_CALLS] = "slow calls", [COUNT_FAULTS] = "faults",
		[COUNT_UNSHARE_FAULTS] = "unshare faults", [COUNT_COPIED_PAGES] = "pages copied",
		[COUNT_REUSED_PAGES] = "pages reused", [COUNT_SPLIT_THPS] = "THPs split",
	};

	return measure == 0 ? "hit rate" : measure <= NR_COUNTS ? names[measure - 1] :
	       metric_names[measure - 1 - NR_COUNTS];
}

static bool knows(const struct result *result, size_t measure, bool *nonzero)
{
	struct summary summary;
	double rate;

	*nonzero = true;
	if (measure == 0)
		return result_hit_rate(result, &rate);
	if (measure > NR_COUNTS)
		return result_summary(result, measure - 1 - NR_COUNTS, &summary);
	*nonzero = result->counts.value[measure - 1] != 0;
	return count_known(result, measure - 1);
}

/* Whether both know an exact count and agree; @text says it. */
static bool pair_equal(const struct pair *pair, size_t measure, char *text, size_t size)
{
	bool nonzero;
	double base, new;

	if (measure > NR_COUNTS || !knows(pair->base, measure, &nonzero) || !knows(pair->new, measure, &nonzero))
		return false;
	if (measure == 0) {
		result_hit_rate(pair->base, &base);
		result_hit_rate(pair->new, &new);
		rate_format(base, text, size);
		return base == new;
	}
	snprintf(text, size, "%" PRIu64, pair->base->counts.value[measure - 1]);
	return pair->base->counts.value[measure - 1] == pair->new->counts.value[measure - 1];
}

/* Whether a group shows this measure: not when it is zero everywhere, or said by the hit rate already. */
static bool pair_shows(const struct pair *pair, size_t measure)
{
	bool base_nonzero, new_nonzero;
	bool base = knows(pair->base, measure, &base_nonzero), new = knows(pair->new, measure, &new_nonzero);
	enum count count = measure - 1;
	double rate;

	if (measure >= 1 && measure <= NR_COUNTS && count <= COUNT_SLOW_CALLS &&
	    result_hit_rate(pair->base, &rate) && result_hit_rate(pair->new, &rate))
		return count == COUNT_REQUESTED_PAGES &&
		       pair->base->counts.value[count] != pair->new->counts.value[count];
	return (base && base_nonzero) || (new && new_nonzero);
}

/* What both files say of a measure when they agree on every row: "100 %", or "1, 16, 64" in the order of the rows. */
static bool equal_text(const struct comparison *comparison, const struct params *group, size_t measure, char *text,
		       size_t size)
{
	char all[64] = "", first[32] = "";
	bool same = true;
	size_t nr = 0;

	for (size_t i = 0; i < comparison->nr_pairs; i++) {
		const struct pair *pair = &comparison->pairs[i];
		char value[32];

		if (!params_same_group(group, &pair->base->params) || !pair_shows(pair, measure))
			continue;
		if (!pair_equal(pair, measure, value, sizeof(value)))
			return false;
		if (nr++ == 0)
			snprintf(first, sizeof(first), "%s", value);
		same = same && strcmp(first, value) == 0;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", *all ? ", " : "", value);
	}
	snprintf(text, size, "%s", same ? first : all);
	return nr > 1 && strlen(text) <= MAX_EQUAL;
}

void compare_print_group(FILE *out, const struct look *look, const struct comparison *comparison, size_t first,
			 const struct params *common, bool *printed)
{
	const struct params *group = &comparison->pairs[first].base->params;
	struct compare_names names = compare_names(comparison);
	struct grid grid;
	char title[256];

	group_format(group, common, title, sizeof(title));
	grid_init(&grid, look, "llrlrrrl");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "window");
	grid_add(&grid, "per call");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "%s", names.base);
	grid_add(&grid, "%s", names.new);
	grid_add(&grid, "change");
	grid_add(&grid, "n");
	for (size_t measure = 0; measure < NR_MEASURES; measure++) {
		const char *name = measure_name(measure);
		char equal[MAX_EQUAL + 1];

		if (equal_text(comparison, group, measure, equal, sizeof(equal))) {
			const char *cells[] = { name, "all", " ", "", equal, equal, "=", "exact" };

			for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
				grid_add(&grid, "%s", cells[i]);
			continue;
		}
		for (size_t i = first; i < comparison->nr_pairs; i++) {
			const struct pair *pair = &comparison->pairs[i];

			if (!params_same_group(group, &pair->base->params))
				continue;
			printed[i] = true;
			if (!pair_shows(pair, measure))
				continue;
			grid_add(&grid, "%s", name);
			table_add_case(&grid, pair->new);
			if (measure == 0)
				hit_rate_row(&grid, pair);
			else if (measure <= NR_COUNTS)
				count_row(&grid, pair, measure - 1);
			else
				time_row(&grid, pair, measure - 1 - NR_COUNTS, comparison->base->icount);
			name = "";
		}
	}
	fputc('\n', out);
	if (*title) {
		fputs(look_bold(look), out);
		look_print(look, out, title);
		fprintf(out, "%s\n", look_end(look));
	}
	grid_print(&grid, out, "  ");
	grid_free(&grid);
}

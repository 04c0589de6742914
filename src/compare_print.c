// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people: files, environment, cases, unshare cost, what could not be compared. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "compare.h"
#include "heading.h"
#include "summary.h"
#include "table.h"

#define MAX_CHANGES 24u   /* lines of environment before the rest is only counted */
#define MAX_OTHERS 12u

/* What columns are called: the labels where they fit and differ, else "base" and "new". */
struct names {
	char base[24], new[24];
};

static struct names names_of(const struct comparison *comparison)
{
	struct names names = { "base", "new" };
	const char *base = comparison->base->label, *new = comparison->new->label;

	if (strcmp(base, new) && *base && *new && strlen(base) < sizeof(names.base) &&
	    strlen(new) < sizeof(names.new)) {
		strcpy(names.base, base);
		strcpy(names.new, new);
	}
	return names;
}

static size_t nr_runs(const struct report *report)
{
	size_t nr = 0;

	for (size_t i = 0; i < report->nr_results; i++)
		nr = report->results[i].nr_runs > nr ? report->results[i].nr_runs : nr;
	return nr;
}

static void add_file(struct grid *grid, const char *role, const struct report *report)
{
	char machine[256];

	machine_format(report, machine, sizeof(machine));
	grid_add(grid, "%s", role);
	grid_add(grid, "%s", report->label);
	grid_add(grid, "%s", machine);
	grid_add(grid, "%zu run%s", nr_runs(report), nr_runs(report) == 1 ? "" : "s");
	grid_add(grid, "%.16s", report->started ? report->started : "");
	grid_add(grid, "%s", report->complete ? "" : "interrupted");
}

static void print_files(FILE *out, const struct look *look, const struct comparison *comparison)
{
	struct grid grid;

	grid_init(&grid, look, "llllll");
	for (size_t i = 0; i < 2; i++)
		grid_add(&grid, "%s", i ? "label" : "");
	grid_add(&grid, "kernel and machine");
	grid_add(&grid, "runs");
	grid_add(&grid, "started (UTC)");
	grid_fill(&grid);
	add_file(&grid, "base", comparison->base);
	add_file(&grid, "new", comparison->new);
	grid_print(&grid, out, "");
	grid_free(&grid);
}

static void print_changes(FILE *out, const struct look *look, const struct comparison *comparison, bool all)
{
	size_t nr = comparison->nr_changes - (all ? 0 : comparison->nr_noise), nr_shown;

	fprintf(out, "\n%senvironment%s", look_bold(look), look_end(look));
	if (nr == 0)
		fputs(": no difference", out);
	nr_shown = all || nr <= MAX_CHANGES ? nr : MAX_CHANGES;
	for (size_t i = 0; i < nr_shown; i++) {
		const struct change *change = &comparison->changes[i];
		const char *name = change->base ? change->base->name : change->new->name;
		char base[200] = "(absent)", new[200] = "(absent)";

		fact_value(&comparison->base->environment, name, base, sizeof(base));
		fact_value(&comparison->new->environment, name, new, sizeof(new));
		fputs("\n  ", out);
		look_print(look, out, name);
		fputs(": ", out);
		look_print(look, out, base);
		/* long values one below the other, so that the eye finds where they part */
		fputs(strlen(name) + strlen(base) + strlen(new) > 84 ? "\n      -> " : " -> ", out);
		look_print(look, out, new);
	}
	if (nr_shown < nr)
		fprintf(out, "\n  and %zu more (--environment shows all)", nr - nr_shown);
	if (!all && comparison->nr_noise)
		fprintf(out, "%s%zu noise reading%s too (--environment shows %s)", nr ? "\n  " : "; ",
			comparison->nr_noise, comparison->nr_noise == 1 ? " differs" : "s differ",
			comparison->nr_noise == 1 ? "it" : "them");
	fputc('\n', out);
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
		grid_add(grid, "%+.1f %%", (new.median / base.median - 1) * 100);
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

static void print_group(FILE *out, const struct look *look, const struct comparison *comparison, size_t first,
			const struct params *common, bool *printed)
{
	const struct params *group = &comparison->pairs[first].base->params;
	struct names names = names_of(comparison);
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

static const struct unshare *same_case(const struct unshare_list *list, const char *key)
{
	for (size_t i = 0; i < list->nr; i++)
		if (strcmp(list->items[i].with->key, key) == 0)
			return &list->items[i];
	return NULL;
}

/* "9.12 - 1.20 = 7.92 us" */
static void add_terms(struct grid *grid, const struct unit *unit, const struct unshare *unshare)
{
	char with[48], without[48], cost[48];

	if (!unshare) {
		grid_add(grid, "%s", "");
		return;
	}
	ticks_format(unit, unshare->with_ticks, with, sizeof(with));
	ticks_format(unit, unshare->without_ticks, without, sizeof(without));
	ticks_format(unit, unshare_ticks(unshare), cost, sizeof(cost));
	with[strcspn(with, " ")] = '\0';
	without[strcspn(without, " ")] = '\0';
	grid_add(grid, "%s - %s = %s", with, without, cost);
}

static void print_fit(FILE *out, const struct look *look, const struct report *report,
		      const struct unshare_list *list, const struct unshare *unshare, const char *whose)
{
	char text[160] = "";

	if (unshare)
		fit_format(report, list, unshare - list->items, text, sizeof(text));
	if (!*text)
		return;
	fputs("    ", out);
	look_print(look, out, whose);
	fprintf(out, " fitted: %s\n", text);
}

static void print_series(FILE *out, const struct look *look, const struct comparison *comparison,
			 const struct unshare_list *base, const struct unshare_list *new, size_t first, size_t end)
{
	struct names names = names_of(comparison);
	const struct unshare *last_new = NULL;
	struct grid grid;
	char title[256];

	grid_init(&grid, look, "lrlrr");
	grid_add(&grid, "window");
	grid_add(&grid, "per call");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "%s", names.base);
	grid_add(&grid, "%s", names.new);
	for (size_t i = first; i < end; i++) {
		const struct unshare *item = &base->items[i], *other = same_case(new, item->with->key);
		struct unit unit = unit_for(comparison->base->icount,
					    fmax(item->with_ticks, other ? other->with_ticks : 0),
					    fabs(unshare_ticks(item)));

		table_add_case(&grid, item->with);
		add_terms(&grid, &unit, item);
		add_terms(&grid, &unit, other);
		last_new = other ? other : last_new;
	}
	group_format(&base->items[first].with->params, &(struct params){ 0 }, title, sizeof(title));
	fputs("  ", out);
	look_print(look, out, title);
	fprintf(out, " (%s)\n", metric_names[base->items[first].metric]);
	grid_print(&grid, out, "    ");
	grid_free(&grid);
	print_fit(out, look, comparison->base, base, &base->items[first], names.base);
	print_fit(out, look, comparison->new, new, last_new, names.new);
}

static void print_unshare(FILE *out, const struct look *look, const struct comparison *comparison)
{
	struct unshare_list base, new;
	size_t first = 0;

	unshare_find(&base, comparison->base);
	unshare_find(&new, comparison->new);
	if (base.nr && new.nr)
		fprintf(out, "\n%sunshare cost%s: the pin that unshares - the same pin in exclusive-ro = the cost\n",
			look_bold(look), look_end(look));
	for (size_t i = 1; new.nr && i <= base.nr; i++) {
		if (i < base.nr && unshare_same_series(&base.items[first], &base.items[i]))
			continue;
		print_series(out, look, comparison, &base, &new, first, i);
		first = i;
	}
	unshare_list_free(&base);
	unshare_list_free(&new);
}

static const char *side_status(const struct result *result)
{
	return result ? status_names[result->status] : "not there";
}

static void print_others(FILE *out, const struct look *look, const struct comparison *comparison)
{
	struct names names = names_of(comparison);

	if (comparison->nr_others == 0)
		return;
	fprintf(out, "\n%snot compared%s: %zu case%s\n", look_bold(look), look_end(look), comparison->nr_others,
		comparison->nr_others == 1 ? "" : "s");
	for (size_t i = 0; i < comparison->nr_others && i < MAX_OTHERS; i++) {
		const struct pair *pair = &comparison->others[i];
		const char *base_why = pair->base ? pair->base->why : NULL;
		const char *new_why = pair->new ? pair->new->why : NULL;

		fputs("  ", out);
		look_print(look, out, pair->base ? pair->base->key : pair->new->key);
		fputs("\n    ", out);
		look_print(look, out, names.base);
		fprintf(out, " %s, ", side_status(pair->base));
		look_print(look, out, names.new);
		fprintf(out, " %s", side_status(pair->new));
		if (base_why || new_why) {
			fputs(": ", out);
			look_print(look, out, base_why ? base_why : new_why);
		}
		if (base_why && new_why && strcmp(base_why, new_why)) {
			fputs(" | ", out);
			look_print(look, out, new_why);
		}
		fputc('\n', out);
	}
	if (comparison->nr_others > MAX_OTHERS)
		fprintf(out, "  and %zu more\n", comparison->nr_others - MAX_OTHERS);
}

static void print_warnings(FILE *out, const struct look *look, const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->nr_results; i++) {
		const struct result *result = &report->results[i];

		for (size_t j = 0; j < result->nr_warnings; j++) {
			fputs("warning: ", out);
			look_print(look, out, name);
			fputs(": ", out);
			look_print(look, out, result->key);
			fputs(": ", out);
			look_print(look, out, result->warnings[j]);
			fputc('\n', out);
		}
	}
}

void compare_print(FILE *out, const struct look *look, const struct comparison *comparison, bool all_changes)
{
	const struct report *reports[2] = { comparison->base, comparison->new };
	autofree bool *printed = calloc(comparison->nr_pairs + 1, sizeof(*printed));
	struct names names = names_of(comparison);
	struct params common;
	size_t nr_differ = 0, nr_rates = 0;
	double rate;
	char text[512];

	if (!printed)
		abort();
	print_files(out, look, comparison);
	print_changes(out, look, comparison, all_changes);
	common_find(&common, reports, 2);
	common_format(&common, text, sizeof(text));
	fputc('\n', out);
	if (*text) {
		fputs("all cases: ", out);
		look_print(look, out, text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < comparison->nr_pairs; i++)
		nr_rates += result_hit_rate(comparison->pairs[i].base, &rate);
	if (nr_rates)
		fputs("hit rate: pages that GUP-fast pinned itself, of those asked; higher is better\n", out);
	look_print(look, out, comparison->base->icount ? "guest instructions" : "times");
	look_print(look, out, ": median ± half the distance of the quartiles of n = runs x samples; lower is better");
	fputc('\n', out);
	for (size_t i = 0; i < comparison->nr_pairs; i++) {
		nr_differ += pair_counts_differ(&comparison->pairs[i]);
		if (!printed[i])
			print_group(out, look, comparison, i, &common, printed);
	}
	print_unshare(out, look, comparison);
	print_others(out, look, comparison);
	fputc('\n', out);
	print_warnings(out, look, comparison->base, names.base);
	print_warnings(out, look, comparison->new, names.new);
	fprintf(out, "exact counts differ in %zu of %zu cases\n", nr_differ, comparison->nr_pairs);
}

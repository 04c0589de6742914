// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people: files, environment, cases, unshare cost, what could not be compared. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "compare_rows.h"
#include "heading.h"
#include "summary.h"
#include "table.h"

#define MAX_CHANGES 24u   /* lines of environment before the rest is only counted */
#define MAX_OTHERS 12u

static size_t nr_runs(const struct report *report)
{
	size_t nr = 0;

	for (size_t i = 0; i < report->nr_results; i++)
		nr = report->results[i].nr_runs > nr ? report->results[i].nr_runs : nr;
	return nr;
}

static void add_file(struct grid *grid, const char *role, const struct report *report)
{
	char release[128] = "";

	fact_value(&report->environment, "kernel.release", release, sizeof(release));
	grid_add(grid, "%s", role);
	grid_add(grid, "%s", report->label);
	grid_add(grid, "%s", release);
	grid_add(grid, "%zu run%s", nr_runs(report), nr_runs(report) == 1 ? "" : "s");
	/* a guest without a clock begins in 1970, and that says nothing */
	grid_add(grid, "%.16s", report->started && strncmp(report->started, "1970", 4) ? report->started : "");
	grid_add(grid, "%s", report->complete ? "" : "interrupted");
}

static void print_hardware(FILE *out, const struct look *look, const char *whose, const char *hardware)
{
	if (!*hardware)
		return;
	fputs(whose, out);
	look_print(look, out, hardware);
	fputc('\n', out);
}

static void print_files(FILE *out, const struct look *look, const struct comparison *comparison)
{
	char base[400], new[400];
	struct grid grid;

	grid_init(&grid, look, "llllll");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "label");
	grid_add(&grid, "kernel");
	grid_add(&grid, "runs");
	grid_add(&grid, "started (UTC)");
	grid_fill(&grid);
	add_file(&grid, "base", comparison->base);
	add_file(&grid, "new", comparison->new);
	grid_print(&grid, out, "");
	grid_free(&grid);
	hardware_format(comparison->base, base, sizeof(base));
	hardware_format(comparison->new, new, sizeof(new));
	if (strcmp(base, new) == 0) {
		print_hardware(out, look, "both on ", base);
	} else {
		print_hardware(out, look, "base on ", base);
		print_hardware(out, look, "new on  ", new);
	}
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
	struct compare_names names = compare_names(comparison);
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
	struct compare_names names = compare_names(comparison);

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

/* The first case of @report with this warning, and how many have it. */
static const struct result *warned(const struct report *report, const char *text, size_t *nr)
{
	const struct result *first = NULL;

	*nr = 0;
	for (size_t i = 0; i < report->nr_results; i++) {
		const struct result *result = &report->results[i];

		for (size_t j = 0; j < result->nr_warnings; j++) {
			if (strcmp(result->warnings[j], text))
				continue;
			first = first ? first : result;
			++*nr;
		}
	}
	return first;
}

static void print_warnings(FILE *out, const struct look *look, const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->nr_results; i++) {
		const struct result *result = &report->results[i];

		for (size_t j = 0; j < result->nr_warnings; j++) {
			size_t nr;

			if (warned(report, result->warnings[j], &nr) != result)
				continue;
			fputs("warning: ", out);
			look_print(look, out, name);
			fputs(": ", out);
			look_print(look, out, result->warnings[j]);
			fputs("\n  in ", out);
			if (nr > 1)
				fprintf(out, "%zu cases, the first ", nr);
			look_print(look, out, result->key);
			fputc('\n', out);
		}
	}
}

static void print_one(FILE *out, const struct look *look, const struct comparison *comparison, bool all_changes)
{
	const struct report *reports[2] = { comparison->base, comparison->new };
	autofree bool *printed = calloc(comparison->nr_pairs + 1, sizeof(*printed));
	struct compare_names names = compare_names(comparison);
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
	for (size_t i = 0; i < 2; i++) {
		if (emulated_note(reports[i])) {
			fputs(emulated_note(reports[i]), out);
			break;
		}
	}
	for (size_t i = 0; i < comparison->nr_pairs; i++) {
		nr_differ += pair_counts_differ(&comparison->pairs[i]);
		if (!printed[i])
			compare_print_group(out, look, comparison, i, &common, printed);
	}
	print_unshare(out, look, comparison);
	print_others(out, look, comparison);
	fputc('\n', out);
	print_warnings(out, look, comparison->base, names.base);
	print_warnings(out, look, comparison->new, names.new);
	fprintf(out, "exact counts differ in %zu of %zu cases\n", nr_differ, comparison->nr_pairs);
}

void compare_print_text(FILE *out, const struct look *look, const struct comparison *comparisons, size_t nr,
			const struct compare_options *options)
{
	for (size_t i = 0; i < nr; i++)
		print_one(out, look, &comparisons[i], options->environment);
}

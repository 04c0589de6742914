// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison for people: what it is of, how it came out, every row, unshare cost, what could not
 * be compared. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "compare/side.h"
#include "format/matrix.h"
#include "format/text_rows.h"
#include "print/fields.h"
#include "print/heading.h"
#include "print/table.h"
#include "stats/summary.h"
#include "verdict/explained.h"

#define MAX_OTHERS   12u
#define MAX_WARNINGS 24u

static const char *side_status(const struct result *result)
{
	return result ? status_names[result->status] : "not there";
}

static void print_others(const struct text_print *print)
{
	const struct comparison *comparison = print->comparison;
	const struct look *look = print->look;
	FILE *out = print->out;

	if (comparison->nr_others == 0)
		return;
	fprintf(out, "\n%snot compared%s: %zu case%s\n", look_bold(look), look_end(look),
		comparison->nr_others, comparison->nr_others == 1 ? "" : "s");
	for (size_t i = 0; i < comparison->nr_others && i < MAX_OTHERS; i++) {
		const struct pair *pair = &comparison->others[i];
		const char *base_why = pair->base ? pair->base->why : NULL;
		const char *new_why = pair->new ? pair->new->why : NULL;

		fputs("  ", out);
		look_print(look, out, pair->base ? pair->base->key : pair->new->key);
		fputs("\n    ", out);
		look_print(look, out, print->style.names.base);
		fprintf(out, " %s, ", side_status(pair->base));
		look_print(look, out, print->style.names.new);
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

struct warning {
	const char *text;
	const struct result *result; /* the first that has it */
	size_t place, nr;
};

static int by_text(const void *a, const void *b)
{
	const struct warning *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

static int by_place(const void *a, const void *b)
{
	const struct warning *left = a, *right = b;

	return (left->place > right->place) - (left->place < right->place);
}

/* Each text once, in the order of the file. */
static struct warning *warnings_of(const struct results *results, size_t *nr)
{
	struct warning *warnings;
	size_t room = 1, nr_all = 0;

	for (size_t i = 0; i < results->nr; i++)
		room += results->items[i].nr_warnings;
	warnings = calloc(room, sizeof(*warnings));
	if (!warnings)
		abort();
	for (size_t i = 0; i < results->nr; i++)
		for (size_t j = 0; j < results->items[i].nr_warnings; j++, nr_all++)
			warnings[nr_all] = (struct warning){ results->items[i].warnings[j],
							     &results->items[i], nr_all, 1 };
	qsort(warnings, nr_all, sizeof(*warnings), by_text);
	*nr = 0;
	for (size_t i = 0; i < nr_all; i++) {
		if (*nr && strcmp(warnings[*nr - 1].text, warnings[i].text) == 0)
			warnings[*nr - 1].nr++;
		else
			warnings[(*nr)++] = warnings[i];
	}
	qsort(warnings, *nr, sizeof(*warnings), by_place);
	return warnings;
}

static void print_warnings(const struct text_print *print, const struct results *results,
			   const char *name)
{
	size_t nr;
	autofree struct warning *warnings = warnings_of(results, &nr);
	char text[RESULTS_MAX_TEXT + 64];

	for (size_t i = 0; i < nr && i < MAX_WARNINGS; i++) {
		fputs(i == 0 ? "\nwarning: " : "warning: ", print->out);
		snprintf(text, sizeof(text), "%s: %s", name, warnings[i].text);
		look_wrap(print->look, print->out, 9, 2, text);
		fputs("  in ", print->out);
		if (warnings[i].nr > 1)
			fprintf(print->out, "%zu cases, the first ", warnings[i].nr);
		look_print(print->look, print->out, warnings[i].result->key);
		fputc('\n', print->out);
	}
	if (nr > MAX_WARNINGS)
		fprintf(print->out, "and %zu more warnings\n", nr - MAX_WARNINGS);
}

/* "hit rate", the counts, the times: what one side knows of a case and the other does not has no
 * row. */
static bool knows(const struct result *result, size_t measure, const char **name)
{
	static const struct row rate = { .kind = ROW_RATE };
	struct hit_rate range;
	size_t nr_runs;

	if (measure == 0) {
		*name = row_label(&rate);
		return result_hit_range(result, &range);
	}
	if (measure <= NR_COUNTS) {
		*name = row_label(&(struct row){ .kind = ROW_COUNT, .which = measure - 1 });
		return count_known(result, measure - 1);
	}
	*name = metric_names[measure - 1 - NR_COUNTS];
	/* in some runs: said above the numbers */
	return result_metric_runs(result, measure - 1 - NR_COUNTS, &nr_runs) > 0;
}

static void print_one_sided(const struct text_print *print, size_t side, const char *label)
{
	const struct comparison *comparison = print->comparison;
	char text[400] = "";

	for (size_t measure = 0; measure < 1 + NR_COUNTS + NR_METRICS; measure++) {
		const char *name = "";
		size_t nr = 0;

		for (size_t i = 0; i < comparison->nr_pairs; i++) {
			const struct pair *pair = &comparison->pairs[i];

			nr += knows(side ? pair->new : pair->base, measure, &name) &&
			      !knows(side ? pair->base : pair->new, measure, &name);
		}
		if (nr)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "%s%s (%zu case%s)", *text ? ", " : "", name, nr,
				 nr == 1 ? "" : "s");
	}
	if (!*text)
		return;
	fputs("\nknown only in ", print->out);
	look_print(print->look, print->out, label);
	fputs(": ", print->out);
	look_wrap(print->look, print->out, 16 + strlen(label), 2, text);
}

/* How to read the numbers. */
static void print_legend(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	const struct results *reports[2] = { print->comparison->base, print->comparison->new };
	bool rates = false, times = false, pairs = verdicts->paired && !verdicts->icount;
	char text[512];

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		rates = rates || row->kind == ROW_RATE;
		times = times || row->design != DESIGN_EXACT;
	}
	common_format(&print->common, text, sizeof(text));
	fputc('\n', print->out);
	if (*text) {
		fputs("all cases: ", print->out);
		look_wrap(print->look, print->out, 11, 2, text);
	}
	if (rates)
		fputs("hit rate: pages that GUP-fast pinned itself, of those asked; higher is "
		      "better\n",
		      print->out);
	if (times) {
		snprintf(text, sizeof(text), "%s: median of the %s%s; lower is better",
			 verdicts->icount ? "guest instructions" : "times",
			 print->replicated ? "medians of the runs" : "samples",
			 print->style.spread && print->replicated
				 ? " ± half the distance of their quartiles"
				 : "");
		look_wrap(print->look, print->out, 0, 2, text);
		if (print->replicated && !verdicts->icount)
			fprintf(print->out, "change: Hodges-Lehmann estimate of the ratio%s%s\n",
				pairs ? " within the pairs" : "",
				print->style.interval ? ", with its interval" : "");
	}
	for (size_t i = 0; i < 2; i++) {
		if (emulated_note(reports[i])) {
			fputs(emulated_note(reports[i]), print->out);
			break;
		}
	}
}

/* What people quote of a DMA map: the same times as bytes in a second. */
static void print_throughput(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	struct grid grid;
	char text[256];

	grid_init(&grid, print->look, "llrrr");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "window");
	grid_add(&grid, "per call");
	grid_add(&grid, "%s", print->style.names.base);
	grid_add(&grid, "%s", print->style.names.new);
	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];
		double rate[2];

		row_throughput(row, verdicts, rate);
		if (!row->shown || isnan(rate[0]) || isnan(rate[1]))
			continue;
		groups_format(&row->base->params, &row->new->params, &print->common, text,
			      sizeof(text));
		grid_add(&grid, "%s", text);
		grid_add(&grid, "%s", row->base->params.window);
		pages_format(row->base, text, sizeof(text));
		grid_add(&grid, "%s", text);
		for (size_t side = 0; side < 2; side++) {
			throughput_format(rate[side], text, sizeof(text));
			grid_add(&grid, "%s", text);
		}
	}
	if (grid_nr_rows(&grid) > 1) {
		fprintf(print->out, "\n%sthroughput%s: bytes that a DMA map maps in a second\n",
			look_bold(print->look), look_end(print->look));
		grid_print(&grid, print->out, "  ");
	}
	grid_free(&grid);
}

static void print_one(FILE *out, const struct look *look, const struct comparison *comparison,
		      const struct compare_options *options)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	struct text_print print = { .out = out, .look = look, .comparison = comparison };

	print.replicated = verdicts_replicated(&comparison->verdicts);
	common_find(&print.common, reports, 2);
	compare_fit(&print);
	compare_print_head(&print, options);
	compare_print_tally(&print, options);
	print_legend(&print);
	compare_print_groups(&print);
	compare_print_footnotes(&print);
	print_throughput(&print);
	compare_print_unshare(&print);
	print_others(&print);
	print_one_sided(&print, 0, print.style.names.base);
	print_one_sided(&print, 1, print.style.names.new);
	print_warnings(&print, comparison->base, print.style.names.base);
	print_warnings(&print, comparison->new, print.style.names.new);
	footnotes_free(&print.notes);
}

static void compare_print_text(FILE *out, const struct look *look,
			       const struct comparison *comparisons, size_t nr,
			       const struct compare_options *options)
{
	for (size_t i = 0; i < nr; i++) {
		if (nr > 1)
			fprintf(out, "%s%s%zu of %zu%s\n", i ? "\n\n" : "", look_bold(look), i + 1,
				nr, look_end(look));
		print_one(out, look, &comparisons[i], options);
	}
}

/* What is said before any number: the files, what makes them not comparable, how their environments
 * differ. */

#define MAX_CHANGES 24u /* lines of environment before the rest is only counted */

static size_t nr_runs(const struct results *results)
{
	size_t most = 0;

	for (size_t i = 0; i < results->nr; i++) {
		size_t nr = result_nr_boots(&results->items[i]);

		most = nr > most ? nr : most;
	}
	return most;
}

static void add_file(struct grid *grid, const char *role, const struct results *results)
{
	char release[128] = "";

	fact_value(&results->environment, "kernel.release", release, sizeof(release));
	grid_add(grid, "%s", role);
	grid_add(grid, "%s", results->label);
	grid_add(grid, "%s", release);
	grid_add(grid, "%zu %s", nr_runs(results), results_run_word(results, nr_runs(results)));
	/* a guest without a clock begins in 1970, and that says nothing */
	grid_add(grid, "%.16s",
		 results->started && strncmp(results->started, "1970", 4) ? results->started : "");
	grid_add(grid, "%s%s%s%s", results->imported ? "imported: " : "",
		 results->imported ? results->imported : "",
		 results->imported && !results->complete ? ", " : "",
		 results->complete ? "" : "interrupted");
}

static void print_hardware(const struct text_print *print, const char *whose, const char *hardware)
{
	if (!*hardware)
		return;
	fputs(whose, print->out);
	look_print(print->look, print->out, hardware);
	fputc('\n', print->out);
}

static void print_files(const struct text_print *print)
{
	const struct comparison *comparison = print->comparison;
	char base[400], new[400];
	struct grid grid;

	grid_init(&grid, print->look, "llllll");
	grid_add(&grid, "%s", "");
	grid_add(&grid, "label");
	grid_add(&grid, "kernel");
	grid_add(&grid, "runs");
	grid_add(&grid, "started (UTC)");
	grid_fill(&grid);
	add_file(&grid, "base", comparison->base);
	add_file(&grid, "new", comparison->new);
	grid_print(&grid, print->out, "");
	grid_free(&grid);
	hardware_format(comparison->base, base, sizeof(base));
	hardware_format(comparison->new, new, sizeof(new));
	if (strcmp(base, new) == 0) {
		print_hardware(print, "both on ", base);
	} else {
		print_hardware(print, "base on ", base);
		print_hardware(print, "new on  ", new);
	}
}

static void print_remarks(const struct text_print *print, const struct remark_list *list,
			  const char *what)
{
	for (size_t i = 0; i < list->nr; i++) {
		fprintf(print->out, "%s%s%s", look_bold(print->look), what, look_end(print->look));
		look_wrap(print->look, print->out, strlen(what), 2, list->texts[i]);
	}
}

static void print_changes(const struct text_print *print, bool all)
{
	const struct comparison *comparison = print->comparison;
	size_t nr = comparison->nr_changes - (all ? 0 : comparison->nr_noise), nr_shown;
	FILE *out = print->out;

	fprintf(out, "\n%senvironment%s", look_bold(print->look), look_end(print->look));
	if (comparison->base->environment.nr == 0 || comparison->new->environment.nr == 0) {
		fprintf(out, ": not known of %s\n",
			comparison->base->environment.nr  ? "new"
			: comparison->new->environment.nr ? "base"
							  : "either");
		return;
	}
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
		look_print(print->look, out, name);
		fputs(": ", out);
		look_print(print->look, out, base);
		/* long values one below the other, so that the eye finds where they part */
		fputs(strlen(name) + strlen(base) + strlen(new) > 70 ? "\n      -> " : " -> ", out);
		look_print(print->look, out, new);
	}
	if (nr_shown < nr)
		fprintf(out, "\n  and %zu more (--environment shows all)", nr - nr_shown);
	if (!all && comparison->nr_noise)
		fprintf(out, "%s%zu noise reading%s too (--environment shows %s)",
			nr ? "\n  " : "; ", comparison->nr_noise,
			comparison->nr_noise == 1 ? " differs" : "s differ",
			comparison->nr_noise == 1 ? "it" : "them");
	fputc('\n', out);
}

void compare_print_head(const struct text_print *print, const struct compare_options *options)
{
	char design[400];

	print_files(print);
	design_format(&print->comparison->verdicts, design, sizeof(design));
	if (*design)
		look_wrap(print->look, print->out, 0, 2, design);
	print_remarks(print, &print->comparison->comparable.refusals,
		      "NOT COMPARABLE, compared by --force: ");
	print_remarks(print, &print->comparison->comparable.differences, "differs: ");
	print_remarks(print, &print->comparison->comparable.unknowns, "");
	print_changes(print, options->environment);
}

/* How the table came out, before the table: how many rows of each verdict, by which rule, and each
 * row that got worse. */

#define MAX_WORSE 20u /* the largest; the rest is only counted here, and marked in the tables */

static void subtract(size_t to[NR_VERDICTS], const struct verdicts *verdicts)
{
	for (size_t i = 0; i < NR_VERDICTS; i++)
		to[i] = verdicts->nr_of[i] - verdicts->nr_exact_of[i] - verdicts->nr_memory_of[i] -
			verdicts->nr_cost_of[i];
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

/* What they are made of, once for each case and metric: the functions that changed most. */
static void print_functions(const struct text_print *print, const struct row *const *rows,
			    size_t nr)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		unsigned int metric = rows[i]->which == COST_TOTAL ? METRIC_PIN : rows[i]->which;
		bool seen = false;
		char text[400];
		int used;

		if (rows[i]->kind != ROW_COST && rows[i]->kind != ROW_TIME)
			continue;
		for (size_t j = 0; j < i && !seen; j++)
			seen = rows[j]->base == rows[i]->base && rows[j]->which == rows[i]->which;
		explained_top(rows[i]->base, rows[i]->new, metric, text, sizeof(text));
		if (seen || !*text)
			continue;
		if (!any)
			fputs("  by function (pinbench explain):\n", print->out);
		any = true;
		used = fprintf(print->out, "    %s of %s", metric_names[metric],
			       rows[i]->base->params.window);
		if (rows[i]->base->params.pages_per_call)
			used += fprintf(print->out, " n=%" PRIu64,
					rows[i]->base->params.pages_per_call);
		used += fprintf(print->out, ": ");
		look_wrap(print->look, print->out, (size_t)used, 6, text);
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
		if (verdict_alarms(verdicts->rows[i].verdict) && !verdicts->rows[i].redundant &&
		    verdicts->rows[i].kind != ROW_MEMORY)
			worse[nr++] = &verdicts->rows[i];
	if (nr == 0)
		return;
	qsort(worse, nr, sizeof(*worse), row_compare_change);
	nr_shown = nr < MAX_WORSE ? nr : MAX_WORSE;
	fprintf(print->out, "\n%sgot %s%s\n", look_bold(print->look),
		verdicts->icount ? "worse, or more" : "worse", look_end(print->look));
	print_list(print, worse, nr_shown);
	print_functions(print, worse, nr_shown);
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

/* The first line of this lane: what its numbers are, and what they are not. */
static void print_cost(const struct text_print *print)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	char text[500];

	if (!verdicts->icount)
		return;
	snprintf(text, sizeof(text),
		 "counted, not timed: instructions, atomics and the misses of a model of caches; "
		 "more of "
		 "them is no time, and %s",
		 sum(verdicts->nr_cost_of)
			 ? "a cost is better or worse where all that counts of it agrees"
			 : "without memory beside them (a QEMU that loads plugins: pinbench "
			   "doctor) "
			   "there is no verdict about cost");
	look_wrap(print->look, print->out, 0, 2, text);
	print_line(print, "cost", verdicts->nr_cost_of);
	if (!sum(verdicts->nr_cost_of))
		return;
	percent_format(verdicts->rule.threshold, text, sizeof(text));
	fprintf(print->out, "  ");
	snprintf(text + strlen(text), sizeof(text) - strlen(text),
		 " and one event per %.0f instructions (misses of L2 and LLC: %.0f) count in every "
		 "seed; mixed: some more, some fewer",
		 1 / COST_EVENTS, 1 / COST_EVENTS_FAR);
	look_wrap(print->look, print->out, 2, 2, text);
}

void compare_print_tally(const struct text_print *print, const struct compare_options *options)
{
	const struct verdicts *verdicts = &print->comparison->verdicts;
	size_t times[NR_VERDICTS], nr, nr_all;
	char text[400];

	subtract(times, verdicts);
	fputc('\n', print->out);
	print_cost(print);
	print_line(print, verdicts->icount ? "instructions" : "times", times);
	if (sum(times) && (verdicts->icount || verdicts->nr_tested))
		print_rule(print, verdicts->nr_tested);
	if (sum(times))
		print_missing(print);
	print_line(print, "atomics, lines and misses that differ", verdicts->nr_memory_of);
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

static void print_alone(FILE *out, const struct look *look, const struct side *side,
			const struct comparison *itself)
{
	(void)itself;
	for (size_t i = 0; i < side->remarks.nr; i++)
		look_wrap(look, out, 0, 2, side->remarks.texts[i]);
	table_print(out, look, &side->results);
}

/* What a terminal shows. */
const struct format format_text = {
	.name = "text",
	.print = compare_print_text,
	.matrix = matrix_print_text,
	.alone = print_alone,
};

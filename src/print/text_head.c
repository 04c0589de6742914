// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said before any number: the files, what makes them not comparable, how their environments
 * differ. */
#include <string.h>

#include "print/heading.h"
#include "print/text_rows.h"
#include "stats/summary.h"

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

// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench plot KIND FILE... -o X.svg: a picture of result files. Needs gnuplot, and no rights. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "compare/side.h"
#include "history/load.h"
#include "plot/plot.h"

#define MAX_FILES 6u

struct arguments {
	const struct plot_kind *kind;
	const char **paths, *output, *pattern;
	size_t nr;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; the suffix, .svg or .png, says the format", 0 },
	{ "case", 'k', "GLOB", 0, "Draw only the cases whose key matches (*, ?, [])", 0 },
	{ "only", 'k', "GLOB", OPTION_HIDDEN, "", 0 },
	{ 0 }
};

static const char *kind_nth(const void *context, size_t i)
{
	(void)context;
	return plot_kinds[i] ? plot_kinds[i]->name : NULL;
}

static void take_argument(struct arguments *arguments, const char *arg, struct argp_state *state)
{
	if (arguments->kind) {
		if (arguments->nr == MAX_FILES && arguments->kind != &plot_history)
			argp_error(state, "at most %u files fit in one picture", MAX_FILES);
		arguments->paths = reallocarray(arguments->paths, arguments->nr + 1,
						sizeof(*arguments->paths));
		arguments->paths[arguments->nr++] = arg;
		return;
	}
	arguments->kind = plot_kinds[cmd_word_take(state, "kind of plot", arg, kind_nth)];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->output = arg;
		return 0;
	case 'k':
		arguments->pattern = arg;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(arguments, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (arguments->nr == 0)
			argp_error(state, "name the kind of plot and the result files");
		if (!arguments->output)
			argp_error(state, "-o FILE.svg or -o FILE.png is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The pictures there are, before the example. argp frees what it did not give. */
static char *help(int key, const char *text, void *input)
{
	char *kinds = NULL;
	size_t size = 0;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&kinds, &size);
	if (!out)
		return (char *)text;
	fputs("Kinds:\n", out);
	for (size_t i = 0; plot_kinds[i]; i++)
		fprintf(out, "  %-6s %s\n", plot_kinds[i]->name, plot_kinds[i]->about);
	fprintf(out, "\n%s", text);
	fclose(out);
	return kinds;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "KIND FILE|DIRECTORY...",
	.doc = "Draws a picture of result files with gnuplot.\v"
	       "Example: pinbench plot hit results/before.json results/after.json -o hit.svg",
	.help_filter = help,
};

/* *@drawn: it came as far as gnuplot. */
static int draw_history(const struct arguments *arguments, bool *drawn, struct error *err)
{
	struct history_load load = { 0 };
	struct history history = { 0 };
	struct plot plot = { .history = &history };
	int rc = history_load(&history, arguments->paths, arguments->nr, &load, err);

	rc = rc ? rc : history_select(&history, arguments->pattern, NR_HISTORY_METRICS, err);
	rc = rc ? rc : history_order(&history, false, NULL, err);
	if (!rc) {
		history_judge(&history, NULL);
		*drawn = true;
		rc = plot_draw(&plot, arguments->kind, arguments->output, err);
	}
	history_free(&history);
	return rc;
}

static int draw_sides(const struct arguments *arguments, bool *drawn, struct error *err)
{
	struct side sides[MAX_FILES] = { 0 };
	const struct results *pointers[MAX_FILES];
	struct plot plot = { .sides = pointers, .pattern = arguments->pattern };
	int rc = 0;

	for (; plot.nr_sides < arguments->nr && !rc; plot.nr_sides++) {
		const struct results *results = &sides[plot.nr_sides].results;

		pointers[plot.nr_sides] = results;
		rc = side_load(&sides[plot.nr_sides], arguments->paths[plot.nr_sides], false, err);
		if (!rc && results->icount != pointers[0]->icount) {
			rc = error_set(err, EINVAL,
				       "%s holds %s and %s holds %s: they cannot share a picture",
				       arguments->paths[0], results_unit(pointers[0]),
				       arguments->paths[plot.nr_sides], results_unit(results));
		}
	}
	*drawn = !rc;
	rc = rc ? rc : plot_draw(&plot, arguments->kind, arguments->output, err);
	for (size_t i = 0; i < MAX_FILES; i++)
		side_free(&sides[i]);
	return rc;
}

static int exit_code(int rc)
{
	if (rc == -EINTR)
		return EXIT_INTERRUPTED;
	return plot_gnuplot_path() ? EXIT_USAGE : EXIT_NOTHING_RAN;
}

int cmd_plot(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct error err = { 0 };
	bool drawn = false;
	int rc;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	rc = (arguments.kind == &plot_history ? draw_history : draw_sides)(&arguments, &drawn,
									   &err);
	free(arguments.paths);
	return rc ? cmd_fail(&err, drawn ? exit_code(rc) : EXIT_USAGE) : EXIT_DONE;
}

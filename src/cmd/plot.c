// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench plot KIND FILE... -o X.svg: a picture of result files. Needs gnuplot, and no rights. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "plot/plot.h"

#define MAX_FILES 6u

struct arguments {
	const struct plot_kind *kind;
	const char *paths[MAX_FILES], *output, *pattern;
	unsigned int nr;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; the suffix, .svg or .png, says the format", 0 },
	{ "only", 'k', "PATTERN", 0, "Draw only the cases whose key matches (fnmatch: *, ?, [])",
	  0 },
	{ 0 }
};

static const char *kind_nth(const void *context, size_t i)
{
	(void)context;
	return plot_kinds[i] ? plot_kinds[i]->name : NULL;
}

static void take_argument(struct arguments *arguments, const char *arg, struct argp_state *state)
{
	const char *near;

	if (arguments->kind) {
		if (arguments->nr == MAX_FILES)
			argp_error(state, "at most %u files fit in one picture", MAX_FILES);
		arguments->paths[arguments->nr++] = arg;
		return;
	}
	arguments->kind = plot_kind_find(arg);
	if (arguments->kind)
		return;
	near = suggest_word(arg, kind_nth, NULL);
	argp_error(state, "no kind of plot \"%s\"%s%s%s", arg, near ? "; did you mean \"" : "",
		   near ? near : "", near ? "\"?" : "");
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
	.args_doc = "KIND FILE...",
	.doc = "Draws a picture of result files with gnuplot.\v"
	       "Example: pinbench plot hit results/before.json results/after.json -o hit.svg",
	.help_filter = help,
};

static int exit_code(int rc)
{
	if (rc == -EINTR)
		return EXIT_INTERRUPTED;
	return plot_gnuplot_path() ? EXIT_USAGE : EXIT_NOTHING_RAN;
}

int cmd_plot(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct results sides[MAX_FILES] = { 0 };
	const struct results *pointers[MAX_FILES];
	struct plot plot = { .sides = pointers };
	struct error err = { 0 };
	int rc = 0, code = EXIT_USAGE;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	plot.pattern = arguments.pattern;
	for (; plot.nr_sides < arguments.nr && !rc; plot.nr_sides++) {
		pointers[plot.nr_sides] = &sides[plot.nr_sides];
		rc = results_load(&sides[plot.nr_sides], arguments.paths[plot.nr_sides], &err);
		if (!rc && sides[plot.nr_sides].icount != sides[0].icount) {
			rc = error_set(&err, EINVAL,
				       "%s holds %s and %s holds %s: they cannot share a picture",
				       arguments.paths[0], results_unit(&sides[0]),
				       arguments.paths[plot.nr_sides],
				       results_unit(&sides[plot.nr_sides]));
		}
	}
	if (!rc) {
		rc = plot_draw(&plot, arguments.kind, arguments.output, &err);
		code = exit_code(rc);
	}
	for (size_t i = 0; i < MAX_FILES; i++)
		results_free(&sides[i]);
	return rc ? cmd_fail(&err, code) : EXIT_DONE;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench compare BASE NEW...: result files as a table with verdicts. Needs no rights and no
 * special kernel. */
#include <argp.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "compare/matrix.h"
#include "compare/side_list.h"
#include "format/format.h"

struct arguments {
	char **sides;
	size_t nr;
	struct compare_options options;
	const struct format *format;
	bool each; /* one comparison after the other */
};

enum { OPT_THRESHOLD = 256, OPT_FORMAT, OPT_FILTER, OPT_TAILS, OPT_FORCE, OPT_EACH };

static const struct argp_option options[] = {
	{ "threshold", OPT_THRESHOLD, "PCT", 0, "What counts as the same: 2 by default", 0 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "text, commit, markdown, csv or json", 0 },
	{ "case", 'k', "GLOB", 0, "Show these cases, their controls and what got worse", 0 },
	{ "filter", OPT_FILTER, "REGEX", OPTION_HIDDEN, "", 0 },
	{ "tails", OPT_TAILS, NULL, 0, "Rows of p99 too, where n allows", 0 },
	{ "environment", 'e', NULL, 0, "Show every difference of the environment", 0 },
	{ "each", OPT_EACH, NULL, 0, "With several NEW: one comparison after the other", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Compare what is not comparable", 0 },
	{ 0 }
};

static const char *format_nth(const void *context, size_t i)
{
	(void)context;
	return formats[i] ? formats[i]->name : NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct compare_options *to = &arguments->options;
	struct error err = { 0 };

	switch (key) {
	case OPT_THRESHOLD:
		if (percent_parse(arg, &to->rule.threshold, &err))
			argp_error(state, "--threshold: %s", err.text);
		to->rule.threshold_given = true;
		return 0;
	case OPT_FORMAT:
		arguments->format = formats[cmd_word_take(state, "format", arg, format_nth)];
		return 0;
	case 'k':
	case OPT_FILTER:
		to->filter = arg;
		to->filter_is_regex = key == OPT_FILTER;
		return 0;
	case OPT_TAILS:
		to->rule.tails = true;
		return 0;
	case 'e':
		to->environment = true;
		return 0;
	case OPT_EACH:
		arguments->each = true;
		return 0;
	case OPT_FORCE:
		to->force = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->sides = state->argv + state->next;
		arguments->nr = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name two result files, or one to see what is in it");
		return 0;
	case ARGP_KEY_END:
		if (arguments->nr == 1 && !arguments->format->alone)
			argp_error(state,
				   "--format=%s: name two result files; what is in one can be "
				   "text, markdown, csv or json",
				   arguments->format->name);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "BASE NEW...\nFILE",
	.doc = "What changed from BASE to each NEW: a file, a directory of files, or LABEL=PATH.\v"
	       "Verdicts: same, better, worse, unsure. Counts are compared exactly. With one file,"
	       " shows what is in it; with several NEW, one table with a column for each.\n\n"
	       "Example: pinbench compare results/before.json results/after.json",
};

static void print_matrix(const struct side_list *sides, const struct arguments *arguments,
			 const struct look *look)
{
	struct matrix matrix;

	matrix_find(&matrix, sides->comparisons, sides->nr_comparisons);
	arguments->format->matrix(stdout, look, &matrix, &arguments->options);
	matrix_free(&matrix);
}

int cmd_compare(int argc, char **argv)
{
	struct arguments arguments = { .options = compare_options_default, .format = formats[0] };
	struct side_list sides = { 0 };
	struct error err = { 0 };
	struct look look;
	int rc;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	setlocale(LC_CTYPE, "");
	look = look_of(stdout);
	rc = side_list_load(&sides, arguments.sides, arguments.nr, &arguments.options, &err);
	if (!rc && arguments.nr == 1)
		arguments.format->alone(stdout, &look, &sides.items[0], &sides.comparisons[0]);
	else if (!rc && sides.nr_comparisons > 1 && !arguments.each && arguments.format->matrix)
		print_matrix(&sides, &arguments, &look);
	else if (!rc)
		arguments.format->print(stdout, &look, sides.comparisons, sides.nr_comparisons,
					&arguments.options);
	side_list_free(&sides);
	return rc ? cmd_fail(&err, EXIT_USAGE) : EXIT_DONE;
}

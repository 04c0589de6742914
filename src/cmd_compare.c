// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench compare BASE NEW: two result files as a table. Needs no rights and no special kernel. */
#include <argp.h>
#include <locale.h>
#include <stdbool.h>

#include "cmd.h"
#include "compare.h"
#include "report.h"
#include "table.h"

struct arguments {
	const char *paths[2];
	unsigned int nr;
	bool environment;
};

static const struct argp_option options[] = {
	{ "environment", 'e', NULL, 0, "Show every difference of the environment, noise included", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'e':
		arguments->environment = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->nr == 2)
			argp_error(state, "two files can be compared, %s is a third", arg);
		arguments->paths[arguments->nr++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (arguments->nr == 0)
			argp_error(state, "name two result files, or one to see what is in it");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "BASE NEW\nFILE",
	.doc = "Two result files side by side: differences of the environment, hit rates, counts and times.\v"
	       "Exact counts are compared exactly; times are shown as medians with their spread, "
	       "and judging them is left to you. With one file, shows what is in it.\n\n"
	       "Example: pinbench compare results/before.json results/after.json",
};

int cmd_compare(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct report reports[2] = { 0 };
	struct comparison comparison = { 0 };
	struct error err = { 0 };
	struct look look;
	int rc = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	setlocale(LC_CTYPE, "");
	look = look_of(stdout);
	for (unsigned int i = 0; i < arguments.nr && !rc; i++)
		rc = report_load(&reports[i], arguments.paths[i], &err);
	if (!rc && arguments.nr == 2)
		rc = compare_reports(&comparison, &reports[0], &reports[1], &err);
	if (!rc && arguments.nr == 2)
		compare_print(stdout, &look, &comparison, arguments.environment);
	else if (!rc)
		table_print(stdout, &look, &reports[0]);
	comparison_free(&comparison);
	report_free(&reports[0]);
	report_free(&reports[1]);
	return rc ? cmd_fail(&err, EXIT_USAGE) : EXIT_DONE;
}

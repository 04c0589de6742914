// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench report [BASE] FILE... -o report.html: one file to send. Needs no rights. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "compare/side_list.h"
#include "history/load.h"
#include "page/over_time.h"
#include "page/page.h"

#define MAX_SIDES 64u /* columns of one table */

struct arguments {
	char **sides;
	size_t nr;
	const char *output;
	struct compare_options options;
};

enum { OPT_THRESHOLD = 256, OPT_FILTER, OPT_TAILS, OPT_FORCE };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE.html", 0 },
	{ "threshold", OPT_THRESHOLD, "PCT", 0, "What counts as the same: 2 by default", 0 },
	{ "case", 'k', "GLOB", 0, "Show these cases, their controls and what got worse", 0 },
	{ "filter", OPT_FILTER, "REGEX", OPTION_HIDDEN, "", 0 },
	{ "tails", OPT_TAILS, NULL, 0, "Rows of p99 too, where n allows", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Compare what is not comparable", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct compare_options *to = &arguments->options;
	struct error err = { 0 };

	switch (key) {
	case 'o':
		arguments->output = arg;
		return 0;
	case OPT_THRESHOLD:
		if (percent_parse(arg, &to->rule.threshold, &err))
			argp_error(state, "--threshold: %s", err.text);
		to->rule.threshold_given = true;
		return 0;
	case 'k':
	case OPT_FILTER:
		to->filter = arg;
		to->filter_is_regex = key == OPT_FILTER;
		return 0;
	case OPT_TAILS:
		to->rule.tails = true;
		return 0;
	case OPT_FORCE:
		to->force = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->sides = state->argv + state->next;
		arguments->nr = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the result files, the base first");
		return 0;
	case ARGP_KEY_END:
		if (!arguments->output)
			argp_error(state, "-o FILE.html is missing");
		if (arguments->nr > MAX_SIDES)
			argp_error(state, "at most %u results fit in one page", MAX_SIDES);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[BASE] FILE...",
	.doc = "Writes one HTML file to send: what changed from BASE to each FILE, or what is in"
	       " one.\v"
	       "A FILE is a result file, a directory of files, or LABEL=PATH; of a directory with"
	       " results of several kernels, their history. The page needs no"
	       " network and no server; it names no host and no user. Pictures need gnuplot.\n\n"
	       "Example: pinbench report results/before.json results/after.json -o report.html",
};

static int check_name(const char *path, struct error *err)
{
	const char *suffix = strrchr(path, '.');

	if (suffix && (strcmp(suffix, ".html") == 0 || strcmp(suffix, ".htm") == 0))
		return 0;
	return error_set(err, EINVAL, "%s: the name must end in .html", path);
}

/* What the page is of: sides, or a history. */
struct content {
	struct page_input input;
	struct history *history; /* NULL: sides */
};

/* Whole or not at all. */
static int page_save(const struct content *content, const char *path, struct error *err)
{
	struct outfile out = { .dir = -1, .fd = -1 };
	autofree char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int rc = 0;

	if (!file)
		abort();
	if (content->history)
		over_time_print(file, content->history);
	else
		rc = page_print(file, &content->input, err);
	if (fclose(file))
		abort();
	if (!rc)
		rc = outfile_open(&out, path, err);
	if (!rc)
		rc = outfile_write(&out, text, size, err);
	if (!rc)
		rc = outfile_commit(&out, err);
	outfile_close(&out);
	return rc;
}

/* A directory that holds results of several kernels, or labels, is no side. */
static bool is_history(const struct arguments *arguments, struct history *history)
{
	const struct history_load load = { .no_index = true };
	struct stat status;
	bool directory = false;

	for (size_t i = 0; i < arguments->nr; i++)
		directory = directory ||
			    (stat(arguments->sides[i], &status) == 0 && S_ISDIR(status.st_mode));
	if (!directory || arguments->options.force ||
	    history_load(history, (const char *const *)arguments->sides, arguments->nr, &load,
			 NULL))
		return false;
	if (arguments->nr == 1)
		return over_time_wanted(history);
	/* two directories that are a side each are compared */
	for (size_t i = 0; i < arguments->nr; i++) {
		struct history one = { 0 };
		const char *path = arguments->sides[i];
		bool several;

		if (stat(path, &status) || !S_ISDIR(status.st_mode))
			continue;
		several = history_load(&one, &path, 1, &load, NULL) == 0 && over_time_wanted(&one);
		history_free(&one);
		if (several)
			return true;
	}
	return false;
}

static int report_history(struct history *history, const char *path, struct error *err)
{
	int rc = history_select(history, NULL, NR_HISTORY_METRICS, err);

	rc = rc ? rc : history_order(history, false, NULL, err);
	if (rc)
		return rc;
	history_judge(history, NULL);
	return page_save(&(struct content){ .history = history }, path, err);
}

static int report_sides(const struct arguments *arguments, struct error *err)
{
	struct side_list sides = { 0 };
	int rc = side_list_load(&sides, arguments->sides, arguments->nr, &arguments->options, err);

	if (!rc)
		rc = page_save(&(struct content){ .input = { .sides = sides.items,
							     .nr_sides = sides.nr,
							     .comparisons = sides.comparisons,
							     .nr = sides.nr_comparisons,
							     .options = &arguments->options } },
			       arguments->output, err);
	side_list_free(&sides);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	struct arguments arguments = { .options = compare_options_default };
	struct history history = { 0 };
	struct error err = { 0 };
	int rc;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	rc = check_name(arguments.output, &err);
	if (!rc && is_history(&arguments, &history))
		rc = report_history(&history, arguments.output, &err);
	else if (!rc)
		rc = report_sides(&arguments, &err);
	history_free(&history);
	if (rc == -EINTR)
		return cmd_fail(&err, EXIT_INTERRUPTED);
	return rc ? cmd_fail(&err, EXIT_USAGE) : EXIT_DONE;
}

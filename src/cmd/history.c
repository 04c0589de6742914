// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench history DIR...: many results in the order of their kernels, and where a level changed.
 * Needs no rights and no special kernel. */
#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "history/load.h"
#include "history/print.h"

struct arguments {
	const char *const *paths;
	size_t nr;
	const char *pattern, *since, *tree;
	unsigned int metric;
	bool by_time, no_index;
	const struct history_format *format;
};

enum { OPT_CASE = 256, OPT_METRIC, OPT_SINCE, OPT_BY, OPT_TREE, OPT_NO_INDEX, OPT_FORMAT };

static const struct argp_option options[] = {
	{ "case", OPT_CASE, "PATTERN", 0, "Only the cases whose key matches (fnmatch: *, ?, [])",
	  0 },
	{ "metric", OPT_METRIC, "NAME", 0,
	  "Only this: pin, unpin, cycle, hit_rate, copied_pages ...", 0 },
	{ "since", OPT_SINCE, "DATE", 0,
	  "Only changes measured since then, 2026-11-01; exit 1 when one is for the worse", 0 },
	{ "by", OPT_BY, "ORDER", 0, "Order of the results: kernel (default) or time", 0 },
	{ "tree", OPT_TREE, "DIR", 0, "Order kernels as git describes them in this clone", 0 },
	{ "no-index", OPT_NO_INDEX, NULL, 0, "Read all files, and neither read nor write an index",
	  0 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "text, markdown, csv or json", 0 },
	{ 0 }
};

static const char *format_nth(const void *context, size_t i)
{
	(void)context;
	return history_formats[i] ? history_formats[i]->name : NULL;
}

static const char *metric_nth(const void *context, size_t i)
{
	(void)context;
	return i < NR_HISTORY_METRICS ? history_metric_name((unsigned int)i) : NULL;
}

static const char *order_nth(const void *context, size_t i)
{
	static const char *const orders[] = { "kernel", "time", NULL };

	(void)context;
	return orders[i];
}

/* "2026-11-01", or with a time as results have it: "2026-11-01T12:00:00Z". */
static void check_since(const char *text, struct argp_state *state)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t length = strlen(text), i = 0;

	while (i < length && i < strlen(form) &&
	       (form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]))
		i++;
	if (i < length || (length != 10 && length != strlen(form)) ||
	    strncmp(text + 5, "00", 2) == 0 || strncmp(text + 5, "12", 2) > 0 ||
	    strncmp(text + 8, "00", 2) == 0 || strncmp(text + 8, "31", 2) > 0)
		argp_error(state,
			   "--since \"%s\": a day as 2026-11-01, or a time as 2026-11-01T12:00:00Z",
			   text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPT_CASE:
		arguments->pattern = arg;
		return 0;
	case OPT_METRIC:
		arguments->metric = (unsigned int)cmd_word_take(state, "metric", arg, metric_nth);
		return 0;
	case OPT_SINCE:
		check_since(arg, state);
		arguments->since = arg;
		return 0;
	case OPT_BY:
		arguments->by_time = cmd_word_take(state, "order", arg, order_nth) == 1;
		return 0;
	case OPT_TREE:
		arguments->tree = arg;
		return 0;
	case OPT_NO_INDEX:
		arguments->no_index = true;
		return 0;
	case OPT_FORMAT:
		arguments->format =
			history_formats[cmd_word_take(state, "format", arg, format_nth)];
		return 0;
	case ARGP_KEY_ARGS:
		arguments->paths = (const char *const *)(state->argv + state->next);
		arguments->nr = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the directory of the results");
		return 0;
	case ARGP_KEY_END:
		if (arguments->by_time && arguments->tree)
			argp_error(state, "--tree orders kernels; --by time needs none");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "DIR...",
	.doc = "Results of many kernels in order: a line for each case, and where its level "
	       "changed.\v"
	       "Every *.json below DIR that is a finished result. An index of them is kept in "
	       "DIR.\n\n"
	       "Example: pinbench history results/ --since 2026-11-01",
};

struct progress_line {
	bool terminal, shown;
	size_t next; /* of lines that are not rewritten: after so many files */
};

static void show_progress(void *context, size_t nr_done, size_t nr)
{
	struct progress_line *line = context;

	if (nr < 50)
		return; /* over before it is read */
	if (line->terminal) {
		fprintf(stderr, "\r\033[K[%zu/%zu] reading results", nr_done, nr);
		fflush(stderr);
		line->shown = true;
	} else if (nr_done >= line->next && nr >= 1000) {
		if (nr_done < nr)
			fprintf(stderr, "[%zu/%zu] reading results\n", nr_done, nr);
		line->next = nr_done + nr / 5;
	}
}

static int show(struct history *history, const struct arguments *arguments, struct error *err)
{
	struct history_view view = { arguments->since, arguments->metric < NR_HISTORY_METRICS };
	struct look look = look_of(stdout);
	int rc = history_select(history, arguments->pattern, arguments->metric, err);

	rc = rc ? rc : history_order(history, arguments->by_time, arguments->tree, err);
	if (rc)
		return rc;
	history_judge(history, arguments->since);
	arguments->format->print(stdout, &look, history, &view);
	return 0;
}

int cmd_history(int argc, char **argv)
{
	struct arguments arguments = { .metric = NR_HISTORY_METRICS, .format = history_formats[0] };
	struct progress_line line = { .terminal = isatty(STDERR_FILENO) };
	struct history_load load = { .progress = show_progress, .context = &line };
	struct history history = { 0 };
	struct error err = { 0 };
	int rc, code = EXIT_DONE;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	setlocale(LC_CTYPE, "");
	load.no_index = arguments.no_index;
	rc = history_load(&history, arguments.paths, arguments.nr, &load, &err);
	if (line.shown)
		fputs("\r\033[K", stderr);
	rc = rc ? rc : show(&history, &arguments, &err);
	if (!rc && arguments.since && history_worse(&history))
		code = EXIT_REGRESSION;
	history_free(&history);
	return rc ? cmd_fail(&err, EXIT_USAGE) : code;
}

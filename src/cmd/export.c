// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench export FORMAT FILE|DIR...: the numbers of results for other programs. */
#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "export/export.h"

struct order {
	const struct export_format *format;
	const char *output, *pattern;
	char **arguments;
	size_t nr;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE, by rename (standard output)", 0 },
	{ "case", 'k', "GLOB", 0, "Only the cases whose key matches (*, ?, [])", 0 },
	{ "only", 'k', "GLOB", OPTION_HIDDEN, "", 0 },
	{ 0 }
};

static const char *format_nth(const void *context, size_t i)
{
	(void)context;
	return export_formats[i] ? export_formats[i]->name : NULL;
}

static void take_format(struct order *order, const char *name, struct argp_state *state)
{
	const char *near;

	order->format = export_format_find(name);
	if (order->format)
		return;
	near = suggest_word(name, format_nth, NULL);
	argp_error(state, "no format \"%.40s\"%s%s%s", name, near ? "; did you mean \"" : "",
		   near ? near : ": there are prometheus, openmetrics, ktap, csv and json",
		   near ? "\"?" : "");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;

	switch (key) {
	case 'o':
		order->output = arg;
		return 0;
	case 'k':
		order->pattern = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (order->format)
			order->arguments[order->nr++] = arg;
		else
			take_format(order, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!order->format)
			argp_error(state, "name the format, and the result files");
		if (order->nr == 0)
			argp_error(state, "name result files, or the directory that has them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FORMAT FILE|DIR...",
	.doc = "Writes the numbers of results for other programs.\v"
	       "Formats:\n"
	       "  prometheus   node_exporter's textfile collector: newest of each label\n"
	       "  openmetrics  every result with its time, for promtool tsdb\n"
	       "  ktap         kselftest, LAVA, tuxrun: exit 0, 1 failed, 4 all skipped\n"
	       "  csv, json    spreadsheets, notebooks, scripts\n\n"
	       "LABEL=FILE and LABEL=DIR give results another label.\n"
	       "Example: pinbench export prometheus results -o pinbench.prom",
};

static int load(struct export *export, const struct order *order, struct error *err)
{
	size_t nr_cases = 0;
	int rc = 0;

	for (size_t i = 0; i < order->nr && !rc; i++)
		rc = export_add(export, order->arguments[i], err);
	for (size_t i = 0; i < export->nr; i++)
		nr_cases += export->results[i].nr;
	if (!rc && !nr_cases && order->pattern)
		rc = error_set(err, ENODATA, "--case=%s: no case matches", order->pattern);
	if (!rc && order->format->check)
		rc = order->format->check(export, err);
	return rc;
}

/* Nothing is allocated while the temporary file is there: without memory the program ends at once.
 */
static int copy_file(FILE *from, const char *path, struct error *err)
{
	struct outfile file = { -1, -1, NULL, NULL, "" };
	char block[1 << 16];
	size_t size;
	int rc = outfile_open(&file, path, err);

	while (!rc && (size = fread(block, 1, sizeof(block), from)) > 0)
		rc = outfile_write(&file, block, size, err);
	if (!rc && ferror(from))
		rc = error_errno(err, errno, "%s: cannot be made", path);
	if (!rc)
		rc = outfile_commit(&file, err);
	outfile_close(&file);
	return rc;
}

static int write_file(const struct export *export, const struct order *order, struct error *err)
{
	autofclose FILE *spool = tmpfile();

	if (!spool)
		return error_errno(err, errno, "a temporary file for %s", order->output);
	order->format->write(spool, export);
	if (fflush(spool) || ferror(spool) || fseek(spool, 0, SEEK_SET))
		return error_errno(err, errno, "a temporary file for %s", order->output);
	return copy_file(spool, order->output, err);
}

/* What was left out belongs to nobody's data. */
static void tell(const struct export *export)
{
	if (export->nr_unusable)
		fprintf(stderr, "pinbench: left out %zu file%s that cannot be used, first: %s\n",
			export->nr_unusable, export->nr_unusable == 1 ? "" : "s",
			export->unusable.text);
	if (export->nr_copies)
		fprintf(stderr, "pinbench: left out %zu cop%s of a result that is there\n",
			export->nr_copies, export->nr_copies == 1 ? "y" : "ies");
	if (export->nr_older)
		fprintf(stderr,
			"pinbench: left out %zu older result%s: this format has one time; "
			"openmetrics takes all\n",
			export->nr_older, export->nr_older == 1 ? "" : "s");
}

/* As kselftest has it: 0 passed, 1 failed, 4 skipped. */
static int status_of(const struct export *export)
{
	bool done = false, failed = false;

	for (size_t i = 0; i < export->nr; i++) {
		const struct export_result *result = &export->results[i];

		done |= result->nr_of[STATUS_DONE] > 0;
		failed |= result->nr_of[STATUS_FAILED] > 0 || !result->complete;
	}
	return failed ? EXIT_CASE_FAILED : done ? EXIT_DONE : EXIT_NOTHING_RAN;
}

int cmd_export(int argc, char **argv)
{
	struct order order = { .arguments = calloc((size_t)argc + 1, sizeof(char *)) };
	struct export export = { 0 };
	struct error err = { 0 };
	int rc, code = EXIT_DONE;

	cmd_parse(&argp, argc, argv, 0, &order);
	setlocale(LC_CTYPE, "");
	export.pattern = order.pattern;
	export.timed = order.format->timed;
	rc = load(&export, &order, &err);
	if (!rc && order.output)
		rc = write_file(&export, &order, &err);
	else if (!rc)
		order.format->write(stdout, &export);
	if (!rc) {
		tell(&export);
		code = order.format->tells_status ? status_of(&export) : EXIT_DONE;
	}
	export_free(&export);
	free(order.arguments);
	return rc ? cmd_fail(&err, EXIT_USAGE) : code;
}

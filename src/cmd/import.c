// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench import FORMAT LOG: figures that something else printed, as a result file. */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/infile.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "import/gup_test.h"
#include "print/table.h"
#include "result/results.h"

enum { KEY_LABEL = 256 };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "result file (results/LABEL-UTC.json)", 0 },
	{ "label", KEY_LABEL, "NAME", 0, "name of the result (name of the log)", 0 },
	{ "section", 's', "N|WORDS", 0, "which part of a log that has several", 0 },
	{ "quiet", 'q', 0, 0, "no table", 0 },
	{ 0 }
};

static const char doc[] =
	"Makes a result file from what the kernel's own gup_test printed: a log, or a\n"
	"mail, whatever stands around the figures; - is standard input.\v"
	"  pinbench import gup_test log.txt -o old.json\n"
	"  pinbench import gup_test mail.txt --section without -o base.json\n"
	"  pinbench import gup_test mail.txt --section with -o new.json\n\n"
	"What the log does not tell, as the size of huge pages or how often it was run,\n"
	"stays unknown, and limits what compare says of it.\n"
	"Exit status: 0 done, 1 a call failed, 2 no figures, usage or file error, 4 it\n"
	"could not run.";

struct order {
	const char *format, *log, *output, *label, *section;
	bool quiet;
};

static const char *const formats[] = { "gup_test", NULL };

static const char *format_nth(const void *context, size_t i)
{
	(void)context;
	return formats[i];
}

static void format_check(const char *format, struct argp_state *state)
{
	const char *near;

	if (strcmp(format, formats[0]) == 0)
		return;
	near = suggest_word(format, format_nth, NULL);
	argp_error(state, "no format \"%.40s\"%s%s%s", format,
		   near ? "; did you mean \"" : ": there is gup_test", near ? near : "",
		   near ? "\"?" : "");
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;

	switch (key) {
	case 'o':
		order->output = arg;
		break;
	case 's':
		order->section = arg;
		break;
	case 'q':
		order->quiet = true;
		break;
	case KEY_LABEL:
		order->label = arg;
		break;
	case ARGP_KEY_ARG:
		if (!order->format)
			format_check(order->format = arg, state);
		else if (!order->log)
			order->log = arg;
		else
			argp_error(state, "one log at a time: %s is a second", arg);
		break;
	case ARGP_KEY_END:
		if (!order->format)
			argp_error(state, "name the format, gup_test, and the log");
		if (!order->log)
			argp_error(state, "name the log, or - for standard input");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int log_load(const char *path, const char *name, char **text, size_t *size,
		    struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	autoclose int fd = standard ? dup(STDIN_FILENO) : infile_open(path, err);

	if (fd < 0)
		return standard ? error_errno(err, errno, "%s: cannot read", name) : fd;
	return infile_read(fd, name, IMPORT_MAX_BYTES, text, size, err);
}

/* "mail" for "logs/mail.txt", and "mail-without-this-patch" for a section of it. */
static void label_make(char *label, size_t size, const struct order *order, const char *title)
{
	const char *slash = strrchr(order->log, '/'), *name = slash ? slash + 1 : order->log;
	const char *dot = strrchr(name, '.');
	int length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
	char *from, *to;

	if (strcmp(order->log, "-") == 0)
		snprintf(label, size, "imported");
	else
		snprintf(label, size, "%.*s", length < 40 ? length : 40, name);
	if (order->section)
		snprintf(label + strlen(label), size - strlen(label), "-%s", title);
	/* one '-' for each run of what a label must not hold */
	for (from = to = label; *from; from++) {
		if (isalnum((unsigned char)*from) || strchr("._", *from))
			*to++ = *from;
		else if (to > label && to[-1] != '-')
			*to++ = '-';
	}
	while (to > label && to[-1] == '-')
		to--;
	*to = '\0';
	if (*label == '.' || *label == '-' || !*label)
		snprintf(label, size, "imported");
}

static int results_write(struct results *results, const struct order *order, const char *label,
			 int argc, char **argv)
{
	struct error err = { 0 };
	struct result_file file;

	results->tool_version = strdup(PINBENCH_VERSION);
	results->label = strdup(label);
	results_set_command(results, argc, argv);
	if (cmd_result_file(&file, order->output, label, &err) ||
	    cmd_result_save(&file, results, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (!order->quiet) {
		struct look look = look_of(stdout);

		table_print(stdout, &look, results);
		fflush(stdout);
		fprintf(stderr, "\nwritten to %s\n", file.path);
	}
	return cmd_exit_code(results);
}

int cmd_import(int argc, char **argv)
{
	static const struct argp argp = { options, option_parse, "gup_test LOG", doc, NULL,
					  NULL,    NULL };
	struct order order = { .format = NULL };
	struct results results = { .complete = false };
	struct error err = { 0 };
	autofree char *text = NULL;
	const char *name;
	char title[100] = "", label[80];
	size_t size = 0;
	int ret;

	cmd_parse(&argp, argc, argv, 0, &order);
	setlocale(LC_CTYPE, "");
	if (order.label && cmd_label_check(order.label, &err))
		return cmd_fail(&err, EXIT_USAGE);
	name = strcmp(order.log, "-") == 0 ? "standard input" : order.log;
	if (log_load(order.log, name, &text, &size, &err) ||
	    import_gup_test(&results, text, size, name, order.section, title, &err))
		return cmd_fail(&err, EXIT_USAGE);
	label_make(label, sizeof(label), &order, title);
	ret = results_write(&results, &order, order.label ? order.label : label, argc, argv);
	results_free(&results);
	return ret;
}

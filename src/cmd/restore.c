// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench restore: by name what every verb begins with, and what came of it. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "host/journal.h"

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "restore takes no argument \"%s\"", arg);
	return EINVAL;
}

static const char doc[] =
	"Puts back the kernel settings that a killed run has left changed. A run's own\n"
	"guardian does so at once, and every verb before anything else; this one says\n"
	"what it did, a line for each setting.\v"
	"Exit status: 0 nothing is left to restore, 1 something is: it could not be put\n"
	"back, or was changed by someone else meanwhile and is left alone.";

int cmd_restore(int argc, char **argv)
{
	static const struct argp argp = { .parser = option_parse, .doc = doc };
	struct journal_report report = { 0 };
	struct error err = { 0 };
	int ret;

	cmd_parse(&argp, argc, argv, 0, NULL);
	ret = journal_recover(&report, &err);
	for (size_t i = 0; i < report.nr; i++) {
		text_plain(report.lines[i]);
		puts(report.lines[i]);
	}
	if (!ret && report.nr == 0)
		printf("nothing to restore%s\n",
		       report.nr_live ? "; the settings of runs that go on are theirs" : "");
	if (ret)
		cmd_fail(&err, 0);
	ret = ret || report.nr_foreign || report.nr_failed ? EXIT_CASE_FAILED : EXIT_DONE;
	journal_report_free(&report);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench VERB: what pinning user pages costs, and which path it took. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/text.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "result/json.h"

struct verb {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *about;
};

static const struct verb verbs[] = {
	{ "list", cmd_list, "pinners, layouts, states, windows and observers" },
	{ "doctor", cmd_doctor, "what can run here, what cannot and why, what adds noise" },
	{ "run", cmd_run, "measure, and write a result file" },
	{ "vm", cmd_vm, "boot kernels in QEMU and measure inside" },
	{ "compare", cmd_compare, "before and after: a table with a verdict for each row" },
	{ "explain", cmd_explain, "why a row changed, function by function" },
	{ "gate", cmd_gate, "an exit code: did anything get worse? (--bisect)" },
	{ "plot", cmd_plot, "a picture of result files: SVG or PNG" },
	{ "history", cmd_history, "results of many kernels in order, and where a level changed" },
	{ "report", cmd_report, "one HTML file to send, of one result or of several" },
	{ "import", cmd_import, "figures of the kernel's own gup_test as a result file" },
	{ "export", cmd_export, "numbers for Prometheus, kselftest, spreadsheets, scripts" },
	{ "restore", cmd_restore, "put back the settings of a run that was killed" },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char *verb_nth(const void *context, size_t i)
{
	(void)context;
	if (i < NR_VERBS)
		return verbs[i].name;
	return i == NR_VERBS ? "help" : i == NR_VERBS + 1 ? "version" : NULL;
}

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < NR_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void help_print(FILE *out)
{
	fputs("Usage: pinbench VERB [OPTION...]\n"
	      "What pinning user pages costs, which path it took, and what a patch changes.\n\n",
	      out);
	for (size_t i = 0; i < NR_VERBS; i++)
		fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].about);
	fputs("\nExamples:\n"
	      "  pinbench run -c quick --label mine\n"
	      "  pinbench vm --kernel base=A/bzImage --kernel new=B/bzImage -- run\n\n"
	      "'pinbench VERB --help' has the options of a verb, pinbench(1) the whole.\n"
	      "Exit status: 0 done, 1 a case failed or got worse, 2 usage or file error,\n"
	      "3 gate cannot decide, 4 nothing could run, 128 out of memory, 130 interrupted.\n",
	      out);
}

static int verb_run(int argc, char **argv)
{
	const struct verb *verb = verb_find(argv[0]);
	const char *near;
	char name[32], help[] = "--help";

	if (!verb) {
		near = suggest_word(argv[0], verb_nth, NULL);
		fprintf(stderr, "pinbench: no verb \"%s\"%s%s%s ('pinbench --help' lists them)\n",
			argv[0], near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
		return EXIT_USAGE;
	}
	if (verb->fn != cmd_restore) /* it does that itself, and says so */
		cmd_recover();
	snprintf(name, sizeof(name), "pinbench %s", verb->name);
	argv[0] = name; /* argp shows it in usage and errors */
	if (argc == 2 && strcmp(argv[1], "-h") == 0)
		argv[1] = help;
	return verb->fn(argc, argv);
}

/* Output that could not be written is an error like any other: "pinbench list > /dev/full" must not
 * exit 0. */
static void stdout_close(void)
{
	int error = ferror(stdout);

	if (fclose(stdout) == 0 && !error)
		return;
	fprintf(stderr, "pinbench: writing the output: %s\n", errno ? strerror(errno) : "failed");
	_exit(EXIT_USAGE);
}

/* First of all: the next file that is opened would be taken for a standard descriptor, and get what
 * is meant for the user. */
static void descriptors_open(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest that is free is this one; where there is no such device, what can be
		 * neither read nor written */
		if (TEMP_FAILURE_RETRY(open("/dev/null", O_RDWR)) < 0 &&
		    TEMP_FAILURE_RETRY(open("/", O_PATH)) < 0)
			_exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	descriptors_open();
	/* a limit of file sizes is an error of the write that meets it, which has a name and a way
	 * out */
	signal(SIGXFSZ, SIG_IGN);
	argp_err_exit_status = EXIT_USAGE;
	setenv("ARGP_HELP_FMT", "no-dup-args-note", 0); /* three lines that help nobody */
	atexit(stdout_close);
	/* It writes kernel settings and files where the user says: never with rights that the user
	 * does not have. */
	if (getauxval(AT_SECURE)) {
		fprintf(stderr, "pinbench: refusing to run set-user-ID or with file capabilities; "
				"use sudo\n");
		return EXIT_USAGE;
	}
	json_seed();
	if (argc < 2) {
		help_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
	    strcmp(argv[1], "version") == 0) {
		puts("pinbench " PINBENCH_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "-?") == 0) {
		help_print(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "help") == 0) {
		char *help_argv[] = { argc > 2 ? argv[2] : NULL, "--help", NULL };

		if (argc > 2)
			return verb_run(2, help_argv);
		help_print(stdout);
		return EXIT_DONE;
	}
	if (argv[1][0] == '-') {
		fprintf(stderr,
			"pinbench: unknown option \"%s\": a verb comes first; try 'pinbench "
			"--help'\n",
			argv[1]);
		return EXIT_USAGE;
	}
	return verb_run(argc - 1, argv + 1);
}

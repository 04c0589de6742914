// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run: plan, measure, write a result file. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"
#include "cmd.h"
#include "config.h"
#include "mounts.h"
#include "plan.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "table.h"
#include "version.h"

#define MAX_OVERRIDES 64
#define SAVE_EVERY_NS UINT64_C(200000000) /* what a killed run may lose */

enum { KEY_LABEL = 256, KEY_DRY_RUN, KEY_CLOCK, KEY_FORCE, KEY_QUIET };

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, "job file (built in: quick)", 0 },
	{ "param", 'p', "KEY=VALUE[,VALUE]", 0, "replaces a key of every block; repeat", 0 },
	{ "output", 'o', "FILE", 0, "result file (results/LABEL-UTC.json)", 0 },
	{ "label", KEY_LABEL, "NAME", 0, "name of the result (kernel release)", 0 },
	{ "dry-run", KEY_DRY_RUN, 0, 0, "print the plan, measure nothing", 0 },
	{ "clock", KEY_CLOCK, "real|icount", 0, "icount: ticks are instructions (set by vm)", 0 },
	{ "force", KEY_FORCE, 0, 0, "also what could exhaust or panic this machine", 0 },
	{ "quiet", 'q', 0, 0, "no progress, no table", 0 },
	{ 0 }
};

static const char doc[] =
	"Measures what pinning memory costs and which path it took.\v"
	"  sudo pinbench run\n"
	"  pinbench run -c configs/seed-1.json --label base -o base.json\n"
	"  pinbench run -p layout=base,thp-2M -p pages_per_call=1,all\n\n"
	"'pinbench list' has the words, 'pinbench doctor' says what can run here.\n"
	"Exit status: 0 done, 1 a case failed, 2 usage or file error, 4 nothing\n"
	"could run here, 130 interrupted (the file keeps what was measured).";

struct order {
	const char *config, *output, *label;
	const char *overrides[MAX_OVERRIDES];
	size_t nr_overrides;
	bool dry_run, icount, force, quiet;
};

static volatile sig_atomic_t stop;

static void on_stop(int signal_nr)
{
	/* the second one finds the default again and ends the program at once */
	signal(signal_nr, SIG_DFL);
	stop = 1;
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;

	switch (key) {
	case 'c': order->config = arg; break;
	case 'o': order->output = arg; break;
	case 'q': order->quiet = true; break;
	case KEY_LABEL: order->label = arg; break;
	case KEY_DRY_RUN: order->dry_run = true; break;
	case KEY_FORCE: order->force = true; break;
	case KEY_CLOCK:
		if (strcmp(arg, "real") != 0 && strcmp(arg, "icount") != 0)
			argp_error(state, "--clock \"%s\": real or icount", arg);
		order->icount = strcmp(arg, "icount") == 0;
		break;
	case 'p':
		if (order->nr_overrides == MAX_OVERRIDES)
			argp_error(state, "more than %d -p options", MAX_OVERRIDES);
		order->overrides[order->nr_overrides++] = arg;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected \"%s\"", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* --- writing --- */

struct sink {
	const char *path;
	struct progress progress;
	uint64_t last_ns, last_cost_ns;
};

/* Often enough that a kill loses little, seldom enough that writing stays a small part of the run. */
static int sink_save(void *context, const struct report *report, struct error *err)
{
	struct sink *sink = context;
	uint64_t now = clock_now();

	if (now - sink->last_ns < SAVE_EVERY_NS + 20 * sink->last_cost_ns)
		return 0;
	if (report_save(report, sink->path, err))
		return -err->code;
	sink->last_ns = clock_now();
	sink->last_cost_ns = sink->last_ns - now;
	return 0;
}

static void sink_event(void *context, const struct run_event *event)
{
	struct sink *sink = context;

	progress_case(&sink->progress, event);
}

static void report_begin(struct report *report, const struct order *order, int argc, char **argv)
{
	char started[32];

	cmd_utc_now(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ");
	report->tool_version = strdup(PINBENCH_VERSION);
	report->label = strdup(order->label);
	report->icount = order->icount;
	report->started = strdup(started);
	report_set_command(report, argc, argv);
}

static void troubles_print(char **troubles)
{
	for (size_t i = 0; troubles && troubles[i]; i++) {
		fprintf(stderr, "pinbench: %s\n", troubles[i]);
		free(troubles[i]);
	}
	free(troubles);
}

static int measure_and_write(const struct order *order, const struct plan *plan,
			     struct report *report, const char *path)
{
	struct sink sink = { .path = path };
	struct run_options run_options = {
		.icount = order->icount,
		.force = order->force,
		.stop = &stop,
		.event = order->quiet ? NULL : sink_event,
		.save = sink_save,
		.context = &sink,
	};
	struct error err = { 0 };
	char **troubles;
	int ret;

	progress_open(&sink.progress, stderr);
	ret = run_plan(plan, &run_options, report, &troubles, &err);
	progress_close(&sink.progress);
	troubles_print(troubles);
	if (ret && ret != -EINTR)
		return cmd_fail(&err, EXIT_USAGE);
	if (report_save(report, path, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (!order->quiet) {
		struct look look = look_of(stdout);

		table_print(stdout, &look, report);
		fflush(stdout);
		fprintf(stderr, "\nwritten to %s\n", path);
		if (ret == 0)
			fprintf(stderr, "next: pinbench compare BASE %s\n", path);
	}
	return ret == -EINTR ? EXIT_INTERRUPTED : cmd_exit_code(report);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_stop }, inherited;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		/* nohup(1) means that a run goes on when its terminal goes away */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &inherited) == 0 &&
		    inherited.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = { options, option_parse, NULL, doc, NULL, NULL, NULL };
	struct order order = { .config = NULL };
	struct report report = { .complete = false };
	struct config config;
	struct plan plan;
	struct error err = { 0 };
	struct utsname uts;
	char path[4096];
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &order);
	uname(&uts);
	if (!order.label)
		order.label = uts.release;
	if (cmd_label_check(order.label, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (config_load(&config, order.config, order.overrides, order.nr_overrides, &err))
		return cmd_fail(&err, EXIT_USAGE);
	mounts_complete();
	if (plan_build(&plan, &config, &err)) {
		config_free(&config);
		return cmd_fail(&err, EXIT_USAGE);
	}
	if (order.dry_run) {
		cmd_plan_print(&plan);
		ret = plan.nr_skipped == plan.nr ? EXIT_NOTHING_RAN : EXIT_DONE;
	} else if (cmd_result_path(order.output, order.label, path, sizeof(path), &err)) {
		ret = cmd_fail(&err, EXIT_USAGE);
	} else {
		catch_signals();
		report_begin(&report, &order, argc, argv);
		report.config = config_text(&config);
		ret = measure_and_write(&order, &plan, &report, path);
	}
	report_free(&report);
	plan_free(&plan);
	config_free(&config);
	return ret;
}

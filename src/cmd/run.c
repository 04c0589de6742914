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

#include "base/version.h"
#include "bench/bench.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/run.h"
#include "host/mounts.h"
#include "plan/config.h"
#include "plan/plan.h"
#include "print/table.h"
#include "result/results.h"
#include "run/run.h"
#include "verdict/verdict.h"

#define SAVE_EVERY_NS UINT64_C(200000000) /* what a killed run may lose */

volatile sig_atomic_t run_stop;

static void on_stop(int signal_nr)
{
	/* the second one finds the default again and ends the program at once */
	signal(signal_nr, SIG_DFL);
	run_stop = 1;
}

/* --- writing --- */

struct sink {
	struct result_file *file; /* NULL: standard output, once */
	struct progress progress;
	uint64_t last_ns, last_cost_ns;
};

/* Often enough that a kill loses little, seldom enough that writing stays a small part of the run.
 */
static int sink_save(void *context, const struct results *results, struct error *err)
{
	struct sink *sink = context;
	uint64_t now = clock_now();

	if (!sink->file)
		return 0;
	if (now - sink->last_ns < SAVE_EVERY_NS + 20 * sink->last_cost_ns)
		return 0;
	if (cmd_result_save(sink->file, results, err))
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

static void results_begin(struct results *results, const struct order *order, int argc, char **argv)
{
	char started[32];

	cmd_utc_now(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ");
	results->tool_version = strdup(PINBENCH_VERSION);
	results->label = strdup(order->label);
	results->icount = order->icount;
	results->started = strdup(started);
	results_set_command(results, argc, argv);
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
			     struct results *results, struct result_file *file)
{
	struct sink sink = { .file = strcmp(file->path, "-") ? file : NULL };
	struct run_options run_options = {
		.icount = order->icount,
		.placement_seed = order->placed ? &order->placement_seed : NULL,
		.force = order->force,
		.time_only = order->time_only,
		.settle = order->settle,
		.precision = order->precision,
		.stop = &run_stop,
		.event = order->quiet ? NULL : sink_event,
		.save = sink_save,
		.context = &sink,
	};
	struct error err = { 0 };
	char **troubles;
	int ret;

	progress_open(&sink.progress, stderr);
	ret = run_plan(plan, &run_options, results, &troubles, &err);
	progress_close(&sink.progress);
	troubles_print(troubles);
	if (ret && !(ret == -EINTR && run_stop))
		return cmd_fail(&err, EXIT_USAGE);
	if (sink.file ? cmd_result_save(file, results, &err) : results_print(results, stdout, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (!order->quiet && sink.file) {
		struct look look = look_of(stdout);

		table_print(stdout, &look, results);
		if (order->precision.part > 0)
			precision_print(stdout, results, &order->precision, "--runs");
		fflush(stdout);
		fprintf(stderr, "\nwritten to %s\n", file->path);
		if (ret == 0)
			fprintf(stderr, "next: pinbench compare BASE %s\n", file->path);
	}
	return ret ? EXIT_INTERRUPTED : cmd_exit_code(results);
}

void run_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	/* what is being written goes on; what waits looks at the flag */
	struct sigaction action = { .sa_handler = on_stop, .sa_flags = SA_RESTART }, inherited;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		/* nohup(1) means that a run goes on when its terminal goes away */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &inherited) == 0 &&
		    inherited.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

void run_design_tell(const struct plan *plan, unsigned int nr_runs, bool paired)
{
	size_t nr_rows = plan_nr_times(plan, false),
	       fewest = rule_fewest_runs(&rule_default, nr_rows, paired);
	const char *what = paired ? "pairs" : "runs a side";

	if (nr_rows == 0)
		return;
	fprintf(stderr, "%zu row%s of times: ", nr_rows, nr_rows == 1 ? "" : "s");
	if (nr_runs && nr_runs < fewest)
		fprintf(stderr, "%u %s can never be significant; %zu can\n", nr_runs, what, fewest);
	else
		fprintf(stderr, "a difference can be significant from %zu %s on\n", fewest, what);
}

/* The most runs of a case. */
static unsigned int nr_runs_of(const struct plan *plan)
{
	unsigned int most = 0;

	for (size_t i = 0; i < plan->nr; i++)
		if (!plan->cases[i].skip_why[0] && plan->cases[i].runs > most)
			most = plan->cases[i].runs;
	return most;
}

int cmd_run(int argc, char **argv)
{
	static struct order order = { .turns = ORDER_ABBA, .precision.max_time_s = 60 };
	static char runs[24];
	struct results results = { .complete = false };
	struct config config;
	struct plan plan;
	struct error err = { 0 };
	struct utsname uts;
	struct result_file file;
	int ret;

	cmd_parse(&run_argp, argc, argv, 0, &order);
	if (order.runs) {
		snprintf(runs, sizeof(runs), "runs=%u", order.runs);
		order.overrides[order.nr_overrides++] = runs; /* last: it holds against -p runs= */
	}
	if (order.with)
		return run_with(&order, argc, argv);
	uname(&uts);
	if (!order.label)
		order.label = uts.release;
	if (cmd_label_check(order.label, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (config_load(&config, order.config, order.overrides, order.nr_overrides, &err))
		return cmd_fail(&err, EXIT_USAGE);
	config.only = order.only;
	mounts_complete();
	if (plan_build(&plan, &config, &err)) {
		config_free(&config);
		return cmd_fail(&err, EXIT_USAGE);
	}
	if (order.dry_run) {
		cmd_plan_print(&plan);
		ret = cmd_plan_exit_code(&plan);
	} else if (cmd_result_file(&file, order.output, order.label, &err)) {
		ret = cmd_fail(&err, EXIT_USAGE);
	} else {
		run_catch_signals();
		if (!order.quiet && (order.precision.part > 0 || nr_runs_of(&plan) > 1))
			run_design_tell(&plan, order.precision.part > 0 ? 0 : nr_runs_of(&plan),
					false);
		results_begin(&results, &order, argc, argv);
		results.config = config_text(&config);
		ret = measure_and_write(&order, &plan, &results, &file);
	}
	results_free(&results);
	plan_free(&plan);
	config_free(&config);
	return ret;
}

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
#include "cmd_run.h"
#include "config.h"
#include "mounts.h"
#include "plan.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "table.h"
#include "version.h"

#define SAVE_EVERY_NS UINT64_C(200000000) /* what a killed run may lose */

enum {
	KEY_LABEL = 256, KEY_DRY_RUN, KEY_CLOCK, KEY_PLACEMENT, KEY_FORCE, KEY_TIME_ONLY, KEY_RUNS, KEY_WITH, KEY_WITH_LABEL,
	KEY_WITH_OUTPUT, KEY_ORDER, KEY_SEED, KEY_RESUME,
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, "job file (built in: quick)", 0 },
	{ "param", 'p', "KEY=VALUE[,VALUE]", 0, "replaces a key of every block; repeat", 0 },
	{ "runs", KEY_RUNS, "N", 0, "processes per case (1); with --with: blocks (10)", 0 },
	{ "output", 'o', "FILE", 0, "result (results/LABEL-UTC.json); -: stdout", 0 },
	{ "label", KEY_LABEL, "NAME", 0, "name of the result (kernel release)", 0 },
	{ "with", KEY_WITH, "FILE", 0, "take turns with another job file or pinbench", 0 },
	{ "with-label", KEY_WITH_LABEL, "NAME", 0, "name of its result (of the file)", 0 },
	{ "with-output", KEY_WITH_OUTPUT, "FILE", 0, "its result file, where -o names ours", 0 },
	{ "order", KEY_ORDER, "abba|random", 0, "who begins a block (abba)", 0 },
	{ "seed", KEY_SEED, "N", 0, "of the random order", 0 },
	{ "resume", KEY_RESUME, 0, 0, "finish what --with began; the same command", 0 },
	{ "dry-run", KEY_DRY_RUN, 0, 0, "print the plan, measure nothing", 0 },
	{ "clock", KEY_CLOCK, "real|icount", 0, "icount: ticks are instructions (set by vm)", 0 },
	{ "placement", KEY_PLACEMENT, "SEED", 0, "decides where memory lies (set by vm)", 0 },
	{ "force", KEY_FORCE, 0, 0, "also what could exhaust or panic this machine", 0 },
	{ "time-only", KEY_TIME_ONLY, 0, OPTION_HIDDEN, "", 0 },
	{ "quiet", 'q', 0, 0, "no progress, no table", 0 },
	{ 0 }
};

static const char doc[] =
	"Measures what pinning memory costs and which path it took.\v"
	"Exit status: 0 done, 1 a case failed, 2 usage or file error, 4 nothing ran,\n"
	"130 interrupted (what was measured is kept). Examples: pinbench(1)";

volatile sig_atomic_t run_stop;

static void on_stop(int signal_nr)
{
	/* the second one finds the default again and ends the program at once */
	signal(signal_nr, SIG_DFL);
	run_stop = 1;
}

static uint64_t number_parse(struct argp_state *state, const char *name, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (end == text || *end || *text == '-' || errno || number < min || number > max)
		argp_error(state, "%s \"%s\": a number from %llu to %llu", name, text, (unsigned long long)min,
			   (unsigned long long)max);
	return number;
}

static enum run_order turns_parse(struct argp_state *state, const char *text)
{
	for (enum run_order turns = ORDER_NONE + 1; turns < NR_ORDERS; turns++)
		if (strcmp(text, order_names[turns]) == 0)
			return turns;
	argp_error(state, "--order \"%s\": abba or random", text);
	return ORDER_NONE;
}

/* Options that mean nothing without another are mistakes. */
static void order_check(struct argp_state *state, const struct order *order)
{
	if (!order->with && (order->with_label || order->with_output || order->turns_given || order->seed_given || order->resume))
		argp_error(state, "--with-label, --with-output, --order, --seed and --resume need --with");
	if (order->with && order->time_only)
		argp_error(state, "--with needs what --time-only leaves out");
	if (order->with && !order->output != !order->with_output)
		argp_error(state, "-o and --with-output: both or none");
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;
	char *end;

	switch (key) {
	case 'c': order->config = arg; break;
	case 'o': order->output = arg; break;
	case 'q': order->quiet = true; break;
	case KEY_LABEL: order->label = arg; break;
	case KEY_RUNS: order->runs = (unsigned int)number_parse(state, "--runs", arg, 1, REPORT_MAX_RUNS); break;
	case KEY_WITH: order->with = arg; break;
	case KEY_WITH_LABEL: order->with_label = arg; break;
	case KEY_WITH_OUTPUT: order->with_output = arg; break;
	case KEY_RESUME: order->resume = true; break;
	case KEY_ORDER:
		order->turns = turns_parse(state, arg);
		order->turns_given = true;
		break;
	case KEY_SEED:
		order->seed = number_parse(state, "--seed", arg, 0, UINT32_MAX);
		order->seed_given = true;
		break;
	case KEY_DRY_RUN: order->dry_run = true; break;
	case KEY_FORCE: order->force = true; break;
	case KEY_TIME_ONLY: order->time_only = true; break;
	case KEY_CLOCK:
		if (strcmp(arg, "real") != 0 && strcmp(arg, "icount") != 0)
			argp_error(state, "--clock \"%s\": real or icount", arg);
		order->icount = strcmp(arg, "icount") == 0;
		break;
	case KEY_PLACEMENT:
		order->placement_seed = strtoull(arg, &end, 10);
		if (*end || end == arg || *arg == '-' || order->placement_seed > INT64_MAX)
			argp_error(state, "--placement \"%s\": a whole number", arg);
		order->placed = true;
		break;
	case 'p':
		if (order->nr_overrides == RUN_MAX_OVERRIDES)
			argp_error(state, "more than %d -p options", RUN_MAX_OVERRIDES);
		order->overrides[order->nr_overrides++] = arg;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected \"%s\"", arg);
		break;
	case ARGP_KEY_END: order_check(state, order); break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* --- writing --- */

struct sink {
	const char *path; /* NULL: standard output, once */
	struct progress progress;
	uint64_t last_ns, last_cost_ns;
};

/* Often enough that a kill loses little, seldom enough that writing stays a small part of the run. */
static int sink_save(void *context, const struct report *report, struct error *err)
{
	struct sink *sink = context;
	uint64_t now = clock_now();

	if (!sink->path)
		return 0;
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
	struct sink sink = { .path = strcmp(path, "-") ? path : NULL };
	struct run_options run_options = {
		.icount = order->icount,
		.placement_seed = order->placed ? &order->placement_seed : NULL,
		.force = order->force,
		.time_only = order->time_only,
		.stop = &run_stop,
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
	if (sink.path ? report_save(report, path, &err) : report_print(report, stdout, &err))
		return cmd_fail(&err, EXIT_USAGE);
	if (!order->quiet && sink.path) {
		struct look look = look_of(stdout);

		table_print(stdout, &look, report);
		fflush(stdout);
		fprintf(stderr, "\nwritten to %s\n", path);
		if (ret == 0)
			fprintf(stderr, "next: pinbench compare BASE %s\n", path);
	}
	return ret == -EINTR ? EXIT_INTERRUPTED : cmd_exit_code(report);
}

void run_catch_signals(void)
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
	static struct order order = { .turns = ORDER_ABBA };
	static char runs[24];
	struct report report = { .complete = false };
	struct config config;
	struct plan plan;
	struct error err = { 0 };
	struct utsname uts;
	char path[4096];
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &order);
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
		run_catch_signals();
		report_begin(&report, &order, argc, argv);
		report.config = config_text(&config);
		ret = measure_and_write(&order, &plan, &report, path);
	}
	report_free(&report);
	plan_free(&plan);
	config_free(&config);
	return ret;
}

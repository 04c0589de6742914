// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run: plan, measure, write a result file. */
#include "cmd/run.h"

#include <argp.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/version.h"
#include "bench/bench.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "host/sysfile.h"
#include "plan/config.h"
#include "plan/place.h"
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

/* The most runs of a case. */
static unsigned int nr_runs_of(const struct plan *plan)
{
	unsigned int most = 0;

	for (size_t i = 0; i < plan->nr; i++)
		if (!plan->cases[i].skip_why[0] && plan->cases[i].runs > most)
			most = plan->cases[i].runs;
	return most;
}

/* What to type next. One run of a case says nothing about how far runs are apart, and so nothing
 * about a difference. */
static void next_tell(const struct order *order, const struct plan *plan,
		      const struct result_file *file)
{
	size_t nr_rows = plan_nr_times(plan, false);

	if (nr_rows && nr_runs_of(plan) < 2 && order->precision.part <= 0 && !order->icount)
		fprintf(stderr,
			"times of one run of a case cannot be told apart: measure both sides with "
			"--runs %zu, or in turns with --with\n",
			rule_fewest_runs(&rule_default, nr_rows, false));
	fputs("next: pinbench compare BASE ", stderr);
	cmd_word_tell(file->path);
	fputc('\n', stderr);
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
			next_tell(order, plan, file);
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

/* Of a job that was named; anything else is left as it is. Lives as long as the program. */
static const char *job_path(const char *name)
{
	static char *paths[2];
	static size_t nr;
	char *path = name ? place_job(name) : NULL;

	if (!path)
		return name;
	return paths[nr++] = path;
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
	/* what the other program of --with gets is a file: it may not know our names */
	order.config = job_path(order.config);
	order.with = job_path(order.with);
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
	} else if (cmd_result_file(&file, order.output, order.label, &err) ||
		   cmd_output_try(&file, &err)) {
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

/* pinbench run: what it can be told. */

enum {
	KEY_LABEL = 256,
	KEY_DRY_RUN,
	KEY_CLOCK,
	KEY_PLACEMENT,
	KEY_FORCE,
	KEY_TIME_ONLY,
	KEY_SETTLE,
	KEY_RUNS,
	KEY_WITH,
	KEY_WITH_LABEL,
	KEY_WITH_OUTPUT,
	KEY_ORDER,
	KEY_SEED,
	KEY_RESUME,
	KEY_PRECISION,
	KEY_MAX_TIME,
	KEY_ONLY,
};

static const struct argp_option options[] = {
	{ "config", 'c', "JOB", 0, "job file, or name of a job (quick)", 0 },
	{ "param", 'p', "KEY=VALUE[,VALUE]", 0, "replaces a key of every block; repeat", 0 },
	{ "runs", KEY_RUNS, "N", 0, "processes per case (1); with --with: blocks (10+)", 0 },
	{ "precision", KEY_PRECISION, "PCT", 0, "as many runs as settle a case to that", 0 },
	{ "max-time", KEY_MAX_TIME, "S", 0, "a case may take for --precision (60)", 0 },
	{ "output", 'o', "FILE", 0, "result (results/LABEL-UTC.json); -: stdout", 0 },
	{ "label", KEY_LABEL, "NAME", 0, "name of the result (kernel release)", 0 },
	{ "with", KEY_WITH, "FILE", 0, "take turns with another job file or pinbench", 0 },
	{ "with-label", KEY_WITH_LABEL, "NAME", 0, "name of its result (of the file)", 0 },
	{ "with-output", KEY_WITH_OUTPUT, "FILE", 0, "its result file, where -o names ours", 0 },
	{ "order", KEY_ORDER, "abba|random", 0, "who begins a block (abba)", 0 },
	{ "seed", KEY_SEED, "N", 0, "of the random order", 0 },
	{ "resume", KEY_RESUME, 0, 0, "finish what --with began; the same command", 0 },
	{ "dry-run", KEY_DRY_RUN, 0, 0, "print the plan, measure nothing", 0 },
	{ "clock", KEY_CLOCK, "real|icount", OPTION_HIDDEN, "", 0 },  /* vm says so to the guest */
	{ "placement", KEY_PLACEMENT, "SEED", OPTION_HIDDEN, "", 0 }, /* set by vm */
	{ "force", KEY_FORCE, 0, 0, "also what could exhaust or panic this machine", 0 },
	{ "time-only", KEY_TIME_ONLY, 0, OPTION_HIDDEN, "", 0 },
	{ "case", 'k', "GLOB", 0, "only the cases whose key matches (*, ?, [])", 0 },
	{ "only", KEY_ONLY, "KEY", OPTION_HIDDEN, "", 0 }, /* by run --with: one case of the job */
	{ "settle", KEY_SETTLE, 0, OPTION_HIDDEN, "",
	  0 }, /* by vm: wait until the guest is at rest */
	{ "quiet", 'q', 0, 0, "no progress, no table", 0 },
	{ 0 }
};

static const char doc[] =
	"Measures what pinning memory costs and which path it took.\v"
	"Exit: 0 done, 1 a case failed, 2 usage or file, 4 nothing ran, 130 interrupted";

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
	if (!order->with && (order->with_label || order->with_output || order->turns_given ||
			     order->seed_given || order->resume))
		argp_error(state,
			   "--with-label, --with-output, --order, --seed and --resume need --with");
	if (order->max_time_given && order->precision.part <= 0)
		argp_error(state, "--max-time needs --precision");
	if (order->precision.part > 0 && order->runs && order->runs < PRECISION_FEWEST_RUNS)
		argp_error(state,
			   "--precision: there is no interval of 95 %% with fewer than %u runs",
			   PRECISION_FEWEST_RUNS);
	if (order->with && (order->time_only || order->only))
		argp_error(state, "--with needs what --time-only and --case leave out");
	if (order->with && !order->output != !order->with_output)
		argp_error(state, "-o and --with-output: both or none");
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;
	char *end;

	switch (key) {
	case 'c':
		order->config = arg;
		break;
	case 'o':
		order->output = arg;
		break;
	case 'q':
		order->quiet = true;
		break;
	case KEY_LABEL:
		order->label = arg;
		break;
	case KEY_RUNS:
		order->runs = (unsigned int)cmd_number(state, "--runs", arg, 1, RESULTS_MAX_RUNS);
		break;
	case KEY_WITH:
		order->with = arg;
		break;
	case KEY_PRECISION:
		order->precision.part = cmd_real(state, "--precision", arg, "%", 0.01, 50) / 100;
		break;
	case KEY_MAX_TIME:
		order->precision.max_time_s = cmd_real(state, "--max-time", arg, "s", 1, 86400);
		order->max_time_given = true;
		break;
	case KEY_WITH_LABEL:
		order->with_label = arg;
		break;
	case KEY_WITH_OUTPUT:
		order->with_output = arg;
		break;
	case KEY_RESUME:
		order->resume = true;
		break;
	case KEY_ORDER:
		order->turns = turns_parse(state, arg);
		order->turns_given = true;
		break;
	case KEY_SEED:
		order->seed = cmd_number(state, "--seed", arg, 0, UINT32_MAX);
		order->seed_given = true;
		break;
	case KEY_DRY_RUN:
		order->dry_run = true;
		break;
	case KEY_FORCE:
		order->force = true;
		break;
	case KEY_TIME_ONLY:
		order->time_only = true;
		break;
	case KEY_SETTLE:
		order->settle = true;
		break;
	case 'k':
	case KEY_ONLY:
		order->only = arg;
		break;
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
	case ARGP_KEY_END:
		order_check(state, order);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp run_argp = { options, option_parse, NULL, doc, NULL, NULL, NULL };

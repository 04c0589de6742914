// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run: what it can be told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/run.h"

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
	{ "config", 'c', "FILE", 0, "job file (built in: quick)", 0 },
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
	{ "clock", KEY_CLOCK, "real|icount", OPTION_HIDDEN, "", 0 }, /* vm says so to the guest */
	{ "placement", KEY_PLACEMENT, "SEED", 0, "decides where memory lies (set by vm)", 0 },
	{ "force", KEY_FORCE, 0, 0, "also what could exhaust or panic this machine", 0 },
	{ "time-only", KEY_TIME_ONLY, 0, OPTION_HIDDEN, "", 0 },
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
		argp_error(state, "--with needs what --time-only and --only leave out");
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

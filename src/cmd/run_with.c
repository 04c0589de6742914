// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run --with: two sides of one host in turns. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/run.h"
#include "host/sysfile.h"
#include "plan/config.h"
#include "plan/plan.h"
#include "result/schedule.h"
#include "turns/pairing.h"
#include "turns/turns.h"
#include "verdict/verdict.h"

#define DEFAULT_BLOCKS 10u /* or as many as can decide */

struct with {
	const struct order *order;
	bool other_program; /* else another job file */
	struct with_names names;
	struct config configs[INTERLEAVE_SIDES];
	struct plan plans[INTERLEAVE_SIDES];
	unsigned int nr_plans;
	struct pairing pairing;
	struct interleave interleave;
	struct progress progress;
};

/* --- the sides --- */

static unsigned int nr_blocks(const struct with *with)
{
	unsigned int most = with->order->runs;

	for (size_t i = 0; !with->order->runs && i < with->configs[0].nr_jobs; i++)
		if (with->configs[0].jobs[i].runs > most)
			most = with->configs[0].jobs[i].runs;
	if (with->order->runs || most > 1)
		return most;
	if (with->order->precision.part > 0)
		return plan_most_runs(&with->plans[0]);
	most = (unsigned int)rule_fewest_runs(&rule_default, plan_nr_times(&with->plans[0], false),
					      true);
	return most > DEFAULT_BLOCKS ? most : DEFAULT_BLOCKS;
}

static int plans_make(struct with *with, struct error *err)
{
	const struct order *order = with->order;
	const char *const jobs[] = { order->config, with->other_program ? NULL : order->with };

	for (unsigned int i = 0; i < (with->other_program ? 1 : INTERLEAVE_SIDES); i++) {
		if (config_load(&with->configs[i], jobs[i], order->overrides, order->nr_overrides,
				err))
			return -err->code;
		if (plan_build(&with->plans[i], &with->configs[i], err)) {
			config_free(&with->configs[i]);
			return -err->code;
		}
		with->nr_plans++;
		if (plan_broken(&with->plans[i], err))
			return -err->code;
	}
	if (with->other_program)
		return 0;
	return pairing_find(&with->pairing, &with->plans[0], &with->plans[1], err);
}

/* By what is in it: a program is started, anything else is a job file. */
static int sides_open(struct with *with, struct error *err)
{
	const struct order *order = with->order;
	struct interleave_side *sides = with->interleave.sides;
	int is = program_is(order->with, err);

	if (is < 0)
		return is;
	with->other_program = is;
	if (program_open(&sides[0].program, NULL, err) ||
	    program_open(&sides[1].program, is ? order->with : NULL, err))
		return -err->code;
	sides[0].job = order->config;
	sides[1].job = is ? order->config : order->with;
	if (plans_make(with, err)) {
		if (!is && err->code == EINVAL && !err->fix[0])
			error_fix(err,
				  "--with takes a job file or a program; %.100s is no program "
				  "(ELF, #!)",
				  order->with);
		return -err->code;
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		sides[i].plan = &with->plans[is ? 0 : i];
		sides[i].counterparts = is ? NULL : with->pairing.of[i];
		sides[i].label = with->names.labels[i];
		sides[i].path = with->names.paths[i];
	}
	return 0;
}

/* --- what is said --- */

static void pass_event(void *context, const struct interleave_event *event)
{
	struct with *with = context;

	progress_pass(&with->progress, event);
}

static void plan_print(const struct with *with)
{
	for (unsigned int i = 0; i < with->nr_plans; i++) {
		if (with->nr_plans > 1)
			printf("%s%s:\n", i ? "\n" : "", with->names.labels[i]);
		cmd_plan_print(&with->plans[i]);
	}
	printf("%u blocks, order %s\n", with->interleave.schedule.nr_blocks,
	       order_names[with->order->turns]);
}

static void pairing_tell(const struct with *with)
{
	const struct pairing *pairing = &with->pairing;

	if (!pairing->varied[0])
		return;
	if (pairing->values[0][0] && pairing->values[1][0])
		fprintf(stderr, "compared case by case: %s %s with %s\n", pairing->varied,
			pairing->values[0], pairing->values[1]);
	else
		fprintf(stderr, "compared case by case, in order: they differ in %s\n",
			pairing->varied);
}

static int ended(struct with *with, int ret, const struct error *err)
{
	const struct interleave_side *sides = with->interleave.sides;
	int codes[INTERLEAVE_SIDES];

	if (ret == -EINTR && run_stop) {
		if (!with->order->quiet)
			fprintf(stderr, "interrupted; go on: the same command with --resume\n");
		return EXIT_INTERRUPTED;
	}
	if (ret)
		return cmd_fail(err, ret == -ENODATA ? EXIT_NOTHING_RAN : EXIT_USAGE);
	if (!with->order->quiet) {
		for (unsigned int i = 0; with->order->precision.part > 0 && i < INTERLEAVE_SIDES;
		     i++) {
			printf("%s: ", with->names.labels[i]);
			precision_print(stdout, &sides[i].results, &with->order->precision,
					"--runs");
		}
		fflush(stdout);
		fprintf(stderr, "written to %s\n       and %s\n", sides[0].path, sides[1].path);
		fprintf(stderr, "next: pinbench compare %s %s\n", sides[0].path, sides[1].path);
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		codes[i] = cmd_exit_code(&sides[i].results);
	return codes[0] == EXIT_CASE_FAILED || codes[1] == EXIT_CASE_FAILED ? EXIT_CASE_FAILED
	       : codes[0]                                                   ? codes[0]
									    : codes[1];
}

static int with_measure(struct with *with, struct error *err)
{
	struct interleave *interleave = &with->interleave;
	const struct order *order = with->order;
	int ret = 0;

	if (with_paths(&with->names, order, err))
		return cmd_fail(err, EXIT_USAGE);
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		interleave->sides[i].is_new = with->names.is_new[i] && !order->resume;
	if (order->resume)
		ret = interleave_take_up(interleave, order->seed_given, err);
	if (ret) {
		error_fix(err, "without --resume a new schedule begins");
		return cmd_fail(err, EXIT_USAGE);
	}
	if (!order->quiet) {
		pairing_tell(with);
		run_design_tell(&with->plans[0],
				order->precision.part > 0 ? 0 : interleave->schedule.nr_blocks,
				true);
		if (order->resume)
			fprintf(stderr, "%u of %u blocks are left\n",
				interleave_nr_left(interleave), interleave->schedule.nr_blocks);
		interleave->event = pass_event;
		interleave->context = with;
	}
	run_catch_signals();
	progress_open(&with->progress, stderr);
	ret = interleave_run(interleave, err);
	progress_close(&with->progress);
	return ended(with, ret, err);
}

int run_with(const struct order *order, int argc, char **argv)
{
	static struct with with;
	struct interleave *interleave = &with.interleave;
	struct error err = { 0 };
	int code;

	with.order = order;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		interleave->sides[i].program.fd = -1;
	interleave->overrides = order->overrides;
	interleave->nr_overrides = order->nr_overrides;
	interleave->force = order->force;
	interleave->icount = order->icount;
	interleave->precision = order->precision;
	interleave->argc = argc;
	interleave->argv = argv;
	interleave->stop = &run_stop;
	mounts_complete();
	if (sides_open(&with, &err) ||
	    with_labels(&with.names, order, interleave->sides, with.other_program, &err)) {
		code = cmd_fail(&err, EXIT_USAGE);
	} else {
		const char *const labels[] = { with.names.labels[0], with.names.labels[1] };

		schedule_init(&interleave->schedule, order->turns, nr_blocks(&with), labels,
			      INTERLEAVE_SIDES, order->seed_given ? &order->seed : NULL);
		if (order->dry_run) {
			plan_print(&with);
			code = cmd_plan_exit_code(&with.plans[0]);
		} else {
			code = with_measure(&with, &err);
		}
	}
	interleave_free(interleave);
	pairing_free(&with.pairing);
	for (unsigned int i = 0; i < with.nr_plans; i++) {
		plan_free(&with.plans[i]);
		config_free(&with.configs[i]);
	}
	return code;
}

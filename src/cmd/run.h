/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What "run" was told, and its two ways: alone (cmd/run.c), and in turns with another side
 * (cmd/run_with.c). */
#include <argp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "result/results.h"
#include "stats/precision.h"
#include "turns/turns.h"

#define RUN_MAX_OVERRIDES 64

struct order {
	const char *config, *output, *label;
	const char *overrides[RUN_MAX_OVERRIDES + 1]; /* of -p, and of --runs */
	size_t nr_overrides;
	unsigned int runs; /* 0: as the job says */
	const char *with, *with_label, *with_output;
	const char *only; /* key of the one case to measure */
	enum run_order turns;
	bool turns_given, seed_given, max_time_given;
	uint64_t seed;
	struct precision precision; /* most_runs: --runs */
	bool placed;
	uint64_t placement_seed; /* if placed */
	bool dry_run, icount, force, quiet, time_only, settle, resume;
};

/* Fills a struct order. */
extern const struct argp run_argp;

/* Becomes true on SIGINT, SIGTERM, SIGHUP, once run_catch_signals() was called. */
extern volatile sig_atomic_t run_stop;
void run_catch_signals(void);

/*
 * Says, before anything is measured, whether so many runs a side could show any difference.
 * @nr_runs 0: as many as it will take.
 */
void run_design_tell(const struct plan *plan, unsigned int nr_runs, bool paired);

/* Returns the exit code. */
int run_with(const struct order *order, int argc, char **argv);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * From a plan to a report: reserves what a case needs, times it, observes it, checks the truth,
 * gives everything back. The caller saves the report and prints.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"
#include "result/results.h"
#include "stats/precision.h"

struct run_event {
	size_t index, nr_cases; /* case index, from 0 */
	const struct plan_case *plan_case;
	const struct result *result; /* NULL: the case begins */
	double elapsed_s, left_s;    /* left_s < 0: not known yet */
};

struct run_options {
	bool icount;    /* the clock counts instructions */
	bool time_only; /* no counts, no held pin, of the environment only the kernel: for further
			   runs */
	bool settle;    /* a guest that has just booted: wait until it is at rest */
	const uint64_t *placement_seed; /* decides where memory comes to lie; NULL: the kernel */
	struct precision
		precision; /* part 0: as many runs as the plan says; most_runs 0: as a file holds */
	bool force;        /* also what could exhaust memory or panic this kernel */
	const volatile sig_atomic_t *stop; /* becomes true on SIGINT, SIGTERM, SIGHUP */
	void (*event)(void *context, const struct run_event *event);
	/* Called after each case; an error ends the run. */
	int (*save)(void *context, const struct results *results, struct error *err);
	void *context;
};

/*
 * Adds the results of @plan to @results in its order and completes its environment. Every case of
 * the plan gets a result, also when the run is interrupted (-EINTR: those left are skipped with
 * that reason). @restored gets a sentence for each setting that could not be put back;
 * NULL-terminated, malloc'ed, or NULL.
 */
int run_plan(const struct plan *plan, const struct run_options *options, struct results *results,
	     char ***troubles, struct error *err);

/*
 * A guest that has just booted is still at work: what the same pin costs then may be anything. So a
 * small, fixed piece of work through the kernel's memory management is timed again and again until
 * two in a row agree and nobody else wanted the CPU.
 */

struct settling {
	unsigned int nr_probes;
	bool settled;
};

/*
 * Agree: with @icount within 0.1 % or two grains of the guest's counter, else within 5 %. Gives up
 * after a few seconds, or when
 * *@stop becomes true.
 */
void settle(struct settling *settling, bool icount, const volatile sig_atomic_t *stop);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One case: its rounds, and the truth about them. */
#include <signal.h>

#include "host/journal.h"
#include "host/kernel_log.h"
#include "host/topology.h"
#include "plan/plan.h"
#include "result/results.h"
#include "run/aftermath.h"
#include "stats/precision.h"

struct measure_env {
	struct place place;      /* set before each case */
	struct journal *journal; /* the workers must not hold it; may be NULL */
	const volatile sig_atomic_t *stop;
	struct kernel_log log;
	bool use_observer[8];         /* by index in observers[]: works on this kernel */
	struct bystanders bystanders; /* what other processes held when that was last asked */
	bool pins_quiet;              /* nobody else pins: the system-wide counters are ours */
	struct precision precision;   /* part 0: as many runs as the plan says */
	bool time_only; /* no observed and no held round: another run of the same has had them */
	const uint64_t *placement_seed; /* of every round; may be NULL */
	uint64_t clock_grain;           /* of the outside clock, in ticks */
};

/*
 * Finds out which observers work and what the harness itself costs, and writes both into the
 * report's environment (observers.NAME, harness.floor_ticks). With @time_only it leaves out the
 * observers and who else pins, which takes long.
 */
int measure_open(struct measure_env *env, const volatile sig_atomic_t *stop, bool icount,
		 bool time_only, struct results *results, struct error *err);

/*
 * Times and, unless it is to time only, observes and, where the pinner can, holds. 0: done;
 * -EOPNOTSUPP: a reason to skip; other errors: failed, with what was seen. @result keeps what was
 * measured in every case.
 */
int measure_case(struct measure_env *env, const struct plan_case *plan_case, struct result *result,
		 struct error *err);
void measure_close(struct measure_env *env);

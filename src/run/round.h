/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One round of a case in a fresh process: map, populate and verify the region, arrange and verify
 * the state, then time cycles, or observe one, or hold one. The process writes into memory that it
 * shares with its supervisor, so that a round that hangs or is killed leaves what it had, and where
 * it was.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fact.h"
#include "base/metric.h"
#include "host/journal.h"
#include "host/topology.h"
#include "plan/plan.h"
#include "result/results.h"

enum round_kind {
	ROUND_TIME,    /* warm-ups and samples; nothing else runs between two clock reads */
	ROUND_OBSERVE, /* one cycle under the observers, then what it changed */
	ROUND_HOLD,    /* one held pin: its references, and whether it sees later writes */
};

struct round_job {
	enum round_kind kind;
	const struct plan_case *plan_case;
	const struct place *place;
	struct journal *journal; /* of the run, for the worker to let go; or NULL */
	size_t nr_samples;       /* ROUND_TIME: cycles in this process */
	bool use_observer[8];    /* ROUND_OBSERVE: by index in observers[] */
	uint64_t deadline_ns;    /* on clock_now() */
	const uint64_t
		*placement_seed; /* what decides where memory comes to lie; NULL: the kernel */
};

#define ROUND_MAX_FACTS    48
#define ROUND_MAX_WARNINGS 12

struct round_fact {
	char name[40];
	enum fact_kind kind;
	int64_t number;
	char text[160];
};

/* Written by the round's process. */
struct round_result {
	bool finished;      /* the process came to its end */
	struct error error; /* code 0: all went well */
	bool unsupported;   /* the error is a reason to skip: -EOPNOTSUPP from the pinner */
	char stage[48];     /* what it was doing */
	char clock[NR_METRICS][24];
	uint64_t quantum[NR_METRICS];
	struct path_count counts;
	struct round_fact facts[ROUND_MAX_FACTS];
	size_t nr_facts;
	char warnings[ROUND_MAX_WARNINGS][256];
	size_t nr_warnings;
	size_t nr_samples; /* done so far */
	size_t max_samples;
	struct placement placement; /* what came of job->placement_seed */
	uint64_t unshared;          /* pages that the last cycle copied or reused */
	bool unshared_known;
	struct sample samples[];
};

/* Shared memory for up to @max_samples; NULL when there is none. */
struct round_result *round_result_map(size_t max_samples);
void round_result_unmap(struct round_result *result);

/*
 * Runs the round in a child and waits for it. 0 when the child came to its end (its own error is in
 * @result); -ETIMEDOUT at the deadline, -EINTR when *@stop became true, -ECHILD when it was killed,
 * -ENOMEM when it ran out of memory: the child is dead then. -ENOTRECOVERABLE when it hangs in the
 * kernel and could not be killed.
 */
int round_run(const struct round_job *job, struct round_result *result,
	      const volatile sig_atomic_t *stop, struct error *err);

/* Fills @result; any error is in it. Leaves the region mapped and the child of the state alive: the
 * process ends next. */
void round_child(const struct round_job *job, struct round_result *result);

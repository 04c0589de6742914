/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One case: its rounds, and the truth about them. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/journal.h"
#include "host/kernel.h"
#include "host/topology.h"
#include "plan/plan.h"
#include "result/results.h"
#include "stats/precision.h"

/* What a case left behind: held pins, missing huge pages, complaints of the kernel. Nothing is the
 * only good answer. */

/* What all other processes hold, by their own status; 0 where it cannot be read. */
struct bystanders {
	uint64_t pinned_kb, hugetlb_kb;
};
void bystanders_look(struct bystanders *bystanders);

struct before {
	struct journal *journal; /* knows of other runs; may be NULL */
	bool company;            /* another run of pinbench was there */
	struct pin_counters pins;
	bool have_pins;
	uint64_t used_pages;
	size_t pool_page; /* bytes; 0: the case takes no hugetlb pages */
	int node;
	bool pool_shared; /* another run counted on pages of the same pool */
};

/* @pool_page: size of the hugetlb pages that the case takes from the pool of @node, or 0. */
void before_look(struct before *before, struct journal *journal, size_t pool_page, int node);

/*
 * Waits up to 2 s for pins and pages to come back, and puts what it found into the result's truth.
 * -EBUSY when more are held than before and nobody else can have them: no other run of pinbench was
 * there, no other process has more than in
 * @bystanders, which is brought up to date, and the counters of pins stand still. Else a change of
 * the pins is a warning, and what cannot be said of the pool is not said
 * (free_hugepages_unverified). @pins_quiet: nobody was seen to pin when the run began.
 */
int leak_check(const struct before *before, struct bystanders *bystanders, bool pins_quiet,
	       struct result *result, struct error *err);

/* New lines of the log and new taint, into the result's truth. -EIO with the first line if there
 * are any; -EUCLEAN where the kernel ran into a bug of its own: with the place, the page and the
 * trace, which say more than what became of the process. */
int log_check(struct kernel_log *log, struct result *result, struct error *err);

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

/*
 * What the kernel source says a pin of a case does, from 5.19 (unsharing) on. A kernel that does
 * otherwise is not wrong to pinbench: it is what a before/after comparison looks for, and the
 * result says so.
 */

struct expectation {
	bool unshared_known;
	uint64_t copied_pages, reused_pages; /* base pages of the window */
	bool acquired_known;
	uint64_t acquired; /* rise of nr_foll_pin_acquired over one cycle */
	const char *why;   /* of the acquired references, one clause */
};

/* @path is the pinner's path on the running kernel. */
void expect_case(struct expectation *expectation, const struct plan_case *plan_case,
		 const struct pin_path *path);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Two configurations, or two builds of pinbench, measured in turns on this host: within a block
 * case by case, so that what is compared was measured milliseconds apart; the speed of a machine
 * wanders by several percent within a second. A pass measures one case of one side in a process of
 * its own (pass.h). When a block is through, its passes are stamped with block and slot and added
 * to the files of their sides, which are saved then or, as they grow, every few blocks: a kill
 * loses what was measured in twenty times as long as saving takes, an interrupt the block that goes
 * on. The first block observes and proves as every run does, the others time only (and prove the
 * state of what they time).
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"
#include "result/results.h"
#include "stats/precision.h"
#include "turns/program.h"

#define INTERLEAVE_SIDES 2u

struct interleave_side {
	const char *label;
	char *path;      /* of the result file, in a buffer of RESULTS_PATH_MAX */
	bool is_new;     /* nothing was saved there yet: it gets a name that nothing has, as
			    report_save_new() chooses */
	const char *job; /* its job file; NULL: the built-in one */
	struct program program;
	const struct plan *plan;   /* of its job */
	const char **counterparts; /* by case of the plan: its key on the other side, NULL: the
				      same; or NULL for all */
	struct results results;
	bool unsaved;
};

struct interleave_event {
	unsigned int block, nr_blocks;
	const char *label,
		*key; /* the side and its case that begin now; NULL: the block is through */
	double elapsed_s, left_s; /* left_s < 0: not known yet */
	bool open; /* it ends when the figures are settled: blocks are at most as many as that */
};

struct interleave {
	struct interleave_side sides[INTERLEAVE_SIDES];
	struct schedule schedule;
	const char *const *overrides; /* of -p */
	size_t nr_overrides;
	struct precision precision; /* part 0: all blocks; else until both sides are settled,
				       max_time_s times the cases of a side */
	bool force, icount, resume;
	int argc; /* what was typed, for the files */
	char **argv;
	const volatile sig_atomic_t *stop;
	void (*event)(void *context, const struct interleave_event *event);
	void *context;
	uint64_t saved_ns, save_took_ns; /* ours */
};

/*
 * Takes up the files of an earlier, unfinished schedule: its id and seed, and what was measured.
 * -EINVAL when it is not the same schedule (order, blocks, sides, programs; the jobs are compared
 * when a pass has told them), -ENOENT when there is none. A block that only one side has is
 * measured again.
 */
int interleave_take_up(struct interleave *interleave, bool seed_given, struct error *err);
/* Blocks that are not measured yet. */
unsigned int interleave_nr_left(const struct interleave *interleave);

/*
 * Measures the blocks that are left. -EINTR when *@stop became true: complete blocks are in the
 * files. -ENODATA when a side has no case that could run.
 */
int interleave_run(struct interleave *interleave, struct error *err);
void interleave_free(struct interleave *interleave);

/* What takes turns within a block: cases that belong together, one of each side. Only for
 * interleave*.c. */

/* NULL: that side has no such case. */
struct turn {
	const char *keys[INTERLEAVE_SIDES];
};

struct turns {
	struct turn *items;
	size_t nr;
};

/* In the order of the first side's job, then what only the other one has; keys are the plans'. Free
 * items. */
void turns_find(struct turns *turns, const struct interleave *interleave);

/* What is in the files of both sides, and how a block gets there. Only for interleave*.c. */

bool interleave_block_done(const struct interleave *interleave, unsigned int block);
/* -EINVAL for a pass that measured something else than those @before it, on another kernel, say: it
 * must not be added to them. */
int interleave_check(const struct interleave_side *side, const struct results *before,
		     const struct results *pass, struct error *err);
/* What a side measured in a block goes into its report. @pass is empty or somebody else's
 * afterwards: results_free() does no harm. */
int interleave_take(struct interleave *interleave, struct interleave_side *side, unsigned int block,
		    struct results *pass, struct error *err);
/* Writes what has changed; both sides, or a block would be torn. Due: the last time was long enough
 * ago. */
int interleave_save(struct interleave *interleave, struct error *err);
bool interleave_save_due(const struct interleave *interleave);

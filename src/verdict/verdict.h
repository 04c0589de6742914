/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What changed from one report to another, row by row, and how sure that is. A row is one metric of
 * one case. Pure: needs no root, no shelf, no host.
 *
 * Times: each run gives one number, the median of its samples (never the iterations themselves),
 * and the change is the ratio of the sides: Hodges-Lehmann on logarithms, by pairs of one block
 * where the reports took turns, else as two samples (rank.h). Intervals are at 95 % adjusted by
 * Holm over all rows of times of the table. Counts are exact: any change shows. Instructions
 * (icount) have a rule of their own: see RULE_ICOUNT_TICKS.
 */
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "result/results.h"
#include "stats/rank.h"

enum verdict {
	VERDICT_SAME, /* the interval lies wholly inside +-threshold, even if it excludes no change
		       */
	VERDICT_BETTER, /* it excludes no change, and is not wholly inside */
	VERDICT_WORSE,
	VERDICT_UNSURE,  /* the rest: not known, which is not "same" */
	VERDICT_DIFFERS, /* exact counts that are not better or worse by themselves: pages asked,
			    copied, reused */
	VERDICT_FEWER, /* instructions and what is counted beside them: every seed shows it, and it
			  is no verdict about time */
	VERDICT_MORE,
	VERDICT_MIXED, /* a cost of which some parts are fewer and some more */
	NR_VERDICTS
};
extern const char *const verdict_names[NR_VERDICTS];

enum row_kind {
	ROW_TIME,   /* pin, unpin or cycle: median of each run */
	ROW_TAIL,   /* the same, p99 of each run: bootstrap over runs, where n allows */
	ROW_RATE,   /* hit rate, exact */
	ROW_COUNT,  /* an enum count, exact */
	ROW_MEMORY, /* enum metric * NR_MEMORY + enum memory, in the icount lane */
	ROW_COST,   /* instructions, atomics and misses together; an enum metric, or COST_TOTAL */
};

enum row_design {
	DESIGN_NONE,    /* nothing can be tested: always unsure; the note says why */
	DESIGN_PAIRS,   /* blocks of one schedule */
	DESIGN_SAMPLES, /* measured one after the other: drift counts as change */
	DESIGN_SEEDS,   /* icount: the same seed on both sides is a pair */
	DESIGN_EXACT,   /* counts */
};

/* How to judge. rule_default is a threshold of 2 % and intervals of 95 %. */
struct rule {
	double threshold;     /* of "same", as a part: 0.02 */
	bool threshold_given; /* by the user: then it holds for icount too */
	double level;         /* of the intervals of the whole table: 0.95 */
	bool tails;           /* rows of p99 too */
};
extern const struct rule rule_default;
/*
 * icount: changed when every seed moves the same way by more than the ticks and by the part,
 * whatever the threshold of "same". What the grain of the clock may have taken from a change of
 * just that part is allowed for, up to the slack (a part of the part). Fewer seeds decide nothing:
 * a boot repeats exactly, but where its memory lay may be the reason.
 */
#define RULE_ICOUNT_TICKS 2u /* grains of the clock */
#define RULE_ICOUNT_PART  0.001
#define RULE_ICOUNT_SLACK 0.25
#define RULE_ICOUNT_SEEDS 8u
/* A row of p99 needs so many samples in every run and so many runs a side. */
#define RULE_TAIL_SAMPLES   100u
#define RULE_TAIL_RUNS      10u
#define RULE_TAIL_RESAMPLES 10000u
/* Above this @need is not a number any more: "more than 1000". */
#define RULE_MOST_RUNS 1000u

/* Why a row is no surer; each has a sentence (row_note()). */
enum row_note {
	NOTE_NONE,
	NOTE_TOO_FEW,   /* this many rows with this many runs can never be significant */
	NOTE_MORE_RUNS, /* the interval reaches past the threshold: about @need runs would decide */
	NOTE_NO_REPLICATION, /* icount: all seeds gave one value: one observation, whatever n is */
	NOTE_SEEDS_DISAGREE, /* icount: not all seeds move the same way */
	NOTE_FEW_SEEDS, /* icount: fewer placements of memory than RULE_ICOUNT_SEEDS: not judged */
	NOTE_UNKNOWN_RUNS, /* imported: how often it was repeated is not known */
	NOTE_OTHER_CLOCK,  /* the sides were timed by other clocks (gup_test's own, from outside):
			      not judged */
	NOTE_NO_BLOCK,     /* no block has both sides: nothing to pair */
	NOTE_GRAIN, /* a clock so coarse that its grain leaves the row open, whatever the number of
		       runs */
	NOTE_ZERO,  /* a run took no time that its clock could see: there is no ratio */
	NOTE_MANY_ROWS,    /* p99: too many rows for the resamples */
	NOTE_COUNT_VARIES, /* runs of one side counted differently: not exact here */
	NOTE_BOUND,        /* a hit rate of which only a bound is known, and that leaves it open */
	NOTE_OTHER_OBSERVER, /* the sides differ, and were counted by different observers */
	NR_NOTES
};

/* What a cost is made of. */
enum cost_part {
	COST_INSTRUCTIONS,
	COST_ATOMICS,
	COST_L1D_MISSES,
	COST_L2_MISSES,
	COST_LLC_MISSES,
	NR_COST_PARTS
};
extern const char *const cost_part_names[NR_COST_PARTS]; /* "instructions", "atomics" ... */

/* Of a ROW_COST: pin and unpin together. */
#define COST_TOTAL NR_METRICS
/* A part counts from so many events per base instruction on: below it a change is "same", however
 * large it is beside itself. */
#define COST_EVENTS     0.001
#define COST_EVENTS_FAR 0.0001 /* misses of L2 and LLC, which take ten times as long */

struct row_cost {
	struct cost_part_value {
		double value[2];
		double low, high;  /* the range of the change over the seeds, as a part; from 0 to
				      some:  infinite */
		enum verdict word; /* fewer, same, more, unsure */
	} part[NR_COST_PARTS];
	double lines[2]; /* distinct ones: they never decide */
};

/* One part in each seed, with the instructions of the base there. */
struct cost_pairs {
	const double *base, *new, *instructions;
	size_t nr;
	double grain; /* of what counts it: a change up to it is none; 0: exact */
};

/* Fewer, more: in every seed, by @threshold (a part) and by @events per instruction of the base;
 * same: in none. */
enum verdict cost_part_word(const struct cost_pairs *pairs, double threshold, double events);
/* Better: some part is fewer and none more; worse: the reverse; mixed: both; unsure: some part is;
 * else same. */
enum verdict cost_verdict(const struct row_cost *cost);

struct row {
	const struct result *base, *new;
	enum row_kind kind;
	unsigned int which; /* enum metric, or enum count */
	enum row_design design;
	size_t nr[2]; /* runs of each side that count: pairs or seeds: equal; 1 without replication
		       */
	size_t nr_measured[2]; /* times: runs that @value is made of, those without a partner too */
	double value[2];       /* the number of the case (summary.h), ticks; rate 0..1; count */
	bool bound[2];         /* rates: value is the least that it can be, and not known better */
	double spread[2];  /* half the distance of the quartiles of the runs, as a part of value; 0
			      for one run */
	double grain;      /* of a coarse clock, ticks; 0: fine */
	bool change_known; /* false: 0 in the base, or nothing to divide */
	double change;     /* new / base - 1, estimated as the header says; rates: new - base */
	struct interval interval; /* of change, at 1 - @alpha; infinite: n is too small. icount: the
				   * range over the seeds; exact: [change, change], or what the
				   * bounds leave possible */
	double p;                 /* raw, of no change; 1 where there is no test */
	double alpha;             /* Holm's level for this row; 0 where there is no test */
	bool moved; /* no change is ruled out: by the interval, by the rule of seeds, or exactly */
	enum verdict verdict;
	enum row_note note;
	size_t need;  /* runs a side that would decide, or with which anything could be significant;
		       * 0: not known; above RULE_MOST_RUNS: more than that */
	bool control; /* of another row that claims something: shown whenever that one is (guard
			 rows) */
	bool redundant; /* counts: zero on both sides, or said by the hit rate already: for machines
			   only */
	bool shown;     /* see verdicts_filter(); true before it */
	struct row_cost cost; /* of a ROW_COST */
};

struct verdicts {
	struct rule rule;
	const struct results *base, *new;
	bool icount, paired;
	struct row *rows; /* by case in the order of the base, and within it rates, counts, times,
			     tails */
	size_t nr;
	size_t nr_tested; /* rows of times and tails that have a test: the family of Holm */
	size_t nr_of[NR_VERDICTS];       /* of all rows that are not redundant */
	size_t nr_exact_of[NR_VERDICTS]; /* of these the rates and counts */
	size_t nr_memory_of[NR_VERDICTS], nr_cost_of[NR_VERDICTS]; /* and these */
	size_t nr_runs[2]; /* the most runs that any row has */
	size_t need; /* runs a side without which no row can be significant; 0: there are enough */
	size_t nr_unpaired; /* the most runs of a row that were left out: their block or seed is on
			       one side only */
	bool seeds_shared;  /* icount: pairs are of one seed; else of one block or place in the file
			     */
	struct {            /* what p99 was asked of and is missing */
		size_t nr_rows;
		size_t runs, samples; /* the fewest that were found */
	} no_tail;
};

/* Judges every case that is done in both. Points into the reports. Where one counts instructions
 * and the other ns, only the exact rows. */
void verdicts_find(struct verdicts *verdicts, const struct results *base, const struct results *new,
		   const struct rule *rule);
void verdicts_free(struct verdicts *verdicts);

/*
 * Sets @shown: rows whose case matches (NULL: all), rows that got worse whatever they are called,
 * and the controls of both. Judging is done before and does not change: choosing rows after looking
 * makes none of them surer.
 */
void verdicts_filter(struct verdicts *verdicts, const regex_t *regex);

/* The verdict as if the user had given this threshold (exact rows: 0 is "any change"; rates in
 * points: 0.01): for gate. */
enum verdict row_judge(const struct row *row, double threshold);
/* Worse, more or mixed: what is shown first and whatever is asked for. */
bool verdict_alarms(enum verdict verdict);
/* A part of a ROW_COST by a threshold of its own: worse where every seed has more by it. */
enum verdict row_judge_part(const struct row *row, enum cost_part part, double threshold);
/* For qsort(3) of pointers to rows: the largest change first, either way. */
int row_compare_change(const void *a, const void *b);
/* -1: lower is better, 1: higher is, 0: neither. */
int row_direction(const struct row *row);
/* Whether several runs say how far apart they are: not where all seeds gave one number. */
bool row_has_spread(const struct row *row, size_t side);
/* "pin", "cycle p99", "hit rate", "slow_pages", "pin atomics", "cost of pin". */
const char *row_metric(const struct row *row);
/* One sentence without a full stop: "about 18 boots would decide (now 12)"; empty for NOTE_NONE. */
void row_note(const struct row *row, const struct verdicts *verdicts, char *text, size_t size);
/* What a run of this report is called: "boot" in the lab, "process" on a host, "run" where that is
 * not known. */
const char *results_run_word(const struct results *results, size_t nr);

/*
 * For run and vm, before they start: the least number of runs a side with which @nr_rows rows of
 * times can be significant at all, paired or not.
 */
size_t rule_fewest_runs(const struct rule *rule, size_t nr_rows, bool paired);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What changed from one report to another, row by row, and how sure that is. A row is one metric of one case. Pure: needs
 * no root, no shelf, no host.
 *
 * Times: each run gives one number, the median of its samples (never the iterations themselves), and the change is the ratio of the
 * sides: Hodges-Lehmann on logarithms, by pairs of one block where the reports took turns, else as two samples (rank.h).
 * Intervals are at 95 % adjusted by Holm over all rows of times of the table. Counts are exact: any change shows.
 * Instructions (icount) have a rule of their own; see struct rule.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rank.h"
#include "report.h"

enum verdict {
	VERDICT_SAME,    /* the interval lies wholly inside +-threshold */
	VERDICT_BETTER,  /* it excludes no change, and is not wholly inside */
	VERDICT_WORSE,
	VERDICT_UNSURE,  /* the rest: not known, which is not "same" */
	VERDICT_DIFFERS, /* exact counts that are not better or worse by themselves: pages asked, copied, reused */
	NR_VERDICTS
};
extern const char *const verdict_names[NR_VERDICTS];

enum row_kind {
	ROW_TIME,  /* pin, unpin or cycle: median of each run */
	ROW_TAIL,  /* the same, p99 of each run: bootstrap over runs, where n allows */
	ROW_RATE,  /* hit rate, exact */
	ROW_COUNT, /* an enum count, exact */
};

enum row_design {
	DESIGN_NONE,      /* too little to say anything: verdict unsure */
	DESIGN_PAIRS,     /* blocks of one schedule */
	DESIGN_SAMPLES,   /* measured one after the other: drift counts as change */
	DESIGN_SEEDS,     /* icount: the same seed on both sides is a pair */
	DESIGN_EXACT,     /* counts */
};

/* How to judge. All zero but the threshold is a good default: rule_default. */
struct rule {
	double threshold;        /* of "same", as a part: 0.02 */
	bool threshold_given;    /* by the user: then it holds for icount too */
	double level;            /* of the intervals of the whole table: 0.95 */
	bool tails;              /* rows of p99 too */
};
extern const struct rule rule_default;
/* icount: changed when every seed moves the same way by more than both. */
#define RULE_ICOUNT_TICKS 2u     /* grains of the clock */
#define RULE_ICOUNT_PART 0.001

/* Why a row is no surer; each has a sentence (row_note()). */
enum row_note {
	NOTE_NONE,
	NOTE_TOO_FEW,        /* this many rows with this many runs can never be significant */
	NOTE_MORE_RUNS,      /* the interval reaches past the threshold: about @need runs would decide */
	NOTE_NO_REPLICATION, /* icount: all seeds gave one value: one observation, whatever n is */
	NOTE_SEEDS_DISAGREE, /* icount: not all seeds move the same way */
	NOTE_UNKNOWN_RUNS,   /* imported: how often it was repeated is not known */
	NOTE_OTHER_CLOCK,    /* the sides were timed by other clocks (gup_test's own, from outside): not judged */
	NR_NOTES
};

struct row {
	const struct result *base, *new;
	enum row_kind kind;
	unsigned int which;          /* enum metric, or enum count */
	enum row_design design;
	size_t nr[2];                /* runs of each side that count: pairs or seeds: equal */
	double value[2];             /* median over the runs, ticks; rate 0..1; count */
	double spread[2];            /* half the distance of the quartiles of the runs, as a part of value; 0 for n = 1 */
	bool change_known;           /* false: 0 in the base, or nothing to divide */
	double change;               /* new / base - 1 */
	struct interval interval;    /* of change, at 1 - @alpha; infinite: n is too small. icount: the range over the seeds */
	double p;                    /* raw, of no change; 1 where there is no test */
	double alpha;                /* Holm's level for this row; 0 where there is no test */
	enum verdict verdict;
	enum row_note note;
	size_t need;                 /* runs a side that would decide, or with which anything could be significant; 0: not known */
	bool control;                /* of another row that claims something: shown whenever that one is (guard rows) */
};

struct verdicts {
	struct rule rule;
	const struct report *base, *new;
	bool icount, paired;
	struct row *rows;            /* by case in the order of the base, and within it rates, counts, times, tails */
	size_t nr;
	size_t nr_tested;            /* rows of times: the family of Holm */
	size_t nr_of[NR_VERDICTS];
	size_t nr_runs[2];           /* the most runs that any row has */
	size_t need;                 /* runs a side without which no row can be significant; 0: there are enough */
};

/* Judges every case that is done in both. Points into the reports. */
void verdicts_find(struct verdicts *verdicts, const struct report *base, const struct report *new,
		   const struct rule *rule);
void verdicts_free(struct verdicts *verdicts);

/* The same for one row whose interval is known: what gate asks for another threshold. */
enum verdict row_judge(const struct row *row, const struct verdicts *verdicts, double threshold);
/* "pin", "cycle p99", "hit rate", "slow_pages". */
const char *row_metric(const struct row *row);
/* One sentence without a full stop: "about 18 boots would decide (now 12)"; empty for NOTE_NONE. */
void row_note(const struct row *row, const struct verdicts *verdicts, char *text, size_t size);

/*
 * For run and vm, before they start: the least number of runs a side with which @nr_rows rows of times can be significant at
 * all, paired or not.
 */
size_t rule_fewest_runs(const struct rule *rule, size_t nr_rows, bool paired);

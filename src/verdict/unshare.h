/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What unsharing costs: the pin of pages that must be unshared first ("shared": copied, because a
 * child still maps them; "previously-shared": reused, because the child is gone), minus the pin of
 * the same pages that are exclusive already
 * ("exclusive-ro"), everything else being equal.
 */
#include "result/results.h"
#include "stats/rank.h"
#include "stats/stats.h"

/* Why a cost has no interval. */
enum cost_lack { COST_KNOWN, COST_ONE_RUN, COST_FEW_RUNS, COST_FEW_SEEDS };

/*
 * A difference of numbers and how sure it is. Of times: Hodges-Lehmann's interval over the runs at
 * COST_LEVEL, of pairs where the runs of both cases belong together (one block, one boot), else of
 * two samples. Of instructions: from the least to the most of the seeds, as verdicts have it. What
 * a coarse clock leaves open is within it.
 */
struct cost {
	double value;        /* ticks */
	enum cost_lack lack; /* the rest is meaningless unless COST_KNOWN */
	struct interval interval;
	bool zero; /* the interval holds 0: not to be told from nothing */
};
#define COST_LEVEL 0.95

struct unshare {
	const struct result *with;        /* shared or previously-shared */
	const struct result *without;     /* exclusive-ro */
	enum metric metric;               /* pin where all of the series have both, else cycle */
	double with_ticks, without_ticks; /* the numbers of both cases */
	struct cost cost;                 /* what is between them */
	uint64_t nr_pages;                /* base pages of the window; 0: unknown */
};

struct unshare_list {
	bool icount;
	struct unshare *items; /* series by series, else in the order of the report */
	size_t nr;
};

/* Points into @results. */
void unshare_find(struct unshare_list *list, const struct results *results);
/* The cost of the case with that key, or NULL. */
const struct unshare *unshare_of(const struct unshare_list *list, const char *key);
void unshare_list_free(struct unshare_list *list);

static inline double unshare_ticks(const struct unshare *unshare)
{
	return unshare->with_ticks - unshare->without_ticks;
}

/*
 * Whether two belong on one line over the number of pages: same pinner, layout, state and access,
 * and the same pages per call (or all in one call).
 */
bool unshare_same_series(const struct unshare *a, const struct unshare *b);
struct unshare_line {
	struct line line;         /* through the costs */
	struct cost fixed, slope; /* over the lines of each run, of runs that have all sizes */
};

/* The line through the series of items[@index]: a fixed part, and a part for each page. -EDOM: only
 * one size. */
int unshare_fit(const struct unshare_list *list, size_t index, struct unshare_line *line);

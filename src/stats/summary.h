/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the numbers of one result say, and how they are written for people. */
#include <stdbool.h>

#include "result/results.h"
#include "stats/stats.h"

/*
 * Grains up to this are those of the counters themselves, of ns or of instructions in steps of 16.
 * A coarser clock, as gup_test's of 1 us, leaves open what is within a grain of its readings:
 * intervals of its rows hold all of that.
 */
#define RULE_FINE_GRAIN 16u /* ticks */

/*
 * The one number of a case, for everything that shows or judges one: the median over the runs of
 * the median of each run's samples, warm-ups left out. Quartiles, extremes and @nr of the summary
 * are those of the runs too: iterations of one run say nothing of how far runs are apart, and with
 * one run there is no spread (@nr is 1). False: not measured in all runs.
 */
bool result_summary(const struct result *result, enum metric metric, struct summary *summary);
/* The same of another quantile of each run: 0.99. */
bool result_summary_at(const struct result *result, enum metric metric, double part,
		       struct summary *summary);
/* How far the samples of the only run are apart, where there is one: never to be shown as the
 * spread of runs. */
bool result_samples_of_one_run(const struct result *result, enum metric metric,
			       struct summary *summary);

/* What one run says of a metric. */
struct run_number {
	double value;
	const struct run
		*run; /* of several processes of one boot, which are one run here, the first */
};

/* Of all runs that measured the metric, in the order of the file; @numbers has room for nr_runs.
 * Returns how many. */
size_t result_numbers(const struct result *result, enum metric metric, double part,
		      struct run_number *numbers);
/* The same of a count of memory beside that metric; only where result_memory_whole(). */
size_t result_memory_numbers(const struct result *result, enum metric metric, enum memory memory,
			     struct run_number *numbers);
/* Whether every run with samples has the counts of memory of that metric. */
bool result_memory_whole(const struct result *result, enum metric metric);
/* Runs of a result, with all processes of one boot as one. */
size_t result_nr_boots(const struct result *result);
/*
 * Runs that measured the metric, and samples of each: "1x30", or "3x20-30" where they differ;
 * boots, processes of each and samples of these, where a boot has several: "8x2x30".
 */
void result_replication(const struct result *result, enum metric metric, char *text, size_t size);
/* Base pages that one cycle pinned; 0: unknown, or not the same in every sample. */
uint64_t result_pages(const struct result *result);
/* Whether every run with samples has the metric; what some of them lack is neither shown nor
 * judged. */
bool result_metric_whole(const struct result *result, enum metric metric);
/* Runs with samples that have the metric, of how many: older versions kept a time of gup_test only
 * where its clock read enough. */
size_t result_metric_runs(const struct result *result, enum metric metric, size_t *nr_runs);
/* The one line about what is in some runs of a case only, or "": "pin of 5 cases, unpin of 2 (...)
 * ...". */
void results_partial_format(const struct results *results, char *text, size_t size);
/*
 * The time that holds the pinning: pin, or cycle where the two were not told apart, or the cycle's
 * clock is the finer one. What the clocks read plays no part. False: neither is there in all runs.
 */
bool result_pin_metric(const struct result *result, enum metric *metric);
/* The same for results that shall be compared. */
bool results_pin_metric(const struct result *const *chosen, size_t nr, enum metric *metric);
bool count_known(const struct result *result, enum count count);
/*
 * What is known of the hit rate, the part of the pages asked that GUP-fast pinned itself: between
 * @least and @most, which are the same where pages were counted. Where only entries of the slow
 * path were, k of them, each left at most the pages of its call: none proves 1, more prove a least
 * rate. Nothing is said of the most then: a fault that drops mmap_lock enters once more.
 */
struct hit_rate {
	double least, most; /* 0..1 */
	enum count by;      /* whose observer knows: COUNT_SLOW_PAGES or COUNT_SLOW_CALLS */
};
/* False: nothing is known, or nothing was asked. */
bool result_hit_range(const struct result *result, struct hit_rate *range);
/* Exactly; false: not known so well. */
bool result_hit_rate(const struct result *result, double *rate);

/* "4.321 GB/s" */
void throughput_format(double bytes_per_second, char *text, size_t size);

/* "6.25 %"; never rounded to 0 % or 100 % when it is not exactly that. */
void rate_format(double rate, char *text, size_t size);
/* The same of a range: ">= 93.75 %", and never more than is proved. */
void hit_rate_format(const struct hit_rate *range, char *text, size_t size);

/* One unit for a row: chosen from the values in it, so that they can be compared by eye. */
struct unit {
	const char *name; /* "ns", "us", "ms", "s", "instr", "k instr", "M instr" */
	double ticks;     /* in one of it */
};

struct unit unit_for(bool icount, double largest, double smallest);
/* "12.31 us": four digits that count. */
void ticks_format(const struct unit *unit, double ticks, char *text, size_t size);
/* "12.31 us ±1.2 %". */
void summary_format(const struct unit *unit, const struct summary *summary, char *text,
		    size_t size);

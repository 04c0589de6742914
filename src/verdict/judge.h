/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verdict/verdict.h"

/* How verdicts are made, step by step. Only for verdict*.c. */

/* What one run says of one metric. */
struct run_value {
	double value;
	uint64_t key; /* of the pair it belongs to: block, seed, or place in the file */
	const struct run *run;
};

struct run_values {
	struct run_value *items; /* in the order of the file, then of the pairs */
	size_t nr;
};

/* What later steps need of a row that has a test. Times: sorted logarithms of both sides, or in [0]
 * the differences of pairs. Tails: the p99 of each run; item i of both sides is a pair where the
 * row has pairs. */
struct row_data {
	double *values[2];
	/*
	 * The same where a coarse clock cut every reading, as the change looks if the grain hides
	 * as much as it can: [0] to make the new side smaller, [1] larger. NULL where the clock is
	 * fine.
	 */
	double *bounds[2][2];
	size_t nr[2];
};

struct verdict_work {
	struct verdicts *verdicts;
	struct row_data *data; /* by row */
};

/* At the end; valid until the next one. */
struct row *row_add(struct verdict_work *work, const struct result *base, const struct result *new,
		    enum row_kind kind, unsigned int which);

/* One kind of rows, and how its change is found: src/verdict/rule_NAME.c. */
struct row_rule {
	/* The rows of one case that is done in both; none where it does not apply. */
	void (*add)(struct verdict_work *work, const struct result *base, const struct result *new);
	/* When all rows are there: levels and intervals of the family, then what it would take.
	 * NULL: found when added. */
	void (*find)(struct verdict_work *work);
};

/* One line per rule: its struct, at the foot of its file, is rule_NAME. In the order of a case's
 * rows. */
#define RULES(X) \
	X(exact) \
	X(times) \
	X(cost)  \
	X(tails)

#define RULE_DECLARE(name) extern const struct row_rule rule_##name;
RULES(RULE_DECLARE)

/* Change, interval and rule of one row of seeds: pairs in @sides. */
void row_find_seeds(struct row *row, const struct run_values sides[2]);
void rows_find_controls(struct verdicts *verdicts);

/* One number of each run that measured the metric: 0.5 is the median of its samples. Free items. */
void run_values_of(struct run_values *values, const struct result *result, enum metric metric,
		   double part);
/* Sorts both by key and drops those without a partner, and all but the first of one key. */
void run_values_pair(struct run_values sides[2]);
/* Keys of both: the same block, or the same seed. False: there is no such pair; keys are then
 * places in the file. */
bool run_values_by_block(struct run_values sides[2]);
bool run_values_by_seed(struct run_values sides[2]);
/* Grain of the clock of a metric, in ticks, where it is coarser than RULE_FINE_GRAIN; else 0. */
double run_values_grain(const struct run_values sides[2], enum metric metric);
/*
 * What a reading of that clock stands for: from @low to less than @high. A clock that counts less
 * often than every tick of ours cuts what it counts (gup_test's microseconds); of others, which are
 * read twice, both reads may be a grain away.
 */
void reading_bounds(const struct run *run, enum metric metric, double reading, double grain,
		    double *low, double *high);
/* The median of @nr > 0 values. */
double run_values_median(const struct run_values *values);
/* The numbers of both cases, whose runs @sides are as far as they can be judged. */
void row_set_sides(struct row *row, const struct run_values sides[2], double part);

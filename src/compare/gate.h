/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whether a comparison holds a regression, as one of four answers that a script can act on. Pure;
 * the verdicts are those of compare (verdict.h), judged over all rows whatever is asked here.
 */
#include <stdio.h>

#include "compare/compare.h"

/* In the order of the exit codes. Where several would hold: 2 before 1 before 3 before 0. */
enum gate_outcome {
	GATE_PASS,         /* no regression was found, and something was decided */
	GATE_REGRESSION,   /* a row got worse, or one that BASE has is missing in NEW */
	GATE_INCOMPARABLE, /* there is nothing to hold against each other: never a pass */
	GATE_UNDECIDED, /* nothing could be decided, or nothing of the times; strict: not everything
			   could */
	NR_GATE_OUTCOMES
};

/* One --fail-on METRIC:THRESHOLD. */
struct gate_rule {
	char text[64]; /* as given, for messages */
	enum row_kind kind;
	unsigned int which; /* bit mask of enum metric or enum count; rates: 1; of a cost: metrics
			       and COST_TOTAL */
	unsigned int parts; /* of a cost: bit mask of enum cost_part, any of which may fail */
	double threshold;   /* a part; hit rates: points; 0: any change, if it is one */
};

#define GATE_MAX_RULES 32u

/* "cycle:5%", "hit_rate:exact", "time-p99:10%". -EINVAL with "did you mean". */
int gate_rule_parse(struct gate_rule *rule, const char *text, struct error *err);
/* Names that --fail-on takes; NULL ends the list. For suggest_word() and for help. */
const char *gate_metric_nth(const void *context, size_t i);

struct gate_options {
	struct gate_rule rules[GATE_MAX_RULES];
	size_t nr_rules;       /* 0: every row as compare judges it */
	const regex_t *filter; /* keys of the cases of BASE; NULL: all */
	bool strict, allow_missing;
};

/* A case or a metric that BASE has and NEW has not. */
struct gate_missing {
	const struct result *base, *new; /* NULL: not in the file */
	const char *metric;              /* NULL: the whole case */
};

struct gate {
	enum gate_outcome outcome;
	char text[640]; /* the line that says why, without "gate: " */
	const struct comparison *comparison;
	const struct row **worse; /* the largest change first */
	size_t nr_worse;
	const struct row **unsure;
	size_t nr_unsure;
	struct gate_missing *missing; /* in the order of the base */
	size_t nr_missing;
	size_t nr_rows; /* judged: of each verdict */
	size_t nr_of[NR_VERDICTS];
	size_t nr_measured; /* of nr_rows: times and p99, not exact */
	size_t nr_mixed;    /* costs of which some parts are fewer and some more */
	size_t nr_outside;  /* rows that got worse and were not asked for */
};

/* Points into @comparison. */
void gate_judge(struct gate *gate, const struct comparison *comparison,
		const struct gate_options *options);
void gate_free(struct gate *gate);

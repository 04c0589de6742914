/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Two reports side by side: whether they can be compared, what differs around the measurement, and
 * a verdict for every row. */
#include <regex.h>
#include <stdio.h>

#include "result/results.h"
#include "verdict/comparable.h"
#include "verdict/verdict.h"

enum compare_format {
	COMPARE_TEXT,
	COMPARE_COMMIT,
	COMPARE_MARKDOWN,
	COMPARE_CSV,
	COMPARE_JSON,
	NR_COMPARE_FORMATS
};

/* What the options mean, for all who compare. */
struct compare_options {
	struct rule rule;   /* --threshold, --tails */
	const char *filter; /* --filter: a POSIX extended regular expression for keys of cases;
			       NULL: all */
	bool force;         /* --force: also what is not comparable */
	bool exact_only;  /* rates and counts alone will be looked at: times may be of kernels that
			     check themselves */
	bool environment; /* --environment: every difference of it, noise included */
	enum compare_format format;
};
extern const struct compare_options compare_options_default;

/* A fact that is not the same in both environments; NULL: the other file alone has it. */
struct change {
	const struct fact *base, *new;
	bool noise; /* differs between any two runs: hidden unless asked for */
};

/* A case that is done in both. */
struct pair {
	const struct result *base, *new;
};

struct comparison {
	const struct results *base, *new;
	struct comparable comparable; /* what was forced, and what is not known to be the same: said
					 before any number */
	struct change *changes;       /* page size and architecture first, noise last */
	size_t nr_changes, nr_noise;
	struct pair *pairs; /* in the order of the base */
	size_t nr_pairs;
	struct pair *others; /* not done in both: one side may be NULL */
	size_t nr_others;
	struct verdicts verdicts; /* of the pairs; filtered */
};

/* Points into both reports. -EINVAL: not comparable, and not forced; or a filter that is no regular
 * expression; it is empty then. */
int compare_reports(struct comparison *comparison, const struct results *base,
		    const struct results *new, const struct compare_options *options,
		    struct error *err);
void comparison_free(struct comparison *comparison);

/* -EINVAL: no regular expression. */
int compare_filter(regex_t *regex, const char *filter, struct error *err);

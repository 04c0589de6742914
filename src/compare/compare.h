/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Two reports side by side: whether they can be compared, what differs around the measurement, and
 * a verdict for every row. */
#include <regex.h>
#include <stdio.h>

#include "result/results.h"
#include "verdict/verdict.h"

/*
 * Whether the numbers of two reports can be held against each other at all: whatever is different
 * about them, they are two measurements, of one page size, architecture, clock, kind of machine,
 * hypervisor and way of measuring. Times are of kernels that check themselves alike, too.
 */

/* Sentences without a full stop. */
struct remark_list {
	char **texts;
	size_t nr;
};

void remark_add(struct remark_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void remark_list_free(struct remark_list *list);

struct comparable {
	struct remark_list refusals; /* "page size: 4096 and 65536" */
	struct remark_list unknowns; /* "architecture: aarch64 and not known": no refusal */
	struct remark_list
		differences; /* "CPU model: A and B": no refusal, and said before any verdict */
};

/* Files of two sides, or of one. */
enum comparable_as { AS_SIDES, AS_ONE_SIDE };

/*
 * One of the lists has a line for each thing that is not known to be the same. @times: whether
 * times are to be judged; exact counts are the same with and without a kernel's checks.
 */
void comparable_find(struct comparable *comparable, const struct results *a,
		     const struct results *b, enum comparable_as as, bool times);
/* Whether a fact of the environment has a line in @differences when it differs. */
bool comparable_names(const char *fact);
void comparable_free(struct comparable *comparable);
/* -EINVAL with all refusals in one sentence, and the way out. @what they cannot: "be compared". */
int comparable_refuse(const struct comparable *comparable, const struct results *a,
		      const struct results *b, const char *what, struct error *err);
/* What a report is called in errors: its file, else its label. */
const char *results_name(const struct results *results);

/* What the options mean, for all who compare. */
struct compare_options {
	struct rule rule;   /* --threshold, --tails */
	const char *filter; /* for keys of cases: --case, a glob(7) pattern of the whole key, or
			       --filter, a POSIX extended regular expression; NULL: all */
	bool filter_is_regex;
	bool force;       /* --force: also what is not comparable */
	bool exact_only;  /* rates and counts alone will be looked at: times may be of kernels that
			     check themselves */
	bool environment; /* --environment: every difference of it, noise included */
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
int compare_filter(regex_t *regex, const char *filter, bool is_regex, struct error *err);

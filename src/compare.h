/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Two reports side by side: what differs around the measurement, then case by case. No verdict. */
#include <stdio.h>

#include "grid.h"
#include "report.h"

/* A fact that is not the same in both environments; NULL: the other file alone has it. */
struct change {
	const struct fact *base, *new;
	bool noise;           /* differs between any two runs: hidden unless asked for */
};

/* A case that is done in both. */
struct pair {
	const struct result *base, *new;
};

struct comparison {
	const struct report *base, *new;
	struct change *changes;       /* page size and architecture first, noise last */
	size_t nr_changes, nr_noise;
	struct pair *pairs;           /* in the order of the base */
	size_t nr_pairs;
	struct pair *others;          /* not done in both: one side may be NULL */
	size_t nr_others;
};

/* Points into both reports. -EINVAL: one counts instructions and the other ns. */
int compare_reports(struct comparison *comparison, const struct report *base, const struct report *new,
		    struct error *err);
/* Whether any exact count that both know differs. */
bool pair_counts_differ(const struct pair *pair);
void compare_print(FILE *out, const struct look *look, const struct comparison *comparison, bool all_changes);
void comparison_free(struct comparison *comparison);

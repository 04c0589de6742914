/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What unsharing costs: the pin of pages that must be unshared first ("shared": copied, because a child still maps them;
 * "previously-shared": reused, because the child is gone), minus the pin of the same pages that are exclusive already
 * ("exclusive-ro"), everything else being equal.
 */
#include "report.h"
#include "stats.h"

struct unshare {
	const struct result *with;    /* shared or previously-shared */
	const struct result *without; /* exclusive-ro */
	enum metric metric;           /* pin where all of the series have both, else cycle */
	double with_ticks, without_ticks; /* medians of one cycle */
	uint64_t nr_pages;            /* base pages of the window; 0: unknown */
};

struct unshare_list {
	struct unshare *items;        /* series by series, else in the order of the report */
	size_t nr;
};

/* Points into @report. */
void unshare_find(struct unshare_list *list, const struct report *report);
void unshare_list_free(struct unshare_list *list);

static inline double unshare_ticks(const struct unshare *unshare)
{
	return unshare->with_ticks - unshare->without_ticks;
}

/*
 * Whether two belong on one line over the number of pages: same pinner, layout, state and access, and the same pages
 * per call (or all in one call).
 */
bool unshare_same_series(const struct unshare *a, const struct unshare *b);
/* The line through the series of items[@index]: a fixed part, and a part for each page. -EDOM: only one size. */
int unshare_fit(const struct unshare_list *list, size_t index, struct line *line);

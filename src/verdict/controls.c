// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guard rows. Who makes large folios faster may pay with base pages, and who makes pins faster with
 * unpins: a row that claims something about a large layout has controls, which are shown whenever
 * it is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "verdict/judge.h"

static bool claims(const struct row *row)
{
	return row->verdict != VERDICT_SAME && row->verdict != VERDICT_UNSURE && !row->redundant &&
	       !layout_is_control(row->base->params.layout);
}

static int by_case(const struct params *a, const struct params *b)
{
	int order = strcmp(a->pinner, b->pinner);

	if (!order)
		order = strcmp(a->state, b->state);
	return order ? order : strcmp(a->access, b->access);
}

static int by_row(const void *a, const void *b)
{
	const struct row *const *left = a, *const *right = b;
	int order = by_case(&(*left)->base->params, &(*right)->base->params);

	return order ? order : (*left > *right) - (*left < *right);
}

static bool same_window(const struct row *a, const struct row *b)
{
	return strcmp(a->base->params.window, b->base->params.window) == 0 &&
	       a->base->params.pages_per_call == b->base->params.pages_per_call;
}

static bool same_metric(const struct row *a, const struct row *b)
{
	return a->kind == b->kind && a->which == b->which;
}

/* The rows of one pinner, state and access on base pages. */
struct group {
	struct row **rows;
	size_t nr;
};

static struct group group_of(struct row **sorted, size_t nr, const struct row *row)
{
	size_t first = 0, last = nr;

	while (first < last) {
		size_t middle = first + (last - first) / 2;

		if (by_case(&sorted[middle]->base->params, &row->base->params) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	while (last < nr && by_case(&sorted[last]->base->params, &row->base->params) == 0)
		last++;
	return (struct group){ sorted + first, last - first };
}

static void mark(struct row *row, bool as_shown)
{
	if (as_shown)
		row->shown = true;
	else
		row->control = true;
}

/* What a row of this kind is on base pages: the same metric of the same window, else of every
 * window, else the times. */
static void mark_group(const struct group *group, const struct row *claim, bool as_shown)
{
	bool window = false, metric = false;

	for (size_t i = 0; i < group->nr; i++) {
		metric = metric || same_metric(group->rows[i], claim);
		window = window ||
			 (same_metric(group->rows[i], claim) && same_window(group->rows[i], claim));
	}
	for (size_t i = 0; i < group->nr; i++) {
		struct row *row = group->rows[i];

		if (metric ? same_metric(row, claim) && (!window || same_window(row, claim))
			   : row->kind == ROW_TIME)
			mark(row, as_shown);
	}
}

static void mark_unpin(struct verdicts *verdicts, size_t claim, bool as_shown)
{
	const struct row *rows = verdicts->rows;
	size_t first = claim;

	while (first > 0 && rows[first - 1].base == rows[claim].base)
		first--;
	for (size_t i = first; i < verdicts->nr && rows[i].base == rows[claim].base; i++)
		if (i != claim && rows[i].kind == ROW_TIME && rows[i].which == METRIC_UNPIN)
			mark(&verdicts->rows[i], as_shown);
}

/* The controls of all claims, or of those that are shown, which are shown then. */
static void mark_controls(struct verdicts *verdicts, bool as_shown)
{
	autofree struct row **sorted = calloc(verdicts->nr + 1, sizeof(*sorted));
	size_t nr = 0;

	if (!sorted)
		abort();
	for (size_t i = 0; i < verdicts->nr; i++)
		if (layout_is_control(verdicts->rows[i].base->params.layout))
			sorted[nr++] = &verdicts->rows[i];
	qsort(sorted, nr, sizeof(*sorted), by_row);
	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];
		struct group group;

		if (!claims(row) || (as_shown && !row->shown))
			continue;
		group = group_of(sorted, nr, row);
		mark_group(&group, row, as_shown);
		mark_unpin(verdicts, i, as_shown);
	}
}

void rows_find_controls(struct verdicts *verdicts)
{
	mark_controls(verdicts, false);
}

void verdicts_filter(struct verdicts *verdicts, const regex_t *regex)
{
	for (size_t i = 0; i < verdicts->nr; i++) {
		struct row *row = &verdicts->rows[i];

		row->shown = !regex || verdict_alarms(row->verdict) ||
			     regexec(regex, row->base->key, 0, NULL, 0) == 0;
	}
	mark_controls(verdicts, true);
}

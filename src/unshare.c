// SPDX-License-Identifier: GPL-2.0-or-later
#include "unshare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "summary.h"

static bool unshares(const char *state)
{
	return strcmp(state, "shared") == 0 || strcmp(state, "previously-shared") == 0;
}

/* The same case in state exclusive-ro: keys are PINNER,LAYOUT,STATE,rest. */
static const struct result *partner(const struct report *report, const struct result *result)
{
	const char *state = strchr(result->key, ',');
	const char *rest;
	autofree char *key = NULL;

	state = state ? strchr(state + 1, ',') : NULL;
	rest = state ? strchr(state + 1, ',') : NULL;
	if (!rest)
		return NULL;
	if (asprintf(&key, "%.*s,exclusive-ro%s", (int)(state - result->key), result->key, rest) < 0)
		abort();
	return report_find(report, key);
}

static bool measure(struct unshare *unshare, enum metric metric)
{
	struct summary with, without;

	if (!result_summary(unshare->with, metric, &with) || !result_summary(unshare->without, metric, &without))
		return false;
	unshare->metric = metric;
	unshare->with_ticks = with.median;
	unshare->without_ticks = without.median;
	unshare->nr_pages = result_pages(unshare->without);
	return true;
}

static bool one_call(const struct unshare *unshare)
{
	return unshare->with->params.pages_per_call >= unshare->nr_pages;
}

bool unshare_same_series(const struct unshare *a, const struct unshare *b)
{
	const struct params *left = &a->with->params, *right = &b->with->params;

	return strcmp(left->pinner, right->pinner) == 0 && strcmp(left->layout, right->layout) == 0 &&
	       strcmp(left->state, right->state) == 0 && strcmp(left->access, right->access) == 0 &&
	       one_call(a) == one_call(b) &&
	       (one_call(a) || left->pages_per_call == right->pages_per_call);
}

/* Behind the last one of its series, so that a series is in one place. */
static void insert(struct unshare_list *list, const struct unshare *unshare)
{
	size_t at = list->nr;

	for (size_t i = list->nr; i > 0; i--) {
		if (unshare_same_series(&list->items[i - 1], unshare)) {
			at = i;
			break;
		}
	}
	memmove(&list->items[at + 1], &list->items[at], (list->nr - at) * sizeof(*list->items));
	list->items[at] = *unshare;
	list->nr++;
}

void unshare_find(struct unshare_list *list, const struct report *report)
{
	enum metric metric;

	*list = (struct unshare_list){ .items = calloc(report->nr_results + 1, sizeof(*list->items)) };
	if (!list->items)
		abort();
	for (size_t i = 0; i < report->nr_results; i++) {
		struct unshare unshare = { .with = &report->results[i] };

		if (unshare.with->status != STATUS_DONE || !unshares(unshare.with->params.state))
			continue;
		unshare.without = partner(report, unshare.with);
		if (!unshare.without || unshare.without->status != STATUS_DONE)
			continue;
		if (results_pin_metric((const struct result *[]){ unshare.with, unshare.without }, 2, &metric) &&
		    measure(&unshare, metric))
			insert(list, &unshare);
	}
	for (size_t i = 0; i < list->nr; i++)
		for (size_t j = 0; j < list->nr && list->items[i].metric == METRIC_PIN; j++)
			if (list->items[j].metric == METRIC_CYCLE &&
			    unshare_same_series(&list->items[i], &list->items[j]))
				measure(&list->items[i], METRIC_CYCLE);
}

void unshare_list_free(struct unshare_list *list)
{
	free(list->items);
	*list = (struct unshare_list){ 0 };
}

int unshare_fit(const struct unshare_list *list, size_t index, struct line *line)
{
	autofree double *x = calloc(list->nr, sizeof(*x)), *y = calloc(list->nr, sizeof(*y));
	size_t nr = 0;

	if (!x || !y)
		abort();
	for (size_t i = 0; i < list->nr; i++) {
		if (!list->items[i].nr_pages || list->items[i].metric != list->items[index].metric ||
		    !unshare_same_series(&list->items[i], &list->items[index]))
			continue;
		x[nr] = list->items[i].nr_pages;
		y[nr++] = unshare_ticks(&list->items[i]);
	}
	return line_fit(line, x, y, nr);
}

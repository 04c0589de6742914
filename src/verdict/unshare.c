// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/unshare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stats/summary.h"
#include "verdict/verdict.h"

static bool unshares(const char *state)
{
	return strcmp(state, "shared") == 0 || strcmp(state, "previously-shared") == 0;
}

/* The same case in state exclusive-ro: keys are PINNER,LAYOUT,STATE,rest. */
static const struct result *partner(const struct results *results, const struct result *result)
{
	const char *state = strchr(result->key, ',');
	const char *rest;
	autofree char *key = NULL;

	state = state ? strchr(state + 1, ',') : NULL;
	rest = state ? strchr(state + 1, ',') : NULL;
	if (!rest)
		return NULL;
	if (asprintf(&key, "%.*s,exclusive-ro%s", (int)(state - result->key), result->key, rest) <
	    0)
		abort();
	return results_find(results, key);
}

/* Numbers of the runs of a case, with what says which of another case belong to them. */
struct runs {
	struct run_number *items;
	size_t nr;
};

static struct runs runs_of(const struct result *result, enum metric metric)
{
	struct runs runs = { .items = malloc((result->nr_runs + 1) * sizeof(*runs.items)) };

	if (!runs.items)
		abort();
	runs.nr = result_numbers(result, metric, 0.5, runs.items);
	return runs;
}

/* Block, else boot; -1: runs of this file are in no order that matters. */
static int64_t run_key(const struct run *run, bool icount)
{
	if (run->block >= 0)
		return run->block;
	if (run->slot >= 0)
		return run->slot;
	return icount && run->placement.known ? (int64_t)run->placement.seed : -1;
}

static bool runs_keyed(const struct runs *runs, bool icount)
{
	for (size_t i = 0; i < runs->nr; i++)
		if (run_key(runs->items[i].run, icount) < 0)
			return false;
	return runs->nr > 0;
}

/* The number of the run that belongs to it; NULL: there is none. @place: what counts where runs are
 * in no order. */
static const struct run_number *run_beside(const struct runs *runs, const struct run *run,
					   size_t place, bool keyed, bool icount)
{
	if (!keyed)
		return place < runs->nr ? &runs->items[place] : NULL;
	for (size_t i = 0; i < runs->nr; i++)
		if (run_key(runs->items[i].run, icount) == run_key(run, icount))
			return &runs->items[i];
	return NULL;
}

/* In how many ways memory lay. */
static size_t nr_placements(const struct runs *runs)
{
	size_t nr = 0;

	for (size_t i = 0; i < runs->nr; i++) {
		const struct placement *own = &runs->items[i].run->placement;
		size_t j = 0;

		while (j < i && (!own->known || !runs->items[j].run->placement.known ||
				 runs->items[j].run->placement.seed != own->seed))
			j++;
		nr += j == i && (own->known || i == 0);
	}
	return nr;
}

/* What the clock of a difference leaves open either way. */
static double grain_of(const struct runs *runs, enum metric metric)
{
	double grain = 0;

	for (size_t i = 0; i < runs->nr; i++) {
		const struct run *run = runs->items[i].run;
		double own = (double)run->quantum[metric];

		if (own > RULE_FINE_GRAIN)
			grain = fmax(grain, strcmp(run->clock[metric], "gup-test-us") == 0
						    ? own
						    : 2 * own);
	}
	return grain;
}

static void cost_known(struct cost *cost, struct interval interval, double grain)
{
	interval.low -= grain;
	interval.high += grain;
	if (!isfinite(interval.low) || !isfinite(interval.high)) {
		cost->lack = COST_FEW_RUNS;
		return;
	}
	cost->interval = interval;
	cost->zero = interval.low <= 0 && interval.high >= 0;
}

/*
 * Of differences that were made run by run. @least: less than that either way is none, by the rule
 * of seeds. Returns what they say themselves: Hodges-Lehmann's estimate, or the median of the
 * seeds.
 */
static double cost_of_pairs(struct cost *cost, double *values, size_t nr, bool icount,
			    size_t nr_seeds, double least, double grain)
{
	struct interval range = { INFINITY, -INFINITY };
	double estimate = nr ? icount ? quantile_of(values, nr, 0.5)
				      : shift_of_pairs(values, nr).estimate
			     : cost->value;

	if (nr < 2) {
		cost->lack = icount ? COST_FEW_SEEDS : COST_ONE_RUN;
	} else if (!icount) {
		cost_known(cost, interval_of_pairs(values, nr, COST_LEVEL), grain);
	} else if (nr_seeds < RULE_ICOUNT_SEEDS) {
		cost->lack = COST_FEW_SEEDS;
	} else {
		for (size_t i = 0; i < nr; i++) {
			range.low = fmin(range.low, values[i]);
			range.high = fmax(range.high, values[i]);
		}
		cost_known(cost, range, grain);
		cost->zero = !(range.low > least) && !(range.high < -least);
	}
	return estimate;
}

static size_t differences(const struct runs *with, const struct runs *without, bool keyed,
			  bool icount, double *values)
{
	size_t nr = 0;

	for (size_t i = 0; i < with->nr; i++) {
		const struct run_number *other =
			run_beside(without, with->items[i].run, i, keyed, icount);

		if (other)
			values[nr++] = with->items[i].value - other->value;
	}
	return nr;
}

static void cost_of_samples(struct cost *cost, const struct runs *with, const struct runs *without,
			    double grain)
{
	autofree double *new = calloc(with->nr + 1, sizeof(*new)),
			*base = calloc(without->nr + 1, sizeof(*base));

	if (!new || !base)
		abort();
	for (size_t i = 0; i < with->nr; i++)
		new[i] = with->items[i].value;
	for (size_t i = 0; i < without->nr; i++)
		base[i] = without->items[i].value;
	if (with->nr < 2 || without->nr < 2) {
		cost->lack = COST_ONE_RUN;
		return;
	}
	shift_of_samples(base, without->nr, new, with->nr);
	cost_known(cost, interval_of_samples(base, without->nr, new, with->nr, COST_LEVEL), grain);
}

static double finest_step(const struct runs *runs, enum metric metric)
{
	double step = 0;

	for (size_t i = 0; i < runs->nr; i++)
		step = fmax(step, (double)runs->items[i].run->quantum[metric]);
	return RULE_ICOUNT_TICKS * step;
}

static struct cost cost_between(const struct unshare *unshare, enum metric metric, bool icount)
{
	struct runs with = runs_of(unshare->with, metric),
		    without = runs_of(unshare->without, metric);
	autofree double *values = calloc(with.nr + 1, sizeof(*values));
	bool keyed = runs_keyed(&with, icount) && runs_keyed(&without, icount);
	struct cost cost = { .value = unshare->with_ticks - unshare->without_ticks };
	double grain = fmax(grain_of(&with, metric), grain_of(&without, metric));
	double least = fmax(finest_step(&with, metric), RULE_ICOUNT_PART * unshare->without_ticks);

	if (!values)
		abort();
	if (icount || keyed)
		cost_of_pairs(&cost, values, differences(&with, &without, keyed, icount, values),
			      icount, nr_placements(&with), least, grain);
	else
		cost_of_samples(&cost, &with, &without, grain);
	free(with.items);
	free(without.items);
	return cost;
}

static bool measure(struct unshare *unshare, enum metric metric, bool icount)
{
	struct summary with, without;

	if (!result_summary(unshare->with, metric, &with) ||
	    !result_summary(unshare->without, metric, &without))
		return false;
	unshare->metric = metric;
	unshare->with_ticks = with.median;
	unshare->without_ticks = without.median;
	unshare->nr_pages = result_pages(unshare->without);
	unshare->cost = cost_between(unshare, metric, icount);
	return true;
}

static bool one_call(const struct unshare *unshare)
{
	return unshare->with->params.pages_per_call >= unshare->nr_pages;
}

bool unshare_same_series(const struct unshare *a, const struct unshare *b)
{
	const struct params *left = &a->with->params, *right = &b->with->params;

	return strcmp(left->pinner, right->pinner) == 0 &&
	       strcmp(left->layout, right->layout) == 0 && strcmp(left->state, right->state) == 0 &&
	       strcmp(left->access, right->access) == 0 && one_call(a) == one_call(b) &&
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

void unshare_find(struct unshare_list *list, const struct results *results)
{
	enum metric metric;

	*list = (struct unshare_list){ .icount = results->icount,
				       .items = calloc(results->nr + 1, sizeof(*list->items)) };
	if (!list->items)
		abort();
	for (size_t i = 0; i < results->nr; i++) {
		struct unshare unshare = { .with = &results->items[i] };

		if (unshare.with->status != STATUS_DONE || !unshares(unshare.with->params.state))
			continue;
		unshare.without = partner(results, unshare.with);
		if (!unshare.without || unshare.without->status != STATUS_DONE)
			continue;
		if (results_pin_metric((const struct result *[]){ unshare.with, unshare.without },
				       2, &metric) &&
		    measure(&unshare, metric, results->icount))
			insert(list, &unshare);
	}
	for (size_t i = 0; i < list->nr; i++)
		for (size_t j = 0; j < list->nr && list->items[i].metric == METRIC_PIN; j++)
			if (list->items[j].metric == METRIC_CYCLE &&
			    unshare_same_series(&list->items[i], &list->items[j]))
				measure(&list->items[i], METRIC_CYCLE, results->icount);
}

const struct unshare *unshare_of(const struct unshare_list *list, const char *key)
{
	for (size_t i = 0; i < list->nr; i++)
		if (strcmp(list->items[i].with->key, key) == 0)
			return &list->items[i];
	return NULL;
}

void unshare_list_free(struct unshare_list *list)
{
	free(list->items);
	*list = (struct unshare_list){ 0 };
}

/* The sizes of one series, and what each run says of them. */
struct sizes {
	struct runs with, without;
	double pages, grain, step;
};

/* The line of the run that is @run, or stands at @place; false: it has not all sizes. */
static bool line_of_run(const struct sizes *sizes, size_t nr, const struct run *run, size_t place,
			bool keyed, bool icount, const double *x, double *y, struct line *line)
{
	for (size_t i = 0; i < nr; i++) {
		const struct run_number *with =
			run_beside(&sizes[i].with, run, place, keyed, icount);
		const struct run_number *without =
			run_beside(&sizes[i].without, run, place, keyed, icount);

		if (!with || !without)
			return false;
		y[i] = with->value - without->value;
	}
	return line_fit(line, x, y, nr) == 0;
}

static void costs_of_lines(struct unshare_line *fit, const struct sizes *sizes, size_t nr,
			   bool icount, const double *x)
{
	const struct runs *first = &sizes[0].with;
	autofree double *fixed = calloc(first->nr + 1, sizeof(*fixed)),
			*slope = calloc(first->nr + 1, sizeof(*slope));
	autofree double *y = calloc(nr + 1, sizeof(*y));
	double grain = 0, step = 0, least = INFINITY, most = 0;
	size_t nr_lines = 0, nr_seeds = SIZE_MAX;
	bool keyed = true;
	struct line line;

	if (!fixed || !slope || !y)
		abort();
	for (size_t i = 0; i < nr; i++) {
		size_t seeds = nr_placements(&sizes[i].with);

		keyed = keyed && runs_keyed(&sizes[i].with, icount) &&
			runs_keyed(&sizes[i].without, icount);
		nr_seeds = seeds < nr_seeds ? seeds : nr_seeds;
		grain = fmax(grain, sizes[i].grain);
		step = fmax(step, sizes[i].step);
		least = fmin(least, x[i]);
		most = fmax(most, x[i]);
	}
	for (size_t i = 0; i < first->nr; i++) {
		if (!line_of_run(sizes, nr, first->items[i].run, i, keyed, icount, x, y, &line))
			continue;
		fixed[nr_lines] = line.fixed;
		slope[nr_lines++] = line.slope;
	}
	/* points that are a grain off, one way at one end and the other at the other, tilt the line
	 * by twice that */
	fit->fixed.value = cost_of_pairs(&fit->fixed, fixed, nr_lines, icount, nr_seeds, step,
					 grain * (1 + 2 * least / (most - least)));
	fit->slope.value = cost_of_pairs(&fit->slope, slope, nr_lines, icount, nr_seeds,
					 step / (most - least), 2 * grain / (most - least));
}

int unshare_fit(const struct unshare_list *list, size_t index, struct unshare_line *fit)
{
	autofree double *x = calloc(list->nr, sizeof(*x)), *y = calloc(list->nr, sizeof(*y));
	autofree struct sizes *sizes = calloc(list->nr, sizeof(*sizes));
	enum metric metric = list->items[index].metric;
	size_t nr = 0;
	int rc;

	if (!x || !y || !sizes)
		abort();
	*fit = (struct unshare_line){ .line = { .nr = 0 } };
	for (size_t i = 0; i < list->nr; i++) {
		const struct unshare *item = &list->items[i];

		if (!item->nr_pages || item->metric != metric ||
		    !unshare_same_series(item, &list->items[index]))
			continue;
		sizes[nr] = (struct sizes){ .with = runs_of(item->with, metric),
					    .without = runs_of(item->without, metric) };
		sizes[nr].grain = fmax(grain_of(&sizes[nr].with, metric),
				       grain_of(&sizes[nr].without, metric));
		sizes[nr].step = finest_step(&sizes[nr].with, metric);
		x[nr] = item->nr_pages;
		y[nr++] = unshare_ticks(item);
	}
	rc = line_fit(&fit->line, x, y, nr);
	if (!rc) {
		fit->fixed.value = fit->line.fixed;
		fit->slope.value = fit->line.slope;
		costs_of_lines(fit, sizes, nr, list->icount, x);
	}
	for (size_t i = 0; i < nr; i++) {
		free(sizes[i].with.items);
		free(sizes[i].without.items);
	}
	return rc;
}

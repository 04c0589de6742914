// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "stats/rank.h"
#include "stats/stats.h"

#define ORDERS       999u /* random ones that a split is held against */
#define ENOUGH       10u  /* as good ones of them: more would only make p larger */
#define SHORT        16u  /* numbers of a stretch that can have ten times as many */
#define WINDOW       16u  /* numbers of the shortest window */
#define SURE         1e-4 /* p that no random order has to confirm */
#define SLOPE_MARGIN 6    /* BIC: strong evidence (Kass and Raftery 1995) */

/* A stretch as ranks, with room to try orders of them. */
struct stretch {
	size_t nr;
	double *ranks, *sums, *squares; /* prefix sums have one more */
};

struct split {
	size_t at, side, nr; /* from the start of the stretch; the shorter side; of which window */
	double score;        /* square of the standardised difference of mean ranks */
};

static int by_value(const void *a, const void *b)
{
	const double *left = *(const double *const *)a, *right = *(const double *const *)b;

	return (*left > *right) - (*left < *right);
}

/* Ties get the mean of their ranks. */
static void ranks_of(const double *values, size_t nr, double *ranks)
{
	autofree const double **sorted = malloc(nr * sizeof(*sorted));

	for (size_t i = 0; i < nr; i++)
		sorted[i] = &values[i];
	qsort(sorted, nr, sizeof(*sorted), by_value);
	for (size_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && *sorted[end] == *sorted[i]; end++)
			;
		for (size_t j = i; j < end; j++)
			ranks[sorted[j] - values] = (double)(i + end + 1) / 2;
	}
}

static struct stretch stretch_of(const double *values, size_t nr)
{
	struct stretch stretch = { .nr = nr };
	double middle = (double)(nr + 1) / 2;

	stretch.ranks = malloc(nr * sizeof(double));
	stretch.sums = malloc((nr + 1) * sizeof(double));
	stretch.squares = malloc((nr + 1) * sizeof(double));
	ranks_of(values, nr, stretch.ranks);
	for (size_t i = 0; i < nr; i++)
		stretch.ranks[i] -= middle;
	return stretch;
}

static void stretch_free(struct stretch *stretch)
{
	free(stretch->ranks);
	free(stretch->sums);
	free(stretch->squares);
}

static void window_best(const struct stretch *stretch, size_t start, size_t nr, struct split *best)
{
	const double *sums = stretch->sums + start;
	double all = sums[nr] - sums[0], mean = all / (double)nr;
	double rest = stretch->squares[start + nr] - stretch->squares[start] - all * mean;
	double scale = (double)nr * (double)(nr - 1) / rest;

	if (rest <= 0) /* all equal */
		return;
	for (size_t i = CHANGE_SIDE; i + CHANGE_SIDE <= nr; i++) {
		double sum = sums[i] - sums[0] - mean * (double)i;
		double score = sum * sum * scale / ((double)i * (double)(nr - i));

		if (score > best->score)
			*best = (struct split){ start + i, i < nr - i ? i : nr - i, nr, score };
	}
}

/* The best split, of the whole or also of windows that are halves, quarters ... and overlap by
 * half. */
static struct split stretch_best(struct stretch *stretch, bool windows)
{
	struct split best = { 0 };

	stretch->sums[0] = stretch->squares[0] = 0;
	for (size_t i = 0; i < stretch->nr; i++) {
		double rank = stretch->ranks[i];

		stretch->sums[i + 1] = stretch->sums[i] + rank;
		stretch->squares[i + 1] = stretch->squares[i] + rank * rank;
	}
	window_best(stretch, 0, stretch->nr, &best);
	for (size_t nr = stretch->nr / 2; windows && nr >= WINDOW; nr /= 2)
		for (size_t start = 0; start + nr <= stretch->nr; start += nr / 2)
			window_best(stretch, start, nr, &best);
	return best;
}

/*
 * At least the chance of such a score at any split of any window: that at one split, of a sum of
 * ranks, times their number. A normal tail, but never less than one order of all. Where many are
 * equal neither holds: 1.
 */
static double split_bound(const struct stretch *stretch, const struct split *split)
{
	double nr = (double)split->nr, side = (double)split->side, all = (double)stretch->nr;
	double orders = lgamma(nr + 1) - lgamma(side + 1) - lgamma(nr - side + 1);
	double tail = fmax(erfc(sqrt(split->score / 2)), 2 * exp(-orders));

	if (stretch->squares[stretch->nr] < 0.75 * all * (all * all - 1) / 12)
		return 1;
	return tail * all * (1 + 2 * log2(all));
}

/* Besag and Clifford's (1991): as few orders as it takes to see that p is large. */
static double split_p(struct stretch *stretch, const struct split *split, bool windows)
{
	double bound = split_bound(stretch, split);
	unsigned int times = stretch->nr <= SHORT ? 10 : 1, nr_good = 0;
	struct random random;

	if (split->score <= 0)
		return 1;
	if (bound < SURE)
		return bound;
	random_seed(&random, stretch->nr);
	for (unsigned int i = 1; i <= ORDERS * times; i++) {
		for (size_t j = stretch->nr - 1; j > 0; j--) {
			size_t other = random_below(&random, j + 1);
			double rank = stretch->ranks[j];

			stretch->ranks[j] = stretch->ranks[other];
			stretch->ranks[other] = rank;
		}
		nr_good += stretch_best(stretch, windows).score >= split->score * (1 - 1e-12);
		if (nr_good == ENOUGH * times)
			return (double)nr_good / i;
	}
	return (double)(nr_good + 1) / (ORDERS * times + 1);
}

/* Returns where to split @values, or 0. */
static size_t split_find(const double *values, size_t nr, bool windows, double *p)
{
	struct stretch stretch;
	struct split best;

	*p = 1;
	if (nr < 2 * CHANGE_SIDE)
		return 0;
	stretch = stretch_of(values, nr);
	best = stretch_best(&stretch, windows);
	if (best.at)
		*p = split_p(&stretch, &best, windows);
	stretch_free(&stretch);
	return best.at;
}

struct cuts {
	size_t *at, nr;
};

static int by_place(const void *a, const void *b)
{
	size_t left = *(const size_t *)a, right = *(const size_t *)b;

	return (left > right) - (left < right);
}

static double median_of(const double *values, size_t nr)
{
	autofree double *copy = malloc(nr * sizeof(*copy));

	memcpy(copy, values, nr * sizeof(*copy));
	return quantile_of(copy, nr, 0.5);
}

/* Of equal numbers and an odd one, which no order of them makes likelier, neither side has another
 * level. */
static bool levels_differ(const double *values, size_t at, size_t nr)
{
	return median_of(values, at) != median_of(values + at, nr - at);
}

static void divide(const double *values, size_t start, size_t end, struct cuts *cuts)
{
	double p;
	size_t at;

	if (end - start < CHANGE_LEAST)
		return;
	at = start + split_find(values + start, end - start, true, &p);
	if (p > CHANGE_LEVEL || !levels_differ(values + start, at - start, end - start))
		return;
	cuts->at[cuts->nr++] = at;
	divide(values, start, at, cuts);
	divide(values, at, end, cuts);
}

static size_t cut_start(const struct cuts *cuts, size_t i)
{
	return i ? cuts->at[i - 1] : 0;
}

static size_t cut_end(const struct cuts *cuts, size_t i, size_t nr)
{
	return i + 1 < cuts->nr ? cuts->at[i + 1] : nr;
}

/* Between which of @values the level changes from one to the other: where the distances from both
 * levels are least. */
static size_t place_best(const double *values, size_t nr, double from, double to)
{
	double distance = 0, least = INFINITY;
	size_t best = CHANGE_SIDE;

	for (size_t i = 0; i + CHANGE_SIDE <= nr; i++) {
		if (i >= CHANGE_SIDE && distance < least) {
			least = distance;
			best = i;
		}
		distance += fabs(values[i] - from) - fabs(values[i] - to);
	}
	return best;
}

/* Each to where it is best between its neighbours, once these are known: by distances, which say
 * more of the place than ranks do. */
static void cuts_settle(const double *values, size_t nr, struct cuts *cuts)
{
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < cuts->nr; i++) {
			size_t start = cut_start(cuts, i), end = cut_end(cuts, i, nr);
			double from = median_of(values + start, cuts->at[i] - start);
			double to = median_of(values + cuts->at[i], end - cuts->at[i]);

			cuts->at[i] = start + place_best(values + start, end - start, from, to);
		}
	}
}

/* Takes away the one that is most likely chance; false: none is. @p of all that are left. */
static bool cuts_prune(const double *values, size_t nr, struct cuts *cuts, double *p)
{
	size_t worst = 0;

	for (size_t i = 0; i < cuts->nr; i++) {
		size_t start = cut_start(cuts, i), end = cut_end(cuts, i, nr);

		split_find(values + start, end - start, false, &p[i]);
		if (!levels_differ(values + start, cuts->at[i] - start, end - start))
			p[i] = 1;
		worst = p[i] > p[worst] ? i : worst;
	}
	if (cuts->nr == 0 || p[worst] <= CHANGE_LEVEL)
		return false;
	cuts->nr--;
	memmove(&cuts->at[worst], &cuts->at[worst + 1], (cuts->nr - worst) * sizeof(*cuts->at));
	return true;
}

/* Logarithms; false: there are none. */
static bool logs_of(const double *values, size_t nr, double *logs)
{
	for (size_t i = 0; i < nr; i++) {
		if (!(values[i] > 0))
			return false;
		logs[i] = log(values[i]);
	}
	return true;
}

static void point_size(const double *values, struct change_point *point)
{
	size_t nr[2] = { point->at - point->start, point->end - point->at };
	autofree double *logs = malloc((nr[0] + nr[1]) * sizeof(*logs));
	struct interval interval;

	point->size = point->low = point->high = NAN;
	if (!logs_of(values + point->start, nr[0] + nr[1], logs))
		return;
	point->size = expm1(shift_of_samples(logs, nr[0], logs + nr[0], nr[1]).estimate);
	interval = interval_of_samples(logs, nr[0], logs + nr[0], nr[1], 0.95);
	point->low = expm1(interval.low);
	point->high = expm1(interval.high);
}

/* What a model with this many parameters leaves unexplained of @nr ranks. */
static double bic(double rest, size_t nr, size_t nr_parameters)
{
	return (double)nr * log(fmax(rest, 1e-9) / (double)nr) +
	       (double)nr_parameters * log((double)nr);
}

static double rest_of_level(const double *ranks, size_t nr)
{
	double sum = 0, rest = 0;

	for (size_t i = 0; i < nr; i++)
		sum += ranks[i];
	for (size_t i = 0; i < nr; i++)
		rest += (ranks[i] - sum / (double)nr) * (ranks[i] - sum / (double)nr);
	return rest;
}

static double rest_of_line(const double *ranks, size_t nr)
{
	autofree double *x = malloc(nr * sizeof(*x));
	struct line line;
	double rest = 0;

	for (size_t i = 0; i < nr; i++)
		x[i] = (double)i;
	if (line_fit(&line, x, ranks, nr))
		return INFINITY;
	for (size_t i = 0; i < nr; i++) {
		double off = ranks[i] - line.fixed - line.slope * x[i];

		rest += off * off;
	}
	return rest;
}

/* Whether steps up, or steps down, that follow each other are a slope that was cut in pieces. */
static bool is_slope(const double *values, const struct change_point *points, size_t nr)
{
	size_t start = points[0].start, all = points[nr - 1].end - start;
	autofree double *ranks = malloc(all * sizeof(*ranks));
	double steps = 0;

	ranks_of(values + start, all, ranks);
	for (size_t i = 0; i < nr; i++)
		steps += rest_of_level(ranks + points[i].start - start,
				       points[i].at - points[i].start);
	steps += rest_of_level(ranks + points[nr - 1].at - start,
			       points[nr - 1].end - points[nr - 1].at);
	return bic(rest_of_line(ranks, all), all, 2) + SLOPE_MARGIN < bic(steps, all, 2 * nr + 1);
}

static void find_slopes(const double *values, struct change_point *points, size_t nr)
{
	for (size_t i = 0, end; i < nr; i = end) {
		bool slope;

		for (end = i + 1; end < nr && (points[end].to > points[end].from) ==
						      (points[i].to > points[i].from);
		     end++)
			;
		slope = is_slope(values, points + i, end - i);
		for (size_t j = i; j < end; j++)
			points[j].drift = slope;
	}
}

size_t changes_find(const double *values, size_t nr, struct change_point *points)
{
	autofree size_t *at = malloc((nr + 1) * sizeof(*at));
	autofree double *p = malloc((nr + 1) * sizeof(*p));
	struct cuts cuts = { at, 0 };

	if (nr < CHANGE_LEAST)
		return 0;
	divide(values, 0, nr, &cuts);
	qsort(at, cuts.nr, sizeof(*at), by_place);
	do
		cuts_settle(values, nr, &cuts);
	while (cuts_prune(values, nr, &cuts, p));
	for (size_t i = 0; i < cuts.nr; i++) {
		struct change_point *point = &points[i];

		*point = (struct change_point){ .at = at[i],
						.start = cut_start(&cuts, i),
						.end = cut_end(&cuts, i, nr),
						.p = p[i] };
		point->from = median_of(values + point->start, point->at - point->start);
		point->to = median_of(values + point->at, point->end - point->at);
		point_size(values, point);
	}
	find_slopes(values, points, cuts.nr);
	return cuts.nr;
}

size_t changes_exact(const double *values, size_t nr, struct change_point *points)
{
	size_t nr_points = 0, start = 0;

	for (size_t i = 1; i < nr; i++) {
		struct change_point *point;

		if (values[i] == values[i - 1])
			continue;
		point = &points[nr_points++];
		*point = (struct change_point){
			.at = i, .start = start, .end = nr, .from = values[i - 1], .to = values[i]
		};
		point->size = point->low = point->high =
			values[i - 1] > 0 ? values[i] / values[i - 1] - 1 : NAN;
		if (nr_points > 1)
			points[nr_points - 2].end = i;
		start = i;
	}
	return nr_points;
}

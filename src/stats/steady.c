// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/steady.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats.h"
#include "stats/summary.h"

#define ALARM          0.005 /* of a false warning, for all that is looked at in a result */
#define NR_KINDS       4     /* looked at in each metric */
#define FEWEST_SAMPLES 10u
#define FEWEST_RUNS    8u
#define SIZE           0.01 /* of the median: less is not worth a warning */
#define FIRST_SIZE     0.05
/* Correlation of neighbours: so many samples are worth a third of them. */
#define RESEMBLANCE 0.5
#define FAR_OUT     5.0 /* distances of the quartiles beyond the upper one */

static double *copy_of(const double *values, size_t nr)
{
	double *copy = malloc((nr + 1) * sizeof(*copy));

	if (!copy)
		abort();
	memcpy(copy, values, nr * sizeof(*copy));
	return copy;
}

/* Two-sided, of a sum with mean 0; @step: half the distance of its neighbouring values. */
static double p_of(double sum, double variance, double step)
{
	double away = fabs(sum) - step;

	return variance > 0 && away > 0 ? erfc(away / sqrt(2 * variance)) : 1;
}

/* P(X >= k) of @nr draws that succeed with probability @part each. */
static double p_at_least(size_t k, size_t nr, double part)
{
	double p = 0;

	for (size_t i = k; i <= nr; i++)
		p += exp(lgamma((double)nr + 1) - lgamma((double)i + 1) -
			 lgamma((double)(nr - i) + 1) + (double)i * log(part) +
			 (double)(nr - i) * log1p(-part));
	return p < 1 ? p : 1;
}

/* --- one metric of a result --- */

struct series {
	double *values; /* samples of one run without warm-ups */
	size_t nr;
};

struct look_at {
	struct result *result;
	enum metric metric;
	struct series *runs;
	size_t nr;
	double alpha;
};

static void runs_collect(struct look_at *look)
{
	const struct result *result = look->result;

	look->runs = calloc(result->nr_runs + 1, sizeof(*look->runs));
	if (!look->runs)
		abort();
	if (!result_metric_whole(result, look->metric))
		return;
	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];
		struct series *series = &look->runs[look->nr];

		if (run->nr_samples <= run->nr_warmup)
			continue;
		series->values = calloc(run->nr_samples, sizeof(*series->values));
		if (!series->values)
			abort();
		for (size_t j = run->nr_warmup; j < run->nr_samples; j++)
			series->values[series->nr++] = (double)run->samples[j].ticks[look->metric];
		look->nr++;
	}
}

static double median_of(double *values, size_t nr)
{
	return nr ? quantile_of(values, nr, 0.5) : 0;
}

/* "in 7 of 10 runs", or where there is one, nothing. */
static void runs_say(char *text, size_t size, size_t nr, size_t of)
{
	text[0] = '\0';
	if (of > 1)
		snprintf(text, size, " in %zu of %zu runs", nr, of);
}

/* The correlation of neighbours once a trend of that size is taken away: what drifts resembles its
 * neighbours, too. */
static double resemblance(const struct series *run, double size, double *sum, double *variance)
{
	double *level = copy_of(run->values, run->nr), ratio;
	double slope = size * median_of(level, run->nr) / (double)(run->nr - 1);

	for (size_t i = 0; i < run->nr; i++)
		level[i] = run->values[i] - slope * (double)i;
	ratio = serial_ratio(level, run->nr, variance);
	free(level);
	*sum = 2 - ratio;
	return 1 - ratio / 2;
}

static void look_for_drift(struct look_at *look, double *room)
{
	double sum = 0, all = 0, size;
	size_t nr = 0, nr_same = 0;
	char where[48];

	for (size_t i = 0; i < look->nr; i++) {
		double s, variance, unused, alike;

		if (look->runs[i].nr < FEWEST_SAMPLES)
			continue;
		trend_test(look->runs[i].values, look->runs[i].nr, &s, &variance);
		room[nr] = trend_size(look->runs[i].values, look->runs[i].nr);
		/* to wander is not to drift: fewer samples than there are say so */
		alike = resemblance(&look->runs[i], room[nr++], &unused, &unused);
		sum += s;
		all += alike > 0 && alike < 1 ? variance * (1 + alike) / (1 - alike) : variance;
	}
	for (size_t i = 0; i < nr; i++)
		nr_same += room[i] * sum > 0 && fabs(room[i]) >= SIZE;
	size = median_of(room, nr);
	if (fabs(size) < SIZE || p_of(sum, all, 1) >= look->alpha)
		return;
	runs_say(where, sizeof(where), nr_same, nr);
	result_warn(look->result, "%s: drifts %+.1f %% over the samples%s",
		    metric_names[look->metric], 100 * size, where);
}

static void look_for_resemblance(struct look_at *look, double *room)
{
	double sum = 0, all = 0, correlation;
	size_t nr = 0, nr_runs = 0, nr_same = 0;
	char where[48];

	for (size_t i = 0; i < look->nr; i++) {
		const struct series *run = &look->runs[i];
		double some, variance, alike, *copy;
		struct summary summary;

		if (run->nr < FEWEST_SAMPLES)
			continue;
		nr_runs++;
		copy = copy_of(run->values, run->nr);
		summary = summary_of(copy, run->nr);
		free(copy);
		alike = resemblance(run, trend_size(run->values, run->nr), &some, &variance);
		/* samples that hardly differ may resemble each other as they like */
		if (variance <= 0 || summary_spread(&summary) < SIZE)
			continue;
		sum += some;
		all += variance;
		room[nr++] = alike;
	}
	for (size_t i = 0; i < nr; i++)
		nr_same += room[i] >= RESEMBLANCE;
	correlation = median_of(room, nr);
	if (2 * nr <= nr_runs || correlation < RESEMBLANCE || sum <= 0 ||
	    p_of(sum, all, 0) >= look->alpha)
		return;
	runs_say(where, sizeof(where), nr_same, nr_runs);
	result_warn(look->result, "%s: samples resemble the one before (correlation %.2f)%s",
		    metric_names[look->metric], correlation, where);
}

/* What the first sample is above the median of the others, as a part of it; @largest: none of them
 * is as large. */
static double first_above(const struct series *run, bool *largest, bool *far_out)
{
	double *others = copy_of(run->values + 1, run->nr - 1), first = run->values[0], fence;
	struct summary summary = summary_of(others, run->nr - 1);

	free(others);
	fence = summary.q3 + FAR_OUT * (summary.q3 - summary.q1);
	*largest = first > summary.max;
	*far_out = first > fence && summary.max <= fence;
	return summary.median > 0 ? first / summary.median - 1 : 0;
}

/* One run can tell only by a sample far away from all others; several by how often it is the first
 * that is largest. */
static void look_at_first(struct look_at *look, double *room)
{
	size_t nr = 0, nr_largest = 0, fewest = SIZE_MAX;
	bool largest, far_out = false, sure;
	char where[48];
	double above;

	for (size_t i = 0; i < look->nr; i++) {
		if (look->runs[i].nr < FEWEST_SAMPLES)
			continue;
		room[nr++] = first_above(&look->runs[i], &largest, &far_out);
		nr_largest += largest;
		fewest = look->runs[i].nr < fewest ? look->runs[i].nr : fewest;
	}
	above = median_of(room, nr);
	sure = nr == 1 ? far_out
		       : nr && p_at_least(nr_largest, nr, 1.0 / (double)fewest) < look->alpha;
	if (!sure || above < FIRST_SIZE)
		return;
	runs_say(where, sizeof(where), nr_largest, nr);
	/* once may be chance */
	result_warn(look->result, "%s: the first sample is %.0f %% slower than %s others%s%s",
		    metric_names[look->metric], 100 * above, nr > 1 ? "the" : "all", where,
		    nr > 1 ? ": more warm-ups" : "");
}

static void look_across(struct look_at *look, double *room)
{
	double s, variance, size;

	if (look->nr < FEWEST_RUNS)
		return;
	for (size_t i = 0; i < look->nr; i++)
		room[i] = median_of(look->runs[i].values,
				    look->runs[i].nr); /* reorders: the last look at samples */
	trend_test(room, look->nr, &s, &variance);
	size = trend_size(room, look->nr);
	if (fabs(size) >= SIZE && p_of(s, variance, 1) < look->alpha)
		result_warn(look->result,
			    "%s: drifts %+.1f %% from the first run to the last of %zu",
			    metric_names[look->metric], 100 * size, look->nr);
}

/* --- a result --- */

static bool is_ours(const char *warning)
{
	static const char *const sayings[] = { "drifts ", "samples resemble ",
					       "the first sample is " };

	for (int metric = 0; metric < NR_METRICS; metric++) {
		size_t length = strlen(metric_names[metric]);

		if (strncmp(warning, metric_names[metric], length) != 0 ||
		    strncmp(warning + length, ": ", 2) != 0)
			continue;
		for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++)
			if (strncmp(warning + length + 2, sayings[i], strlen(sayings[i])) == 0)
				return true;
	}
	return false;
}

static void forget(struct result *result)
{
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_warnings; i++) {
		if (is_ours(result->warnings[i]))
			free(result->warnings[i]);
		else
			result->warnings[nr++] = result->warnings[i];
	}
	result->nr_warnings = nr;
}

void result_steady(struct result *result, bool floor)
{
	struct look_at looks[NR_METRICS] = { 0 };
	double *room = calloc(result->nr_runs + 1, sizeof(*room));
	size_t nr = 0;

	if (!room)
		abort();
	forget(result);
	for (int metric = 0; metric < NR_METRICS && !floor; metric++) {
		looks[metric].result = result;
		looks[metric].metric = metric;
		runs_collect(&looks[metric]);
		nr += looks[metric].nr > 0;
	}
	for (int metric = 0; metric < NR_METRICS; metric++) {
		struct look_at *look = &looks[metric];

		look->alpha = nr ? ALARM / (double)(NR_KINDS * nr) : 0;
		if (look->nr) {
			look_for_drift(look, room);
			look_for_resemblance(look, room);
			look_at_first(look, room);
			look_across(look, room);
		}
		for (size_t i = 0; i < look->nr; i++)
			free(look->runs[i].values);
		free(look->runs);
	}
	free(room);
}

void results_steady(struct results *results, bool (*is_floor)(const char *pinner))
{
	for (size_t i = 0; i < results->nr; i++)
		result_steady(&results->items[i], is_floor(results->items[i].params.pinner));
}

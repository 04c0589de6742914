// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/precision.h"

#include <math.h>
#include <stdlib.h>

#include "stats/rank.h"
#include "stats/summary.h"

#define LEVEL      0.95
#define MOST_NAMED 5

static bool metric_precision(const struct result *result, enum metric metric, double *half_width)
{
	struct run_number *numbers = calloc(result->nr_runs + 1, sizeof(*numbers));
	double *values = calloc(result->nr_runs + 1, sizeof(*values));
	struct interval interval;
	struct shift shift;
	size_t nr_medians, nr = 0;

	if (!values || !numbers)
		abort();
	nr_medians = result_numbers(result, metric, 0.5, numbers);
	for (size_t i = 0; i < nr_medians; i++)
		values[nr++] = log(numbers[i].value);
	*half_width = INFINITY;
	if (nr >= PRECISION_FEWEST_RUNS) {
		shift = shift_of_pairs(values, nr);
		interval = interval_of_pairs(values, nr, LEVEL);
		/* a run of 0 ticks is -INFINITY: settled where all are, not known where the
		 * interval may reach down to it */
		if (interval.low == interval.high)
			*half_width = 0;
		else if (isfinite(interval.low))
			*half_width = (exp(interval.high - shift.estimate) -
				       exp(interval.low - shift.estimate)) /
				      2;
	}
	free(values);
	free(numbers);
	return nr > 0;
}

/* A pin that a coarse clock timed beside a finer one of the whole cycle never settles: its readings
 * are whole grains. */
static bool settles(const struct result *result, enum metric metric)
{
	enum metric finest;

	if (!result_metric_whole(result, metric))
		return false;
	return metric == METRIC_CYCLE || !result_pin_metric(result, &finest) ||
	       finest == METRIC_PIN;
}

bool result_precision(const struct result *result, double *half_width)
{
	double worst = -1, half;

	for (int metric = 0; metric < NR_METRICS; metric++)
		if (settles(result, metric) && metric_precision(result, metric, &half) &&
		    !(half <= worst))
			worst = half;
	*half_width = worst;
	return worst >= 0 && isfinite(worst);
}

bool precision_enough(const struct precision *precision, struct result *result, double elapsed_s)
{
	size_t nr_runs = result_nr_boots(result);
	double half = 0;
	bool known = result_precision(result, &half);

	result->precision = known && half > 0 ? half : 0;
	result->stop = STOP_RUNS;
	if (nr_runs < PRECISION_FEWEST_RUNS && nr_runs < precision->most_runs)
		return false;
	if (known && half <= precision->part)
		result->stop = STOP_PRECISION;
	else if (nr_runs >= precision->most_runs)
		result->stop = STOP_RUNS;
	else if (precision->max_time_s > 0 && elapsed_s >= precision->max_time_s)
		result->stop = STOP_MAX_TIME;
	else
		return false;
	return true;
}

static void runs_print(FILE *out, size_t least, size_t most)
{
	if (least == most)
		fprintf(out, "%zu runs", most);
	else
		fprintf(out, "%zu to %zu runs", least, most);
}

void precision_print(FILE *out, const struct results *results, const struct precision *precision,
		     const char *most_option)
{
	const char *const reasons[NR_STOPS] = {
		[STOP_RUNS] = most_option, [STOP_MAX_TIME] = "--max-time"
	};
	size_t nr = 0, nr_settled = 0, least = SIZE_MAX, most = 0, nr_named = 0;

	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];
		size_t nr_runs = result_nr_boots(result);

		if (result->status != STATUS_DONE)
			continue;
		nr++;
		if (result->stop != STOP_PRECISION)
			continue;
		nr_settled++;
		least = nr_runs < least ? nr_runs : least;
		most = nr_runs > most ? nr_runs : most;
	}
	fprintf(out, "precision: %zu of %zu cases are settled to %.3g %%", nr_settled, nr,
		100 * precision->part);
	if (nr_settled) {
		fputs(", by ", out);
		runs_print(out, least, most);
	}
	fputs("\n", out);
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];

		if (result->status != STATUS_DONE || result->stop == STOP_PRECISION ||
		    ++nr_named > MOST_NAMED)
			continue;
		fprintf(out, "  %s: ", result->key);
		if (result->precision > 0)
			fprintf(out, "%.2g %%", 100 * result->precision);
		else
			fputs("not known", out);
		fprintf(out, " after %zu runs (%s)\n", result_nr_boots(result),
			reasons[result->stop]);
	}
	if (nr_named > MOST_NAMED)
		fprintf(out, "  and %zu more\n", nr_named - MOST_NAMED);
}

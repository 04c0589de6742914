// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool measured(const struct run *run, size_t sample, enum metric metric)
{
	return run->samples[sample].have >> metric & 1;
}

static size_t nr_timed(const struct run *run)
{
	return run->nr_samples > run->nr_warmup ? run->nr_samples - run->nr_warmup : 0;
}

static size_t run_ticks(const struct run *run, enum metric metric, double *ticks)
{
	size_t nr = 0;

	for (size_t i = run->nr_warmup; i < run->nr_samples; i++)
		if (measured(run, i, metric))
			ticks[nr++] = (double)run->samples[i].ticks[metric];
	return nr;
}

/* Runs of one slot are processes of one boot, one after the other in the file: together they are
 * one observation. */
static size_t slot_end(const struct result *result, size_t first)
{
	size_t end = first + 1;

	while (end < result->nr_runs && result->runs[first].slot >= 0 &&
	       result->runs[end].slot == result->runs[first].slot)
		end++;
	return end;
}

size_t result_nr_boots(const struct result *result)
{
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_runs; i = slot_end(result, i))
		nr++;
	return nr;
}

/* False: none of them measured the metric. */
static bool slot_number(const struct run *runs, size_t nr, enum metric metric, double part,
			double *ticks, double *value)
{
	autofree double *values = malloc(nr * sizeof(*values));
	size_t nr_values = 0;

	if (!values)
		abort();
	for (size_t i = 0; i < nr; i++) {
		size_t nr_ticks = run_ticks(&runs[i], metric, ticks);

		if (nr_ticks)
			values[nr_values++] = quantile_of(ticks, nr_ticks, part);
	}
	if (nr_values)
		*value = quantile_of(values, nr_values, 0.5);
	return nr_values > 0;
}

size_t result_numbers(const struct result *result, enum metric metric, double part,
		      struct run_number *numbers)
{
	autofree double *ticks = NULL;
	size_t most = 1, nr = 0;

	for (size_t i = 0; i < result->nr_runs; i++)
		most = nr_timed(&result->runs[i]) > most ? nr_timed(&result->runs[i]) : most;
	ticks = malloc(most * sizeof(*ticks));
	if (!ticks)
		abort();
	for (size_t i = 0, end; i < result->nr_runs; i = end) {
		end = slot_end(result, i);
		numbers[nr].run = &result->runs[i];
		nr += slot_number(&result->runs[i], end - i, metric, part, ticks,
				  &numbers[nr].value);
	}
	return nr;
}

size_t result_memory_numbers(const struct result *result, enum metric metric, enum memory memory,
			     struct run_number *numbers)
{
	size_t nr = 0;

	for (size_t i = 0, end; i < result->nr_runs; i = end) {
		autofree double *values = NULL, *medians = NULL;
		size_t nr_medians = 0;

		end = slot_end(result, i);
		medians = malloc((end - i + 1) * sizeof(*medians));
		for (size_t j = i; j < end; j++) {
			const struct run *run = &result->runs[j];
			size_t nr_values = 0;

			if (!nr_timed(run) || !run->memory)
				continue;
			free(values);
			values = malloc(nr_timed(run) * sizeof(*values));
			for (size_t k = run->nr_warmup; k < run->nr_samples; k++)
				values[nr_values++] = (double)run->memory[k].value[metric][memory];
			medians[nr_medians++] = quantile_of(values, nr_values, 0.5);
		}
		if (!nr_medians)
			continue;
		numbers[nr].run = &result->runs[i];
		numbers[nr++].value = quantile_of(medians, nr_medians, 0.5);
	}
	return nr;
}

bool result_memory_whole(const struct result *result, enum metric metric)
{
	bool any = false;

	for (size_t i = 0; i < result->nr_runs; i++) {
		if (!nr_timed(&result->runs[i]))
			continue;
		if (!(result->runs[i].have_memory >> metric & 1))
			return false;
		any = true;
	}
	return any;
}

bool result_summary_at(const struct result *result, enum metric metric, double part,
		       struct summary *summary)
{
	autofree struct run_number *numbers = malloc((result->nr_runs + 1) * sizeof(*numbers));
	autofree double *values = malloc((result->nr_runs + 1) * sizeof(*values));
	size_t nr = 0;

	if (!numbers || !values)
		abort();
	if (result_metric_whole(result, metric))
		nr = result_numbers(result, metric, part, numbers);
	for (size_t i = 0; i < nr; i++)
		values[i] = numbers[i].value;
	*summary = summary_of(values, nr);
	return nr > 0;
}

bool result_summary(const struct result *result, enum metric metric, struct summary *summary)
{
	return result_summary_at(result, metric, 0.5, summary);
}

bool result_samples_of_one_run(const struct result *result, enum metric metric,
			       struct summary *summary)
{
	autofree double *ticks = NULL;
	size_t nr = 0;

	if (result->nr_runs != 1 || !result_metric_whole(result, metric))
		return false;
	ticks = malloc((result->runs[0].nr_samples + 1) * sizeof(*ticks));
	if (!ticks)
		abort();
	nr = run_ticks(&result->runs[0], metric, ticks);
	*summary = summary_of(ticks, nr);
	return nr > 1;
}

/* "30", or "20-30" where they differ. */
static void extent_format(size_t least, size_t most, char *text, size_t size)
{
	if (least == most)
		snprintf(text, size, "%zu", most);
	else
		snprintf(text, size, "%zu-%zu", least, most);
}

void result_replication(const struct result *result, enum metric metric, char *text, size_t size)
{
	size_t nr = 0, samples[2] = { SIZE_MAX, 0 }, processes[2] = { SIZE_MAX, 0 };
	char of[2][48];

	for (size_t i = 0, end; i < result->nr_runs; i = end) {
		size_t nr_here = 0;

		end = slot_end(result, i);
		for (size_t j = i; j < end; j++) {
			const struct run *run = &result->runs[j];
			size_t timed = nr_timed(run);

			if (timed == 0 || !measured(run, run->nr_warmup, metric))
				continue;
			samples[0] = timed < samples[0] ? timed : samples[0];
			samples[1] = timed > samples[1] ? timed : samples[1];
			nr_here++;
		}
		if (nr_here == 0)
			continue;
		processes[0] = nr_here < processes[0] ? nr_here : processes[0];
		processes[1] = nr_here > processes[1] ? nr_here : processes[1];
		nr++;
	}
	if (nr == 0) {
		snprintf(text, size, "%s", "");
		return;
	}
	extent_format(samples[0], samples[1], of[0], sizeof(of[0]));
	extent_format(processes[0], processes[1], of[1], sizeof(of[1]));
	if (processes[1] > 1)
		snprintf(text, size, "%zux%sx%s", nr, of[1], of[0]);
	else
		snprintf(text, size, "%zux%s", nr, of[0]);
}

uint64_t result_pages(const struct result *result)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];

		for (size_t j = run->nr_warmup; j < run->nr_samples; j++) {
			if (pages && run->samples[j].nr_pages != pages)
				return 0;
			pages = run->samples[j].nr_pages;
		}
	}
	return pages;
}

size_t result_metric_runs(const struct result *result, enum metric metric, size_t *nr_runs)
{
	size_t nr = 0;

	*nr_runs = 0;
	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];

		if (nr_timed(run) == 0)
			continue;
		(*nr_runs)++;
		nr += measured(run, run->nr_warmup, metric);
	}
	return nr;
}

bool result_metric_whole(const struct result *result, enum metric metric)
{
	size_t nr_runs, nr = result_metric_runs(result, metric, &nr_runs);

	return nr > 0 && nr == nr_runs;
}

void results_partial_format(const struct results *results, char *text, size_t size)
{
	char example[64] = "";

	text[0] = '\0';
	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		size_t nr = 0;

		for (size_t i = 0; i < results->nr; i++) {
			size_t nr_runs,
				nr_have = result_metric_runs(&results->items[i], metric, &nr_runs);

			if (results->items[i].status != STATUS_DONE || nr_have == 0 ||
			    nr_have == nr_runs)
				continue;
			if (!*example)
				snprintf(example, sizeof(example), "%zu of %zu", nr_have, nr_runs);
			nr++;
		}
		if (nr)
			snprintf(text + strlen(text), size - strlen(text), "%s%s of %zu case%s",
				 *text ? ", " : "", metric_names[metric], nr, nr == 1 ? "" : "s");
	}
	if (*text)
		snprintf(text + strlen(text), size - strlen(text),
			 ": in some runs only (%s, say), kept where the clock read enough: "
			 "not shown, not judged",
			 example);
}

/* Of the coarsest run; 0: not known. */
static uint64_t metric_grain(const struct result *result, enum metric metric)
{
	uint64_t grain = 0;

	for (size_t i = 0; i < result->nr_runs; i++)
		grain = result->runs[i].quantum[metric] > grain ? result->runs[i].quantum[metric]
								: grain;
	return grain;
}

bool results_pin_metric(const struct result *const *cases, size_t nr, enum metric *metric)
{
	size_t nr_of[NR_METRICS] = { 0 };
	uint64_t grain[NR_METRICS] = { 0 };

	for (size_t i = 0; i < nr; i++) {
		for (unsigned int j = 0; j < NR_METRICS; j++) {
			uint64_t own = metric_grain(cases[i], j);

			nr_of[j] += result_metric_whole(cases[i], j);
			grain[j] = own > grain[j] ? own : grain[j];
		}
	}
	*metric = METRIC_PIN;
	if (nr_of[METRIC_CYCLE] == nr &&
	    (nr_of[METRIC_PIN] < nr || grain[METRIC_CYCLE] < grain[METRIC_PIN]))
		*metric = METRIC_CYCLE;
	return nr > 0 && nr_of[*metric] == nr;
}

bool result_pin_metric(const struct result *result, enum metric *metric)
{
	return results_pin_metric(&result, 1, metric);
}

bool count_known(const struct result *result, enum count count)
{
	return result->counts.observer[count][0] != '\0';
}

/* Base pages that one entry of the slow path left there at the most: those of the largest call that
 * reaches GUP. */
static double most_pages_of_call(const struct result *result, double pages)
{
	const struct fact *cut = fact_find(&result->truth, "gup_call_pages");
	double most = result->params.pages_per_call ? (double)result->params.pages_per_call : pages;

	return cut && cut->kind == FACT_NUMBER && cut->number > 0 ? fmin(most, (double)cut->number)
								  : most;
}

bool result_hit_range(const struct result *result, struct hit_rate *range)
{
	double asked = (double)result->counts.value[COUNT_REQUESTED_PAGES],
	       slow = (double)result->counts.value[COUNT_SLOW_PAGES];

	*range = (struct hit_rate){ .most = 1, .by = COUNT_SLOW_PAGES };
	/* who counted pages and lost some knows nothing */
	if (count_known(result, COUNT_SLOW_PAGES) || count_known(result, COUNT_REQUESTED_PAGES)) {
		if (!count_known(result, COUNT_SLOW_PAGES) ||
		    !count_known(result, COUNT_REQUESTED_PAGES) || asked == 0 || slow > asked)
			return false;
		range->least = range->most = 1 - slow / asked;
		return true;
	}
	asked = (double)result_pages(result);
	if (!count_known(result, COUNT_SLOW_CALLS) || asked == 0)
		return false;
	range->by = COUNT_SLOW_CALLS;
	slow = (double)result->counts.value[COUNT_SLOW_CALLS] * most_pages_of_call(result, asked);
	range->least = 1 - fmin(slow, asked) / asked;
	return true;
}

bool result_hit_rate(const struct result *result, double *rate)
{
	struct hit_rate range;

	if (!result_hit_range(result, &range) || range.least < range.most)
		return false;
	*rate = range.least;
	return true;
}

void hit_rate_format(const struct hit_rate *range, char *text, size_t size)
{
	char least[32];

	if (range->least == range->most) {
		rate_format(range->least, text, size);
		return;
	}
	/* down, to digits that are not rounded again */
	rate_format(floor(range->least * 1e4 + 1e-6) / 1e4, least, sizeof(least));
	snprintf(text, size, ">= %s", least);
}

void rate_format(double rate, char *text, size_t size)
{
	if (rate > 0 && rate < 0.0001)
		snprintf(text, size, "<0.01 %%");
	else if (rate < 1 && rate > 0.9999)
		snprintf(text, size, ">99.99 %%");
	else
		snprintf(text, size, "%.4g %%", rate * 100);
}

struct unit unit_for(bool icount, double largest, double smallest)
{
	static const struct unit units[2][4] = {
		{ { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } },
		{ { "instr", 1 }, { "k instr", 1e3 }, { "M instr", 1e6 }, { "G instr", 1e9 } },
	};
	size_t unit = 3;

	while (unit > 0 && largest < units[icount][unit].ticks)
		unit--;
	/* 0.003 ms beside 1.2 ms hides what 3.4 us beside 1200 us shows */
	while (unit > 0 && smallest > 0 && smallest < units[icount][unit].ticks / 10)
		unit--;
	return units[icount][unit];
}

void ticks_format(const struct unit *unit, double ticks, char *text, size_t size)
{
	double value = ticks / unit->ticks, size_of = fabs(value);
	int decimals = size_of >= 1000 ? 0 : size_of >= 100 ? 1 : size_of >= 10 ? 2 : 3;

	/* there is nothing below one tick but what a median between two samples leaves */
	if (unit->ticks <= 1)
		decimals = value == rint(value) || size_of >= 100 ? 0 : decimals;
	snprintf(text, size, "%.*f %s", decimals, value, unit->name);
}

void summary_format(const struct unit *unit, const struct summary *summary, char *text, size_t size)
{
	double spread = summary_spread(summary) * 100;
	char value[48];

	ticks_format(unit, summary->median, value, sizeof(value));
	if (summary->nr < 2)
		snprintf(text, size, "%s", value);
	else
		snprintf(text, size, "%s ±%.*f %%", value, spread < 9.95 ? 1 : 0, spread);
}

void throughput_format(double bytes_per_second, char *text, size_t size)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = { { "GB/s", 1e9 }, { "MB/s", 1e6 }, { "kB/s", 1e3 } };
	size_t i = 0;
	double number;

	while (i < 2 && bytes_per_second < units[i].bytes)
		i++;
	number = bytes_per_second / units[i].bytes;
	snprintf(text, size, "%.*f %s",
		 number < 9.9995   ? 3
		 : number < 99.995 ? 2
				   : 1,
		 number, units[i].name);
}

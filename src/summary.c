// SPDX-License-Identifier: GPL-2.0-or-later
#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"

static bool measured(const struct run *run, size_t sample, enum metric metric)
{
	return run->samples[sample].have >> metric & 1;
}

bool result_summary(const struct result *result, enum metric metric, struct summary *summary)
{
	autofree double *values = NULL;
	size_t room = 1, nr = 0;

	for (size_t i = 0; i < result->nr_runs; i++)
		room += result->runs[i].nr_samples;
	values = malloc(room * sizeof(*values));
	if (!values)
		abort();
	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];

		for (size_t j = run->nr_warmup; j < run->nr_samples; j++)
			if (measured(run, j, metric))
				values[nr++] = run->samples[j].ticks[metric];
	}
	*summary = summary_of(values, nr);
	return nr > 0;
}

void result_replication(const struct result *result, enum metric metric, char *text, size_t size)
{
	size_t nr_runs = 0, least = 0, most = 0;

	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];
		size_t nr = run->nr_samples > run->nr_warmup ? run->nr_samples - run->nr_warmup : 0;

		if (nr == 0 || !measured(run, run->nr_warmup, metric))
			continue;
		least = nr_runs == 0 || nr < least ? nr : least;
		most = nr > most ? nr : most;
		nr_runs++;
	}
	if (nr_runs == 0)
		snprintf(text, size, "%s", "");
	else if (least == most)
		snprintf(text, size, "%zux%zu", nr_runs, most);
	else
		snprintf(text, size, "%zux%zu-%zu", nr_runs, least, most);
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

bool result_metric_whole(const struct result *result, enum metric metric)
{
	size_t nr = 0;

	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];

		if (run->nr_samples <= run->nr_warmup)
			continue;
		if (!measured(run, run->nr_warmup, metric))
			return false;
		nr++;
	}
	return nr > 0;
}

bool results_pin_metric(const struct result *const *results, size_t nr, enum metric *metric)
{
	static const struct {
		enum metric metric;
		bool whole;
	} choices[] = {
		{ METRIC_PIN, true }, { METRIC_CYCLE, true }, { METRIC_PIN, false }, { METRIC_CYCLE, false },
	};
	struct summary summary;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		size_t nr_have = 0;

		*metric = choices[i].metric;
		while (nr_have < nr && (choices[i].whole ? result_metric_whole(results[nr_have], *metric) :
					result_summary(results[nr_have], *metric, &summary)))
			nr_have++;
		if (nr > 0 && nr_have == nr)
			return true;
	}
	return false;
}

bool result_pin_metric(const struct result *result, enum metric *metric)
{
	return results_pin_metric(&result, 1, metric);
}

bool count_known(const struct result *result, enum count count)
{
	return result->counts.observer[count][0] != '\0';
}

bool result_hit_rate(const struct result *result, double *rate)
{
	uint64_t asked = result->counts.value[COUNT_REQUESTED_PAGES];
	uint64_t slow = result->counts.value[COUNT_SLOW_PAGES];

	if (!count_known(result, COUNT_REQUESTED_PAGES) || !count_known(result, COUNT_SLOW_PAGES) ||
	    asked == 0 || slow > asked)
		return false;
	*rate = 1 - (double)slow / asked;
	return true;
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

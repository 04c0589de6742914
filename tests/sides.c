// SPDX-License-Identifier: GPL-2.0-or-later
#include "sides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void assert_near(double got, double wanted)
{
	if (fabs(got - wanted) > 1e-9 * fmax(1, fabs(wanted)))
		fail_msg("%.12g is not %.12g", got, wanted);
}

struct result *add_case(struct results *results, const char *key)
{
	struct result *result = results_add(results, key);
	unsigned long n;

	if (sscanf(key, "%39[^,],%23[^,],%23[^,],%7[^,],%39[^,],n=%lu", result->params.pinner,
		   result->params.layout, result->params.state, result->params.access,
		   result->params.window, &n) != 6)
		fail_msg("%s is no key", key);
	result->params.pages_per_call = n;
	return result;
}

struct run *add_run(struct result *result, enum metric metric, uint64_t ticks)
{
	struct run *run = result_add_run(result);

	run->nr_warmup = 1;
	run->nr_samples = 6;
	run->samples = calloc(run->nr_samples, sizeof(*run->samples));
	for (size_t i = 0; i < run->nr_samples; i++) {
		run->samples[i].have = 1u << metric;
		run->samples[i].ticks[metric] = i == 0 ? 1 : i == 2 ? 1000 * ticks : ticks;
		run->samples[i].nr_pages = 1;
	}
	strcpy(run->clock[metric], "test");
	run->quantum[metric] = 16;
	return run;
}

struct result *add_runs(struct results *results, const char *key, enum metric metric, size_t nr,
			const uint64_t *ticks)
{
	struct result *result = add_case(results, key);

	for (size_t i = 0; i < nr; i++)
		add_run(result, metric, ticks[i]);
	return result;
}

void set_count(struct result *result, enum count count, uint64_t value)
{
	result->counts.value[count] = value;
	strcpy(result->counts.observer[count], "test");
}

void sides_init(struct sides *sides)
{
	memset(sides, 0, sizeof(*sides));
	sides->base.label = strdup("b");
	sides->new.label = strdup("n");
	sides->rule = rule_default;
}

void sides_pair(struct sides *sides)
{
	struct results *reports[2] = { &sides->base, &sides->new };

	for (unsigned int side = 0; side < 2; side++) {
		struct results *results = reports[side];

		results->schedule.order = ORDER_ABBA;
		strcpy(results->schedule.id, "one");
		results->schedule.side = side;
		for (size_t i = 0; i < results->nr; i++)
			for (size_t j = 0; j < results->items[i].nr_runs; j++)
				results->items[i].runs[j].block = (int)j;
	}
}

void sides_place(struct sides *sides)
{
	struct results *reports[] = { &sides->base, &sides->new };

	for (size_t side = 0; side < 2; side++) {
		reports[side]->icount = true;
		for (size_t i = 0; i < reports[side]->nr; i++)
			for (size_t j = 0; j < reports[side]->items[i].nr_runs; j++)
				reports[side]->items[i].runs[j].placement =
					(struct placement){ true, j + 1, 4096, j, 0, 0 };
	}
}

const struct row *sides_judge(struct sides *sides)
{
	verdicts_free(&sides->verdicts);
	verdicts_find(&sides->verdicts, &sides->base, &sides->new, &sides->rule);
	return sides->verdicts.rows;
}

void sides_free(struct sides *sides)
{
	verdicts_free(&sides->verdicts);
	results_free(&sides->base);
	results_free(&sides->new);
}

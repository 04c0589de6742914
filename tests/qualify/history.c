// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often "pinbench history" finds a change that is none, and what it finds, on noise of which
 * the truth is known (laws.h), beside what many labs run: a t-test of each result against the
 * previous 12. Rows of the table of "make qualify" on stdout; exit status 1 when a bar is missed.
 *
 * usage: history [REPETITIONS [SEED]]
 *
 * false points: series without a step in which a change point was found. The bar is 65 of 1,000
 * for each length; the level of 1 % promises 10. A drift is a change, and has no bar.
 *
 * steps: 10 results before and 10 after, noise 3 %. Found: any change point. In place: one within
 * one result of the step. The bars: 8 % in normal noise is found in 90 % of the series, and in
 * place in 90 % of those.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "history/change.h"
#include "laws.h"

#define NOISE      0.03
#define MOST       500u
#define PREVIOUS   12u /* results that a t-test looks back at, */
#define FEWEST     8u  /* and at least */
#define PART       "Change points of pinbench history"
#define MOST_FALSE 0.065
#define LEAST      0.90

static double values[MOST];
static struct change_point points[MOST];

static void draw(const struct law *law, size_t nr, size_t at, double step, struct random *random)
{
	struct schedule_place place = { .nr_slots = nr, .disturbed = true };

	for (place.slot = 0; place.slot < nr; place.slot++)
		values[place.slot] = law->draw(random, NOISE, &place) *
				     (place.slot >= at ? 1 + step : 1);
}

/* Student's t that is exceeded, to either side, one time in a hundred: R's qt(0.995, df). */
static const double critical[] = {
	[7] = 3.4995, [8] = 3.3554, [9] = 3.2498, [10] = 3.1693, [11] = 3.1058
};

/* Whether this one is no result like the ones before. */
static bool alarms(size_t at)
{
	size_t nr = at < PREVIOUS ? at : PREVIOUS;
	double mean = 0, squares = 0;

	if (nr < FEWEST)
		return false;
	for (size_t i = at - nr; i < at; i++)
		mean += values[i] / (double)nr;
	for (size_t i = at - nr; i < at; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	return fabs(values[at] - mean) >
	       critical[nr - 1] * sqrt(squares / (double)(nr - 1) * (1 + 1 / (double)nr));
}

static bool alarms_within(size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (alarms(i))
			return true;
	return false;
}

/* Every row has numbers of its own. */
static void row_seed(struct random *random, uint64_t seed, size_t row)
{
	random_seed(random, seed * 1000 + row);
}

static bool false_points(const struct law *law, size_t repetitions, uint64_t seed)
{
	static const size_t sizes[] = { 10, 20, 50, 100, 500 };
	char found[96] = "", naive[96] = "";
	size_t used[2] = { 0 }, worst = 0;
	bool ok;

	if (law->drifts)
		repetitions = repetitions / 10 + 1; /* each of them takes as long as ten others */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t nr = 0, nr_naive = 0;
		struct random random;

		row_seed(&random, seed, (size_t)(law - laws) * 100 + i);
		for (size_t j = 0; j < repetitions; j++) {
			draw(law, sizes[i], MOST, 0, &random);
			nr += changes_find(values, sizes[i], points) > 0;
			nr_naive += alarms_within(0, sizes[i]);
		}
		worst = nr > worst ? nr : worst;
		used[0] += (size_t)snprintf(found + used[0], sizeof(found) - used[0], "%s%zu",
					    i ? ", " : "", nr);
		used[1] += (size_t)snprintf(naive + used[1], sizeof(naive) - used[1], "%s%zu",
					    i ? ", " : "", nr_naive);
	}
	ok = (double)worst <= ceil(MOST_FALSE * (double)repetitions);
	printf("{\"part\":\"" PART "\",\"row\":\"no step, %s, n = 10, 20, 50, 100, 500: false\","
	       "\"value\":\"%s of %zu\",\"note\":\"t-test against the previous 12: %s\",",
	       law->name, found, repetitions, naive);
	if (law->drifts)
		printf("\"bar\":\"none: it is a change\"}\n");
	else
		printf("\"bar\":\"each <= %.0f\",\"ok\":%s}\n",
		       ceil(MOST_FALSE * (double)repetitions), ok ? "true" : "false");
	return ok || law->drifts;
}

struct power {
	size_t found, near, naive;
};

static struct power power_of(const struct law *law, double step, size_t side, size_t repetitions,
			     uint64_t seed)
{
	struct power power = { 0 };
	struct random random;

	row_seed(&random, seed, 10000 + (size_t)(law - laws) * 100 + (size_t)(step * 1000) + side);
	for (size_t i = 0; i < repetitions; i++) {
		bool near = false;
		size_t nr;

		draw(law, 2 * side, side, step, &random);
		nr = changes_find(values, 2 * side, points);
		for (size_t j = 0; j < nr; j++)
			near = near || (points[j].at + 1 >= side && points[j].at <= side + 1);
		power.found += nr > 0;
		power.near += near;
		power.naive += alarms_within(side, side + 2);
	}
	return power;
}

static bool steps(const struct law *law, size_t side, size_t repetitions, uint64_t seed)
{
	static const double sizes[] = { 0.01, 0.02, 0.05, 0.08, 0.10 };
	char text[3][96] = { "", "", "" };
	size_t used[3] = { 0 };
	struct power at_bar = { 0 };
	double all = (double)repetitions;
	bool barred = side == 10 && law == &laws[0], ok;

	if (!barred) { /* to be seen: to 3 points or so */
		repetitions = repetitions / 4 + 1;
		all = (double)repetitions;
	}

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct power power = power_of(law, sizes[i], side, repetitions, seed);
		double parts[3] = { (double)power.found / all,
				    power.found ? (double)power.near / (double)power.found : 0,
				    (double)power.naive / all };

		if (sizes[i] == 0.08)
			at_bar = power;
		for (size_t j = 0; j < 3; j++)
			used[j] += (size_t)snprintf(text[j] + used[j], sizeof(text[j]) - used[j],
						    "%s%.0f", i ? ", " : "", 100 * parts[j]);
	}
	ok = (double)at_bar.found >= LEAST * all &&
	     (double)at_bar.near >= LEAST * (double)at_bar.found;
	printf("{\"part\":\"" PART
	       "\",\"row\":\"%zu + %zu, %s, steps of 1, 2, 5, 8, 10 %%: found\","
	       "\"value\":\"%s %%\",\"note\":\"of those within one result: %s %%; t-test, "
	       "there or one later: %s %%\",",
	       side, side, law->name, text[0], text[1], text[2]);
	if (barred)
		printf("\"bar\":\"8 %%: >= 90 %%, of those >= 90 %%\",\"ok\":%s}\n",
		       ok ? "true" : "false");
	else
		printf("\"bar\":\"none\"}\n");
	return ok || !barred;
}

int main(int argc, char **argv)
{
	unsigned long long repetitions = 1000, seed = 1;
	char *end = "";
	bool ok = true;

	if (argc > 1)
		repetitions = strtoull(argv[1], &end, 10);
	if (argc > 2 && !*end)
		seed = strtoull(argv[2], &end, 10);
	if (argc > 3 || *end || repetitions == 0) {
		fprintf(stderr, "usage: history [REPETITIONS [SEED]]\n");
		return 2;
	}
	for (size_t i = 0; i < NR_LAWS; i++)
		ok = false_points(&laws[i], repetitions, seed) && ok;
	for (size_t i = 0; i < NR_LAWS; i++)
		ok = steps(&laws[i], 10, repetitions, seed) && ok;
	for (size_t i = 0; i < NR_LAWS; i++)
		ok = steps(&laws[i], 30, repetitions, seed) && ok;
	return ok ? 0 : 1;
}

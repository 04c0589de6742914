// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often the usual methods call identical code changed, on the files that judge reads. No bars:
 * for comparison.
 *
 * usage: usual PART BASE NEW [BASE NEW...]
 *
 * Mann-Whitney: two-sided U test over the iterations of one process against those of its neighbour,
 * as with the output of one run of each. benchstat (golang.org/x/perf/cmd/benchstat, manual of
 * 2023): two-sided U test at alpha 0.05; its example takes
 * "-count=10" of one test binary before and after: ten values of one process, each a mean over
 * iterations, against ten of the next. Given a value per process instead: the medians of 20
 * processes measured before against 20 after, and of 20 against 20 that took turns, as its manual
 * recommends. Ties count against a difference here (rank.h), by midranks there: these rates are, if
 * anything, too low.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "line.h"
#include "stats/rank.h"
#include "stats/stats.h"
#include "windows.h"

#define ALPHA      0.05
#define COUNT      10 /* benchstat's -count */
#define PROCESSES  20u
#define MAX_VALUES 1000u

struct found {
	size_t nr, of;
};

static size_t run_values(const struct run *run, enum metric metric, double *values)
{
	size_t nr = 0;

	for (size_t i = run->nr_warmup; i < run->nr_samples && nr < MAX_VALUES; i++)
		values[nr++] = (double)run->samples[i].ticks[metric];
	return nr;
}

static double run_middle(const struct run *run, enum metric metric)
{
	double values[MAX_VALUES];
	struct summary summary = summary_of(values, run_values(run, metric, values));

	return summary.median;
}

/* Means of @nr values in @nr_means parts, in their order. */
static size_t means_of(double *values, size_t nr, size_t nr_means)
{
	if (nr < nr_means)
		return nr;
	for (size_t i = 0; i < nr_means; i++) {
		size_t from = i * nr / nr_means, to = (i + 1) * nr / nr_means;
		double sum = 0;

		for (size_t j = from; j < to; j++)
			sum += values[j];
		values[i] = sum / (double)(to - from);
	}
	return nr_means;
}

static void found_add(struct found *found, double *base, size_t nr_base, double *new, size_t nr_new)
{
	found->nr += shift_of_samples(base, nr_base, new, nr_new).p <= ALPHA;
	found->of++;
}

/* One process against its neighbour: all iterations, and means of them. */
static void neighbours_test(const struct stretch *stretch, const struct pick *pick,
			    struct found *plain, struct found *means)
{
	double side[2][MAX_VALUES];

	for (unsigned int block = 0; block < stretch->nr_blocks; block++) {
		size_t nr[2];

		for (unsigned int i = 0; i < 2; i++)
			nr[i] = run_values(stretch_at(stretch, pick->result, 2 * block + i),
					   pick->metric, side[i]);
		found_add(plain, side[0], nr[0], side[1], nr[1]);
		for (unsigned int i = 0; i < 2; i++)
			nr[i] = means_of(side[i],
					 run_values(stretch_at(stretch, pick->result,
							       2 * block + i),
						    pick->metric, side[i]),
					 COUNT);
		found_add(means, side[0], nr[0], side[1], nr[1]);
	}
}

/* Medians of processes: the first PROCESSES against the next, and by the side that the schedule
 * gave them. */
static void processes_test(const struct stretch *stretch, const struct pick *pick,
			   struct found *blocks, struct found *turns)
{
	for (unsigned int first = 0; first + PROCESSES <= stretch->nr_blocks; first += PROCESSES) {
		double before[2][PROCESSES], sides[2][PROCESSES];
		size_t nr[2] = { 0, 0 };

		for (unsigned int i = 0; i < 2 * PROCESSES; i++) {
			unsigned int slot = 2 * first + i, side = stretch->of[slot];
			double middle =
				run_middle(stretch_at(stretch, pick->result, slot), pick->metric);

			before[i / PROCESSES][i % PROCESSES] = middle;
			sides[side][nr[side]++] = middle;
		}
		found_add(blocks, before[0], PROCESSES, before[1], PROCESSES);
		found_add(turns, sides[0], nr[0], sides[1], nr[1]);
	}
}

int main(int argc, char **argv)
{
	struct found plain = { 0, 0 }, means = { 0, 0 }, blocks = { 0, 0 }, turns = { 0, 0 };

	if (argc < 4 || argc % 2) {
		fprintf(stderr, "usage: usual PART BASE NEW [BASE NEW...]\n");
		return 2;
	}
	for (int i = 2; i < argc; i += 2) {
		autofree struct pick *picks = NULL;
		struct stretch stretch;
		struct error err;
		size_t nr;

		if (stretch_load(&stretch, argv[i], argv[i + 1], &err)) {
			fprintf(stderr, "usual: %s\n", err.text);
			return 2;
		}
		nr = stretch_rows(&stretch, &picks);
		for (size_t row = 0; row < nr; row++) {
			neighbours_test(&stretch, &picks[row], &plain, &means);
			processes_test(&stretch, &picks[row], &blocks, &turns);
		}
		stretch_free(&stretch);
	}
	line_rate(argv[1], "Mann-Whitney, iterations, process against process", plain.nr, plain.of,
		  0, NO_BAR);
	line_rate(argv[1], "benchstat, -count=10, process against process", means.nr, means.of, 0,
		  NO_BAR);
	line_rate(argv[1], "benchstat on medians, 20 processes, then 20", blocks.nr, blocks.of, 0,
		  NO_BAR);
	line_rate(argv[1], "benchstat on medians, 20 and 20 in turn", turns.nr, turns.of, 0,
		  NO_BAR);
	return 0;
}

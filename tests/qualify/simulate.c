// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether the intervals of rank.h hold what they promise, and with them the verdicts, on noise of
 * which the truth is known. One JSON object a line on stdout and nothing else; exit status 1 when a
 * bar is missed. A line without "ok" has no bar and is there to be seen.
 *
 * usage: simulate [REPETITIONS [SEED]]
 *
 * coverage: how often the 95 % interval contains the truth, which is that NEW takes 5 % longer.
 *
 * same: how often the verdict is "same" (and the others), for a row that is alone in its table;
 * with more rows intervals are wider and "same" is rarer. With a truth of 5 % it would be wrong. At
 * a truth of 2 %, the threshold itself, it may not come more often than an end of a 95 % interval
 * is wrong, one time in forty; where nothing changed it should come.
 *
 * design pairs: blocks that run base-new, new-base, base-new ... (abba); pairs random: the order
 * within each block drawn; samples: all of base, then all of new. There drift is taken for a change
 * by any method.
 *
 * Outliers of one side move what is measured, not only what is known of it: there are two truths.
 * The row is judged by the change of the undisturbed runs; "measured" is the middle of the ratios
 * as they really are, which the interval is an interval of. Their distance does not shrink with
 * more runs and the interval does: the first truth is lost in the end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "laws.h"
#include "stats/rank.h"
#include "verdict/verdict.h"

#define LEVEL        0.95
#define MOST_COVERED 0.965
#define MOST_SAME    0.01
#define MAX_RUNS     100
#define POPULATION   30000u /* runs a side that stand for all there could ever be */

enum design { PAIRS, PAIRS_RANDOM, SAMPLES, NR_DESIGNS };
static const char *const design_names[] = { "pairs", "pairs random", "samples" };

struct cell {
	const struct law *law;
	enum design design;
	size_t nr; /* runs of each side */
	double noise;
	double truth;        /* new / base - 1 of undisturbed runs */
	bool base_disturbed; /* outliers are on the side of base, where they hide that new is slower
			      */
	const char *no_bar;  /* why */
};

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static bool new_is_first(const struct cell *cell, size_t block, struct random *random)
{
	return cell->design == PAIRS_RANDOM ? random_below(random, 2) : block % 2;
}

/* Logarithms; of pairs the differences, in @new. */
static void draw_sides(const struct cell *cell, double *base, double *new, struct random *random)
{
	size_t nr = cell->nr;
	struct schedule_place place = { .nr_slots = 2 * nr };
	bool first = false;

	for (place.slot = 0; place.slot < 2 * nr; place.slot++) {
		size_t at = cell->design == SAMPLES ? place.slot % nr : place.slot / 2;
		bool is_new = place.slot >= nr;

		if (cell->design != SAMPLES) {
			if (place.slot % 2 == 0)
				first = new_is_first(cell, at, random);
			is_new = first == (place.slot % 2 == 0);
		}
		place.disturbed = is_new != cell->base_disturbed;
		(is_new ? new : base)[at] = log(cell->law->draw(random, cell->noise, &place)) +
					    (is_new ? log1p(cell->truth) : 0);
	}
	for (size_t i = 0; cell->design != SAMPLES && i < nr; i++)
		new[i] -= base[i];
}

static struct interval draw_interval(const struct cell *cell, struct random *random)
{
	double base[MAX_RUNS], new[MAX_RUNS];

	draw_sides(cell, base, new, random);
	qsort(new, cell->nr, sizeof(*new), by_value);
	if (cell->design != SAMPLES)
		return interval_of_pairs(new, cell->nr, LEVEL);
	qsort(base, cell->nr, sizeof(*base), by_value);
	return interval_of_samples(base, cell->nr, new, cell->nr, LEVEL);
}

/* Every cell has numbers of its own, whatever else is drawn. */
static void cell_seed(const struct cell *cell, uint64_t seed, struct random *random)
{
	const uint64_t parts[] = { (uint64_t)(cell->law - laws),
				   cell->design,
				   cell->nr,
				   (uint64_t)(cell->noise * 1000),
				   (uint64_t)(cell->truth * 1000),
				   cell->base_disturbed };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		random_seed(random, seed + parts[i]);
		seed = random_u64(random);
	}
	random_seed(random, seed);
}

/* Where the estimate ends up with ever more runs: the same for any number of them. */
static double population_shift(struct cell cell, uint64_t seed)
{
	autofree double *base = malloc(POPULATION * sizeof(*base));
	autofree double *new = malloc(POPULATION * sizeof(*new));
	struct random random;

	if (!base || !new)
		abort();
	cell.nr = POPULATION;
	cell_seed(&cell, seed, &random);
	draw_sides(&cell, base, new, &random);
	return cell.design == SAMPLES ? shift_of_samples(base, cell.nr, new, cell.nr).estimate
				      : shift_of_pairs(new, cell.nr).estimate;
}

static void print_cell(const char *row, const struct cell *cell)
{
	printf("{\"row\":\"%s\",\"law\":\"%s\",\"design\":\"%s\",\"n\":%zu,\"noise\":%g,\"truth\":%"
	       "g",
	       row, cell->law->name, design_names[cell->design], cell->nr, cell->noise,
	       cell->truth);
}

/* Returns whether the bar is met, or there is none. */
static bool print_value(const struct cell *cell, double value, double low, double high)
{
	bool ok = value >= low && value <= high;

	if (cell->no_bar) {
		printf(",\"value\":%.5f,\"note\":\"%s\"}\n", value, cell->no_bar);
		return true;
	}
	printf(",\"value\":%.5f,\"low\":%g,\"high\":%g,\"ok\":%s}\n", value, low, high,
	       ok ? "true" : "false");
	return ok;
}

static bool run_coverage(const struct cell *cell, size_t repetitions, uint64_t seed)
{
	double truth = log1p(cell->truth),
	       measured = cell->law->one_sided ? population_shift(*cell, seed) : truth;
	size_t nr_covered = 0, nr_measured = 0;
	struct random random;
	bool ok;

	cell_seed(cell, seed, &random);
	for (size_t i = 0; i < repetitions; i++) {
		struct interval interval = draw_interval(cell, &random);

		nr_covered += interval.low <= truth && interval.high >= truth;
		nr_measured += interval.low <= measured && interval.high >= measured;
	}
	print_cell("coverage", cell);
	ok = print_value(cell, (double)nr_covered / repetitions, cell->law->least, MOST_COVERED);
	if (!cell->law->one_sided)
		return ok;
	print_cell("coverage", cell);
	printf(",\"measured\":%.5f", expm1(measured));
	return print_value(cell, (double)nr_measured / repetitions, cell->law->least,
			   MOST_COVERED) &&
	       ok;
}

static bool run_same(const struct cell *cell, size_t repetitions, uint64_t seed)
{
	size_t nr_of[NR_VERDICTS] = { 0 };
	struct random random;

	cell_seed(cell, seed, &random);
	for (size_t i = 0; i < repetitions; i++) {
		struct interval logs = draw_interval(cell, &random);
		struct row row = { .kind = ROW_TIME,
				   .which = METRIC_PIN,
				   .design = cell->design == SAMPLES ? DESIGN_SAMPLES
								     : DESIGN_PAIRS,
				   .moved = logs.low > 0 || logs.high < 0,
				   .interval = { expm1(logs.low), expm1(logs.high) } };

		nr_of[row_judge(&row, rule_default.threshold)]++;
	}
	print_cell("same", cell);
	for (unsigned int i = 0; i < NR_VERDICTS; i++)
		if (i != VERDICT_SAME && i != VERDICT_DIFFERS)
			printf(",\"%s\":%.5f", verdict_names[i], (double)nr_of[i] / repetitions);
	return print_value(cell, (double)nr_of[VERDICT_SAME] / repetitions, 0, MOST_SAME);
}

/* All rows of one law, design and number of runs. */
static bool run_cells(struct cell cell, size_t repetitions, uint64_t seed)
{
	static const double noises[] = { 0.01, 0.03, 0.06 };
	bool ok;

	cell.noise = 0.03;
	cell.truth = 0.05;
	ok = run_coverage(&cell, repetitions, seed);
	if (cell.nr > 30)
		return ok;
	cell.base_disturbed = true;
	for (size_t i = 0; i < sizeof(noises) / sizeof(noises[0]); i++) {
		cell.noise = noises[i];
		ok &= run_same(&cell, repetitions / 4 + 1, seed);
	}
	cell.noise = 0.01;
	cell.no_bar = "the truth is the threshold";
	cell.truth = rule_default.threshold;
	run_same(&cell, repetitions / 4 + 1, seed);
	cell.no_bar = "nothing changed";
	cell.truth = 0;
	run_same(&cell, repetitions / 4 + 1, seed);
	return ok;
}

static bool run_all(size_t repetitions, uint64_t seed)
{
	static const size_t sizes[] = { 10, 20, 30, 100 };
	bool ok = true;

	for (size_t i = 0; i < NR_LAWS * NR_DESIGNS * 4; i++) {
		struct cell cell = { .law = &laws[i / (NR_DESIGNS * 4)],
				     .design = i / 4 % NR_DESIGNS,
				     .nr = sizes[i % 4] };

		/* the order within a block matters to nothing else */
		if (cell.design == PAIRS_RANDOM && !cell.law->drifts)
			continue;
		if (cell.nr > 30 && !cell.law->one_sided)
			continue;
		if (cell.design == SAMPLES && cell.law->drifts)
			cell.no_bar = "drift between the sides is a change for any method";
		if (cell.nr > 30)
			cell.no_bar =
				"disturbed runs of one side are a change, which enough runs show";
		ok &= run_cells(cell, repetitions, seed);
	}
	return ok;
}

int main(int argc, char **argv)
{
	unsigned long long repetitions = 20000, seed = 1;
	char *end = "";

	if (argc > 1)
		repetitions = strtoull(argv[1], &end, 10);
	if (argc > 2 && !*end)
		seed = strtoull(argv[2], &end, 10);
	if (argc > 3 || *end || repetitions == 0) {
		fprintf(stderr, "usage: simulate [REPETITIONS [SEED]]\n");
		return 2;
	}
	return run_all(repetitions, seed) ? 0 : 1;
}

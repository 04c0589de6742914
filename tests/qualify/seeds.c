// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What compare says of boots that count instructions.
 *
 * usage: seeds same PART ROW BASE NEW             the same code on both sides: no row may be called
 * changed seeds split DIR PART FILE FILE           runs of one build with some seeds and with
 * others: the ones against the others seeds inject PART BASE PERMILLE NEW [PERMILLE NEW...]   NEW
 * is slower by so much, smallest first
 *
 * Rows go to stdout (line.h), what cannot be read to stderr, status 2.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "line.h"
#include "verdict/verdict.h"

#define NR_SPLITS 500
#define SMALLEST  0.001 /* the part that has to be found */

static void fail(const struct error *err)
{
	fprintf(stderr, "seeds: %s\n", err->text);
	exit(2);
}

static void load(struct results *results, const char *path)
{
	struct error err;

	if (results_load(results, path, &err))
		fail(&err);
	if (results->icount)
		return;
	fprintf(stderr, "seeds: %s does not count instructions\n", path);
	exit(2);
}

static bool is_claim(const struct row *row)
{
	return row->verdict != VERDICT_SAME && row->verdict != VERDICT_UNSURE;
}

struct judged {
	size_t nr, claimed,
		exact; /* rows of instructions; called changed; rows of counts called changed */
	size_t nr_seeds;
	double largest; /* change of a median, as a part, without its sign */
};

static struct judged rows_count(const struct results *base, const struct results *new)
{
	struct judged count = { .nr = 0 };
	struct verdicts verdicts;

	verdicts_find(&verdicts, base, new, &rule_default);
	for (size_t i = 0; i < verdicts.nr; i++) {
		const struct row *row = &verdicts.rows[i];

		if (row->kind != ROW_TIME) {
			count.exact += is_claim(row);
			continue;
		}
		count.nr++;
		count.claimed += is_claim(row);
		count.nr_seeds = row->nr[0] > count.nr_seeds ? row->nr[0] : count.nr_seeds;
		count.largest = fmax(count.largest, fabs(row->change));
	}
	verdicts_free(&verdicts);
	return count;
}

/* --- the same code --- */

static void seeds_same(char **argv)
{
	struct results base, new;
	struct judged count;
	char value[64], note[128];

	load(&base, argv[4]);
	load(&new, argv[5]);
	count = rows_count(&base, &new);
	snprintf(value, sizeof(value), "%zu of %zu rows", count.claimed + count.exact, count.nr);
	snprintf(note, sizeof(note), "%zu seeds; the largest change is %.3f %%", count.nr_seeds,
		 count.largest * 100);
	line_print(argv[2], argv[3], value, note, "0",
		   count.nr && count.claimed + count.exact == 0);
	results_free(&base);
	results_free(&new);
}

/* --- other seeds --- */

static void shuffle(struct random *random, unsigned int *values, unsigned int nr)
{
	for (unsigned int i = nr; i > 1; i--) {
		unsigned int other = (unsigned int)random_below(random, i), value = values[i - 1];

		values[i - 1] = values[other];
		values[other] = value;
	}
}

/* The runs order[first .. first + nr - 1] of every result. */
static void half_save(const struct results *all, const unsigned int *order, unsigned int nr,
		      const char *path)
{
	struct results half = *all;
	autofree struct result *cases = calloc(all->nr, sizeof(*cases));
	autofree struct run *runs = calloc(all->nr * nr, sizeof(*runs));
	struct error err;

	if (!cases || !runs)
		abort();
	half.items = cases;
	half.schedule = (struct schedule){ .order = ORDER_NONE };
	for (size_t i = 0; i < all->nr; i++) {
		cases[i] = all->items[i];
		if (!cases[i].nr_runs)
			continue;
		cases[i].runs = runs + i * nr;
		cases[i].nr_runs = nr;
		for (unsigned int j = 0; j < nr; j++) {
			cases[i].runs[j] = all->items[i].runs[order[j]];
			cases[i].runs[j].index = j;
			cases[i].runs[j].block = cases[i].runs[j].slot = -1;
		}
	}
	if (results_save(&half, path, &err))
		fail(&err);
}

static unsigned int runs_of_each(const struct results *results)
{
	size_t nr = SIZE_MAX;

	for (size_t i = 0; i < results->nr; i++)
		if (results->items[i].nr_runs && results->items[i].nr_runs < nr)
			nr = results->items[i].nr_runs;
	return nr == SIZE_MAX ? 0 : (unsigned int)nr;
}

/* The first split is that of the files, the others are drawn. */
static void seeds_split(char **argv)
{
	struct results all, others;
	struct error err;
	struct random random;
	struct judged sum = { .nr = 0 }, first = { .nr = 0 };
	unsigned int order[RESULTS_MAX_RUNS], nr;
	char path[2][512], value[64], note[128];

	load(&all, argv[4]);
	load(&others, argv[5]);
	if (results_merge(&all, &others, &err))
		fail(&err);
	results_free(&others);
	random_seed(&random, 1);
	nr = runs_of_each(&all) / 2;
	for (unsigned int i = 0; i < 2 * nr; i++)
		order[i] = i;
	for (int side = 0; side < 2; side++)
		snprintf(path[side], sizeof(path[side]), "%s/half-%d.json", argv[2], side);
	for (unsigned int i = 0; nr && i < NR_SPLITS; i++, shuffle(&random, order, 2 * nr)) {
		struct results side[2];
		struct judged count;

		half_save(&all, order, nr, path[0]);
		half_save(&all, order + nr, nr, path[1]);
		load(&side[0], path[0]);
		load(&side[1], path[1]);
		count = rows_count(&side[0], &side[1]);
		if (i == 0)
			first = count;
		sum.nr += count.nr;
		sum.claimed += count.claimed;
		results_free(&side[0]);
		results_free(&side[1]);
	}
	snprintf(value, sizeof(value), "%zu of %zu rows", first.claimed, first.nr);
	snprintf(note, sizeof(note), "the largest change is %.3f %%", first.largest * 100);
	line_print(argv[3], "one build, seeds 1-8 against 9-16: called changed", value, note, NULL,
		   true);
	line_rate(argv[3], "the same, seeds split at random", sum.claimed, sum.nr, first.nr,
		  NO_BAR);
	results_free(&all);
}

/* --- a known change --- */

/*
 * Only what is timed from outside is lengthened; where a thousandth is less than four ticks, more
 * than two of them may not be left of it. A state that the pin consumes is arranged anew for each
 * sample: its rows differ by more between two builds of this program.
 */
static bool can_show(const struct row *row)
{
	const struct run *run = &row->base->runs[0];

	return row->kind == ROW_TIME && strcmp(run->clock[row->which], "monotonic-raw") == 0 &&
	       strcmp(row->base->params.state, "exclusive-ro") == 0 &&
	       row->value[0] * SMALLEST >= 2 * RULE_ICOUNT_TICKS * (double)run->quantum[row->which];
}

static bool inject_print(const char *part, const struct results *base, const char *permille,
			 const char *path)
{
	struct results new;
	struct verdicts verdicts;
	size_t nr = 0, found = 0;
	double low = INFINITY, high = -INFINITY;
	char row[64], value[64], note[128];

	load(&new, path);
	verdicts_find(&verdicts, base, &new, &rule_default);
	for (size_t i = 0; i < verdicts.nr; i++) {
		const struct row *judged = &verdicts.rows[i];

		if (!can_show(judged))
			continue;
		nr++;
		found += judged->verdict == VERDICT_MORE;
		low = fmin(low, judged->change);
		high = fmax(high, judged->change);
	}
	snprintf(row, sizeof(row), "+%g %% injected: worse", atof(permille) / 10);
	snprintf(value, sizeof(value), "%zu of %zu rows", found, nr);
	snprintf(note, sizeof(note), "changes of %+.3f to %+.3f %%", low * 100, high * 100);
	line_print(part, row, value, note, NULL, true);
	verdicts_free(&verdicts);
	results_free(&new);
	return nr && found == nr;
}

static void seeds_inject(int argc, char **argv)
{
	struct results base;
	double smallest = INFINITY;
	char value[64];

	load(&base, argv[3]);
	for (int i = 4; i < argc; i += 2)
		if (inject_print(argv[2], &base, argv[i], argv[i + 1]))
			smallest = fmin(smallest, atof(argv[i]) / 10);
	snprintf(value, sizeof(value), isfinite(smallest) ? "%g %%" : "none", smallest);
	line_print(argv[2], "smallest change found in every row", value,
		   "rows of 64,000 instructions or more", "<= 0.1 %", smallest <= SMALLEST * 100);
	results_free(&base);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "same") == 0 && argc == 6) {
		seeds_same(argv);
	} else if (strcmp(what, "split") == 0 && argc == 6) {
		seeds_split(argv);
	} else if (strcmp(what, "inject") == 0 && argc >= 6 && argc % 2 == 0) {
		seeds_inject(argc, argv);
	} else {
		fprintf(stderr, "usage: seeds same PART ROW BASE NEW | split DIR PART FILE FILE | "
				"inject PART BASE PERMILLE NEW...\n");
		return 2;
	}
	return 0;
}

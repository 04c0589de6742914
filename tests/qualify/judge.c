// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What compare says of windows of a measured schedule (windows.h), counted.
 *
 * usage: judge false DIR PART BASE NEW [BASE NEW...]             both sides are the same program:
 * any claim is false. Where the first files are ABBA, all are named so. judge power DIR PART
 * PERCENT LEAST BASE NEW [BASE NEW...]  NEW is PERCENT slower: found in LEAST percent at least
 *
 * DIR takes the files of one window at a time. Rows go to stdout (line.h), what cannot be read to
 * stderr, status 2.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "line.h"
#include "verdict/verdict.h"
#include "windows.h"

#define MAX_STRETCHES 8
#define SHORT_NS      2000 /* the injected part of less is not exact: its own code weighs as much */
#define REDRAWS       1000 /* whole compares with names drawn anew */
#define REDRAWS_EACH  20   /* and at most so many for what is measured for one */

struct tally {
	size_t nr;        /* comparisons: rows, or whole tables */
	size_t effective; /* those that share no measurement; 0: all */
	size_t claimed;   /* a verdict of better, worse or differs; in a table: any */
	size_t excluded;  /* the interval excludes no change, at the level of its row; in a table:
			     any */
	size_t of[NR_VERDICTS];
};

struct judge {
	struct stretch stretches[MAX_STRETCHES];
	size_t nr;
	char path[2][512];
	struct random random;
};

static bool is_claim(const struct row *row)
{
	return row->verdict == VERDICT_BETTER || verdict_alarms(row->verdict) ||
	       row->verdict == VERDICT_FEWER || row->verdict == VERDICT_DIFFERS;
}

/* Whether the pinner is one of a family: "process_vm/" of process_vm/readv; NULL: any. */
static bool is_of(const struct result *result, const char *family)
{
	return !family || strncmp(result->params.pinner, family, strlen(family)) == 0;
}

/* Counts are rows too: in whole tables a difference of theirs is a claim like any other. */
static void verdicts_count(struct tally *tally, const struct verdicts *verdicts, bool whole,
			   const char *family)
{
	bool claimed = false, excluded = false;

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		claimed |= is_claim(row);
		if (row->kind != ROW_TIME)
			continue;
		excluded |= row->p <= row->alpha;
		if (is_of(row->base, family) && (!family || row->value[0] >= SHORT_NS))
			tally->of[row->verdict]++;
	}
	if (!whole && verdicts->nr_tested != 1) {
		fprintf(stderr, "judge: %zu rows of times where one was drawn\n",
			verdicts->nr_tested);
		exit(2);
	}
	tally->nr++;
	tally->claimed += claimed;
	tally->excluded += excluded;
}

static void fail(const struct error *err)
{
	fprintf(stderr, "judge: %s\n", err->text);
	exit(2);
}

/* As compare does it: from the files. */
static void window_judge(struct judge *judge, const struct stretch *stretch,
			 const struct window *window, const char *family, struct tally *tally)
{
	const char *const path[2] = { judge->path[0], judge->path[1] };
	struct results side[2];
	struct verdicts verdicts;
	struct error err;

	if (window_save(stretch, window, path, &err) || results_load(&side[0], path[0], &err) ||
	    results_load(&side[1], path[1], &err))
		fail(&err);
	verdicts_find(&verdicts, &side[0], &side[1], &rule_default);
	if (!verdicts.paired) {
		fprintf(stderr, "judge: a window was not compared as pairs\n");
		exit(2);
	}
	verdicts_count(tally, &verdicts, window->pick.all, family);
	verdicts_free(&verdicts);
	results_free(&side[0]);
	results_free(&side[1]);
}

/* Of a family, which is asked for what was slowed down, not the short ones. */
static size_t rows_of(const struct stretch *stretch, const char *family, struct pick **picks)
{
	size_t nr = stretch_rows(stretch, picks), nr_kept = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct pick *pick = &(*picks)[i];
		const struct run *run = stretch_at(stretch, pick->result, 0);

		if (family && run->samples[run->nr_samples / 2].ticks[pick->metric] < SHORT_NS)
			continue;
		if (is_of(stretch_result(stretch, pick->result), family))
			(*picks)[nr_kept++] = *pick;
	}
	return nr_kept;
}

/* Every @step blocks a window of @nr_pairs, of each row of the family by itself or of the whole
 * table. */
static struct tally windows_judge(struct judge *judge, unsigned int nr_pairs, unsigned int step,
				  enum labels labels, bool whole, const char *family)
{
	struct tally tally = { .nr = 0 };

	for (size_t i = 0; i < judge->nr; i++) {
		const struct stretch *stretch = &judge->stretches[i];
		autofree struct pick *picks = NULL;
		size_t nr_rows = rows_of(stretch, family, &picks);
		struct window window = { .nr_blocks = nr_pairs, .labels = labels };

		for (; window.first_block + nr_pairs <= stretch->nr_blocks;
		     window.first_block += step) {
			window.seed = random_u64(&judge->random) & UINT32_MAX;
			for (size_t row = 0; row < (whole ? 1 : nr_rows); row++) {
				window.pick = whole ? (struct pick){ .all = true } : picks[row];
				window_judge(judge, stretch, &window, family, &tally);
			}
		}
		tally.effective += stretch->nr_blocks / nr_pairs * (whole ? 1 : nr_rows);
	}
	return tally;
}

/* Whole tables with a window and names drawn at random: as if the schedule had drawn another order.
 */
static struct tally redraws_judge(struct judge *judge, unsigned int nr_pairs)
{
	struct tally tally = { .nr = 0 };
	unsigned int nr = 0;

	for (size_t i = 0; i < judge->nr; i++)
		nr += judge->stretches[i].nr_blocks / nr_pairs * REDRAWS_EACH;
	for (unsigned int i = 0; i < nr && i < REDRAWS; i++) {
		const struct stretch *stretch = &judge->stretches[i % judge->nr];
		struct window window = { .nr_blocks = nr_pairs,
					 .labels = LABELS_RANDOM,
					 .pick = { .all = true } };

		if (stretch->nr_blocks < nr_pairs)
			continue;
		window.first_block = (unsigned int)random_below(&judge->random,
								stretch->nr_blocks - nr_pairs + 1);
		window.seed = random_u64(&judge->random) & UINT32_MAX;
		window_judge(judge, stretch, &window, NULL, &tally);
	}
	return tally;
}

/* Of a true 5 % a thousand tries show 6.5 % or less, nearly always. */
static const struct bar false_bar = { .most = 0.05, .least = -1, .accepted = 0.065 };

static void claims_print(const char *part, const char *row, const struct tally *tally,
			 struct bar bar)
{
	line_rate(part, row, tally->claimed, tally->nr, tally->effective, bar);
}

static void judge_false(struct judge *judge, const char *part)
{
	static const unsigned int pairs[] = { 10, 20, 30 };
	bool random = judge->stretches[0].side[0].schedule.order == ORDER_RANDOM;
	enum labels labels = random ? LABELS_MEASURED : LABELS_ABBA;
	char text[128];
	struct tally tally;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		tally = windows_judge(judge, pairs[i], 10, labels, false, NULL);
		snprintf(text, sizeof(text), "one row, %u pairs: better or worse", pairs[i]);
		claims_print(part, text, &tally, pairs[i] == 20 ? false_bar : NO_BAR);
		snprintf(text, sizeof(text), "one row, %u pairs: interval excludes no change",
			 pairs[i]);
		line_rate(part, text, tally.excluded, tally.nr, tally.effective,
			  pairs[i] == 20 ? false_bar : NO_BAR);
	}
	tally = windows_judge(judge, 20, random ? 20 : 5, labels, true, NULL);
	claims_print(part, "whole compare, 20 pairs, as measured", &tally, NO_BAR);
	if (!random)
		return;
	tally = redraws_judge(judge, 20);
	claims_print(part, "whole compare, 20 pairs, order drawn again", &tally, false_bar);
}

/* What O_DIRECT takes is mostly the device's: shown, but how soon a part of it is found says more
 * of that than of compare. */
static const struct family {
	const char *pinner, *name;
	bool bar;
} families[] = {
	{ "process_vm/", "process_vm", true },
	{ "io_uring/", "io_uring", true },
	{ "odirect/", "O_DIRECT", false },
};

static void family_power(struct judge *judge, const char *part, const struct family *family,
			 double percent, double least)
{
	struct tally row = windows_judge(judge, 30, 10, LABELS_MEASURED, false, family->pinner);
	struct tally table = windows_judge(judge, 30, 10, LABELS_MEASURED, true, family->pinner);
	size_t nr = 0;
	char text[128];

	if (row.nr == 0)
		return;
	for (int i = 0; i < NR_VERDICTS; i++)
		nr += table.of[i];
	snprintf(text, sizeof(text), "+%g %% found, 30 pairs, %s", percent, family->name);
	line_rate(part, text, row.of[VERDICT_WORSE], row.nr, row.effective,
		  (struct bar){ .most = -1, .least = family->bar ? least / 100 : -1 });
	snprintf(text, sizeof(text), "+%g %% found, 30 pairs, %s in a whole compare", percent,
		 family->name);
	line_rate(part, text, table.of[VERDICT_WORSE], nr, row.effective, NO_BAR);
}

static void judge_power(struct judge *judge, const char *part, double percent, double least)
{
	struct tally all;
	char text[128];

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		family_power(judge, part, &families[i], percent, least);
	all = windows_judge(judge, 30, 10, LABELS_MEASURED, false, NULL);
	snprintf(text, sizeof(text), "+%g %% called better", percent);
	line_rate(part, text, all.of[VERDICT_BETTER], all.nr, all.effective, NO_BAR);
	snprintf(text, sizeof(text), "+%g %% called the same", percent);
	/* at the threshold itself an interval that is wrong one time in forty may say so */
	line_rate(part, text, all.of[VERDICT_SAME], all.nr, all.effective,
		  percent > 100 * rule_default.threshold ? (struct bar){ .most = 0.01, .least = -1 }
							 : NO_BAR);
}

int main(int argc, char **argv)
{
	static struct judge judge;
	bool power = argc > 1 && strcmp(argv[1], "power") == 0;
	int first = power ? 6 : 4;
	struct error err;

	if (argc < first + 2 || (argc - first) % 2 || (argc - first) / 2 > MAX_STRETCHES) {
		fprintf(stderr, "usage: judge false DIR PART BASE NEW... | judge power DIR PART "
				"PERCENT LEAST BASE NEW...\n");
		return 2;
	}
	random_seed(&judge.random, 1);
	for (int side = 0; side < 2; side++)
		snprintf(judge.path[side], sizeof(judge.path[side]), "%s/window-%d.json", argv[2],
			 side);
	for (int i = first; i < argc; i += 2)
		if (stretch_load(&judge.stretches[judge.nr++], argv[i], argv[i + 1], &err))
			fail(&err);
	if (power)
		judge_power(&judge, argv[3], atof(argv[4]), atof(argv[5]));
	else
		judge_false(&judge, argv[3]);
	for (size_t i = 0; i < judge.nr; i++)
		stretch_free(&judge.stretches[i]);
	return 0;
}

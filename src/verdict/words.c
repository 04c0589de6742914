// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a row is no surer, and what it would take, in words. */
#include "verdict/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fact.h"
#include "base/text.h"
#include "stats/summary.h"
#include "verdict/verdict.h"

const char *results_run_word(const struct results *results, size_t nr)
{
	if (results->imported)
		return nr == 1 ? "run" : "runs";
	if (fact_find(&results->environment, "lab.accel"))
		return nr == 1 ? "boot" : "boots";
	return nr == 1 ? "process" : "processes";
}

/* "12", or "12 and 9". */
static void nr_format(const struct row *row, char *text, size_t size)
{
	if (row->nr[0] == row->nr[1])
		snprintf(text, size, "%zu", row->nr[0]);
	else
		snprintf(text, size, "%zu and %zu", row->nr[0], row->nr[1]);
}

static const char *clock_of(const struct result *result, unsigned int metric)
{
	for (size_t i = 0; i < result->nr_runs; i++)
		if (result->runs[i].clock[metric][0])
			return result->runs[i].clock[metric];
	return "an unknown one";
}

static void few_seeds(const struct row *row, const struct verdicts *verdicts, char *text,
		      size_t size)
{
	size_t nr = row->nr[0] < row->nr[1] ? row->nr[0] : row->nr[1];

	if (nr > 1)
		snprintf(text, size, "%u %s that place memory differently would decide (now %zu)",
			 RULE_ICOUNT_SEEDS, results_run_word(verdicts->base, 2), nr);
	else
		snprintf(text, size,
			 "no replication: one placement of memory is one observation; %u would "
			 "decide",
			 RULE_ICOUNT_SEEDS);
}

static void too_few(const struct row *row, const struct verdicts *verdicts, char *text, size_t size)
{
	const char *rows = verdicts->nr_tested == 1 ? "row of times" : "rows of times";
	char nr[48];

	nr_format(row, nr, sizeof(nr));
	snprintf(text, size, "%zu %s with %s %s a side can never be significant; %s %s need %zu",
		 verdicts->nr_tested, rows, nr,
		 results_run_word(verdicts->base, row->nr[0] == row->nr[1] ? row->nr[0] : 2),
		 verdicts->paired ? "paired" : "unpaired", results_run_word(verdicts->base, 2),
		 row->need);
}

/* As exact as such a forecast can be, and so that rows share their notes. */
static size_t about(size_t need)
{
	size_t step = need <= 20 ? 1 : need <= 100 ? 5 : 50;

	return (need + step - 1) / step * step;
}

static void more_runs(const struct row *row, const struct verdicts *verdicts, char *text,
		      size_t size)
{
	char nr[48];

	nr_format(row, nr, sizeof(nr));
	if (row->need > RULE_MOST_RUNS)
		snprintf(text, size, "more than %u %s would be needed to decide (now %s)",
			 RULE_MOST_RUNS, results_run_word(verdicts->base, 2), nr);
	else
		snprintf(text, size, "about %zu %s would decide (now %s)", about(row->need),
			 results_run_word(verdicts->base, 2), nr);
}

static void lines_note(const struct row *row, char *text, size_t size);

void row_note(const struct row *row, const struct verdicts *verdicts, char *text, size_t size)
{
	text[0] = '\0';
	switch (row->note) {
	case NOTE_TOO_FEW:
		too_few(row, verdicts, text, size);
		break;
	case NOTE_MORE_RUNS:
		more_runs(row, verdicts, text, size);
		break;
	case NOTE_NO_REPLICATION:
		snprintf(text, size,
			 "no replication: wherever memory lay, the number was the same; this is "
			 "one observation");
		break;
	case NOTE_SEEDS_DISAGREE:
		snprintf(text, size,
			 "the seeds do not all move the same way by more than %u clock ticks and "
			 "%g %%",
			 RULE_ICOUNT_TICKS, RULE_ICOUNT_PART * 100);
		break;
	case NOTE_FEW_SEEDS:
		few_seeds(row, verdicts, text, size);
		break;
	case NOTE_UNKNOWN_RUNS:
		snprintf(text, size, "imported: how often it was repeated is not known");
		break;
	case NOTE_OTHER_CLOCK:
		snprintf(text, size, "timed by other clocks, %s and %s: not comparable",
			 clock_of(row->base, row->which), clock_of(row->new, row->which));
		break;
	case NOTE_NO_BLOCK:
		snprintf(text, size, "no block of the schedule has both sides");
		break;
	case NOTE_GRAIN:
		snprintf(text, size,
			 "its clock (%s) counts in steps of %g %s, which leave this open: take a "
			 "longer window",
			 clock_of(row->base, row->which), row->grain, results_unit(verdicts->base));
		break;
	case NOTE_ZERO:
		snprintf(text, size,
			 "a run took no time that its clock could see: there is no ratio");
		break;
	case NOTE_MANY_ROWS:
		snprintf(text, size, "%zu rows are too many for the %u resamples of p99",
			 verdicts->nr_tested, RULE_TAIL_RESAMPLES);
		break;
	case NOTE_COUNT_VARIES:
		snprintf(text, size, "runs of one side counted differently: not exact here");
		break;
	case NOTE_BOUND:
		snprintf(text, size,
			 "slow calls prove only how low the hit rate can be; a kernel with kprobes "
			 "counts pages");
		break;
	case NOTE_OTHER_OBSERVER:
		snprintf(text, size, "counted by different observers: what differs may be theirs");
		break;
	case NOTE_NONE:
		if (row->kind == ROW_COST)
			lines_note(row, text, size);
		break;
	case NR_NOTES:
		break;
	}
}

struct compare_names compare_names(const struct results *base, const struct results *new,
				   size_t most)
{
	struct compare_names names = { "base", "new" };

	if (strcmp(base->label, new->label) && *base->label && *new->label &&
	    text_width(base->label) <= most &&text_width(new->label) <= most &&strlen(base->label) <
		    sizeof(names.base) &&
	    strlen(new->label) < sizeof(names.new)) {
		strcpy(names.base, base->label);
		strcpy(names.new, new->label);
	}
	return names;
}

const char *row_label(const struct row *row)
{
	static const char *const counts[NR_COUNTS] = {
		[COUNT_REQUESTED_PAGES] = "asked",   [COUNT_SLOW_PAGES] = "slow pages",
		[COUNT_SLOW_CALLS] = "slow calls",   [COUNT_FAULTS] = "faults",
		[COUNT_UNSHARE_FAULTS] = "unshared", [COUNT_COPIED_PAGES] = "copied",
		[COUNT_REUSED_PAGES] = "reused",     [COUNT_SPLIT_THPS] = "split",
	};

	return row->kind == ROW_COUNT ? counts[row->which] : row_metric(row);
}

void row_value_format(const struct row *row, size_t side, bool icount, bool brief, char *text,
		      size_t size)
{
	struct unit unit;
	char *space;

	if (row->kind == ROW_RATE) {
		hit_rate_format(&(struct hit_rate){ row->value[side],
						    row->bound[side] ? INFINITY : row->value[side],
						    0 },
				text, size);
	} else if (row->kind == ROW_MEMORY) {
		text[0] = '\0';
		if (row->nr_measured[side])
			snprintf(text, size, "%.0f", row->value[side]);
	} else if (row->kind == ROW_COUNT) {
		snprintf(text, size, "%" PRIu64,
			 (side ? row->new : row->base)->counts.value[row->which]);
	} else if (row->nr_measured[side] == 0) {
		text[0] = '\0';
	} else {
		unit = unit_for(icount, fmax(row->value[0], row->value[1]),
				fmin(row->value[0], row->value[1]));
		ticks_format(&unit, row->value[side], text, size);
		space = strrchr(text, ' ');
		if (brief && icount && space)
			*space = '\0';
	}
}

void row_spread_format(const struct row *row, size_t side, bool icount, char *text, size_t size)
{
	double spread = row->spread[side] * 100;

	row_value_format(row, side, icount, false, text, size);
	if (row_has_spread(row, side))
		snprintf(text + strlen(text), size - strlen(text), " ±%.*f %%",
			 spread < 9.95 ? 1 : 0, spread);
}

/* A decimal more for what is below 1 %: the icount lane tells changes of 0.1 % apart. */
static int decimals(double part)
{
	return fabs(part) < 0.00995 ? 2 : fabs(part) < 9.995 ? 1 : 0;
}

/* no "-0.00" */
static double rounded(double percent, int nr_decimals)
{
	return fabs(percent) < 0.5 * pow(10, -nr_decimals) ? 0 : percent;
}

static void signed_format(double part, int nr_decimals, char *text, size_t size)
{
	double percent = rounded(part * 100, nr_decimals);

	snprintf(text, size, percent ? "%+.*f" : "%.*f", nr_decimals, percent);
}

void row_change_format(const struct row *row, char *text, size_t size)
{
	char number[32];

	text[0] = '\0';
	if (row->bound[0] || row->bound[1]) {
		snprintf(text, size, "%+.4g to %+.4g points", row->interval.low * 100 + 0.0,
			 row->interval.high * 100 + 0.0);
		return;
	}
	if (row->design == DESIGN_EXACT && !row->moved) {
		snprintf(text, size, "=");
	} else if (row->kind == ROW_RATE) {
		snprintf(text, size, "%+.4g points", row->change * 100);
	} else if (row->kind == ROW_COUNT) {
		uint64_t base = row->base->counts.value[row->which],
			 new = row->new->counts.value[row->which];

		snprintf(text, size, "%c%" PRIu64, new > base ? '+' : '-',
			 new > base ? new - base : base - new);
	} else if (row->kind == ROW_MEMORY && !row->change_known) {
		snprintf(text, size, "%+.0f", row->value[1] - row->value[0]);
	} else if (row->change_known) {
		signed_format(row->change, decimals(row->change), number, sizeof(number));
		snprintf(text, size, "%s %%", number);
	}
}

/* Levels without a miss on both sides are one word. */
static void cost_detail(const struct row *row, char *text, size_t size)
{
	static const char *const names[] = { "L1D misses", "L2 misses", "LLC misses" };
	const struct cost_part_value *part = row->cost.part;
	int used = snprintf(text, size, "atomics %.0f -> %.0f", part[COST_ATOMICS].value[0],
			    part[COST_ATOMICS].value[1]);
	bool any = false;

	for (size_t i = 0; i < 3; i++) {
		const double *value = part[COST_L1D_MISSES + i].value;

		if (!value[0] && !value[1])
			continue;
		any = true;
		used += snprintf(text + used, size - (size_t)used, ", %s %.0f -> %.0f", names[i],
				 value[0], value[1]);
		if ((size_t)used >= size)
			return;
	}
	if (!any)
		snprintf(text + used, size - (size_t)used, ", misses 0 -> 0");
}

void row_cost_format(const struct row *row, char *text, size_t size)
{
	char change[48], detail[200];

	row_change_format(row, change, sizeof(change));
	cost_detail(row, detail, sizeof(detail));
	snprintf(text, size, "%s instr, %s", change, detail);
}

/* Lines never decide; where they speak against the verdict, that is said. */
static void lines_note(const struct row *row, char *text, size_t size)
{
	const double *lines = row->cost.lines;
	bool fewer = lines[1]<lines[0], more = lines[1]> lines[0];

	if (fewer && (row->verdict == VERDICT_WORSE || row->verdict == VERDICT_MIXED))
		snprintf(text, size, "touches fewer lines: %.0f -> %.0f; may be cheaper cold",
			 lines[0], lines[1]);
	else if (more && row->verdict == VERDICT_BETTER)
		snprintf(text, size, "touches more lines: %.0f -> %.0f; may be dearer cold",
			 lines[0], lines[1]);
}

void row_interval_format(const struct row *row, char *text, size_t size)
{
	char low[32], high[32];
	int nr;

	text[0] = '\0';
	if (row->bound[0] || row->bound[1]) {
		snprintf(text, size, "bound");
	} else if (row->design == DESIGN_EXACT) {
		snprintf(text, size, "exact");
	} else if (row->kind == ROW_COST) {
		if (row->verdict != VERDICT_SAME)
			cost_detail(row, text, size);
	} else if (isfinite(row->interval.low) && isfinite(row->interval.high) && row->nr[0] > 1) {
		nr = decimals(fmax(fabs(row->interval.low), fabs(row->interval.high)));
		signed_format(row->interval.low, nr, low, sizeof(low));
		signed_format(row->interval.high, nr, high, sizeof(high));
		snprintf(text, size, "[%s, %s] %%", low, high);
	}
}

void percent_format(double part, char *text, size_t size)
{
	snprintf(text, size, "%.4g %%", part * 100);
}

void tally_format(const size_t nr_of[NR_VERDICTS], char *text, size_t size)
{
	static const enum verdict order[] = {
		VERDICT_WORSE, VERDICT_MIXED,   VERDICT_MORE, VERDICT_BETTER,
		VERDICT_FEWER, VERDICT_DIFFERS, VERDICT_SAME, VERDICT_UNSURE,
	};

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (nr_of[order[i]])
			snprintf(text + strlen(text), size - strlen(text), "%s%zu %s",
				 *text ? ", " : "", nr_of[order[i]], verdict_names[order[i]]);
	if (!*text)
		snprintf(text, size, "nothing");
}

/* "12 boots each", "12 and 9 boots". */
static void runs_format(const struct verdicts *verdicts, const char *one, const char *many,
			char *text, size_t size)
{
	const size_t *nr = verdicts->nr_runs;

	if (nr[0] == nr[1])
		snprintf(text, size, "%zu %s each", nr[0], nr[0] == 1 ? one : many);
	else
		snprintf(text, size, "%zu and %zu %s", nr[0], nr[1], many);
}

static bool same_words(const struct results *a, const struct results *b)
{
	return strcmp(results_run_word(a, 1), results_run_word(b, 1)) == 0;
}

/* The most samples that a run of the table has. */
static size_t nr_samples(const struct verdicts *verdicts)
{
	size_t most = 0;

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct result *sides[] = { verdicts->rows[i].base, verdicts->rows[i].new };

		for (size_t side = 0; side < 2; side++) {
			for (size_t j = 0; j < sides[side]->nr_runs; j++) {
				const struct run *run = &sides[side]->runs[j];

				if (run->nr_samples > run->nr_warmup + most)
					most = run->nr_samples - run->nr_warmup;
			}
		}
	}
	return most;
}

bool verdicts_replicated(const struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->nr; i++)
		if (verdicts->rows[i].design != DESIGN_EXACT && verdicts->rows[i].nr[0] > 1 &&
		    verdicts->rows[i].nr[1] > 1)
			return true;
	return false;
}

static void seeds_format(const struct verdicts *verdicts, const char *runs, char *text, size_t size)
{
	const char *word = results_run_word(verdicts->base, 1);

	if (!verdicts_replicated(verdicts))
		snprintf(text, size,
			 "%s, no replication: one placement of memory, or none that mattered; "
			 "another may give other figures",
			 runs);
	else if (verdicts->seeds_shared)
		snprintf(text, size,
			 "%s, each with memory placed by another seed, the same seeds on both "
			 "sides",
			 runs);
	else
		snprintf(text, size,
			 "%s, each with memory placed by another seed; the sides have other seeds, "
			 "and each %s is "
			 "compared with the one in its place",
			 runs, word);
}

/* How often an interruption lay between the boots of a block: they may be hours apart. */
static int64_t nr_torn(const struct verdicts *verdicts)
{
	const struct fact *base = fact_find(&verdicts->base->environment, "lab.torn");
	const struct fact *new = fact_find(&verdicts->new->environment, "lab.torn");
	int64_t left = base ? base->number : 0, right = new ? new->number : 0;

	return left > right ? left : right;
}

void design_format(const struct verdicts *verdicts, char *text, size_t size)
{
	bool same = same_words(verdicts->base, verdicts->new);
	const char *one = same ? results_run_word(verdicts->base, 1) : "run";
	const char *many = same ? results_run_word(verdicts->base, 2) : "runs";
	size_t least = verdicts->nr_runs[0] < verdicts->nr_runs[1] ? verdicts->nr_runs[0]
								   : verdicts->nr_runs[1];
	char runs[96];

	text[0] = '\0';
	if (verdicts->nr_runs[0] + verdicts->nr_runs[1] == 0)
		return;
	runs_format(verdicts, one, many, runs, sizeof(runs));
	if (verdicts->icount)
		seeds_format(verdicts, runs, text, size);
	else if (least <= 1 && (verdicts->base->imported || verdicts->new->imported))
		snprintf(text, size,
			 "figures from a log: how often they were measured is not known");
	else if (least <= 1)
		snprintf(text, size, "%s, %zu sample%s: says nothing about %s-to-%s differences",
			 runs, nr_samples(verdicts), nr_samples(verdicts) == 1 ? "" : "s", one,
			 one);
	else if (verdicts->paired)
		snprintf(text, size, "%s, interleaved (%s): compared in pairs of one block", runs,
			 order_names[verdicts->base->schedule.order]);
	else
		snprintf(text, size, "%s, one side after the other: drift counts as change", runs);
	if (verdicts->paired && !verdicts->icount && nr_torn(verdicts))
		snprintf(text + strlen(text), size - strlen(text),
			 "; interrupted within a block %" PRId64 " time%s", nr_torn(verdicts),
			 nr_torn(verdicts) == 1 ? "" : "s");
	if (verdicts->nr_unpaired)
		snprintf(text + strlen(text), size - strlen(text),
			 "; %zu %s without a partner %s left out", verdicts->nr_unpaired,
			 verdicts->nr_unpaired == 1 ? one : many,
			 verdicts->nr_unpaired == 1 ? "is" : "are");
}

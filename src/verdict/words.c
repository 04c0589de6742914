// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a row is no surer, and what it would take, in words. */
#include <stdio.h>
#include <string.h>

#include "base/fact.h"
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
	case NR_NOTES:
		break;
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/gate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "stats/summary.h"
#include "verdict/words.h"

/* --- what is asked for --- */

static bool filter_takes(const struct gate_options *options, const struct result *result)
{
	return !options->filter || regexec(options->filter, result->key, 0, NULL, 0) == 0;
}

static unsigned int row_bit(const struct row *row)
{
	return row->kind == ROW_RATE ? 1 : 1u << row->which;
}

static bool rule_takes(const struct gate_rule *rule, const struct row *row)
{
	return rule->kind == row->kind && (rule->which & row_bit(row));
}

static enum verdict rule_judge(const struct gate_rule *rule, const struct row *row)
{
	enum verdict verdict = VERDICT_SAME;

	if (rule->kind != ROW_COST)
		return row_judge(row, rule->threshold);
	for (unsigned int part = 0; part < NR_COST_PARTS; part++) {
		enum verdict own = rule->parts >> part & 1
					   ? row_judge_part(row, part, rule->threshold)
					   : VERDICT_SAME;

		if (own == VERDICT_WORSE || verdict == VERDICT_SAME)
			verdict = own;
	}
	return verdict;
}

/* How a row is judged by what was asked; false: it was not asked for. */
static bool row_asked(const struct row *row, const struct gate_options *options,
		      enum verdict *verdict)
{
	bool asked = false;

	*verdict = row->verdict;
	if (!options->nr_rules)
		return !row->redundant;
	for (size_t i = 0; i < options->nr_rules; i++) {
		enum verdict own;

		if (!rule_takes(&options->rules[i], row))
			continue;
		own = rule_judge(&options->rules[i], row);
		/* a count that is neither good nor bad was asked for by name: then any change is
		 * what must not be */
		if (own == VERDICT_DIFFERS)
			own = VERDICT_WORSE;
		if (!asked || own == VERDICT_WORSE ||
		    (own == VERDICT_UNSURE && *verdict != VERDICT_WORSE))
			*verdict = own;
		asked = true;
	}
	return asked;
}

/* --- what is missing --- */

static void missing_add(struct gate *gate, const struct result *base, const struct result *new,
			const char *metric)
{
	gate->missing = reallocarray(gate->missing, gate->nr_missing + 1, sizeof(*gate->missing));
	if (!gate->missing)
		abort();
	gate->missing[gate->nr_missing++] = (struct gate_missing){ base, new, metric };
}

static bool has_rate(const struct result *result)
{
	struct hit_rate range;

	return result_hit_range(result, &range);
}

/* By default a time may be gone, as files of older versions lack one in some runs, but not all of
 * them. */
static bool times_lost(const struct pair *pair)
{
	bool had = false;

	for (unsigned int i = 0; i < NR_METRICS; i++) {
		if (!result_metric_whole(pair->base, i))
			continue;
		had = true;
		if (result_metric_whole(pair->new, i))
			return false;
	}
	return had;
}

static void find_lost_default(struct gate *gate, const struct pair *pair)
{
	bool rate_lost = has_rate(pair->base) && !has_rate(pair->new);

	if (times_lost(pair))
		missing_add(gate, pair->base, pair->new, "times");
	if (rate_lost)
		missing_add(gate, pair->base, pair->new, "hit rate");
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		if (rate_lost &&
		    (i == COUNT_REQUESTED_PAGES || i == COUNT_SLOW_PAGES || i == COUNT_SLOW_CALLS))
			continue;
		if (count_known(pair->base, i) && !count_known(pair->new, i))
			missing_add(gate, pair->base, pair->new, count_names[i]);
	}
}

static void find_lost(struct gate *gate, const struct pair *pair,
		      const struct gate_options *options)
{
	unsigned int asked[] = { [ROW_TIME] = 0,  [ROW_TAIL] = 0,   [ROW_RATE] = 0,
				 [ROW_COUNT] = 0, [ROW_MEMORY] = 0, [ROW_COST] = 0 };

	size_t nr_runs;

	for (size_t i = 0; i < options->nr_rules; i++)
		asked[options->rules[i].kind] |= options->rules[i].which;
	for (unsigned int i = 0; i < NR_METRICS; i++)
		if (((asked[ROW_TIME] | asked[ROW_TAIL]) >> i & 1) &&
		    result_metric_runs(pair->base, i, &nr_runs) &&
		    (!result_metric_whole(pair->base, i) || !result_metric_whole(pair->new, i)))
			missing_add(gate, pair->base, pair->new, metric_names[i]);
	if (asked[ROW_RATE] && has_rate(pair->base) && !has_rate(pair->new))
		missing_add(gate, pair->base, pair->new, "hit rate");
	for (unsigned int i = 0; i < NR_COUNTS; i++)
		if ((asked[ROW_COUNT] >> i & 1) && count_known(pair->base, i) &&
		    !count_known(pair->new, i))
			missing_add(gate, pair->base, pair->new, count_names[i]);
}

static void find_missing(struct gate *gate, const struct gate_options *options)
{
	const struct comparison *comparison = gate->comparison;

	for (size_t i = 0; i < comparison->nr_others; i++) {
		const struct pair *pair = &comparison->others[i];

		if (pair->base && pair->base->status == STATUS_DONE &&
		    filter_takes(options, pair->base))
			missing_add(gate, pair->base, pair->new, NULL);
	}
	for (size_t i = 0; i < comparison->nr_pairs; i++) {
		const struct pair *pair = &comparison->pairs[i];

		if (!filter_takes(options, pair->base))
			continue;
		if (options->nr_rules)
			find_lost(gate, pair, options);
		else
			find_lost_default(gate, pair);
	}
}

/* --- the rows --- */

static void judge_rows(struct gate *gate, const struct gate_options *options)
{
	const struct verdicts *verdicts = &gate->comparison->verdicts;

	gate->worse = calloc(verdicts->nr + 1, sizeof(struct row *));
	gate->unsure = calloc(verdicts->nr + 1, sizeof(struct row *));
	if (!gate->worse || !gate->unsure)
		abort();
	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];
		enum verdict verdict;

		if (!filter_takes(options, row->base) || !row_asked(row, options, &verdict)) {
			gate->nr_outside += row->verdict == VERDICT_WORSE && !row->redundant;
			continue;
		}
		gate->nr_rows++;
		gate->nr_of[verdict]++;
		gate->nr_measured += row->design != DESIGN_EXACT;
		gate->nr_mixed += verdict == VERDICT_MIXED;
		if (verdict == VERDICT_WORSE)
			gate->worse[gate->nr_worse++] = row;
		else if (verdict == VERDICT_UNSURE)
			gate->unsure[gate->nr_unsure++] = row;
	}
	qsort(gate->worse, gate->nr_worse, sizeof(*gate->worse), row_compare_change);
}

/* Times that were measured in both and have no row of p99: too few runs or samples. */
static size_t nr_without_tail(const struct gate *gate, const struct gate_options *options,
			      unsigned int which)
{
	const struct verdicts *verdicts = &gate->comparison->verdicts;
	size_t nr = 0;

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		if (!(which & row_bit(row)) || !filter_takes(options, row->base))
			continue;
		nr += row->kind == ROW_TIME;
		nr -= row->kind == ROW_TAIL;
	}
	return nr;
}

/* Of those, what was asked for: as good as unsure. */
static size_t nr_no_tail(const struct gate *gate, const struct gate_options *options)
{
	unsigned int which = 0;

	for (size_t i = 0; i < options->nr_rules; i++)
		if (options->rules[i].kind == ROW_TAIL)
			which |= options->rules[i].which;
	return which ? nr_without_tail(gate, options, which) : 0;
}

/* --- the answer --- */

/* Cases that stand in both files, done or not. */
static size_t nr_common(const struct gate *gate, const struct gate_options *options)
{
	const struct comparison *comparison = gate->comparison;
	size_t nr = 0;

	for (size_t i = 0; i < comparison->nr_pairs; i++)
		nr += filter_takes(options, comparison->pairs[i].base);
	for (size_t i = 0; i < comparison->nr_others; i++)
		nr += comparison->others[i].base &&
		      comparison->others[i].new &&filter_takes(options, comparison->others[i].base);
	return nr;
}

/* A rule that meets no row decides nothing, and looks as if it did: a typo, or a metric that these
 * files do not have. */
static const struct gate_rule *rule_idle(const struct gate *gate,
					 const struct gate_options *options)
{
	const struct verdicts *verdicts = &gate->comparison->verdicts;

	for (size_t i = 0; i < options->nr_rules; i++) {
		const struct gate_rule *rule = &options->rules[i];
		bool met = rule->kind == ROW_TAIL && nr_without_tail(gate, options, rule->which);

		for (size_t j = 0; j < verdicts->nr && !met; j++)
			met = rule_takes(rule, &verdicts->rows[j]) &&
			      filter_takes(options, verdicts->rows[j].base);
		if (!met)
			return rule;
	}
	return NULL;
}

static bool nothing_to_judge(struct gate *gate, const struct gate_options *options)
{
	const struct comparison *comparison = gate->comparison;
	const struct gate_rule *idle = rule_idle(gate, options);
	bool lost = gate->nr_missing && !options->allow_missing;

	if (!nr_common(gate, options))
		snprintf(gate->text, sizeof(gate->text),
			 "not comparable: no case in common%s: %zu in %.200s, %zu in %.200s",
			 options->filter ? " that the filter takes" : "", comparison->base->nr,
			 results_name(comparison->base), comparison->new->nr,
			 results_name(comparison->new));
	else if (!gate->nr_rows && !nr_no_tail(gate, options) && !lost)
		snprintf(gate->text, sizeof(gate->text), "not comparable: no row in common%s%s",
			 idle ? " for --fail-on " : "", idle ? idle->text : "");
	else if (idle && !lost)
		snprintf(gate->text, sizeof(gate->text),
			 "not comparable: no row in common for --fail-on %s", idle->text);
	else
		return false;
	return true;
}

static void say_regression(struct gate *gate)
{
	char change[48], interval[80];
	int used = snprintf(gate->text, sizeof(gate->text), "regression: ");

	if (gate->nr_worse) {
		const struct row *worst = gate->worse[0];

		row_change_format(worst, change, sizeof(change));
		row_interval_format(worst, interval, sizeof(interval));
		used += snprintf(gate->text + used, sizeof(gate->text) - used,
				 "%zu of %zu row%s worse; worst: %.300s %s %s%s%s", gate->nr_worse,
				 gate->nr_rows, gate->nr_rows == 1 ? "" : "s", worst->base->key,
				 row_label(worst), change, interval[0] ? " " : "", interval);
	}
	if (gate->nr_missing)
		snprintf(gate->text + used, sizeof(gate->text) - used, "%s%zu missing in %.100s",
			 gate->nr_worse ? "; " : "", gate->nr_missing,
			 results_name(gate->comparison->new));
}

/* The row that needs the most says for all what would decide. */
static void say_need(const struct gate *gate, char *text, size_t size)
{
	const struct row *most = NULL;

	text[0] = '\0';
	for (size_t i = 0; i < gate->nr_unsure; i++)
		if (gate->unsure[i]->note != NOTE_NONE &&
		    (!most || gate->unsure[i]->need > most->need))
			most = gate->unsure[i];
	if (most)
		row_note(most, &gate->comparison->verdicts, text, size);
}

static void say_unsure(struct gate *gate, const struct gate_options *options)
{
	size_t nr_short = nr_no_tail(gate, options);
	char need[300];

	say_need(gate, need, sizeof(need));
	if (!need[0] && nr_short)
		snprintf(need, sizeof(need), "p99 needs %u runs a side of %u samples",
			 RULE_TAIL_RUNS, RULE_TAIL_SAMPLES);
	snprintf(gate->text, sizeof(gate->text), "cannot decide: %zu of %zu rows unsure%s%s%s",
		 gate->nr_unsure + nr_short, gate->nr_rows + nr_short,
		 options->strict ? " (--strict)" : "", need[0] ? "; " : "", need);
}

static void say_pass(struct gate *gate, const struct gate_options *options)
{
	char tally[120], need[300];
	int used;

	tally_format(gate->nr_of, tally, sizeof(tally));
	used = snprintf(gate->text, sizeof(gate->text), "pass: %zu row%s: %s", gate->nr_rows,
			gate->nr_rows == 1 ? "" : "s", tally);
	if (gate->nr_missing)
		used += snprintf(gate->text + used, sizeof(gate->text) - used,
				 "; %zu missing, allowed", gate->nr_missing);
	if (nr_no_tail(gate, options))
		used += snprintf(gate->text + used, sizeof(gate->text) - used,
				 "; p99 of %zu not known", nr_no_tail(gate, options));
	say_need(gate, need, sizeof(need));
	if (need[0])
		snprintf(gate->text + used, sizeof(gate->text) - used, "; %s", need);
}

/*
 * Whether there is nothing to call a pass: no row was decided, or none of what was measured, times
 * or p99. Counts are decided by one run, and say nothing of times that got three times as long.
 */
static bool undecided(const struct gate *gate, const struct gate_options *options)
{
	size_t nr_measured = nr_no_tail(gate, options), nr_unsure = nr_measured;

	for (size_t i = 0; i < gate->nr_unsure; i++)
		nr_unsure += gate->unsure[i]->design != DESIGN_EXACT;
	nr_measured += gate->nr_measured;
	return gate->nr_unsure == gate->nr_rows || (nr_measured && nr_unsure == nr_measured);
}

/* Instructions alone are no verdict, and a cost that is mixed is none either. */
static bool cost_undecided(struct gate *gate, const struct gate_options *options)
{
	const struct verdicts *verdicts = &gate->comparison->verdicts;
	size_t nr_times = 0, nr_costs = 0;

	for (size_t i = 0; i < verdicts->nr; i++) {
		if (!filter_takes(options, verdicts->rows[i].base))
			continue;
		nr_times += verdicts->rows[i].kind == ROW_TIME;
		nr_costs += verdicts->rows[i].kind == ROW_COST;
	}
	if (!verdicts->icount || !nr_times || (nr_costs && !gate->nr_mixed))
		return false;
	if (nr_costs)
		snprintf(gate->text, sizeof(gate->text),
			 "cannot decide: %zu of %zu costs mixed: some parts fewer, some more",
			 gate->nr_mixed, nr_costs);
	else
		snprintf(gate->text, sizeof(gate->text),
			 "cannot decide: instructions were counted without memory, which is no "
			 "cost; "
			 "--fail-on time:5%% judges them alone");
	return true;
}

void gate_judge(struct gate *gate, const struct comparison *comparison,
		const struct gate_options *options)
{
	size_t nr_unsure;

	*gate = (struct gate){ .comparison = comparison };
	judge_rows(gate, options);
	find_missing(gate, options);
	nr_unsure = gate->nr_unsure + nr_no_tail(gate, options);
	if (nothing_to_judge(gate, options)) {
		gate->outcome = GATE_INCOMPARABLE;
	} else if (gate->nr_worse || (gate->nr_missing && !options->allow_missing)) {
		gate->outcome = GATE_REGRESSION;
		say_regression(gate);
	} else if (!options->nr_rules && cost_undecided(gate, options)) {
		gate->outcome = GATE_UNDECIDED;
	} else if (nr_unsure && (options->strict || undecided(gate, options))) {
		gate->outcome = GATE_UNDECIDED;
		say_unsure(gate, options);
	} else {
		gate->outcome = GATE_PASS;
		say_pass(gate, options);
	}
}

void gate_free(struct gate *gate)
{
	free(gate->worse);
	free(gate->unsure);
	free(gate->missing);
	*gate = (struct gate){ 0 };
}

/* --fail-on METRIC:THRESHOLD */

/* Where pin and unpin are not told apart, the cycle is the total. */
#define TOTAL             (1u << METRIC_CYCLE | 1u << COST_TOTAL)
#define PART_INSTRUCTIONS (1u << COST_INSTRUCTIONS)
#define PART_ATOMICS      (1u << COST_ATOMICS)
#define PART_MISSES       (1u << COST_L1D_MISSES | 1u << COST_L2_MISSES | 1u << COST_LLC_MISSES)
#define ALL_TIMES         (1u << METRIC_PIN | 1u << METRIC_UNPIN | 1u << METRIC_CYCLE)

static const struct name {
	const char *name;
	enum row_kind kind;
	unsigned int which, parts;
} names[] = {
	{ "pin", ROW_TIME, 1u << METRIC_PIN, 0 },
	{ "unpin", ROW_TIME, 1u << METRIC_UNPIN, 0 },
	{ "cycle", ROW_TIME, 1u << METRIC_CYCLE, 0 },
	{ "time", ROW_TIME, ALL_TIMES, 0 },
	{ "pin-p99", ROW_TAIL, 1u << METRIC_PIN, 0 },
	{ "unpin-p99", ROW_TAIL, 1u << METRIC_UNPIN, 0 },
	{ "cycle-p99", ROW_TAIL, 1u << METRIC_CYCLE, 0 },
	{ "time-p99", ROW_TAIL, ALL_TIMES, 0 },
	{ "hit_rate", ROW_RATE, 1, 0 },
	{ "instructions", ROW_COST, TOTAL, PART_INSTRUCTIONS },
	{ "atomics", ROW_COST, TOTAL, PART_ATOMICS },
	{ "misses", ROW_COST, TOTAL, PART_MISSES },
	{ "total.instructions", ROW_COST, TOTAL, PART_INSTRUCTIONS },
	{ "total.atomics", ROW_COST, TOTAL, PART_ATOMICS },
	{ "total.misses", ROW_COST, TOTAL, PART_MISSES },
	{ "pin.instructions", ROW_COST, 1u << METRIC_PIN, PART_INSTRUCTIONS },
	{ "pin.atomics", ROW_COST, 1u << METRIC_PIN, PART_ATOMICS },
	{ "pin.misses", ROW_COST, 1u << METRIC_PIN, PART_MISSES },
	{ "unpin.instructions", ROW_COST, 1u << METRIC_UNPIN, PART_INSTRUCTIONS },
	{ "unpin.atomics", ROW_COST, 1u << METRIC_UNPIN, PART_ATOMICS },
	{ "unpin.misses", ROW_COST, 1u << METRIC_UNPIN, PART_MISSES },
};

#define NR_NAMES (sizeof(names) / sizeof(*names))

const char *gate_metric_nth(const void *context, size_t i)
{
	(void)context;
	if (i < NR_NAMES)
		return names[i].name;
	return i < NR_NAMES + NR_COUNTS ? count_names[i - NR_NAMES] : NULL;
}

static int metric_take(struct gate_rule *rule, const char *name, struct error *err)
{
	const char *near;

	for (size_t i = 0; i < NR_NAMES; i++) {
		if (strcmp(names[i].name, name) == 0) {
			rule->kind = names[i].kind;
			rule->which = names[i].which;
			rule->parts = names[i].parts;
			return 0;
		}
	}
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		if (strcmp(count_names[i], name) == 0) {
			rule->kind = ROW_COUNT;
			rule->which = 1u << i;
			return 0;
		}
	}
	near = suggest_word(name, gate_metric_nth, NULL);
	error_set(err, EINVAL, "--fail-on: no metric \"%.40s\"%s%s%s", name,
		  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return near ? -EINVAL
		    : error_fix(err,
				"time, pin, unpin, cycle, any of them with -p99, instructions, "
				"atomics or misses, hit_rate, or a count as slow_pages");
}

int gate_rule_parse(struct gate_rule *rule, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':'), *threshold = colon ? colon + 1 : "";
	char name[64];
	struct error why;
	int rc;

	*rule = (struct gate_rule){ .kind = ROW_TIME };
	snprintf(rule->text, sizeof(rule->text), "%s", text);
	snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - text) : 63, text);
	rc = metric_take(rule, name, err);
	if (rc)
		return rc;
	if (!*threshold) {
		error_set(err, EINVAL, "--fail-on %.60s: from which change on?", text);
		return error_fix(err, "%s:%s", name,
				 rule->kind == ROW_TIME || rule->kind == ROW_TAIL ? "5%" : "exact");
	}
	if (strcmp(threshold, "exact") == 0 || strcmp(threshold, "any") == 0) {
		if (rule->kind == ROW_RATE || rule->kind == ROW_COUNT || rule->kind == ROW_COST)
			return 0;
		error_set(err, EINVAL, "--fail-on %.60s: a time is never exact", text);
		return error_fix(err, "%s:5%%", name);
	}
	if (percent_parse(threshold, &rule->threshold, &why)) {
		error_set(err, EINVAL, "--fail-on %.60s: %.300s", text, why.text);
		return error_fix(err, "%s:5%%%s", name,
				 rule->kind == ROW_RATE || rule->kind == ROW_COUNT ? ", or exact"
										   : "");
	}
	return 0;
}

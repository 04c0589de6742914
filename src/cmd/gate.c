// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench gate BASE NEW: whether anything got worse, as an exit code and one line that says why.
 */
#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "compare/side.h"
#include "format/format.h"

enum {
	OPT_FAIL_ON = 256,
	OPT_FILTER,
	OPT_STRICT,
	OPT_ALLOW_MISSING,
	OPT_BISECT,
	OPT_THRESHOLD,
	OPT_FORCE
};

static const struct argp_option options[] = {
	{ "fail-on", OPT_FAIL_ON, "METRIC:PCT|exact", 0, "only this counts; repeat", 0 },
	{ "threshold", OPT_THRESHOLD, "PCT", 0, "what counts as the same: 2", 0 },
	{ "case", 'k', "GLOB", 0, "only the cases whose key matches (*, ?, [])", 0 },
	{ "filter", OPT_FILTER, "REGEX", OPTION_HIDDEN, "", 0 },
	{ "strict", OPT_STRICT, 0, 0, "3 if any row is unsure", 0 },
	{ "allow-missing", OPT_ALLOW_MISSING, 0, 0, "what NEW has not is no regression", 0 },
	{ "bisect", OPT_BISECT, 0, 0, "exit as git bisect run wants it", 0 },
	{ "force", OPT_FORCE, 0, 0, "judge what is not comparable", 0 },
	{ 0 }
};

static const char doc[] =
	"Whether anything got worse from BASE to NEW: files, directories, LABEL=PATH.\v"
	"METRIC: time, pin, unpin, cycle, these with -p99, hit_rate, or a count as\n"
	"slow_pages. Without --fail-on, every row is judged as compare does.\n"
	"  pinbench gate base.json new.json --fail-on cycle:5% --fail-on hit_rate:exact\n"
	"Exit status: 0 no regression, 1 regression, 2 not comparable, 3 cannot decide;\n"
	"with --bisect 0, 1, 128 (stops), 125 (skips).";

struct order {
	const char *sides[2];
	size_t nr_sides;
	const char *filter;
	bool filter_is_regex;
	struct compare_options compare;
	struct gate_options gate;
	bool bisect;
};

/* git bisect takes 1 to 127 for "bad", but for 125, "cannot be tested", and ends at 128. */
static int exit_code_of(enum gate_outcome outcome, bool bisect)
{
	static const int codes[NR_GATE_OUTCOMES] = {
		[GATE_PASS] = EXIT_DONE,
		[GATE_REGRESSION] = EXIT_REGRESSION,
		[GATE_INCOMPARABLE] = EXIT_USAGE,
		[GATE_UNDECIDED] = EXIT_UNDECIDED,
	};
	static const int bisect_codes[NR_GATE_OUTCOMES] = {
		[GATE_PASS] = 0,
		[GATE_REGRESSION] = 1,
		[GATE_INCOMPARABLE] = 128,
		[GATE_UNDECIDED] = 125,
	};

	return (bisect ? bisect_codes : codes)[outcome];
}

static void take_rule(struct order *order, const char *text, struct argp_state *state)
{
	struct error err = { 0 };

	if (order->gate.nr_rules == GATE_MAX_RULES)
		argp_error(state, "more than %u --fail-on", GATE_MAX_RULES);
	if (gate_rule_parse(&order->gate.rules[order->gate.nr_rules++], text, &err))
		argp_error(state, "%s%s%s", err.text, err.fix[0] ? "; try " : "", err.fix);
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct order *order = state->input;
	struct error err = { 0 };

	switch (key) {
	case OPT_FAIL_ON:
		take_rule(order, arg, state);
		break;
	case 'k':
	case OPT_FILTER:
		order->filter = arg;
		order->filter_is_regex = key == OPT_FILTER;
		break;
	case OPT_STRICT:
		order->gate.strict = true;
		break;
	case OPT_ALLOW_MISSING:
		order->gate.allow_missing = true;
		break;
	case OPT_BISECT:
		order->bisect = true;
		break;
	case OPT_FORCE:
		order->compare.force = true;
		break;
	case OPT_THRESHOLD:
		if (percent_parse(arg, &order->compare.rule.threshold, &err))
			argp_error(state, "--threshold: %s", err.text);
		order->compare.rule.threshold_given = true;
		break;
	case ARGP_KEY_ARG:
		if (order->nr_sides == 2)
			argp_error(state, "two sides can be judged, %s is a third", arg);
		order->sides[order->nr_sides++] = arg;
		break;
	case ARGP_KEY_END:
		if (order->nr_sides < 2)
			argp_error(state, "name two result files, what was and what is");
		if (order->gate.nr_rules && order->compare.rule.threshold_given)
			argp_error(state,
				   "--fail-on has thresholds of its own: no --threshold beside it");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Before argp has read anything it may have to fail, and git bisect would take 2 for "bad". */
static bool bisect_asked(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strlen(argv[i]) > 2 && strncmp(argv[i], "--bisect", strlen(argv[i])) == 0)
			return true;
	return false;
}

/* What verdicts need for it: rows of p99, and the strictest threshold, for "about 18 boots would
 * decide". */
static void rules_apply(struct order *order)
{
	bool any = false;

	order->compare.exact_only = order->gate.nr_rules > 0;
	for (size_t i = 0; i < order->gate.nr_rules; i++) {
		const struct gate_rule *rule = &order->gate.rules[i];

		order->compare.rule.tails |= rule->kind == ROW_TAIL;
		if (rule->kind == ROW_COST)
			order->compare.exact_only = false;
		if (rule->kind != ROW_TIME && rule->kind != ROW_TAIL)
			continue;
		order->compare.exact_only = false;
		if (!any || rule->threshold < order->compare.rule.threshold)
			order->compare.rule.threshold = rule->threshold;
		any = true;
	}
}

static void remarks_print(const struct look *look, const struct side *sides)
{
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sides[i].remarks.nr; j++) {
			fputs("  note: ", stdout);
			look_print(look, stdout, sides[i].remarks.texts[j]);
			putchar('\n');
		}
	}
}

static int judge(struct order *order, struct side *sides, const struct look *look,
		 enum gate_outcome *outcome, struct error *err)
{
	struct comparison comparison = { 0 };
	struct gate gate;
	regex_t regex;
	int rc = 0;

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = side_load(&sides[i], order->sides[i], order->compare.force, err);
	if (!rc && order->filter)
		rc = compare_filter(&regex, order->filter, order->filter_is_regex, err);
	if (rc)
		return rc;
	order->gate.filter = order->filter ? &regex : NULL;
	rc = compare_reports(&comparison, &sides[0].results, &sides[1].results, &order->compare,
			     err);
	if (!rc) {
		gate_judge(&gate, &comparison, &order->gate);
		gate_print(stdout, look, &gate, &order->gate);
		remarks_print(look, sides);
		*outcome = gate.outcome;
		gate_free(&gate);
	}
	comparison_free(&comparison);
	if (order->filter)
		regfree(&regex);
	return rc;
}

/* A verdict that could not be written is none, and git bisect must not take it for "bad". */
static int finish(enum gate_outcome outcome, bool bisect)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code_of(outcome, bisect);
	fprintf(stderr, "pinbench: writing the output: %s\n", strerror(errno));
	_exit(exit_code_of(GATE_INCOMPARABLE, bisect));
}

int cmd_gate(int argc, char **argv)
{
	static const struct argp argp = {
		options, option_parse, "BASE NEW", doc, NULL, NULL, NULL
	};
	struct order order = { .compare = compare_options_default };
	enum gate_outcome outcome = GATE_INCOMPARABLE;
	struct side sides[2] = { 0 };
	struct error err = { 0 };
	struct look look;

	if (bisect_asked(argc, argv))
		argp_err_exit_status = exit_code_of(GATE_INCOMPARABLE, true);
	cmd_parse(&argp, argc, argv, 0, &order);
	setlocale(LC_CTYPE, "");
	look = look_of(stdout);
	rules_apply(&order);
	if (judge(&order, sides, &look, &outcome, &err)) {
		fputs("gate: not comparable: ", stdout);
		look_print(&look, stdout, err.text);
		putchar('\n');
		if (err.fix[0])
			fprintf(stderr, "  try: %s\n", err.fix);
	}
	side_free(&sides[0]);
	side_free(&sides[1]);
	return finish(outcome, order.bisect);
}

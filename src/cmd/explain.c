// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench explain BASE [NEW]: which functions of the kernel a change is made of. Needs no rights.
 */
#include <argp.h>
#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "compare/side_list.h"
#include "format/explain.h"
#include "verdict/explained.h"

#define NR_SHOWN 3 /* without --case */

struct arguments {
	char **sides;
	size_t nr;
	const char *pattern;
	enum explain_format format;
	bool force;
};

enum { OPT_CASE = 256, OPT_FORMAT, OPT_FOLDED, OPT_FORCE };

static const struct argp_option options[] = {
	{ "case", OPT_CASE, "GLOB", 0, "Explain the cases whose key matches", 0 },
	{ "folded", OPT_FOLDED, NULL, 0, "Stacks for flame-graph tools: \"a;b;c BASE NEW\"", 0 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "text, commit, markdown or json", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Explain what is not comparable", 0 },
	{ 0 }
};

static const char *const format_list[] = { "text", "commit", "markdown", "json", NULL };

static const char *format_nth(const void *context, size_t i)
{
	(void)context;
	return format_list[i];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPT_CASE:
		arguments->pattern = arg;
		return 0;
	case OPT_FORMAT:
		arguments->format =
			(enum explain_format)cmd_word_take(state, "format", arg, format_nth);
		return 0;
	case OPT_FOLDED:
		arguments->format = EXPLAIN_FOLDED;
		return 0;
	case OPT_FORCE:
		arguments->force = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->sides = state->argv + state->next;
		arguments->nr = (size_t)(state->argc - state->next);
		if (arguments->nr > 2)
			argp_error(state, "more than two result files");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name two result files of vm --clock icount, or one");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "BASE [NEW]",
	.doc = "Why a row changed: instructions, calls and memory by path and by function.\v"
	       "The files are of vm with the icount clock, whose first boot of each kernel is "
	       "explained. "
	       "Without --case: the rows that changed most.\n\n"
	       "Example: pinbench explain results/before.json results/after.json --case '*page*'",
};

/* How much there is to say of a section: its change, or what it executes. */
struct candidate {
	struct explain_item item;
	double weight;
};

static int compare_weight(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	return (left->weight < right->weight) - (left->weight > right->weight);
}

static double weight_of(const struct explain_item *item)
{
	const struct explain_section *base = explain_of(item->base, item->metric),
				     *new = explain_of(item->new, item->metric);

	if (!base || (item->new && !new))
		return -1;
	if (!item->new)
		return (double)base->instructions;
	return base->instructions > 0 && new->instructions > 0
		       ? fabs(log((double)new->instructions / (double)base->instructions))
		       : INFINITY;
}

static bool measured(const struct result *result, enum metric metric)
{
	const struct run *run = result->nr_runs ? &result->runs[0] : NULL;

	return run && run->nr_samples && run->samples[run->nr_samples - 1].have >> metric & 1;
}

/* Malloc'ed. */
static struct candidate *candidates_find(const struct arguments *arguments,
					 const struct results *base, const struct results *new,
					 size_t *nr)
{
	struct candidate *list = calloc(base->nr * NR_METRICS + 1, sizeof(*list));

	*nr = 0;
	for (size_t i = 0; i < base->nr; i++) {
		const struct result *was = &base->items[i];
		const struct result *is = new ? results_find(new, counterpart_key(was, base, new))
					      : NULL;

		if (was->status != STATUS_DONE || (new && (!is || is->status != STATUS_DONE)) ||
		    (arguments->pattern && fnmatch(arguments->pattern, was->key, 0)))
			continue;
		for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
			struct candidate candidate = { .item = { was, is, metric } };

			if (!measured(was, metric) || (is && !measured(is, metric)))
				continue;
			candidate.weight = weight_of(&candidate.item);
			list[(*nr)++] = candidate;
		}
	}
	return list;
}

static int explain(const struct arguments *arguments, const struct results *base,
		   const struct results *new, const struct look *look, struct error *err)
{
	size_t nr, nr_explained = 0;
	autofree struct candidate *list = candidates_find(arguments, base, new, &nr);
	autofree struct explain_item *items = calloc(nr + 1, sizeof(*items));

	if (!nr && arguments->pattern) {
		error_set(err, ENOENT, "--case \"%s\": no case that was measured matches",
			  arguments->pattern);
		return error_fix(err, "pinbench compare %s lists the keys", arguments->sides[0]);
	}
	for (size_t i = 0; i < nr; i++)
		nr_explained += list[i].weight >= 0;
	if (!nr_explained && !(nr && arguments->pattern && (base->icount && nr))) {
		error_set(err, ENODATA, "%s: there is nothing that explains it",
			  arguments->sides[0]);
		if (!base->icount)
			return error_fix(err,
					 "pinbench vm --clock icount, which counts instructions: "
					 "times cannot be explained");
		return error_fix(err,
				 "measure again with pinbench vm --clock icount and a QEMU that "
				 "loads plugins (pinbench doctor)");
	}
	if (!arguments->pattern) {
		qsort(list, nr, sizeof(*list), compare_weight);
		nr = nr_explained < NR_SHOWN ? nr_explained : NR_SHOWN;
	}
	for (size_t i = 0; i < nr; i++)
		items[i] = list[i].item;
	explain_print(stdout, look, arguments->format, base, new, items, nr);
	return 0;
}

int cmd_explain(int argc, char **argv)
{
	struct compare_options compare = compare_options_default;
	struct arguments arguments = { 0 };
	struct side_list sides = { 0 };
	struct error err = { 0 };
	struct look look;
	int rc;

	cmd_parse(&argp, argc, argv, 0, &arguments);
	setlocale(LC_CTYPE, "");
	look = look_of(stdout);
	compare.force = arguments.force;
	rc = side_list_load(&sides, arguments.sides, arguments.nr, &compare, &err);
	if (!rc)
		rc = explain(&arguments, &sides.items[0].results,
			     arguments.nr > 1 ? &sides.items[1].results : NULL, &look, &err);
	side_list_free(&sides);
	return rc ? cmd_fail(&err, EXIT_USAGE) : EXIT_DONE;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "result/index.h"
#include "stats/summary.h"

const struct compare_options compare_options_default = {
	.rule = { .threshold = 0.02, .level = 0.95 },
};

/* Without these being equal, most numbers cannot be: they are said first. */
static const char *const weighty[] = { "kernel.arch", "memory.page_bytes", "kernel.release",
				       "kernel.version" };

/* Groups of facts that change from run to run on one machine. */
static const char *const noisy[] = { "noise.", "harness.floor_ticks", "memory.available_kb",
				     "hugepages." };

static size_t weight(const char *name)
{
	size_t i = 0;

	while (i < sizeof(weighty) / sizeof(weighty[0]) && strcmp(weighty[i], name))
		i++;
	return i;
}

static bool is_noise(const char *name)
{
	for (size_t i = 0; i < sizeof(noisy) / sizeof(noisy[0]); i++)
		if (strncmp(name, noisy[i], strlen(noisy[i])) == 0)
			return true;
	return false;
}

static bool same_fact(const struct fact *a, const struct fact *b)
{
	if (!a || !b || a->kind != b->kind)
		return false;
	return a->kind == FACT_TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

static void add_change(struct comparison *comparison, const struct fact *base,
		       const struct fact *new)
{
	struct change *change = &comparison->changes[comparison->nr_changes++];

	*change = (struct change){ base, new, is_noise(base ? base->name : new->name) };
	comparison->nr_noise += change->noise;
}

static const char *change_name(const struct change *change)
{
	return change->base ? change->base->name : change->new->name;
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *left = a, *right = b;
	size_t left_weight = weight(change_name(left)), right_weight = weight(change_name(right));

	if (left->noise != right->noise)
		return left->noise - right->noise;
	if (left_weight != right_weight)
		return left_weight < right_weight ? -1 : 1;
	return strcmp(change_name(left), change_name(right));
}

static void find_changes(struct comparison *comparison)
{
	const struct fact_list *base = &comparison->base->environment,
			       *new = &comparison->new->environment;

	comparison->changes = calloc(base->nr + new->nr + 1, sizeof(*comparison->changes));
	if (!comparison->changes)
		abort();
	for (size_t i = 0; i < base->nr; i++) {
		const struct fact *other = fact_find(new, base->items[i].name);

		if (!same_fact(&base->items[i], other))
			add_change(comparison, &base->items[i], other);
	}
	for (size_t i = 0; i < new->nr; i++)
		if (!fact_find(base, new->items[i].name))
			add_change(comparison, NULL, &new->items[i]);
	qsort(comparison->changes, comparison->nr_changes, sizeof(*comparison->changes),
	      compare_changes);
}

static void find_pairs(struct comparison *comparison)
{
	const struct results *base = comparison->base, *new = comparison->new;
	size_t room = base->nr + new->nr + 1;
	struct results_index in_base, in_new;

	comparison->pairs = calloc(room, sizeof(*comparison->pairs));
	comparison->others = calloc(room, sizeof(*comparison->others));
	if (!comparison->pairs || !comparison->others)
		abort();
	results_index_make(&in_base, base);
	results_index_make(&in_new, new);
	for (size_t i = 0; i < base->nr; i++) {
		struct pair pair = { &base->items[i],
				     results_index_find(&in_new, counterpart_key(&base->items[i],
										 base, new)) };

		if (pair.new &&pair.base->status == STATUS_DONE && pair.new->status == STATUS_DONE)
			comparison->pairs[comparison->nr_pairs++] = pair;
		else
			comparison->others[comparison->nr_others++] = pair;
	}
	for (size_t i = 0; i < new->nr; i++)
		if (!results_index_find(&in_base, counterpart_key(&new->items[i], new, base)))
			comparison->others[comparison->nr_others++] =
				(struct pair){ NULL, &new->items[i] };
	results_index_free(&in_base);
	results_index_free(&in_new);
}

/* A time that some runs lack has no row: why is said before the numbers. */
static void find_partial(struct comparison *comparison)
{
	const struct results *reports[2] = { comparison->base, comparison->new };
	char text[400];

	for (size_t i = 0; i < 2; i++) {
		results_partial_format(reports[i], text, sizeof(text));
		if (*text)
			remark_add(&comparison->comparable.unknowns, "%s: %s", i ? "new" : "base",
				   text);
	}
}

int compare_filter(regex_t *regex, const char *filter, struct error *err)
{
	int code = regcomp(regex, filter, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (!code)
		return 0;
	regerror(code, regex, why, sizeof(why));
	error_set(err, EINVAL, "--filter \"%.128s\": %s", filter, why);
	return error_fix(err, "a POSIX extended regular expression for keys, like \"thp|hugetlb\"");
}

int compare_reports(struct comparison *comparison, const struct results *base,
		    const struct results *new, const struct compare_options *options,
		    struct error *err)
{
	regex_t regex;
	int rc = 0;

	*comparison = (struct comparison){ .base = base, .new = new };
	comparable_find(&comparison->comparable, base, new, AS_SIDES, !options->exact_only);
	if (comparison->comparable.refusals.nr && !options->force)
		rc = comparable_refuse(&comparison->comparable, base, new, "be compared", err);
	if (!rc && options->filter)
		rc = compare_filter(&regex, options->filter, err);
	if (rc) {
		comparison_free(comparison);
		return rc;
	}
	find_changes(comparison);
	find_pairs(comparison);
	find_partial(comparison);
	verdicts_find(&comparison->verdicts, base, new, &options->rule);
	verdicts_filter(&comparison->verdicts, options->filter ? &regex : NULL);
	if (options->filter)
		regfree(&regex);
	return 0;
}

void comparison_free(struct comparison *comparison)
{
	comparable_free(&comparison->comparable);
	verdicts_free(&comparison->verdicts);
	free(comparison->changes);
	free(comparison->pairs);
	free(comparison->others);
	*comparison = (struct comparison){ 0 };
}

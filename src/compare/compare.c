// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/compare.h"

#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result/results.h"
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

/* The regular expression that means the same as a pattern of glob(7). */
static char *regex_of_glob(const char *glob)
{
	char *regex = malloc(2 * strlen(glob) + 3), *to = regex;

	*to++ = '^';
	for (; *glob; glob++) {
		const char *end = *glob == '[' ? strchr(glob + 1 + (glob[1] == '!') + 1, ']')
					       : NULL;

		if (end) {
			memcpy(to, glob, (size_t)(end - glob) + 1);
			if (to[1] == '!')
				to[1] = '^';
			to += end - glob + 1;
			glob = end;
			continue;
		}
		if (*glob == '\\' && glob[1])
			glob++;
		else if (*glob == '*' || *glob == '?')
			*to++ = '.';
		if (*glob == '?')
			continue;
		if (*glob != '*' && strchr(".[]{}()\\+|^$", *glob))
			*to++ = '\\';
		*to++ = *glob;
	}
	strcpy(to, "$");
	return regex;
}

int compare_filter(regex_t *regex, const char *filter, bool is_regex, struct error *err)
{
	autofree char *pattern = is_regex ? strdup(filter) : regex_of_glob(filter);
	int code = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (!code)
		return 0;
	regerror(code, regex, why, sizeof(why));
	if (!is_regex) {
		error_set(err, EINVAL, "--case \"%.128s\": %s", filter, why);
		return error_fix(err, "a pattern for whole keys, like \"*,thp-*\"");
	}
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
		rc = compare_filter(&regex, options->filter, options->filter_is_regex, err);
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

void remark_add(struct remark_list *list, const char *format, ...)
{
	va_list args;

	list->texts = reallocarray(list->texts, list->nr + 1, sizeof(*list->texts));
	va_start(args, format);
	if (!list->texts || vasprintf(&list->texts[list->nr], format, args) < 0)
		abort();
	va_end(args);
	list->nr++;
}

void remark_list_free(struct remark_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct remark_list){ 0 };
}

/* What the times come from: a file of the lab says so, one of a host has no such fact, one made
 * from a log cannot know. */
static bool accel_of(const struct results *results, char *text, size_t size)
{
	if (fact_value(&results->environment, "lab.accel", text, size))
		return true;
	snprintf(text, size, "no virtual machine of the lab");
	return !results->imported;
}

#define CONFIG "kernel.config.CONFIG_"

/* Checks that make a pin several times as dear: times with and without them are not those of one
 * kernel. */
static const struct {
	const char *what;
	const char *facts[3]; /* any of them is it */
} heavy_checks[] = {
	{ "DEBUG_VM", { CONFIG "DEBUG_VM" } },
	{ "KASAN", { CONFIG "KASAN" } },
	{ "lockdep", { CONFIG "LOCKDEP", CONFIG "PROVE_LOCKING" } },
};

/* What can explain a difference and need not: a person has to know of it before reading a verdict.
 */
static const char *const named[][2] = {
	{ "cpu.model", "CPU model" },
	{ "cpu.microcode", "microcode" },
	{ CONFIG "DEBUG_VM_PGFLAGS" },
	{ CONFIG "DEBUG_VM_PGTABLE" },
	{ CONFIG "DEBUG_VM_RB" },
	{ CONFIG "DEBUG_VIRTUAL" },
	{ CONFIG "DEBUG_PAGE_REF" },
	{ CONFIG "PAGE_TABLE_CHECK" },
	{ CONFIG "PAGE_TABLE_CHECK_ENFORCED" },
	{ CONFIG "DEBUG_PAGEALLOC" },
	{ CONFIG "PAGE_POISONING" },
	{ CONFIG "PAGE_OWNER" },
	{ CONFIG "SLUB_DEBUG_ON" },
	{ CONFIG "KASAN_GENERIC" },
	{ CONFIG "KASAN_SW_TAGS" },
	{ CONFIG "KASAN_HW_TAGS" },
	{ CONFIG "KMSAN" },
	{ CONFIG "KCSAN" },
	{ CONFIG "UBSAN" },
	{ CONFIG "UBSAN_BOUNDS" },
	{ CONFIG "KFENCE" },
	{ CONFIG "LOCK_STAT" },
	{ CONFIG "DEBUG_LOCK_ALLOC" },
	{ CONFIG "DEBUG_SPINLOCK" },
	{ CONFIG "DEBUG_MUTEXES" },
	{ CONFIG "DEBUG_RWSEMS" },
	{ CONFIG "DEBUG_ATOMIC_SLEEP" },
	{ CONFIG "DEBUG_PREEMPT" },
	{ CONFIG "DEBUG_OBJECTS" },
	{ CONFIG "DEBUG_KMEMLEAK" },
	{ CONFIG "GCOV_KERNEL" },
	{ CONFIG "KCOV" },
};

struct check {
	struct comparable *comparable;
	char neither[200]; /* what neither side knows */
};

static const char *const unknown = "not known";

static void check(struct check *check, const char *what, const char *a, const char *b, bool known_a,
		  bool known_b)
{
	size_t used = strlen(check->neither);

	if (known_a && known_b && strcmp(a, b) == 0)
		return;
	if (!known_a && !known_b)
		snprintf(check->neither + used, sizeof(check->neither) - used, "%s%s",
			 used ? ", " : "", what);
	else
		remark_add(known_a && known_b ? &check->comparable->refusals
					      : &check->comparable->unknowns,
			   "%s: %s and %s", what, known_a ? a : unknown, known_b ? b : unknown);
}

/* A hypervisor that nobody could name may be any; on bare metal there is none. */
static bool hypervisors_differ(const char *a, const char *b)
{
	if (strcmp(a, "unknown") && strcmp(b, "unknown"))
		return strcmp(a, b) != 0;
	return !strcmp(a, "none") || !strcmp(b, "none");
}

static void check_hypervisor(struct check *list, const struct results *a, const struct results *b)
{
	char left[200], right[200];
	bool known_a = fact_value(&a->environment, "hypervisor", left, sizeof(left)) != NULL;
	bool known_b = fact_value(&b->environment, "hypervisor", right, sizeof(right)) != NULL;

	if (known_a && known_b && strcmp(left, right) && !hypervisors_differ(left, right)) {
		known_a = strcmp(left, "unknown") != 0;
		known_b = !known_a;
	}
	check(list, "hypervisor", left, right, known_a, known_b);
}

/* A configuration that was read has all options: what a file does not list was off, or not asked
 * for by an older pinbench. */
static bool config_known(const struct results *results)
{
	for (size_t i = 0; i < results->environment.nr; i++)
		if (strncmp(results->environment.items[i].name, "kernel.config.",
			    strlen("kernel.config.")) == 0)
			return true;
	return false;
}

static bool option_on(const struct results *results, const char *name)
{
	char value[200];

	return fact_value(&results->environment, name, value, sizeof(value)) &&
	       (!strcmp(value, "y") || !strcmp(value, "m"));
}

static bool check_on(const struct results *results, size_t which)
{
	bool on = false;

	for (const char *const *fact = heavy_checks[which].facts; *fact; fact++)
		on = on || option_on(results, *fact);
	return on;
}

static bool has_times(const struct results *results)
{
	for (size_t i = 0; i < results->nr; i++)
		for (size_t j = 0; j < results->items[i].nr_runs; j++)
			if (results->items[i].runs[j].nr_samples >
			    results->items[i].runs[j].nr_warmup)
				return true;
	return false;
}

static void check_debugging(struct check *list, const struct results *a, const struct results *b,
			    bool times)
{
	struct comparable *comparable = list->comparable;
	bool known_a = config_known(a), known_b = config_known(b);

	check(list, "debug options of the kernel", "known", "known", known_a, known_b);
	for (size_t i = 0; i < sizeof(heavy_checks) / sizeof(heavy_checks[0]); i++) {
		bool on_a = check_on(a, i), on_b = check_on(b, i);

		if (on_a == on_b)
			continue;
		remark_add(!known_a || !known_b                    ? &comparable->unknowns
			   : times && has_times(a) && has_times(b) ? &comparable->refusals
								   : &comparable->differences,
			   "%s: %s and %s", heavy_checks[i].what,
			   on_a      ? "on"
			   : known_a ? "off"
				     : "not known",
			   on_b      ? "on"
			   : known_b ? "off"
				     : "not known");
	}
}

static void check_named(struct comparable *comparable, const struct results *a,
			const struct results *b)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		const char *what = named[i][1] ? named[i][1] : named[i][0] + strlen(CONFIG);
		char left[200], right[200];

		bool known_a = fact_value(&a->environment, named[i][0], left, sizeof(left)) != NULL;
		bool known_b = fact_value(&b->environment, named[i][0], right, sizeof(right)) !=
			       NULL;

		if (known_a && known_b ? strcmp(left, right) != 0
				       : !named[i][1] && (option_on(a, named[i][0]) ||
							  option_on(b, named[i][0])))
			remark_add(&comparable->differences, "%s: %s and %s", what,
				   known_a ? left : unknown, known_b ? right : unknown);
	}
}

static void check_file(struct comparable *comparable, const struct results *a,
		       const struct results *b)
{
	const struct results_file *other, *file = results_same_file(a, b, &other);

	if (file && strcmp(file->path, other->path) == 0)
		remark_add(&comparable->refusals, "the same file on both sides: %s", file->path);
	else if (file)
		remark_add(&comparable->refusals,
			   "the same file on both sides: %s has the content of %s", other->path,
			   file->path);
}

/* A count of instructions is only that of the code that was built: a change can have the other sign
 * on kernels that people run (docs/lab.md). */
static void check_likeness(struct comparable *comparable, const struct results *a,
			   const struct results *b)
{
	char like[2][64] = { "", "" };
	bool small[2];

	fact_value(&a->environment, "config.like", like[0], sizeof(like[0]));
	fact_value(&b->environment, "config.like", like[1], sizeof(like[1]));
	for (int i = 0; i < 2; i++)
		small[i] = (i ? b : a)->icount && strcmp(like[i], "minimal") == 0;
	if (small[0] || small[1])
		remark_add(&comparable->unknowns,
			   "%s: the lab's smallest configuration, in which instructions may change "
			   "otherwise than in a distribution's",
			   small[0] && small[1] ? "both"
			   : small[0]           ? "base"
						: "new");
}

void comparable_find(struct comparable *comparable, const struct results *a,
		     const struct results *b, enum comparable_as as, bool times)
{
	static const struct {
		const char *name, *what;
	} facts[] = { { "memory.page_bytes", "page size" }, { "kernel.arch", "architecture" } };
	struct check list = { .comparable = comparable };
	char left[200], right[200];
	bool known_a, known_b;

	*comparable = (struct comparable){ 0 };
	if (as == AS_SIDES)
		check_file(comparable, a, b);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		known_a = fact_value(&a->environment, facts[i].name, left, sizeof(left)) != NULL;
		known_b = fact_value(&b->environment, facts[i].name, right, sizeof(right)) != NULL;
		check(&list, facts[i].what, left, right, known_a, known_b);
	}
	check(&list, "clock", results_unit(a), results_unit(b), true, true);
	known_a = accel_of(a, left, sizeof(left));
	known_b = accel_of(b, right, sizeof(right));
	check(&list, "what ran the code", left, right, known_a, known_b);
	check_hypervisor(&list, a, b);
	snprintf(left, sizeof(left), "%u", a->benchmark ? a->benchmark : RESULTS_BENCHMARK);
	snprintf(right, sizeof(right), "%u", b->benchmark ? b->benchmark : RESULTS_BENCHMARK);
	check(&list, "version of the benchmark", left, right, !a->imported, !b->imported);
	check_debugging(&list, a, b, times);
	check_named(comparable, a, b);
	check_likeness(comparable, a, b);
	if (*list.neither)
		remark_add(&comparable->unknowns, "not known of either: %s", list.neither);
}

bool comparable_names(const char *fact)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(named[i][0], fact) == 0)
			return true;
	return false;
}

void comparable_free(struct comparable *comparable)
{
	remark_list_free(&comparable->refusals);
	remark_list_free(&comparable->unknowns);
	remark_list_free(&comparable->differences);
}

const char *results_name(const struct results *results)
{
	return results->path ? results->path : results->label ? results->label : "(no name)";
}

int comparable_refuse(const struct comparable *comparable, const struct results *a,
		      const struct results *b, const char *what, struct error *err)
{
	char text[320] = "";

	for (size_t i = 0; i < comparable->refusals.nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "; " : "",
			 comparable->refusals.texts[i]);
	error_set(err, EINVAL, "%s and %s cannot %s: %s", results_name(a), results_name(b), what,
		  text);
	return error_fix(err, "--force does it all the same, and says so in its output");
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/comparable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

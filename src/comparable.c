// SPDX-License-Identifier: GPL-2.0-or-later
#include "comparable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heading.h"

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

/* What the times come from: a file of the lab says so, one of a host has no such fact, one made from a log cannot know. */
static bool accel_of(const struct report *report, char *text, size_t size)
{
	if (fact_value(&report->environment, "lab.accel", text, size))
		return true;
	snprintf(text, size, "no virtual machine of the lab");
	return !report->imported;
}

struct check {
	struct comparable *comparable;
	char neither[200];   /* what neither side knows */
};

static void check(struct check *check, const char *what, const char *a, const char *b, bool known_a, bool known_b)
{
	static const char *const unknown = "not known";
	size_t used = strlen(check->neither);

	if (known_a && known_b && strcmp(a, b) == 0)
		return;
	if (!known_a && !known_b)
		snprintf(check->neither + used, sizeof(check->neither) - used, "%s%s", used ? ", " : "", what);
	else
		remark_add(known_a && known_b ? &check->comparable->refusals : &check->comparable->unknowns,
			   "%s: %s and %s", what, known_a ? a : unknown, known_b ? b : unknown);
}

void comparable_find(struct comparable *comparable, const struct report *a, const struct report *b)
{
	static const struct {
		const char *name, *what;
	} facts[] = { { "memory.page_bytes", "page size" }, { "kernel.arch", "architecture" } };
	struct check list = { .comparable = comparable };
	char left[200], right[200];
	bool known_a, known_b;

	*comparable = (struct comparable){ 0 };
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		known_a = fact_value(&a->environment, facts[i].name, left, sizeof(left)) != NULL;
		known_b = fact_value(&b->environment, facts[i].name, right, sizeof(right)) != NULL;
		check(&list, facts[i].what, left, right, known_a, known_b);
	}
	check(&list, "clock", report_unit(a), report_unit(b), true, true);
	known_a = accel_of(a, left, sizeof(left));
	known_b = accel_of(b, right, sizeof(right));
	check(&list, "what ran the code", left, right, known_a, known_b);
	snprintf(left, sizeof(left), "%u", a->benchmark ? a->benchmark : REPORT_BENCHMARK);
	snprintf(right, sizeof(right), "%u", b->benchmark ? b->benchmark : REPORT_BENCHMARK);
	check(&list, "version of the benchmark", left, right, !a->imported, !b->imported);
	if (*list.neither)
		remark_add(&comparable->unknowns, "not known of either: %s", list.neither);
}

void comparable_free(struct comparable *comparable)
{
	remark_list_free(&comparable->refusals);
	remark_list_free(&comparable->unknowns);
}

const char *report_name(const struct report *report)
{
	return report->path ? report->path : report->label ? report->label : "(no name)";
}

int comparable_refuse(const struct comparable *comparable, const struct report *a, const struct report *b,
		      const char *what, struct error *err)
{
	char text[320] = "";

	for (size_t i = 0; i < comparable->refusals.nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "; " : "",
			 comparable->refusals.texts[i]);
	error_set(err, EINVAL, "%s and %s cannot %s: %s", report_name(a), report_name(b), what, text);
	return error_fix(err, "--force does it all the same, and says so in its output");
}

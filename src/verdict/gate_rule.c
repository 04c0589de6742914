// SPDX-License-Identifier: GPL-2.0-or-later
/* --fail-on METRIC:THRESHOLD */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "base/suggest.h"
#include "verdict/gate.h"

#define ALL_TIMES (1u << METRIC_PIN | 1u << METRIC_UNPIN | 1u << METRIC_CYCLE)

static const struct name {
	const char *name;
	enum row_kind kind;
	unsigned int which;
} names[] = {
	{ "pin", ROW_TIME, 1u << METRIC_PIN },
	{ "unpin", ROW_TIME, 1u << METRIC_UNPIN },
	{ "cycle", ROW_TIME, 1u << METRIC_CYCLE },
	{ "time", ROW_TIME, ALL_TIMES },
	{ "pin-p99", ROW_TAIL, 1u << METRIC_PIN },
	{ "unpin-p99", ROW_TAIL, 1u << METRIC_UNPIN },
	{ "cycle-p99", ROW_TAIL, 1u << METRIC_CYCLE },
	{ "time-p99", ROW_TAIL, ALL_TIMES },
	{ "hit_rate", ROW_RATE, 1 },
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
		    : error_fix(err, "time, pin, unpin, cycle, any of them with -p99, hit_rate, or "
				     "a count as slow_pages");
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
		if (rule->kind == ROW_RATE || rule->kind == ROW_COUNT)
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

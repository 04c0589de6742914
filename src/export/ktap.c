// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For kselftest, LAVA and tuxrun: KTAP version 1 (Documentation/dev-tools/ktap.rst). A case is a
 * test. Its numbers are diagnostics, which no parser takes for a result.
 */
#include <string.h>

#include "export/export.h"

struct totals {
	size_t nr_of[NR_STATUS];
};

/* '#' would begin a directive. */
static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name == '#' ? '_' : *name, out);
}

static void put_numbers(FILE *out, const char *indent, const struct export_result *result,
			const struct export_case *item)
{
	char text[80];
	bool any = false;

	for (size_t i = 0; i < item->nr_times; i++) {
		const struct export_time *time = &item->times[i];
		struct unit unit =
			unit_for(result->icount, time->summary.median, time->summary.median);

		summary_format(&unit, &time->summary, text, sizeof(text));
		fprintf(out, "%s# %s: %s, %zu run%s\n", indent, metric_names[time->metric], text,
			time->summary.nr, time->summary.nr == 1 ? "" : "s");
	}
	if (item->hit_known) {
		hit_rate_format(&item->hit, text, sizeof(text));
		fprintf(out, "%s# hit rate: %s\n", indent, text);
	}
	for (size_t i = 0; i < NR_COUNTS; i++) {
		if (!*item->counts.observer[i])
			continue;
		fprintf(out, "%s%s%s: %llu", any ? ", " : indent, any ? "" : "# ", count_names[i],
			(unsigned long long)item->counts.value[i]);
		any = true;
	}
	fputs(any ? "\n" : "", out);
}

static void put_case(FILE *out, const char *indent, const struct export_result *result,
		     const struct export_case *item, size_t number)
{
	put_numbers(out, indent, result, item);
	for (size_t i = 0; i < item->nr_warnings; i++)
		fprintf(out, "%s# warning: %s\n", indent, item->warnings[i]);
	if (item->status == STATUS_FAILED)
		fprintf(out, "%s# failed: %s\n", indent, item->why);
	fprintf(out, "%s%sok %zu ", indent, item->status == STATUS_FAILED ? "not " : "", number);
	put_name(out, item->key);
	if (item->status == STATUS_SKIPPED) {
		fputs(" # SKIP ", out);
		put_name(out, item->why);
	}
	fputc('\n', out);
}

/* An interrupted measurement is one test more, which failed: its cases may be missing. */
static void put_result(FILE *out, const char *indent, const struct export_result *result,
		       struct totals *totals)
{
	fprintf(out, "%sKTAP version 1\n%s1..%zu\n", indent, indent,
		result->nr + !result->complete);
	fprintf(out, "%s# label: %s\n", indent, result->label);
	if (*result->release)
		fprintf(out, "%s# kernel: %s\n", indent, result->release);
	if (*result->machine)
		fprintf(out, "%s# machine: %s\n", indent, result->machine);
	for (size_t i = 0; i < result->nr; i++)
		put_case(out, indent, result, &result->cases[i], i + 1);
	if (!result->complete)
		fprintf(out, "%s# failed: the measurement was interrupted\n%snot ok %zu complete\n",
			indent, indent, result->nr + 1);
	for (size_t i = 0; i < NR_STATUS; i++)
		totals->nr_of[i] += result->nr_of[i];
	totals->nr_of[STATUS_FAILED] += !result->complete;
}

/* A subtest for each file. */
static void put_nested(FILE *out, const struct export *export, struct totals *totals)
{
	fprintf(out, "KTAP version 1\n1..%zu\n", export->nr);
	for (size_t i = 0; i < export->nr; i++) {
		const struct export_result *result = &export->results[i];
		bool failed = result->nr_of[STATUS_FAILED] || !result->complete;

		put_result(out, "  ", result, totals);
		fprintf(out, "%sok %zu ", failed ? "not " : "", i + 1);
		put_name(out, result->label);
		fputs(!failed && !result->nr_of[STATUS_DONE] ? " # SKIP no case can run here\n"
							     : "\n",
		      out);
	}
}

static void ktap_write(FILE *out, const struct export *export)
{
	struct totals totals = { 0 };

	if (export->nr == 1) {
		put_result(out, "", &export->results[0], &totals);
	} else {
		put_nested(out, export, &totals);
	}
	fprintf(out, "# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:0\n",
		totals.nr_of[STATUS_DONE], totals.nr_of[STATUS_FAILED],
		totals.nr_of[STATUS_SKIPPED]);
}

const struct export_format export_ktap = {
	.name = "ktap",
	.about = "kselftest, LAVA and tuxrun: a test for each case; exit 0, 1 or 4",
	.write = ktap_write,
	.tells_status = true,
};

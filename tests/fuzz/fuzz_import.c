// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a log of gup_test; what is imported can be written and read again, section by section. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/gup_test.h"
#include "result/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Nothing that could steer a terminal may come out, whatever went in. */
static void check_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

static size_t nr_samples(const struct report *report)
{
	size_t nr = 0;

	for (size_t i = 0; i < report->nr_results; i++)
		for (size_t j = 0; j < report->results[i].nr_runs; j++)
			nr += report->results[i].runs[j].nr_samples;
	return nr;
}

/* Written and read in memory: a file costs a hundred times what the import does. */
static void check_saved(struct report *report)
{
	struct error err = { 0 };
	struct report again;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	report->label = strdup("x");
	if (!report->imported || !report->nr_results || !out || report_print(report, out, &err) || fclose(out) ||
	    report_parse(&again, text, size, "fuzz.json", &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	if (again.nr_results != report->nr_results || nr_samples(&again) != nr_samples(report))
		abort();
	report_free(&again);
	free(text);
}

/* By the bytes alone, so that a finding comes again. */
static unsigned int turn_of(const uint8_t *bytes, size_t size)
{
	unsigned int turn = 2166136261u;

	for (size_t i = 0; i < size; i++)
		turn = (turn ^ bytes[i]) * 16777619u;
	return turn >> 8;
}

/*
 * Where a log has sections, one of them or none of that name. What is imported is one shape of
 * report out of few, and to write and read that as JSON costs nine times the import: one input of
 * sixteen does.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const sections[] = { "1", "2", "with" };
	unsigned int turn = turn_of(bytes, size);
	const char *section = NULL;
	char title[100];

	for (;;) {
		struct report report;
		struct error err = { 0 };
		int rc = import_gup_test(&report, (const char *)bytes, size, "fuzz.log", section,
					 title, &err);

		if (rc == 0) {
			check_plain(title);
			if (turn / 4 % 16 == 0)
				check_saved(&report);
			report_free(&report);
			return 0;
		}
		if (!err.code || !err.text[0] || report.nr_results)
			abort();
		check_plain(err.text);
		if (rc != -EMLINK || section)
			return 0;
		section = sections[turn % (sizeof(sections) / sizeof(*sections))];
	}
}

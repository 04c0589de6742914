// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a log of gup_test; what is imported can be written and read again, section by section. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_gup_test.h"
#include "report.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const sections[] = { NULL, "1", "2", "with" };
	char title[100];
	int rc = -EMLINK;

	for (size_t i = 0; rc == -EMLINK && i < sizeof(sections) / sizeof(*sections); i++) {
		struct report report;
		struct error err = { 0 };
		int failed = import_gup_test(&report, (const char *)bytes, size, "fuzz.log", sections[i], title, &err);

		if (i == 0)
			rc = failed;
		if (failed) {
			if (!err.code || !err.text[0] || report.nr_results)
				abort();
			check_plain(err.text);
			continue;
		}
		check_plain(title);
		check_saved(&report);
		report_free(&report);
	}
	return 0;
}

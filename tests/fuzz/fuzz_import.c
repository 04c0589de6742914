// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a log of gup_test; what is imported can be written and read again, section by section. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void check_saved(struct report *report)
{
	static char path[64];
	struct error err = { 0 };
	struct report again;

	snprintf(path, sizeof(path), "/dev/shm/pinbench-fuzz-%d", (int)getpid());
	report->label = strdup("x");
	if (!report->imported || !report->nr_results || report_save(report, path, &err) || report_load(&again, path, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	unlink(path);
	if (again.nr_results != report->nr_results || nr_samples(&again) != nr_samples(report))
		abort();
	report_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const sections[] = { NULL, "1", "2", "with" };
	char title[100];

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		struct report report;
		struct error err = { 0 };

		if (import_gup_test(&report, (const char *)bytes, size, "fuzz.log", sections[i], title, &err)) {
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

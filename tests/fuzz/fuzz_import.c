// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a log of gup_test; what is imported can be written and read again,
 * section by section. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/gup_test.h"
#include "result/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Nothing that could steer a terminal may come out, whatever went in. */
static void check_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

static size_t nr_samples(const struct results *results)
{
	size_t nr = 0;

	for (size_t i = 0; i < results->nr; i++)
		for (size_t j = 0; j < results->items[i].nr_runs; j++)
			nr += results->items[i].runs[j].nr_samples;
	return nr;
}

/* Written and read in memory: a file costs a hundred times what the import does. */
static void check_saved(struct results *results)
{
	struct error err = { 0 };
	struct results again;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	results->label = strdup("x");
	if (!results->imported || !results->nr || !out || results_print(results, out, &err) ||
	    fclose(out) || results_parse(&again, text, size, "fuzz.json", &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	if (again.nr != results->nr || nr_samples(&again) != nr_samples(results))
		abort();
	results_free(&again);
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
		struct results results;
		struct error err = { 0 };
		int rc = import_gup_test(&results, (const char *)bytes, size, "fuzz.log", section,
					 title, &err);

		if (rc == 0) {
			check_plain(title);
			if (turn / 4 % 16 == 0)
				check_saved(&results);
			results_free(&results);
			return 0;
		}
		if (!err.code || !err.text[0] || results.nr)
			abort();
		check_plain(err.text);
		if (rc != -EMLINK || section)
			return 0;
		section = sections[turn % (sizeof(sections) / sizeof(*sections))];
	}
}

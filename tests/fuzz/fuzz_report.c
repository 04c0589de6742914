// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a result file; what is read is printed, compared with itself and merged. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "grid.h"
#include "report.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Nothing that could steer a terminal may come out, whatever went in. */
static void check_printed(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7f)
			abort();
}

static void print(const struct report *report)
{
	struct look look = { .utf8 = true };
	struct compare_options options = compare_options_default;
	struct comparison comparison;
	struct error err = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	table_print(out, &look, report);
	options.rule.tails = true;
	if (compare_reports(&comparison, report, report, &options, &err) || comparison.nr_changes)
		abort();
	for (size_t i = 0; i < NR_COMPARE_FORMATS; i++)
		if (compare_printers[i].print)
			compare_printers[i].print(out, &look, &comparison, 1, &options);
	comparison_free(&comparison);
	fclose(out);
	check_printed(text, size);
	free(text);
}

/* Whether the bytes are JSON as a whole, for the loader takes them in parts. */
static bool is_json(const uint8_t *bytes, size_t size)
{
	json_t *root = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);

	json_decref(root);
	return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report report, twin;
	struct error err = { 0 };

	if (report_parse(&report, (const char *)bytes, size, "fuzz.json", &err)) {
		if (!err.code || strncmp(err.text, "fuzz.json:", 10))
			abort();
		check_printed(err.text, strlen(err.text));
		return 0;
	}
	if (!is_json(bytes, size))
		abort();
	print(&report);
	if (report_parse(&twin, (const char *)bytes, size, "fuzz.json", &err) || report_merge(&report, &twin, &err))
		abort();
	print(&report);
	report_free(&twin);
	report_free(&report);
	return 0;
}

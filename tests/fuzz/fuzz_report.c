// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any bytes as a result file; what is read is printed, compared with itself and
 * merged. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "format/format.h"
#include "print/grid.h"
#include "print/table.h"
#include "result/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Nothing that could steer a terminal may come out, whatever went in; lines of CSV end in CR LF. */
static void check_printed(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool end = text[i] == '\n' ||
			   (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n');

		if (((unsigned char)text[i] < 0x20 && !end) || text[i] == 0x7f)
			abort();
	}
}

/* A commit message that git and checkpatch.pl leave alone: see print/command.h. */
static void check_commit(char *text)
{
	static const char *const cut[] = { "#",  "---",   "-- ",    "+++",
					   "@@", "diff ", "Index:", "From " };
	char last = '\n', *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && rest) {
		size_t indent = strspn(line, " "), length = strlen(line);

		if (length > 75 || (length == 0 && last == '\n') ||
		    (length > 0 && (indent < 2 || line[length - 1] == ' ')))
			abort();
		for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
			if (strncmp(line + indent, cut[i], strlen(cut[i])) == 0)
				abort();
		if (strstr(line, ">8") || strstr(line, "8<"))
			abort();
		for (size_t i = 0; i < length; i++)
			if (line[i] & 0x80)
				abort();
		last = length ? ' ' : '\n';
	}
	if (last == '\n')
		abort();
}

static void check_format(const struct format *format, char *text, size_t size)
{
	json_t *root;

	if (format == &format_csv) {
		char *to = text;

		for (size_t i = 0; i < size; i++)
			if (text[i] != '\r' || text[i + 1] != '\n')
				*to++ = text[i];
		size = (size_t)(to - text);
	}
	check_printed(text, size);
	if (format == &format_commit)
		check_commit(text);
	if (format == &format_json) {
		root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
		if (!root)
			abort();
		json_decref(root);
	}
}

/* The registry of pinners and layouts is not linked. */
const struct pinner *pinner_find(const char *name)
{
	(void)name;
	return NULL;
}

bool layout_is_control(const char *name)
{
	return strcmp(name, "base") == 0;
}

/* By the bytes alone, so that a finding comes again: an input takes one turn of the dear checks,
 * its mutations the others. */
static unsigned int turn_of(const uint8_t *bytes, size_t size)
{
	unsigned int turn = 2166136261u;

	for (size_t i = 0; i < size; i++)
		turn = (turn ^ bytes[i]) * 16777619u;
	return turn >> 8;
}

/* In one of the formats of compare; NULL is the table of one file. */
static void print(const struct results *results, const struct format *format)
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
	if (format) {
		options.rule.tails = true;
		if (compare_reports(&comparison, results, results, &options, &err) ||
		    comparison.nr_changes)
			abort();
		format->print(out, &look, &comparison, 1, &options);
		comparison_free(&comparison);
	} else {
		table_print(out, &look, results);
	}
	fclose(out);
	check_format(format, text, size);
	free(text);
}

/* Whether the bytes are JSON as a whole, for the loader takes them in parts. */
static bool is_json(const uint8_t *bytes, size_t size)
{
	json_t *root = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);

	json_decref(root);
	return root;
}

static bool same_samples(const struct results *a, const struct results *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++) {
		if (a->items[i].nr_runs != b->items[i].nr_runs)
			return false;
		for (size_t j = 0; j < a->items[i].nr_runs; j++) {
			const struct run *left = &a->items[i].runs[j],
					 *right = &b->items[i].runs[j];

			if (left->nr_samples != right->nr_samples ||
			    left->nr_warmup != right->nr_warmup ||
			    memcmp(left->samples, right->samples,
				   left->nr_samples * sizeof(*left->samples)))
				return false;
		}
	}
	return true;
}

/*
 * The loader takes the results out of the text before it parses the rest, and the numbers out of
 * the results. With "results" written otherwise it does neither, and has to come to the same.
 */
static void check_whole(const uint8_t *bytes, size_t size, const struct results *parts)
{
	static const char plain[] = "\"results\"", other[] = "\"r\\u0065sults\"";
	char *text = malloc(size * 2 + 1);
	struct results results;
	struct error err = { 0 };
	size_t to = 0;

	if (!text)
		abort();
	for (size_t i = 0; i < size;) {
		if (size - i >= strlen(plain) && memcmp(bytes + i, plain, strlen(plain)) == 0) {
			memcpy(text + to, other, strlen(other));
			to += strlen(other);
			i += strlen(plain);
		} else {
			text[to++] = (char)bytes[i++];
		}
	}
	if (results_parse(&results, text, to, "fuzz.json", &err)) {
		if (parts)
			abort();
	} else {
		if (!parts || !same_samples(parts, &results))
			abort();
		results_free(&results);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	unsigned int turn = turn_of(bytes, size);
	const struct format *format;
	size_t nr_formats = 0;
	struct results results, twin;
	struct error err = { 0 };

	while (formats[nr_formats])
		nr_formats++;
	format = formats[turn % (nr_formats + 1)];
	turn /= nr_formats + 1;
	if (results_parse(&results, (const char *)bytes, size, "fuzz.json", &err)) {
		if (!err.code || strncmp(err.text, "fuzz.json:", 10))
			abort();
		check_printed(err.text, strlen(err.text));
		if (turn % 8 == 0)
			check_whole(bytes, size, NULL);
		return 0;
	}
	if (turn % 8 == 0) {
		if (!is_json(bytes, size))
			abort();
		check_whole(bytes, size, &results);
	} else if (turn % 8 == 1) {
		if (results_parse(&twin, (const char *)bytes, size, "fuzz.json", &err) ||
		    results_merge(&results, &twin, &err))
			abort();
		results_free(&twin);
		print(&results, format);
	} else if (turn % 8 == 2) {
		print(&results, format);
	}
	results_free(&results);
	return 0;
}

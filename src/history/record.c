// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "result/results.h"
#include "stats/summary.h"

#define HEAD_BYTES 4096 /* of a file, in which its schema must stand */

static char *fact_copy(const struct results *results, const char *name)
{
	char text[RESULTS_MAX_TEXT + 1];
	const char *value = fact_value(&results->environment, name, text, sizeof(text));

	return strdup(value ? value : "");
}

/* Facts of a group in one text: "a=1 b=2". */
static char *facts_copy(const struct results *results, const char *group)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < results->environment.nr; i++) {
		const char *name = results->environment.items[i].name;
		autofree char *value = NULL;

		if (strncmp(name, group, strlen(group)))
			continue;
		value = fact_copy(results, name);
		fprintf(out, "%s%s=%s", ftell(out) ? " " : "", name, value);
	}
	fclose(out);
	return text;
}

static void take_setup(struct record *record, const struct results *results)
{
	static const char *const facts[NR_SETUP_FIELDS] = {
		[SETUP_CPU] = "cpu.model",          [SETUP_CPUS] = "cpu.online",
		[SETUP_NODES] = "numa.nodes",       [SETUP_HYPERVISOR] = "hypervisor",
		[SETUP_ACCEL] = "lab.accel",        [SETUP_ARCH] = "kernel.arch",
		[SETUP_PAGE] = "memory.page_bytes",
	};
	char number[16];

	for (size_t i = 0; i < NR_SETUP_FIELDS; i++)
		if (facts[i])
			record->fields[i] = fact_copy(results, facts[i]);
	snprintf(number, sizeof(number), "%u", results->benchmark);
	record->fields[SETUP_CLOCK] = strdup(results_unit(results));
	record->fields[SETUP_CACHE] = facts_copy(results, "lab.cache");
	record->fields[SETUP_BENCHMARK] = strdup(number);
	record->fields[SETUP_SOURCE] = strdup(results->imported ? results->imported : "");
}

/* The configuration and what else may explain a change and begins no series. */
static char *config_text(const struct results *results)
{
	static const char config[] = "kernel.config.";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < results->environment.nr; i++) {
		const char *name = results->environment.items[i].name;
		autofree char *value = NULL;

		if (strncmp(name, config, strlen(config)) && strcmp(name, "cpu.microcode"))
			continue;
		value = fact_copy(results, name);
		fprintf(out, "%s=%s\n",
			strncmp(name, config, strlen(config)) ? "microcode" : name + strlen(config),
			value);
	}
	fclose(out);
	return text;
}

static void value_add(struct record *record, const char *key, unsigned int metric, double value,
		      size_t nr_runs)
{
	if (!isfinite(value))
		return;
	record->values[record->nr_values++] =
		(struct record_value){ key, metric, value, record->nr_runs - nr_runs, nr_runs };
}

static void take_times(struct record *record, const struct result *result, const char *key)
{
	autofree struct run_number *numbers = calloc(result->nr_runs + 1, sizeof(*numbers));

	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		struct summary summary;
		size_t nr;

		if (!result_summary(result, metric, &summary))
			continue;
		nr = result_numbers(result, metric, 0.5, numbers);
		record->runs = reallocarray(record->runs, record->nr_runs + nr, sizeof(double));
		for (size_t i = 0; i < nr; i++)
			record->runs[record->nr_runs++] = numbers[i].value;
		value_add(record, key, metric, summary.median, nr);
	}
}

static void take_counts(struct record *record, const struct result *result, const char *key)
{
	double rate;

	if (result_hit_rate(result, &rate))
		value_add(record, key, HISTORY_HIT_RATE, rate, 0);
	for (unsigned int count = 0; count < NR_COUNTS; count++)
		if (count_known(result, count))
			value_add(record, key, HISTORY_COUNT + count,
				  (double)result->counts.value[count], 0);
}

static void take_results(struct record *record, const struct results *results)
{
	record->keys = calloc(results->nr + 1, sizeof(*record->keys));
	record->values = calloc(results->nr * NR_HISTORY_METRICS + 1, sizeof(*record->values));
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];
		char *key;

		if (result->status != STATUS_DONE)
			continue;
		key = record->keys[record->nr_keys++] = strdup(result->key);
		take_times(record, result, key);
		take_counts(record, result, key);
	}
}

static char *own(const char *text)
{
	return strdup(text ? text : "");
}

static void take_facts(struct record *record, const struct results *results)
{
	struct history_file *file = &record->file;

	file->label = own(results->label);
	file->started = own(results->started);
	file->tool = own(results->tool_version);
	file->digest = own(results->nr_files ? results->files[0].digest : NULL);
	file->release = fact_copy(results, "kernel.release");
	file->build = fact_copy(results, "kernel.version");
	file->image = fact_copy(results, "lab.image");
	text_hide_home(file->label);
	take_setup(record, results);
	record->config = config_text(results);
}

/* What cannot be read and does not begin as a result of pinbench does is another tool's. */
static bool is_foreign(const char *path)
{
	char head[HEAD_BYTES + 1];
	autofclose FILE *file = fopen(path, "re");
	size_t got = file ? fread(head, 1, HEAD_BYTES, file) : 0;

	head[got] = '\0';
	return file && !strstr(head, "\"urn:pinbench:");
}

void record_read(struct record *record, const char *path)
{
	struct results results = { 0 };
	struct error err = { 0 };

	*record = (struct record){ .file.state = HISTORY_RESULT };
	if (results_load(&results, path, &err)) {
		bool foreign = is_foreign(path);

		text_plain(err.text);
		text_hide_home(err.text);
		record->file.state = foreign ? HISTORY_OTHER : HISTORY_BROKEN;
		record->file.why = strdup(foreign ? "no result of pinbench" : err.text);
		return;
	}
	if (!results.complete) {
		record->file.state = HISTORY_UNFINISHED;
		record->file.why = strdup("its run has not ended");
	} else {
		take_facts(record, &results);
		take_results(record, &results);
	}
	results_free(&results);
}

void record_free(struct record *record)
{
	history_file_free(&record->file);
	for (size_t i = 0; i < NR_SETUP_FIELDS; i++)
		free(record->fields[i]);
	for (size_t i = 0; i < record->nr_keys; i++)
		free(record->keys[i]);
	free(record->keys);
	free(record->config);
	free(record->values);
	free(record->runs);
}

void record_add(const struct record *record, struct history *history)
{
	struct history_file file = record->file;
	const char *before = NULL;
	size_t key = 0, place;

	if (file.state == HISTORY_RESULT) {
		file.setup = history_add_setup(history, record->fields);
		file.config = names_add(&history->configs, record->config);
	}
	place = history_add_file(history, &file);
	for (size_t i = 0; i < record->nr_values; i++) {
		const struct record_value *value = &record->values[i];

		if (value->key != before)
			key = names_add(&history->keys, value->key);
		before = value->key;
		history_add_point(history, key, value->metric,
				  &(struct history_point){ place, value->value,
							   (unsigned int)value->nr_runs });
	}
}

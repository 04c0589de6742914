// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/export.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "compare/side.h"
#include "print/heading.h"
#include "print/public.h"

#define ENTER(name) &export_##name,

const struct export_format *const export_formats[] = { EXPORTS(ENTER) NULL };

const struct export_format *export_format_find(const char *name)
{
	for (size_t i = 0; export_formats[i]; i++)
		if (strcmp(export_formats[i]->name, name) == 0)
			return export_formats[i];
	return NULL;
}

const char *export_unit(const struct export_result *result)
{
	return result->icount ? "instructions" : "ns";
}

/* Every text leaves through here. */
static char *text_of(const char *text)
{
	char *copy = strdup(text ? text : "");

	text_plain(copy);
	public_text(copy, NULL);
	return copy;
}

static char *text_or_null(const char *text)
{
	return text ? text_of(text) : NULL;
}

static char *fact_of(const struct results *results, const char *name)
{
	char value[RESULTS_MAX_TEXT + 1];

	return text_of(public_fact(&results->environment, name, value, sizeof(value)) ? value : "");
}

/* Times of an emulator must not be in one series with those of the machine that it emulates. */
static char *machine_of(const struct results *results)
{
	char hardware[400];
	char text[sizeof(hardware) + 16];

	hardware_format(results, hardware, sizeof(hardware));
	snprintf(text, sizeof(text), "%s%s", hardware, emulated_note(results) ? ", emulated" : "");
	return text_of(text);
}

static time_t time_of(const char *started)
{
	struct tm tm = { 0 };
	const char *end = started ? strptime(started, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;

	return end && !*end ? timegm(&tm) : -1;
}

static void take_case(struct export_case *into, const struct result *from)
{
	into->key = text_of(from->key);
	into->params = from->params;
	into->status = from->status;
	into->why = text_or_null(from->why);
	into->fix = text_or_null(from->fix);
	into->warnings = calloc(from->nr_warnings + 1, sizeof(*into->warnings));
	for (; into->nr_warnings < from->nr_warnings; into->nr_warnings++)
		into->warnings[into->nr_warnings] = text_of(from->warnings[into->nr_warnings]);
	/* a case that failed may have samples, which are no measurement */
	if (from->status != STATUS_DONE)
		return;
	for (size_t metric = 0; metric < NR_METRICS; metric++) {
		struct export_time *time = &into->times[into->nr_times];

		time->metric = (enum metric)metric;
		into->nr_times += result_summary(from, time->metric, &time->summary);
	}
	into->hit_known = result_hit_range(from, &into->hit);
	into->counts = from->counts;
	into->nr_pages = result_pages(from);
}

static void take_results(struct export *export, const struct results *results)
{
	struct export_result *into;
	const struct fact *page = fact_find(&results->environment, "memory.page_bytes");

	export->results = reallocarray(export->results, export->nr + 1, sizeof(*export->results));
	into = &export->results[export->nr++];
	*into = (struct export_result){
		.label = text_of(results->label),
		.release = fact_of(results, "kernel.release"),
		.version = text_of(results->tool_version),
		.machine = machine_of(results),
		.started = text_of(results->started),
		.time = time_of(results->started),
		.duration_s = results->duration_s,
		.benchmark = results->benchmark ? results->benchmark : RESULTS_BENCHMARK,
		.complete = results->complete,
		.icount = results->icount,
		.imported = results->imported != NULL,
		.cases = calloc(results->nr + 1, sizeof(*into->cases)),
	};
	if (page && page->kind == FACT_NUMBER)
		size_format((uint64_t)page->number, into->page_size, sizeof(into->page_size));
	if (results->nr_files)
		memcpy(into->digest, results->files[0].digest, sizeof(into->digest));
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];

		if (export->pattern && fnmatch(export->pattern, result->key, 0))
			continue;
		into->nr_of[result->status]++;
		take_case(&into->cases[into->nr++], result);
	}
}

static bool is_copy(const struct export *export, const struct results *results)
{
	for (size_t i = 0; i < export->nr && results->nr_files; i++)
		if (strcmp(export->results[i].digest, results->files[0].digest) == 0)
			return true;
	return false;
}

/* @given: the label from the command line, or NULL. */
static int add_file(struct export *export, const char *path, const char *given, struct error *err)
{
	struct results results = { 0 };
	int rc = results_load(&results, path, err);

	if (!rc && export->timed && time_of(results.started) < 0) {
		error_set(err, EINVAL, "%s: \"started\" does not say when it was measured", path);
		rc = error_fix(err, "an imported log has no time: export it as prometheus or csv");
	}
	if (!rc && is_copy(export, &results)) {
		export->nr_copies++;
	} else if (!rc) {
		if (given) {
			free(results.label);
			results.label = strdup(given);
		}
		take_results(export, &results);
	}
	results_free(&results);
	return rc;
}

static int is_json(const struct dirent *entry)
{
	return results_is_file_name(entry->d_name);
}

/* An error that says nothing about the file must not look like a file of another tool. */
static bool is_of_file(const struct error *why)
{
	return why->code != EIO && why->code != EACCES && why->code != EMFILE &&
	       why->code != ENFILE && why->code != ENOMEM;
}

static void list_free(struct dirent **entries, int nr)
{
	for (int i = 0; i < nr; i++)
		free(entries[i]);
	free(entries);
}

static int add_directory(struct export *export, const char *path, const char *given,
			 struct error *err)
{
	struct dirent **entries = NULL;
	size_t before = export->nr + export->nr_copies, nr_unusable = 0;
	int nr = scandir(path, &entries, is_json, alphasort), rc = 0;

	if (nr < 0)
		return error_errno(err, errno, "%s", path);
	for (int i = 0; i < nr && !rc; i++) {
		struct error why = { 0 };
		autofree char *file = NULL;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		if (!add_file(export, file, given, &why))
			continue;
		if (!is_of_file(&why))
			rc = -why.code;
		if (rc || nr_unusable++ == 0)
			*err = why;
		if (export->nr_unusable++ == 0)
			export->unusable = why;
	}
	list_free(entries, nr);
	if (rc)
		return rc;
	if (export->nr + export->nr_copies > before)
		return 0;
	if (nr_unusable)
		return err->code ? -err->code : -EINVAL;
	error_set(err, ENOENT, "%s: no *.json in this directory", path);
	return error_fix(err, "name a result file, or the directory that has them");
}

int export_add(struct export *export, const char *argument, struct error *err)
{
	const char *path = side_path(argument);
	autofree char *given = NULL;
	struct stat status;

	if (path != argument)
		given = strndup(argument, (size_t)(path - argument) - 1);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return add_directory(export, path, given, err);
	return add_file(export, path, given, err);
}

static void case_free(struct export_case *item)
{
	free(item->key);
	free(item->why);
	free(item->fix);
	for (size_t i = 0; i < item->nr_warnings; i++)
		free(item->warnings[i]);
	free(item->warnings);
}

static void result_free(struct export_result *result)
{
	free(result->label);
	free(result->release);
	free(result->version);
	free(result->machine);
	free(result->started);
	free(result->series);
	for (size_t i = 0; i < result->nr; i++)
		case_free(&result->cases[i]);
	free(result->cases);
}

void export_drop_older(struct export *export, size_t nr)
{
	export->nr_older += export->nr - nr;
	while (export->nr > nr)
		result_free(&export->results[--export->nr]);
}

void export_free(struct export *export)
{
	for (size_t i = 0; i < export->nr; i++)
		result_free(&export->results[i]);
	free(export->results);
	*export = (struct export){ 0 };
}

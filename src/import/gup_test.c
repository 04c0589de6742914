// SPDX-License-Identifier: GPL-2.0-or-later
#include "import/gup_test.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "import/log.h"

#define CLOCK      "gup-test-us"
#define QUANTUM_NS 1000u
#define RUN_VALUES 32u /* values of a run in a result file beside its samples, generously */

/* --- sections --- */

/* Its first group, of @nr. */
static const struct group *section_group(const struct log *log, size_t section, size_t *nr)
{
	const struct group *first = NULL;

	*nr = 0;
	for (size_t i = log->nr_groups; i-- > 0;) {
		if (!log->groups[i].nr || log->groups[i].section != section)
			continue;
		first = &log->groups[i];
		++*nr;
	}
	return first;
}

/* The line above it, and what kernel or mail it is from. */
static void title_format(const struct log *log, size_t section, char *title)
{
	size_t nr;
	const struct group *group = section_group(log, section, &nr);
	const char *release = group->kernel.release, *subject = "";

	for (size_t i = 0; i < log->nr_groups; i++) /* of one mail it would tell nothing */
		if (strcmp(log->groups[i].subject, group->subject) != 0)
			subject = group->subject;
	if (group->title[0] && nr == 1)
		snprintf(title, 100, "%.69s%s%.25s%s", group->title,
			 *release || *subject ? " (" : "", *release ? release : subject,
			 *release || *subject ? ")" : "");
	else if (*release)
		snprintf(title, 100, "kernel %.60s", release);
	else
		snprintf(title, 100, "%s", *subject ? subject : "no heading");
	text_plain(title);
}

/* Whether @words stand in @title as whole words, in any case: "with" is not in "Without this
 * patch". */
static bool words_in(const char *title, const char *words)
{
	size_t size = strlen(words);

	for (const char *at = title; size && (at = strcasestr(at, words)); at++)
		if ((at == title || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[size]))
			return true;
	return false;
}

/* The section that was asked for, by number or by words that only one title holds. */
static int section_choose(const struct log *log, const char *name, const char *wanted,
			  size_t *chosen, struct error *err)
{
	char list[500] = "", title[100], *end = title;
	size_t number = wanted ? strtoul(wanted, &end, 10) : 0, used = 0, nr = 0, ignored;
	bool counted = number && !*end && number <= log->nr_sections;

	for (size_t i = 0; i < log->nr_sections; i++) {
		title_format(log, i, title);
		if (!wanted   ? log->nr_sections == 1
		    : counted ? i + 1 == number
			      : words_in(title, wanted)) {
			*chosen = i;
			nr++;
		}
		if (used < 300)
			used += snprintf(list + used, sizeof(list) - used,
					 "%s%zu \"%.70s\" (line %zu)", i ? ", " : "", i + 1, title,
					 section_group(log, i, &ignored)->line);
		else
			strcpy(list + used, ", ...");
	}
	if (nr == 1)
		return 0;
	if (!wanted)
		error_set(err, EMLINK,
			  "%.100s: figures in %zu sections, which are not to be mixed: %s", name,
			  log->nr_sections, list);
	else
		error_set(err, EINVAL,
			  "--section %.40s: %s section is called so. %.100s: there are: %s", wanted,
			  nr ? "more than one" : "no", name, list);
	return error_fix(err, "--section 1 -o base.json, then --section 2 -o new.json");
}

static int nothing_found(const struct log *log, const char *name, struct error *err)
{
	error_set(err, ENODATA,
		  "%s: no figures of gup_test%s; looked for lines as \"PIN_FAST_BENCHMARK: Time: "
		  "get:123 put:45 us\" "
		  "and \"Time: get:123 put:45 us\"",
		  name, log->nr_silent ? ", only tests that print none" : "");
	return error_fix(err, "log what gup_test -a, -u or -L prints");
}

/* --- the report --- */

/* What became of one case in the section: the first process whose status decides it. */
struct tally {
	size_t nr, nr_same, result;
	const struct process *first;
};

static void run_add(struct result *result, const struct log *log, const struct process *process)
{
	const struct log_figure *figures = &log->figures[process->first];
	struct run *run = result_add_run(result);

	run->nr_samples = process->nr;
	run->samples = calloc(process->nr, sizeof(*run->samples));
	for (size_t i = 0; i < process->nr; i++) {
		run->samples[i].have = 1u << METRIC_PIN | (unsigned int)figures[i].put_known
								  << METRIC_UNPIN;
		run->samples[i].ticks[METRIC_PIN] = figures[i].get_us * 1000;
		run->samples[i].ticks[METRIC_UNPIN] = figures[i].put_us * 1000;
	}
	for (int metric = METRIC_PIN; metric <= METRIC_UNPIN; metric++) {
		if (!(run->samples[0].have >> metric & 1))
			continue;
		strcpy(run->clock[metric], CLOCK);
		run->quantum[metric] = QUANTUM_NS;
	}
	if (process->why)
		result_warn(result, "%s", process->why);
	if (process->nr_expected && process->nr % process->nr_expected)
		result_warn(result,
			    "line %zu: the log has %zu of the %llu figures that this call prints",
			    process->line, process->nr, (unsigned long long)process->nr_expected);
}

static void result_fill(struct result *result, const struct log_case *kind,
			const struct tally *tally)
{
	result->params = kind->params;
	result->status = tally->first->status;
	if (kind->call[0])
		fact_text(&result->truth, kind->call, "call");
	if (result->status == STATUS_DONE && !kind->known)
		result_warn(result, "the log does not show how gup_test was called: these may be "
				    "different cases");
	if (result->status != STATUS_DONE && tally->nr == 1)
		result->why = strdup(tally->first->why);
	else if (result->status != STATUS_DONE &&
		 asprintf(&result->why, "%s (%zu of %zu processes)", tally->first->why,
			  tally->nr_same, tally->nr) < 0)
		abort();
	if (result->status == STATUS_SKIPPED)
		result->fix = strdup("a kernel with CONFIG_GUP_TEST=y, debugfs mounted, as root");
}

static int results_fill(struct results *results, const struct log *log, size_t section,
			const char *name, struct error *err)
{
	static const int rank[NR_STATUS] = { [STATUS_DONE] = 1, [STATUS_FAILED] = 2 };
	autofree struct tally *tallies = calloc(log->nr_cases + 1, sizeof(*tallies));
	size_t nr_values = 0, nr_figures = 0;

	for (size_t i = 0; i < log->nr_processes; i++) {
		const struct process *process = &log->processes[i];
		struct tally *tally = &tallies[process->kind->index];

		if (log->groups[process->group].section != section)
			continue;
		if (!tally->nr++) {
			tally->result = results->nr;
			results_add(results, process->kind->key);
		}
		if (!tally->first || rank[process->status] > rank[tally->first->status]) {
			tally->first = process;
			tally->nr_same = 0;
		}
		tally->nr_same += process->status == tally->first->status;
		nr_values += RUN_VALUES + 2 * process->nr;
		nr_figures += process->nr;
		if (nr_values > RESULTS_MAX_VALUES || nr_figures > RESULTS_MAX_SAMPLES ||
		    tally->nr_same > RESULTS_MAX_RUNS || results->nr > RESULTS_MAX_RESULTS) {
			error_set(err, E2BIG,
				  "%.200s:%zu: more than a result file holds: %u cases, %u "
				  "processes of one case, %u figures",
				  name, process->line, RESULTS_MAX_RESULTS, RESULTS_MAX_RUNS,
				  RESULTS_MAX_SAMPLES);
			return error_fix(err, "import the log in parts");
		}
	}
	for (size_t i = 0; i < log->nr_processes; i++) {
		const struct process *process = &log->processes[i];
		const struct tally *tally = &tallies[process->kind->index];
		struct result *result = &results->items[tally->result];

		if (log->groups[process->group].section != section)
			continue;
		if (process == tally->first)
			result_fill(result, process->kind, tally);
		/* a case of which one process failed has no figures at all */
		if (tally->first->status == STATUS_DONE && process->status == STATUS_DONE)
			run_add(result, log, process);
	}
	return 0;
}

int import_gup_test(struct results *results, const char *text, size_t size, const char *name,
		    const char *section, char *title, struct error *err)
{
	const struct kernel *kernel;
	struct log log;
	size_t chosen = 0, nr;
	int rc;

	*results = (struct results){ 0 };
	rc = log_read(&log, text, size, name, err);
	if (rc)
		return rc;
	rc = log.nr_processes ? section_choose(&log, name, section, &chosen, err)
			      : nothing_found(&log, name, err);
	if (!rc) {
		title_format(&log, chosen, title);
		kernel = &section_group(&log, chosen, &nr)->kernel;
		if (kernel->release[0])
			fact_text(&results->environment, kernel->release, "kernel.release");
		if (kernel->version[0])
			fact_text(&results->environment, kernel->version, "kernel.version");
		if (kernel->arch[0])
			fact_text(&results->environment, kernel->arch, "kernel.arch");
		rc = results_fill(results, &log, chosen, name, err);
	}
	log_free(&log);
	if (rc) {
		results_free(results);
		return rc;
	}
	results->imported = strdup("gup_test log");
	results->complete = true;
	return 0;
}

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

/* @why the sections are listed; their list. */
static int sections_list(const struct log *log, int code, const char *why, struct error *err)
{
	char text[400] = "", title[100];
	size_t used = 0, i, nr;

	for (i = 0; i < log->nr_sections && used < 300; i++) {
		title_format(log, i, title);
		used += snprintf(text + used, sizeof(text) - used, "%s%zu \"%.70s\" (line %zu)",
				 i ? ", " : "", i + 1, title, section_group(log, i, &nr)->line);
	}
	error_set(err, code, "%s: %s%s", why, text, i < log->nr_sections ? ", ..." : "");
	return error_fix(err, "--section 1 -o base.json, then --section 2 -o new.json");
}

/* The section that was asked for, by number or by words that only one title holds. */
static int section_choose(const struct log *log, const char *name, const char *wanted,
			  size_t *chosen, struct error *err)
{
	char title[100], why[200], *end = title;
	size_t number = wanted ? strtoul(wanted, &end, 10) : 0, nr = 0;
	bool counted = wanted && isdigit((unsigned char)*wanted) && !*end && number &&
		       number <= log->nr_sections;

	snprintf(why, sizeof(why), "%.100s: figures in %zu sections, which are not to be mixed",
		 name, log->nr_sections);
	*chosen = 0;
	if (!wanted)
		return log->nr_sections == 1 ? 0 : sections_list(log, EMLINK, why, err);
	for (size_t i = 0; i < log->nr_sections; i++) {
		title_format(log, i, title);
		if (counted ? i + 1 != number : !words_in(title, wanted))
			continue;
		*chosen = i;
		nr++;
	}
	if (nr == 1)
		return 0;
	snprintf(why, sizeof(why), "--section %.40s: %s section is called so. %.100s: there are",
		 wanted, nr ? "more than one" : "no", name);
	return sections_list(log, EINVAL, why, err);
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

/* What became of one case in the section. */
struct tally {
	size_t nr[NR_STATUS], nr_figures;
	const struct process *first[NR_STATUS];
	size_t result;
};

static void result_add(struct results *results, const struct log_case *kind, struct tally *tally)
{
	enum status status = tally->nr[STATUS_FAILED] ? STATUS_FAILED
			     : tally->nr[STATUS_DONE] ? STATUS_DONE
						      : STATUS_SKIPPED;
	const struct process *reason = tally->first[status];
	size_t nr = tally->nr[STATUS_DONE] + tally->nr[STATUS_FAILED] + tally->nr[STATUS_SKIPPED];
	struct result *result = results_add(results, kind->key);

	tally->result = results->nr - 1;
	result->params = kind->params;
	result->status = status;
	if (kind->call[0])
		fact_text(&result->truth, kind->call, "call");
	if (status == STATUS_DONE) {
		if (!kind->known)
			result_warn(result, "the log does not show how gup_test was called: these "
					    "may be different cases");
		return;
	}
	if (nr > 1) {
		if (asprintf(&result->why, "%s (%zu of %zu processes)", reason->why,
			     tally->nr[status], nr) < 0)
			abort();
	} else {
		result->why = strdup(reason->why);
	}
	if (status == STATUS_SKIPPED)
		result->fix = strdup("a kernel with CONFIG_GUP_TEST=y, debugfs mounted, as root");
}

/* A run for each process, unless these may have been different cases: then they replicate nothing.
 */
static struct run *run_for(struct result *result, const struct process *process,
			   const struct log_figure *first)
{
	unsigned int have = 1u << METRIC_PIN | (unsigned int)first->put_known << METRIC_UNPIN;
	struct run *run = result->nr_runs ? &result->runs[result->nr_runs - 1] : NULL;

	if (!run || process->kind->known || run->samples[0].have != have)
		run = result_add_run(result);
	run->samples =
		reallocarray(run->samples, run->nr_samples + process->nr, sizeof(*run->samples));
	if (!run->samples)
		abort();
	return run;
}

static void run_add(struct result *result, const struct log *log, const struct process *process)
{
	struct run *run = run_for(result, process, &log->figures[process->first]);

	for (size_t i = 0; i < process->nr; i++) {
		const struct log_figure *figure = &log->figures[process->first + i];
		struct sample *sample = &run->samples[run->nr_samples++];

		*sample = (struct sample){ .have = 1u << METRIC_PIN };
		sample->have |= (unsigned int)figure->put_known << METRIC_UNPIN;
		sample->ticks[METRIC_PIN] = figure->get_us * 1000;
		sample->ticks[METRIC_UNPIN] = figure->put_us * 1000;
	}
	for (int metric = METRIC_PIN; metric <= METRIC_UNPIN; metric++) {
		if (!(run->samples[0].have >> metric & 1))
			continue;
		strcpy(run->clock[metric], CLOCK);
		run->quantum[metric] = QUANTUM_NS;
	}
	if (process->nr_expected && process->nr % process->nr_expected)
		result_warn(result,
			    "line %zu: the log has %zu of the %llu figures that this call prints",
			    process->line, process->nr, (unsigned long long)process->nr_expected);
}

static int results_fill(struct results *results, const struct log *log, size_t section,
			const char *name, struct error *err)
{
	autofree struct tally *tallies = calloc(log->nr_cases + 1, sizeof(*tallies));
	size_t nr_values = 0;
	int rc = 0;

	if (!tallies)
		abort();
	for (size_t i = 0; i < log->nr_processes; i++) {
		const struct process *process = &log->processes[i];
		struct tally *tally = &tallies[process->kind->index];

		if (log->groups[process->group].section != section)
			continue;
		if (!tally->nr[process->status]++)
			tally->first[process->status] = process;
		nr_values += RUN_VALUES + 2 * process->nr;
	}
	for (size_t i = 0; !rc && i < log->nr_cases; i++) {
		if (tallies[i].nr[STATUS_DONE] > RESULTS_MAX_RUNS) {
			error_set(err, E2BIG,
				  "%.200s: %.200s: %zu processes of one case, a result holds %u",
				  name, log->cases[i]->key, tallies[i].nr[STATUS_DONE],
				  RESULTS_MAX_RUNS);
			rc = error_fix(err, "import the log in parts");
		} else if (tallies[i].first[STATUS_DONE] || tallies[i].first[STATUS_FAILED] ||
			   tallies[i].first[STATUS_SKIPPED]) {
			result_add(results, log->cases[i], &tallies[i]);
		}
	}
	if (!rc && nr_values > RESULTS_MAX_VALUES) {
		error_set(err, E2BIG, "%s: more figures than the %u values of a result file", name,
			  RESULTS_MAX_VALUES);
		rc = error_fix(err, "import the log in parts");
	}
	for (size_t i = 0; !rc && i < log->nr_processes; i++) {
		const struct process *process = &log->processes[i];
		const struct tally *tally = &tallies[process->kind->index];

		/* a case of which one process failed has no figures at all */
		if (log->groups[process->group].section == section &&
		    process->status == STATUS_DONE && !tally->nr[STATUS_FAILED])
			run_add(&results->items[tally->result], log, process);
	}
	return rc;
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

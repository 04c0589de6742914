// SPDX-License-Identifier: GPL-2.0-or-later
/* What the verbs share. */
#include "cmd/cmd.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/outfile.h"
#include "base/text.h"
#include "host/journal.h"

int cmd_fail(const struct error *err, int exit_code)
{
	struct error plain = *err;

	/* the name of a file in somebody else's directory may be anything */
	text_plain(plain.text);
	text_plain(plain.fix);
	fprintf(stderr, "pinbench: %s\n", plain.text);
	if (plain.fix[0])
		fprintf(stderr, "  try: %s\n", plain.fix);
	return exit_code;
}

void cmd_parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input)
{
	error_t code = argp_parse(argp, argc, argv, flags, NULL, input);

	if (!code)
		return;
	fprintf(stderr, "%s: the options cannot be read: %s\n", argv[0], strerror(code));
	exit(argp_err_exit_status);
}

void cmd_utc_now(char *text, size_t size, const char *format)
{
	time_t now = time(NULL);
	struct tm utc;

	strftime(text, size, format, gmtime_r(&now, &utc));
}

int cmd_label_check(const char *label, struct error *err)
{
	if (text_is_word(label) && strlen(label) <= 64 && !strchr(label, '/') && label[0] != '.' &&
	    label[0] != '-')
		return 0;
	return error_set(err, EINVAL,
			 "--label: up to 64 printable characters without space or '/', not "
			 "starting with '.' or '-'");
}

int cmd_result_name(const char *label, const char *utc, char *path, struct error *err)
{
	if (outfile_directory("results", err))
		return -err->code;
	snprintf(path, RESULTS_PATH_MAX, "results/%.100s-%.30s.json", label, utc);
	return 0;
}

int cmd_result_file(struct result_file *file, const char *output, const char *label,
		    struct error *err)
{
	char utc[32];

	file->is_new = !output;
	if (output)
		return snprintf(file->path, sizeof(file->path), "%s", output) <
				       (int)sizeof(file->path)
			       ? 0
			       : error_set(err, ENAMETOOLONG, "--output: %s", output);
	cmd_utc_now(utc, sizeof(utc), "%Y%m%dT%H%M%SZ");
	return cmd_result_name(label, utc, file->path, err);
}

int cmd_result_save(struct result_file *file, const struct results *results, struct error *err)
{
	char *path = file->path;
	int rc = file->is_new ? results_save_new(&results, &path, 1, err)
			      : results_save(results, path, err);

	if (!rc)
		file->is_new = false;
	return rc;
}

int cmd_exit_code(const struct results *results)
{
	size_t nr[NR_STATUS] = { 0 };

	for (size_t i = 0; i < results->nr; i++)
		nr[results->items[i].status]++;
	if (nr[STATUS_FAILED])
		return EXIT_CASE_FAILED;
	return nr[STATUS_DONE] ? EXIT_DONE : EXIT_NOTHING_RAN;
}

uint64_t cmd_number(struct argp_state *state, const char *name, const char *text, uint64_t min,
		    uint64_t max)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (end == text || *end || *text == '-' || errno || number < min || number > max)
		argp_error(state, "%s \"%s\": a number from %llu to %llu", name, text,
			   (unsigned long long)min, (unsigned long long)max);
	return number;
}

double cmd_real(struct argp_state *state, const char *name, const char *text, const char *unit,
		double min, double max)
{
	char *end;
	double number = strtod(text, &end);

	if (end != text && strcmp(end, unit) == 0)
		end += strlen(unit);
	if (end == text || *end || !(number >= min && number <= max))
		argp_error(state, "%s \"%s\": a number from %g to %g, in %s", name, text, min, max,
			   unit);
	return number;
}

void cmd_recover(void)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };
	int rc = journal_recover(&report, &err);

	for (size_t i = 0; i < report.nr; i++)
		fprintf(stderr, "pinbench: after a run that was killed: %s\n", report.lines[i]);
	if (rc)
		cmd_fail(&err, 0);
	journal_report_free(&report);
}

void cmd_word_tell(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=-+/@%";

	if (*word && !word[strspn(word, plain)]) {
		fputs(word, stderr);
		return;
	}
	fputc('\'', stderr);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (const char[]){ *word, '\0' }, stderr);
	fputc('\'', stderr);
}

size_t cmd_word_take(struct argp_state *state, const char *what, const char *word,
		     const char *(*nth)(const void *context, size_t i))
{
	const char *near;
	size_t i = 0;

	while (nth(NULL, i) && strcmp(nth(NULL, i), word))
		i++;
	if (nth(NULL, i))
		return i;
	near = suggest_word(word, nth, NULL);
	argp_error(state, "no %s \"%s\"%s%s%s", what, word, near ? "; did you mean \"" : "",
		   near ? near : "", near ? "\"?" : "");
	return 0;
}

int cmd_output_try(const struct result_file *file, struct error *err)
{
	struct outfile out;
	int rc;

	if (strcmp(file->path, "-") == 0)
		return 0;
	rc = outfile_open(&out, file->path, err);
	outfile_close(&out);
	return rc;
}

static bool reason_same(const struct plan_case *a, const struct plan_case *b)
{
	return strcmp(a->skip_why, b->skip_why) == 0 && strcmp(a->skip_fix, b->skip_fix) == 0 &&
	       a->broken == b->broken;
}

/* Cases are in blocks of one reason more often than not: comparing with all before is quick enough
 * for a screen. */
static void reasons_print(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *first = &plan->cases[i];
		size_t nr = 1, before = 0;

		if (!first->skip_why[0])
			continue;
		while (before < i && !reason_same(&plan->cases[before], first))
			before++;
		if (before < i)
			continue;
		for (size_t k = i + 1; k < plan->nr; k++)
			nr += reason_same(&plan->cases[k], first);
		printf("%s %zu: %s\n", first->broken ? "failed" : "skipped", nr, first->skip_why);
		if (first->skip_fix[0])
			printf("  try: %s\n", first->skip_fix);
	}
}

void cmd_plan_print(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *plan_case = &plan->cases[i];

		if (plan_case->skip_why[0]) {
			printf("%s  %s\n", plan_case->broken ? "fail" : "skip", plan_case->key);
			continue;
		}
		printf("run   %s  %u samples", plan_case->key, plan_case->samples);
		if (plan_case->runs > 1)
			printf(" x %u runs", plan_case->runs);
		putchar('\n');
	}
	reasons_print(plan);
	printf("%zu case%s: %zu to run, %zu skipped", plan->nr, plan->nr == 1 ? "" : "s",
	       plan->nr - plan->nr_skipped - plan->nr_broken, plan->nr_skipped);
	if (plan->nr_broken)
		printf(", %zu failed", plan->nr_broken);
	putchar('\n');
}

int cmd_plan_exit_code(const struct plan *plan)
{
	if (plan->nr_broken)
		return EXIT_CASE_FAILED;
	return plan->nr_skipped == plan->nr ? EXIT_NOTHING_RAN : EXIT_DONE;
}

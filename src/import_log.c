// SPDX-License-Identifier: GPL-2.0-or-later
#include "import_log.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

#define MAX_DEPTH 8u

/* What is known at a line of the log. */
struct scan {
	struct log *log;
	const char *name;
	struct error *err;
	struct lines lines;
	struct line *line;
	char title[MAX_DEPTH + 1][80];
	struct kernel kernel;
	struct gup_call call;
	bool called;             /* @call is what prints now */
	unsigned int call_depth;
	struct process process;  /* the one that prints; without figures and done: none */
	enum gup_bench bench;    /* of its last figure */
};

static void *grow(void *items, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return items;
	items = reallocarray(items, nr ? nr * 2 : 1, size);
	if (!items)
		abort();
	return items;
}

static int too_many(struct scan *scan, size_t most, const char *what)
{
	error_set(scan->err, E2BIG, "%s:%zu: more than %zu %s", scan->name, scan->line->number, most, what);
	return error_fix(scan->err, "import the log in parts");
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct log_case *)a)->key, ((const struct log_case *)b)->key);
}

/* The case of a figure, or of a process that printed none. */
static int case_find(struct scan *scan, enum gup_bench bench, const struct gup_label *label,
		     const struct log_case **found)
{
	struct log *log = scan->log;
	struct log_case wanted = { .index = log->nr_cases }, *new;
	const struct gup_call *call = scan->called ? &scan->call : NULL;
	struct log_case *const *slot;

	gup_case(call, bench, label, &wanted.params, wanted.key);
	slot = tfind(&wanted, &log->tree, compare_keys);
	if (slot) {
		*found = *slot;
		return 0;
	}
	if (log->nr_cases == REPORT_MAX_RESULTS)
		return too_many(scan, REPORT_MAX_RESULTS, "cases");
	wanted.known = call && call->understood;
	if (call)
		snprintf(wanted.call, sizeof(wanted.call), "%s", call->text);
	new = malloc(sizeof(*new));
	log->cases = grow(log->cases, log->nr_cases, sizeof(*log->cases));
	if (!new)
		abort();
	*new = wanted;
	log->cases[log->nr_cases++] = new;
	if (!tsearch(new, &log->tree, compare_keys))
		abort();
	*found = new;
	return 0;
}

static int section_find(struct scan *scan, size_t *found)
{
	unsigned int depth = scan->line->depth > MAX_DEPTH ? MAX_DEPTH : scan->line->depth;
	struct log *log = scan->log;
	struct section *section;

	for (size_t i = log->nr_sections; i-- > 0;) {
		section = &log->sections[i];
		*found = i;
		if (section->depth == depth && strcmp(section->title, scan->title[depth]) == 0 &&
		    strcmp(section->kernel.release, scan->kernel.release) == 0 &&
		    strcmp(section->kernel.version, scan->kernel.version) == 0)
			return 0;
	}
	if (log->nr_sections == IMPORT_MAX_SECTIONS)
		return too_many(scan, IMPORT_MAX_SECTIONS, "headings with figures");
	log->sections = grow(log->sections, log->nr_sections, sizeof(*log->sections));
	*found = log->nr_sections++;
	section = &log->sections[*found];
	*section = (struct section){ .depth = depth, .kernel = scan->kernel, .line = scan->line->number };
	snprintf(section->title, sizeof(section->title), "%s", scan->title[depth]);
	return 0;
}

/* The process that printed has ended: keep it if it said anything. */
static int process_end(struct scan *scan)
{
	struct process *process = &scan->process;
	struct log *log = scan->log;
	static const struct gup_label none;
	int rc = 0;

	if (!process->nr && process->status == STATUS_DONE)
		return 0;
	if (!process->kind)
		rc = case_find(scan, BENCH_UNNAMED, &none, &process->kind);
	if (!rc && !process->nr)
		rc = section_find(scan, &process->section);
	if (rc)
		return rc;
	process->nr_expected = scan->called ? gup_call_figures(&scan->call) : 0;
	log->processes = grow(log->processes, log->nr_processes, sizeof(*log->processes));
	log->processes[log->nr_processes++] = *process;
	*process = (struct process){ .status = STATUS_DONE };
	return 0;
}

static void process_spoil(struct scan *scan, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first reason stands; a process that printed figures was not skipped. */
static void process_spoil(struct scan *scan, enum status status, const char *format, ...)
{
	struct process *process = &scan->process;
	char text[300];
	va_list args;

	if (process->status != STATUS_DONE || (status == STATUS_SKIPPED && process->nr))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_plain(text); /* a character may have been cut */
	text_hide_home(text);
	process->status = status;
	process->why = strdup(text);
	if (!process->why)
		abort();
	if (!process->line)
		process->line = scan->line->number;
}

/* Whether there is a process to which a word about success or failure can belong. */
static bool process_there(const struct scan *scan)
{
	return scan->process.nr || (scan->called && gup_call_prints(&scan->call, NR_GUP_BENCHES));
}

static int on_figure(struct scan *scan)
{
	const struct figure *figure = &scan->line->figure;
	struct process *process = &scan->process;
	struct log *log = scan->log;
	const struct log_case *kind = process->kind;
	struct section *section;
	uint64_t most;
	size_t index;
	bool split;
	int rc;

	if (scan->called && (scan->call_depth != scan->line->depth || !gup_call_prints(&scan->call, figure->bench))) {
		/* another figure than that command prints: it was only talked about */
		rc = process_end(scan);
		scan->called = false;
		if (rc)
			return rc;
		kind = NULL;
	}
	if (scan->called && figure->ksft)
		scan->call.recent = true;
	most = scan->called ? gup_call_figures(&scan->call) : 0;
	if (!process->nr || figure->bench != scan->bench || figure->label.known) {
		rc = case_find(scan, figure->bench, &figure->label, &kind);
		if (rc)
			return rc;
	}
	rc = section_find(scan, &index);
	if (rc)
		return rc;
	/* all samples of a run hold the same metrics */
	split = process->nr && log->figures[log->nr_figures - 1].put_known != figure->put_known;
	if (process->nr && (kind != process->kind || index != process->section || process->nr == most || split)) {
		rc = process_end(scan);
		if (rc)
			return rc;
	}
	section = &log->sections[index];
	section->line = section->nr_figures++ ? section->line : scan->line->number;
	if (!process->nr) {
		process->first = log->nr_figures;
		process->line = process->line ? process->line : scan->line->number;
	}
	process->kind = kind;
	process->section = index;
	scan->bench = figure->bench;
	if (figure->cut)
		process_spoil(scan, STATUS_FAILED, "line %zu: no whole figure: %.100s", scan->line->number, scan->line->text);
	else if (figure->truncated)
		process_spoil(scan, STATUS_FAILED, "line %zu: the pin ended after %" PRIu64 " bytes", scan->line->number,
			      figure->bytes);
	if (log->nr_figures == REPORT_MAX_SAMPLES)
		return too_many(scan, REPORT_MAX_SAMPLES, "figures");
	log->figures = grow(log->figures, log->nr_figures, sizeof(*log->figures));
	log->figures[log->nr_figures++] = (struct log_figure){ figure->get_us, figure->put_us, figure->put_known };
	process->nr++;
	return 0;
}

static int on_call(struct scan *scan)
{
	int rc = process_end(scan);

	scan->call = scan->line->call;
	scan->called = true;
	scan->call_depth = scan->line->depth;
	scan->process.line = scan->line->number;
	scan->lines.old_figures = scan->call.program == GUP_BENCHMARK;
	if (!gup_call_prints(&scan->call, NR_GUP_BENCHES))
		scan->log->nr_silent++;
	return rc;
}

/* ok or not ok: of gup_test, or of what called it, and then nothing more comes. */
static int on_result(struct scan *scan)
{
	const struct line *line = scan->line;
	int rc = 0;

	if (process_there(scan) || (line->kind == LINE_STATUS && line->failed)) {
		if (line->failed)
			process_spoil(scan, STATUS_FAILED, "line %zu: %.200s", line->number, line->text);
		else if (line->skipped)
			process_spoil(scan, STATUS_SKIPPED, "line %zu: %.200s", line->number, line->text);
	}
	if (line->kind != LINE_END)
		return 0;
	rc = process_end(scan);
	scan->called = false;
	return rc;
}

static int on_line(struct scan *scan)
{
	const struct line *line = scan->line;
	int rc = 0;

	switch (line->kind) {
	case LINE_FIGURE:
		return on_figure(scan);
	case LINE_CALL:
		return on_call(scan);
	case LINE_STATUS:
	case LINE_END:
		return on_result(scan);
	case LINE_PROGRAM:
		rc = process_end(scan);
		scan->called = false;
		break;
	case LINE_TAP:
		rc = process_end(scan);
		scan->call.recent = true;
		break;
	case LINE_FAULT:
		if (process_there(scan))
			process_spoil(scan, line->skipped ? STATUS_SKIPPED : STATUS_FAILED, "line %zu: %.200s", line->number,
				      line->text);
		break;
	case LINE_HEADING:
		rc = process_end(scan);
		snprintf(scan->title[line->depth > MAX_DEPTH ? MAX_DEPTH : line->depth], sizeof(scan->title[0]), "%.79s",
			 line->text);
		break;
	case LINE_KERNEL:
		rc = process_end(scan);
		scan->kernel = line->kernel;
		break;
	case LINE_OTHER:
		break;
	}
	return rc;
}

int log_read(struct log *log, const char *text, size_t size, const char *name, struct error *err)
{
	autofree struct line *line = malloc(sizeof(*line));
	struct scan scan = { .log = log, .name = name, .err = err, .line = line, .process = { .status = STATUS_DONE },
			     .lines = { .text = text, .end = text + size } };
	int rc = 0;

	*log = (struct log){ 0 };
	if (!line)
		abort();
	while (rc == 0 && line_next(&scan.lines, line))
		rc = on_line(&scan);
	if (rc == 0)
		rc = process_end(&scan);
	else
		free(scan.process.why);
	if (rc)
		log_free(log);
	return rc;
}

void log_free(struct log *log)
{
	for (size_t i = 0; i < log->nr_cases; i++) {
		tdelete(log->cases[i], &log->tree, compare_keys);
		free(log->cases[i]);
	}
	for (size_t i = 0; i < log->nr_processes; i++)
		free(log->processes[i].why);
	free(log->cases);
	free(log->sections);
	free(log->figures);
	free(log->processes);
	*log = (struct log){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "import/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "import/text.h"

#define MAX_DEPTH 8u
#define MAX_LINE  4096u /* gup_test and its scripts print no longer one */

/* What is known at one depth of quotes. */
struct level {
	char heading[80]; /* the last line of other text */
	bool text;        /* there was one since the last process began or printed */
	bool patch;       /* in the middle of a diff */
	bool grouped;
	size_t group;
	char *mark; /* of the group: what stands around its calls and figures */
};

/* The process that prints; closed: there is none. */
struct now {
	bool open, called, owed, begun, finished, announced;
	struct gup_call call;
	char *text; /* the line of the call, to know the stamps of what it prints */
	unsigned int depth;
	char said[200]; /* the last text since it was called */
	struct process process;
};

struct scan {
	struct log *log;
	const char *name;
	struct error *err;
	struct text_reader reader;
	struct text_line before, line, next;
	const char *text; /* line.text without its stamp */
	struct level levels[MAX_DEPTH + 1], *level;
	struct kernel kernel;
	bool release_next;      /* "uname -r" was typed */
	bool old_figures;       /* a bare "Time: 123 us" counts: gup_benchmark was called before */
	char last_options[160]; /* of the last call */
	bool nameless;          /* the last process printed figures, and its call is not there */
	struct now now;
};

static void *grow(void *items, size_t nr, size_t size)
{
	return nr & (nr - 1) ? items : reallocarray(items, nr ? nr * 2 : 1, size);
}

static int too_many(struct scan *scan, size_t most, const char *what)
{
	error_set(scan->err, E2BIG, "%.200s:%zu: more than %zu %s", scan->name, scan->line.number,
		  most, what);
	return error_fix(scan->err, "import the log in parts");
}

static int refuse(struct scan *scan, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct scan *scan, const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_plain(text);
	error_set(scan->err, EBADMSG, "%.150s:%zu: %s", scan->name, scan->line.number, text);
	return error_fix(scan->err, "leave only the lines that are to be imported, each figure "
				    "below its command line");
}

/* --- shapes --- */

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Spaces, a word with what holds it together, or one other character. */
static size_t token_size(const char *at)
{
	size_t size = strspn(at, " ");

	if (size || !*at)
		return size;
	while (isalnum((unsigned char)at[size]) ||
	       (at[size] && (strchr(".:-+,_/", at[size]) || at[size] & 0x80)))
		size++;
	return size ? size : 1;
}

/* The same but for the digits of its numbers. */
static bool same_shape(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t i = 0, j = 0;

	if (*a == ' ' || *b == ' ')
		return *a == *b;
	while (i < a_size && j < b_size) {
		bool digits = isdigit((unsigned char)a[i]);

		if (digits ? !isdigit((unsigned char)b[j]) : a[i] != b[j])
			return false;
		i++;
		j++;
		while (digits && i < a_size && isdigit((unsigned char)a[i]))
			i++;
		while (digits && j < b_size && isdigit((unsigned char)b[j]))
			j++;
	}
	return i == a_size && j == b_size;
}

/* How much of @text has the shape of the start of @other. */
static size_t stamp_size(const char *text, const char *other)
{
	size_t used = 0, passed = 0;

	while (text[used] && other[passed]) {
		size_t a = token_size(text + used), b = token_size(other + passed);

		if (!same_shape(text + used, a, other + passed, b))
			break;
		used += a;
		passed += b;
	}
	return used;
}

/* What prints and what is printed: lines of one kind may share what is no stamp. */
static int line_family(const struct text_line *line)
{
	return strstr(line->text, "ime: get:")                                     ? 'f'
	       : strstr(line->text, "gup_test") || strstr(line->text, "gup_bench") ? 'c'
										   : 0;
}

/* The neighbour that shows what stamps the line; NULL: none does. */
static const char *stamp_witness(const struct scan *scan)
{
	const struct text_line *lines[] = { &scan->next, &scan->before };
	int family = line_family(&scan->line);
	const char *witness = NULL;
	size_t most = 0;

	for (size_t i = 0; i < 2; i++) {
		size_t size;

		if (!lines[i]->text || (family && family == line_family(lines[i])) ||
		    lines[i]->part != scan->line.part)
			continue;
		size = stamp_size(scan->line.text, lines[i]->text);
		if (size <= most)
			continue;
		most = size;
		witness = lines[i]->text;
		if (family == 'c')
			break; /* its own output tells more than what stands above it */
	}
	if (family == 'f' && scan->now.open && scan->now.text &&
	    stamp_size(scan->line.text, scan->now.text) >= most &&
	    stamp_size(scan->line.text, scan->now.text))
		witness = scan->now.text;
	return witness;
}

/*
 * What stands around a call or a figure, in [0, start) and from end on, and is neither a clock nor
 * punctuation: a label. In the stamp the tokens that change from line to line are clocks.
 */
static char *mark_make(const char *text, const char *witness, size_t start, size_t end)
{
	size_t used = 0, passed = 0, size = strlen(text);
	char *mark = malloc(size + 2), *to = mark;

	while (witness && used < start && witness[passed]) {
		size_t a = token_size(text + used), b = token_size(witness + passed);

		if (!same_shape(text + used, a, witness + passed, b) || used + a > start)
			break;
		if (a == b && memcmp(text + used, witness + passed, a) == 0)
			to = mempcpy(to, text + used, a);
		used += a;
		passed += b;
	}
	to = mempcpy(to, text + used, start - used);
	while (to > mark && !isalnum((unsigned char)to[-1]) && !(to[-1] & 0x80) &&
	       !strchr("~])", to[-1]))
		to--;
	*to++ = '|';
	to = mempcpy(to, text + end, size - end);
	while (!isalnum((unsigned char)to[-1]) && !(to[-1] & 0x80) && !strchr("|)]", to[-1]))
		to--;
	*to = '\0';
	return mark;
}

static bool has_word_in(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (isalnum((unsigned char)text[i]) || text[i] & 0x80)
			return true;
	return false;
}

static bool has_word(const char *text)
{
	return has_word_in(text, strlen(text));
}

/* Behind "# " of TAP and "[   12.345678][ T123] " of a console whose other lines have none. */
static const char *line_core(const char *text)
{
	for (;;) {
		size_t stamp;

		text += strspn(text, "# ");
		stamp = *text == '[' ? strspn(text + 1, " 0123456789.CT") : 0;
		if (!stamp || text[1 + stamp] != ']' || !strpbrk(text, "0123456789") ||
		    strpbrk(text, "0123456789") > text + stamp)
			return text;
		text += 2 + stamp;
	}
}

/* --- cases and groups --- */

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct log_case *)a)->key, ((const struct log_case *)b)->key);
}

/* The case of a figure, or of a process that printed none. */
static int case_find(struct scan *scan, enum gup_bench bench, const struct gup_label *label,
		     struct log_case **found)
{
	struct log *log = scan->log;
	struct log_case wanted = { .index = log->nr_cases }, *new;
	const struct gup_call *call = scan->now.called ? &scan->now.call : NULL;
	struct log_case *const *slot;

	gup_case(call, bench, label, &wanted.params, wanted.key);
	slot = tfind(&wanted, &log->tree, compare_keys);
	if (slot) {
		*found = *slot;
		return 0;
	}
	if (log->nr_cases == RESULTS_MAX_RESULTS)
		return too_many(scan, RESULTS_MAX_RESULTS, "cases");
	wanted.known = call && call->understood;
	if (call)
		snprintf(wanted.call, sizeof(wanted.call), "%s", call->text);
	new = malloc(sizeof(*new));
	*new = wanted;
	log->cases = grow(log->cases, log->nr_cases, sizeof(*log->cases));
	log->cases[log->nr_cases++] = new;
	tsearch(new, &log->tree, compare_keys);
	*found = new;
	return 0;
}

/* Only the words of a line: "== After ==" is After. */
static void title_set(char *title, const char *text)
{
	size_t size;

	text += strspn(text, " =*_-#:|>");
	for (size = strlen(text); size && strchr(" =*_-#:|", text[size - 1]);)
		size--;
	snprintf(title, 80, "%.*s", (int)(size < 79 ? size : 79), text);
	for (char *bar; (bar = strchr(title, '|'));)
		*bar = ' ';
	text_plain(title);
	text_hide_home(title);
}

static bool group_is_here(const struct scan *scan, const struct group *group)
{
	return group->part == scan->line.part && group->depth == scan->line.depth &&
	       strcmp(group->kernel.release, scan->kernel.release) == 0 &&
	       strcmp(group->kernel.version, scan->kernel.version) == 0;
}

/* The group of a process that begins here, with @mark around it; @labelled: it names a figure. */
static int group_find(struct scan *scan, const char *mark, bool labelled, size_t *found)
{
	struct level *level = scan->level;
	struct log *log = scan->log;
	struct group group = { .scope = log->nr_groups,
			       .part = scan->line.part,
			       .depth = scan->line.depth,
			       .kernel = scan->kernel };

	*found = level->group;
	if (level->grouped && !level->text && group_is_here(scan, &log->groups[level->group]) &&
	    strcmp(level->mark, mark) == 0)
		return 0;
	if (log->nr_groups == IMPORT_MAX_SECTIONS)
		return too_many(scan, IMPORT_MAX_SECTIONS, "headings with figures");
	for (size_t i = log->nr_groups; i-- > 0 && group.scope == log->nr_groups;)
		if (group_is_here(scan, &log->groups[i]))
			group.scope = log->groups[i].scope;
	memcpy(group.subject, scan->line.subject, sizeof(group.subject));
	if (level->text && !labelled)
		memcpy(group.title, level->heading, sizeof(group.title));
	else if (labelled || !scan->kernel.release[0])
		title_set(group.title, mark);
	log->groups = grow(log->groups, log->nr_groups, sizeof(*log->groups));
	log->groups[log->nr_groups] = group;
	free(level->mark);
	level->mark = strdup(mark);
	level->grouped = true;
	level->text = false;
	*found = level->group = log->nr_groups++;
	return 0;
}

/* --- processes --- */

static void process_spoil(struct scan *scan, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first reason stands; a process that printed figures was not skipped. */
static void process_spoil(struct scan *scan, enum status status, const char *format, ...)
{
	struct process *process = &scan->now.process;
	char text[400];
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
}

/* The process that printed has ended, by what @end says: keep it if it has figures or owes them. */
static int process_end(struct scan *scan, const char *end)
{
	struct now *now = &scan->now;
	struct process *process = &now->process;
	struct log *log = scan->log;
	static const struct gup_label none;
	uint64_t most = now->called ? gup_call_figures(&now->call) : 0;
	int rc = 0;

	if (now->open && now->owed &&
	    (!process->nr || (process->nr < most && strstr(now->said, "Kernel panic"))))
		process_spoil(scan, STATUS_FAILED, "%s%s%s%s before this call printed %s", end,
			      *now->said ? " (" : "", now->said, *now->said ? ")" : "",
			      process->nr ? "all its figures" : "a figure");
	if (!now->open || (!process->nr && process->status == STATUS_DONE)) {
		now->open = false;
		return 0;
	}
	if (!process->kind)
		rc = case_find(scan, BENCH_UNNAMED, &none, &process->kind);
	if (rc)
		return rc;
	process->nr_expected = most;
	if (!log->groups[process->group].nr++)
		log->groups[process->group].line = process->nr ? process->figure_line
							       : process->line;
	log->processes = grow(log->processes, log->nr_processes, sizeof(*log->processes));
	process->kind->nr++;
	process->kind->last = log->groups[process->group].last = log->nr_processes;
	log->processes[log->nr_processes++] = *process;
	*process = (struct process){ .status = STATUS_DONE };
	now->open = false;
	scan->nameless = !now->called;
	return 0;
}

static int process_end_here(struct scan *scan, const char *what)
{
	char end[200];

	snprintf(end, sizeof(end), "line %zu %s", scan->line.number, what);
	return process_end(scan, end);
}

/* Another process begins: of the same call, when @again. */
static void process_begin(struct scan *scan, bool again, size_t group)
{
	struct now *now = &scan->now;

	free(now->process.why);
	now->process = (struct process){ .status = STATUS_DONE,
					 .group = group,
					 .line = scan->line.number };
	now->open = true;
	now->finished = now->owed = now->begun = false;
	now->said[0] = '\0';
	if (again)
		return;
	now->called = now->announced = false;
	now->depth = scan->line.depth;
	free(now->text);
	now->text = NULL;
}

/* In the group that @mark and the text above make; without a mark in the same group. */
static int process_next(struct scan *scan, const char *end, bool again, const char *mark,
			bool labelled)
{
	size_t group = scan->now.process.group;
	int rc = mark ? group_find(scan, mark, labelled, &group) : 0;

	rc = rc ? rc : process_end_here(scan, end);
	if (rc == 0)
		process_begin(scan, again, group);
	return rc;
}

/* A call that goes on in the next line, as mails wrap it: that line is nothing but more options. */
static bool call_is_wrapped(const struct scan *scan, const struct gup_call *call)
{
	const char *rest = scan->next.text ? scan->next.text + strspn(scan->next.text, " ") : "";
	size_t size = strlen(scan->text);

	if (scan->text[size - 1] == '\\')
		return true;
	return call->end == size && rest[0] == '-' && isalpha((unsigned char)rest[1]) &&
	       rest[strlen(rest) - 1] != ':' && scan->next.part == scan->line.part &&
	       scan->next.depth == scan->line.depth;
}

/* " -a -n 512" */
static void options_copy(char *options, const struct gup_call *call, const char *line)
{
	size_t name = strcspn(line + call->start, " '\"`"), size = call->end - call->start - name;

	snprintf(options, 160, "%.*s", (int)(size < 159 ? size : 159), line + call->start + name);
	options[strcspn(options, "'\"`):;")] = '\0';
}

static int on_call(struct scan *scan, struct gup_call *call, const char *witness)
{
	struct now *now = &scan->now;
	size_t stamp = (size_t)(scan->text - scan->line.text);
	autofree char *mark =
		mark_make(scan->line.text, witness, stamp + call->start, stamp + call->end);
	char options[160];
	int rc;

	options_copy(options, call, scan->text);
	if (now->open && now->called && call->prose && strcmp(options, scan->last_options) == 0)
		process_spoil(scan, STATUS_FAILED, "line %zu: %.200s", scan->line.number,
			      scan->text);
	/* a script or a CI runner says what it calls, and the shell says it again */
	if (now->open && now->called && !now->process.nr && !now->begun && !*now->said &&
	    call->bare && !now->call.bare && strcmp(options, scan->last_options) == 0)
		return 0;
	if (call->again)
		return refuse(scan, "two calls on one line: %.100s", scan->text);
	if (call_is_wrapped(scan, call))
		return refuse(scan, "a call of two lines, to be joined: %.100s", scan->text);
	rc = process_next(scan, "is the next call", false, mark, false);
	if (rc)
		return rc;
	now->call = *call;
	now->called = true;
	scan->nameless = false;
	now->owed = !call->prose && gup_call_prints(call, NR_GUP_BENCHES);
	now->text = strdup(scan->line.text);
	memcpy(scan->last_options, options, sizeof(options));
	scan->old_figures = call->program == GUP_BENCHMARK;
	scan->log->nr_silent += !gup_call_prints(call, NR_GUP_BENCHES);
	return 0;
}

/* The same label as the call itself is none of the figure. */
static bool mark_is_of_call(const struct now *now, const char *text, const char *mark)
{
	autofree char *own = now->text ? mark_make(now->text, text, stamp_size(now->text, text),
						   strlen(now->text))
				       : NULL;

	return own && strcmp(own, mark) == 0;
}

/* The process that this figure is of, and its group: the one that prints, another of its call, or
 * one whose call is not there. */
static int figure_place(struct scan *scan, const struct figure *figure, const char *witness)
{
	struct now *now = &scan->now;
	struct process *process = &now->process;
	const char *text = scan->line.text, *last = scan->level->mark ? scan->level->mark : "";
	autofree char *mark = mark_make(text, witness, figure->start, figure->end);
	bool below = now->open && now->called && now->depth == scan->line.depth;
	bool called = below && gup_call_prints(&now->call, figure->bench);
	bool apart = scan->level->text ||
		     (has_word(mark) && (!now->called || !process->nr || strcmp(last, mark)) &&
		      !(called && mark_is_of_call(now, text, mark)));
	uint64_t most = called ? gup_call_figures(&now->call) : 0;
	size_t stamp = witness ? stamp_size(text, witness) : 0;
	bool labelled = has_word(text + figure->end) ||
			(stamp < figure->start && has_word_in(text + stamp, figure->start - stamp));

	if (called && !apart) {
		if (!process->nr || (process->nr != most && !now->finished))
			return 0;
		if (now->call.loop)
			return process_next(scan, "is of another process", true, NULL, false);
		return refuse(scan, "another figure of the call of line %zu, which prints %" PRIu64,
			      process->line, most);
	}
	if (called && !process->nr) {
		/* the call above, its results below headings of their own */
		now->announced = true;
		return group_find(scan, mark, labelled, &process->group);
	}
	if (called && now->announced)
		return process_next(scan, "is of another process", true, mark, labelled);
	if (called && process->nr < most)
		return refuse(scan,
			      "is this a figure of the call of line %zu? There is other text "
			      "between: %.60s",
			      process->line, scan->level->heading);
	if (below && !process->nr && now->owed && figure->bench == BENCH_UNNAMED)
		return refuse(scan, "a figure without a name below the call of line %zu",
			      process->line);
	return process_next(scan, "is a figure of another call", false, mark, labelled);
}

/*
 * Processes of one case directly after one another are its runs. Behind others it may be of another
 * kernel, as in two logs that were put together; and where no call is there, who knows whether it
 * is one case.
 */
static int again_check(struct scan *scan, const struct log_case *kind, bool known)
{
	const struct log *log = scan->log;
	const struct process *process = &scan->now.process, *before;

	if (!known && process->nr && process->kind == kind)
		return refuse(scan,
			      "a second figure of %.100s, the other is in line %zu, and no call "
			      "shows that it prints two",
			      kind->key, process->line);
	if (process->nr || !kind->nr)
		return 0;
	before = &log->processes[kind->last];
	if (before->group != process->group ||
	    (known && log->groups[process->group].last == kind->last))
		return 0;
	if (!known)
		return refuse(scan,
			      "a second figure of %.100s whose call is not there, the other is in "
			      "line %zu",
			      kind->key, before->line);
	return refuse(scan,
		      "the call of line %zu once more, behind others: of the same kernel? Nothing "
		      "stands between that says so",
		      before->line);
}

static int on_figure(struct scan *scan, const struct figure *figure, const char *witness)
{
	struct now *now = &scan->now;
	struct process *process = &now->process;
	struct log *log = scan->log;
	struct log_case *kind;
	bool known;
	int rc;

	if (figure->several)
		return refuse(scan, "two figures on one line");
	if (scan->level->patch)
		return refuse(scan, "a figure in the middle of a patch");
	rc = figure_place(scan, figure, witness);
	if (rc)
		return rc;
	if (now->called && figure->ksft)
		now->call.recent = true;
	rc = case_find(scan, figure->bench, &figure->label, &kind);
	if (rc)
		return rc;
	known = now->called && gup_call_figures(&now->call);
	if (process->nr && (kind != process->kind || (!known && now->call.loop))) {
		/* gup_bench prints a matrix of cases */
		rc = process_next(scan, "is of another case", true, NULL, false);
		if (rc)
			return rc;
	}
	if (!(now->called && now->call.loop)) {
		rc = again_check(scan, kind, known);
		if (rc)
			return rc;
	}
	if (!process->nr) {
		process->first = log->nr_figures;
		process->figure_line = scan->line.number;
	} else if (log->figures[log->nr_figures - 1].put_known != figure->put_known) {
		return refuse(scan,
			      "one figure of the process of line %zu has a put time, the other has "
			      "none",
			      process->line);
	}
	process->kind = kind;
	if (figure->cut)
		process_spoil(scan, STATUS_FAILED, "line %zu: no whole figure: %.100s",
			      scan->line.number, scan->line.text);
	else if (figure->truncated)
		process_spoil(scan, STATUS_FAILED,
			      "line %zu: the pin ended after %" PRIu64 " bytes", scan->line.number,
			      figure->bytes);
	if (log->nr_figures == RESULTS_MAX_SAMPLES)
		return too_many(scan, RESULTS_MAX_SAMPLES, "figures");
	log->figures = grow(log->figures, log->nr_figures, sizeof(*log->figures));
	log->figures[log->nr_figures++] =
		(struct log_figure){ figure->get_us, figure->put_us, figure->put_known };
	process->nr++;
	scan->level->text = false;
	return 0;
}

/* --- what else stands in a log --- */

enum verdict_kind { VERDICT_NONE, VERDICT_OWN, VERDICT_END };

struct said {
	enum verdict_kind
		kind; /* of gup_test itself; of the script around it: then nothing more comes */
	bool failed, skipped;
	const char *rest; /* behind "ok 1 " */
};

/* "ok 1 ioctl status 0", "not ok 2 gup_test -a # exit=1", "[PASS]" */
static struct said verdict_parse(const char *text)
{
	struct said said = { .failed = starts(text, "not ok ") || starts(text, "[FAIL]"),
			     .rest = "" };
	const char *number = text + (starts(text, "not ok ") ? 7 : 3);

	said.skipped = starts(text, "[SKIP]") || strstr(text, "# SKIP");
	if (starts(text, "[PASS]") || starts(text, "[FAIL]") || starts(text, "[SKIP]")) {
		said.kind = VERDICT_END;
	} else if ((starts(text, "ok ") || starts(text, "not ok ")) &&
		   isdigit((unsigned char)*number)) {
		said.rest = number + strspn(number, "0123456789");
		said.rest += strspn(said.rest, " ");
		said.kind = starts(said.rest, "ioctl status") || starts(said.rest, "# SKIP")
				    ? VERDICT_OWN
				    : VERDICT_END;
	}
	return said;
}

/* Where the stamp is not known for one, a failure is seen anywhere on the line, for it must not be
 * lost. */
static struct said line_verdict(const struct scan *scan)
{
	struct said said = verdict_parse(line_core(scan->line.text));
	const char *at;

	if (said.kind == VERDICT_NONE)
		said = verdict_parse(line_core(scan->text));
	if (said.kind == VERDICT_NONE && (at = strstr(scan->line.text, "not ok ")) &&
	    at > scan->line.text && !isalnum((unsigned char)at[-1]))
		said = verdict_parse(at);
	if (said.kind == VERDICT_NONE && (at = strstr(scan->line.text, "[FAIL]")) &&
	    !has_word(at + strlen("[FAIL]")))
		said = verdict_parse(at);
	return said;
}

/* A verdict about a call that is not open: of the one that ended last, or of one whose start is not
 * in the log. */
static int verdict_alone(struct scan *scan, const struct said *said)
{
	struct log *log = scan->log;
	struct process *last = log->nr_processes ? &log->processes[log->nr_processes - 1] : NULL;
	struct gup_call call;
	bool named = said->kind == VERDICT_END && gup_call_parse(&call, said->rest) && !call.plain,
	     same;
	char options[160] = "";
	int rc;

	if (!named && !(said->kind == VERDICT_OWN && said->failed))
		return 0;
	if (named) {
		options_copy(options, &call, said->rest);
		same = scan->nameless ||
		       (strncmp(options, scan->last_options, strlen(options)) == 0 &&
			strchr(" ", scan->last_options[strlen(options)]));
		scan->nameless = false;
		if (same && said->failed && last && last->status == STATUS_DONE) {
			last->status = STATUS_FAILED;
			if (asprintf(&last->why, "line %zu: %.200s", scan->line.number,
				     line_core(scan->text)) < 0)
				abort();
		}
		if (same || (!said->failed && !gup_call_prints(&call, NR_GUP_BENCHES)))
			return 0;
	}
	rc = process_next(scan, "", false, "|", false);
	if (rc)
		return rc;
	if (named) {
		scan->now.call = call;
		scan->now.called = true;
		memcpy(scan->last_options, options, sizeof(options));
	}
	process_spoil(scan, said->skipped && !said->failed ? STATUS_SKIPPED : STATUS_FAILED,
		      "line %zu: %.200s%s", scan->line.number, line_core(scan->text),
		      said->failed || said->skipped ? "" : ": but no figure of it");
	return process_end(scan, "");
}

static int on_verdict(struct scan *scan, const struct said *said)
{
	struct now *now = &scan->now;
	char what[100];

	if (!now->open)
		return verdict_alone(scan, said);
	if (now->finished && said->failed && said->kind == VERDICT_END && *said->rest &&
	    !strstr(said->rest, "gup_"))
		return process_end_here(scan, "is of another program");
	if (said->failed || said->skipped)
		process_spoil(scan, said->failed ? STATUS_FAILED : STATUS_SKIPPED,
			      "line %zu: %.200s", scan->line.number, line_core(scan->text));
	now->finished = true;
	if (said->kind == VERDICT_OWN)
		return 0;
	snprintf(what, sizeof(what), "says %.60s", line_core(scan->text));
	text_plain(what);
	return process_end_here(scan, what);
}

/* "mmap: Cannot allocate memory" of perror(), in the words of the C library. */
static bool line_is_errno(const char *text)
{
	const char *colon = NULL;

	for (const char *at = text; (at = strstr(at, ": ")); at++)
		colon = at + 2;
	for (int code = 1; colon && code < 134; code++) {
		const char *words = strerrordesc_np(code);

		if (words && strcmp(words, colon) == 0)
			return true;
	}
	return false;
}

static bool is_release(const char *word)
{
	int used = 0;

	return sscanf(word, "%*u.%*u%n", &used) >= 0 && used > 0;
}

/*
 * "Linux version 6.1.0-50-amd64 (...) #1 SMP ...", "Linux HOST 6.1.0-50-amd64 #1 SMP ... x86_64
 * GNU/Linux"; the name of the host stays behind.
 */
static bool kernel_parse(struct kernel *kernel, const char *text)
{
	const char *version = strstr(text, " #"), *end = strstr(text, " GNU/Linux"), *arch;
	char word[80];

	*kernel = (struct kernel){ .release = "" };
	if (sscanf(text, "Linux %79s %79s", word, kernel->release) != 2 ||
	    !is_release(kernel->release))
		return false;
	if (!version)
		return strcmp(word, "version") == 0;
	version++;
	end = strcmp(word, "version") && end && end > version ? end : version + strlen(version);
	if (*end) {
		arch = memrchr(version, ' ', (size_t)(end - version));
		arch = arch ? arch + 1 : version;
		snprintf(kernel->arch, sizeof(kernel->arch), "%.*s", (int)(end - arch), arch);
		end = arch;
	}
	while (end > version && end[-1] == ' ')
		end--;
	snprintf(kernel->version, sizeof(kernel->version), "%.*s", (int)(end - version), version);
	text_plain(kernel->release);
	text_plain(kernel->version);
	text_plain(kernel->arch);
	return true;
}

static bool is_printk(const char *text)
{
	return line_core(text) > text + strspn(text, "# ");
}

/* Text that is no part of what gup_test prints: it may head what comes, and tell what became of the
 * call. */
static void on_text(struct scan *scan, const char *core)
{
	struct level *level = scan->level;
	struct now *now = &scan->now;
	uint64_t most = now->open && now->called ? gup_call_figures(&now->call) : 0;

	if (now->open && !strstr(now->said, "Kernel panic")) {
		snprintf(now->said, sizeof(now->said), "%.150s", core);
		text_plain(now->said);
		text_hide_home(now->said);
	}
	if (now->open && now->called && !now->finished && (!most || now->process.nr < most)) {
		if (strstr(core, "CONFIG_GUP_TEST"))
			process_spoil(scan, STATUS_SKIPPED, "line %zu: %.200s", scan->line.number,
				      scan->line.text);
		else if (line_is_errno(core) || starts(core, "Bail out!"))
			process_spoil(scan, STATUS_FAILED, "line %zu: %.200s", scan->line.number,
				      core);
		if (now->process.status != STATUS_DONE)
			return; /* its own words */
	}
	/* what the process says, or the kernel's log between the lines of a process without such
	 * stamps, heads nothing */
	if (now->open && ((now->begun && !now->process.nr) ||
			  (is_printk(scan->line.text) && now->text && !is_printk(now->text))))
		return;
	title_set(level->heading, core);
	level->text = true;
}

static bool line_is_patch(struct level *level, const char *text)
{
	static const char *const heads[] = { "diff --git ",  "index ",   "--- ",
					     "+++ ",         "@@ ",      "new file",
					     "deleted file", "old mode", "new mode",
					     "similarity ",  "rename ",  "Binary " };

	if (starts(text, "diff --git "))
		level->patch = true;
	if (!level->patch)
		return false;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (starts(text, heads[i]))
			return true;
	level->patch = strcmp(text, "--") != 0 && strchr(" +-\\", *text);
	return level->patch;
}

/* "TAP version 13", "1..1", "# Totals: pass:1 ...": a process of TAP begins or ends, and nothing
 * heads anything. */
static bool line_is_tap(const char *core)
{
	return starts(core, "TAP version ") || starts(core, "Totals: pass:") ||
	       (isdigit((unsigned char)*core) && starts(core + strspn(core, "0123456789"), "..") &&
		isdigit((unsigned char)core[strspn(core, "0123456789") + 2]));
}

static int on_kernel(struct scan *scan, const struct kernel *kernel)
{
	bool same = strcmp(kernel->release, scan->kernel.release) == 0 &&
		    strcmp(kernel->version, scan->kernel.version) == 0;
	int rc = process_end_here(scan, "names the kernel");

	scan->now.called = false;
	if (!same)
		scan->level->text = scan->level->grouped = false;
	else if (starts(line_core(scan->line.text), "Linux version")) /* booted again */
		on_text(scan, line_core(scan->line.text));
	scan->kernel = *kernel;
	return rc;
}

static int on_line(struct scan *scan)
{
	const char *witness = stamp_witness(scan), *text = scan->line.text, *core;
	bool release_next = scan->release_next;
	struct kernel kernel;
	struct figure figure;
	struct gup_call call;
	struct said said;
	size_t size = strlen(text);
	int rc;

	scan->level = &scan->levels[scan->line.depth > MAX_DEPTH ? MAX_DEPTH : scan->line.depth];
	scan->text = text + (witness ? stamp_size(text, witness) : 0);
	scan->release_next = size >= 8 && strcmp(text + size - 8, "uname -r") == 0;
	if (size > MAX_LINE)
		return strstr(text, "ime: get:")
			       ? refuse(scan, "a line of more than %u characters with a figure",
					MAX_LINE)
			       : 0;
	if (figure_parse(&figure, text, scan->old_figures))
		return on_figure(scan, &figure, witness);
	if (line_is_patch(scan->level, text))
		return 0;
	said = line_verdict(scan);
	if (said.kind != VERDICT_NONE)
		return on_verdict(scan, &said);
	core = line_core(scan->text);
	if (line_is_tap(core) || line_is_tap(line_core(text))) {
		if (scan->now.open && scan->now.called) {
			scan->now.call.recent = true;
			scan->now.begun = true;
			scan->now.finished = scan->now.finished ||
					     (scan->now.process.nr && starts(core, "TAP"));
		} else if (scan->now.open && starts(core, "TAP")) {
			return process_end_here(scan, "begins another process");
		}
		return 0;
	}
	if (!has_word(core)) {
		/* a ruler below a heading or around a call is a part of it; elsewhere it parts what
		 * it stands between */
		if (!scan->level->text && !(scan->now.open && !scan->now.process.nr)) {
			scan->level->text = true;
			scan->level->heading[0] = '\0';
		}
		return 0;
	}
	if (gup_call_parse(&call, scan->text) ||
	    (scan->text != text && gup_call_parse(&call, text) && (scan->text = text)))
		return on_call(scan, &call, witness);
	if (starts(core, "running ") || starts(core, "running: ") || starts(core, "selftests: ")) {
		rc = process_end_here(scan, "is another program");
		on_text(scan, core);
		return rc;
	}
	if (kernel_parse(&kernel, core) || kernel_parse(&kernel, line_core(text)))
		return on_kernel(scan, &kernel);
	if (release_next && is_release(core) && !strchr(core, ' ')) {
		snprintf(kernel.release, sizeof(kernel.release), "%.79s", core);
		return on_kernel(scan, &kernel);
	}
	on_text(scan, core);
	return 0;
}

/* Another part of a mail, or the end: nothing that was open goes on. */
static int part_end(struct scan *scan, const char *end)
{
	int rc = process_end(scan, end);

	for (size_t i = 0; i <= MAX_DEPTH; i++) {
		free(scan->levels[i].mark);
		scan->levels[i] = (struct level){ .mark = NULL };
	}
	scan->level = scan->levels;
	scan->kernel = (struct kernel){ .release = "" };
	scan->now.called = scan->release_next = scan->old_figures = false;
	scan->last_options[0] = '\0';
	return rc;
}

/*
 * Whether a case of the scope is in two of its groups, or something whose call is not there, which
 * may be any case, stands beside another group.
 */
static bool scope_is_apart(const struct log *log, size_t scope)
{
	autofree size_t *group_of =
		calloc(log->nr_cases + 1, sizeof(*group_of)); /* from 1; 0: of none yet */
	bool unknown = false, several = false;
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < log->nr_processes; i++) {
		const struct process *process = &log->processes[i];
		size_t *group = &group_of[process->kind->index];

		if (log->groups[process->group].scope != scope)
			continue;
		if (*group && *group != process->group + 1)
			return true;
		*group = process->group + 1;
		first = first == SIZE_MAX ? process->group : first;
		several = several || process->group != first;
		unknown = unknown || (process->status == STATUS_DONE &&
				      strcmp(process->kind->params.state, "unknown") == 0);
	}
	return unknown && several;
}

/* Groups of a scope become sections where they are apart; else the scope is one section. */
static void sections_find(struct log *log)
{
	for (size_t scope = 0; scope < log->nr_groups; scope++) {
		bool apart = log->groups[scope].scope == scope && scope_is_apart(log, scope),
		     first = true;

		for (size_t i = scope; i < log->nr_groups; i++) {
			if (log->groups[i].scope != scope || !log->groups[i].nr)
				continue;
			log->nr_sections += apart || first;
			first = false;
			log->groups[i].section = log->nr_sections - 1;
		}
	}
}

int log_read(struct log *log, const char *text, size_t size, const char *name, struct error *err)
{
	struct scan scan = { .log = log, .name = name, .err = err, .level = scan.levels };
	int rc, more;

	*log = (struct log){ 0 };
	text_reader_open(&scan.reader, text, size, name, err);
	more = text_reader_next(&scan.reader, &scan.line);
	rc = more < 0 ? more : 0;
	while (rc == 0 && scan.line.text) {
		scan.next.text = NULL;
		more = text_reader_next(&scan.reader, &scan.next);
		rc = more < 0 ? more : on_line(&scan);
		if (rc == 0 && (!scan.next.text || scan.next.part != scan.line.part))
			rc = part_end(&scan, scan.next.text ? "the mail ends" : "the log ends");
		free(scan.before.text);
		scan.before = scan.line;
		scan.line = scan.next;
		scan.next.text = NULL;
	}
	free(scan.before.text);
	free(scan.line.text);
	free(scan.next.text);
	free(scan.now.text);
	free(scan.now.process.why);
	for (size_t i = 0; i <= MAX_DEPTH; i++)
		free(scan.levels[i].mark);
	if (rc)
		log_free(log);
	else
		sections_find(log);
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
	free(log->groups);
	free(log->figures);
	free(log->processes);
	*log = (struct log){ 0 };
}

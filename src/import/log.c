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
	char heading[160]; /* the last line of other text */
	bool text;         /* there was one since the last process began or printed */
	bool patch;        /* in the middle of a diff */
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
	char said[160]; /* the last text since it was called */
	struct process process;
};

struct scan {
	struct log *log;
	const char *name;
	struct error *err;
	struct text_reader reader;
	struct text_line before, line, next;
	const char *text;    /* line.text without its stamp */
	const char *witness; /* the line that shows the stamp; NULL: there is none */
	struct level levels[MAX_DEPTH + 1], *level;
	struct kernel kernel;
	bool old_figures;       /* a bare "Time: 123 us" counts: gup_benchmark was called before */
	char last_options[160]; /* of the last call */
	struct now now;
};

static void *grow(void *items, size_t nr, size_t size)
{
	return nr % 8 || nr & (nr - 1) ? items : reallocarray(items, nr ? nr * 2 : 8, size);
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
	return *text == *with && strncmp(text, with, strlen(with)) == 0;
}

/* Spaces, a word with what holds it together, or one other character. */
static size_t token_size(const char *at)
{
	size_t size = strspn(at, " ");

	if (size || !*at)
		return size;
	size = strcspn(at, " !\"#$%&'()*;<=>?@[\\]^`{|}~");
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

/*
 * How much of @text, up to @most, has the shape of the start of @other; what is in both alike goes
 * to @mark, if there is one.
 */
static size_t stamp_walk(const char *text, size_t most, const char *other, char **mark)
{
	size_t used = 0, passed = 0;

	while (used < most && text[used] && other[passed]) {
		size_t a = token_size(text + used), b = token_size(other + passed);

		if (used + a > most || !same_shape(text + used, a, other + passed, b))
			break;
		if (mark && a == b && memcmp(text + used, other + passed, a) == 0)
			*mark = mempcpy(*mark, text + used, a);
		used += a;
		passed += b;
	}
	return used;
}

/* Finds the neighbour that shows what stamps the line. */
static void stamp_find(struct scan *scan)
{
	const struct text_line *lines[] = { &scan->next, &scan->before };
	const char *text = scan->line.text, *call = scan->now.open ? scan->now.text : NULL;
	char family = scan->line.family;
	size_t most = 0, size;

	scan->witness = NULL;
	for (size_t i = 0; i < 2 && !(family == 'c' && most); i++) {
		/* what a call prints tells more than what stands above it */
		if (!lines[i]->number || (family && family == lines[i]->family) ||
		    lines[i]->part != scan->line.part)
			continue;
		size = stamp_walk(text, SIZE_MAX, lines[i]->text, NULL);
		if (size > most) {
			most = size;
			scan->witness = lines[i]->text;
		}
	}
	if (family == 'f' && call && (size = stamp_walk(text, SIZE_MAX, call, NULL)) &&
	    size >= most) {
		most = size;
		scan->witness = call;
	}
	scan->text = text + most;
}

/*
 * What stands around a call or a figure, in [0, start) and from end on, and is neither a clock nor
 * punctuation: a label. In the stamp the tokens that change from line to line are clocks.
 */
static char *mark_make(const char *text, const char *witness, size_t start, size_t end)
{
	size_t size = strlen(text), used;
	char *mark = malloc(size + 2), *to = mark;

	used = witness ? stamp_walk(text, start, witness, &to) : 0;
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
static struct log_case *case_find(struct scan *scan, enum gup_bench bench,
				  const struct gup_label *label)
{
	struct log *log = scan->log;
	const struct gup_call *call = scan->now.called ? &scan->now.call : NULL;
	struct log_case wanted = { .index = log->nr_cases }, *new;
	struct log_case *const *slot;

	gup_case(call, bench, label, &wanted.params, wanted.key);
	slot = tfind(&wanted, &log->tree, compare_keys);
	if (slot)
		return *slot;
	wanted.known = call && call->understood;
	if (call)
		snprintf(wanted.call, sizeof(wanted.call), "%s", call->text);
	new = memcpy(malloc(sizeof(*new)), &wanted, sizeof(*new));
	tsearch(new, &log->tree, compare_keys);
	log->cases = grow(log->cases, log->nr_cases, sizeof(*log->cases));
	return log->cases[log->nr_cases++] = new;
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
		return refuse(scan, "more than %u headings with figures", IMPORT_MAX_SECTIONS);
	for (size_t i = log->nr_groups; i-- > 0 && group.scope == log->nr_groups;)
		if (group_is_here(scan, &log->groups[i]))
			group.scope = log->groups[i].scope;
	memcpy(group.subject, scan->line.subject, sizeof(group.subject));
	if (level->text && !labelled)
		title_set(group.title, level->heading);
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

static void process_spoil(struct process *process, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first reason stands; a process that printed figures was not skipped. STATUS_DONE: a warning.
 */
static void process_spoil(struct process *process, enum status status, const char *format, ...)
{
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
	free(process->why);
	process->why = strdup(text);
}

/* The process that printed has ended, by what @end says: keep it if it has figures or owes them. */
static void process_end(struct scan *scan, const char *end)
{
	static const struct gup_label none;
	struct now *now = &scan->now;
	struct process *process = &now->process;
	struct log *log = scan->log;
	uint64_t most = now->called ? gup_call_figures(&now->call) : 0;

	if (now->open && now->owed && (!process->nr || (process->nr < most && !now->announced)))
		process_spoil(process, STATUS_FAILED, "%s%s%s%s before this call printed %s", end,
			      *now->said ? " (" : "", now->said, *now->said ? ")" : "",
			      process->nr ? "all its figures" : "a figure");
	if (now->call.loop && now->called && process->nr && *now->said)
		process_spoil(process, STATUS_DONE,
			      "what stands behind the last figure of this loop may be of a call "
			      "that "
			      "printed none: %s",
			      now->said);
	if (now->open && (process->nr || process->status != STATUS_DONE)) {
		struct group *group = &log->groups[process->group];

		if (!process->kind)
			process->kind = case_find(scan, BENCH_UNNAMED, &none);
		process->nr_expected = most;
		if (!group->nr++)
			group->line = process->nr ? process->figure_line : process->line;
		log->processes = grow(log->processes, log->nr_processes, sizeof(*log->processes));
		process->kind->nr++;
		process->kind->last = group->last = log->nr_processes;
		log->processes[log->nr_processes++] = *process;
		process->why = NULL;
	}
	now->open = false;
}

static void process_end_here(struct scan *scan, const char *what)
{
	char end[200] = "";

	if (scan->now.open)
		snprintf(end, sizeof(end), "line %zu %s", scan->line.number, what);
	process_end(scan, end);
}

/*
 * Another process begins, of the same call when @again, in the group that @mark and the text above
 * make; without a mark in the same group.
 */
static int process_next(struct scan *scan, const char *end, bool again, const char *mark,
			bool labelled)
{
	struct now *now = &scan->now;
	size_t group = now->process.group;

	if (mark && group_find(scan, mark, labelled, &group))
		return -EBADMSG;
	process_end_here(scan, end);
	free(now->process.why);
	now->process = (struct process){ .group = group, .line = scan->line.number };
	now->open = true;
	now->finished = now->owed = now->begun = false;
	now->said[0] = '\0';
	if (again)
		return 0;
	now->called = now->announced = false;
	now->depth = scan->line.depth;
	free(now->text);
	now->text = NULL;
	return 0;
}

/* A call that goes on in the next line, as mails wrap it: that line is nothing but more options. */
static bool call_is_wrapped(const struct scan *scan, const struct gup_call *call)
{
	const char *rest = scan->next.number ? scan->next.text + strspn(scan->next.text, " ") : "";
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

static int on_call(struct scan *scan, struct gup_call *call)
{
	struct now *now = &scan->now;
	size_t stamp = (size_t)(scan->text - scan->line.text);
	autofree char *mark =
		mark_make(scan->line.text, scan->witness, stamp + call->start, stamp + call->end);
	char options[160];

	options_copy(options, call, scan->text);
	if (now->open && now->called && call->prose && strcmp(options, scan->last_options) == 0)
		process_spoil(&scan->now.process, STATUS_FAILED, "line %zu: %.200s",
			      scan->line.number, scan->text);
	/* a script or a CI runner says what it calls, and the shell says it again */
	if (now->open && now->called && !now->process.nr && !now->begun && !*now->said &&
	    call->bare && !now->call.bare && strcmp(options, scan->last_options) == 0)
		return 0;
	if (call->again)
		return refuse(scan, "two calls on one line: %.100s", scan->text);
	if (call_is_wrapped(scan, call))
		return refuse(scan, "a call of two lines, to be joined: %.100s", scan->text);
	if (process_next(scan, "is the next call", false, mark, false))
		return -EBADMSG;
	now->call = *call;
	now->called = true;
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
	size_t stamp = stamp_walk(now->text, SIZE_MAX, text, NULL);
	autofree char *own = mark_make(now->text, text, stamp, strlen(now->text));

	return strcmp(own, mark) == 0;
}

/* The process that this figure is of, and its group: the one that prints, another of its call, or
 * one whose call is not there. */
static int figure_place(struct scan *scan, const struct figure *figure)
{
	struct now *now = &scan->now;
	struct process *process = &now->process;
	const char *text = scan->line.text, *last = scan->level->mark ? scan->level->mark : "";
	autofree char *mark = mark_make(text, scan->witness, figure->start, figure->end);
	bool below = now->open && now->called && now->depth == scan->line.depth;
	bool called = below && gup_call_prints(&now->call, figure->bench);
	bool apart = scan->level->text ||
		     (called && has_word(mark) && (!process->nr || strcmp(last, mark)) &&
		      !mark_is_of_call(now, text, mark));
	size_t stamp = (size_t)(scan->text - text);
	bool labelled = has_word(text + figure->end) ||
			(stamp < figure->start && has_word_in(scan->text, figure->start - stamp));

	if (!below || !(called || now->owed))
		return process_next(scan, "is a figure of another call", false, mark, labelled);
	if (called && apart && !process->nr) {
		/* the call above, its results below headings of their own */
		now->announced = true;
		return group_find(scan, mark, labelled, &process->group);
	}
	if (called && !apart &&
	    (!process->nr || (process->nr != gup_call_figures(&now->call) && !now->finished)))
		return 0;
	if (called && (apart ? now->announced : now->call.loop))
		return process_next(scan, "is of another process", true, apart ? mark : NULL,
				    labelled);
	return refuse(scan, "is this a figure of the call of line %zu? %s", process->line,
		      !called ? "That prints others"
		      : apart ? "Other text stands between"
			      : "That has printed all of its own");
}

/*
 * Processes of one case directly after one another are its runs. Behind others it may be of another
 * kernel, as in two logs that were put together; and where no call is there, who knows whether it
 * is one case.
 */
static int again_check(struct scan *scan, const struct log_case *kind)
{
	const struct log *log = scan->log;
	const struct now *now = &scan->now;
	const struct process *process = &now->process, *before = process;
	bool known = now->called && gup_call_figures(&now->call);

	if (!process->nr) {
		if (!kind->nr || (known && now->call.loop))
			return 0;
		before = &log->processes[kind->last];
		known = before->group != process->group ||
			(known && log->groups[process->group].last == kind->last);
	}
	if (known || before->kind != kind)
		return 0;
	return refuse(scan,
		      "a second figure of %.100s, the other is of line %zu: nothing says that both "
		      "are of one kernel and one case",
		      kind->key, before->line);
}

static int on_figure(struct scan *scan, const struct figure *figure)
{
	struct now *now = &scan->now;
	struct process *process = &now->process;
	struct log *log = scan->log;
	struct log_case *kind;
	struct gup_call call;
	const char *text = scan->line.text, *rest = text + figure->end;
	bool failed = strstr(rest, "not ok ") || strstr(rest, "[FAIL]");

	if (figure->several)
		return refuse(scan, "two figures on one line");
	if (strstr(text, "gup_") && gup_call_parse(&call, text) && !call.plain)
		return refuse(scan, "a call and a figure on one line");
	if (scan->level->patch)
		return refuse(scan, "a figure in the middle of a patch");
	if (figure_place(scan, figure))
		return -EBADMSG;
	now->call.recent = now->call.recent || figure->ksft;
	kind = case_find(scan, figure->bench, &figure->label);
	if (process->nr && kind != process->kind) /* gup_bench prints a matrix of cases */
		process_next(scan, "is of another case", true, NULL, false);
	if (again_check(scan, kind))
		return -EBADMSG;
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
	if (figure->cut || failed)
		process_spoil(process, STATUS_FAILED, "line %zu: %s%.100s", scan->line.number,
			      failed ? "" : "no whole figure: ", text);
	else if (figure->truncated)
		process_spoil(process, STATUS_FAILED,
			      "line %zu: the pin ended after %" PRIu64 " bytes", scan->line.number,
			      figure->bytes);
	log->figures = grow(log->figures, log->nr_figures, sizeof(*log->figures));
	log->figures[log->nr_figures++] =
		(struct log_figure){ figure->get_us, figure->put_us, figure->put_known };
	process->nr++;
	now->said[0] = '\0';
	scan->level->text = false;
	return 0;
}

/* --- what else stands in a log --- */

struct said {
	bool own; /* of gup_test itself; else of the script around it: then nothing more comes */
	bool failed, skipped;
	const char *rest; /* behind "ok 1 " */
};

/* "ok 1 ioctl status 0", "not ok 2 gup_test -a # exit=1", "[PASS]" */
static bool verdict_parse(struct said *said, const char *text)
{
	const char *ok = text + (starts(text, "not ok ") ? 4 : 0);
	bool bracket = starts(text, "[PASS]") || starts(text, "[FAIL]") || starts(text, "[SKIP]");

	if (!bracket && !(starts(ok, "ok ") && isdigit((unsigned char)ok[3])))
		return false;
	said->failed = ok > text || starts(text, "[FAIL]");
	said->skipped = starts(text, "[SKIP]") || strstr(text, "# SKIP");
	said->rest = bracket ? "" : ok + 3 + strspn(ok + 3, "0123456789 ");
	said->own = starts(said->rest, "ioctl status") || starts(said->rest, "# SKIP");
	return true;
}

/* Where the stamp is not known for one, a failure is seen anywhere on the line, for it must not be
 * lost. */
static bool line_verdict(const struct scan *scan, struct said *said)
{
	const char *text = scan->line.text, *not_ok = strstr(text, "not ok "),
		   *fail = strstr(text, "[FAIL]");

	return verdict_parse(said, line_core(text)) || verdict_parse(said, line_core(scan->text)) ||
	       (not_ok && verdict_parse(said, not_ok)) ||
	       (fail && !has_word(fail + strlen("[FAIL]")) && verdict_parse(said, fail));
}

/* A verdict about a call that is not open: of the one that ended last, or of one whose start is not
 * in the log. */
static int verdict_alone(struct scan *scan, const struct said *said)
{
	struct log *log = scan->log;
	struct process *last = log->nr_processes ? &log->processes[log->nr_processes - 1] : NULL;
	struct gup_call call;
	bool named = !said->own && gup_call_parse(&call, said->rest) && !call.plain, same;
	char options[160] = "";

	if (!named && !(said->own && said->failed))
		return 0;
	if (named) {
		options_copy(options, &call, said->rest);
		same = (strncmp(options, scan->last_options, strlen(options)) == 0 &&
			strchr(" ", scan->last_options[strlen(options)])) ||
		       (last && !last->kind->call[0] && last->status == STATUS_DONE &&
			log->groups[last->group].part == scan->line.part);
		if (same && said->failed && last)
			process_spoil(last, STATUS_FAILED, "line %zu: %.200s", scan->line.number,
				      line_core(scan->text));
		if (same || !(said->failed || said->skipped))
			return 0;
	}
	if (process_next(scan, "", false, "|", false))
		return -EBADMSG;
	scan->now.called = named;
	if (named)
		scan->now.call = call;
	memcpy(scan->last_options, options, sizeof(options));
	process_spoil(&scan->now.process, said->failed ? STATUS_FAILED : STATUS_SKIPPED,
		      "line %zu: %.200s", scan->line.number, line_core(scan->text));
	process_end(scan, "");
	return 0;
}

static int on_verdict(struct scan *scan, const struct said *said)
{
	struct now *now = &scan->now;
	const char *text = line_core(scan->text);
	char what[100];

	if (!now->open)
		return verdict_alone(scan, said);
	snprintf(what, sizeof(what), "says %.60s", text);
	text_plain(what);
	if (now->finished && *said->rest && !said->own && !strstr(said->rest, "gup_"))
		strcpy(what, "is of another program");
	else if (said->failed || said->skipped)
		process_spoil(&now->process, said->failed ? STATUS_FAILED : STATUS_SKIPPED,
			      "line %zu: %.200s%s%s%s", scan->line.number, text,
			      *now->said ? " (" : "", now->said, *now->said ? ")" : "");
	now->finished = true;
	if (!said->own)
		process_end_here(scan, what);
	return 0;
}

/*
 * "Linux version 6.1.0-50-amd64 (...) #1 SMP ...", "Linux HOST 6.1.0-50-amd64 #1 SMP ... x86_64
 * GNU/Linux"; the name of the host stays behind.
 */
static bool kernel_parse(struct kernel *kernel, const struct scan *scan, const char *text)
{
	const char *version;
	char word[80], *end = NULL;

	*kernel = (struct kernel){ .release = "" };
	if (isdigit((unsigned char)*text) && !strchr(text, ' ') && scan->before.number &&
	    strstr(scan->before.text, "uname -r")) {
		snprintf(kernel->release, sizeof(kernel->release), "%s", text);
		return true;
	}
	if (!starts(text, "Linux ") ||
	    sscanf(text, "Linux %79s %79[0-9.]", word, kernel->release) != 2)
		return false;
	version = strstr(text, " #");
	if (!version && strcmp(word, "version") != 0)
		return false;
	sscanf(text, "Linux %*s %79s", kernel->release);
	snprintf(kernel->version, sizeof(kernel->version), "%s", version ? version + 1 : "");
	if (strcmp(word, "version") != 0)
		end = strstr(kernel->version, " GNU/Linux");
	if (end) {
		*end = '\0';
		end = strrchr(kernel->version, ' ');
	}
	if (end) {
		snprintf(kernel->arch, sizeof(kernel->arch), "%s", end + 1);
		*end = '\0';
	}
	text_plain(kernel->release);
	text_plain(kernel->version);
	text_plain(kernel->arch);
	return true;
}

static bool is_printk(const char *text)
{
	return line_core(text) > text + strspn(text, "# ");
}

/* In 160 bytes. */
static void keep(char *to, const char *text)
{
	size_t size = strnlen(text, 159);

	memcpy(to, text, size);
	to[size] = '\0';
}

/* Text that is no part of what gup_test prints: it may head what comes, and tell what became of the
 * call. */
static void on_text(struct scan *scan, const char *core)
{
	struct level *level = scan->level;
	struct now *now = &scan->now;

	if (now->open && !strstr(now->said, "Kernel panic")) {
		keep(now->said, core);
	}
	if (now->open && !now->finished && strstr(core, "CONFIG_GUP_TEST"))
		process_spoil(&scan->now.process, STATUS_SKIPPED, "line %zu: %.200s",
			      scan->line.number, core);
	/* what the process says, or the kernel's log between the lines of a process without such
	 * stamps, heads nothing */
	if (now->open && ((now->begun && !now->process.nr) ||
			  (is_printk(scan->line.text) && now->text && !is_printk(now->text))))
		return;
	keep(level->heading, core);
	level->text = true;
}

/* A hunk of a patch, up to what is none of its lines. */
static bool line_is_patch(struct level *level, const char *text)
{
	level->patch = starts(text, "@@ -") || (level->patch && strchr(" +-\\", *text));
	return level->patch;
}

/* "TAP version 13", "1..1", "# Totals: pass:1 ...": a process of TAP begins or ends, and nothing
 * heads anything. */
static bool line_is_tap(const char *core)
{
	return starts(core, "TAP version ") || starts(core, "Totals: pass:") ||
	       starts(core + strspn(core, "0123456789"), "..");
}

static void on_kernel(struct scan *scan, const struct kernel *kernel)
{
	process_end_here(scan, "names the kernel");
	scan->now.called = false;
	if (strcmp(kernel->release, scan->kernel.release) != 0 ||
	    strcmp(kernel->version, scan->kernel.version) != 0)
		scan->level->text = scan->level->grouped = false;
	else if (starts(line_core(scan->line.text), "Linux version")) /* booted again */
		on_text(scan, line_core(scan->line.text));
	scan->kernel = *kernel;
}

/* Gives scan.next the next line, and its family: what prints and what is printed. */
static int line_read(struct scan *scan)
{
	int rc = text_reader_next(&scan->reader, &scan->next);
	const char *text = rc || !scan->next.number ? "" : scan->next.text;

	scan->next.family = strstr(text, "ime: get:") ? 'f' : strstr(text, "gup_") ? 'c' : 0;
	return rc;
}

static int on_line(struct scan *scan)
{
	struct level *level =
		&scan->levels[scan->line.depth > MAX_DEPTH ? MAX_DEPTH : scan->line.depth];
	struct now *now = &scan->now;
	const char *text = scan->line.text, *core;
	struct kernel kernel;
	struct figure figure;
	struct gup_call call;
	struct said said;

	scan->level = level;
	if (strlen(text) > MAX_LINE)
		return strstr(text, "ime: get:")
			       ? refuse(scan, "a line of more than %u characters with a figure",
					MAX_LINE)
			       : 0;
	stamp_find(scan);
	if (figure_parse(&figure, text, scan->old_figures))
		return on_figure(scan, &figure);
	if (line_is_patch(level, text))
		return 0;
	if (line_verdict(scan, &said))
		return on_verdict(scan, &said);
	core = line_core(scan->text);
	if (line_is_tap(core) || line_is_tap(line_core(text))) {
		if (now->open && !now->called && starts(core, "TAP"))
			process_end_here(scan, "begins another process");
		now->call.recent = now->begun = true;
		now->finished = now->finished || (now->process.nr && starts(core, "TAP"));
		return 0;
	}
	if (!has_word(core)) {
		/* a ruler below a heading or around a call is a part of it; elsewhere it parts what
		 * it stands between */
		if (!level->text && !(now->open && !now->process.nr)) {
			level->text = true;
			level->heading[0] = '\0';
		}
		return 0;
	}
	if (scan->line.family == 'c' && (gup_call_parse(&call, scan->text) ||
					 (gup_call_parse(&call, text) && (scan->text = text))))
		return on_call(scan, &call);
	if (kernel_parse(&kernel, scan, core) || kernel_parse(&kernel, scan, line_core(text)))
		on_kernel(scan, &kernel);
	else
		on_text(scan, core);
	return 0;
}

/* Another part of a mail, or the end: nothing that was open goes on. */
static void part_end(struct scan *scan, const char *end)
{
	process_end(scan, end);
	for (size_t i = 0; i <= MAX_DEPTH; i++) {
		free(scan->levels[i].mark);
		scan->levels[i] = (struct level){ .mark = NULL };
	}
	scan->kernel = (struct kernel){ .release = "" };
	scan->now.called = scan->old_figures = false;
	scan->last_options[0] = '\0';
}

/*
 * Whether a case of the scope is in two of its groups, or something whose call is not there, which
 * may be any case, stands beside another group.
 */
static bool scope_is_apart(const struct log *log, size_t scope)
{
	autofree size_t *group_of = calloc(log->nr_cases + 1, sizeof(*group_of)); /* from 1 */
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
	int rc = 0;

	*log = (struct log){ 0 };
	text_reader_open(&scan.reader, text, size, name, err);
	for (bool first = true; rc == 0 && (first || scan.line.number); first = false) {
		struct text_line before = scan.before;

		rc = line_read(&scan);
		rc = rc || first ? rc : on_line(&scan);
		if (rc == 0 && !first && (!scan.next.number || scan.next.part != scan.line.part))
			part_end(&scan, scan.next.number ? "the mail ends" : "the log ends");
		scan.before = scan.line;
		scan.line = scan.next;
		scan.next = before;
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

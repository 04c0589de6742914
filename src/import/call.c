// SPDX-License-Identifier: GPL-2.0-or-later
#include "import/call.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_TOKEN 128
#define MB        (UINT64_C(1) << 20)
#define UNKNOWN   "unknown"
/* In ns it must fit a result file; too many digits are more. */
#define MOST (INT64_MAX / 1000u)

/* --- the options over the years: getopt's rules, letters that never changed their meaning but for
 * defaults --- */

static const char *const programs[NR_GUP_PROGRAMS] = {
	[GUP_TEST] = "gup_test",
	[GUP_BENCHMARK] = "gup_benchmark",
	[GUP_BENCH] = "gup_bench",
};

/* The next word of a line, without the quotes and brackets that prose and shells put around it. */
struct word {
	const char *start, *next;
	char text[MAX_TOKEN];
	bool last; /* a ';' or a closing quote or bracket ended it: the rest of the line is not the
		      call */
};

static bool word_next(struct word *word, const char *at)
{
	size_t size;

	at += strspn(at, " \t");
	if (!*at)
		return false;
	word->start = at;
	size = strcspn(at, " \t");
	word->next = at + size;
	word->last = false;
	while (size && strchr("'\"`(", *at)) {
		at++;
		size--;
	}
	while (size && strchr("'\"`);:,}", at[size - 1])) {
		size--;
		word->last = true;
	}
	if (size >= sizeof(word->text))
		size = sizeof(word->text) - 1;
	memcpy(word->text, at, size);
	word->text[size] = '\0';
	return true;
}

/* A pipe, a redirection, a comment: what follows is the shell's. */
static bool word_ends_call(const char *start)
{
	return strchr("|><&;()#", *start) || strncmp(start, "2>", 2) == 0;
}

static int program_find(const char *word)
{
	const char *slash = strrchr(word, '/');

	if (strncmp(word, "/sys/", 5) == 0)
		return -1; /* the file of debugfs */
	for (int i = 0; i < NR_GUP_PROGRAMS; i++)
		if (strcmp(slash ? slash + 1 : word, programs[i]) == 0)
			return i;
	return -1;
}

static bool number_parse(const char *text, int base, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, base);
	return end != text && !*end && !errno;
}

/* An option with a value; false: the program would not understand it either, or we do not know what
 * it would make of it. */
static bool value_take(struct gup_call *call, char letter, const char *value)
{
	int64_t number = 0;

	if (letter == 'f') {
		if (strlen(value) >= sizeof(call->file))
			return false;
		strcpy(call->file, strcmp(value, "/dev/zero") == 0 ? "" : value);
		text_hide_home(call->file);
		return *value != '\0';
	}
	if (!number_parse(value, letter == 'F' ? 0 : 10, &number))
		return false;
	switch (letter) {
	case 'n':
		call->nr_pages = number;
		return number && number <= INT32_MAX;
	case 'F':
		call->flags = (uint64_t)number & ~UINT64_C(1);
		if (number & 1)
			call->write = 1;
		return number >= 0 && number <= UINT32_MAX;
	case 'm':
		call->bytes = (uint64_t)number * MB;
		break;
	case 'r':
		call->repeats = (uint64_t)number;
		break;
	default: /* j */
		call->threads = (uint64_t)number;
		call->recent = true;
	}
	return number > 0 && number <= INT32_MAX;
}

static bool flag_take(struct gup_call *call, char letter)
{
	if (strchr("abcLUu", letter))
		call->what = letter;
	else if (strchr("tT", letter))
		call->thp = letter == 't';
	else if (strchr("wW", letter))
		call->write = letter == 'w';
	else if (!strchr("SHzp", letter))
		return false;
	call->shared = call->shared || letter == 'S';
	call->hugetlb = call->hugetlb || letter == 'H';
	call->touch = call->touch || letter == 'z';
	call->recent = call->recent || strchr("Wzp", letter);
	return true;
}

/* "-HL", "-m8192", "-m 8192": one word and perhaps the next. */
static bool options_take(struct gup_call *call, struct word *word)
{
	for (const char *at = word->text + 1; *at; at++) {
		char letter = *at;

		if (!strchr("mrnFfj", letter)) {
			if (!flag_take(call, letter))
				return false;
			continue;
		}
		if (at[1])
			return value_take(call, letter, at + 1);
		if (word->last || !word_next(word, word->next) || word_ends_call(word->start))
			return false;
		return value_take(call, letter, word->text);
	}
	return word->text[1] != '\0';
}

static bool is_name(const char *word)
{
	return word[0] && word[1] &&
	       word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'")] == '\0';
}

/* The words behind the program up to the end of the call; false: it is a sentence. */
static bool call_take(struct gup_call *call, const char *line, struct word *word)
{
	size_t nr = 0, nr_names = 0;
	int64_t number;
	bool last = word->last;
	const char *at = word->next;

	while (!last && word_next(word, at) && !word_ends_call(word->start)) {
		if (word->text[0] == '-') {
			if (!options_take(call, word))
				call->understood = false;
		} else if (word->text[0] &&
			   !number_parse(word->text, 0, &number)) { /* numbers of pages to dump */
			call->understood = false;
			nr_names += is_name(word->text);
			if (nr == 0 || nr_names == 2)
				return false;
		}
		last = word->last;
		at = word->next;
		nr++;
	}
	call->end = (size_t)(at - line);
	call->plain = nr == 0;
	return true;
}

/* A program alone on a line was called, when it is there as a shell or a script would show it. */
static bool shown_as_call(const char *program, const char *before)
{
	size_t size = strlen(before);

	return strchr(program, '/') || strcmp(before, "sudo") == 0 ||
	       strcmp(before, "running") == 0 || (size && strchr("$#%", before[size - 1]));
}

bool gup_call_parse(struct gup_call *call, const char *line)
{
	struct word word;
	char before[MAX_TOKEN] = "";
	size_t nr_names = 0;
	bool loop = false;

	for (const char *at = line; word_next(&word, at); at = word.next) {
		int program = program_find(word.text);
		bool quoted = strchr("(`", *word.start),
		     message = word.last && word.next[-1] == ':';
		struct gup_call other;
		char name[MAX_TOKEN];
		const char *slash;

		strcpy(name, word.text);
		if (program < 0 || message) {
			nr_names = *name && strchr("$#%", name[strlen(name) - 1])
					   ? 0
					   : nr_names + is_name(name);
			loop = loop || strcmp(name, "do") == 0 || strcmp(name, "while") == 0 ||
			       strcmp(name, "until") == 0;
			strcpy(before, name);
			continue;
		}
		*call = (struct gup_call){ .program = (enum gup_program)program,
					   .thp = -1,
					   .write = -1,
					   .bytes = 128 * MB,
					   .nr_pages = 1,
					   .repeats = 1,
					   .threads = 1,
					   .understood = true,
					   .prose = quoted || nr_names >= 3,
					   .bare = word.start == line + strspn(line, " "),
					   .loop = loop,
					   .recent = program == GUP_BENCH };
		at = word.start + strspn(word.start, "'\"`(");
		snprintf(call->text, sizeof(call->text), "%s", at);
		text_plain(call->text);
		text_hide_home(call->text);
		slash = memrchr(at, '/', (size_t)(word.next - at));
		call->start = (size_t)((slash ? slash + 1 : at) - line);
		if (call_take(call, line, &word) && (!call->plain || shown_as_call(name, before))) {
			call->loop = call->loop || strstr(line + call->end, "done");
			call->again = line[call->end] && gup_call_parse(&other, line + call->end) &&
				      !other.plain;
			return true;
		}
		strcpy(before, "");
	}
	return false;
}

bool gup_call_prints(const struct gup_call *call, enum gup_bench bench)
{
	bool any = bench == NR_GUP_BENCHES;

	if (!call->understood || (call->program == GUP_BENCH && call->plain))
		return true;
	if (call->program == GUP_BENCHMARK)
		return any || bench == BENCH_UNNAMED;
	switch (call->what) {
	case 'a':
		return any || bench == BENCH_PIN_FAST;
	case 'L':
		return any || bench == BENCH_PIN_LONGTERM;
	case 'u':
	case 0:
		return any || bench == BENCH_GUP_FAST;
	default:
		return false; /* tests without figures */
	}
}

uint64_t gup_call_figures(const struct gup_call *call)
{
	if (!call->understood || (call->program == GUP_BENCH && call->plain))
		return 0;
	return call->repeats * call->threads;
}

/* --- the lines that hold figures; import/call.h has them as they look in each kernel --- */

static bool starts(const char *text, const char *with)
{
	return *text == *with && strncmp(text, with, strlen(with)) == 0;
}

/* "PIN_FAST_BENCHMARK (nr_pages=512  write private hugetlb=off thp=on) time:" */
static void label_take(const char *text, struct gup_label *label)
{
	const char *at = strstr(text, "(nr_pages=");
	char access[8], sharing[8], hugetlb[16], thp[16];
	unsigned long long nr_pages;

	if (!at || sscanf(at, "(nr_pages=%10llu %7s %7s %15s %15[^)])", &nr_pages, access, sharing,
			  hugetlb, thp) != 5)
		return;
	label->known = nr_pages > 0;
	label->nr_pages = nr_pages;
	label->write = strcmp(access, "write") == 0;
	label->shared = strcmp(sharing, "shared") == 0;
	label->hugetlb = strcmp(hugetlb, "hugetlb=on") == 0;
	label->thp = strcmp(thp, "thp=on") == 0 ? 1 : strcmp(thp, "thp=off") == 0 ? 0 : -1;
}

/* ", truncated (size: 4096)", behind "# " where ksft_print_msg() printed it. */
static const char *truncation_take(const char *at, struct figure *figure)
{
	const char *size = at + strspn(at, "# ,");
	int used = 0;

	figure->truncated = starts(size, "truncated");
	if (!figure->truncated)
		return at;
	if (sscanf(size, "truncated (size: %" SCNu64 "%n", &figure->bytes, &used) == 1 &&
	    size[used] == ')' && figure->bytes <= MOST)
		return size + used;
	figure->cut = true;
	return size + strlen("truncated");
}

/*
 * Behind "get:" or "Time: ": the end of the figure; NULL for what only looks like one, as the
 * source of gup_test does.
 */
static const char *figure_take(const char *at, struct figure *figure, bool old)
{
	int used = 0;

	figure->cut = true;
	figure->put_known = !old;
	if (!isdigit((unsigned char)*at))
		return *at == '-' && isdigit((unsigned char)at[1]) ? at + 2 : NULL;
	if (old)
		sscanf(at, "%" SCNu64 " us%n", &figure->get_us, &used);
	else
		sscanf(at, "%" SCNu64 " put:%" SCNu64 " us%n", &figure->get_us, &figure->put_us,
		       &used);
	if (!used || isalnum((unsigned char)at[used]))
		return old ? NULL : at + strspn(at, "0123456789");
	figure->cut = figure->get_us > MOST || figure->put_us > MOST;
	figure->ksft = at[used] == '#';
	return truncation_take(at + used, figure);
}

/* What a line names: of the last name in front of @end. */
static const char *name_find(const char *text, const char *end, struct figure *figure)
{
	static const char *const names[NR_GUP_BENCHES] = { "", "GUP_FAST", "PIN_FAST",
							   "PIN_LONGTERM" };
	const char *at = NULL;

	for (const char *next = text; (next = strstr(next, "_BENCHMARK")) && next < end; next++)
		at = next;
	for (int bench = BENCH_GUP_FAST; at && bench < NR_GUP_BENCHES; bench++) {
		size_t size = strlen(names[bench]);

		if ((size_t)(at - text) < size || memcmp(at - size, names[bench], size) != 0)
			continue;
		figure->bench = (enum gup_bench)bench;
		return at - size;
	}
	return NULL;
}

bool figure_parse(struct figure *figure, const char *text, bool old)
{
	static const char rest[] = "_BENCHMARK: Time: get:";
	const char *end = text + strlen(text), *at = strstr(text, "ime: get:"), *name, *behind;

	*figure = (struct figure){ 0 };
	name = name_find(text, at ? at : end, figure);
	if (!at && name) {
		/* "PIN_FAST_BENCHMARK: Ti" at the end of a line, or without its times: the rest was
		 * lost or stands on another line */
		behind = strstr(name, "_BENCHMARK");
		figure->cut = true;
		figure->start = (size_t)(name - text);
		figure->end = (size_t)(end - text);
		return starts(behind, "_BENCHMARK (nr_pages=") ||
		       (end - behind > 12 && strncmp(behind, rest, (size_t)(end - behind)) == 0);
	}
	if (at) {
		if (at == text || !strchr("Tt", at[-1]))
			return false;
		if (name)
			label_take(name, &figure->label);
		end = figure_take(at + strlen("ime: get:"), figure, false);
		/* only gup_bench writes it small, behind what it measured */
		figure->cut = figure->cut || (at[-1] == 't') != figure->label.known;
		at = name ? name : at - 1;
	} else {
		at = old ? strstr(text, "Time: ") : NULL;
		if (!at || (at > text && at[-1] != ' '))
			return false;
		end = figure_take(at + strlen("Time: "), figure, true);
	}
	if (!end)
		return false;
	figure->start = (size_t)(at - text);
	figure->end = (size_t)(end - text);
	figure->several = strstr(end, "ime: get:");
	return true;
}

/* --- from the call to the case: what gup_test does with its options, and what that leaves open ---
 */

static const char *pinner_name(const struct gup_call *call, enum gup_bench bench)
{
	static const char *const named[NR_GUP_BENCHES] = {
		[BENCH_GUP_FAST] = "gup-test/gup-fast",
		[BENCH_PIN_FAST] = "gup-test/pin-fast",
		[BENCH_PIN_LONGTERM] = "gup-test/pin-longterm",
	};

	if (named[bench])
		return named[bench];
	switch (call ? call->what : '?') {
	case 0:
	case 'u':
		return "gup-test/gup-fast";
	case 'U':
		return "gup-test/gup-basic";
	case 'a':
		return "gup-test/pin-fast";
	case 'b':
		return "gup-test/pin-basic";
	case 'L': /* of gup_benchmark get_user_pages_longterm() up to 5.5, pin_user_pages() after
		     that */
		return call->program == GUP_BENCHMARK ? "gup-test/longterm"
						      : named[BENCH_PIN_LONGTERM];
	default:
		return "gup-test/unknown";
	}
}

/* What is mapped; private /dev/zero is anonymous memory, shared /dev/zero is shmem. */
static const char *layout_name(const struct gup_call *call)
{
	static const char *const shmem[] = { "shmem-unknown", "shmem-base", "shmem-thp-unknown" };
	static const char *const anonymous[] = { UNKNOWN, "base", "thp-unknown" };

	if (call->hugetlb)
		return "hugetlb-unknown";
	if (call->file[0])
		return "file-unknown";
	return (call->shared ? shmem : anonymous)[call->thp + 1];
}

static const char *state_name(const struct gup_call *call)
{
	if (call->program == GUP_BENCHMARK && call->file[0])
		return UNKNOWN; /* 4.20 mapped a file shared, later ones only with -S */
	if (call->shared)
		return "map-shared";
	if (call->touch) /* the first pin faults in, a second one finds the pages */
		return call->repeats * call->threads == 1 ? "unpopulated" : UNKNOWN;
	return "exclusive"; /* every page was written by the only process that maps it */
}

/* The default changed: read in gup_benchmark and in the gup_test of 5.11 and 5.12, write
 * since 5.13. */
static const char *access_name_of(const struct gup_call *call)
{
	if (call->write < 0 && call->program != GUP_BENCHMARK && !call->recent)
		return UNKNOWN;
	return call->write == 1 || (call->write < 0 && call->recent) ? "write" : "read";
}

/* What gup_bench says of each figure overrides what it does by default. */
static void label_apply(struct gup_call *call, const struct gup_label *label)
{
	if (!label->known)
		return;
	call->recent = true;
	call->write = label->write;
	call->shared = label->shared;
	call->hugetlb = label->hugetlb;
	call->thp = label->thp;
	call->nr_pages = label->nr_pages <= INT32_MAX ? (int64_t)label->nr_pages : 0;
	if (call->plain && label->hugetlb)
		call->bytes = 256 * MB; /* its matrix takes 256M of hugetlb and 128M of the rest */
}

/* "size=8G,threads=4,flags=0x100,file=/mnt/huge/x": what is unlike the default, or has no word of
 * ours. */
static void tail_format(const struct gup_call *call, bool size_known, char *tail, size_t room)
{
	char size[24];
	size_t used = 0;

	*tail = '\0';
	if (size_known && call->bytes != 2 << 20) { /* the default of a plan */
		size_format(call->bytes, size, sizeof(size));
		used += snprintf(tail + used, room - used, ",size=%s", size);
	}
	if (call->threads > 1)
		used += snprintf(tail + used, room - used, ",threads=%" PRIu64, call->threads);
	if (call->flags)
		used += snprintf(tail + used, room - used, ",flags=0x%" PRIx64, call->flags);
	if (call->file[0])
		snprintf(tail + used, room - used, ",file=%s", call->file);
}

static void key_format(const struct params *params, int64_t nr_pages, const char *tail, char *key)
{
	char pages[24] = UNKNOWN;
	int used;

	if (nr_pages < 0)
		strcpy(pages, "all");
	else if (nr_pages > 0)
		snprintf(pages, sizeof(pages), "%" PRId64, nr_pages);
	used = snprintf(key, 256, "%s,%s,%s,%s,%s,n=%s", params->pinner, params->layout,
			params->state, params->access, params->window, pages);
	snprintf(key + used, 256 - (size_t)used, "%s", tail); /* a path that is too long is cut */
	text_ascii(key);
	for (char *at = key; *at; at++)
		if (*at == ' ')
			*at = '?';
}

void gup_case(const struct gup_call *known, enum gup_bench bench, const struct gup_label *label,
	      struct params *params, char *key)
{
	struct gup_call call = { .thp = -1, .write = -1, .threads = 1, .repeats = 1 };
	bool size_known = known && known->understood;
	char tail[160];

	*params = (struct params){ 0 };
	if (size_known)
		call = *known;
	label_apply(&call, label);
	snprintf(params->pinner, sizeof(params->pinner), "%s",
		 pinner_name(size_known ? &call : NULL, bench));
	if (!size_known && !label->known) {
		strcpy(params->layout, UNKNOWN);
		strcpy(params->state, UNKNOWN);
		strcpy(params->access, UNKNOWN);
		strcpy(params->window, UNKNOWN);
		key_format(params, 0, "", key);
		return;
	}
	snprintf(params->layout, sizeof(params->layout), "%s", layout_name(&call));
	snprintf(params->state, sizeof(params->state), "%s", state_name(&call));
	snprintf(params->access, sizeof(params->access), "%s", access_name_of(&call));
	tail_format(&call, size_known, tail, sizeof(tail));
	/* gup_bench rounds up to whole huge pages, whatever their size */
	if (size_known && !(call.program == GUP_BENCH && call.hugetlb && call.bytes % (1024 * MB)))
		params->bytes = params->region_bytes = call.bytes;
	strcpy(params->window, params->bytes ? "region" : UNKNOWN);
	params->pages_per_call = call.nr_pages > 0 ? (uint64_t)call.nr_pages : 0;
	key_format(params, call.nr_pages, tail, key);
}

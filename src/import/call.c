// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of gup_test over the years: getopt's rules, letters that never changed their meaning
 * but for defaults. */
#include "import/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_TOKEN 128
#define MB        (UINT64_C(1) << 20)

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

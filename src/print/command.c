// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/command.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define MAX_BYTES 8192u /* of a command that is still printed: nobody types more */

/* --- options --- */

/* What the verbs take (r: run, v: vm, i: import): getopt_long(3) allows "-qofile" and "--out file",
 * and a value may look like one. */
static const struct option_name {
	char shorter;
	bool value, dropped;
	const char *longer, *verbs;
} option_names[] = {
	{ 'o', true, true, "output", "rvi" },  { 'q', false, true, "quiet", "ri" },
	{ 0, true, true, "label", "rvi" },     { 0, true, true, "with-label", "r" },
	{ 0, true, true, "with-output", "r" }, { 0, false, true, "resume", "rv" },
	{ 'c', true, false, "config", "r" },   { 'p', true, false, "param", "r" },
	{ 0, true, false, "runs", "r" },       { 0, true, false, "with", "r" },
	{ 0, true, false, "only", "r" },       { 0, true, false, "placement", "r" },
	{ 0, false, false, "dry-run", "r" },   { 0, false, false, "force", "r" },
	{ 0, false, false, "time-only", "r" }, { 0, false, false, "settle", "r" },
	{ 0, true, false, "clock", "rv" },     { 0, true, false, "precision", "rv" },
	{ 0, true, false, "max-time", "rv" },  { 0, true, false, "order", "rv" },
	{ 0, true, false, "seed", "rv" },      { 'k', true, false, "kernel", "v" },
	{ 0, true, false, "boots", "v" },      { 0, true, false, "jobs", "v" },
	{ 'm', true, false, "memory", "v" },   { 0, true, false, "append", "v" },
	{ 0, true, false, "accel", "v" },      { 0, true, false, "timeout", "v" },
	{ 0, true, false, "guest", "v" },      { 's', true, false, "section", "i" },
	{ 0, true, false, "qemu", "v" },
};

#define NR_OPTIONS (sizeof(option_names) / sizeof(option_names[0]))

static const struct option_name *short_find(char verb, char name)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (option_names[i].shorter == name && strchr(option_names[i].verbs, verb))
			return &option_names[i];
	return NULL;
}

/* By its whole name, or by a beginning that no other has. */
static const struct option_name *long_find(char verb, const char *name, size_t length)
{
	const struct option_name *found = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < NR_OPTIONS; i++) {
		const struct option_name *option = &option_names[i];

		if (!strchr(option->verbs, verb) || strncmp(option->longer, name, length))
			continue;
		if (!option->longer[length])
			return option;
		found = option;
		nr++;
	}
	return nr == 1 ? found : NULL;
}

/* --- words --- */

static void add(struct command *command, const char *word)
{
	command->words = reallocarray(command->words, command->nr + 1, sizeof(*command->words));
	if (!command->words || !(command->words[command->nr++] = strdup(word)))
		abort();
}

/*
 * "-qo" "file": what is left of the letters. Returns whether the next word belongs to the last of
 * them, and in @keep whether that word stays.
 */
static bool add_letters(struct command *command, char verb, const char *word, bool *keep)
{
	autofree char *left = strdup(word);
	bool takes_next = false;
	size_t nr = 1;

	if (!left)
		abort();
	*keep = true;
	for (const char *at = word + 1; *at; at++) {
		const struct option_name *option = short_find(verb, *at);

		if (!option || !option->dropped)
			left[nr++] = *at;
		if (!option || !option->value)
			continue;
		takes_next = !at[1];
		*keep = !option->dropped;
		if (*keep)
			nr += strlen(strcpy(left + nr, at + 1));
		break;
	}
	left[nr] = '\0';
	if (nr > 1 || !word[1])
		add(command, left);
	return takes_next;
}

/* One option with its value. Returns how many words it was. */
static size_t add_option(struct command *command, char verb, char *const *from)
{
	const char *word = from[0], *equal = strchr(word, '=');
	const struct option_name *option;
	bool keep = true, takes_next;

	if (strncmp(word, "--", 2) != 0) {
		takes_next = add_letters(command, verb, word, &keep);
	} else {
		option = long_find(verb, word + 2,
				   equal ? (size_t)(equal - word) - 2 : strlen(word + 2));
		keep = !option || !option->dropped;
		takes_next = option && option->value && !equal;
		if (keep)
			add(command, word);
	}
	if (!takes_next || !from[1])
		return 1;
	if (keep)
		add(command, from[1]);
	return 2;
}

/* A home directory is "~" in the file. At the start of a word or of a value the shell knows a way
 * to say that. */
static const char *home_find(const char *word)
{
	for (const char *at = strchr(word, '~'); at; at = strchr(at + 1, '~'))
		if ((at[1] == '/' || !at[1]) && (at == word || at[-1] == '='))
			return at;
	return NULL;
}

/* "/srv~/x" was /srv/home/somebody/x, and that name is nowhere. */
static bool home_is_lost(const char *word)
{
	const char *home = home_find(word);

	for (const char *at = strstr(word, "~/"); at; at = strstr(at + 1, "~/"))
		if (at != home)
			return true;
	return false;
}

void command_of(struct command *command, const struct results *results, bool inner)
{
	char *const *from = results->command;
	char verb = from && from[0] && from[1] ? *from[1] : '\0';
	bool outside = verb == 'v';

	*command = (struct command){ .lost = false };
	for (size_t i = 0; from && from[i];) {
		if (i > 1 && outside && (from[i][0] != '-' || strcmp(from[i], "--") == 0)) {
			/* from here on it is the guest's */
			outside = false;
			if (inner) {
				command_free(command);
				add(command, "pinbench");
			}
			if (strcmp(from[i], "--") == 0 && !inner)
				add(command, from[i]);
			i += strcmp(from[i], "--") == 0;
			verb = from[i] ? *from[i] : '\0';
			if (from[i])
				add(command, from[i++]);
		} else if (i > 1 && from[i][0] == '-') {
			i += add_option(command, verb, &from[i]);
		} else {
			add(command, from[i++]);
		}
	}
	for (size_t i = 0; i < command->nr; i++)
		command->lost = command->lost || home_is_lost(command->words[i]);
}

void command_free(struct command *command)
{
	for (size_t i = 0; i < command->nr; i++)
		free(command->words[i]);
	free(command->words);
	*command = (struct command){ .lost = false };
}

bool command_same(const struct command *a, const struct command *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (strcmp(a->words[i], b->words[i]))
			return false;
	return true;
}

/* --- quoting --- */

#define PIECE 32u /* columns of a part of a word that is printed in parts */
#define WHOLE 48u /* ... of a word that is not */

/* Text that no line is broken in. */
struct tokens {
	char **items;
	bool *sticks; /* to the one before it, if there is room */
	size_t nr;
};

static void token_add(struct tokens *tokens, char *text, bool sticks)
{
	tokens->items = reallocarray(tokens->items, tokens->nr + 1, sizeof(*tokens->items));
	tokens->sticks = reallocarray(tokens->sticks, tokens->nr + 1, sizeof(*tokens->sticks));
	if (!text || !tokens->items || !tokens->sticks)
		abort();
	tokens->items[tokens->nr] = text;
	tokens->sticks[tokens->nr++] = sticks;
}

static bool is_plain(const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%+=:,./@-";
	/* what a line of a mail or of a patch begins with */
	static const char *const begins[] = { "---", "+++", "@@", "diff", "Index:", "From" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(word, begins[i], strlen(begins[i])) == 0)
			return false;
	return *word && !word[strspn(word, plain)];
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/*
 * One byte inside of single quotes. @octal: for printf %b. A pair of scissors (">8", "8<", ">%",
 * "%<") is parted by quotes that the shell drops.
 */
static void put_byte(FILE *out, char before, char byte, bool octal)
{
	bool cut = ((before == '>') && (byte == '8' || byte == '%')) ||
		   ((before == '8' || before == '%') && byte == '<');

	if (cut)
		fputs("''", out);
	if (byte == '\'')
		fputs("'\\''", out);
	else if (octal && byte == '\\')
		fputs("\\\\", out);
	else if (octal && (byte < ' ' || byte > '~' || byte == '!'))
		fprintf(out, "\\0%03o", (unsigned char)byte);
	else
		fputc(byte, out);
}

/* As much of *@text as @most columns have room for, in single quotes. */
static void put_quoted(FILE *out, const char **text, unsigned int most, bool octal)
{
	char before = '\0';
	long begin = ftell(out);

	fputc('\'', out);
	/* a byte takes six columns at most */
	for (; **text && ftell(out) - begin + 6 < (long)most; before = *(*text)++)
		put_byte(out, before, **text, octal);
	fputc('\'', out);
}

/* The word in one token: plain, or in quotes; NULL: there is no room for it, or what is in it
 * cannot be written so. */
static char *token_whole(const char *word, const char *home)
{
	const char *rest = home ? home + 1 : word;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (!is_ascii(word) || strlen(word) > WHOLE)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	if (home)
		fprintf(out, "%.*s\"$HOME\"", (int)(home - word), word);
	if (is_plain(rest) || (home && !*rest))
		fputs(rest, out);
	else
		put_quoted(out, &rest, 6 * WHOLE, false);
	if (fclose(out))
		abort();
	if (size <= WHOLE + (home ? 8 : 0))
		return text;
	free(text);
	return NULL;
}

/* A word in parts, which printf puts together again: "$(printf %s 'part' "$HOME" 'part')". */
static void tokens_add_parts(struct tokens *tokens, const char *word, const char *home, bool sticks)
{
	/* an exclamation mark in double quotes is for the history of an interactive shell */
	bool octal = !is_ascii(word) || strchr(word, '!'), first = true;
	autofree char *before = strndup(word, home ? (size_t)(home - word) : 0);
	const char *rest = home ? before : word;

	if (!before)
		abort();
	for (;; first = false) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		if (!out)
			abort();
		if (first)
			fprintf(out, "\"$(printf %s ", octal ? "%b" : "%s");
		if (*rest) {
			put_quoted(out, &rest, PIECE, octal);
		} else {
			fputs("\"$HOME\"", out);
			rest = home + 1;
			home = NULL;
		}
		if (!*rest && !home)
			fputs(")\"", out);
		if (fclose(out))
			abort();
		token_add(tokens, text, first && sticks);
		if (!*rest && !home)
			break;
	}
}

static void tokens_add_word(struct tokens *tokens, const char *word, bool sticks)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-=";
	const char *home = home_find(word);
	char *whole = home && strspn(word, bare) < (size_t)(home - word) ? NULL
									 : token_whole(word, home);

	if (whole)
		token_add(tokens, whole, sticks);
	else
		tokens_add_parts(tokens, word, home, sticks);
}

static void tokens_free(struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->nr; i++)
		free(tokens->items[i]);
	free(tokens->items);
	free(tokens->sticks);
}

/* As many tokens a line as fit, and a backslash at the end of each line but the last. No line
 * begins with "-- ". */
static void tokens_put(const struct tokens *tokens, struct lines *lines, unsigned int indent)
{
	const size_t room = LINES_COLUMNS - LINES_INDENT - indent -
			    7; /* the hang of two, " --" and " \\" */
	char line[2 * LINES_COLUMNS] = "";
	bool first = true;

	for (size_t i = 0; i < tokens->nr; i++) {
		size_t length = strlen(tokens->items[i]), follow = 0;

		if (i + 1 < tokens->nr && tokens->sticks[i + 1])
			follow = 1 + strlen(tokens->items[i + 1]);
		if (length + follow > room)
			follow = 0;
		if (*line && strlen(line) + 1 + length + follow > room &&
		    strcmp(tokens->items[i], "--")) {
			strcat(line, " \\");
			lines_put(lines, indent + (first ? 0 : 2), line);
			first = false;
			*line = '\0';
		}
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", *line ? " " : "",
			 tokens->items[i]);
	}
	lines_put(lines, indent + (first ? 0 : 2), line);
}

void command_put(const struct command *command, struct lines *lines, unsigned int indent)
{
	struct tokens tokens = { 0 };
	size_t size = 0;

	for (size_t i = 0; i < command->nr; i++)
		size += strlen(command->words[i]);
	if (command->lost || size > MAX_BYTES) {
		lines_wrap(lines, indent, 2,
			   command->lost ? "(the file does not say: a home directory was left out "
					   "of its command)"
					 : "(%zu words, too many to be typed)",
			   command->nr);
		return;
	}
	for (size_t i = 0; i < command->nr; i++) {
		const char *word = command->words[i];
		bool value = i && command->words[i - 1][0] == '-' &&
			     strcmp(command->words[i - 1], "--") && word[0] != '-';

		tokens_add_word(&tokens, word, value);
	}
	tokens_put(&tokens, lines, indent);
	tokens_free(&tokens);
}

/*
 * What a line must not begin with, though it is indented: '#' is a comment of git commit, "---",
 * "diff", "Index:" and "@@" end the message of a mail (checkpatch.pl looks at indented ones too),
 * "-- " its body, "From" begins the next mail.
 */
static const char *const cutters[] = { "#",     "---",    "-- ",   "+++",   "@@",
				       "diff ", "Index:", "From ", "From:", ">From " };

/* git-mailinfo(1), --scissors: everything above such a line is thrown away. */
static const char *const scissors[] = { ">8", "8<", ">%", "%<" };

static void make_safe(char *text)
{
	size_t length;

	text_ascii(text);
	length = strlen(text);
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
	for (size_t i = 0; i < sizeof(cutters) / sizeof(cutters[0]); i++)
		if (strncmp(text, cutters[i], strlen(cutters[i])) == 0)
			text[0] = '?';
	if (strcmp(text, "--") == 0)
		text[0] = '?';
	for (size_t i = 0; i < sizeof(scissors) / sizeof(scissors[0]); i++)
		for (char *at = text; (at = strstr(at, scissors[i])); at++)
			at[*at == '>' ? 0 : 1] = '?';
}

void lines_put(struct lines *lines, unsigned int indent, const char *text)
{
	size_t blanks = strspn(text, " "), room;
	autofree char *line = strdup(text + blanks);

	if (!line)
		abort();
	make_safe(line);
	if (!*line)
		return;
	indent += LINES_INDENT + blanks;
	if (indent > LINES_COLUMNS / 2)
		indent = LINES_COLUMNS / 2;
	room = LINES_COLUMNS - indent;
	if (strlen(line) > room)
		strcpy(line + room - 2, "..");
	if (lines->gap && lines->nr)
		fputc('\n', lines->out);
	lines->gap = false;
	lines->nr++;
	fprintf(lines->out, "%*s%s\n", (int)indent, "", line);
}

void lines_gap(struct lines *lines)
{
	lines->gap = true;
}

void lines_wrap(struct lines *lines, unsigned int indent, unsigned int hang, const char *format,
		...)
{
	autofree char *text = NULL;
	va_list args;
	char *at;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	text_ascii(text);
	for (at = text; *at;) {
		size_t room = LINES_COLUMNS - LINES_INDENT - indent, length = strlen(at);
		char line[LINES_COLUMNS + 1];

		if (length > room) {
			/* at the last space that leaves a line short enough, or in the word that is
			 * longer */
			for (length = room; length > 0 && at[length] != ' ';)
				length--;
			length = length ? length : room;
		}
		snprintf(line, sizeof(line), "%.*s", (int)length, at);
		lines_put(lines, indent, line);
		at += length;
		at += strspn(at, " ");
		indent += hang;
		hang = 0;
	}
}

#define MAX_WORD 48u /* columns of one word of a command */

/* As a shell reads it back; without the middle of what is too long to be read. */
static char *word_quoted(const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%+=:,./~@-";
	size_t length = strlen(word);
	char cut[MAX_WORD + 1], *quoted, *to;

	if (length > MAX_WORD) {
		snprintf(cut, sizeof(cut), "%.20s...%s", word, word + length - (MAX_WORD - 23));
		word = cut;
	}
	quoted = to = malloc(strlen(word) * 4 + 3);
	if (!quoted)
		abort();
	if (*word && !word[strspn(word, plain)])
		return strcpy(quoted, word);
	*to++ = '\'';
	for (; *word; word++) {
		*to++ = *word;
		if (*word == '\'')
			to = stpcpy(to, "\\''");
	}
	strcpy(to, "'");
	return quoted;
}

/* An option stays with its value, and what comes before "--" with that: no line begins with "-- ".
 */
static bool sticks(const char *word, const char *next)
{
	return strcmp(next, "--") == 0 || (word[0] == '-' && strcmp(word, "--") && next[0] != '-');
}

void lines_command(struct lines *lines, unsigned int indent, const char *const *words, size_t nr,
		   unsigned int max_lines)
{
	const size_t room = LINES_COLUMNS - LINES_INDENT - indent -
			    6; /* the hang of two, and " ..." */
	char line[LINES_COLUMNS * 4 + 8] = "";
	unsigned int nr_lines = 0;

	for (size_t i = 0; i < nr;) {
		char chunk[LINES_COLUMNS * 4 + 1] = "";
		bool more;

		do {
			autofree char *word = word_quoted(words[i++]);
			size_t used = strlen(chunk);

			snprintf(chunk + used, sizeof(chunk) - used, "%s%s", used ? " " : "", word);
			more = i < nr && sticks(words[i - 1], words[i]);
		} while (more);
		if (*line && strlen(line) + 1 + strlen(chunk) > room) {
			bool last = nr_lines + 1 == max_lines;

			strcat(line, last ? " ..." : " \\");
			lines_put(lines, indent + (nr_lines++ ? 2 : 0), line);
			*line = '\0';
			if (last)
				return;
		}
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", *line ? " " : "",
			 chunk);
	}
	lines_put(lines, indent + (nr_lines ? 2 : 0), line);
}

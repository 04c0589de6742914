// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/lines.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

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

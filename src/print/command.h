/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The command that a result file remembers, as somebody else would type it to measure the same
 * again. */
#include <stdbool.h>
#include <stdio.h>

#include "result/results.h"

/*
 * Text that goes through git commit, git format-patch and git am as it is: ASCII, at most 75
 * columns as checkpatch.pl wants it, indented, no trailing blanks, no two empty lines, and no line
 * that begins as a comment, a diff, a mail header or a signature does, or that git am would take
 * for scissors. What comes from files may be anything.
 */

#define LINES_COLUMNS 75u
#define LINES_INDENT  2u

struct lines {
	FILE *out;
	size_t nr; /* written so far */
	bool gap;  /* an empty line comes before the next */
};

/* One line, indented by @indent more; what does not fit is cut. */
void lines_put(struct lines *lines, unsigned int indent, const char *text);
/* An empty line before the next one, if there is any before and after. */
void lines_gap(struct lines *lines);
/* As many lines as it takes, broken at spaces; all but the first are indented by @hang more. */
void lines_wrap(struct lines *lines, unsigned int indent, unsigned int hang, const char *format,
		...) __attribute__((format(printf, 4, 5)));
/* A command as a shell takes it, in at most @max_lines; words that no line has room for lose their
 * middle. */
void lines_command(struct lines *lines, unsigned int indent, const char *const *words, size_t nr,
		   unsigned int max_lines);

struct command {
	char **words;
	size_t nr;
	bool lost; /* part of a word was left out when the file was written: nobody can type it */
};

/*
 * Without the options that say where the result goes, what it is called, or that it is continued:
 * they are of no use to anybody else. @inner: what ran in the virtual machine, without that.
 * Nothing, when the file has no command.
 */
void command_of(struct command *command, const struct results *results, bool inner);
void command_free(struct command *command);
bool command_same(const struct command *a, const struct command *b);
/* As lines that any POSIX shell takes, whatever the words hold; words that no line has room for are
 * put together by printf. */
void command_put(const struct command *command, struct lines *lines, unsigned int indent);

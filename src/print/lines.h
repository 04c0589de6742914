/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Text that goes through git commit, git format-patch and git am as it is: ASCII, at most 75
 * columns as checkpatch.pl wants it, indented, no trailing blanks, no two empty lines, and no line
 * that begins as a comment, a diff, a mail header or a signature does, or that git am would take
 * for scissors. What comes from files may be anything.
 */
#include <stdbool.h>
#include <stdio.h>

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

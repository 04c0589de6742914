/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The command that a result file remembers, as somebody else would type it to measure the same
 * again. */
#include "print/lines.h"
#include "result/results.h"

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

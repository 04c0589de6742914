/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Lines of a file that may hold anything: a log, one mail, a mailbox. Quoted-printable is decoded;
 * a mail that is anything else than plain text is named, for git mailinfo reads that. Each mail has
 * a number of its own, as what stands in two of them belongs together nowhere.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct text_line {
	char *text; /* plain: no control characters, no escape sequences, no space at its end */
	size_t room;
	size_t number;      /* in the file, from 1: where it begins; 0: there is no line */
	size_t part;        /* of the mails of the file; 0: not in a mail */
	unsigned int depth; /* of "> " quotes, which are not in @text */
	char family;        /* the caller's */
	char subject[80];   /* of the mail */
};

struct text_reader {
	const char *at, *end, *name;
	struct error *err;
	size_t number, part;
	char subject[80];
	bool quoted_printable;
};

void text_reader_open(struct text_reader *reader, const char *text, size_t size, const char *name,
		      struct error *err);
/*
 * Gives @line, whose buffer is used again, the next line that is not blank. -EBADMSG, with the line
 * and the way out, for a mail that is not read.
 */
int text_reader_next(struct text_reader *reader, struct text_line *line);

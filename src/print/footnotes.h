/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is said below a table: each sentence once, numbered as they are met. */
#include <stddef.h>

struct footnotes {
	char **texts;
	size_t nr;
};

/* The number of a sentence, from 1; 0 for an empty one. */
size_t footnote(struct footnotes *notes, const char *text);
void footnotes_free(struct footnotes *notes);

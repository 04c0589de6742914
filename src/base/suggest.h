/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* "did you mean": the nearest known word. */
#include <stddef.h>

/*
 * The candidate within an edit distance of 2 (of a third of the word for longer ones), or that
 * @word is the beginning of; NULL when none is near. The first of several equally near ones.
 * @nth(context, i) gives the i-th candidate, NULL ends the list.
 */
const char *suggest_word(const char *word, const char *(*nth)(const void *context, size_t i),
			 const void *context);

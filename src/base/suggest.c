// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/suggest.h"

#include <string.h>

#define MAX_WORD 64

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein with swaps of neighbours ("lsit") counted as one edit; words longer than MAX_WORD are
 * never near. */
static size_t word_distance(const char *a, const char *b)
{
	size_t rows[3][MAX_WORD + 1];
	size_t *older = rows[0], *old = rows[1], *now = rows[2];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > MAX_WORD || len_b > MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= len_b; j++)
		old[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *spare = older;

		now[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			now[j] = min3(old[j] + 1, now[j - 1] + 1,
				      old[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
		older = old;
		old = now;
		now = spare;
	}
	return old[len_b];
}

const char *suggest_word(const char *word, const char *(*nth)(const void *context, size_t i),
			 const void *context)
{
	size_t len = strlen(word), limit = len / 3 > 2 ? len / 3 : 2;
	size_t best = MAX_WORD;
	const char *nearest = NULL, *candidate;

	if (len == 0)
		return NULL;
	if (limit >= len) /* else any word of two letters would be near */
		limit = len - 1;
	for (size_t i = 0; (candidate = nth(context, i)); i++) {
		size_t distance = word_distance(word, candidate);

		if (len >= 3 && distance > limit && strncmp(word, candidate, len) == 0)
			distance = limit;
		if (distance <= limit && distance < best) {
			best = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

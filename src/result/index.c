// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/index.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
	const struct result *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

void results_index_make(struct results_index *index, const struct results *results)
{
	index->nr = results->nr;
	index->sorted = calloc(index->nr + 1, sizeof(*index->sorted));
	if (!index->sorted)
		abort();
	for (size_t i = 0; i < index->nr; i++)
		index->sorted[i] = &results->items[i];
	qsort(index->sorted, index->nr, sizeof(*index->sorted), by_key);
}

static int key_against(const void *key, const void *slot)
{
	const struct result *const *result = slot;

	return strcmp(key, (*result)->key);
}

const struct result *results_index_find(const struct results_index *index, const char *key)
{
	const struct result **slot =
		bsearch(key, index->sorted, index->nr, sizeof(*index->sorted), key_against);

	return slot ? *slot : NULL;
}

void results_index_free(struct results_index *index)
{
	free(index->sorted);
	*index = (struct results_index){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/index.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b)
{
	const struct result *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

void report_index_make(struct report_index *index, const struct report *report)
{
	index->nr = report->nr_results;
	index->sorted = calloc(index->nr + 1, sizeof(*index->sorted));
	if (!index->sorted)
		abort();
	for (size_t i = 0; i < index->nr; i++)
		index->sorted[i] = &report->results[i];
	qsort(index->sorted, index->nr, sizeof(*index->sorted), by_key);
}

static int key_against(const void *key, const void *slot)
{
	const struct result *const *result = slot;

	return strcmp(key, (*result)->key);
}

const struct result *report_index_find(const struct report_index *index, const char *key)
{
	const struct result **slot = bsearch(key, index->sorted, index->nr, sizeof(*index->sorted), key_against);

	return slot ? *slot : NULL;
}

void report_index_free(struct report_index *index)
{
	free(index->sorted);
	*index = (struct report_index){ 0 };
}

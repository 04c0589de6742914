// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/explained.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP 3

static const int64_t none[NR_EXPLAIN];

static const int64_t *find(const struct explain_section *section, const char *name)
{
	for (size_t i = 0; section && i < section->nr_functions; i++)
		if (!strcmp(section->functions[i].name, name))
			return section->functions[i].count;
	return NULL;
}

static bool is_same(const struct explained_row *row)
{
	return !memcmp(row->count[0], row->count[1], EXPLAIN_LINES * sizeof(*row->count[0]));
}

static int64_t size_of(const struct explained_row *row)
{
	return row->change < 0 ? -row->change : row->change;
}

static int compare_rows(const void *a, const void *b)
{
	const struct explained_row *left = a, *right = b;
	bool same = is_same(left);

	if (same != is_same(right))
		return same ? 1 : -1;
	if (size_of(left) != size_of(right))
		return size_of(left) < size_of(right) ? 1 : -1;
	if (left->count[0][EXPLAIN_INSTRUCTIONS] != right->count[0][EXPLAIN_INSTRUCTIONS])
		return left->count[0][EXPLAIN_INSTRUCTIONS] < right->count[0][EXPLAIN_INSTRUCTIONS]
			       ? 1
			       : -1;
	return strcmp(left->name, right->name);
}

static void row_add(struct explained *explained, const char *name, const int64_t *base,
		    const int64_t *new)
{
	struct explained_row *row = &explained->rows[explained->nr++];

	*row = (struct explained_row){ name, { base ? base : none, new ? new : none }, 0 };
	row->change = row->count[1][EXPLAIN_INSTRUCTIONS] - row->count[0][EXPLAIN_INSTRUCTIONS];
}

void explained_find(struct explained *explained, const struct explain_section *base,
		    const struct explain_section *new)
{
	size_t room = base->nr_functions + (new ? new->nr_functions : 0) + 1;

	*explained = (struct explained){ .side = { base, new },
					 .rows = calloc(room, sizeof(*explained->rows)) };
	for (size_t i = 0; i < base->nr_functions; i++)
		row_add(explained, base->functions[i].name, base->functions[i].count,
			find(new, base->functions[i].name));
	for (size_t i = 0; new &&i < new->nr_functions; i++)
		if (!find(base, new->functions[i].name))
			row_add(explained, new->functions[i].name, NULL, new->functions[i].count);
	if (explained->nr)
		qsort(explained->rows, explained->nr, sizeof(*explained->rows), compare_rows);
	for (size_t i = 0; new &&i < explained->nr; i++)
		explained->nr_same += is_same(&explained->rows[i]);
}

void explained_free(struct explained *explained)
{
	free(explained->rows);
	*explained = (struct explained){ 0 };
}

const struct explain_section *explain_of(const struct result *result, enum metric metric)
{
	if (!result || !result->explain || !result->explain->section[metric].known)
		return NULL;
	return &result->explain->section[metric];
}

void explained_top(const struct result *base, const struct result *new, enum metric metric,
		   char *text, size_t size)
{
	const struct explain_section *was = explain_of(base, metric), *is = explain_of(new, metric);
	struct explained explained;
	size_t length = 0;

	*text = '\0';
	if (!was || !is)
		return;
	explained_find(&explained, was, is);
	for (size_t i = 0; i < explained.nr && i < TOP && explained.rows[i].change; i++) {
		int wrote = snprintf(text + length, size - length, "%s%s %+" PRId64 "%s",
				     i ? ", " : "", explained.rows[i].name,
				     explained.rows[i].change, i ? "" : " instr");

		if (wrote < 0 || (size_t)wrote >= size - length)
			break;
		length += (size_t)wrote;
	}
	explained_free(&explained);
}

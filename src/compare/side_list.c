// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare/side_list.h"

#include <stdlib.h>

/* Remarks of the sides belong to what is said before the numbers. */
static void pass_remarks(struct comparison *comparison, const struct side *base,
			 const struct side *new)
{
	const struct side *both[] = { base, new };

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < both[i]->remarks.nr; j++)
			remark_add(&comparison->comparable.unknowns, "%s",
				   both[i]->remarks.texts[j]);
}

/* A file is no second measurement of itself: nothing is asked of it but its numbers. */
static int find_alone(struct side_list *sides, const struct compare_options *options,
		      struct error *err)
{
	struct compare_options own = *options;

	own.force = true;
	sides->nr_comparisons = 1;
	return compare_reports(&sides->comparisons[0], &sides->items[0].results,
			       &sides->items[0].results, &own, err);
}

int side_list_load(struct side_list *sides, char *const *arguments, size_t nr,
		   const struct compare_options *options, struct error *err)
{
	int rc = 0;

	*sides = (struct side_list){
		.items = calloc(nr + 1, sizeof(*sides->items)),
		.comparisons = calloc(nr + 1, sizeof(*sides->comparisons)),
	};
	if (!sides->items || !sides->comparisons)
		abort();
	for (; sides->nr < nr && !rc; sides->nr++)
		rc = side_load(&sides->items[sides->nr], arguments[sides->nr], options->force, err);
	if (!rc && nr == 1)
		return find_alone(sides, options, err);
	for (size_t i = 1; i < nr && !rc; i++) {
		struct comparison *comparison = &sides->comparisons[sides->nr_comparisons];

		rc = compare_reports(comparison, &sides->items[0].results, &sides->items[i].results,
				     options, err);
		if (rc)
			break;
		pass_remarks(comparison, &sides->items[0], &sides->items[i]);
		sides->nr_comparisons++;
	}
	return rc;
}

void side_list_free(struct side_list *sides)
{
	for (size_t i = 0; i < sides->nr_comparisons; i++)
		comparison_free(&sides->comparisons[i]);
	for (size_t i = 0; i < sides->nr; i++)
		side_free(&sides->items[i]);
	free(sides->comparisons);
	free(sides->items);
	*sides = (struct side_list){ 0 };
}

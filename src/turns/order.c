// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static int key_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **keys_sorted(const struct plan *plan)
{
	const char **keys = calloc(plan->nr + 1, sizeof(*keys));

	if (!keys)
		abort();
	for (size_t i = 0; i < plan->nr; i++)
		keys[i] = plan->cases[i].key;
	qsort(keys, plan->nr, sizeof(*keys), key_compare);
	return keys;
}

/* The key of what case @i of @side is compared with, on the other side. */
static const char *other_key(const struct interleave_side *side, size_t i)
{
	return side->counterparts && side->counterparts[i] ? side->counterparts[i]
							   : side->plan->cases[i].key;
}

void turns_find(struct turns *turns, const struct interleave *interleave)
{
	turns->items = calloc(interleave->sides[0].plan->nr + interleave->sides[1].plan->nr + 1,
			      sizeof(*turns->items));
	if (!turns->items)
		abort();
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		const struct interleave_side *side = &interleave->sides[i],
					     *other = &interleave->sides[!i];
		autofree const char **keys = keys_sorted(other->plan);

		for (size_t k = 0; k < side->plan->nr; k++) {
			const char *key = other_key(side, k);
			bool both = bsearch(&key, keys, other->plan->nr, sizeof(*keys),
					    key_compare) != NULL;
			struct turn *turn = &turns->items[turns->nr];

			if (both && i > 0)
				continue;
			turn->keys[i] = side->plan->cases[k].key;
			turn->keys[!i] = both ? key : NULL;
			turns->nr++;
		}
	}
}

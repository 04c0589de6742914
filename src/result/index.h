/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The results of a report by key, for those who look up many. Made once, valid while no result is
 * added. */
#include "result/results.h"

struct results_index {
	const struct result **sorted;
	size_t nr;
};

void results_index_make(struct results_index *index, const struct results *results);
/* NULL: there is none. */
const struct result *results_index_find(const struct results_index *index, const char *key);
void results_index_free(struct results_index *index);

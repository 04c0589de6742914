/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The results of a report by key, for those who look up many. Made once, valid while no result is added. */
#include "result/report.h"

struct report_index {
	const struct result **sorted;
	size_t nr;
};

void report_index_make(struct report_index *index, const struct report *report);
/* NULL: there is none. */
const struct result *report_index_find(const struct report_index *index, const char *key);
void report_index_free(struct report_index *index);

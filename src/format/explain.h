/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What explain shows: one case's section, of one file or of two. docs/explain.md. */
#include <stdio.h>

#include "print/grid.h"
#include "result/results.h"

enum explain_format {
	EXPLAIN_TEXT,
	EXPLAIN_COMMIT,
	EXPLAIN_MARKDOWN,
	EXPLAIN_JSON,
	EXPLAIN_FOLDED, /* "a;b;c BASE NEW": the differential folded format of flame-graph tools */
	NR_EXPLAIN_FORMATS
};

/* One section that is explained. */
struct explain_item {
	const struct result *base, *new; /* @new NULL: one file */
	enum metric metric;
};

/* @new may be NULL. Items without an explanation on either side say why. */
void explain_print(FILE *out, const struct look *look, enum explain_format format,
		   const struct results *base, const struct results *new,
		   const struct explain_item *items, size_t nr);

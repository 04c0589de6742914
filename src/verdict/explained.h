/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Two explanations of one section side by side: what each function executed before and after. */
#include "result/results.h"

struct explained_row {
	const char *name;
	const int64_t *count[2]; /* by enum explain_count; zeros where that side has none */
	int64_t change;          /* of instructions */
};

struct explained {
	const struct explain_section *side[2]; /* [1] NULL: one side alone */
	struct explained_row *rows;            /* the largest change first; one side alone: the most
						  instructions */
	size_t nr;
	size_t nr_same; /* the last ones: no count but that of lines and misses differs */
};

/* @new may be NULL. */
void explained_find(struct explained *explained, const struct explain_section *base,
		    const struct explain_section *new);
void explained_free(struct explained *explained);

/* The explanation of a case's metric; NULL: there is none. */
const struct explain_section *explain_of(const struct result *result, enum metric metric);

/*
 * The three functions that changed most, for one line: "huge_ptep_get -819 instr, ..."; empty where
 * one of the sides has no explanation or nothing changed.
 */
void explained_top(const struct result *base, const struct result *new, enum metric metric,
		   char *text, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of a page. Only for src/page. */
#include <stdio.h>

#include "compare/matrix.h"
#include "page/input.h"

struct page {
	const struct page_input *input;
	FILE *out;
	bool alone; /* one side: no verdicts */
	struct matrix matrix;
	struct params common;
	char (*names)[80]; /* of the sides: labels, with a number where they are the same */
};

/* sentence.c: the whole in one sentence. */
void page_sentence(const struct page *page, char *text, size_t size);
/* head.c: above the plots. */
void page_worse(const struct page *page);
void page_differences(const struct page *page);
/* plots.c */
int page_plots(const struct page *page, struct error *err);
/* rows.c: the table. */
void page_rows(const struct page *page);
/* "hugetlb-64K, exclusive-ro, tail n=1": what tells the case of a row from the others. */
void page_case_format(const struct page *page, const struct row *row, char *text, size_t size);
/* A verdict that can be told without its colour. */
void page_verdict(const struct page *page, enum verdict verdict);
/* detail.c: what is behind a row. */
void page_detail(const struct page *page, const struct matrix_row *row);
/* samples.c: the samples of each run of each side. */
void page_samples(const struct page *page, const struct matrix_row *row);
/* tail.c: below the table. */
void page_undone(const struct page *page);
void page_environment(const struct page *page);
void page_reproduction(const struct page *page);

/* The case of a row on one side; NULL: not there. */
static inline const struct result *page_result(const struct matrix_row *row, size_t side)
{
	return side == 0 ? row->base : row->rows[side - 1] ? row->rows[side - 1]->new : NULL;
}

static inline const struct results *page_results(const struct page *page, size_t side)
{
	return &page->input->sides[side].results;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The samples of every run as dots on one scale, a line a run, the median of the run as a bar. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page/html.h"
#include "page/parts.h"
#include "stats/summary.h"

#define MAX_RUNS 60u /* of one side: more are only counted */
#define WIDTH    600u
#define LEFT     10u
#define RUN_PX   6u
#define GAP_PX   10u

struct scale {
	double least, most;
};

static bool has(const struct run *run, size_t sample, enum metric metric)
{
	return run->samples[sample].have >> metric & 1;
}

static size_t runs_drawn(const struct result *result)
{
	return result->nr_runs < MAX_RUNS ? result->nr_runs : MAX_RUNS;
}

/* @nr: samples that are drawn. */
static struct scale scale_of(const struct page *page, const struct matrix_row *row, size_t *nr)
{
	struct scale scale = { INFINITY, -INFINITY };

	*nr = 0;
	for (size_t side = 0; side < page->input->nr_sides; side++) {
		const struct result *result = page_result(row, side);

		for (size_t i = 0; result && i < runs_drawn(result); i++) {
			const struct run *run = &result->runs[i];

			for (size_t j = run->nr_warmup; j < run->nr_samples; j++) {
				double value = (double)run->samples[j].ticks[row->which];

				if (!has(run, j, row->which))
					continue;
				scale.least = fmin(scale.least, value);
				scale.most = fmax(scale.most, value);
				(*nr)++;
			}
		}
	}
	return scale;
}

static unsigned int place(const struct scale *scale, double value)
{
	double part = scale->most > scale->least
			      ? (value - scale->least) / (scale->most - scale->least)
			      : 0.5;

	return LEFT + (unsigned int)lround(part * (WIDTH - 2 * LEFT));
}

/* Dots of no length with round ends; what falls on one place is drawn once. */
static void put_dots(const struct page *page, const struct run *run, enum metric metric,
		     const struct scale *scale, unsigned int y)
{
	bool taken[WIDTH] = { false };
	bool any = false;

	for (size_t j = run->nr_warmup; j < run->nr_samples; j++)
		if (has(run, j, metric))
			taken[place(scale, (double)run->samples[j].ticks[metric])] = true;
	for (unsigned int x = 0; x < WIDTH; x++) {
		if (!taken[x])
			continue;
		fprintf(page->out, "%sM%u %uh0", any ? "" : "<path class=\"dots\" d=\"", x, y);
		any = true;
	}
	fputs(any ? "\"/>" : "", page->out);
}

static void put_side(const struct page *page, const struct matrix_row *row, size_t side,
		     const struct scale *scale, unsigned int y)
{
	const struct result *result = page_result(row, side);
	autofree struct run_number *numbers = malloc((result->nr_runs + 1) * sizeof(*numbers));
	size_t nr;

	if (!numbers)
		abort();
	nr = result_numbers(result, row->which, 0.5, numbers);
	fprintf(page->out, "<g class=\"s%zu\">", side % 6);
	for (size_t i = 0; i < runs_drawn(result); i++, y += RUN_PX) {
		put_dots(page, &result->runs[i], row->which, scale, y);
		for (size_t j = 0; j < nr; j++)
			if (numbers[j].run == &result->runs[i] &&
			    numbers[j].value >= scale->least && numbers[j].value <= scale->most)
				fprintf(page->out, "<path class=\"bar\" d=\"M%u %uv%u\"/>",
					place(scale, numbers[j].value), y - RUN_PX / 2, RUN_PX);
	}
	fputs("</g>", page->out);
}

static void put_key(const struct page *page, const struct matrix_row *row, size_t side)
{
	const struct result *result = page_result(row, side);
	char text[48];

	result_replication(result, row->which, text, sizeof(text));
	fprintf(page->out, "<span class=\"key s%zu\">", side % 6);
	html_text(page->out, page->names[side]);
	fprintf(page->out, "</span> %s", text);
	if (result->nr_runs > MAX_RUNS)
		fprintf(page->out, " (the first %u of %zu runs are drawn)", MAX_RUNS,
			result->nr_runs);
	fputs(". ", page->out);
}

void page_samples(const struct page *page, const struct matrix_row *row)
{
	FILE *out = page->out;
	bool icount = page->input->comparisons[0].verdicts.icount;
	unsigned int height = 0;
	char low[48], high[48];
	struct scale scale;
	struct unit unit;
	size_t nr;

	scale = scale_of(page, row, &nr);
	if (nr == 0)
		return;
	unit = unit_for(icount, scale.most, scale.least);
	ticks_format(&unit, scale.least, low, sizeof(low));
	ticks_format(&unit, scale.most, high, sizeof(high));
	for (size_t side = 0; side < page->input->nr_sides; side++)
		if (page_result(row, side))
			height += (unsigned int)runs_drawn(page_result(row, side)) * RUN_PX +
				  GAP_PX;
	fputs("<p>Samples of each run, runs x samples: ", out);
	for (size_t side = 0; side < page->input->nr_sides; side++)
		if (page_result(row, side))
			put_key(page, row, side);
	fputs("A line a run, warm-ups left out; the bar is the median of the run.</p>\n", out);
	fprintf(out,
		"<svg class=\"samples\" viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"%zu "
		"samples of %s from %s to %s\">",
		WIDTH, height, nr, metric_names[row->which], low, high);
	height = GAP_PX / 2 + RUN_PX / 2;
	for (size_t side = 0; side < page->input->nr_sides; side++) {
		const struct result *result = page_result(row, side);

		if (!result)
			continue;
		put_side(page, row, side, &scale, height);
		height += (unsigned int)runs_drawn(result) * RUN_PX + GAP_PX;
	}
	fprintf(out, "</svg><p class=\"axis\"><span>%s</span><span>%s</span></p>\n", low, high);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "page/html.h"
#include "page/parts.h"
#include "verdict/words.h"

static void of_one(const struct page *page, char *text, size_t size)
{
	const struct results *results = page_results(page, 0);
	size_t nr_of[NR_STATUS] = { 0 };

	for (size_t i = 0; i < results->nr; i++)
		nr_of[results->items[i].status]++;
	snprintf(text, size, "%zu case%s measured, %zu skipped, %zu failed.", nr_of[STATUS_DONE],
		 html_s(nr_of[STATUS_DONE]), nr_of[STATUS_SKIPPED], nr_of[STATUS_FAILED]);
}

/* The largest change for the worse. */
static const struct row *worst_of(const struct verdicts *verdicts)
{
	const struct row *worst = NULL;

	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		if (verdict_alarms(row->verdict) && !row->redundant &&
		    (!worst || row_compare_change(&row, &worst) < 0))
			worst = row;
	}
	return worst;
}

static size_t sum_of(const size_t nr_of[NR_VERDICTS])
{
	size_t sum = 0;

	for (size_t i = 0; i < NR_VERDICTS; i++)
		sum += nr_of[i];
	return sum;
}

/* Rows that a reader has to see. */
static size_t nr_alarms(const size_t nr_of[NR_VERDICTS])
{
	size_t sum = 0;

	for (size_t i = 0; i < NR_VERDICTS; i++)
		sum += verdict_alarms(i) ? nr_of[i] : 0;
	return sum;
}

static void of_two(const struct page *page, char *text, size_t size)
{
	const struct verdicts *verdicts = &page->input->comparisons[0].verdicts;
	const size_t *nr_of = verdicts->nr_of;
	size_t nr = sum_of(nr_of), rest[NR_VERDICTS];
	const struct row *worst = worst_of(verdicts);
	char change[48], name[400], tally[160];

	memcpy(rest, nr_of, sizeof(rest));
	for (size_t i = 0; i < NR_VERDICTS; i++)
		rest[i] = verdict_alarms(i) ? 0 : rest[i];
	tally_format(rest, tally, sizeof(tally));
	if (nr == 0) {
		snprintf(text, size, "Nothing can be compared: no case is done in both.");
	} else if (worst) {
		row_change_format(worst, change, sizeof(change));
		page_case_format(page, worst, name, sizeof(name));
		snprintf(text, size, "%zu of %zu row%s %s, most of all %s of %s by %s%s%s.",
			 nr_alarms(nr_of), nr, html_s(nr),
			 nr_of[VERDICT_WORSE] ? "got worse" : "cost more", row_label(worst), name,
			 change, *tally ? "; " : "", tally);
	} else if (nr_of[VERDICT_SAME] == nr) {
		snprintf(text, size, "Nothing changed: all %zu row%s are the same.", nr,
			 html_s(nr));
	} else {
		snprintf(text, size, "No row is known to be worse, of %zu: %s.", nr, tally);
	}
}

static void of_many(const struct page *page, char *text, size_t size)
{
	size_t nr_worse = 0, nr_unsure = 0;
	char list[400] = "";

	for (size_t i = 0; i < page->input->nr; i++) {
		const size_t *nr_of = page->input->comparisons[i].verdicts.nr_of;

		nr_unsure += nr_of[VERDICT_UNSURE];
		if (nr_alarms(nr_of) == 0)
			continue;
		nr_worse++;
		if (strlen(list) + 120 < sizeof(list))
			snprintf(list + strlen(list), sizeof(list) - strlen(list),
				 "%s%.60s (%zu row%s)", *list ? ", " : "", page->names[i + 1],
				 nr_alarms(nr_of), html_s(nr_alarms(nr_of)));
	}
	if (nr_worse)
		snprintf(text, size, "%zu of %zu results got worse than %.60s: %s.", nr_worse,
			 page->input->nr, page->names[0], list);
	else
		snprintf(text, size,
			 "None of %zu results is known to be worse than %.60s; %zu "
			 "row%s unsure.",
			 page->input->nr, page->names[0], nr_unsure,
			 nr_unsure == 1 ? " is" : "s are");
}

void page_sentence(const struct page *page, char *text, size_t size)
{
	if (page->alone)
		of_one(page, text, size);
	else if (page->input->nr == 1)
		of_two(page, text, size);
	else
		of_many(page, text, size);
}

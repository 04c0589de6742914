// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of numbers that are counted: one observation is enough, and any change shows. */
#include <math.h>
#include <string.h>

#include "stats/summary.h"
#include "verdict/judge.h"

static bool varies(const struct result *base, const struct result *new, enum row_kind kind,
		   unsigned int which)
{
	if (kind == ROW_COUNT)
		return count_varies(base, which) || count_varies(new, which);
	return varies(base, new, ROW_COUNT, COUNT_REQUESTED_PAGES) ||
	       varies(base, new, ROW_COUNT, COUNT_SLOW_PAGES) ||
	       (!count_known(base, COUNT_SLOW_PAGES) && count_varies(base, COUNT_SLOW_CALLS)) ||
	       (!count_known(new, COUNT_SLOW_PAGES) && count_varies(new, COUNT_SLOW_CALLS));
}

static bool observed_alike(const struct result *base, const struct result *new, enum row_kind kind,
			   unsigned int which)
{
	if (kind == ROW_COUNT)
		return strcmp(base->counts.observer[which], new->counts.observer[which]) == 0;
	if (!count_known(base, COUNT_SLOW_PAGES) && !count_known(new, COUNT_SLOW_PAGES))
		return observed_alike(base, new, ROW_COUNT, COUNT_SLOW_CALLS);
	return observed_alike(base, new, ROW_COUNT, COUNT_REQUESTED_PAGES) &&
	       observed_alike(base, new, ROW_COUNT, COUNT_SLOW_PAGES);
}

static enum row_note doubt(const struct row *row)
{
	if (varies(row->base, row->new, row->kind, row->which))
		return NOTE_COUNT_VARIES;
	return row->moved && !observed_alike(row->base, row->new, row->kind, row->which)
		       ? NOTE_OTHER_OBSERVER
		       : NOTE_NONE;
}

static struct row *add(struct verdict_work *work, const struct result *base,
		       const struct result *new, enum row_kind kind, unsigned int which, double was,
		       double is)
{
	struct row *row = row_add(work, base, new, kind, which);

	row->design = DESIGN_EXACT;
	row->nr[0] = row->nr[1] = 1;
	row->value[0] = was;
	row->value[1] = is;
	row->moved = was != is;
	row->change_known = kind == ROW_RATE || was > 0 || !row->moved;
	row->change = kind == ROW_RATE ? is - was
		      : !row->moved    ? 0
		      : was > 0        ? is / was - 1
				       : INFINITY;
	row->interval = (struct interval){ row->change, row->change };
	row->note = doubt(row);
	row->verdict = row_judge(row, 0);
	return row;
}

/* The change lies between what the bounds allow: any change that they leave possible is no proof.
 */
static struct row *add_rate(struct verdict_work *work, const struct result *base,
			    const struct result *new, const struct hit_rate *was,
			    const struct hit_rate *is)
{
	struct row *row = add(work, base, new, ROW_RATE, 0, was->least, is->least);

	row->bound[0] = was->least < was->most;
	row->bound[1] = is->least < is->most;
	if (!row->bound[0] && !row->bound[1])
		return row;
	row->interval = (struct interval){ is->least - was->most, is->most - was->least };
	row->moved = row->interval.low > 0 || row->interval.high < 0;
	row->change_known = false;
	row->change = 0;
	row->note = doubt(row);
	if (row->note == NOTE_NONE && !row->moved)
		row->note = NOTE_BOUND;
	row->verdict = row_judge(row, 0);
	return row;
}

static void rows_add_exact(struct verdict_work *work, const struct result *base,
			   const struct result *new)
{
	struct hit_rate was, is;
	bool rate = result_hit_range(base, &was) && result_hit_range(new, &is);
	enum verdict rate_verdict = VERDICT_SAME;

	if (rate)
		rate_verdict = add_rate(work, base, new, &was, &is)->verdict;
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		struct row *row;

		if (!count_known(base, i) || !count_known(new, i))
			continue;
		row = add(work, base, new, ROW_COUNT, i, base->counts.value[i],
			  new->counts.value[i]);
		/* that pages are asked for is no news; what the slow path got of them is the hit
		 * rate again */
		row->redundant = (row->verdict == VERDICT_SAME &&
				  (row->value[0] == 0 || i == COUNT_REQUESTED_PAGES)) ||
				 (rate && (i == COUNT_SLOW_PAGES || i == COUNT_SLOW_CALLS) &&
				  row->verdict == rate_verdict);
	}
}

/* Hit rate and counts that both know. */
const struct row_rule rule_exact = {
	.add = rows_add_exact,
};

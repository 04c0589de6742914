// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/expect.h"

#include <string.h>
#include <unistd.h>

/*
 * References that GUP-fast takes and drops again when gup_must_unshare() stops it: one for a page
 * table entry, those of the whole leaf that the call covers for a PMD or PUD (6.1: mm/gup.c
 * gup_pte_range, gup_huge_pmd; 6.12: gup_fast_pte_range, gup_fast_pmd_leaf). The walk ends there.
 * The slow path then unshares what the call covers: base page by base page, a hugetlb page as a
 * whole; of a THP in one piece when it is reused, base page by base page after splitting it when it
 * has to be copied. hugetlb pages below PMD size are walked as page table entries.
 */
static uint64_t dropped_refs(const struct plan_case *plan_case, size_t base, size_t pmd_bytes)
{
	const struct layout *layout = &plan_case->layout;
	size_t unit = layout->page_bytes / base;
	bool leaf = layout->page_bytes >= pmd_bytes && layout->backing != BACKING_BASE;
	bool whole = layout->backing == BACKING_HUGETLB ||
		     (layout->backing == BACKING_THP && !plan_case->state->has_peer);
	size_t leaf_pages = pmd_bytes ? pmd_bytes / base : unit;
	size_t first = plan_case->offset / base, end = first + plan_case->bytes / base;
	size_t done = 0;  /* pages below this one are unshared */
	size_t split = 0; /* units below this one are no longer one leaf */
	uint64_t dropped = 0;

	/* cont-PMD pages are walked PMD by PMD, a PUD is one leaf */
	if (pmd_bytes && layout->page_bytes >= base / 8 * pmd_bytes)
		leaf_pages = base / 8 * pmd_bytes / base;
	for (size_t call = first; call < end; call += plan_case->pages_per_call) {
		size_t call_end = call + plan_case->pages_per_call < end
					  ? call + plan_case->pages_per_call
					  : end;
		size_t stop = call > done ? call : done; /* first page that is not exclusive */

		if (stop >= call_end)
			continue;
		if (!leaf || stop / unit < split) {
			dropped += 1;
		} else {
			size_t leaf_end = (stop / leaf_pages + 1) * leaf_pages;

			dropped += (leaf_end < call_end ? leaf_end : call_end) - stop;
		}
		done = whole ? ((call_end - 1) / unit + 1) * unit : call_end;
		split = whole ? 0 : (call_end - 1) / unit + 1;
	}
	return dropped;
}

void expect_case(struct expectation *expectation, const struct plan_case *plan_case,
		 const struct pin_path *path)
{
	const struct state *state = plan_case->state;
	size_t base = (size_t)sysconf(_SC_PAGESIZE);
	/* page table of 8-byte entries in one base page, all architectures with GUP-fast: base^2 /
	 * 8 */
	size_t pmd_bytes = base / 8 * base;
	uint64_t pages = plan_case->bytes / base;
	bool unshares = path->pins && plan_case->access == ACCESS_READ && state->populated &&
			state->consumed;

	memset(expectation, 0, sizeof(*expectation));
	if (strcmp(path->entry, "none") == 0)
		/* null: touches nothing */;
	else if (unshares && state->has_peer)
		expectation->copied_pages = pages;
	else if (unshares)
		expectation->reused_pages = pages;
	else if (plan_case->access == ACCESS_WRITE && state->has_peer)
		expectation->copied_pages = pages; /* ordinary copy-on-write */
	else if (plan_case->access == ACCESS_WRITE && state->populated && state->consumed)
		expectation->reused_pages = pages;

	expectation->acquired_known = true;
	if (!path->pins) {
		expectation->why = "this interface takes no FOLL_PIN";
	} else if (!state->populated && plan_case->access == ACCESS_READ &&
		   plan_case->layout.backing != BACKING_HUGETLB) {
		/* the zero page, or a page of its own when long-term from 6.2 on */
		expectation->acquired_known = false;
	} else {
		expectation->acquired = pages;
		expectation->why = "one reference a page";
		if (unshares && path->fast && path->max_pages &&
		    plan_case->pages_per_call > path->max_pages) {
			expectation->acquired_known =
				false; /* how often GUP-fast is stopped depends on the cuts */
		} else if (unshares && path->fast) {
			expectation->acquired += dropped_refs(plan_case, base, pmd_bytes);
			expectation->why =
				"one reference a page, and those that GUP-fast dropped to unshare";
		}
	}
}

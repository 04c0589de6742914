// SPDX-License-Identifier: GPL-2.0-or-later
/* What the cases of a job would ask of this machine: memory, locked memory, huge pages. */
#include "plan/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/select.h"

#define PINNERS_MAX 64

/* Huge pages of one case: unsharing copies each page that the window touches, at most the region
 * once more. */
static void need_huge(struct need *need, const struct plan_case *it)
{
	unsigned int nr = (unsigned int)(it->region_bytes / it->layout.page_bytes) *
			  (it->state->has_peer ? 2 : 1);
	size_t at = 0;

	while (at < need->nr_sizes && need->huge_bytes[at] != it->layout.page_bytes)
		at++;
	if (at == PLAN_MAX_LAYOUTS)
		return;
	if (at == need->nr_sizes) {
		need->huge_bytes[need->nr_sizes++] = it->layout.page_bytes;
		need->nr_huge[at] = 0;
	}
	if (nr > need->nr_huge[at])
		need->nr_huge[at] = nr;
}

static int probe_nothing(const struct pinner *pinner, struct error *why)
{
	(void)pinner;
	(void)why;
	return 0;
}

/* Every pinner as if it worked: what is planned does not depend on it, and trials are made once, in
 * children. */
static int plan_quietly(struct plan *plan, const struct config *config, struct error *err)
{
	struct offer offer = { .base_bytes = (size_t)sysconf(_SC_PAGESIZE), .states = states };
	const struct pinner *list[PINNERS_MAX + 1] = { NULL };
	struct pinner *copies = calloc(PINNERS_MAX, sizeof(*copies));
	int rc;

	if (!copies)
		abort();
	for (size_t i = 0; pinners[i] && i < PINNERS_MAX; i++) {
		copies[i] = *pinners[i];
		copies[i].probe = probe_nothing;
		list[i] = &copies[i];
	}
	offer.pinners = list;
	offer.nr_layouts = layout_list(offer.layouts, PLAN_MAX_LAYOUTS);
	rc = plan_build_from(plan, config, &offer, err);
	for (size_t i = 0; !rc && i < plan->nr; i++)
		plan->cases[i].pinner = pinner_find(plan->cases[i].pinner->name);
	free(copies);
	return rc;
}

int need_collect(struct need *need, const struct config *config, struct error *err)
{
	struct plan plan;
	int rc = plan_quietly(&plan, config, err);

	memset(need, 0, sizeof(*need));
	if (rc)
		return rc;
	for (size_t i = 0; i < plan.nr; i++) {
		const struct plan_case *it = &plan.cases[i];
		uint64_t bytes;

		if (it->layout.page_bytes == 0)
			continue;
		bytes = it->region_bytes * (it->state->has_peer ? 2 : 1);
		if (bytes > need->region_bytes)
			need->region_bytes = bytes;
		if ((strncmp(it->pinner->name, "io_uring/", 9) == 0 ||
		     strncmp(it->pinner->name, "vfio/", 5) == 0) &&
		    it->bytes > need->locked_bytes)
			need->locked_bytes = it->bytes;
		if (it->layout.backing == BACKING_HUGETLB)
			need_huge(need, it);
	}
	plan_free(&plan);
	return 0;
}

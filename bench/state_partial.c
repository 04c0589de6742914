// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The child has given back the second half of what fork() gave it: of each large folio, else every
 * second page. What only the parent maps now can be reused, unless it is part of a folio.
 */
#include <errno.h>

#include "bench/bench.h"
#include "bench/peer.h"

static int arrange(struct state_env *env, struct error *err)
{
	const struct region *region = env->region;
	size_t base = region->base_bytes, nr_gone = 0, nr = env->bytes / base;
	struct peer_view view;

	if (region->layout->kind->shared)
		return error_set(err, EOPNOTSUPP,
				 "%s is not copied by fork(): nothing of it can be given back",
				 region->layout->name);
	for (size_t i = 0; i < nr; i++)
		nr_gone += region_second_half(region, env->offset / base + i);
	if (nr_gone == 0 || nr_gone == nr) {
		error_set(err, EOPNOTSUPP, "the window lies in one half of the %s that are shared",
			  region->layout->kind->pool ? "pairs of huge pages" : "pages");
		return error_fix(err, "a longer window, as region");
	}
	/* the answer says that the child has given them back */
	if (peer_start(&env->peer, region, env->offset, env->bytes, true, err))
		return -err->code;
	return peer_look(env->peer, &view, err);
}

const struct state state_partially_shared = {
	.name = "partially-shared",
	.about = "a forked child lives and has given back half of each folio, or every second page",
	.populated = true,
	.consumed = true,
	.has_peer = true,
	.halves = true,
	.arrange = arrange,
};

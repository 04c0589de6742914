// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that are pinned when fork() comes stay with the parent, and the child gets copies (since
 * 5.10; 6.1: include/linux/mm.h page_needs_cow_for_dma): the pin stays coherent.
 */
#include <errno.h>

#include "bench/bench.h"
#include "bench/frames.h"
#include "bench/peer.h"

#define REQUEST_BYTES (1ul << 30) /* of io_uring */

/* Any interface that keeps pins and does not count for the whole machine, as gup_test's do. */
static const struct pinner *holder_find(void)
{
	struct error untold;

	for (size_t i = 0; pinners[i]; i++) {
		const struct pinner *pinner = pinners[i];

		if (pinner->hold && !pinner->prepare && !pinner->lab_only &&
		    pinner->path(pinner).pins && pinner->probe(pinner, &untold) == 0)
			return pinner;
	}
	return NULL;
}

static int arrange(struct state_env *env, struct error *err)
{
	const struct region *region = env->region;
	size_t base = region->base_bytes;
	struct pin_job *job = &env->held_job;

	if (region->layout->kind->shared)
		return error_set(err, EOPNOTSUPP, "%s is not copied by fork(), pinned or not",
				 region->layout->name);
	env->holder = holder_find();
	if (!env->holder)
		return error_set(err, EOPNOTSUPP, "nothing here keeps a pin over fork()");
	*job = (struct pin_job){
		.region = region,
		.offset = env->offset,
		.bytes = env->bytes,
		.pages_per_call = (env->bytes < REQUEST_BYTES ? env->bytes : REQUEST_BYTES) / base,
		.access = env->holder->access & ACCESS_WRITE ? ACCESS_WRITE : ACCESS_READ,
	};
	if (env->holder->open(&env->held, env->holder, job, err))
		return -err->code;
	if (env->holder->hold(env->held, err))
		return -err->code;
	return peer_start(&env->peer, region, env->offset, env->bytes, false, err);
}

static int verify(const struct state_env *env, const struct frame *frames, size_t nr, bool visible,
		  struct error *err)
{
	struct peer_view view;

	if (peer_look(env->peer, &view, err))
		return -err->code;
	if (!view.bytes_intact)
		return error_set(err, EPROTO,
				 "after fork() the child sees other bytes than the parent wrote");
	for (size_t i = 0; visible && i < nr; i++)
		if (!view.frames[i].pfn || view.frames[i].pfn == frames[i].pfn)
			return error_set(err, EPROTO, "page %zu: the child got no copy of its own",
					 i);
	return 0;
}

const struct state state_pinned_then_forked = {
	.name = "pinned-then-forked",
	.about = "pinned by another interface when a child was forked, which got copies",
	.populated = true,
	.child_copies = true,
	.arrange = arrange,
	.verify = verify,
};

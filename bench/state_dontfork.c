// SPDX-License-Identifier: GPL-2.0-or-later
/* What programs with pins do against fork(): the child lives and has none of the memory. */
#include <errno.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "bench/peer.h"

static int arrange(struct state_env *env, struct error *err)
{
	if (madvise(env->region->addr, env->region->bytes, MADV_DONTFORK))
		return error_errno(err, errno, "keep fork() from the region");
	return peer_start(&env->bystander, env->region, env->offset, env->bytes, false, err);
}

static int verify(const struct state_env *env, const struct frame *frames, size_t nr, bool visible,
		  struct error *err)
{
	(void)frames;
	(void)nr;
	(void)visible;
	return peer_lacks_region(env->bystander, err);
}

const struct state state_dontfork = {
	.name = "dontfork",
	.about = "MADV_DONTFORK, and a child that lives: the pages stay exclusive",
	.populated = true,
	.arrange = arrange,
	.verify = verify,
};

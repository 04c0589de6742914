// SPDX-License-Identifier: GPL-2.0-or-later
/* States: who shares the pages and how they are mapped when the pin comes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "bench/frames.h"
#include "bench/peer.h"

static int arrange_nothing(struct state_env *env, struct error *err)
{
	(void)env;
	(void)err;
	return 0;
}

/* The pages stay exclusive: change_pte_range() only takes the write bit (6.1: mm/mprotect.c). */
static int arrange_read_only(struct state_env *env, struct error *err)
{
	if (mprotect(env->region->addr, env->region->bytes, PROT_READ))
		return error_errno(err, errno, "mprotect the region read-only");
	return 0;
}

/* fork() write-protects both sides and clears PageAnonExclusive (6.1: mm/memory.c
 * copy_present_pte). */
static int arrange_shared(struct state_env *env, struct error *err)
{
	return peer_start(&env->peer, env->region, env->offset, env->bytes, false, err);
}

static int arrange_previously_shared(struct state_env *env, struct error *err)
{
	if (arrange_shared(env, err))
		return -err->code;
	peer_stop(env->peer);
	env->peer = NULL;
	return 0;
}

const struct state state_exclusive = {
	.name = "exclusive",
	.about = "one process, writable mapping: the pages belong to it alone",
	.populated = true,
	.arrange = arrange_nothing,
};

const struct state state_exclusive_ro = {
	.name = "exclusive-ro",
	.about = "one process, mapping made read-only after writing: still exclusive, no unsharing "
		 "needed",
	.populated = true,
	.read_only = true,
	.arrange = arrange_read_only,
};

const struct state state_shared = {
	.name = "shared",
	.about = "a forked child lives and maps the same frames: a read-only pin has to copy",
	.populated = true,
	.consumed = true,
	.has_peer = true,
	.arrange = arrange_shared,
};

const struct state state_previously_shared = {
	.name = "previously-shared",
	.about = "the forked child is gone: a read-only pin can reuse the pages",
	.populated = true,
	.consumed = true,
	.arrange = arrange_previously_shared,
};

const struct state state_unpopulated = {
	.name = "unpopulated",
	.about = "mapped but never touched: the pin faults the pages in",
	.consumed = true,
	.arrange = arrange_nothing,
};

static int vma_permissions(const void *addr, char perms[5], struct error *err)
{
	autofclose FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512];

	if (!maps)
		return error_errno(err, errno, "open /proc/self/maps");
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3 &&
		    start <= (uintptr_t)addr && (uintptr_t)addr < end)
			return 0;
	return error_set(err, ENOENT, "the region is not in /proc/self/maps");
}

bool region_second_half(const struct region *region, size_t page)
{
	const struct layout *layout = region->layout;
	size_t unit = layout->page_bytes / region->base_bytes;
	size_t group = layout->kind->large && !layout->kind->pool ? unit : 2 * unit;

	return page % group >= group / 2;
}

static bool child_gave_back(const struct state *state, const struct state_env *env, size_t index)
{
	return state->halves &&
	       region_second_half(env->region, env->offset / env->region->base_bytes + index);
}

void state_leave(struct state_env *env)
{
	struct error untold;

	peer_stop(env->peer);
	peer_stop(env->bystander);
	env->peer = env->bystander = NULL;
	if (!env->held)
		return;
	env->holder->release(env->held, &untold);
	env->holder->close(env->held);
	env->held = NULL;
}

/* What each page of the window must look like before the pin. */
static int frame_verify(const struct state *state, const struct state_env *env,
			const struct frame *frame, bool visible, size_t index, struct error *err)
{
	const struct layout_kind *kind = env->region->layout->kind;
	bool several = state->has_peer && !child_gave_back(state, env, index);
	bool owned = !state->consumed; /* exclusive, exclusive-ro */

	if (!state->populated) {
		if (frame->present || frame->swapped)
			return error_set(err, EPROTO, "page %zu is present before the pin", index);
		return 0;
	}
	if (!frame->present)
		return error_set(err, EPROTO, "page %zu is not present", index);
	if (visible && !kind->shared && frame->exclusive != owned)
		return error_set(err, EPROTO, "page %zu is %smarked exclusive in state %s", index,
				 frame->exclusive ? "" : "not ", state->name);
	/*
	 * Pages of a file are not mapped in a child before it looks at them: peer_verify(). Of a
	 * folio that one entry maps some kernels tell the mappings of each page, others those of
	 * all (6.12, 6.18: fs/proc/task_mmu.c pagemap_pmd_range).
	 */
	if (visible && frame->mapped_once == several && !(kind->shared && several) &&
	    !(state->halves && kind->mapped_whole && !kind->pool))
		return error_set(err, EPROTO, "page %zu is mapped by %s in state %s", index,
				 frame->mapped_once ? "one process" : "several processes",
				 state->name);
	return 0;
}

static int peer_verify(const struct state *state, const struct state_env *env,
		       const struct frame *frames, size_t nr, bool visible, struct error *err)
{
	struct peer_view view;

	if (peer_look(env->peer, &view, err))
		return -err->code;
	if (!view.bytes_intact)
		return error_set(err, EPROTO,
				 "after fork() the child sees other bytes than the parent wrote "
				 "before it");
	for (size_t i = 0; i < nr; i++) {
		if (child_gave_back(state, env, i)) {
			if (view.frames[i].present)
				return error_set(err, EPROTO,
						 "page %zu: the child has not given it back", i);
		} else if (visible && view.frames[i].pfn != frames[i].pfn) {
			return error_set(err, EPROTO,
					 "page %zu: parent and child map different frames", i);
		}
	}
	return 0;
}

int state_verify(const struct state *state, const struct state_env *env, const struct frame *frames,
		 struct state_proof *proof, struct error *err)
{
	const struct region *region = env->region;
	const unsigned char *window = region->addr + env->offset;
	size_t nr = env->bytes / region->base_bytes;
	bool visible = frames_visible(NULL);
	char perms[5];

	/* what processes see before how the kernel keeps it: wrong bytes are the graver finding */
	if (state->populated && region_check(window, env->offset, env->bytes, err))
		return -err->code;
	if (state->has_peer && peer_verify(state, env, frames, nr, visible, err))
		return -err->code;
	for (size_t i = 0; i < nr; i++)
		if (frame_verify(state, env, &frames[i], visible, i, err))
			return -err->code;
	if (vma_permissions(window, perms, err))
		return -err->code;
	if ((perms[1] == 'w') == state->read_only)
		return error_set(err, EPROTO, "the mapping is %s in state %s", perms, state->name);
	if (state->verify && state->verify(env, frames, nr, visible, err))
		return -err->code;

	snprintf(proof->frames, sizeof(proof->frames), "%s",
		 visible ? "pagemap, kpageflags"
			 : "presence only: frames are hidden from this user");
	/*
	 * A page table entry of an anonymous page that is not exclusive is never writable (6.1:
	 * include/linux/rmap.h page_try_dup_anon_rmap, mm/memory.c copy_present_pte).
	 */
	snprintf(proof->read_only, sizeof(proof->read_only), "%s",
		 state->read_only ? "vma permission"
		 : !state->populated || !state->consumed || region->layout->kind->shared ? ""
		 : visible ? "inferred: exclusive flag is clear"
			   : "not proved: flags are hidden");
	return 0;
}

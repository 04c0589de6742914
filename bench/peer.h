/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The forked child that shares a region copy-on-write: it lives until told to leave, and looks at
 * its own page tables and bytes on request, because only the process itself can read its pagemap.
 */
#include <stdbool.h>
#include <stddef.h>

#include "bench/bench.h"
#include "bench/frames.h"

struct peer;

/* What the child saw. */
struct peer_view {
	bool bytes_intact;    /* the window holds what region_fill() wrote */
	struct frame *frames; /* of the window, in memory shared with the parent */
};

/*
 * Forks; the child maps what the parent maps, but gives back what is region_second_half() of the
 * window if @halves. It dies with the parent.
 */
int peer_start(struct peer **peer, const struct region *region, size_t offset, size_t bytes,
	       bool halves, struct error *err);
/* Asks the child to look now; @view is valid until the next call. */
int peer_look(struct peer *peer, struct peer_view *view, struct error *err);
/* 0 if the child maps no byte of the region, -EPROTO if it does. */
int peer_lacks_region(const struct peer *peer, struct error *err);
/* Ends the child and waits for it; accepts NULL. */
void peer_stop(struct peer *peer);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a call costs that does nothing, to be taken off a sample. Measured right before and right
 * after each sample, not once for all: the speed of a machine changes within a millisecond (in an
 * emulated guest by half, for a while after each tick), and what is short would be off by all of
 * that.
 */
#include <stdint.h>

/* Calls on each side; their median stands for the side. */
#define OVERHEAD_CALLS 3

/*
 * @ticks less the cheaper side, 0 when it took less than that: where the machine got slower or
 * faster in between, what is slow shows as a slow sample, never as a fast one.
 */
static inline uint64_t overhead_less(uint64_t ticks, uint64_t before, uint64_t after)
{
	uint64_t cheaper = before < after ? before : after;

	return ticks > cheaper ? ticks - cheaper : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A guest that has just booted is still at work: what the same pin costs then may be anything. So a
 * small, fixed piece of work through the kernel's memory management is timed again and again until
 * two in a row agree and nobody else wanted the CPU.
 */
#include <signal.h>
#include <stdbool.h>

struct settling {
	unsigned int nr_probes;
	bool settled;
};

/*
 * Agree: with @icount within 0.1 % or two grains of the guest's counter, else within 5 %. Gives up
 * after a few seconds, or when
 * *@stop becomes true.
 */
void settle(struct settling *settling, bool icount, const volatile sig_atomic_t *stop);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * nr_foll_pin_acquired and nr_foll_pin_released of /proc/vmstat: references taken and given back by
 * FOLL_PIN since boot, system-wide; the zero page does not count, FOLL_GET does not count
 * (6.1, 6.12: mm/gup.c).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct pin_counters {
	uint64_t acquired, released;
};

/* Folds the per-CPU parts in first (writes vm.stat_refresh). -EACCES for ordinary users: their
 * reading would lag. */
int pin_counters_read(struct pin_counters *counters, struct error *err);

/* Whether the counters, which are the whole system's, stand still while this process pins nothing;
 * takes 20 ms. */
bool pin_counters_quiet(void);

/* Pins held now; the counters wrap like the kernel's. */
static inline int64_t pin_counters_held(const struct pin_counters *counters)
{
	return (int64_t)(counters->acquired - counters->released);
}

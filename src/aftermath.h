/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a case left behind: held pins, missing huge pages, complaints of the kernel. Nothing is the only good answer. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "kernel_log.h"
#include "pin_counters.h"
#include "report.h"

struct before {
	struct pin_counters pins;
	bool have_pins;
	uint64_t free_pages;
	size_t pool_page;           /* bytes; 0: the case takes no hugetlb pages */
	int node;
};

/* @pool_page: size of the hugetlb pages that the case takes from the pool of @node, or 0. */
void before_look(struct before *before, size_t pool_page, int node);

/*
 * Waits up to 2 s for pins and pages to come back, and puts what it found into the result's truth. -EBUSY when they do not;
 * where others pin (@pins_quiet false) a change of the counters is a warning.
 */
int leak_check(const struct before *before, bool pins_quiet, struct result *result, struct error *err);

/* New lines of the log and new taint, into the result's truth. -EIO with the first line if there are any. */
int log_check(struct kernel_log *log, struct result *result, struct error *err);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the kernel source says a pin of a case does, from 5.19 (unsharing) on. A kernel that does
 * otherwise is not wrong to pinbench: it is what a before/after comparison looks for, and the
 * result says so.
 */
#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

struct expectation {
	uint64_t copied_pages, reused_pages; /* base pages of the window */
	bool acquired_known;
	uint64_t acquired; /* rise of nr_foll_pin_acquired over one cycle */
	const char *why;   /* of the acquired references, one clause */
};

/* @path is the pinner's path on the running kernel. */
void expect_case(struct expectation *expectation, const struct plan_case *plan_case,
		 const struct pin_path *path);

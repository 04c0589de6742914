/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which cases of two plans belong together. Those with one key do. Two jobs that differ in what
 * they measure (base pages here, huge pages there) have no key in common; where their cases differ
 * one by one in a single parameter, the same for all, they are each other's counterparts.
 */
#include "plan/plan.h"

struct pairing {
	const char **of[2]; /* by case of each plan: the key of its counterpart, in the other plan;
			       NULL: none, or the same key */
	size_t nr;          /* pairs that can run on both sides */
	char varied[16];    /* the parameter that differs: "layout"; empty: keys are the same */
	char values[2]
		   [64]; /* what it is on each side, where that is one value for all; else empty */
};

/* -EINVAL, with the way out, when nothing of one could be compared with anything of the other. */
int pairing_find(struct pairing *pairing, const struct plan *a, const struct plan *b,
		 struct error *err);
void pairing_free(struct pairing *pairing);

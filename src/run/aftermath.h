/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a case left behind: held pins, missing huge pages, complaints of the kernel. Nothing is the
 * only good answer. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/journal.h"
#include "host/kernel_log.h"
#include "host/pin_counters.h"
#include "result/results.h"

/* What all other processes hold, by their own status; 0 where it cannot be read. */
struct bystanders {
	uint64_t pinned_kb, hugetlb_kb;
};
void bystanders_look(struct bystanders *bystanders);

struct before {
	struct journal *journal; /* knows of other runs; may be NULL */
	bool company;            /* another run of pinbench was there */
	struct pin_counters pins;
	bool have_pins;
	uint64_t used_pages;
	size_t pool_page; /* bytes; 0: the case takes no hugetlb pages */
	int node;
	bool pool_shared; /* another run counted on pages of the same pool */
};

/* @pool_page: size of the hugetlb pages that the case takes from the pool of @node, or 0. */
void before_look(struct before *before, struct journal *journal, size_t pool_page, int node);

/*
 * Waits up to 2 s for pins and pages to come back, and puts what it found into the result's truth.
 * -EBUSY when more are held than before and nobody else can have them: no other run of pinbench was
 * there, no other process has more than in
 * @bystanders, which is brought up to date, and the counters of pins stand still. Else a change of
 * the pins is a warning, and what cannot be said of the pool is not said
 * (free_hugepages_unverified). @pins_quiet: nobody was seen to pin when the run began.
 */
int leak_check(const struct before *before, struct bystanders *bystanders, bool pins_quiet,
	       struct result *result, struct error *err);

/* New lines of the log and new taint, into the result's truth. -EIO with the first line if there
 * are any. */
int log_check(struct kernel_log *log, struct result *result, struct error *err);

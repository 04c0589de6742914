/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What can run here and what cannot, each with the reason and the line that changes it. Tries the
 * smallest real operation where there is one, in a child; below a fake sysfile root nothing is
 * tried. Changes nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "host/noise.h"
#include "plan/plan.h"

struct diagnosis {
	char name[48];
	struct finding finding;
};

struct section {
	const char *name;  /* "pinners": key in --json */
	const char *title; /* over the lines of the screen */
	struct diagnosis *items;
	size_t nr;
};

enum section_id {
	SECTION_PINNERS,
	SECTION_LAYOUTS,
	SECTION_OBSERVERS,
	SECTION_LIMITS,
	SECTION_NOISE,
	NR_SECTIONS
};

/* What a run would ask of the machine; 0 where nothing is planned. */
struct need {
	uint64_t region_bytes; /* of the largest case, both copies of a shared one */
	uint64_t locked_bytes; /* largest window of an interface that RLIMIT_MEMLOCK counts */
	size_t huge_bytes[PLAN_MAX_LAYOUTS];    /* hugetlb sizes ... */
	unsigned int nr_huge[PLAN_MAX_LAYOUTS]; /* ... and pages of each that one case takes */
	size_t nr_sizes;
};

struct checkup {
	char system[320]; /* one line: kernel, CPU, memory */
	struct section sections[NR_SECTIONS];
	/* Pinners but for the floor, those of them that work, and those of these that only kernels
	 * of the lab have. */
	unsigned int nr_pinners, nr_runnable, nr_lab_runnable;
};

/* What the largest cases of @config take; its errors are those of plan_build(). */
int need_collect(struct need *need, const struct config *config, struct error *err);

void checkup_make(struct checkup *checkup, const struct need *need);
void checkup_free(struct checkup *checkup);

/* Rights and limits of this process and this kernel, against what is planned. */

struct limit {
	const char *name;
	void (*check)(struct finding *finding, const struct need *need);
};

/* The list, ended by a NULL name. */
extern const struct limit limits[];

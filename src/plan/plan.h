/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A job file times what stands in the lists of bench.h: the cases in the order in which they will
 * run. Nothing vanishes: what cannot run here is a case with a reason.
 *
 * The key is the identity of a case in every file and table:
 *
 *     PINNER,LAYOUT,STATE,ACCESS,WINDOW,n=PAGES[,size=SIZE][,cpu=N][,node=N][,device=NAME]
 *     gup-test/pin-fast,hugetlb-64K,exclusive-ro,read,tail,n=1
 *
 * n is the number of base pages in one call, size the region where it is not the default one (2M,
 * or the window's end where that is further, in whole pages of the layout), cpu, node and device
 * where the job names them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "bench/bench.h"
#include "plan/config.h"
#include "plan/select.h"

#define PLAN_MAX_CASES 100000u

struct plan_case {
	char key[320];
	const struct pinner *pinner;
	struct layout
		layout; /* page_bytes 0: a pattern that no layout of this kernel matches; skipped */
	const struct state *state;
	enum access access;
	char window[40];       /* as named, or OFFSET+LENGTH in their shortest form */
	size_t offset, bytes;  /* of the window in the region; multiples of the base page */
	size_t pages_per_call; /* 1..bytes / base page */
	size_t region_bytes;   /* a multiple of layout.page_bytes */
	unsigned int samples, warmup, runs, timeout_s;
	int cpu, node;                    /* -1: pinbench chooses */
	char device[CONFIG_MAX_WORD + 1]; /* empty: the pinner chooses */
	char skip_why[512];               /* empty: it will run */
	char skip_fix[256];
	bool broken; /* with skip_why: it could not be found out whether it can run, so it fails */
};

struct plan {
	struct plan_case *cases;
	size_t nr;
	size_t nr_skipped, nr_broken;
};

/*
 * Expands @config; of cases with the same key the first one stays; -EINVAL where they differ in
 * samples, warmup, runs or timeout, unless -p may have made them one. Calls probe() once, in a
 * child, for each pinner that has a case to run. -EINVAL (an unknown name, a window off the base
 * pages, no case config->only), -E2BIG (more than PLAN_MAX_CASES), -ENOMEM; @plan then needs no
 * plan_free().
 */
int plan_build(struct plan *plan, const struct config *config, struct error *err);
int plan_build_from(struct plan *plan, const struct config *config, const struct offer *offer,
		    struct error *err);
void plan_free(struct plan *plan);
/* -EIO with the reason when there is a broken case: one of two plans would lack what the other has.
 */
int plan_broken(const struct plan *plan, struct error *err);

/* -E2BIG for what a result file could not hold; @path names the job. */
int plan_fits(const struct plan *plan, const char *path, struct error *err);
/* Whether each case fits that many times into a result; how many can run elsewhere, and so all of
 * the file, is not known here. */
int plan_fits_boots(const struct plan *plan, unsigned int nr_boots, const char *path,
		    struct error *err);
/* As many runs of each case as a result file holds, 1 or more. */
unsigned int plan_most_runs(const struct plan *plan);
/*
 * Rows of times that a comparison of two such results has, at most: a pinner may know some metrics
 * only now and then. @all: of the cases that are skipped here, too, which another kernel may run.
 */
size_t plan_nr_times(const struct plan *plan, bool all);

// SPDX-License-Identifier: GPL-2.0-or-later
/* How much a plan will give: what a result file could not hold, and what a comparison will have to
 * judge. */
#include <errno.h>

#include "plan/plan.h"
#include "result/results.h"

/* What a run takes of a file beside its samples, and with each of its metrics. */
#define RUN_GROUPS    6u
#define METRIC_GROUPS 2u
#define RUN_VALUES    40u

static size_t nr_metrics(const struct plan_case *one)
{
	uint64_t unused;
	size_t nr = 0;

	for (int metric = 0; metric < NR_METRICS; metric++)
		nr += one->pinner->clock(NULL, metric, &unused) != NULL;
	return nr;
}

static int plan_refuse(struct error *err, const char *path, const struct plan_case *one,
		       uint64_t runs, uint64_t samples)
{
	error_set(err, E2BIG,
		  "%.256s: %s: %llu samples with warm-ups in %llu runs, a result holds %u in %u",
		  path, one->key, (unsigned long long)samples, (unsigned long long)runs,
		  RESULTS_MAX_SAMPLES, RESULTS_MAX_RUNS);
	return error_fix(err, "fewer boots, runs or samples");
}

int plan_fits_boots(const struct plan *plan, unsigned int nr_boots, const char *path,
		    struct error *err)
{
	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *one = &plan->cases[i];
		uint64_t runs = (uint64_t)one->runs * nr_boots,
			 samples = runs * (one->samples + one->warmup);

		if (samples > RESULTS_MAX_SAMPLES || runs > RESULTS_MAX_RUNS)
			return plan_refuse(err, path, one, runs, samples);
	}
	return 0;
}

/* Before anything is measured: what the result file could not hold. */
int plan_fits(const struct plan *plan, const char *path, struct error *err)
{
	uint64_t total = 0, groups = 0;

	if (plan_fits_boots(plan, 1, path, err))
		return -err->code;
	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *one = &plan->cases[i];

		if (one->skip_why[0])
			continue;
		total += (uint64_t)one->runs *
			 ((one->samples + one->warmup) * NR_METRICS + RUN_VALUES);
		groups += one->runs * (RUN_GROUPS + METRIC_GROUPS * nr_metrics(one));
	}
	if (plan->nr > RESULTS_MAX_RESULTS || total > RESULTS_MAX_VALUES ||
	    groups > RESULTS_MAX_GROUPS) {
		error_set(err, E2BIG,
			  "%.256s: %zu cases with up to %llu values in %llu objects and lists, a "
			  "result file holds %u, %u and %u",
			  path, plan->nr, (unsigned long long)total, (unsigned long long)groups,
			  RESULTS_MAX_RESULTS, RESULTS_MAX_VALUES, RESULTS_MAX_GROUPS);
		return error_fix(err, "shorter lists, fewer runs or samples, or several job files");
	}
	return 0;
}

unsigned int plan_most_runs(const struct plan *plan)
{
	uint64_t most = RESULTS_MAX_RUNS, all = 0, groups = 0;

	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *one = &plan->cases[i];
		uint64_t samples = (uint64_t)one->samples + one->warmup;

		if (one->skip_why[0])
			continue;
		all += samples * NR_METRICS + RUN_VALUES;
		groups += RUN_GROUPS + METRIC_GROUPS * nr_metrics(one);
		if (RESULTS_MAX_SAMPLES / samples < most)
			most = RESULTS_MAX_SAMPLES / samples;
	}
	if (all && RESULTS_MAX_VALUES / 2 / all < most)
		most = RESULTS_MAX_VALUES / 2 / all;
	if (groups && RESULTS_MAX_GROUPS / 2 / groups < most)
		most = RESULTS_MAX_GROUPS / 2 / groups;
	return most ? (unsigned int)most : 1;
}

size_t plan_nr_times(const struct plan *plan, bool all)
{
	size_t nr = 0;

	for (size_t i = 0; i < plan->nr; i++)
		nr += all || !plan->cases[i].skip_why[0] ? nr_metrics(&plan->cases[i]) : 0;
	return nr;
}

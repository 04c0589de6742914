// SPDX-License-Identifier: GPL-2.0-or-later
/* How much a plan will give: what a result file could not hold, and what a comparison will have to judge. */
#include <errno.h>

#include "plan.h"
#include "report.h"

/* Before anything is measured: what the result file could not hold. */
int plan_fits(const struct plan *plan, const char *path, struct error *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *one = &plan->cases[i];
		uint64_t samples = (uint64_t)one->runs * (one->samples + one->warmup);

		if (samples > REPORT_MAX_SAMPLES) {
			error_set(err, E2BIG, "%.256s: %s: %llu samples with warm-ups, a result holds %u", path,
				  one->key, (unsigned long long)samples, REPORT_MAX_SAMPLES);
			return error_fix(err, "fewer runs or samples");
		}
		total += one->skip_why[0] ? 0 : samples * NR_METRICS;
	}
	if (plan->nr > REPORT_MAX_RESULTS || total > REPORT_MAX_VALUES) {
		error_set(err, E2BIG, "%.256s: %zu cases with up to %llu values, a result file holds %u and %u", path,
			  plan->nr, (unsigned long long)total, REPORT_MAX_RESULTS, REPORT_MAX_VALUES);
		return error_fix(err, "shorter lists or fewer samples, or several job files");
	}
	return 0;
}

unsigned int plan_most_runs(const struct plan *plan)
{
	uint64_t most = REPORT_MAX_RUNS, all = 0;

	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *one = &plan->cases[i];
		uint64_t samples = (uint64_t)one->samples + one->warmup;

		if (one->skip_why[0])
			continue;
		all += samples * NR_METRICS;
		if (REPORT_MAX_SAMPLES / samples < most)
			most = REPORT_MAX_SAMPLES / samples;
	}
	if (all && REPORT_MAX_VALUES / 2 / all < most)
		most = REPORT_MAX_VALUES / 2 / all;
	return most ? (unsigned int)most : 1;
}

size_t plan_nr_times(const struct plan *plan, bool all)
{
	uint64_t unused;
	size_t nr = 0;

	for (size_t i = 0; i < plan->nr; i++)
		for (int metric = 0; metric < NR_METRICS && (all || !plan->cases[i].skip_why[0]); metric++)
			nr += plan->cases[i].pinner->clock(NULL, metric, &unused) != NULL;
	return nr;
}

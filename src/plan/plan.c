// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "host/sysfile.h"
#include "plan/select.h"
#include "result/results.h"

#define DEFAULT_SIZE (2u << 20)

/* A pinner is asked once whether it works here, however many cases it has. */
struct probe {
	const struct pinner *pinner;
	bool works;
	struct error why;
};

struct builder {
	struct plan *plan;
	size_t room;
	const struct offer *offer;
	const char *only;
	struct probe *probes;
	size_t nr_probes;
	char where[300]; /* "configs/x.json: cases[0]" */
};

static bool layout_offered(const struct builder *builder, const struct layout *layout)
{
	for (size_t i = 0; i < builder->offer->nr_layouts; i++)
		if (strcmp(builder->offer->layouts[i].name, layout->name) == 0)
			return true;
	return false;
}

static void layout_skip(struct plan_case *plan_case, const struct builder *builder)
{
	const struct layout_kind *kind = plan_case->layout.kind;
	char others[128] = "", name[40], why[128];

	for (size_t i = 0; i < builder->offer->nr_layouts; i++) {
		const struct layout *layout = &builder->offer->layouts[i];

		/* "thp-64K" and "thp-2M" are of two kinds, with one form of name */
		if (strcmp(layout->kind->prefix, kind->prefix) == 0 &&
		    !layout->kind->suffix == !kind->suffix)
			snprintf(others + strlen(others), sizeof(others) - strlen(others), "%s%s",
				 others[0] ? ", " : "", layout->name);
	}
	if (others[0])
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why),
			 "this kernel has no %s; it offers %s", plan_case->layout.name, others);
	else
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why),
			 "this kernel offers no %s", kind->pages);
	if (kind->absent &&
	    layout_absent(kind, builder->offer->layouts, builder->offer->nr_layouts, name, why))
		snprintf(plan_case->skip_fix, sizeof(plan_case->skip_fix), "%s", why);
	else if (!others[0])
		snprintf(plan_case->skip_fix, sizeof(plan_case->skip_fix), "a kernel with %s=y",
			 kind->option);
}

static int pinner_try(const void *context, struct error *why)
{
	const struct pinner *pinner = context;

	return pinner->probe(pinner, why);
}

static struct probe *probe_find(struct builder *builder, const struct pinner *pinner)
{
	struct probe *probe;

	for (size_t i = 0; i < builder->nr_probes; i++)
		if (builder->probes[i].pinner == pinner)
			return &builder->probes[i];
	probe = &builder->probes[builder->nr_probes++];
	probe->pinner = pinner;
	probe->works = probe_run(pinner_try, pinner, &probe->why) == 0;
	return probe;
}

/* Why a case cannot run here, cheapest question first: a pinner is probed only for a case that
 * could run. */
static void case_judge(struct plan_case *plan_case, struct builder *builder)
{
	const struct probe *probe;

	if (!(plan_case->pinner->access & plan_case->access)) {
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why), "%s cannot pin for %s",
			 plan_case->pinner->name, access_name(plan_case->access));
	} else if (plan_case->state->read_only && plan_case->access == ACCESS_WRITE) {
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why),
			 "%s maps the region read-only: a pin for write would fail",
			 plan_case->state->name);
	} else if (plan_case->pinner->whole_only &&
		   plan_case->pages_per_call * builder->offer->base_bytes < plan_case->bytes) {
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why),
			 "%s takes the whole window in one request", plan_case->pinner->name);
	} else if (plan_case->layout.kind->made && !plan_case->state->populated) {
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why),
			 "%s is made of pages that are there: none is left for a pin to fault in",
			 plan_case->layout.name);
	} else if (!layout_offered(builder, &plan_case->layout)) {
		layout_skip(plan_case, builder);
	} else {
		probe = probe_find(builder, plan_case->pinner);
		if (probe->works)
			return;
		snprintf(plan_case->skip_why, sizeof(plan_case->skip_why), "%s", probe->why.text);
		snprintf(plan_case->skip_fix, sizeof(plan_case->skip_fix), "%s", probe->why.fix);
		plan_case->broken = !error_unsupported(&probe->why);
	}
}

static size_t default_region_bytes(const struct plan_case *plan_case)
{
	size_t page = plan_case->layout.page_bytes, end = 0;

	if (strcmp(plan_case->window, "region") != 0)
		end = plan_case->offset + plan_case->bytes;
	if (end < DEFAULT_SIZE)
		end = DEFAULT_SIZE;
	return (end + page - 1) / page * page;
}

static void case_name(struct plan_case *plan_case)
{
	char tail[128] = "", size[24];
	size_t used = 0;

	if (plan_case->layout.page_bytes &&
	    plan_case->region_bytes != default_region_bytes(plan_case)) {
		size_format(plan_case->region_bytes, size, sizeof(size));
		used += snprintf(tail + used, sizeof(tail) - used, ",size=%s", size);
	}
	if (plan_case->cpu >= 0)
		used += snprintf(tail + used, sizeof(tail) - used, ",cpu=%d", plan_case->cpu);
	if (plan_case->node >= 0)
		used += snprintf(tail + used, sizeof(tail) - used, ",node=%d", plan_case->node);
	if (plan_case->device[0])
		snprintf(tail + used, sizeof(tail) - used, ",device=%s", plan_case->device);
	snprintf(plan_case->key, sizeof(plan_case->key), "%.40s,%.23s,%.23s,%s,%.39s,n=%zu%.127s",
		 plan_case->pinner->name, plan_case->layout.name, plan_case->state->name,
		 access_name(plan_case->access), plan_case->window, plan_case->pages_per_call,
		 tail);
}

/* A copy of @template at the end of the plan; NULL when that is full. */
static struct plan_case *case_append(struct builder *builder, const struct plan_case *template,
				     struct error *err)
{
	struct plan *plan = builder->plan;

	if (plan->nr == PLAN_MAX_CASES) {
		error_set(err, E2BIG, "%s: more than %u cases", builder->where, PLAN_MAX_CASES);
		error_fix(err, "shorter lists, or several job files");
		return NULL;
	}
	if (plan->nr == builder->room) {
		size_t room = builder->room ? builder->room * 2 : 64;
		struct plan_case *cases = realloc(plan->cases, room * sizeof(*cases));

		if (!cases) {
			error_errno(err, ENOMEM, "%s: %zu cases", builder->where, room);
			return NULL;
		}
		plan->cases = cases;
		builder->room = room;
	}
	plan->cases[plan->nr] = *template;
	return &plan->cases[plan->nr++];
}

/* The windows and batches of one pinner, layout, state and access. */
static int windows_plan(struct builder *builder, const struct job *job,
			const struct plan_case *template, struct error *err)
{
	for (size_t w = 0; w < job->window.nr; w++) {
		/* a pattern that no layout matches has no page size: its windows are checked
		 * against base pages */
		struct layout layout = template->layout;
		struct window_place place;
		struct error why;
		size_t nr_pages;

		if (!layout.page_bytes)
			layout.page_bytes = builder->offer->base_bytes;
		if (window_place(&place, job->window.words[w], &layout, builder->offer->base_bytes,
				 job->size, &why)) {
			error_set(err, why.code, "%s.window: %s", builder->where, why.text);
			return why.fix[0] ? error_fix(err, "%s", why.fix) : -why.code;
		}
		nr_pages = place.bytes / builder->offer->base_bytes;
		for (size_t i = 0; i < job->nr_pages_per_call; i++) {
			struct plan_case *plan_case = case_append(builder, template, err);

			if (!plan_case)
				return -err->code;
			memcpy(plan_case->window, place.name, sizeof(plan_case->window));
			plan_case->offset = place.offset;
			plan_case->bytes = place.bytes;
			plan_case->region_bytes = place.region_bytes;
			plan_case->pages_per_call = job->pages_per_call[i] < nr_pages
							    ? job->pages_per_call[i]
							    : nr_pages;
			case_name(plan_case);
			if (builder->only && fnmatch(builder->only, plan_case->key, 0) != 0)
				builder->plan->nr--;
			else
				case_judge(plan_case, builder);
		}
	}
	return 0;
}

static int accesses_plan(struct builder *builder, const struct job *job, struct plan_case *template,
			 struct error *err)
{
	struct picks picks;
	int ret;

	if (job->access.nr) {
		ret = accesses_pick(&picks, builder->offer, builder->where, &job->access, err);
		if (ret)
			return ret;
	} else {
		picks.nr = 0;
		for (size_t i = 0; i < NR_ACCESSES; i++)
			if ((template->pinner->access & accesses[i].access) &&
			    !(template->state->read_only && accesses[i].access == ACCESS_WRITE))
				picks.index[picks.nr++] = i;
	}
	for (size_t i = 0; i < picks.nr; i++) {
		template->access = accesses[picks.index[i]].access;
		ret = windows_plan(builder, job, template, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int job_plan(struct builder *builder, const struct job *job, struct error *err)
{
	struct plan_case template = { .samples = job->samples,
				      .warmup = job->warmup,
				      .runs = job->runs,
				      .timeout_s = job->timeout_s,
				      .cpu = job->cpu,
				      .node = job->node };
	struct picks pinner_picks, state_picks;
	struct layout_picks layout_picks;
	int ret;

	if (job->device.nr)
		snprintf(template.device, sizeof(template.device), "%s", job->device.words[0]);
	ret = pinners_pick(&pinner_picks, builder->offer, builder->where, &job->pinner, err);
	if (ret == 0)
		ret = layouts_pick(&layout_picks, builder->offer, builder->where, &job->layout,
				   err);
	if (ret == 0)
		ret = states_pick(&state_picks, builder->offer, builder->where, &job->state, err);
	for (size_t p = 0; ret == 0 && p < pinner_picks.nr; p++) {
		template.pinner = builder->offer->pinners[pinner_picks.index[p]];
		for (size_t l = 0; ret == 0 && l < layout_picks.nr; l++) {
			template.layout = layout_picks.layouts[l];
			for (size_t s = 0; ret == 0 && s < state_picks.nr; s++) {
				template.state = builder->offer->states[state_picks.index[s]];
				ret = accesses_plan(builder, job, &template, err);
			}
		}
	}
	return ret;
}

static int case_compare(const void *a, const void *b)
{
	const struct plan_case *left = *(const struct plan_case *const *)a,
			       *right = *(const struct plan_case *const *)b;
	int order = strcmp(left->key, right->key);

	return order ? order : (left > right) - (left < right);
}

static int case_same_effort(const struct plan_case *first, const struct plan_case *again,
			    struct error *err)
{
	if (first->samples == again->samples && first->warmup == again->warmup &&
	    first->runs == again->runs && first->timeout_s == again->timeout_s)
		return 0;
	error_set(err, EINVAL,
		  "case %.300s is in the job twice, with %u samples, %u warmup, %u runs, %u s and "
		  "with %u, %u, %u, %u s",
		  first->key, first->samples, first->warmup, first->runs, first->timeout_s,
		  again->samples, again->warmup, again->runs, again->timeout_s);
	return error_fix(err, "take it out of one of the two blocks");
}

/* Of cases with the same key the first stays: a batch larger than the window is the whole window
 * once more. */
static int plan_unique(struct plan *plan, bool overridden, struct error *err)
{
	struct plan_case **sorted = calloc(plan->nr + 1, sizeof(*sorted));
	size_t nr = 0;
	int ret = 0;

	if (!sorted)
		return error_errno(err, ENOMEM, "%zu cases", plan->nr);
	for (size_t i = 0; i < plan->nr; i++)
		sorted[i] = &plan->cases[i];
	qsort(sorted, plan->nr, sizeof(*sorted), case_compare);
	for (size_t i = 1, first = 0; i < plan->nr; i++) {
		if (strcmp(sorted[first]->key, sorted[i]->key) != 0) {
			first = i;
			continue;
		}
		if (!ret && !overridden)
			ret = case_same_effort(sorted[first], sorted[i], err);
		sorted[i]->pinner = NULL;
	}
	free(sorted);
	if (ret)
		return ret;
	for (size_t i = 0; i < plan->nr; i++) {
		if (!plan->cases[i].pinner)
			continue;
		if (nr != i)
			plan->cases[nr] = plan->cases[i];
		plan->nr_broken += plan->cases[nr].broken;
		plan->nr_skipped += plan->cases[nr].skip_why[0] && !plan->cases[nr].broken;
		nr++;
	}
	plan->nr = nr;
	return 0;
}

int plan_build_from(struct plan *plan, const struct config *config, const struct offer *offer,
		    struct error *err)
{
	struct builder builder = { .plan = plan, .offer = offer, .only = config->only };
	size_t nr_pinners = 0;
	struct error why;
	int ret = 0;

	*plan = (struct plan){ 0 };
	while (offer->pinners[nr_pinners])
		nr_pinners++;
	builder.probes = calloc(nr_pinners + 1, sizeof(*builder.probes));
	if (!builder.probes)
		return error_errno(err, ENOMEM, "planning");
	for (size_t i = 0; ret == 0 && i < config->nr_jobs; i++) {
		snprintf(builder.where, sizeof(builder.where), "%.256s: cases[%zu]", config->path,
			 i);
		ret = job_plan(&builder, &config->jobs[i], &why);
	}
	if (ret == 0 && config->only && plan->nr == 0)
		ret = error_set(&why, EINVAL, "%s: no case %.300s", config->path, config->only);
	if (ret == 0)
		ret = plan_unique(plan, config->overridden, &why);
	if (ret == 0)
		ret = plan_fits(plan, config->path, &why);
	free(builder.probes);
	if (ret) {
		plan_free(plan);
		if (err)
			*err = why;
	}
	return ret;
}

int plan_build(struct plan *plan, const struct config *config, struct error *err)
{
	struct offer offer = { .base_bytes = (size_t)sysconf(_SC_PAGESIZE),
			       .pinners = pinners,
			       .states = states };
	struct error why = { 0 };

	sysfile_trouble_clear();
	offer.nr_layouts = layout_list(offer.layouts, PLAN_MAX_LAYOUTS);
	if (sysfile_trouble(&why)) {
		if (err)
			*err = why;
		return -why.code;
	}
	return plan_build_from(plan, config, &offer, err);
}

int plan_broken(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->nr; i++)
		if (plan->cases[i].broken)
			return error_set(err, EIO,
					 "whether %s can run here could not be found out: %.256s",
					 plan->cases[i].pinner->name, plan->cases[i].skip_why);
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->cases);
	*plan = (struct plan){ 0 };
}

/* How much a plan will give: what a result file could not hold, and what a comparison will have to
 * judge. */

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

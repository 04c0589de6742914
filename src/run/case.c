// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/case.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/mark.h"
#include "host/hugepage.h"
#include "host/kernel.h"
#include "host/sysfile.h"
#include "run/round.h"
#include "stats/stats.h"
#include "stats/summary.h"

#define FLOOR_CYCLES 1001
#define ICOUNT_GRAIN 16 /* instructions: the guest's counter runs at 62.5 MHz */
#define NEAR_GRAINS  20 /* a median below this many grains is rounded by 5 % or more */

/* --- what holds for the whole run --- */

/* The pinner of nothing through the same contract: what is left of a time when nothing is pinned.
 */
static int floor_measure(uint64_t *ticks, struct error *err)
{
	const struct pinner *floor = pinner_floor();
	static uint64_t times[FLOOR_CYCLES];
	struct layout layout;
	struct region region;
	struct pin_job job = { .region = &region, .pages_per_call = 1, .access = ACCESS_READ };
	struct sample sample;
	struct pin *pin = NULL;
	int ret;

	layout_base(&layout);
	ret = region_map(&region, &layout, layout.page_bytes, NULL, err);
	if (ret)
		return ret;
	job.bytes = region.bytes;
	ret = floor->open(&pin, floor, &job, err);
	for (size_t i = 0; ret == 0 && i < FLOOR_CYCLES; i++) {
		ret = floor->cycle(pin, &sample, err);
		times[i] = sample.ticks[METRIC_CYCLE];
	}
	floor->close(pin);
	region_unmap(&region);
	*ticks = middle_of(times, FLOOR_CYCLES);
	return ret;
}

static void observers_probe(struct measure_env *env, struct results *results)
{
	for (size_t i = 0; observers[i]; i++) {
		struct error why = { 0 };
		bool works = observers[i]->probe(&why) == 0;

		/* what only went wrong is tried again by each case, which fails if it goes wrong
		 * there */
		env->use_observer[i] = works || !observer_unsupported(&why);
		fact_text(&results->environment, works ? "works" : why.text, "observers.%s",
			  observers[i]->name);
	}
}

int measure_open(struct measure_env *env, const volatile sig_atomic_t *stop, bool icount,
		 bool time_only, struct results *results, struct error *err)
{
	uint64_t floor_ticks = 0;

	*env = (struct measure_env){
		.stop = stop,
		.time_only = time_only,
		.clock_grain = icount ? ICOUNT_GRAIN : clock_grain(),
	};
	if (floor_measure(&floor_ticks, err))
		return -err->code;
	fact_number(&results->environment, (int64_t)floor_ticks, "harness.floor_ticks");
#ifdef PINBENCH_INJECT
	fact_number(&results->environment, (int64_t)(PINBENCH_INJECT * 1000), "harness.inject_ppm");
#endif
	kernel_log_open(&env->log);
	bystanders_look(&env->bystanders);
	if (time_only) {
		env->pins_quiet = true; /* asked again when the numbers of a case differ */
		return 0;
	}
	observers_probe(env, results);
	env->pins_quiet = pin_counters_quiet();
	fact_bool(&results->environment, env->pins_quiet, "observers.pin_counters_quiet");
	return 0;
}

void measure_close(struct measure_env *env)
{
	kernel_log_close(&env->log);
}

/* --- one case --- */

static void facts_take(struct result *result, const struct round_result *round)
{
	for (size_t i = 0; i < round->nr_facts; i++) {
		const struct round_fact *fact = &round->facts[i];

		if (fact->kind == FACT_TEXT)
			fact_text(&result->truth, fact->text, "%s", fact->name);
		else if (fact->kind == FACT_BOOL)
			fact_bool(&result->truth, fact->number, "%s", fact->name);
		else
			fact_number(&result->truth, fact->number, "%s", fact->name);
	}
	for (size_t i = 0; i < round->nr_warnings; i++)
		result_warn(result, "%s", round->warnings[i]);
}

static int round_do(const struct measure_env *env, const struct round_job *job,
		    struct round_result *round, struct error *err)
{
	int ret = round_run(job, round, env->stop, err);

	if (ret == 0 && round->error.code) {
		*err = round->error;
		ret = round->unsupported ? -EOPNOTSUPP : -err->code;
		if (!round->unsupported)
			error_set(err, round->error.code, "%s: %s", round->stage,
				  round->error.text);
		if (ret == -EOPNOTSUPP)
			err->code = EOPNOTSUPP;
	}
	return ret;
}

static void run_take_clocks(struct run *run, const struct round_result *round, uint64_t grain)
{
	for (int metric = 0; metric < NR_METRICS; metric++) {
		memcpy(run->clock[metric], round->clock[metric], sizeof(run->clock[metric]));
		run->quantum[metric] = strcmp(round->clock[metric], CLOCK_OUTSIDE) == 0
					       ? grain
					       : round->quantum[metric];
	}
}

/* A metric counts only if every sample of the run has it. */
static void run_settle(struct run *run)
{
	unsigned int have = run->nr_samples ? (1u << NR_METRICS) - 1 : 0;

	for (size_t i = 0; i < run->nr_samples; i++)
		have &= run->samples[i].have;
	for (size_t i = 0; i < run->nr_samples; i++)
		run->samples[i].have &= have;
	for (int metric = 0; metric < NR_METRICS; metric++)
		if (!(have & 1u << metric))
			run->clock[metric][0] = '\0';
}

/* What each sample unshared must be the same: a later one that found less to do measured something
 * else. */
struct unshared {
	bool known;
	uint64_t first, last;
	size_t nr;
};

static int unshared_add(struct unshared *unshared, const struct round_result *round,
			struct error *err)
{
	if (!round->unshared_known)
		return 0;
	if (unshared->nr++ == 0)
		unshared->first = round->unshared;
	unshared->known = true;
	unshared->last = round->unshared;
	if (unshared->last != unshared->first)
		return error_set(err, EPROTO, "sample %zu unshared %llu pages, the first one %llu",
				 unshared->nr, (unsigned long long)unshared->last,
				 (unsigned long long)unshared->first);
	return 0;
}

static int run_time(struct measure_env *env, const struct plan_case *plan_case,
		    struct result *result, struct round_job *job, struct error *err)
{
	size_t nr = plan_case->warmup + plan_case->samples;
	size_t per_round = plan_case->state->consumed ? 1 : nr;
	struct round_result *round = round_result_map(per_round);
	struct unshared unshared = { 0 };
	struct run *run = result_add_run(result);
	int ret = 0;

	run->cpu = env->place.cpu;
	run->node = env->place.node;
	run->nr_warmup = plan_case->warmup;
	run->samples = calloc(nr, sizeof(*run->samples));
	if (!round || !run->samples) {
		ret = error_errno(err, ENOMEM, "keep %zu samples", nr);
		goto out;
	}
	job->kind = ROUND_TIME;
	job->nr_samples = per_round;
	while (ret == 0 && run->nr_samples < nr) {
		ret = round_do(env, job, round, err);
		memcpy(run->samples + run->nr_samples, round->samples,
		       round->nr_samples * sizeof(*run->samples));
		run->nr_samples += round->nr_samples;
		if (round->nr_samples)
			run_take_clocks(run, round, env->clock_grain);
		if (!run->placement.known)
			run->placement = round->placement;
		if (ret == 0)
			ret = unshared_add(&unshared, round, err);
	}
	if (run->nr_samples < run->nr_warmup)
		run->nr_warmup = run->nr_samples;
	run_settle(run);
	facts_take(result, round);
	if (unshared.known) {
		fact_number(&result->truth, (int64_t)unshared.first, "unshared_first_sample");
		fact_number(&result->truth, (int64_t)unshared.last, "unshared_last_sample");
	}
out:
	round_result_unmap(round);
	return ret;
}

static void grain_warn(struct result *result, bool icount)
{
	const struct run *run = &result->runs[0];

	if (pinner_is_floor(result->params.pinner))
		return; /* the floor is what it is */
	for (int metric = 0; metric < NR_METRICS; metric++) {
		struct summary summary;

		if (!result_summary(result, metric, &summary))
			continue;
		if (summary.median < (double)(NEAR_GRAINS * run->quantum[metric]))
			result_warn(result,
				    "%s: the median is below %d grains of its clock (%s, %llu %s): "
				    "take a longer window",
				    metric_names[metric], NEAR_GRAINS, run->clock[metric],
				    (unsigned long long)run->quantum[metric],
				    icount ? "instructions" : "ns");
	}
}

/* A pin that holds no page, where the interface said that it does. */
static bool held_nothing(const struct result *result)
{
	const struct fact *held = fact_find(&result->truth, "held_refs");
	const struct fact *expected = fact_find(&result->truth, "held_refs_expected");

	return held && expected && held->number <= 0 && expected->number > 0;
}

static int watch_case(struct measure_env *env, struct result *result, struct round_job *job,
		      struct error *err)
{
	struct round_result *round = round_result_map(1);
	int ret = 0;

	if (!round)
		return error_errno(err, ENOMEM, "share memory with a worker");
	memcpy(job->use_observer, env->use_observer, sizeof(job->use_observer));
	job->kind = ROUND_OBSERVE;
	ret = round_do(env, job, round, err);
	result->counts = round->counts;
	facts_take(result, round);
	if (ret == 0 && job->plan_case->pinner->hold) {
		job->kind = ROUND_HOLD;
		ret = round_do(env, job, round, err);
		facts_take(result, round);
	}
	round_result_unmap(round);
	/* another run that gives pins back at that moment makes ours invisible */
	if (ret == 0 && env->pins_quiet && held_nothing(result) &&
	    !(env->journal && journal_shared(env->journal, NULL)) && pin_counters_quiet())
		ret = error_set(err, EPROTO,
				"the held pin took no references (nr_foll_pin_acquired stands "
				"still)");
	return ret;
}

/* The processes of a case: as many as planned, or until they are enough. */
static int runs_time(struct measure_env *env, const struct plan_case *plan_case,
		     struct result *result, struct round_job *job, struct error *err)
{
	struct precision precision = env->precision;
	uint64_t started = clock_now();
	bool enough = false;
	int ret = 0;

	if (plan_case->runs > 1 && plan_case->runs < precision.most_runs)
		precision.most_runs = plan_case->runs;
	while (ret == 0 && !enough) {
		ret = run_time(env, plan_case, result, job, err);
		if (precision.part <= 0) {
			enough = result->nr_runs >= plan_case->runs;
			continue;
		}
		enough =
			precision_enough(&precision, result, (double)(clock_now() - started) / 1e9);
		job->deadline_ns = clock_now() +
				   plan_case->timeout_s * UINT64_C(1000000000); /* of a run, then */
	}
	return ret;
}

static int rounds_run(struct measure_env *env, const struct plan_case *plan_case,
		      struct result *result, struct error *err)
{
	struct round_job job = {
		.plan_case = plan_case,
		.place = &env->place,
		.journal = env->journal,
		.placement_seed = env->placement_seed,
		.deadline_ns = clock_now() + plan_case->timeout_s * UINT64_C(1000000000),
	};
	struct before before;
	struct error after;
	int ret, logged;

	before_look(&before, env->journal,
		    plan_case->layout.kind->pool ? plan_case->layout.page_bytes : 0,
		    env->place.node);
	mark_number(mark_of(plan_case->key));
	mark(MARK_CASE);
	ret = runs_time(env, plan_case, result, &job, err);
	mark(MARK_CASE_END);
	if (ret == 0) {
		grain_warn(result, env->clock_grain == ICOUNT_GRAIN);
		if (!env->time_only)
			ret = watch_case(env, result, &job, err);
	}
	/* a failed case is checked too, but keeps its first reason */
	if (ret != -EINTR &&
	    leak_check(&before, &env->bystanders, env->pins_quiet, result, ret ? &after : err) &&
	    ret == 0)
		ret = -err->code;
	logged = log_check(&env->log, result, &after);
	/* "killed by signal 11" is all that the process knows of a BUG */
	if (logged && (ret == 0 || (logged == -EUCLEAN && ret != -EINTR))) {
		*err = after;
		ret = logged;
	}
	return ret;
}

int measure_case(struct measure_env *env, const struct plan_case *plan_case, struct result *result,
		 struct error *err)
{
	const struct pinner *pinner = plan_case->pinner;
	const char *device = plan_case->device[0] ? plan_case->device : NULL;
	int ret;

	if (!pinner->prepare)
		return rounds_run(env, plan_case, result, err);
	ret = pinner->prepare(pinner, device, plan_case->bytes, err);
	if (ret == 0) {
		ret = rounds_run(env, plan_case, result, err);
		pinner->finish(pinner);
	}
	return ret;
}

#define SETTLE_MS 2000 /* io_uring gives pages back after its file is closed */
#define QUIET_LOOKS \
	25 /* half a second: another benchmark pins nothing while it sets up its next case */

static uint64_t status_kb(long pid, const char *name)
{
	char path[64];
	uint64_t kb;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	return sysfile_read_field(path, name, &kb, NULL) ? 0 : kb;
}

/*
 * VmPin is what io_uring, RDMA and iommufd account, VmLck what VFIO does; HugetlbPages are mapped
 * ones of any size. status takes no lock that a process stuck in the kernel could hold, as smaps
 * would.
 */
void bystanders_look(struct bystanders *bystanders)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	*bystanders = (struct bystanders){ 0 };
	snprintf(path, sizeof(path), "%s/proc", sysfile_root());
	dir = dir_open(path);
	while (dir && (entry = readdir(dir))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid())
			continue;
		bystanders->pinned_kb += status_kb(pid, "VmPin") + status_kb(pid, "VmLck");
		bystanders->hugetlb_kb += status_kb(pid, "HugetlbPages");
	}
	if (dir)
		closedir(dir);
}

void before_look(struct before *before, struct journal *journal, size_t pool_page, int node)
{
	struct error unread;

	*before = (struct before){ .journal = journal, .pool_page = pool_page, .node = node };
	before->have_pins = pin_counters_read(&before->pins, &unread) == 0;
	before->company = journal && journal_shared(journal, NULL);
	if (!pool_page)
		return;
	before->used_pages = hugepage_used_count(pool_page, node);
	before->pool_shared = hugepage_shared(journal, pool_page, node);
}

/* More than before: pins, and pages of a pool that is ours alone. Fewer is what somebody else gave
 * back. */
static bool settled(const struct before *before, int64_t *held, int64_t *used)
{
	struct pin_counters now;
	struct error unread;

	*held = 0;
	*used = 0;
	if (before->have_pins && pin_counters_read(&now, &unread) == 0)
		*held = pin_counters_held(&now) - pin_counters_held(&before->pins);
	if (before->pool_page)
		*used = (int64_t)(hugepage_used_count(before->pool_page, before->node) -
				  before->used_pages);
	return *held <= 0 && (*used <= 0 || before->pool_shared);
}

/* Asked only when the numbers differ, and then with patience: a leak of ours is a failed case. */
static bool nobody_pins(void)
{
	for (int looks = 0; looks < QUIET_LOOKS; looks++)
		if (!pin_counters_quiet())
			return false;
	return true;
}

/* What became of the pool. Where another run used it, or another program's huge pages grew, nothing
 * can be said. */
static int pool_judge(const struct before *before, const struct bystanders *from,
		      const struct bystanders *to, int64_t used, struct result *result,
		      struct error *err)
{
	bool shared = before->pool_shared ||
		      hugepage_shared(before->journal, before->pool_page, before->node);

	if (shared || (used > 0 && to->hugetlb_kb > from->hugetlb_kb)) {
		fact_text(&result->truth,
			  shared ? "another run of pinbench used the pool"
				 : "another program used the pool",
			  "free_hugepages_unverified");
		return 0;
	}
	fact_number(&result->truth, -used, "free_hugepages_change");
	if (used <= 0)
		return 0;
	return error_set(err, EBUSY,
			 "%lld more huge pages are in use than before the case, and nobody else is "
			 "seen to use them",
			 (long long)used);
}

static int pins_judge(const struct before *before, const struct bystanders *from,
		      const struct bystanders *to, bool pins_quiet, int64_t held,
		      struct result *result, struct error *err)
{
	bool company = before->company ||
		       (before->journal && journal_shared(before->journal, NULL));

	/* fewer than before: somebody else gave theirs back, which no leak of ours can look like */
	if (held > 0 && pins_quiet && !company && to->pinned_kb <= from->pinned_kb &&
	    nobody_pins()) {
		fact_bool(&result->truth, false, "pins_balanced");
		return error_set(err, EBUSY,
				 "%lld more pins are held than before the case, and nobody else is "
				 "seen to pin",
				 (long long)held);
	}
	result_warn(result, "the number of held pins changed by %lld; other processes pin here too",
		    (long long)held);
	return 0;
}

int leak_check(const struct before *before, struct bystanders *bystanders, bool pins_quiet,
	       struct result *result, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	struct bystanders from = *bystanders;
	int64_t held, used;
	int rc = 0;

	for (int waited = 0; !settled(before, &held, &used) && waited < SETTLE_MS; waited += 10)
		nanosleep(&moment, NULL);
	if (held > 0 || used > 0)
		bystanders_look(bystanders);
	if (before->pool_page)
		rc = pool_judge(before, &from, bystanders, used, result, err);
	if (before->have_pins && held == 0)
		fact_bool(&result->truth, true, "pins_balanced");
	else if (before->have_pins &&
		 pins_judge(before, &from, bystanders, pins_quiet, held, result, rc ? NULL : err))
		rc = -EBUSY;
	return rc;
}

int log_check(struct kernel_log *log, struct result *result, struct error *err)
{
	uint64_t new_taint;
	char line[200];
	int nr = kernel_log_look(log, line, sizeof(line), &new_taint);

	if (nr == -EPIPE)
		result_warn(result, "the kernel log was overwritten before it could be read");
	if (log->fd >= 0 && nr >= 0)
		fact_number(&result->truth, nr, "kernel_complaints");
	fact_number(&result->truth, (int64_t)new_taint, "new_taint");
	if (*log->report.bug) {
		const struct kernel_report *report = &log->report;
		const char *because = strstr(report->page, "because: ");

		fact_text(&result->truth, report->bug, "kernel_bug");
		if (*report->page)
			fact_text(&result->truth, report->page, "kernel_bug_page");
		if (*report->trace)
			fact_text(&result->truth, report->trace, "kernel_bug_trace");
		return error_set(err, EUCLEAN, "%s%s%s%s%s%s", report->bug, because ? " (" : "",
				 because ? because + strlen("because: ") : "", because ? ")" : "",
				 *report->trace ? " in " : "", report->trace);
	}
	if (nr > 0)
		return error_set(err, EIO, "the kernel complained: %s", line);
	if (new_taint)
		return error_set(err, EIO, "the kernel became tainted (bits 0x%llx)",
				 (unsigned long long)new_taint);
	return 0;
}

/*
 * References that GUP-fast takes and drops again when gup_must_unshare() stops it: one for a page
 * table entry, those of the whole leaf that the call covers for a PMD or PUD (6.1: mm/gup.c
 * gup_pte_range, gup_huge_pmd; 6.12: gup_fast_pte_range, gup_fast_pmd_leaf). The walk ends there.
 * The slow path then unshares what the call covers: base page by base page, a hugetlb page as a
 * whole; of a THP in one piece when it is reused, base page by base page after splitting it when it
 * has to be copied. hugetlb pages below PMD size are walked as page table entries.
 */
static uint64_t dropped_refs(const struct plan_case *plan_case, size_t base, size_t pmd_bytes)
{
	const struct layout *layout = &plan_case->layout;
	size_t unit = layout->page_bytes / base;
	bool leaf = layout->page_bytes >= pmd_bytes && layout->kind->mapped_whole;
	bool whole = plan_case->state->has_peer ? layout->kind->copied_whole
						: layout->kind->reused_whole;
	size_t leaf_pages = pmd_bytes ? pmd_bytes / base : unit;
	size_t first = plan_case->offset / base, end = first + plan_case->bytes / base;
	size_t done = 0;  /* pages below this one are unshared */
	size_t split = 0; /* units below this one are no longer one leaf */
	uint64_t dropped = 0;

	/* cont-PMD pages are walked PMD by PMD, a PUD is one leaf */
	if (pmd_bytes && layout->page_bytes >= base / 8 * pmd_bytes)
		leaf_pages = base / 8 * pmd_bytes / base;
	for (size_t call = first; call < end; call += plan_case->pages_per_call) {
		size_t call_end = call + plan_case->pages_per_call < end
					  ? call + plan_case->pages_per_call
					  : end;
		size_t stop = call > done ? call : done; /* first page that is not exclusive */

		if (stop >= call_end)
			continue;
		if (!leaf || stop / unit < split) {
			dropped += 1;
		} else {
			size_t leaf_end = (stop / leaf_pages + 1) * leaf_pages;

			dropped += (leaf_end < call_end ? leaf_end : call_end) - stop;
		}
		/* what all share stays as it is: each call finds the same */
		if (layout->kind->shared)
			continue;
		done = whole ? ((call_end - 1) / unit + 1) * unit : call_end;
		split = whole ? 0 : (call_end - 1) / unit + 1;
	}
	return dropped;
}

/* Pages of the window that belong to a large folio. */
static uint64_t folio_pages(const struct plan_case *plan_case, size_t base)
{
	size_t unit = plan_case->layout.page_bytes / base;
	size_t first = plan_case->offset / base, end = first + plan_case->bytes / base;
	uint64_t nr = 0;

	for (size_t i = first; i < end; i++)
		nr += !plan_case->layout.kind->halved || i % unit < unit / 2;
	return nr;
}

/*
 * What is reused of @pages that nobody else maps any more. Of a large folio that is mapped page by
 * page: nothing up to 6.14 (6.12: mm/memory.c wp_can_reuse_anon_folio), then what has no references
 * but its mappings (6.18: __wp_can_reuse_large_anon_folio): of a request the first page, whose pin
 * is such a reference for those after it. Seen is only the head (6.12: fs/proc/page.c).
 */
static void expect_reuse(struct expectation *expectation, const struct plan_case *plan_case,
			 const struct pin_path *path, size_t base)
{
	const struct layout *layout = &plan_case->layout;
	uint64_t pages = plan_case->bytes / base;

	expectation->reused_pages = pages;
	if (!layout->kind->folio_ptes)
		return;
	expectation->copied_pages = folio_pages(plan_case, base);
	expectation->reused_pages = pages - expectation->copied_pages;
	expectation->unshared_known = kernel_release() >= KERNEL(6, 12);
	if (kernel_release() < KERNEL(6, 15))
		return;
	expectation->unshared_known = !layout->kind->halved &&
				      plan_case->offset % layout->page_bytes == 0 &&
				      plan_case->pages_per_call >= pages &&
				      (!path->max_pages || path->max_pages >= pages);
	expectation->reused_pages = (plan_case->bytes + layout->page_bytes - 1) /
				    layout->page_bytes;
	expectation->copied_pages = pages - expectation->reused_pages;
}

/*
 * Of a folio of which the child has a half all is copied: it is mapped by several, and up to 6.14
 * never reused. Single pages, and hugetlb pages, are reused where the child has none.
 */
static void expect_halves(struct expectation *expectation, const struct plan_case *plan_case,
			  size_t base)
{
	const struct layout *layout = &plan_case->layout;
	struct region region = { .layout = layout, .base_bytes = base };
	size_t first = plan_case->offset / base, end = first + plan_case->bytes / base;
	bool folios = layout->kind->large && !layout->kind->pool;

	expectation->unshared_known = !layout->kind->halved;
	for (size_t i = first; i < end; i++)
		if (!folios && region_second_half(&region, i))
			expectation->reused_pages++;
		else
			expectation->copied_pages++;
}

void expect_case(struct expectation *expectation, const struct plan_case *plan_case,
		 const struct pin_path *path)
{
	const struct state *state = plan_case->state;
	size_t base = (size_t)sysconf(_SC_PAGESIZE);
	/* page table of 8-byte entries in one base page, all architectures with GUP-fast: base^2 /
	 * 8 */
	size_t pmd_bytes = base / 8 * base;
	uint64_t pages = plan_case->bytes / base;
	/* the write bit, and being exclusive */
	bool loses = state->populated && state->consumed && !plan_case->layout.kind->shared;
	bool unshares = loses && path->pins && plan_case->access == ACCESS_READ;
	/*
	 * GUP-fast does not know whether pages of a file that it finds write-protected are private,
	 * and leaves them to the slow path if they are pinned long-term (since 6.2: 6.12
	 * mm/internal.h gup_must_unshare).
	 */
	bool doubts = plan_case->layout.kind->shared && state->read_only && path->pins &&
		      path->longterm && plan_case->access == ACCESS_READ &&
		      kernel_release() >= KERNEL(6, 2);
	bool writes = loses && plan_case->access == ACCESS_WRITE;

	memset(expectation, 0, sizeof(*expectation));
	expectation->unshared_known = true;
	if (plan_case->pinner->floor)
		/* touches nothing */;
	else if ((unshares || writes) && state->halves)
		expect_halves(expectation, plan_case, base);
	else if ((unshares || writes) && state->has_peer)
		expectation->copied_pages = pages; /* of a write it is the ordinary copy-on-write */
	else if (unshares || writes)
		expect_reuse(expectation, plan_case, path, base);

	expectation->acquired_known = true;
	if (!path->pins) {
		expectation->why = "this interface takes no FOLL_PIN";
	} else if (!state->populated && plan_case->access == ACCESS_READ &&
		   plan_case->layout.kind->zero_page) {
		/* the zero page, or a page of its own when long-term from 6.2 on */
		expectation->acquired_known = false;
	} else {
		expectation->acquired = pages;
		expectation->why = "one reference a page";
		if ((unshares || doubts) && path->fast && path->max_pages &&
		    plan_case->pages_per_call > path->max_pages) {
			expectation->acquired_known =
				false; /* how often GUP-fast is stopped depends on the cuts */
		} else if ((unshares || doubts) && path->fast) {
			expectation->acquired += dropped_refs(plan_case, base, pmd_bytes);
			expectation->why =
				doubts ? "one reference a page, and those that GUP-fast dropped "
					 "as it cannot tell whose file it is"
				       : "one reference a page, and those that GUP-fast dropped "
					 "to unshare";
		}
	}
}

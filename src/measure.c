// SPDX-License-Identifier: GPL-2.0-or-later
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hugepage.h"
#include "pin_counters.h"
#include "round.h"

#define FLOOR_CYCLES 1001
#define ICOUNT_GRAIN 16      /* instructions: the guest's counter runs at 62.5 MHz */
#define SETTLE_MS 2000       /* io_uring gives pages back after its file is closed */
#define NEAR_GRAINS 20       /* a median below this many grains is rounded by 5 % or more */

static int by_value(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* --- what holds for the whole run --- */

/* The null pinner through the same contract: what is left of a time when nothing is pinned. */
static int floor_measure(uint64_t *ticks, struct error *err)
{
	const struct pinner *null = pinner_find("null");
	static uint64_t times[FLOOR_CYCLES];
	struct layout layouts[1];
	struct region region;
	struct pin_job job = { .region = &region, .pages_per_call = 1, .access = ACCESS_READ };
	struct sample sample;
	struct pin *pin;
	int ret;

	layout_list(layouts, 1);
	ret = region_map(&region, &layouts[0], layouts[0].page_bytes, err);
	if (ret)
		return ret;
	job.bytes = region.bytes;
	ret = null->open(&pin, null, &job, err);
	for (size_t i = 0; ret == 0 && i < FLOOR_CYCLES; i++) {
		ret = null->cycle(pin, &sample, err);
		times[i] = sample.ticks[METRIC_CYCLE];
	}
	null->close(pin);
	region_unmap(&region);
	qsort(times, FLOOR_CYCLES, sizeof(*times), by_value);
	*ticks = times[FLOOR_CYCLES / 2];
	return ret;
}

static void observers_probe(struct measure_env *env, struct report *report)
{
	struct error why;

	for (size_t i = 0; observers[i]; i++) {
		env->use_observer[i] = observers[i]->probe(&why) == 0;
		fact_text(&report->environment, env->use_observer[i] ? "works" : why.text,
			  "observers.%s", observers[i]->name);
	}
}

int measure_open(struct measure_env *env, const volatile sig_atomic_t *stop, bool icount,
		 struct report *report, struct error *err)
{
	uint64_t floor_ticks = 0;

	*env = (struct measure_env){
		.stop = stop,
		.clock_grain = icount ? ICOUNT_GRAIN : clock_grain(),
	};
	if (floor_measure(&floor_ticks, err))
		return -err->code;
	fact_number(&report->environment, (int64_t)floor_ticks, "harness.floor_ticks");
	observers_probe(env, report);
	env->pins_quiet = pin_counters_quiet();
	fact_bool(&report->environment, env->pins_quiet, "observers.pin_counters_quiet");
	kernel_log_open(&env->log);
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
			error_set(err, round->error.code, "%s: %s", round->stage, round->error.text);
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
					       ? grain : round->quantum[metric];
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

/* What each sample unshared must be the same: a later one that found less to do measured something else. */
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

/* Sorting a copy: samples stay in their order. */
static bool run_median(const struct run *run, enum metric metric, uint64_t *median)
{
	size_t nr = run->nr_samples - run->nr_warmup;
	uint64_t *values = calloc(nr ? nr : 1, sizeof(*values));

	if (!values || !nr) {
		free(values);
		return false;
	}
	for (size_t i = 0; i < nr; i++)
		values[i] = run->samples[run->nr_warmup + i].ticks[metric];
	qsort(values, nr, sizeof(*values), by_value);
	*median = values[nr / 2];
	free(values);
	return true;
}

static void grain_warn(struct result *result, bool icount)
{
	const struct run *run = &result->runs[0];

	if (strcmp(result->params.pinner, "null") == 0)
		return; /* the floor is what it is */
	for (int metric = 0; metric < NR_METRICS; metric++) {
		uint64_t median;

		if (!run->clock[metric][0] || !run_median(run, metric, &median))
			continue;
		if (median < NEAR_GRAINS * run->quantum[metric])
			result_warn(result,
				    "%s: the median is below %d grains of its clock (%s, %llu %s): take a longer window",
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
	if (ret == 0 && env->pins_quiet && held_nothing(result))
		ret = error_set(err, EPROTO, "the held pin took no references (nr_foll_pin_acquired stands still)");
	return ret;
}

struct before {
	struct pin_counters pins;
	bool have_pins;
	uint64_t free_pages;
	size_t pool_page;           /* 0: the layout takes no hugetlb pages */
};

static void before_look(struct before *before, const struct measure_env *env,
			const struct plan_case *plan_case)
{
	struct error unread;

	before->have_pins = pin_counters_read(&before->pins, &unread) == 0;
	before->pool_page = plan_case->layout.backing == BACKING_HUGETLB
				    ? plan_case->layout.page_bytes : 0;
	if (before->pool_page)
		before->free_pages = hugepage_free_count(before->pool_page, env->place.node);
}

static bool settled(const struct before *before, const struct measure_env *env, int64_t *held,
		    uint64_t *free_pages)
{
	struct pin_counters now;
	struct error unread;

	*held = 0;
	*free_pages = before->free_pages;
	if (before->have_pins && pin_counters_read(&now, &unread) == 0)
		*held = pin_counters_held(&now) - pin_counters_held(&before->pins);
	if (before->pool_page)
		*free_pages = hugepage_free_count(before->pool_page, env->place.node);
	return *held == 0 && *free_pages == before->free_pages;
}

/* Nothing may stay behind: pins, huge pages. Asynchronous teardown gets its time. */
static int leak_check(const struct before *before, const struct measure_env *env,
		      struct result *result, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	uint64_t free_pages;
	int64_t held;

	for (int waited = 0; !settled(before, env, &held, &free_pages) && waited < SETTLE_MS;
	     waited += 10)
		nanosleep(&moment, NULL);
	if (before->have_pins)
		fact_bool(&result->truth, held == 0, "pins_balanced");
	if (before->pool_page)
		fact_number(&result->truth, (int64_t)(free_pages - before->free_pages),
			    "free_hugepages_change");
	if (free_pages != before->free_pages)
		return error_set(err, EBUSY, "%llu huge pages are free after the case, %llu were before it",
				 (unsigned long long)free_pages,
				 (unsigned long long)before->free_pages);
	if (held == 0)
		return 0;
	/* fewer than before: somebody else gave theirs back, which no leak of ours can look like */
	if (env->pins_quiet && held > 0 && pin_counters_quiet())
		return error_set(err, EBUSY, "%lld more pins are held than before the case",
				 (long long)held);
	result_warn(result, "the number of held pins changed by %lld; other processes pin here too",
		    (long long)held);
	return 0;
}

static int log_check(struct measure_env *env, struct result *result, struct error *err)
{
	uint64_t new_taint;
	char line[200];
	int nr = kernel_log_look(&env->log, line, sizeof(line), &new_taint);

	if (nr == -EPIPE)
		result_warn(result, "the kernel log was overwritten before it could be read");
	if (env->log.fd >= 0 && nr >= 0)
		fact_number(&result->truth, nr, "kernel_complaints");
	fact_number(&result->truth, (int64_t)new_taint, "new_taint");
	if (nr > 0)
		return error_set(err, EIO, "the kernel complained: %s", line);
	if (new_taint)
		return error_set(err, EIO, "the kernel became tainted (bits 0x%llx)",
				 (unsigned long long)new_taint);
	return 0;
}

int measure_case(struct measure_env *env, const struct plan_case *plan_case, struct result *result,
		 struct error *err)
{
	struct round_job job = {
		.plan_case = plan_case,
		.place = &env->place,
		.journal = env->journal,
		.deadline_ns = clock_now() + plan_case->timeout_s * UINT64_C(1000000000),
	};
	struct before before = { .have_pins = false };
	struct error after;
	int ret = 0;

	before_look(&before, env, plan_case);
	for (unsigned int i = 0; ret == 0 && i < plan_case->runs; i++)
		ret = run_time(env, plan_case, result, &job, err);
	if (ret == 0) {
		grain_warn(result, env->clock_grain == ICOUNT_GRAIN);
		ret = watch_case(env, result, &job, err);
	}
	/* a failed case is checked too, but keeps its first reason */
	if (ret != -EINTR && leak_check(&before, env, result, ret ? &after : err) && ret == 0)
		ret = -err->code;
	if (log_check(env, result, ret ? &after : err) && ret == 0)
		ret = -err->code;
	return ret;
}

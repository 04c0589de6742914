// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/run.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "host/environment.h"
#include "host/guardian.h"
#include "host/hugepage.h"
#include "host/journal.h"
#include "host/kernel.h"
#include "host/sysfile.h"
#include "host/topology.h"
#include "run/case.h"
#include "stats/stats.h"
#include "stats/steady.h"

struct runner {
	const struct plan *plan;
	const struct run_options *options;
	struct results *results;
	struct guardian guardian; /* of the journal */
	struct journal *journal;  /* NULL: settings cannot be changed here */
	struct error no_journal;  /* why */
	struct measure_env measure;
	const struct pinner *hung[16];
	size_t nr_hung;
	uint64_t started_ns;
	bool restless; /* a guest that was still at work when the first case began */
};

static void result_end(struct result *result, enum status status, const struct error *why)
{
	result->status = status;
	if (status == STATUS_DONE)
		return;
	free(result->why);
	free(result->fix);
	result->why = strdup(why->text);
	result->fix = why->fix[0] ? strdup(why->fix) : NULL;
}

static void params_fill(struct params *params, const struct plan_case *plan_case)
{
	snprintf(params->pinner, sizeof(params->pinner), "%s", plan_case->pinner->name);
	snprintf(params->layout, sizeof(params->layout), "%s", plan_case->layout.name);
	snprintf(params->state, sizeof(params->state), "%s", plan_case->state->name);
	snprintf(params->access, sizeof(params->access), "%s",
		 plan_case->access == ACCESS_WRITE ? "write" : "read");
	snprintf(params->window, sizeof(params->window), "%s", plan_case->window);
	params->offset = plan_case->offset;
	params->bytes = plan_case->bytes;
	params->pages_per_call = plan_case->pages_per_call;
	params->region_bytes = plan_case->region_bytes;
}

/* A shared region may be copied as a whole, and the parent's part of it stands beside the child's.
 */
static uint64_t case_bytes(const struct plan_case *plan_case)
{
	return plan_case->region_bytes *
	       (plan_case->state->has_peer || plan_case->state->child_copies ? 2 : 1);
}

/* Cases that could take the machine down need the user's word. */
static int case_guard(const struct runner *runner, const struct plan_case *plan_case,
		      struct error *err)
{
	uint64_t panic = 0;

	if (runner->options->force)
		return 0;
	sysfile_read_u64("/proc/sys/kernel/panic_on_warn", &panic, err);
	if (panic && plan_case->pinner->may_warn) {
		error_set(err, EPERM,
			  "kernel.panic_on_warn is set and %s checks itself with WARN()",
			  plan_case->pinner->name);
		return error_fix(err, "sysctl kernel.panic_on_warn=0, or run --force");
	}
	/* the pool of a hugetlb layout is taken from free memory when it has to grow */
	if (memory_guard(case_bytes(plan_case), err))
		return error_fix(err, "a smaller size, or run --force");
	return 0;
}

static int case_reserve(struct runner *runner, const struct plan_case *plan_case, struct error *err)
{
	const struct layout *layout = &plan_case->layout;
	unsigned int nr = (unsigned int)(case_bytes(plan_case) / layout->page_bytes);
	int rc;

	if (!layout->kind->reserve)
		return 0;
	rc = layout->kind->reserve(runner->journal, layout, runner->measure.place.node, nr, err);
	if (!rc || runner->journal)
		return rc;
	*err = runner->no_journal;
	return -err->code;
}

static bool pinner_hung(const struct runner *runner, const struct pinner *pinner)
{
	for (size_t i = 0; i < runner->nr_hung; i++)
		if (runner->hung[i] == pinner)
			return true;
	return false;
}

static void case_run(struct runner *runner, const struct plan_case *plan_case,
		     struct result *result)
{
	struct error why = { 0 };
	int ret;

	if (*runner->options->stop) {
		error_set(&why, EINTR, "the run was interrupted before this case");
		result_end(result, STATUS_SKIPPED, &why);
		return;
	}
	if (plan_case->skip_why[0]) {
		error_set(&why, ENOTSUP, "%s", plan_case->skip_why);
		error_fix(&why, "%s", plan_case->skip_fix);
		result_end(result, plan_case->broken ? STATUS_FAILED : STATUS_SKIPPED, &why);
		return;
	}
	if (pinner_hung(runner, plan_case->pinner)) {
		error_set(&why, EBUSY, "an earlier case of this pinner hangs in the kernel");
		result_end(result, STATUS_SKIPPED, &why);
		return;
	}
	if (topology_pick(plan_case->cpu, plan_case->node, &runner->measure.place, &why) ||
	    case_guard(runner, plan_case, &why) || case_reserve(runner, plan_case, &why)) {
		result_end(result, error_unsupported(&why) ? STATUS_SKIPPED : STATUS_FAILED, &why);
		return;
	}
	ret = measure_case(&runner->measure, plan_case, result, &why);
	if (!runner->options->time_only)
		result_steady(result, plan_case->pinner->floor);
	if (ret == 0)
		result_end(result, STATUS_DONE, &why);
	else if (ret == -EOPNOTSUPP || (ret == -EINTR && *runner->options->stop))
		result_end(result, STATUS_SKIPPED, &why); /* no fault of the case */
	else
		result_end(result, STATUS_FAILED, &why);
	if (ret == -ENOTRECOVERABLE &&
	    runner->nr_hung < sizeof(runner->hung) / sizeof(*runner->hung))
		runner->hung[runner->nr_hung++] = plan_case->pinner;
}

/* Cycles of all runs of a case; none of one that is skipped. */
static double cycles_of(const struct plan_case *plan_case)
{
	return plan_case->skip_why[0]
		       ? 0
		       : (double)plan_case->runs * (plan_case->samples + plan_case->warmup);
}

/* By what was measured before case @index; < 0: nothing was. */
static double left_s(const struct plan *plan, size_t index, double elapsed_s)
{
	double done = 0, left = 0;

	for (size_t i = 0; i < plan->nr; i++)
		*(i < index ? &done : &left) += cycles_of(&plan->cases[i]);
	return done > 0 ? elapsed_s / done * left : -1;
}

static void tell(const struct runner *runner, size_t index, const struct result *result)
{
	double elapsed = (double)(clock_now() - runner->started_ns) / 1e9;
	struct run_event event = {
		.index = index,
		.nr_cases = runner->plan->nr,
		.plan_case = &runner->plan->cases[index],
		.result = result,
		.elapsed_s = elapsed,
		.left_s = left_s(runner->plan, index, elapsed),
	};

	if (runner->options->event)
		runner->options->event(runner->options->context, &event);
}

static int cases_run(struct runner *runner, struct error *err)
{
	const struct run_options *options = runner->options;

	for (size_t i = 0; i < runner->plan->nr; i++) {
		const struct plan_case *plan_case = &runner->plan->cases[i];
		struct result *result = results_add(runner->results, plan_case->key);

		params_fill(&result->params, plan_case);
		if (runner->restless)
			result_warn(result, "the guest had not come to rest when measuring began");
		tell(runner, i, NULL);
		case_run(runner, plan_case, result);
		tell(runner, i, result);
		if (options->save && options->save(options->context, runner->results, err))
			return -err->code;
	}
	return 0;
}

static bool plan_changes_settings(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr; i++)
		if (!plan->cases[i].skip_why[0] && plan->cases[i].layout.kind->reserve)
			return true;
	return false;
}

static void measured_cpus(const struct plan *plan, cpu_set_t *cpus)
{
	int cpu = -2, node = -2;
	struct error unfit;
	struct place place;

	CPU_ZERO(cpus);
	for (size_t i = 0; i < plan->nr; i++) {
		const struct plan_case *plan_case = &plan->cases[i];

		if (plan_case->skip_why[0] || (plan_case->cpu == cpu && plan_case->node == node))
			continue;
		cpu = plan_case->cpu;
		node = plan_case->node;
		if (topology_pick(cpu, node, &place, &unfit) == 0)
			CPU_SET((size_t)place.cpu, cpus);
	}
}

/* Without either, cases that need a setting to be changed say why they cannot run. */
static void journal_begin(struct runner *runner)
{
	cpu_set_t cpus;

	measured_cpus(runner->plan, &cpus);
	if (guardian_start(&runner->guardian, &cpus, &runner->no_journal) == 0 &&
	    journal_open(&runner->journal, &runner->no_journal) == 0)
		return;
	runner->journal = NULL;
	guardian_end(&runner->guardian);
}

static void settle_and_note(struct runner *runner)
{
	struct fact_list *facts = &runner->results->environment;
	struct settling settling;

	settle(&settling, runner->options->icount, runner->options->stop);
	fact_number(facts, settling.nr_probes, "harness.settle_probes");
	fact_bool(facts, settling.settled, "harness.settled");
	runner->restless = !settling.settled;
}

int run_plan(const struct plan *plan, const struct run_options *options, struct results *results,
	     char ***troubles, struct error *err)
{
	struct runner runner = {
		.plan = plan,
		.options = options,
		.results = results,
		.started_ns = clock_now(),
	};
	struct journal_report restored = { 0 };
	struct error late;
	int ret;

	*troubles = NULL;
	/* what cannot be read now would be missing in the environment, and nobody would know why */
	if (topology_check(err))
		return -err->code;
	if (options->time_only)
		environment_kernel(&results->environment);
	else
		environment_collect(&results->environment);
	fact_text(&results->environment, options->icount ? "icount" : "real", "clock");
	if (options->settle)
		settle_and_note(&runner);
	if (measure_open(&runner.measure, options->stop, options->icount, options->time_only,
			 results, err))
		return -err->code;
	if (plan_changes_settings(plan))
		journal_begin(&runner);
	runner.measure.journal = runner.journal;
	runner.measure.precision = options->precision;
	if (!options->precision.most_runs)
		runner.measure.precision.most_runs = plan_most_runs(plan);
	runner.measure.placement_seed = options->placement_seed;
	ret = cases_run(&runner, err);
	if (runner.measure.log.taint != runner.measure.log.taint_before)
		fact_number(&results->environment, (int64_t)runner.measure.log.taint,
			    "kernel.tainted_after");
	measure_close(&runner.measure);
	if (runner.journal) {
		journal_restore(runner.journal, &restored, &late);
		if (restored.nr_foreign || restored.nr_failed) {
			*troubles = restored.lines; /* as journal_report_free() would free them */
			*troubles = realloc(*troubles, (restored.nr + 1) * sizeof(**troubles));
			if (*troubles)
				(*troubles)[restored.nr] = NULL;
		} else {
			journal_report_free(&restored);
		}
		journal_close(runner.journal);
		guardian_end(&runner.guardian);
	}
	results->duration_s = (double)(clock_now() - runner.started_ns) / 1e9;
	if (ret)
		return ret;
	if (*options->stop)
		return error_set(err, EINTR, "interrupted");
	results->complete = true;
	return 0;
}

#define NR_PAGES 64u /* of the work */
#define NR_PASSES                                                                                  \
	9u /* of a probe, whose time is their middle: single passes meet ticks and refills of free \
	      lists */
#define GRAINS   32u       /* two steps of a 62.5 MHz counter, in instructions */
#define PAUSE_NS 10000000L /* what was put off by a tick comes now */
#define LIMIT_NS UINT64_C(2000000000)

/* Faults, a pin of each page by process_vm_readv(), and what it takes to give the pages back. */
static uint64_t pass(unsigned char *copy, size_t bytes)
{
	uint64_t start = clock_now();
	unsigned char *pages =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec from = { pages, bytes }, to = { copy, bytes };

	if (pages == MAP_FAILED)
		return 0;
	for (size_t at = 0; at < bytes; at += bytes / NR_PAGES)
		pages[at] = 1;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) <
	    0) /* not in this kernel: the rest will do */
		copy[0] = 0;
	munmap(pages, bytes);
	return clock_now() - start;
}

static uint64_t probe(unsigned char *copy, size_t bytes)
{
	uint64_t times[NR_PASSES];

	for (unsigned int i = 0; i < NR_PASSES; i++)
		times[i] = pass(copy, bytes);
	return middle_of(times, NR_PASSES);
}

/* A short probe may not be interrupted by those who wait for the CPU, but they are there: "0.00
 * 0.01 0.05 2/34 77". */
static bool others_wait(void)
{
	char text[128];
	unsigned int nr_running = 1;

	if (sysfile_read("/proc/loadavg", text, sizeof(text), NULL) == 0)
		sscanf(text, "%*s %*s %*s %u/", &nr_running);
	return nr_running > 1;
}

static bool agree(uint64_t a, uint64_t b, bool icount)
{
	uint64_t apart = a > b ? a - b : b - a;

	return icount ? apart <= GRAINS || apart * 1000 <= a : apart * 20 <= a;
}

void settle(struct settling *settling, bool icount, const volatile sig_atomic_t *stop)
{
	size_t bytes = NR_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t started = clock_now(), last = 0, now;

	*settling = (struct settling){ 0 };
	if (copy == MAP_FAILED)
		return;
	while (!settling->settled && !*stop && clock_now() - started < LIMIT_NS) {
		if (settling->nr_probes)
			nanosleep(&pause, NULL);
		now = probe(copy, bytes);
		settling->settled = settling->nr_probes++ && agree(last, now, icount) &&
				    !others_wait();
		last = now;
	}
	munmap(copy, bytes);
}

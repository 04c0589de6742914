// SPDX-License-Identifier: GPL-2.0-or-later
#include "interleave.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "cleanup.h"
#include "schedule.h"
#include "steady.h"
#include "text.h"

#define NR_FIXED_WORDS 16

/* --- one pass --- */

/* What a side's program is told; malloc'ed, NULL-terminated. */
static char **pass_words(const struct interleave *interleave, const struct interleave_side *side, bool first)
{
	char **words = calloc(2 * interleave->nr_overrides + NR_FIXED_WORDS, sizeof(*words));
	size_t nr = 0;

	if (!words)
		abort();
	words[nr++] = "pinbench";
	words[nr++] = "run";
	words[nr++] = "-q";
	words[nr++] = "--output=-";
	if (side->job) {
		words[nr++] = "-c";
		words[nr++] = (char *)side->job;
	}
	for (size_t i = 0; i < interleave->nr_overrides; i++) {
		words[nr++] = "-p";
		words[nr++] = (char *)interleave->overrides[i];
	}
	words[nr++] = "-p";
	words[nr++] = "runs=1";
	if (interleave->force)
		words[nr++] = "--force";
	if (interleave->icount)
		words[nr++] = "--clock=icount";
	if (!first)
		words[nr++] = "--time-only";
	return words;
}

/* The status of waitpid(2), or -EINTR: it was told to stop, and has. */
static int pass_wait(pid_t pid, const volatile sig_atomic_t *stop)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool told = false;
	int status = 0;

	/* it ends its own children and puts settings back: it is told, never killed; its group: it may be a script that has started it */
	while (ended.fd >= 0 && poll(&ended, 1, 200) <= 0) {
		if (*stop && !told)
			kill(-pid, SIGTERM);
		told = told || *stop;
	}
	if (ended.fd >= 0)
		close(ended.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return told ? -EINTR : status;
}

/* The first line on its standard error: with -q, why it failed. */
static void first_words(int fd, char *text, size_t size)
{
	char all[2048];
	ssize_t got = pread(fd, all, sizeof(all) - 1, 0);
	char *line;

	all[got > 0 ? got : 0] = '\0';
	line = all + strspn(all, "\n");
	line[strcspn(line, "\n")] = '\0';
	text_plain(line);
	snprintf(text, size, "%s", strncmp(line, "pinbench: ", 10) == 0 ? line + 10 : line);
}

static int pass_read(const struct interleave_side *side, int out, int said, int status, struct report *pass,
		     struct error *err)
{
	char words[300] = "";
	struct stat stat;
	char *text;
	int ret;

	if (fstat(out, &stat))
		return error_errno(err, errno, "a file in memory");
	if (stat.st_size == 0) {
		first_words(said, words, sizeof(words));
		return error_set(err, EIO, "%s: %s gave no result (%s %d)%s%s", side->label, side->program.path,
				 WIFSIGNALED(status) ? "signal" : "exit status",
				 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words[0] ? ": " : "", words);
	}
	text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, out, 0);
	if (text == MAP_FAILED)
		return error_errno(err, errno, "read what %s measured", side->program.path);
	ret = report_parse(pass, text, (size_t)stat.st_size, side->program.path, err);
	munmap(text, (size_t)stat.st_size);
	return ret;
}

static int pass_run(const struct interleave *interleave, const struct interleave_side *side, struct report *pass,
		    struct error *err)
{
	autofree char **words = pass_words(interleave, side, side->report.nr_results == 0);
	autoclose int out = memfd_create("result", MFD_CLOEXEC), said = memfd_create("stderr", MFD_CLOEXEC);
	int status;
	pid_t pid;

	if (out < 0 || said < 0)
		return error_errno(err, errno, "a file in memory");
	pid = program_start(&side->program, words, out, said, err);
	if (pid < 0)
		return (int)pid;
	status = pass_wait(pid, interleave->stop);
	if (status == -EINTR)
		return error_set(err, EINTR, "interrupted");
	if (pass_read(side, out, said, status, pass, err))
		return -err->code;
	/* somebody else ended it, or the signal for all reached it first: the cases that are missing are to be measured */
	if (!pass->complete)
		return error_set(err, *interleave->stop ? EINTR : EIO, "%s: a pass was ended before it was done", side->label);
	return 0;
}

static const char *fact_value(const struct report *report, const char *name)
{
	const struct fact *fact = fact_find(&report->environment, name);

	return fact && fact->kind == FACT_TEXT ? fact->text : "";
}

static bool text_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* A pass that measured something else than those before it, on another kernel, say, must not be added to them. */
static int pass_check(const struct interleave_side *side, const struct report *pass, struct error *err)
{
	static const char *const names[] = { "kernel.release", "kernel.version", "kernel.cmdline" };
	const struct report *before = &side->report;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!text_same(fact_value(before, names[i]), fact_value(pass, names[i])))
			return error_set(err, EINVAL, "%s: %s was \"%.120s\" when the schedule began and is \"%.120s\" now", side->path,
					 names[i], fact_value(before, names[i]), fact_value(pass, names[i]));
	if (!text_same(before->config, pass->config))
		return error_set(err, EINVAL, "%s: the job is not the one that the schedule began with (%s and -p)", side->path,
				 side->job ? side->job : "built in");
	return 0;
}

/* --- a side's file --- */

static void counterparts_set(struct interleave_side *side)
{
	for (size_t i = 0; side->counterparts && i < side->plan->nr; i++) {
		struct result *result = (struct result *)report_find(&side->report, side->plan->cases[i].key);

		if (result && side->counterparts[i] && !result->counterpart)
			result->counterpart = strdup(side->counterparts[i]);
	}
}

static void side_begin(const struct interleave *interleave, struct interleave_side *side)
{
	struct report *report = &side->report;
	unsigned int nth = (unsigned int)(side - interleave->sides);

	free(report->path);
	report->path = NULL;
	free(report->label);
	report->label = strdup(side->label);
	report_set_command(report, interleave->argc, interleave->argv);
	schedule_copy(&report->schedule, &interleave->schedule, nth);
	fact_text(&report->environment, side->program.hash, "harness.program");
	counterparts_set(side);
}

static unsigned int nr_slots(const struct interleave *interleave)
{
	return interleave->schedule.nr_blocks * interleave->schedule.nr_sides;
}

static bool side_complete(const struct interleave *interleave, const struct interleave_side *side)
{
	for (unsigned int slot = 0; slot < nr_slots(interleave); slot++)
		if (&interleave->sides[schedule_side(&interleave->schedule, slot)] == side &&
		    !schedule_has(&side->report, slot))
			return false;
	return true;
}

unsigned int interleave_nr_left(const struct interleave *interleave)
{
	unsigned int nr = 0;

	for (unsigned int slot = 0; slot < nr_slots(interleave); slot++)
		nr += !schedule_has(&interleave->sides[schedule_side(&interleave->schedule, slot)].report, slot);
	return nr;
}

static int side_take(struct interleave *interleave, struct interleave_side *side, unsigned int slot, struct report *pass,
		     struct error *err)
{
	schedule_stamp(&interleave->schedule, slot, pass);
	if (side->report.nr_results == 0) {
		report_free(&side->report);
		side->report = *pass;
		*pass = (struct report){ 0 };
		side_begin(interleave, side);
	} else if (pass_check(side, pass, err) || report_merge(&side->report, pass, err)) {
		return -err->code;
	}
	side->report.complete = side_complete(interleave, side);
	if (side->report.complete)
		report_steady(&side->report);
	return report_save(&side->report, side->path, err);
}

/* --- taking up --- */

/* By its precision or the time it took: then its blocks are as many as it has. */
static bool stopped_early(const struct report *report)
{
	for (size_t i = 0; i < report->nr_results; i++)
		if (report->results[i].stop != STOP_RUNS)
			return report->complete;
	return false;
}

static int side_load(struct interleave *interleave, struct interleave_side *side, struct error *err)
{
	const struct schedule *mine = &interleave->schedule, *its;
	const char *hash;

	if (report_load(&side->report, side->path, err))
		return -err->code;
	its = &side->report.schedule;
	hash = fact_value(&side->report, "harness.program");
	if (its->order == ORDER_NONE || its->nr_sides != mine->nr_sides)
		return error_set(err, EINVAL, "%s was not measured in turns with one other", side->path);
	if (its->side != side - interleave->sides || strcmp(its->sides[its->side], side->label) != 0)
		return error_set(err, EINVAL, "%s is side \"%s\" of its schedule, not \"%s\"", side->path,
				 its->sides[its->side], side->label);
	if (its->order != mine->order)
		return error_set(err, EINVAL, "%s: the order is %s, not %s", side->path, order_names[its->order],
				 order_names[mine->order]);
	if (its->nr_blocks != mine->nr_blocks && !stopped_early(&side->report))
		return error_set(err, EINVAL, "%s: the schedule has %u runs a side, not %u", side->path, its->nr_blocks,
				 mine->nr_blocks);
	if (strcmp(hash, side->program.hash) != 0)
		return error_set(err, EINVAL, "%s: measured by another program than %s is now (SHA-256 %s..., not %s...)", side->path,
				 side->program.path, hash, side->program.hash);
	return 0;
}

int interleave_take_up(struct interleave *interleave, bool seed_given, struct error *err)
{
	struct schedule *mine = &interleave->schedule, *its;
	unsigned int nr_found = 0;

	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];

		/* a kill before the second pass leaves one file */
		if (access(side->path, F_OK) && errno == ENOENT)
			continue;
		if (side_load(interleave, side, err))
			return -err->code;
		its = &side->report.schedule;
		if (seed_given && its->seed != mine->seed)
			return error_set(err, EINVAL, "%s: the seed is %llu, not %llu", side->path,
					 (unsigned long long)its->seed, (unsigned long long)mine->seed);
		if (nr_found++ && strcmp(its->id, mine->id) != 0)
			return error_set(err, EINVAL, "%s and %s are not of one schedule", interleave->sides[0].path, side->path);
		memcpy(mine->id, its->id, sizeof(mine->id));
		mine->nr_blocks = its->nr_blocks;
		mine->seed = its->seed;
	}
	return nr_found ? 0 : error_set(err, ENOENT, "nothing to resume: there is no %s", interleave->sides[0].path);
}

/* --- all of them --- */

static void tell(const struct interleave *interleave, unsigned int slot, unsigned int nr_done, unsigned int nr_left,
		 uint64_t started_ns, const struct report *pass)
{
	double elapsed = (double)(clock_now() - started_ns) / 1e9;
	struct interleave_event event = {
		.slot = slot,
		.nr_slots = nr_slots(interleave),
		.nr_blocks = interleave->schedule.nr_blocks,
		.label = interleave->sides[schedule_side(&interleave->schedule, slot)].label,
		.pass = pass,
		.elapsed_s = elapsed,
		.open = interleave->precision.part > 0,
		.left_s = nr_done && interleave->precision.part <= 0 ? elapsed / nr_done * nr_left : -1,
	};

	if (interleave->event)
		interleave->event(interleave->context, &event);
}

static double side_time_s(const struct interleave *interleave, const struct interleave_side *side)
{
	size_t nr_done = 0;

	for (size_t i = 0; i < side->report.nr_results; i++)
		nr_done += side->report.results[i].status == STATUS_DONE;
	return interleave->precision.max_time_s > 0 && side->report.duration_s >= interleave->precision.max_time_s * (double)nr_done
		       ? interleave->precision.max_time_s : 0;
}

/* After a block: whether every case of both sides is settled, or the time is over. Each says which. */
static bool blocks_enough(struct interleave *interleave)
{
	struct precision precision = interleave->precision;
	bool enough = true;

	precision.most_runs = interleave->schedule.nr_blocks;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		struct interleave_side *side = &interleave->sides[i];
		double time_s = side_time_s(interleave, side);

		for (size_t k = 0; k < side->report.nr_results; k++)
			if (side->report.results[k].status == STATUS_DONE &&
			    !precision_enough(&precision, &side->report.results[k], time_s))
				enough = false;
	}
	return enough;
}

static int sides_end(struct interleave *interleave, unsigned int nr_blocks, struct error *err)
{
	int ret = 0;

	interleave->schedule.nr_blocks = nr_blocks;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES && !ret; i++) {
		struct report *report = &interleave->sides[i].report;

		report->schedule.nr_blocks = nr_blocks;
		report->complete = true;
		report_steady(report);
		ret = report_save(report, interleave->sides[i].path, err);
	}
	return ret;
}

static int none_done(const struct interleave_side *side, struct error *err)
{
	for (size_t i = 0; i < side->report.nr_results; i++)
		if (side->report.results[i].status != STATUS_SKIPPED)
			return 0;
	error_set(err, ENODATA, "%s: no case can run here", side->label);
	return error_fix(err, "pinbench run --dry-run%s%s says why", side->job ? " -c " : "", side->job ? side->job : "");
}

int interleave_run(struct interleave *interleave, struct error *err)
{
	unsigned int nr_left = interleave_nr_left(interleave), nr_done = 0;
	uint64_t started = clock_now();

	for (unsigned int slot = 0; slot < nr_slots(interleave); slot++) {
		struct interleave_side *side = &interleave->sides[schedule_side(&interleave->schedule, slot)];
		struct report pass = { 0 };
		int ret;

		if (schedule_has(&side->report, slot))
			continue;
		if (*interleave->stop)
			return error_set(err, EINTR, "interrupted");
		tell(interleave, slot, nr_done, nr_left, started, NULL);
		ret = pass_run(interleave, side, &pass, err);
		if (!ret)
			ret = side_take(interleave, side, slot, &pass, err);
		if (!ret)
			tell(interleave, slot, ++nr_done, --nr_left, started, &side->report);
		report_free(&pass);
		if (!ret)
			ret = none_done(side, err);
		if (ret)
			return ret;
		if (interleave->precision.part > 0 && (slot + 1) % INTERLEAVE_SIDES == 0 && blocks_enough(interleave))
			return sides_end(interleave, slot / INTERLEAVE_SIDES + 1, err);
	}
	return 0;
}

void interleave_free(struct interleave *interleave)
{
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		report_free(&interleave->sides[i].report);
		program_close(&interleave->sides[i].program);
	}
	schedule_free(&interleave->schedule);
}

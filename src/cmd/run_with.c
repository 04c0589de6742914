// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run --with: two sides of one host in turns. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/run.h"
#include "host/sysfile.h"
#include "plan/config.h"
#include "plan/plan.h"
#include "result/schedule.h"
#include "turns/pairing.h"
#include "turns/turns.h"
#include "verdict/verdict.h"

/* Labels and files of two sides. */
struct with_names {
	char labels[INTERLEAVE_SIDES][65];
	char paths[INTERLEAVE_SIDES][RESULTS_PATH_MAX];
	bool is_new[INTERLEAVE_SIDES]; /* in results/, and not of a schedule that is resumed */
};

/* --- labels --- */

/* The @nth part of a path from its end, without ".json"; empty when there are not as many or it
 * cannot be a label. */
static void part_of(const char *path, unsigned int nth, char label[65])
{
	const char *end = path + strlen(path), *begin;
	struct error unfit;

	for (;;) {
		for (begin = end; begin > path && begin[-1] != '/'; begin--)
			;
		if (nth-- == 0 || begin == path)
			break;
		end = begin - 1;
	}
	if (end - begin > 5 && strncmp(end - 5, ".json", 5) == 0)
		end -= 5;
	snprintf(label, 65, "%.*s", (int)(end - begin), begin);
	if (nth != (unsigned int)-1 || cmd_label_check(label, &unfit))
		label[0] = '\0';
}

/* The last part in which the two paths differ: build/x86_64/pinbench and build/arm64/pinbench are
 * "x86_64" and "arm64". */
static void labels_from_paths(struct with_names *names, const char *paths[INTERLEAVE_SIDES])
{
	for (unsigned int nth = 0; nth < 64; nth++) {
		part_of(paths[0], nth, names->labels[0]);
		part_of(paths[1], nth, names->labels[1]);
		if (!names->labels[0][0] || !names->labels[1][0] ||
		    strcmp(names->labels[0], names->labels[1]) != 0)
			break;
	}
	if (!names->labels[0][0] || !names->labels[1][0]) {
		strcpy(names->labels[0], "base");
		strcpy(names->labels[1], "new");
	}
}

static int with_labels(struct with_names *names, const struct order *order,
		       const struct interleave_side *sides, bool other_program, struct error *err)
{
	const char *const given[] = { order->label, order->with_label };
	const char *paths[] = { order->config ? order->config : "quick", order->with };
	static char real[INTERLEAVE_SIDES][PATH_MAX];

	for (unsigned int i = 0; other_program && i < INTERLEAVE_SIDES; i++) {
		paths[i] = realpath(sides[i].program.path, real[i]);
		if (!paths[i])
			return error_errno(err, errno, "%s", sides[i].program.path);
	}
	labels_from_paths(names, paths);
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		if (given[i] && cmd_label_check(given[i], err))
			return -err->code;
		if (given[i])
			snprintf(names->labels[i], sizeof(names->labels[i]), "%s", given[i]);
	}
	if (strcmp(names->labels[0], names->labels[1]) != 0)
		return 0;
	error_set(err, EINVAL, "both sides are called \"%s\"", names->labels[0]);
	return error_fix(err, "--label A --with-label B");
}

/* --- files --- */

static bool is_of_this(const struct with_names *names, const char *path)
{
	struct results results = { 0 };
	struct error unread;
	bool is;

	if (results_load(&results, path, &unread))
		return false;
	is = results.schedule.order != ORDER_NONE &&
	     results.schedule.nr_sides == INTERLEAVE_SIDES &&
	     strcmp(results.schedule.sides[0], names->labels[0]) == 0 &&
	     strcmp(results.schedule.sides[1], names->labels[1]) == 0;
	results_free(&results);
	return is;
}

/* Whether the tail "UTC.json" or "UTC-N.json" of a name is of a later result than @than. */
static bool is_newer(const char *tail, const char *than)
{
	int order = strncmp(tail, than, strcspn(tail, "-."));

	return order                          ? order > 0
	       : strlen(tail) != strlen(than) ? strlen(tail) > strlen(than)
					      : strcmp(tail, than) > 0;
}

/* The newest results/LABEL-UTC.json of either side that belongs to such a schedule; the other has
 * the same stamp. */
static int paths_find(struct with_names *names, struct error *err)
{
	char newest[32] = "", pattern[128];

	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		size_t skip = strlen("results/") + strlen(names->labels[i]) + 1;
		glob_t found;

		snprintf(pattern, sizeof(pattern), "results/%s-[0-9]*T[0-9]*Z*.json",
			 names->labels[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t k = found.gl_pathc; k-- > 0;) {
			const char *stamp = found.gl_pathv[k] + skip;

			if (!is_newer(stamp, newest) || strlen(stamp) >= sizeof(newest))
				continue;
			if (!is_of_this(names, found.gl_pathv[k]))
				continue;
			strcpy(newest, stamp);
		}
		globfree(&found);
	}
	if (!newest[0]) {
		error_set(err, ENOENT,
			  "nothing to resume: results/ has no unfinished schedule of %s and %s",
			  names->labels[0], names->labels[1]);
		return error_fix(err, "-o and --with-output name its files; without --resume a new "
				      "one begins");
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		snprintf(names->paths[i], sizeof(names->paths[i]), "results/%s-%s",
			 names->labels[i], newest);
	return 0;
}

/* Whether both are one file, or would be: "x.json" and "./x.json". */
static bool same_file(const char *a, const char *b)
{
	const char *slash[] = { strrchr(a, '/'), strrchr(b, '/') };
	struct stat where[2];
	char directory[4096];

	if (strcmp(slash[0] ? slash[0] + 1 : a, slash[1] ? slash[1] + 1 : b) != 0)
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		const char *path = i ? b : a;

		snprintf(directory, sizeof(directory), "%.*s/.",
			 slash[i] ? (int)(slash[i] - path) : 1, slash[i] ? path : ".");
		if (stat(directory, &where[i]))
			return false;
	}
	return where[0].st_dev == where[1].st_dev && where[0].st_ino == where[1].st_ino;
}

static int with_paths(struct with_names *names, const struct order *order, struct error *err)
{
	const char *const given[] = { order->output, order->with_output };
	char when[32];

	if (!given[0] && order->resume)
		return paths_find(names, err);
	cmd_utc_now(when, sizeof(when), "%Y%m%dT%H%M%SZ");
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		int length = given[i] ? snprintf(names->paths[i], sizeof(names->paths[i]), "%s",
						 given[i])
				      : 0;

		names->is_new[i] = !given[i];
		if (!given[i] && cmd_result_name(names->labels[i], when, names->paths[i], err))
			return -err->code;
		if (length >= (int)sizeof(names->paths[i]) || strcmp(names->paths[i], "-") == 0)
			return error_set(err, EINVAL, "%.100s: two sides need two files",
					 names->paths[i]);
	}
	if (same_file(names->paths[0], names->paths[1]))
		return error_set(err, EINVAL, "%s: two sides need two files", names->paths[0]);
	return 0;
}

#define DEFAULT_BLOCKS 10u /* or as many as can decide */

struct with {
	const struct order *order;
	bool other_program; /* else another job file */
	struct with_names names;
	struct config configs[INTERLEAVE_SIDES];
	struct plan plans[INTERLEAVE_SIDES];
	unsigned int nr_plans;
	struct pairing pairing;
	struct interleave interleave;
	struct progress progress;
};

/* --- the sides --- */

static unsigned int nr_blocks(const struct with *with)
{
	unsigned int most = with->order->runs;

	for (size_t i = 0; !with->order->runs && i < with->configs[0].nr_jobs; i++)
		if (with->configs[0].jobs[i].runs > most)
			most = with->configs[0].jobs[i].runs;
	if (with->order->runs || most > 1)
		return most;
	if (with->order->precision.part > 0)
		return plan_most_runs(&with->plans[0]);
	most = (unsigned int)rule_fewest_runs(&rule_default, plan_nr_times(&with->plans[0], false),
					      true);
	return most > DEFAULT_BLOCKS ? most : DEFAULT_BLOCKS;
}

static int plans_make(struct with *with, struct error *err)
{
	const struct order *order = with->order;
	const char *const jobs[] = { order->config, with->other_program ? NULL : order->with };

	for (unsigned int i = 0; i < (with->other_program ? 1 : INTERLEAVE_SIDES); i++) {
		if (config_load(&with->configs[i], jobs[i], order->overrides, order->nr_overrides,
				err))
			return -err->code;
		if (plan_build(&with->plans[i], &with->configs[i], err)) {
			config_free(&with->configs[i]);
			return -err->code;
		}
		with->nr_plans++;
		if (plan_broken(&with->plans[i], err))
			return -err->code;
	}
	if (with->other_program)
		return 0;
	return pairing_find(&with->pairing, &with->plans[0], &with->plans[1], err);
}

/* By what is in it: a program is started, anything else is a job file. */
static int sides_open(struct with *with, struct error *err)
{
	const struct order *order = with->order;
	struct interleave_side *sides = with->interleave.sides;
	int is = program_is(order->with, err);

	if (is < 0)
		return is;
	with->other_program = is;
	if (program_open(&sides[0].program, NULL, err) ||
	    program_open(&sides[1].program, is ? order->with : NULL, err))
		return -err->code;
	sides[0].job = order->config;
	sides[1].job = is ? order->config : order->with;
	if (plans_make(with, err)) {
		if (!is && err->code == EINVAL && !err->fix[0])
			error_fix(err,
				  "--with takes a job file or a program; %.100s is no program "
				  "(ELF, #!)",
				  order->with);
		return -err->code;
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++) {
		sides[i].plan = &with->plans[is ? 0 : i];
		sides[i].counterparts = is ? NULL : with->pairing.of[i];
		sides[i].label = with->names.labels[i];
		sides[i].path = with->names.paths[i];
	}
	return 0;
}

/* --- what is said --- */

static void pass_event(void *context, const struct interleave_event *event)
{
	struct with *with = context;

	progress_pass(&with->progress, event);
}

static void plan_print(const struct with *with)
{
	for (unsigned int i = 0; i < with->nr_plans; i++) {
		if (with->nr_plans > 1)
			printf("%s%s:\n", i ? "\n" : "", with->names.labels[i]);
		cmd_plan_print(&with->plans[i]);
	}
	printf("%u blocks, order %s\n", with->interleave.schedule.nr_blocks,
	       order_names[with->order->turns]);
}

static void pairing_tell(const struct with *with)
{
	const struct pairing *pairing = &with->pairing;

	if (!pairing->varied[0])
		return;
	if (pairing->values[0][0] && pairing->values[1][0])
		fprintf(stderr, "compared case by case: %s %s with %s\n", pairing->varied,
			pairing->values[0], pairing->values[1]);
	else
		fprintf(stderr, "compared case by case, in order: they differ in %s\n",
			pairing->varied);
}

static int ended(struct with *with, int ret, const struct error *err)
{
	const struct interleave_side *sides = with->interleave.sides;
	int codes[INTERLEAVE_SIDES];

	if (ret == -EINTR && run_stop) {
		if (!with->order->quiet)
			fprintf(stderr, "interrupted; go on: the same command with --resume\n");
		return EXIT_INTERRUPTED;
	}
	if (ret)
		return cmd_fail(err, ret == -ENODATA ? EXIT_NOTHING_RAN : EXIT_USAGE);
	if (!with->order->quiet) {
		for (unsigned int i = 0; with->order->precision.part > 0 && i < INTERLEAVE_SIDES;
		     i++) {
			printf("%s: ", with->names.labels[i]);
			precision_print(stdout, &sides[i].results, &with->order->precision,
					"--runs");
		}
		fflush(stdout);
		fprintf(stderr, "written to %s\n       and %s\n", sides[0].path, sides[1].path);
		fputs("next: pinbench compare ", stderr), cmd_word_tell(sides[0].path),
			fputc(' ', stderr), cmd_word_tell(sides[1].path), fputc('\n', stderr);
	}
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		codes[i] = cmd_exit_code(&sides[i].results);
	return codes[0] == EXIT_CASE_FAILED || codes[1] == EXIT_CASE_FAILED ? EXIT_CASE_FAILED
	       : codes[0]                                                   ? codes[0]
									    : codes[1];
}

static int with_measure(struct with *with, struct error *err)
{
	struct interleave *interleave = &with->interleave;
	const struct order *order = with->order;
	int ret = 0;

	if (with_paths(&with->names, order, err))
		return cmd_fail(err, EXIT_USAGE);
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		interleave->sides[i].is_new = with->names.is_new[i] && !order->resume;
	if (order->resume)
		ret = interleave_take_up(interleave, order->seed_given, err);
	if (ret) {
		error_fix(err, "without --resume a new schedule begins");
		return cmd_fail(err, EXIT_USAGE);
	}
	if (!order->quiet) {
		pairing_tell(with);
		run_design_tell(&with->plans[0],
				order->precision.part > 0 ? 0 : interleave->schedule.nr_blocks,
				true);
		if (order->resume)
			fprintf(stderr, "%u of %u blocks are left\n",
				interleave_nr_left(interleave), interleave->schedule.nr_blocks);
		interleave->event = pass_event;
		interleave->context = with;
	}
	run_catch_signals();
	progress_open(&with->progress, stderr);
	ret = interleave_run(interleave, err);
	progress_close(&with->progress);
	return ended(with, ret, err);
}

int run_with(const struct order *order, int argc, char **argv)
{
	static struct with with;
	struct interleave *interleave = &with.interleave;
	struct error err = { 0 };
	int code;

	with.order = order;
	for (unsigned int i = 0; i < INTERLEAVE_SIDES; i++)
		interleave->sides[i].program.fd = -1;
	interleave->overrides = order->overrides;
	interleave->nr_overrides = order->nr_overrides;
	interleave->force = order->force;
	interleave->icount = order->icount;
	interleave->precision = order->precision;
	interleave->argc = argc;
	interleave->argv = argv;
	interleave->stop = &run_stop;
	mounts_complete();
	if (sides_open(&with, &err) ||
	    with_labels(&with.names, order, interleave->sides, with.other_program, &err)) {
		code = cmd_fail(&err, EXIT_USAGE);
	} else {
		const char *const labels[] = { with.names.labels[0], with.names.labels[1] };

		schedule_init(&interleave->schedule, order->turns, nr_blocks(&with), labels,
			      INTERLEAVE_SIDES, order->seed_given ? &order->seed : NULL);
		if (order->dry_run) {
			plan_print(&with);
			code = cmd_plan_exit_code(&with.plans[0]);
		} else {
			code = with_measure(&with, &err);
		}
	}
	interleave_free(interleave);
	pairing_free(&with.pairing);
	for (unsigned int i = 0; i < with.nr_plans; i++) {
		plan_free(&with.plans[i]);
		config_free(&with.configs[i]);
	}
	return code;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench run --with: what the two sides are called, and their files. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/run.h"

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

int with_labels(struct with_names *names, const struct order *order,
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

int with_paths(struct with_names *names, const struct order *order, struct error *err)
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

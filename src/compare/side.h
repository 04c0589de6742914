/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One side of a comparison as the user names it: a file, a directory of files that are runs of one
 * thing, either with a label. */
#include "compare/compare.h"
#include "result/results.h"

struct side {
	struct results results;
	size_t nr_files;
	struct remark_list remarks; /* what was merged against the rules, or lost by it */
};

/*
 * @argument: "PATH" or "LABEL=PATH" (what exists as a file by that whole name is a path). A
 * directory: all *.json in it, by name, must be comparable with each other, of one kernel on one
 * machine, and have one label (unless the user gives one), unless @force. The same key in several
 * files: more runs of that case; a file whose samples are all in another one is a copy, and
 * refused.
 */
int side_load(struct side *side, const char *argument, bool force, struct error *err);
void side_free(struct side *side);
/* The path in "LABEL=PATH", else @argument itself. */
const char *side_path(const char *argument);

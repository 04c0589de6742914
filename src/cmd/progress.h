/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How far a run is: one line that is rewritten on a terminal, one line a case elsewhere. Floor 6:
 * it prints. */
#include <stdbool.h>
#include <stdio.h>

#include "run/run.h"
#include "turns/turns.h"

struct progress {
	FILE *out;
	bool terminal;
	bool shown;    /* a line stands on the terminal */
	double next_s; /* of a schedule: when the next line may come */
};

void progress_open(struct progress *progress, FILE *out);
void progress_case(struct progress *progress, const struct run_event *event);
/* The same for a pass of a schedule. */
void progress_pass(struct progress *progress, const struct interleave_event *event);
void progress_close(struct progress *progress);

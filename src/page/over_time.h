/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A directory of many results as one page: what changed between which kernels, what got worse
 * first, then a line for each case and metric. The rows and changes of pinbench history, ordered
 * and judged before.
 */
#include <stdio.h>

#include "history/history.h"

void over_time_print(FILE *out, const struct history *history);
/* Whether these results are of several kernels or labels, and no runs of one thing. */
bool over_time_wanted(const struct history *history);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whether what was measured stood still: a trend over the samples of a run or over the runs,
 * samples that resemble the one before them, a first sample that is not like the others. Said as
 * warnings of the result; nothing is dropped or corrected.
 *
 * Runs are looked at together, each kind and metric by one test, so that many runs do not make many
 * chances of a false alarm: on noise without any of this fewer than 1 result in 100 gets a warning.
 * What is less than a part in a hundred of the median is not worth a warning, however certain.
 */
#include "result/results.h"

/*
 * Puts the warnings on a result in the place of those it has, so that it may be called whenever
 * runs were added. The @floor of the harness is what it is: no warnings.
 */
void result_steady(struct result *result, bool floor);
/* All of them; @is_floor says it of a pinner's name. */
void results_steady(struct results *results, bool (*is_floor)(const char *pinner));

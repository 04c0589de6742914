/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How far the figures of one result are settled by themselves: the 95 % interval of the median over
 * its runs (Hodges-Lehmann on logarithms, by the signed-rank distribution). It never looks at
 * another result: to stop when a difference looks significant finds differences that are not there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "result/results.h"

#define PRECISION_FEWEST_RUNS 6u /* with fewer there is no interval of 95 % */

/* What to go on for. */
struct precision {
	double part;            /* half width of the interval, 0.01 for 1 %; 0: not asked for */
	double max_time_s;      /* of one case; 0: no limit */
	unsigned int most_runs; /* of one case */
};

/*
 * @half_width gets half the width of the interval as a part of the estimate, of the metric that is
 * settled least; false when there is none: too few runs, or no times. One run is one value, its
 * median; processes of one boot are one run.
 */
bool result_precision(const struct result *result, double *half_width);

/*
 * Whether a case that took @elapsed_s has runs enough, and why, in result->stop and ->precision.
 * Under one roof: at least PRECISION_FEWEST_RUNS, at most @precision->most_runs.
 */
bool precision_enough(const struct precision *precision, struct result *result, double elapsed_s);

/* Two or three lines on what was reached, and which cases were not settled in time. @most_option:
 * the option that limits the runs. */
void precision_print(FILE *out, const struct results *results, const struct precision *precision,
		     const char *most_option);

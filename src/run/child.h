/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the process of one round does. */
#include "run/round.h"

/* Fills @result; any error is in it. Leaves the region mapped and the child of the state alive: the
 * process ends next. */
void round_child(const struct round_job *job, struct round_result *result);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Laws of noise, to draw runs from. A run is one number, the median of its samples, which is what
 * compare has for it: 1 is the undisturbed run. The level is the spread of runs, as a part: 0.01 is
 * a quiet machine of its own, 0.03 to 0.06 a virtual one that others share.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"

struct schedule_place {
	size_t slot, nr_slots;
	bool disturbed; /* this side is the one that outliers hit */
	double walk;    /* where the drift has got to; 0 at first */
};

struct law {
	const char *name;
	double least;   /* coverage of a 95 % interval */
	bool one_sided; /* the sides differ in more than the change */
	bool drifts;
	double (*draw)(struct random *random, double level, struct schedule_place *place);
};

enum { NR_LAWS = 6 };
extern const struct law laws[NR_LAWS];

// SPDX-License-Identifier: GPL-2.0-or-later
#include "laws.h"

#include <math.h>

/* Box and Muller's, one of the two. */
static double normal(struct random *random)
{
	double radius = sqrt(-2 * log(1 - random_unit(random)));

	return radius * cos(2 * M_PI * random_unit(random));
}

/* Many small causes that add up. */
static double draw_normal(struct random *random, double level, struct schedule_place *place)
{
	(void)place;
	return 1 + level * normal(random);
}

/* A floor, and above it many causes that multiply: skewed to the right. 1.30 is the standard
 * deviation of exp(0.8 N). */
static double draw_lognormal(struct random *random, double level, struct schedule_place *place)
{
	(void)place;
	return 1 + level / 1.30 * exp(0.8 * normal(random));
}

/* Where a process gets its memory makes it fast (seven of ten) or slow; little noise around both.
 */
static double draw_bimodal(struct random *random, double level, struct schedule_place *place)
{
	(void)place;
	return 1 + level * (0.4 * normal(random) + (random_unit(random) < 0.3 ? 2 : 0));
}

/* Pareto's with exponent 2: no variance, now and then a run of twice the time. 1.6: the middle half
 * is the normal one's. */
static double draw_heavy(struct random *random, double level, struct schedule_place *place)
{
	(void)place;
	return 1 + level * (0.3 * normal(random) + 1.6 * (1 / sqrt(1 - random_unit(random)) - 1));
}

/*
 * A ramp over the whole schedule (it gets warm), three times the noise of the runs, and a random
 * walk, which ends as far away after 60 runs as one and a half times that noise.
 */
static double draw_drift(struct random *random, double level, struct schedule_place *place)
{
	place->walk += 0.2 * level * normal(random);
	return 1 + 3 * level * (double)place->slot / (double)(place->nr_slots - 1) + place->walk +
	       level * normal(random);
}

/* One run of twenty of one side is disturbed as a whole, and takes 10 to 60 % longer. The other
 * side never is. */
static double draw_one_sided(struct random *random, double level, struct schedule_place *place)
{
	double run = 1 + level * normal(random);

	if (place->disturbed && random_unit(random) < 0.05)
		run *= 1.1 + 0.5 * random_unit(random);
	return run;
}

const struct law laws[NR_LAWS] = {
	{ .name = "normal", .least = 0.935, .draw = draw_normal },
	{ .name = "lognormal", .least = 0.935, .draw = draw_lognormal },
	{ .name = "bimodal", .least = 0.935, .draw = draw_bimodal },
	{ .name = "heavy tail", .least = 0.935, .draw = draw_heavy },
	{ .name = "drift", .least = 0.935, .drifts = true, .draw = draw_drift },
	{ .name = "one-sided outliers", .least = 0.925, .one_sided = true, .draw = draw_one_sided },
};

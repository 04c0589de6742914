// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the rank statistics do when there is no difference. Counted in integers, not computed from
 * logarithms: in the far tail, where the adjusted levels of a long table lie, every digit is right
 * too.
 */
#include "stats/rank.h"

#include <math.h>
#include <stdint.h>

/* Doubles hold 2^50 exactly; C(100, 50), which is 1.01e29, needs more. */
_Static_assert(RANK_EXACT <= 50, "the counts must fit");

/*
 * The lower half of an exact distribution; the upper one mirrors it. The last one asked for is
 * kept, for each design and thread: a table of a thousand rows asks for the same sizes again and
 * again.
 */
struct null {
	size_t nr[2]; /* 0: none yet */
	double below[RANK_EXACT * RANK_EXACT / 2 +
		     1]; /* P(statistic <= index); pairs need half as many */
};

static double null_cdf(const struct null *null, double at, size_t max)
{
	return at <= (double)max / 2 ? null->below[(size_t)at]
				     : 1 - null->below[max - (size_t)at - 1];
}

/* With continuity correction. The exact tails are lighter: far out this errs to the safe side. */
static double normal_cdf(double at, double mean, double variance)
{
	return erfc((mean - at - 0.5) / sqrt(2 * variance)) / 2;
}

/* Each rank is in the sum or is not: 2^nr sums, equally probable. */
static void count_signed_ranks(struct null *null, size_t nr)
{
	size_t half = nr * (nr + 1) / 4;
	double *count = null->below;

	null->nr[0] = nr;
	for (size_t i = 0; i <= half; i++)
		count[i] = i == 0;
	for (size_t rank = 1; rank <= nr; rank++)
		for (size_t i = half; i >= rank; i--)
			count[i] += count[i - rank];
	for (size_t i = 1; i <= half; i++)
		count[i] += count[i - 1];
	for (size_t i = 0; i <= half; i++)
		count[i] = ldexp(count[i], -(int)nr);
}

/*
 * The number of orders of a + b values with the statistic u is the coefficient of q^u in
 * (1 - q^(b+1)) ... (1 - q^(b+a)) / ((1 - q) ... (1 - q^a)); what wraps below zero between the
 * steps comes back.
 */
static void count_rank_sums(struct null *null, size_t a, size_t b)
{
	unsigned __int128 count[RANK_EXACT * RANK_EXACT / 2 + 1] = { 1 }, all = 1;
	size_t half = a * b / 2;

	null->nr[0] = a;
	null->nr[1] = b;
	for (size_t step = 1; step <= a; step++) {
		for (size_t i = half; i >= b + step; i--)
			count[i] -= count[i - b - step];
		for (size_t i = step; i <= half; i++)
			count[i] += count[i - step];
		all = all * (b + step) / step;
	}
	for (size_t i = 1; i <= half; i++)
		count[i] += count[i - 1];
	for (size_t i = 0; i <= half; i++)
		null->below[i] = (double)count[i] / (double)all;
}

double signed_rank_cdf(double t, size_t nr)
{
	static _Thread_local struct null null;
	double n = nr, max = n * (n + 1) / 2;

	if (!(t >= 0))
		return 0;
	if (t >= max)
		return 1;
	if (nr > RANK_EXACT)
		return normal_cdf(floor(t), max / 2, max * (2 * n + 1) / 12);
	if (null.nr[0] != nr)
		count_signed_ranks(&null, nr);
	return null_cdf(&null, t, nr * (nr + 1) / 2);
}

double rank_sum_cdf(double u, size_t nr_base, size_t nr_new)
{
	static _Thread_local struct null null;
	double a = nr_base, b = nr_new, max = a * b;

	if (!(u >= 0))
		return 0;
	if (u >= max)
		return 1;
	if (nr_base > RANK_EXACT || nr_new > RANK_EXACT)
		return normal_cdf(floor(u), max / 2, max * (a + b + 1) / 12);
	if (null.nr[0] != nr_base || null.nr[1] != nr_new)
		count_rank_sums(&null, nr_base, nr_new);
	return null_cdf(&null, u, nr_base * nr_new);
}

double smallest_p_pairs(size_t nr)
{
	return nr ? fmin(1, 2 * signed_rank_cdf(0, nr)) : 1;
}

double smallest_p_samples(size_t nr_base, size_t nr_new)
{
	return nr_base && nr_new ? fmin(1, 2 * rank_sum_cdf(0, nr_base, nr_new)) : 1;
}

size_t fewest_pairs(double alpha, size_t nr_rows)
{
	size_t nr = 1;

	while (smallest_p_pairs(nr) > alpha / (double)(nr_rows ? nr_rows : 1))
		nr++;
	return nr;
}

size_t fewest_samples(double alpha, size_t nr_rows)
{
	size_t nr = 1;

	while (smallest_p_samples(nr, nr) > alpha / (double)(nr_rows ? nr_rows : 1))
		nr++;
	return nr;
}

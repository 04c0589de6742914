// SPDX-License-Identifier: GPL-2.0-or-later
/* xoshiro256** 1.0, seeded by splitmix64, as its authors say (Blackman and Vigna,
 * prng.di.unimi.it). */
#include "base/random.h"

#include <sys/random.h>
#include <time.h>

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void random_seed(struct random *random, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		random->state[i] = splitmix(&seed);
}

static uint64_t rotate(uint64_t word, int by)
{
	return word << by | word >> (64 - by);
}

uint64_t random_u64(struct random *random)
{
	uint64_t *state = random->state, result = rotate(state[1] * 5, 7) * 9,
		 shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate(state[3], 45);
	return result;
}

uint64_t random_below(struct random *random, uint64_t end)
{
	uint64_t skew = -end % end,
		 number; /* 2^64 mod end: these first numbers would be drawn once too often */

	do
		number = random_u64(random);
	while (number < skew);
	return number % end;
}

double random_unit(struct random *random)
{
	return (double)(random_u64(random) >> 11) * 0x1p-53;
}

uint64_t random_new_seed(void)
{
	struct timespec now;
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		return seed;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Numbers that look random and are the same for the same seed on every machine: for orders, layouts
 * and resampling that a file must be able to repeat. Not for secrets.
 */
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state[4];
};

/* Any @seed is good, 0 too: neighbouring seeds give unrelated numbers. */
void random_seed(struct random *random, uint64_t seed);
uint64_t random_u64(struct random *random);
/* 0 .. @end - 1, each as likely as the others; @end > 0. */
uint64_t random_below(struct random *random, uint64_t end);
/* 0 <= x < 1, 53 bits. */
double random_unit(struct random *random);
/* A seed that nobody chose: from the kernel. */
uint64_t random_new_seed(void);

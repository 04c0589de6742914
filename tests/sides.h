/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Two files made by hand, and what is judged of them: for the unit tests of verdicts. */
#include <stddef.h>
#include <stdint.h>

#include "result/results.h"
#include "verdict/verdict.h"

#define KEY "p,base,exclusive,read,page,n=1"

struct sides {
	struct results base, new;
	struct verdicts verdicts;
	struct rule rule;
};

void assert_near(double got, double wanted);
struct result *add_case(struct results *results, const char *key);
/* One run whose samples are a warm-up that must not count, then @ticks five times with one wild one
 * among them. */
struct run *add_run(struct result *result, enum metric metric, uint64_t ticks);
struct result *add_runs(struct results *results, const char *key, enum metric metric, size_t nr,
			const uint64_t *ticks);
void set_count(struct result *result, enum count count, uint64_t value);
void sides_init(struct sides *sides);
/* Both took turns: run i of each is block i. */
void sides_pair(struct sides *sides);
/* Instructions, each run of a case in a place of its own. */
void sides_place(struct sides *sides);
const struct row *sides_judge(struct sides *sides);
void sides_free(struct sides *sides);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How kernels are told apart and put in order; for order.c and its tests. */
#include "history/history.h"

/* "6.12.0-rc3-00123-gabcdef012345-dirty", or the same as git describes it: "v6.12-rc3-123-gabc". */
struct release {
	unsigned long numbers[4];
	unsigned long rc; /* ULONG_MAX: none, which comes after all */
	unsigned long commits;
	const char *rest;
};

struct release release_parse(const char *text);
/* As strcmp(). */
int release_compare(const char *a, const char *b);
/* What git may know it by: a commit, or "refs/tags/v6.1.192". False: nothing. */
bool release_commit(const char *release, char *text, size_t size);
/* When it was built, by "uname -v"; -1: it does not say. */
int64_t build_time(const char *build);

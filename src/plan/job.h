/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The keys of a block, and their values from text: one set of rules for job files and -p. @where
 * ("FILE: cases[0]",
 * "-p") begins every sentence of an error.
 */
#include <stddef.h>
#include <stdint.h>

#include "plan/config.h"

enum kind {
	KIND_WORDS,  /* struct word_list of names or patterns */
	KIND_WORD,   /* struct word_list of one, empty until set */
	KIND_COUNTS, /* pages_per_call */
	KIND_SIZE,   /* uint64_t bytes */
	KIND_NUMBER, /* unsigned int */
	KIND_INDEX,  /* int, -1 until set */
};

struct key {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct job */
	uint64_t min, max;
	const char *initial; /* or NULL: empty list, -1 */
};

/* In the order in which config_text() writes them. */
#define NR_KEYS 14
extern const struct key job_keys[NR_KEYS];

/* NULL and -EINVAL in @err, with the nearest key, for an unknown one. */
const struct key *key_find(const char *name, const char *where, struct error *err);
/* Replaces what @job has under @key. -EINVAL, -ERANGE, -E2BIG, -ENOMEM. */
int key_set(struct job *job, const struct key *key, const char *const *values, size_t nr,
	    const char *where, struct error *err);
/* The initial values. On failure job_free() is still due. */
int job_init(struct job *job, struct error *err);
void job_free(struct job *job);

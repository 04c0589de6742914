/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whether the numbers of two reports can be held against each other at all: whatever is different
 * about them, they are two measurements, of one page size, architecture, clock, kind of machine,
 * hypervisor and way of measuring. Times are of kernels that check themselves alike, too.
 */
#include "result/results.h"

/* Sentences without a full stop. */
struct remark_list {
	char **texts;
	size_t nr;
};

void remark_add(struct remark_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void remark_list_free(struct remark_list *list);

struct comparable {
	struct remark_list refusals; /* "page size: 4096 and 65536" */
	struct remark_list unknowns; /* "architecture: aarch64 and not known": no refusal */
	struct remark_list
		differences; /* "CPU model: A and B": no refusal, and said before any verdict */
};

/* Files of two sides, or of one. */
enum comparable_as { AS_SIDES, AS_ONE_SIDE };

/*
 * One of the lists has a line for each thing that is not known to be the same. @times: whether
 * times are to be judged; exact counts are the same with and without a kernel's checks.
 */
void comparable_find(struct comparable *comparable, const struct results *a,
		     const struct results *b, enum comparable_as as, bool times);
/* Whether a fact of the environment has a line in @differences when it differs. */
bool comparable_names(const char *fact);
void comparable_free(struct comparable *comparable);
/* -EINVAL with all refusals in one sentence, and the way out. @what they cannot: "be compared". */
int comparable_refuse(const struct comparable *comparable, const struct results *a,
		      const struct results *b, const char *what, struct error *err);
/* What a report is called in errors: its file, else its label. */
const char *results_name(const struct results *results);

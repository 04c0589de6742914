/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* From the names and patterns of a job file to rows of the lists in bench.h. Errors say where and
 * what was near. */
#include <stddef.h>

#include "bench/bench.h"
#include "plan/config.h"

#define PLAN_MAX_LAYOUTS 80

/* What there is to measure with: of the running kernel, or of a test. */
struct offer {
	size_t base_bytes;
	struct layout layouts[PLAN_MAX_LAYOUTS];
	size_t nr_layouts;
	const struct pinner *const *pinners; /* ended by NULL, as is states */
	const struct state *const *states;
};

/* The indices of what a list of names or patterns means in one list of candidates. */
struct picks {
	size_t index[CONFIG_MAX_LIST];
	size_t nr;
};

/* The layouts of one block; those that the kernel does not offer are there to be skipped. */
struct layout_picks {
	struct layout layouts[PLAN_MAX_LAYOUTS + CONFIG_MAX_LIST];
	size_t nr;
};

struct access_name {
	const char *name;
	enum access access;
};

#define NR_ACCESSES 2
extern const struct access_name accesses[NR_ACCESSES];
const char *access_name(enum access access);

/*
 * Each fills @picks in the order of the words, nothing twice. @where ("configs/x.json: cases[0]")
 * begins the sentence of an error. -EINVAL for a word that means nothing.
 */
int pinners_pick(struct picks *picks, const struct offer *offer, const char *where,
		 const struct word_list *list, struct error *err);
int states_pick(struct picks *picks, const struct offer *offer, const char *where,
		const struct word_list *list, struct error *err);
int accesses_pick(struct picks *picks, const struct offer *offer, const char *where,
		  const struct word_list *list, struct error *err);
/* hugetlb-SIZE and thp-SIZE, and patterns of them, are picked even where the kernel has none
 * (page_bytes 0: a pattern). */
int layouts_pick(struct layout_picks *picks, const struct offer *offer, const char *where,
		 const struct word_list *list, struct error *err);

/* A window by name; OFFSET+LENGTH is the other way to say one. */
struct window {
	const char *name, *about;
};

/* Ended by a NULL name. */
extern const struct window windows[];

/*
 * Where the window @text lies in a region of @layout that has @size bytes or what the window needs;
 * @name (40 bytes) gets the window's canonical name. -EINVAL, -ERANGE.
 */
struct window_place {
	size_t offset, bytes, region_bytes;
	char name[40];
};
int window_place(struct window_place *place, const char *text, const struct layout *layout,
		 size_t base_bytes, uint64_t size, struct error *err);

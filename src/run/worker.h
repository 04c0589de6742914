/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Everything that the process of a round works with, and the steps that all rounds share, in their
 * order: map the region, arrange and prove the state, open the pinner. Nothing is freed but pins
 * and children: the process ends with the round.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bench/bench.h"
#include "bench/frames.h"
#include "host/kernel.h"
#include "run/round.h"

/*
 * Where the memory of a round comes to lie, decided by a seed: the same seed gives the same,
 * another one another. For lanes in which everything else is the same in every boot (run
 * --placement).
 */

#define PLACEMENT_MAX_PAGES 2000u

/* Base pages that the process keeps while its region is in use, so that the allocator gives the
 * region others. */
struct ballast {
	unsigned char *addr; /* NULL: none */
	size_t bytes;
	uint64_t nr_pages; /* taken at first; some of them were given back at once */
};

/*
 * Takes up to PLACEMENT_MAX_PAGES pages, touches them, and gives some back in a scattered order, so
 * that the free lists are not those of a fresh boot. Children do not inherit it.
 */
int ballast_take(struct ballast *ballast, uint64_t seed, size_t base_bytes, struct error *err);

/* An address for a region, aligned to @align, where every architecture has room; a wish: see what
 * mmap() makes of it. */
void *placement_address(uint64_t seed, size_t align);

struct scene {
	const struct round_job *job;
	const struct plan_case *plan_case;
	struct round_result *result;
	struct ballast ballast; /* none without a placement */
	struct region region;
	struct layout warm_layout;
	struct region warm; /* in the same state, pinned first; not mapped: no need */
	struct state_env env;
	struct pin_job pin_job;
	struct pin *pin;
	struct pin_path path;
	size_t nr_pages; /* of the window */
	struct frame *before, *after;
	bool visible; /* frame numbers can be read */
};
void scene_set(struct scene *scene, const struct round_job *job, struct round_result *result);

/* Says what is being done, for the message when it goes wrong or hangs. */
void scene_stage(struct scene *scene, const char *text);
/* Facts and warnings of the result; beyond ROUND_MAX_* they are dropped. */
void scene_note_number(struct scene *scene, const char *name, int64_t number);
void scene_note_bool(struct scene *scene, const char *name, bool yes);
void scene_note_text(struct scene *scene, const char *name, const char *text);
void scene_warn(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Notes under @name whether @bytes, from the window, are what region_fill() wrote; -EILSEQ when
 * they are not. */
int scene_check_bytes(struct scene *scene, const char *name, const unsigned char *bytes,
		      struct error *err);

/* Binds, maps, populates and proves the layout. */
int scene_map(struct scene *scene, struct error *err);
/* Maps what scene_warm_up() needs; before scene_arrange(), so that it goes through the same state.
 */
int scene_map_warm(struct scene *scene, struct error *err);
/* Arranges the state and proves it; @scene->before is the frames of the window then. */
int scene_arrange(struct scene *scene, struct error *err);
void scene_warm_up(struct scene *scene);
int scene_open(struct scene *scene, struct error *err);
/* The frames of the window now, @scene->nr_pages of them. */
int scene_frames(struct scene *scene, struct frame *frames, struct error *err);
/* The references so far; *@counted: whether this kernel tells them to this user. */
int scene_count_pins(struct pin_counters *counters, bool *counted, struct error *err);
/* True, with the error, when a cycle pinned less than the window. */
bool scene_short(const struct scene *scene, const struct sample *sample, struct error *err);

/* The rounds; each ends with the pin open. */
int round_time(struct scene *scene, struct error *err);
int round_observe(struct scene *scene, struct error *err);
int round_hold(struct scene *scene, struct error *err);

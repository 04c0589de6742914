// SPDX-License-Identifier: GPL-2.0-or-later
/* The round that keeps its pin: its references, and whether it sees what is written later. */
#include "run/worker.h"

#include <errno.h>
#include <stdlib.h>

#include "host/kernel.h"

/* Writes to the window after the pin was taken and looks through the pin: a stale pin sees the old
 * bytes. */
static int coherence_verify(struct scene *scene, unsigned char *copy, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	unsigned char *window = scene->region.addr + scene->pin_job.offset;
	size_t base = scene->region.base_bytes, nr_seen = 0;

	scene_stage(scene, "writing under the held pin");
	for (size_t i = 0; i < scene->nr_pages; i++)
		((volatile unsigned char *)window)[i * base] ^= 0xff;
	scene_stage(scene, "reading through the held pin");
	if (pinner->read(scene->pin, copy, err))
		return -err->code;
	for (size_t i = 0; i < scene->nr_pages; i++)
		nr_seen += copy[i * base] == window[i * base];
	scene_note_bool(scene, "held_pin_sees_writes", nr_seen == scene->nr_pages);
	scene_note_number(scene, "held_pin_stale_pages", (int64_t)(scene->nr_pages - nr_seen));
	if (nr_seen != scene->nr_pages)
		scene_warn(scene, "the pin is stale: a later write through the mapping is not seen "
				  "through it "
				  "(held_pin_sees_writes)");
	return 0;
}

static int hold_contents(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	const struct state *state = scene->plan_case->state;
	unsigned char *copy;
	int ret;

	if (!pinner->read || !state->populated)
		return 0;
	copy = aligned_alloc(scene->region.base_bytes, scene->pin_job.bytes);
	if (!copy)
		return error_errno(err, ENOMEM, "read through the pin");
	scene_stage(scene, "reading through the held pin");
	ret = pinner->read(scene->pin, copy, err);
	if (ret == 0) {
		ret = scene_check_bytes(scene, "pinned_bytes_intact", copy, err);
		if (ret == 0 && !state->read_only)
			ret = coherence_verify(scene, copy, err);
	} else if (ret == -EOPNOTSUPP) {
		ret = 0;
	}
	free(copy);
	return ret;
}

static void held_note(struct scene *scene, int64_t held)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	uint64_t expected = pinner->held_refs ? pinner->held_refs(scene->pin) : scene->nr_pages;

	if (!scene->path.pins)
		expected = 0;
	scene_note_number(scene, "held_refs", held);
	if (expected == PIN_REFS_UNKNOWN)
		return;
	scene_note_number(scene, "held_refs_expected", (int64_t)expected);
	if (held != (int64_t)expected && !pin_counters_quiet())
		scene_warn(scene,
			   "other processes pin at the same time: held_refs are not ours alone");
	else if (held != (int64_t)expected)
		scene_warn(scene, "%lld references are held, %llu were expected", (long long)held,
			   (unsigned long long)expected);
}

int round_hold(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct pin_counters before, during, after;
	bool counted;

	if (scene_arrange(scene, err) || scene_open(scene, err))
		return -err->code;
	if (scene_count_pins(&before, &counted, err))
		return -err->code;
	scene_stage(scene, "taking a pin to hold");
	if (pinner->hold(scene->pin, err))
		return -err->code;
	if (counted && scene_count_pins(&during, &counted, err))
		return -err->code;
	if (counted)
		held_note(scene, pin_counters_held(&during) - pin_counters_held(&before));
	if (hold_contents(scene, err))
		return -err->code;
	scene_stage(scene, "giving the held pin back");
	if (pinner->release(scene->pin, err))
		return -err->code;
	if (counted && scene_count_pins(&after, &counted, err))
		return -err->code;
	if (counted)
		scene_note_number(scene, "held_refs_left",
				  pin_counters_held(&after) - pin_counters_held(&before));
	return 0;
}

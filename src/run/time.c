// SPDX-License-Identifier: GPL-2.0-or-later
/* The round that takes times. Nothing is read, counted or written between the clock reads of a
 * cycle. */
#include "run/worker.h"

#include <stdio.h>

int round_time(struct scene *scene, struct error *err)
{
	const struct pinner *pinner = scene->plan_case->pinner;
	struct round_result *result = scene->result;

	if (scene_map_warm(scene, err) || scene_arrange(scene, err))
		return -err->code;
	scene_warm_up(scene);
	if (scene_open(scene, err))
		return -err->code;
	for (int metric = 0; metric < NR_METRICS; metric++) {
		const char *clock = pinner->clock(scene->pin, metric, &result->quantum[metric]);

		snprintf(result->clock[metric], sizeof(result->clock[metric]), "%s",
			 clock ? clock : "");
	}
	scene_stage(scene, "pinning");
	for (size_t i = 0; i < scene->job->nr_samples; i++) {
		struct sample *sample = &result->samples[i];

		if (pinner->cycle(scene->pin, sample, err) || scene_short(scene, sample, err))
			return -err->code;
		result->nr_samples = i + 1;
	}
	if (!scene->plan_case->state->consumed || !scene->visible)
		return 0;
	scene_stage(scene, "looking at what the pin changed");
	if (scene_frames(scene, scene->after, err))
		return -err->code;
	if (!scene->plan_case->state->populated &&
	    region_verify_faulted(&scene->region, scene->after, scene->nr_pages, err))
		return -err->code;
	result->unshared = frames_moved(scene->before, scene->after, scene->nr_pages) +
			   frames_reused(scene->before, scene->after, scene->nr_pages);
	result->unshared_known = true;
	return 0;
}

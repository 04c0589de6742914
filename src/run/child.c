// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/child.h"

#include <errno.h>
#include <string.h>

#include "bench/peer.h"
#include "run/worker.h"

void round_child(const struct round_job *job, struct round_result *result)
{
	static int (*const rounds[])(struct scene * scene, struct error * err) = {
		[ROUND_TIME] = round_time,
		[ROUND_OBSERVE] = round_observe,
		[ROUND_HOLD] = round_hold,
	};
	struct error *err = &result->error;
	static struct scene scene; /* its parts point at each other */
	int ret;

	scene_set(&scene, job, result);
	if (!scene.before || !scene.after) {
		error_errno(err, ENOMEM, "account for %zu pages", scene.nr_pages);
		return;
	}
	ret = scene_map(&scene, err);
	if (ret == 0)
		ret = rounds[job->kind](&scene, err);
	if (scene.pin) {
		char last[sizeof(result->stage)];

		memcpy(last, result->stage, sizeof(last));
		scene_stage(&scene, "closing the pinner");
		job->plan_case->pinner->close(scene.pin);
		if (ret)
			memcpy(result->stage, last, sizeof(last));
	}
	peer_stop(scene.env.peer);
	if (ret == 0)
		err->code = 0;
	else if (err->code == 0)
		err->code = -ret;
}

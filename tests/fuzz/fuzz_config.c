// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes as a job file, what stands behind a NUL as the value of -p. What is
 * accepted is within the limits of config.h, and its effective text, which a result file keeps,
 * reads as the same job again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_list(const struct word_list *list)
{
	check(list->nr <= CONFIG_MAX_LIST);
	for (size_t i = 0; i < list->nr; i++)
		check(strlen(list->words[i]) <= CONFIG_MAX_WORD && list->words[i][0]);
}

static void check_job(const struct job *job)
{
	check_list(&job->pinner);
	check_list(&job->layout);
	check_list(&job->state);
	check_list(&job->access);
	check_list(&job->window);
	check(job->pinner.nr && job->layout.nr && job->state.nr && job->window.nr &&
	      job->device.nr <= 1);
	check(job->nr_pages_per_call && job->nr_pages_per_call <= CONFIG_MAX_LIST &&
	      job->size <= CONFIG_MAX_SIZE);
	check(job->samples >= 1 && job->samples <= 1000000 && job->warmup <= 10000 &&
	      job->runs >= 1 && job->runs <= 1000);
	check(job->timeout_s >= 1 && job->timeout_s <= 3600);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *cut = size ? memchr(bytes, '\0', size) : NULL;
	size_t length = cut ? (size_t)(cut - bytes) : size;
	char *override = cut ? strndup((const char *)cut + 1, size - length - 1) : NULL;
	struct config config, again;
	struct error err = { 0 };
	char *text, *same;

	if (config_parse(&config, "fuzz.json", (const char *)bytes, length,
			 (const char *const *)&override, cut != NULL, &err)) {
		check(err.code && err.text[0]);
		free(override);
		return 0;
	}
	check(config.nr_jobs <= CONFIG_MAX_JOBS);
	for (size_t i = 0; i < config.nr_jobs; i++)
		check_job(&config.jobs[i]);
	text = config_text(&config);
	if (config_parse(&again, "again.json", text, strlen(text), NULL, 0, &err)) {
		fprintf(stderr, "%s\n%s\n", err.text, text);
		abort();
	}
	same = config_text(&again);
	check(strcmp(text, same) == 0);
	free(text);
	free(same);
	config_free(&again);
	config_free(&config);
	free(override);
	return 0;
}

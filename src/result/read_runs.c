// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the runs of a result with their samples. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "result/json.h"

/* The number at @i of a list, whether it was parsed or is in @numbers. */
static int get_element(struct reader *reader, const json_t *list, const uint64_t *numbers, size_t i,
		       uint64_t *number)
{
	size_t used;
	int rc;

	if (numbers) {
		*number = numbers[i];
		return 0;
	}
	used = reader_enter_index(reader, i);
	rc = get_integer(reader, json_array_get(list, i), 0, INT64_MAX, number);
	if (!rc)
		reader_leave(reader, used);
	return rc;
}

/* One of "warmup" and "samples": the lists are parallel, so all have the length of the first. */
static int get_samples(struct reader *reader, const json_t *object, struct run *run, size_t first,
		       size_t nr, enum metric metric)
{
	const uint64_t *numbers;
	const json_t *list;
	size_t used, nr_here;
	int rc = get_member(reader, object, metric_names[metric], JSON_ARRAY, OPTIONAL, &list,
			    &used);

	if (rc <= 0)
		return rc;
	numbers = number_lists_get(reader->lists, list, &nr_here);
	if (nr_here != nr)
		return reader_error(reader, "%zu values beside a list of %zu", nr_here, nr);
	for (size_t i = 0; i < nr; i++) {
		struct sample *sample = &run->samples[first + i];

		rc = get_element(reader, list, numbers, i, &sample->ticks[metric]);
		if (rc)
			return rc;
		sample->have |= 1u << metric;
	}
	reader_leave(reader, used);
	return 0;
}

static int get_pages(struct reader *reader, const json_t *object, struct run *run, size_t first,
		     size_t nr)
{
	const json_t *pages = json_object_get(object, "pages");
	size_t used = reader_enter(reader, "pages"), nr_here;
	const uint64_t *numbers;
	uint64_t number = 0;
	int rc = 0;

	if (!pages && nr && !reader->imported)
		return reader_error(reader, "is missing");
	if (json_is_array(pages)) {
		numbers = number_lists_get(reader->lists, pages, &nr_here);
		if (nr_here != nr)
			return reader_error(reader, "%zu values beside a list of %zu", nr_here, nr);
		for (size_t i = 0; i < nr && !rc; i++)
			rc = get_element(reader, pages, numbers, i,
					 &run->samples[first + i].nr_pages);
	} else if (pages && (nr || json_is_integer(pages))) {
		rc = get_integer(reader, pages, 0, INT64_MAX, &number);
		for (size_t i = 0; i < nr; i++)
			run->samples[first + i].nr_pages = number;
	}
	if (!rc)
		reader_leave(reader, used);
	return rc;
}

static size_t nr_listed(const struct reader *reader, const json_t *object)
{
	for (size_t i = 0; i < NR_METRICS; i++) {
		const json_t *list = json_object_get(object, metric_names[i]);
		size_t nr;

		if (json_is_array(list)) {
			number_lists_get(reader->lists, list, &nr);
			return nr;
		}
	}
	return 0;
}

static int get_clock(struct reader *reader, const json_t *object, struct run *run)
{
	const json_t *clock, *quantum;
	size_t used, inner;
	int rc = get_member(reader, object, "clock", JSON_OBJECT, REQUIRED, &clock, &used);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		bool measured = run->nr_samples && run->samples[0].have >> i & 1;

		rc = get_word(reader, clock, metric_names[i], measured ? REQUIRED : OPTIONAL,
			      run->clock[i], sizeof(run->clock[i]));
		if (rc)
			return rc;
	}
	reader_leave(reader, used);
	rc = get_member(reader, object, "quantum", JSON_OBJECT, OPTIONAL, &quantum, &inner);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < NR_METRICS; i++) {
		rc = get_number(reader, quantum, metric_names[i], OPTIONAL, 1, INT64_MAX,
				&run->quantum[i]);
		if (rc < 0)
			return rc;
	}
	reader_leave(reader, inner);
	return 0;
}

/* A small number that may be missing: -1. */
static int get_place(struct reader *reader, const json_t *object, const char *name, uint64_t max,
		     int *place)
{
	uint64_t number;
	int rc = get_number(reader, object, name, OPTIONAL, 0, max, &number);

	*place = rc > 0 ? (int)number : -1;
	return rc < 0 ? rc : 0;
}

static int get_placement(struct reader *reader, const json_t *run, struct placement *placement)
{
	const json_t *object;
	size_t used;
	int rc = get_member(reader, run, "placement", JSON_OBJECT, OPTIONAL, &object, &used);

	if (rc <= 0)
		return rc;
	placement->known = true;
	if ((rc = get_number(reader, object, "seed", REQUIRED, 0, INT64_MAX, &placement->seed)) <
		    0 ||
	    (rc = get_number(reader, object, "region_start", REQUIRED, 0, INT64_MAX,
			     &placement->region_start)) < 0 ||
	    (rc = get_number(reader, object, "pages_before", REQUIRED, 0, INT64_MAX,
			     &placement->pages_before)) < 0 ||
	    (rc = get_number(reader, object, "first_frame", OPTIONAL, 0, INT64_MAX,
			     &placement->first_frame)) < 0 ||
	    (rc = get_number(reader, object, "entropy", OPTIONAL, 0, INT64_MAX,
			     &placement->entropy)) < 0)
		return rc;
	reader_leave(reader, used);
	return 0;
}

static int get_run(struct reader *reader, const json_t *object, struct run *run, size_t *nr_left)
{
	const json_t *part[2];
	static const char *const part_names[2] = { "warmup", "samples" };
	uint64_t number;
	size_t used, nr[2], first = 0;
	int rc;

	if (!json_is_object(object))
		return reader_error(reader, "not an object");
	rc = get_number(reader, object, "index", REQUIRED, 0, UINT32_MAX, &number);
	if (rc < 0)
		return rc;
	run->index = number;
	if ((rc = get_place(reader, object, "cpu", INT32_MAX, &run->cpu)) ||
	    (rc = get_place(reader, object, "node", INT32_MAX, &run->node)) ||
	    (rc = get_place(reader, object, "block", RESULTS_MAX_BLOCKS - 1, &run->block)) ||
	    (rc = get_place(reader, object, "slot", RESULTS_MAX_BLOCKS * RESULTS_MAX_SIDES - 1,
			    &run->slot)) ||
	    (rc = get_placement(reader, object, &run->placement)))
		return rc;
	for (size_t i = 0; i < 2; i++) {
		rc = get_member(reader, object, part_names[i], JSON_OBJECT, REQUIRED, &part[i],
				&used);
		if (rc < 0)
			return rc;
		reader_leave(reader, used);
		nr[i] = nr_listed(reader, part[i]);
	}
	if (nr[0] + nr[1] > *nr_left)
		return reader_error(reader, "more than %u samples in one result",
				    RESULTS_MAX_SAMPLES);
	*nr_left -= nr[0] + nr[1];
	run->nr_warmup = nr[0];
	run->nr_samples = nr[0] + nr[1];
	run->samples = calloc(run->nr_samples ? run->nr_samples : 1, sizeof(*run->samples));
	if (!run->samples)
		return reader_error(reader, "out of memory");
	for (size_t i = 0; i < 2; i++) {
		used = reader_enter(reader, part_names[i]);
		for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
			rc = get_samples(reader, part[i], run, first, nr[i], metric);
			if (rc)
				return rc;
		}
		rc = get_pages(reader, part[i], run, first, nr[i]);
		if (rc)
			return rc;
		reader_leave(reader, used);
		first += nr[i];
	}
	if (nr[0] && nr[1] && run->samples[0].have != run->samples[nr[0]].have)
		return reader_error(reader, "warmup and samples hold different metrics");
	rc = get_clock(reader, object, run);
	return rc ? rc : get_memory(reader, object, run);
}

int get_runs(struct reader *reader, const json_t *object, struct result *result)
{
	const json_t *runs;
	size_t used, nr_left = RESULTS_MAX_SAMPLES;
	int rc = get_member(reader, object, "runs", JSON_ARRAY, REQUIRED, &runs, &used);

	if (rc < 0)
		return rc;
	if (json_array_size(runs) > RESULTS_MAX_RUNS)
		return reader_error(reader, "more than %u runs", RESULTS_MAX_RUNS);
	for (size_t i = 0; i < json_array_size(runs); i++) {
		size_t inner = reader_enter_index(reader, i);

		rc = get_run(reader, json_array_get(runs, i), result_add_run(result), &nr_left);
		if (rc)
			return rc;
		reader_leave(reader, inner);
	}
	reader_leave(reader, used);
	return 0;
}

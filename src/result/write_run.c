// SPDX-License-Identifier: GPL-2.0-or-later
/* One run as JSON, with its samples. */
#include <errno.h>

#include "result/writer.h"

/* One number where all samples pinned the same, as nearly always; else one for each. */
static json_t *pages_json(struct writer *writer, const struct sample *samples, size_t nr)
{
	bool same = true;
	json_t *array;

	for (size_t i = 1; i < nr; i++)
		same = same && samples[i].nr_pages == samples[0].nr_pages;
	if (same)
		return count_json(writer, samples[0].nr_pages, "pages");
	array = json_array();
	for (size_t i = 0; i < nr; i++)
		writer_append(writer, array, count_json(writer, samples[i].nr_pages, "pages"));
	return array;
}

static json_t *samples_json(struct writer *writer, const struct run *run, size_t first, size_t end)
{
	json_t *object = json_object();

	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		json_t *array = json_array();

		for (size_t i = first; i < end; i++) {
			/* the arrays of one run are parallel: a hole would shift what follows */
			if ((run->samples[i].have ^ run->samples[0].have) >> metric & 1 &&
			    !writer->rc)
				writer->rc = error_set(writer->err, EINVAL,
						       "sample %zu: has \"%s\" and sample 0 has "
						       "not, or the reverse",
						       i, metric_names[metric]);
			if (run->samples[i].have >> metric & 1)
				writer_append(writer, array,
					      count_json(writer, run->samples[i].ticks[metric],
							 metric_names[metric]));
		}
		if (json_array_size(array) > 0)
			writer_set(writer, object, metric_names[metric], array);
		else
			json_decref(array);
	}
	/* no pin that was timed took no page: 0 is not known, as the page size of an imported log
	 */
	if (first < end && !(writer->results->imported && run->samples[first].nr_pages == 0))
		writer_set(writer, object, "pages",
			   pages_json(writer, run->samples + first, end - first));
	return object;
}

static json_t *placement_json(struct writer *writer, const struct placement *placement)
{
	json_t *object = json_object();

	writer_set(writer, object, "seed", count_json(writer, placement->seed, "placement.seed"));
	writer_set(writer, object, "region_start",
		   count_json(writer, placement->region_start, "placement.region_start"));
	writer_set(writer, object, "pages_before",
		   count_json(writer, placement->pages_before, "placement.pages_before"));
	if (placement->first_frame)
		writer_set(writer, object, "first_frame",
			   count_json(writer, placement->first_frame, "placement.first_frame"));
	if (placement->entropy)
		writer_set(writer, object, "entropy",
			   count_json(writer, placement->entropy, "placement.entropy"));
	return object;
}

json_t *run_json(struct writer *writer, const struct run *run)
{
	json_t *object = json_object(), *clock = json_object(), *quantum = json_object();
	size_t nr_warmup = run->nr_warmup < run->nr_samples ? run->nr_warmup : run->nr_samples;

	writer_set(writer, object, "index", json_integer(run->index));
	if (run->cpu >= 0)
		writer_set(writer, object, "cpu", json_integer(run->cpu));
	if (run->node >= 0)
		writer_set(writer, object, "node", json_integer(run->node));
	if (run->block >= 0)
		writer_set(writer, object, "block", json_integer(run->block));
	if (run->slot >= 0)
		writer_set(writer, object, "slot", json_integer(run->slot));
	if (run->placement.known)
		writer_set(writer, object, "placement", placement_json(writer, &run->placement));
	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		bool measured = run->nr_samples && run->samples[0].have >> metric & 1;

		if (measured && !run->clock[metric][0] && !writer->rc)
			writer->rc = error_set(writer->err, EINVAL, "metric \"%s\" names no clock",
					       metric_names[metric]);
		if (!run->clock[metric][0])
			continue;
		writer_set_text(writer, clock, metric_names[metric], run->clock[metric]);
		if (run->quantum[metric])
			writer_set(writer, quantum, metric_names[metric],
				   count_json(writer, run->quantum[metric], "quantum"));
	}
	writer_set(writer, object, "clock", clock);
	writer_set(writer, object, "quantum", quantum);
	writer_set(writer, object, "warmup", samples_json(writer, run, 0, nr_warmup));
	writer_set(writer, object, "samples",
		   samples_json(writer, run, nr_warmup, run->nr_samples));
	return object;
}

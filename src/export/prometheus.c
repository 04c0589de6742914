// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For the textfile collector of node_exporter: the newest result of each series, without a time.
 * The collector skips a whole file that has one (node_exporter: collector/textfile.go).
 */
#include "export/families.h"

static int prometheus_check(struct export *export, struct error *err)
{
	struct export_result *results = export->results;
	size_t nr = 0;
	int rc;

	families_prepare(export);
	rc = families_check_times(export, err);
	if (rc)
		return rc;
	/* the last one of each series is the newest */
	for (size_t i = 0; i < export->nr; i++) {
		struct export_result result = results[i];

		if (i + 1 < export->nr && families_same_series(&results[i], &results[i + 1]))
			continue;
		results[i] = results[nr];
		results[nr++] = result;
	}
	export_drop_older(export, nr);
	return 0;
}

static void prometheus_write(FILE *out, const struct export *export)
{
	families_write(out, export, FAMILIES_PROMETHEUS);
}

const struct export_format export_prometheus = {
	.name = "prometheus",
	.about = "node_exporter's textfile collector: the newest of each label and machine",
	.check = prometheus_check,
	.write = prometheus_write,
};

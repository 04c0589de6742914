// SPDX-License-Identifier: GPL-2.0-or-later
/* For "promtool tsdb create-blocks-from openmetrics": every result, with its time. */
#include "export/families.h"

static int openmetrics_check(struct export *export, struct error *err)
{
	families_prepare(export);
	return families_check_times(export, err);
}

static void openmetrics_write(FILE *out, const struct export *export)
{
	families_write(out, export, FAMILIES_OPENMETRICS);
	fputs("# EOF\n", out);
}

const struct export_format export_openmetrics = {
	.name = "openmetrics",
	.about = "months of results for Prometheus, each with its time",
	.timed = true,
	.check = openmetrics_check,
	.write = openmetrics_write,
};

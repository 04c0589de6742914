/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What prometheus and openmetrics share: the families of metrics, and the order of their samples.
 * Names and labels are part of the interface: docs/dashboards.md lists them.
 */
#include "export/export.h"

enum families_format { FAMILIES_PROMETHEUS, FAMILIES_OPENMETRICS };

/* Sets the labels of each result, and sorts results of one series by time. */
void families_prepare(struct export *export);
/* Whether two neighbours are of one series. */
bool families_same_series(const struct export_result *a, const struct export_result *b);
/* -EEXIST: two results of one series have the same time. After families_prepare(). */
int families_check_times(const struct export *export, struct error *err);
void families_write(FILE *out, const struct export *export, enum families_format format);

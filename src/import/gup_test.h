/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A log of gup_test as a report. What the log does not tell is unknown, and report.imported says
 * why: verdicts are limited by it. Times are in ns, of the kernel's clock of whole microseconds.
 */
#include <stddef.h>

#include "base/error.h"
#include "result/results.h"

#define IMPORT_MAX_BYTES RESULTS_MAX_BYTES

/*
 * @text may hold anything; @name is for errors. Figures below several headings ("Without this
 * patch:", "With this patch:"), at several depths of mail quotes or of several kernels are
 * sections, which are never mixed: @section is the number of one or words of its title; NULL where
 * there is only one. @title (100 bytes) gets the title of the one that was read. -ENODATA: no
 * figures, -EINVAL: no such section, -EMLINK: several, and none was named; -E2BIG. On failure
 * @results is empty.
 */
int import_gup_test(struct results *results, const char *text, size_t size, const char *name,
		    const char *section, char *title, struct error *err);

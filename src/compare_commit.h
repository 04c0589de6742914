/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The table of a commit message. Only for compare_commit*.c. */
#include "compare_cells.h"
#include "compare_lines.h"
#include "compare_sections.h"
#include "report.h"

/* @common: what all cases share and the table does not repeat. */
void commit_rows(struct lines *lines, const struct sections *sections, const struct params *common,
		 struct compare_names names);

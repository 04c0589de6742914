/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The table of a commit message. Only for compare_commit*.c. */
#include "print/lines.h"
#include "print/order.h"
#include "result/results.h"
#include "verdict/words.h"

/* @common: what all cases share and the table does not repeat. */
void commit_rows(struct lines *lines, const struct sections *sections, const struct params *common,
		 struct compare_names names);

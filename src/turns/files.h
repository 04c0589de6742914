/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is in the files of both sides, and how a block gets there. Only for interleave*.c. */
#include "turns/turns.h"

bool interleave_block_done(const struct interleave *interleave, unsigned int block);
/* -EINVAL for a pass that measured something else than those @before it, on another kernel, say: it
 * must not be added to them. */
int interleave_check(const struct interleave_side *side, const struct results *before,
		     const struct results *pass, struct error *err);
/* What a side measured in a block goes into its report. @pass is empty or somebody else's
 * afterwards: results_free() does no harm. */
int interleave_take(struct interleave *interleave, struct interleave_side *side, unsigned int block,
		    struct results *pass, struct error *err);
/* Writes what has changed; both sides, or a block would be torn. Due: the last time was long enough
 * ago. */
int interleave_save(struct interleave *interleave, struct error *err);
bool interleave_save_due(const struct interleave *interleave);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* An interrupted schedule goes on: which one it is, and whether it is still the same measurement.
 */
#include "vm/side.h"

/*
 * Looks in @directory for the newest files NAME-UTC.json of these sides that share a schedule which
 * is not complete, and loads them: reports, schedules, paths and whole blocks of all @sides. What
 * boots that did not end well have left is dropped.
 * @wanted is the schedule that would begin now; its seed counts if @seed_given.
 *
 * -ENOENT when there is none. -ESTALE, saying what differs, when kernels, boots, order, seed,
 * clock, memory, guest or command are not what they were: such runs do not belong into one file.
 */
int resume_load(struct lab_side *sides, const char *directory, const struct schedule *wanted,
		bool seed_given, const struct side_origin *origin, struct error *err);

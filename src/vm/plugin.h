/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The plugin that counts inside QEMU (lab/plugin/): part of this program, handed over as a file in
 * memory, and what comes back of it. docs/explain.md.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "result/results.h"

/* A memfd with the plugin; -ENOTSUP: this program was built for another machine than it is for. */
int plugin_open(int *fd, struct error *err);

/*
 * Whether that QEMU loads plugins; -ENOTSUP with what to do about it, else why that cannot be
 * told.
 */
int plugin_supported(const char *qemu, struct error *err);

/*
 * Puts what the plugin counted in one boot into the runs of that boot, and, with the guest's
 * @symbols (lines of "ADDRESS NAME"; NULL: none), what it executed into its cases. Cases of which
 * it did not see each sample get nothing.
 */
void plugin_take(struct results *results, const char *counted, const char *symbols);

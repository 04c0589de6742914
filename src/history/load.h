/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Result files and directories of them into a history, by an index beside the files. */
#include "history/history.h"

struct history_load {
	bool no_index;
	void (*progress)(void *context, size_t nr_done, size_t nr); /* or NULL */
	void *context;
};

/*
 * Every *.json below the directories (no hidden names, no symbolic links to directories), and the
 * files that are named. What is no finished result is kept as a file with a reason. An index that
 * cannot be used is a note, not an error. -ENODATA: there is no result at all.
 */
int history_load(struct history *history, const char *const *paths, size_t nr,
		 const struct history_load *load, struct error *err);
/* "2 files are no results of pinbench (a.json), 1 cannot be read (b.json: ...)", or "". */
void history_skipped_format(const struct history *history, char *text, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What was read of the result files of a directory, in a database beside them, so that it need not
 * be read again: docs/history.md has the tables. The files stay the truth: an entry holds while
 * size and time of its file are as they were. Safe against other writers and against being killed:
 * SQLite's rollback journal, short transactions.
 */
#include "history/record.h"

#define INDEX_NAME "pinbench-history.sqlite"

struct index;

/* -EUCLEAN, here and below: what is there is damaged or of an older version; index_reset(). All
 * others: there is no use of it. */
int index_open(struct index **index, const char *directory, struct error *err);
/* Empties it, whatever is in it. */
int index_reset(struct index *index, struct error *err);
void index_close(struct index *index);

/* A file in the directory as it is now. @path: below the directory. */
struct index_file {
	char *path;
	int64_t size, mtime_ns;
	bool known; /* the index has it as it is */
};

/* Which of @files, in order of their paths, the index knows. @nr_old: entries of files that are
 * gone or have changed. */
int index_find(struct index *index, struct index_file *files, size_t nr, size_t *nr_old,
	       struct error *err);
/* Stores records of @files[0 .. @nr - 1] in one transaction. */
int index_store(struct index *index, const struct index_file *files, const struct record *records,
		size_t nr, struct error *err);
/* Forgets entries of files that are gone or have changed. */
int index_forget(struct index *index, const struct index_file *files, size_t nr, struct error *err);

/* All files that are known (those that are so no more are marked), and their points. @take(context,
 * nth, file) puts one of them into the history, and gives its place there, or SIZE_MAX where its
 * points shall not follow. */
int index_read(struct index *index, struct index_file *files, size_t nr, struct history *history,
	       size_t (*take)(void *context, size_t nth, const struct history_file *file),
	       void *context, struct error *err);

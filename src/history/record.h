/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the history keeps of one result file. */
#include "history/history.h"

struct record_value {
	const char *key; /* of record.keys */
	unsigned int metric;
	double value;
	size_t first_run, nr_runs; /* of record.runs; counts have none */
};

struct record {
	struct history_file file; /* path, size and mtime are the caller's */
	char *fields[NR_SETUP_FIELDS];
	char *config;
	char **keys;
	size_t nr_keys;
	struct record_value *values;
	size_t nr_values;
	double *runs;
	size_t nr_runs;
};

/* Reads the file; what is no finished result becomes a record with a reason. */
void record_read(struct record *record, const char *path);
void record_free(struct record *record);
/* Adds it to the history, which takes its own copies. */
void record_add(const struct record *record, struct history *history);

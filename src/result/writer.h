/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Building the JSON of a report. Only for report_write*.c. */
#include <jansson.h>
#include <stdint.h>

#include "result/results.h"

/* NULL from any jansson call is passed on: json_object_set_new fails on it, and the first failure
 * is kept. */
struct writer {
	const struct results *results;
	struct error *err;
	int rc;
};

/* Both take the value. */
void writer_set(struct writer *writer, json_t *object, const char *name, json_t *value);
void writer_append(struct writer *writer, json_t *array, json_t *value);
/* Nothing for NULL and "". Command lines are bytes, JSON is UTF-8: what cannot be said is a '?',
 * what is too long is cut. */
void writer_set_text(struct writer *writer, json_t *object, const char *name, const char *text);
/* An error for what JSON readers take for another number; @what names it. */
json_t *count_json(struct writer *writer, uint64_t number, const char *what);
/* report_write_run.c */
json_t *run_json(struct writer *writer, const struct run *run);

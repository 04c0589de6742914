/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Getting typed values out of an untrusted JSON document, with errors that say where. Only for report_*.c. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

/* Where in the document we are: "results[3].runs[0].samples.pin". Not unwound after an error. */
struct reader {
	struct error *err;
	char where[512];
};

enum need { OPTIONAL, REQUIRED };

/* Goes down one step; returns the length to come back to. */
size_t reader_enter(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reader_leave(struct reader *reader, size_t used);
/* Fills the error with "where: text"; returns -EINVAL. */
int reader_error(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A member of that type: 1 found (and entered: leave to @used), 0 absent and optional, or -EINVAL. JSON_TRUE: a boolean. */
int get_member(struct reader *reader, const json_t *object, const char *name, json_type type, enum need need,
	       const json_t **value, size_t *used);
/* A malloc'ed string of at most REPORT_MAX_TEXT bytes, plain as text_plain() makes it. */
int get_text(struct reader *reader, const json_t *object, const char *name, enum need need, char **text);
/* A name: printable ASCII without spaces, that fits its field. */
int get_word(struct reader *reader, const json_t *object, const char *name, enum need need, char *word,
	     size_t size);
/* 1 when it was there, 0 when not. */
int get_number(struct reader *reader, const json_t *object, const char *name, enum need need, uint64_t min,
	       uint64_t max, uint64_t *number);
/* A number of 0 or more, with or without a fraction; left alone when absent. */
int get_real(struct reader *reader, const json_t *object, const char *name, double *number);
/* One of @choices (ended by NULL): its index in @chosen. 1 when it was there, 0 when not. */
int get_choice(struct reader *reader, const json_t *object, const char *name, enum need need,
	       const char *const *choices, size_t *chosen);
int get_fact_group(struct reader *reader, const json_t *object, const char *name, struct fact_list *facts);

/* The same for a value in hand. */
int check_string(struct reader *reader, const json_t *value, size_t max_bytes);
char *get_plain(const json_t *value);
int get_integer(struct reader *reader, const json_t *value, uint64_t min, uint64_t max, uint64_t *number);

/*
 * report_layout.c: puts small groups on one line, in place, in the indented text of jansson, which breaks all lines
 * or none: 1000 samples are not 1000 lines. Returns the new length.
 */
size_t json_join_lines(char *text);

/* report_result.c: everything below "results". */
int get_results(struct reader *reader, const json_t *root, struct report *report);

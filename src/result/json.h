/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Getting typed values out of an untrusted JSON document, with errors that say where. Only for
 * report_*.c. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "result/results.h"

/* One step into the document: a member by its name, or (NULL) an element by its index. */
struct step {
	const char *name;
	size_t index;
};

/*
 * Where in the document we are: "results[3].runs[0].samples.pin". Written out only for an error, as
 * there may be millions of steps; not unwound after one.
 */
struct reader {
	struct error *err;
	const struct number_lists *lists; /* what the lists of numbers in this tree stand for; nr 0:
					     they stand for themselves */
	bool located;                     /* the error names file and line already */
	bool imported;                    /* what a log did not tell may be missing */
	size_t depth;
	struct step steps[RESULTS_MAX_DEPTH + 4];
};

enum need { OPTIONAL, REQUIRED };

/* Goes down one step; returns the depth to come back to. @name must last until reader_leave(). */
size_t reader_enter(struct reader *reader, const char *name);
size_t reader_enter_index(struct reader *reader, size_t index);
void reader_leave(struct reader *reader, size_t depth);
/* Fills the error with "where: text"; returns -EINVAL. */
int reader_error(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A member of that type: 1 found (and entered: leave to @used), 0 absent and optional, or -EINVAL.
 * JSON_TRUE: a boolean. */
int get_member(struct reader *reader, const json_t *object, const char *name, json_type type,
	       enum need need, const json_t **value, size_t *used);
/* A malloc'ed string of at most RESULTS_MAX_TEXT bytes, plain as text_plain() makes it. */
int get_text(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char **text);
/* A name: printable ASCII without spaces, that fits its field. */
int get_word(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char *word, size_t size);
/* 1 when it was there, 0 when not. */
int get_number(struct reader *reader, const json_t *object, const char *name, enum need need,
	       uint64_t min, uint64_t max, uint64_t *number);
/* A number of 0 or more, with or without a fraction; left alone when absent. */
int get_real(struct reader *reader, const json_t *object, const char *name, double *number);
/* One of @choices (ended by NULL): its index in @chosen. 1 when it was there, 0 when not. */
int get_choice(struct reader *reader, const json_t *object, const char *name, enum need need,
	       const char *const *choices, size_t *chosen);
int get_fact_group(struct reader *reader, const json_t *object, const char *name,
		   struct fact_list *facts);

/* The same for a value in hand. */
int check_string(struct reader *reader, const json_t *value, size_t max_bytes);
char *get_plain(const json_t *value);
int get_integer(struct reader *reader, const json_t *value, uint64_t min, uint64_t max,
		uint64_t *number);

/*
 * A result file as text, and where in it the list of results is. The results are
 * parsed one by one: all numbers of a large file in one tree would take twenty times the room of
 * the text.
 */
struct json_text {
	const char *path, *text;
	size_t size;
	size_t list,
		list_end; /* what stands between the brackets of "results"; list_end 0: not found */
};

/* @text is malloc'ed. */
int json_text_read(const char *path, char **text, size_t *size, struct error *err);
/*
 * Holds nesting and the number of values, which decide how much memory the parser takes, against
 * the limits, and finds the results. Whether the text is JSON at all is left to the parser.
 */
int json_text_scan(struct json_text *text, struct error *err);
/* The last quote of the string that begins at @at, or @end. */
size_t json_string_end(const char *text, size_t at, size_t end);
/* Any value; NULL with the error set. */
json_t *json_text_parse(const struct json_text *text, size_t start, size_t end, struct error *err);
/* Everything but the results: an empty list stands for them, if they were found. */
json_t *json_text_parse_head(const struct json_text *text, struct error *err);

/* The lists of numbers of one value, which the parser never sees. */
struct number_list {
	size_t first, nr;
};

struct number_lists {
	uint64_t *numbers;
	size_t nr_numbers, room_numbers;
	struct number_list *items;
	size_t nr;
	char *text;
	size_t size, room_text;
};

/*
 * Makes @lists->text of the result that begins at @start, with the number of a list in place of
 * each list of numbers. Returns its end: the comma behind it, or list_end.
 */
size_t number_lists_cut(struct number_lists *lists, const struct json_text *text, size_t start);
/* What @array of such a text stands for; NULL: it stands for itself. */
const uint64_t *number_lists_get(const struct number_lists *lists, const json_t *array, size_t *nr);
void number_lists_free(struct number_lists *lists);

/*
 * Puts small groups on one line, in place, in the indented text of jansson, which
 * breaks all lines or none: 1000 samples are not 1000 lines. Returns the new length.
 */
size_t json_join_lines(char *text);

/* Everything below "results", in @root and in @text. */
int get_results(struct reader *reader, const json_t *root, const struct json_text *text,
		struct results *results);
int get_runs(struct reader *reader, const json_t *object, struct result *result);
/* explain.c: what was counted beside the clock; and the same as JSON, for write.c */
int get_explain(struct reader *reader, const json_t *object, struct result *result);
int get_memory(struct reader *reader, const json_t *object, struct run *run);
json_t *explain_json(const struct explain *explain);
json_t *memory_json(const struct run *run);

/*
 * Seeds jansson's hash tables from the 16 random bytes that the kernel gives every program
 * (AT_RANDOM). Left to itself jansson reads /dev/urandom, which in a freshly booted guest makes the
 * kernel gather entropy for seconds (5.18: drivers/char/random.c try_to_generate_entropy). Call
 * before anything is parsed.
 */
void json_seed(void);

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
json_t *run_json(struct writer *writer, const struct run *run);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Text that came from a file, made fit for a terminal. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Replaces in place, by '?', what could steer a terminal or turn the reading order: control
 * characters (C0, DEL, C1), line breaks, bidirectional marks, what cannot be seen (zero-width
 * characters, soft hyphens, tags, variation selectors), and bytes that are not UTF-8.
 */
void text_plain(char *text);
/* As text_plain, but line breaks and tabs stay; @size bytes and a NUL. What a guest prints. */
void text_plain_lines(char *text, size_t size);
/* As text_plain, and everything that is not ASCII becomes '?' too (plus-minus: "+-"). */
void text_ascii(char *text);
/* Replaces in place, by "~", each "/home/NAME": what a file says must not name a user. */
void text_hide_home(char *text);
/* Whether every byte is a printable ASCII character other than space, and there is one. */
bool text_is_word(const char *text);
/* Columns that @text takes: characters, not bytes. */
size_t text_width(const char *text);

/* Sizes and parts as people write them. */

/* "4K", "64k", "2M", "1G", "4096": exact bytes. -EINVAL, -ERANGE. */
int size_parse(const char *text, uint64_t *bytes, struct error *err);
/* The shortest exact form, "64K", "2M", "4097"; @text of 24 bytes or more. */
void size_format(uint64_t bytes, char *text, size_t size);
/* "2", "2%", "0.5 %" as a part: 0.02; from 0 to below 100 %. -EINVAL, -ERANGE. */
int percent_parse(const char *text, double *part, struct error *err);

/* "did you mean": the nearest known word. */

/*
 * The candidate within an edit distance of 2 (of a third of the word for longer ones), or that
 * @word is the beginning of; NULL when none is near. The first of several equally near ones.
 * @nth(context, i) gives the i-th candidate, NULL ends the list.
 */
const char *suggest_word(const char *word, const char *(*nth)(const void *context, size_t i),
			 const void *context);

/* The command line of a kernel, without what tells whose machine it is. */

/* The kernel's command line without what identifies a machine; cuts what belongs to init (after "
 * -- "). */
void cmdline_shorten(const char *raw, char *text, size_t size);

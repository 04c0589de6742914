/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Text that came from a file, made fit for a terminal. */
#include <stdbool.h>
#include <stddef.h>

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

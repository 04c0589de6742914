/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Text in HTML. Markup is written with fprintf(); whatever comes from a file goes through here. */
#include <stdio.h>

#include "result/results.h"

/*
 * As text or in a quoted attribute: escaped, without what steers or cannot be seen (text_plain),
 * and without home directories.
 */
void html_text(FILE *out, const char *text);
/* The same, and files of @results lose their directories. */
void html_remark(FILE *out, const char *text, const struct results *results);
/* <tag class="class">text</tag>; @class may be NULL, and @tag may have attributes. */
void html_element(FILE *out, const char *tag, const char *class, const char *text);
/* ' data-NAME="816"', or nothing where the number is not known (NAN). */
void html_number(FILE *out, const char *name, double number);
/* "s" unless there is one. */
const char *html_s(size_t nr);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What may leave the machine in a page or an export: no host name, no user, no home directory, no
 * full kernel command line, whatever a file holds. */
#include <stdbool.h>
#include <stddef.h>

#include "result/results.h"

/*
 * A fact of the environment as others may see it, in @text. False: not known here, or not for
 * others: what pinbench does not write itself may be anything.
 */
bool public_fact(const struct fact_list *facts, const char *name, char *text, size_t size);
/* Whether a fact of that name may be shown at all. */
bool public_name(const char *name);
/* A sentence in place: home directories become "~", and the files of @results, which may be NULL,
 * lose their directories. */
void public_text(char *text, const struct results *results);
/* In place: the file at @path loses its directory wherever it is named. */
void public_path(char *text, const char *path);

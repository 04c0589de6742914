/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Named facts in order: what the environment is, what a truth check found. Dots in a name nest:
 * result/write.c writes "kernel.release" as {"kernel": {"release": ...}}, compare shows the dotted
 * name.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind { FACT_NUMBER, FACT_BOOL, FACT_TEXT };

struct fact {
	char *name;
	enum fact_kind kind;
	int64_t number; /* FACT_NUMBER, and 0 or 1 for FACT_BOOL */
	char *text;     /* FACT_TEXT */
};

struct fact_list {
	struct fact *items;
	size_t nr;
};

/* Adding replaces a fact of the same name. Out of memory aborts: facts are a few kilobytes. */
void fact_number(struct fact_list *list, int64_t number, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void fact_bool(struct fact_list *list, bool yes, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
void fact_text(struct fact_list *list, const char *text, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
const struct fact *fact_find(const struct fact_list *list, const char *name);
void fact_remove(struct fact_list *list, const char *name);
void fact_list_free(struct fact_list *list);

/* One fact as text; NULL when it is not known. Numbers are written to @text. */
const char *fact_value(const struct fact_list *facts, const char *name, char *text, size_t size);

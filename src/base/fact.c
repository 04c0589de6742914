// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fact.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fact *fact_slot(struct fact_list *list, const char *format, va_list args)
{
	char name[192];
	struct fact *fact;

	vsnprintf(name, sizeof(name), format, args);
	fact = (struct fact *)fact_find(list, name);
	if (fact) {
		free(fact->text);
		fact->text = NULL;
		return fact;
	}
	/* grows by doubling whenever the count is a power of two */
	if ((list->nr & (list->nr - 1)) == 0) {
		size_t room = list->nr ? list->nr * 2 : 1;

		list->items = realloc(list->items, room * sizeof(*list->items));
		if (!list->items)
			abort();
	}
	fact = &list->items[list->nr++];
	memset(fact, 0, sizeof(*fact));
	fact->name = strdup(name);
	if (!fact->name)
		abort();
	return fact;
}

void fact_number(struct fact_list *list, int64_t number, const char *name, ...)
{
	struct fact *fact;
	va_list args;

	va_start(args, name);
	fact = fact_slot(list, name, args);
	va_end(args);
	fact->kind = FACT_NUMBER;
	fact->number = number;
}

void fact_bool(struct fact_list *list, bool yes, const char *name, ...)
{
	struct fact *fact;
	va_list args;

	va_start(args, name);
	fact = fact_slot(list, name, args);
	va_end(args);
	fact->kind = FACT_BOOL;
	fact->number = yes;
}

void fact_text(struct fact_list *list, const char *text, const char *name, ...)
{
	struct fact *fact;
	va_list args;

	va_start(args, name);
	fact = fact_slot(list, name, args);
	va_end(args);
	fact->kind = FACT_TEXT;
	fact->text = strdup(text);
	if (!fact->text)
		abort();
}

const struct fact *fact_find(const struct fact_list *list, const char *name)
{
	for (size_t i = 0; i < list->nr; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

void fact_remove(struct fact_list *list, const char *name)
{
	struct fact *fact = (struct fact *)fact_find(list, name);

	if (!fact)
		return;
	free(fact->name);
	free(fact->text);
	memmove(fact, fact + 1, (size_t)(list->items + list->nr - (fact + 1)) * sizeof(*fact));
	list->nr--;
}

void fact_list_free(struct fact_list *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		free(list->items[i].name);
		free(list->items[i].text);
	}
	free(list->items);
	list->items = NULL;
	list->nr = 0;
}

const char *fact_value(const struct fact_list *facts, const char *name, char *text, size_t size)
{
	const struct fact *fact = fact_find(facts, name);

	if (!fact)
		return NULL;
	if (fact->kind == FACT_TEXT)
		snprintf(text, size, "%s", fact->text);
	else if (fact->kind == FACT_BOOL)
		snprintf(text, size, "%s", fact->number ? "yes" : "no");
	else
		snprintf(text, size, "%" PRId64, fact->number);
	return text;
}

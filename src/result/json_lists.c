// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of numbers, which are nearly all of a result file, beside the parser: as a tree each number
 * takes 40 bytes and an allocation. Before the parser sees the text, each list of nothing but
 * numbers becomes "[k]", the k-th list; as all such lists do,
 * "[k]" in the tree is never anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result/json_get.h"

#define MAX_DIGITS 18u /* more may not fit 63 bits: left to the parser */

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
	while (at < end &&
	       (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return at;
}

static void add_number(struct number_lists *lists, uint64_t number)
{
	if (lists->nr_numbers == lists->room_numbers) {
		lists->room_numbers = lists->room_numbers ? lists->room_numbers * 2 : 1024;
		lists->numbers =
			reallocarray(lists->numbers, lists->room_numbers, sizeof(*lists->numbers));
		if (!lists->numbers)
			abort();
	}
	lists->numbers[lists->nr_numbers++] = number;
}

/* After the digits from @at on; @at when there are none, too many, or a zero before others. */
static size_t take_number(struct number_lists *lists, const char *text, size_t at, size_t end)
{
	uint64_t number = 0;
	size_t i = at;

	for (; i < end && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	if (i - at > MAX_DIGITS || (i - at > 1 && text[at] == '0'))
		return at;
	if (i > at)
		add_number(lists, number);
	return i;
}

/* The bracket that ends the list of numbers that begins at @open, whose numbers are kept; @open
 * when it is another list. */
static size_t take_list(struct number_lists *lists, const char *text, size_t open, size_t end)
{
	size_t at = open, first = lists->nr_numbers;

	do {
		size_t digits = skip_blanks(text, at + 1, end);

		at = take_number(lists, text, digits, end);
		if (at == digits) {
			lists->nr_numbers = first;
			return open;
		}
		at = skip_blanks(text, at, end);
	} while (at < end && text[at] == ',');
	if (at >= end || text[at] != ']') {
		lists->nr_numbers = first;
		return open;
	}
	if ((lists->nr & (lists->nr - 1)) == 0) {
		lists->items = reallocarray(lists->items, lists->nr ? lists->nr * 2 : 1,
					    sizeof(*lists->items));
		if (!lists->items)
			abort();
	}
	lists->items[lists->nr++] = (struct number_list){ first, lists->nr_numbers - first };
	return at;
}

static void make_room(struct number_lists *lists, size_t room)
{
	if (room <= lists->room_text)
		return;
	free(lists->text);
	lists->text = malloc(room);
	if (!lists->text)
		abort();
	lists->room_text = room;
}

size_t number_lists_cut(struct number_lists *lists, const struct json_text *text, size_t start)
{
	const char *from = text->text;
	size_t end = text->list_end, depth = 0, at;
	size_t most = (end - start) / strlen("[1]") + 1;
	char *to;

	/* "[1]" may become "[123456]" */
	make_room(lists, end - start +
				 (most < RESULTS_MAX_GROUPS ? most : RESULTS_MAX_GROUPS) *
					 strlen("123456"));
	to = lists->text;
	lists->nr_numbers = lists->nr = 0;
	for (at = start; at < end && (from[at] != ',' || depth > 0); at++) {
		size_t first = at;

		if (from[at] == '"') {
			at = json_string_end(from, at, end);
			memcpy(to, from + first, at - first);
			to += at - first;
		} else if (from[at] == '[') {
			at = take_list(lists, from, at, end);
			if (at > first)
				to += sprintf(to, "[%zu", lists->nr - 1);
			else
				depth++;
		} else if (from[at] == '{') {
			depth++;
		} else if (from[at] == ']' || from[at] == '}') {
			depth -= depth > 0;
		}
		if (at < end)
			*to++ = from[at];
	}
	lists->size = (size_t)(to - lists->text);
	return at;
}

void number_lists_free(struct number_lists *lists)
{
	free(lists->numbers);
	free(lists->items);
	free(lists->text);
	*lists = (struct number_lists){ 0 };
}

const uint64_t *number_lists_get(const struct number_lists *lists, const json_t *array, size_t *nr)
{
	const json_t *item = json_array_get(array, 0);
	json_int_t i = json_integer_value(item);

	*nr = json_array_size(array);
	if (!lists || *nr != 1 || !json_is_integer(item) || i < 0 || (size_t)i >= lists->nr)
		return NULL;
	*nr = lists->items[i].nr;
	return lists->numbers + lists->items[i].first;
}

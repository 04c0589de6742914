// SPDX-License-Identifier: GPL-2.0-or-later
/* A result file before it is parsed: read, measured against the limits, and its list of results
 * found. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "result/json_get.h"

int json_text_read(const char *path, char **text, size_t *size, struct error *err)
{
	/* O_NONBLOCK: opening a pipe that nobody writes to must not hang */
	autoclose int fd =
		TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "%s: cannot read", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: not a regular file", path);
	if (st.st_size > (off_t)RESULTS_MAX_BYTES)
		return error_set(err, EFBIG,
				 "%s: %lld bytes are above the limit of 64 MiB of a result file",
				 path, (long long)st.st_size);
	*text = malloc(st.st_size + 1);
	if (!*text)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	*size = 0;
	while (*size < (size_t)st.st_size) {
		ssize_t got = TEMP_FAILURE_RETRY(read(fd, *text + *size, st.st_size - *size));

		if (got < 0)
			return error_errno(err, errno, "%s: cannot read", path);
		if (got == 0)
			break;
		*size += got;
	}
	return 0;
}

/* "file:line:column: " and the words; @offset: the bytes up to there. */
static int text_error(const struct json_text *text, size_t offset, const char *words,
		      struct error *err)
{
	size_t line = 1, line_start = 0;

	for (size_t i = 0; i < offset && i < text->size; i++) {
		if (text->text[i] == '\n') {
			line++;
			line_start = i + 1;
		}
	}
	return error_set(err, EINVAL, "%s:%zu:%zu: %s", text->path, line, offset - line_start,
			 words);
}

size_t json_string_end(const char *text, size_t at, size_t end)
{
	for (at++; at < end && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at < end ? at : end;
}

/* A name that is written with escapes is not found here: then all is one tree, and takes more
 * memory. */
static bool is_results(const struct json_text *text, size_t name)
{
	static const char word[] = "\"results\"";

	return text->size - name >= strlen(word) &&
	       memcmp(text->text + name, word, strlen(word)) == 0;
}

/* Most of a file is digits and blanks, which nothing here asks about. */
static size_t skip_plain(const struct json_text *text, size_t at)
{
	static const bool matters[256] = {
		['"'] = true, [','] = true, [':'] = true, ['['] = true,
		[']'] = true, ['{'] = true, ['}'] = true,
	};

	while (at < text->size && !matters[(unsigned char)text->text[at]])
		at++;
	return at;
}

int json_text_scan(struct json_text *text, struct error *err)
{
	size_t depth = 0, nr_values = 1, nr_groups = 0, name = 0;
	char words[96];

	text->list = text->list_end = 0;
	for (size_t i = skip_plain(text, 0); i < text->size; i = skip_plain(text, i + 1)) {
		char c = text->text[i];

		if (c == '"') {
			name = depth == 1 ? i : name;
			i = json_string_end(text->text, i, text->size);
		} else if (c == ',' || c == ':') {
			nr_values++;
		} else if (c == '[' || c == '{') {
			if (c == '[' && depth == 1 && !text->list && is_results(text, name))
				text->list = i + 1;
			depth++;
			nr_groups++;
		} else if (depth > 0) {
			depth--;
			if (c == ']' && depth == 1 && text->list && !text->list_end)
				text->list_end = i;
		}
		if (depth > RESULTS_MAX_DEPTH) {
			snprintf(words, sizeof(words), "nested deeper than %u", RESULTS_MAX_DEPTH);
			return text_error(text, i + 1, words, err);
		}
		if (nr_values > RESULTS_MAX_VALUES || nr_groups > RESULTS_MAX_GROUPS) {
			snprintf(words, sizeof(words),
				 "more than %u values or %u objects and lists", RESULTS_MAX_VALUES,
				 RESULTS_MAX_GROUPS);
			return text_error(text, i + 1, words, err);
		}
	}
	return 0;
}

json_t *json_text_parse(const struct json_text *text, size_t start, size_t end, struct error *err)
{
	json_error_t where;
	json_t *value = json_loadb(text->text + start, end - start,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);

	if (!value) {
		text_plain(where.text);
		text_error(text, start + where.position, where.text, err);
	}
	return value;
}

json_t *json_text_parse_head(const struct json_text *text, struct error *err)
{
	size_t cut = text->list_end - text->list;
	autofree char *head = NULL;
	json_error_t where;
	json_t *root;

	if (!text->list_end)
		return json_text_parse(text, 0, text->size, err);
	head = malloc(text->size - cut);
	if (!head) {
		error_set(err, ENOMEM, "%s: out of memory", text->path);
		return NULL;
	}
	memcpy(head, text->text, text->list);
	memcpy(head + text->list, text->text + text->list_end, text->size - text->list_end);
	root = json_loadb(head, text->size - cut, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		text_plain(where.text);
		text_error(text, where.position + ((size_t)where.position > text->list ? cut : 0),
			   where.text, err);
	}
	return root;
}

/*
 * Lists of numbers, which are nearly all of a result file, beside the parser: as a tree each number
 * takes 40 bytes and an allocation. Before the parser sees the text, each list of nothing but
 * numbers becomes "[k]", the k-th list; as all such lists do,
 * "[k]" in the tree is never anything else.
 */

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

/* How the JSON text of a report is broken into lines, so that people and diff can read it. */

/* The end of a group that holds no other group and is worth one line: any list of numbers, or what
 * fits in 100 columns. */
static const char *line_end(const char *open)
{
	const char *at = open + 1;
	bool numbers = *open == '[';
	size_t width = 0;

	for (; *at != ']' && *at != '}'; at++) {
		if (*at == '[' || *at == '{' || !*at)
			return NULL;
		width += *at != ' ' && *at != '\n';
		if (*at != '"')
			continue;
		numbers = false;
		for (at++; *at != '"'; at++, width++)
			at += *at == '\\';
	}
	return numbers || width <= 80 ? at : NULL;
}

static size_t copy_string(char **to, const char *from)
{
	size_t length = 1;

	while (from[length] != '"')
		length += from[length] == '\\' ? 2 : 1;
	memmove(*to, from, ++length);
	*to += length;
	return length;
}

size_t json_join_lines(char *text)
{
	const char *end = NULL;
	char *to = text;

	for (const char *from = text; *from;) {
		if (*from == '"') {
			from += copy_string(&to, from);
			continue;
		}
		if (!end && (*from == '[' || *from == '{'))
			end = line_end(from);
		else if (from == end)
			end = NULL;
		if (end && *from == '\n') {
			from += 1 + strspn(from + 1, " ");
			if (to[-1] == ',')
				*to++ = ' ';
			continue;
		}

		*to++ = *from++;
	}
	*to = '\0';
	return to - text;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* How the JSON text of a report is broken into lines, so that people and diff can read it. */
#include <stdbool.h>
#include <string.h>

#include "result/json_get.h"

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

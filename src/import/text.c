// SPDX-License-Identifier: GPL-2.0-or-later
#include "import/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* One line of the file, without its end; both CR LF and a CR alone end one. */
struct raw {
	const char *text, *next;
	size_t size;
};

static bool raw_at(const struct text_reader *reader, struct raw *raw)
{
	const char *at = reader->at, *end = memchr(at, '\n', (size_t)(reader->end - at)), *cr;

	end = end ? end : reader->end;
	cr = memchr(at, '\r', (size_t)(end - at));
	end = cr ? cr : end;
	*raw = (struct raw){ at, end, (size_t)(end - at) };
	raw->next += raw->next < reader->end && *raw->next == '\r';
	raw->next += raw->next < reader->end && *raw->next == '\n';
	return at < reader->end;
}

static void raw_take(struct text_reader *reader, const struct raw *raw)
{
	reader->number += raw->next == reader->end || raw->next[-1] == '\n';
	reader->at = raw->next;
}

static bool raw_starts(const struct raw *raw, const char *with)
{
	return raw->size >= strlen(with) && (*raw->text | 32) == (*with | 32) &&
	       strncasecmp(raw->text, with, strlen(with)) == 0;
}

/* "From somebody Thu Jan  1 00:00:00 1970" of a mailbox */
static bool raw_is_separator(const struct raw *raw)
{
	const char *end = raw->text + raw->size;

	return raw_starts(raw, "From ") && raw->size > 13 && end[-8] == ':' && end[-5] == ' ' &&
	       isdigit((unsigned char)end[-1]);
}

static int refuse(struct text_reader *reader, size_t number, const char *what, const char *fix)
{
	error_set(reader->err, EBADMSG, "%.200s:%zu: this is %.60s, which is not read",
		  reader->name, number, what);
	return error_fix(reader->err, "%s", fix);
}

/* What the header of a mail, with the lines on which it goes on, says of its text. */
static int header_take(struct text_reader *reader, const struct raw *raw)
{
	static const char *const read[] = { "text/plain", "7bit", "8bit", "binary",
					    "quoted-printable" };
	size_t number = reader->number + 1, size;
	struct raw next = *raw;
	char header[1000], *value;

	do
		raw_take(reader, &next);
	while (raw_at(reader, &next) && next.size && strchr(" \t", next.text[0]));
	size = (size_t)(reader->at - raw->text);
	snprintf(header, sizeof(header), "%.*s", (int)(size < 999 ? size : 999), raw->text);
	text_plain(header);
	value = header + strcspn(header, ":") + 1;
	value += strspn(value, "? ");
	if (raw_starts(raw, "Subject:")) {
		snprintf(reader->subject, sizeof(reader->subject), "%.*s", (int)strcspn(value, "?"),
			 value);
		text_plain(reader->subject);
		return 0;
	}
	for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++) {
		if (strncasecmp(value, read[i], strlen(read[i])) != 0)
			continue;
		reader->quoted_printable = i == 4 || (i == 0 && reader->quoted_printable);
		return 0;
	}
	value[strcspn(value, "; ?")] = '\0';
	return refuse(reader, number, value,
		      "save the text as a file, as git mailinfo TEXT PATCH <MAIL does");
}

/* Quoted-printable, in place; true: the line goes on behind its end. */
static bool decode(char *text, size_t *size)
{
	size_t used = 0, end = *size;

	while (end && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	for (size_t i = 0; i < end; i++) {
		char code[3] = "";

		if (text[i] == '=' && i + 2 < end)
			memcpy(code, text + i + 1, 2);
		if (isxdigit((unsigned char)code[0]) && isxdigit((unsigned char)code[1])) {
			text[used++] = (char)strtoul(code, NULL, 16);
			i += 2;
		} else if (text[i] != '=' || i + 1 < end) {
			text[used++] = text[i];
		}
	}
	*size = used;
	return end && text[end - 1] == '=' && used < end;
}

/* The next line as it stands, decoded; its size. */
static size_t bytes_take(struct text_reader *reader, struct text_line *line)
{
	size_t used = 0, size;
	struct raw raw;
	bool more = true;

	while (more && raw_at(reader, &raw)) {
		if (line->room < used + raw.size + 1)
			line->text = realloc(line->text, line->room = 2 * (used + raw.size) + 128);
		memcpy(line->text + used, raw.text, size = raw.size);
		raw_take(reader, &raw);
		more = reader->quoted_printable && decode(line->text + used, &size);
		used += size;
	}
	return used;
}

/* The size of a colour, a cursor movement or a window title of a terminal that was logged. */
static size_t escape_size(const char *at, size_t size)
{
	size_t i = 2;

	if (size < 2 || at[0] != '\033' || (at[1] != '[' && at[1] != ']'))
		return 0;
	while (i < size &&
	       (at[1] == ']' ? at[i] != '\a' && at[i] != '\033' : at[i] >= 0x20 && at[i] < 0x40))
		i++;
	return i < size ? i + 1 : size;
}

/* What a terminal shows of the next line of the file; false: nothing. */
static bool line_take(struct text_reader *reader, struct text_line *line)
{
	size_t size, escape;
	char *to, *start;

	line->number = reader->number + 1;
	line->part = reader->part;
	line->depth = 0;
	memcpy(line->subject, reader->subject, sizeof(line->subject));
	size = bytes_take(reader, line);
	to = start = line->text;
	for (size_t i = 0; i < size; i += escape) {
		const char *at = line->text + i;
		bool wide_space = at[0] == '\xc2' && i + 1 < size && at[1] == '\xa0';

		escape = escape_size(at, size - i);
		if (!escape)
			*to++ = wide_space || *at == '\t' ? ' ' : *at ? *at : '?';
		escape += escape ? 0 : 1 + (size_t)wide_space;
	}
	*to = '\0';
	for (; start[strspn(start, " ")] == '>'; start += strspn(start, " ") + 1)
		line->depth++;
	start += line->depth && *start == ' ';
	/* quoted-printable without its header, as it travelled */
	while (to > start && (isspace((unsigned char)to[-1]) ||
			      (to - start >= 3 &&
			       (memcmp(to - 3, "=0D", 3) == 0 || memcmp(to - 3, "=20", 3) == 0))))
		to -= isspace((unsigned char)to[-1]) ? 1 : 3;
	*to = '\0';
	memmove(line->text, start, (size_t)(to - start) + 1);
	text_plain(line->text);
	return line->text[strspn(line->text, " ")];
}

void text_reader_open(struct text_reader *reader, const char *text, size_t size, const char *name,
		      struct error *err)
{
	bool marked = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;

	*reader = (struct text_reader){
		.at = text + (marked ? 3 : 0), .end = text + size, .name = name, .err = err
	};
}

int text_reader_next(struct text_reader *reader, struct text_line *line)
{
	struct raw raw;
	int ret = 0;

	while (ret == 0 && raw_at(reader, &raw)) {
		if (!reader->number &&
		    (raw_starts(&raw, "\xff\xfe") || raw_starts(&raw, "\xfe\xff")))
			return refuse(reader, 1, "UTF-16", "iconv -f UTF-16 -t UTF-8");
		if (raw_is_separator(&raw)) {
			raw_take(reader, &raw);
			reader->part++;
			reader->quoted_printable = false;
			reader->subject[0] = '\0';
		} else if (raw_starts(&raw, "Subject:") || raw_starts(&raw, "Content-Type:") ||
			   raw_starts(&raw, "Content-Transfer-Encoding:")) {
			ret = header_take(reader, &raw);
		} else if (line_take(reader, line)) {
			return 0;
		}
	}
	line->number = 0;
	return ret;
}

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

static bool raw_at(const struct text_reader *reader, const char *at, struct raw *raw)
{
	if (at >= reader->end)
		return false;
	raw->text = at;
	while (at < reader->end && *at != '\n' && *at != '\r')
		at++;
	raw->size = (size_t)(at - raw->text);
	raw->next = at < reader->end && *at == '\r' ? at + 1 : at;
	if (raw->next < reader->end && *raw->next == '\n')
		raw->next++;
	return true;
}

static void raw_take(struct text_reader *reader, const struct raw *raw)
{
	reader->number += raw->next == reader->end || raw->next[-1] == '\n';
	reader->at = raw->next;
}

static bool raw_starts(const struct raw *raw, const char *with)
{
	return raw->size >= strlen(with) && strncasecmp(raw->text, with, strlen(with)) == 0;
}

/* "Name: value" */
static bool raw_is_header(const struct raw *raw)
{
	size_t i = 0;

	while (i < raw->size && (isalnum((unsigned char)raw->text[i]) || raw->text[i] == '-'))
		i++;
	return i && i < raw->size && raw->text[i] == ':';
}

/* "From mboxrd@z Thu Jan  1 00:00:00 1970" */
static bool raw_is_separator(const struct raw *raw)
{
	static const char end[] = " 00:00:00 0000";
	const char *at = raw->text + raw->size - strlen(end);

	if (raw->size < 20 || strncmp(raw->text, "From ", 5) != 0)
		return false;
	for (size_t i = 0; end[i]; i++)
		if (end[i] == '0' ? !isdigit((unsigned char)at[i]) : at[i] != end[i])
			return false;
	return true;
}

static int refuse(struct text_reader *reader, size_t number, const char *what, const char *fix)
{
	error_set(reader->err, EBADMSG, "%.200s:%zu: %s", reader->name, number, what);
	return error_fix(reader->err, "%s", fix);
}

/* What opens a mail: "From " of a mailbox and a header, or a block of headers at the start of the
 * file. */
static bool mail_begins(const struct text_reader *reader, const struct raw *first)
{
	static const char *const names[] = { "From:",       "Subject:",      "Date:",
					     "Message-ID:", "MIME-Version:", "Content-",
					     "Received:",   "Return-Path:" };
	struct raw raw = *first;
	bool known = false;

	if (raw_is_separator(first))
		return raw_at(reader, raw.next, &raw) && raw_is_header(&raw);
	if (reader->number)
		return false;
	do {
		if (!raw.size)
			break;
		if (!raw_is_header(&raw) &&
		    (known ? raw.text[0] != ' ' && raw.text[0] != '\t' : true))
			return false;
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			known = known || raw_starts(&raw, names[i]);
	} while (raw_at(reader, raw.next, &raw));
	return known;
}

/* A header with its folded lines, allocated; NULL behind the last one. */
static char *header_next(struct text_reader *reader)
{
	struct raw raw;
	char *text = NULL;
	size_t size = 0;

	while (raw_at(reader, reader->at, &raw) && raw.size &&
	       (!text || raw.text[0] == ' ' || raw.text[0] == '\t')) {
		text = realloc(text, size + raw.size + 1);
		for (size_t i = 0; i < raw.size; i++)
			text[size++] = raw.text[i] ? raw.text[i] : '?';
		text[size] = '\0';
		raw_take(reader, &raw);
	}
	if (!text && raw_at(reader, reader->at, &raw))
		raw_take(reader, &raw);
	return text;
}

/* Headers whose value has these words are of mails that are not read. */
static const struct {
	const char *header, *words, *what, *fix;
} refused[] = {
	{ "Content-Type:", "multipart/", "this mail has several parts",
	  "git mailinfo TEXT PATCH <MAIL, then import TEXT" },
	{ "Content-Type:", "message/", "this mail holds another", "save that one as a file" },
	{ "Content-Type:", "text/html", "this mail is HTML", "save it as plain text" },
	{ "Content-Type:", "utf-16", "this mail is not in ASCII or UTF-8", "iconv -t UTF-8" },
	{ "Content-Type:", "utf-32", "this mail is not in ASCII or UTF-8", "iconv -t UTF-8" },
	{ "Content-Type:", "utf-7", "this mail is not in ASCII or UTF-8", "iconv -t UTF-8" },
	{ "Content-Type:", "ucs-", "this mail is not in ASCII or UTF-8", "iconv -t UTF-8" },
	{ "Content-Transfer-Encoding:", "base64", "this mail is base64",
	  "git mailinfo TEXT PATCH <MAIL, then import TEXT" },
	{ "Content-Transfer-Encoding:", " x-", "this mail has an encoding that is not read",
	  "save it as plain text" },
};

static int headers_take(struct text_reader *reader)
{
	char *header;
	int ret = 0;

	reader->quoted_printable = false;
	reader->subject[0] = '\0';
	reader->part++;
	for (size_t number = reader->number + 1; ret == 0 && (header = header_next(reader));
	     number = reader->number + 1) {
		text_plain(header);
		if (strncasecmp(header, "Subject:", 8) == 0) {
			snprintf(reader->subject, sizeof(reader->subject), "%s",
				 header + 8 + strspn(header + 8, " "));
			text_plain(reader->subject);
		}
		if (strncasecmp(header, "Content-Transfer-Encoding:", 26) == 0 &&
		    strcasestr(header, "quoted-printable"))
			reader->quoted_printable = true;
		for (size_t i = 0; ret == 0 && i < sizeof(refused) / sizeof(*refused); i++)
			if (strcasestr(header, refused[i].header) == header &&
			    strcasestr(header, refused[i].words))
				ret = refuse(reader, number, refused[i].what, refused[i].fix);
		free(header);
	}
	return ret;
}

static int hex(char digit)
{
	return isdigit((unsigned char)digit)    ? digit - '0'
	       : isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10
						: -1;
}

/* Decodes to @to, which has room for as much; true: the line goes on behind its end. */
static bool qp_decode(const struct raw *raw, char *to, size_t *used)
{
	size_t size = raw->size;

	while (size && (raw->text[size - 1] == ' ' || raw->text[size - 1] == '\t'))
		size--;
	for (size_t i = 0; i < size; i++) {
		bool code = raw->text[i] == '=' && i + 2 < size && hex(raw->text[i + 1]) >= 0 &&
			    hex(raw->text[i + 2]) >= 0;

		if (raw->text[i] == '=' && i + 1 == size)
			return true;
		to[(*used)++] = code ? (char)(hex(raw->text[i + 1]) << 4 | hex(raw->text[i + 2]))
				     : raw->text[i];
		i += code ? 2 : 0;
	}
	return false;
}

/* The next line as it stands, decoded; allocated. */
static char *bytes_take(struct text_reader *reader, size_t *size)
{
	char *bytes = NULL;
	struct raw raw;
	bool more = true;

	*size = 0;
	while (more && raw_at(reader, reader->at, &raw) && (!bytes || !mail_begins(reader, &raw))) {
		bytes = realloc(bytes, *size + raw.size + 1);
		more = reader->quoted_printable && qp_decode(&raw, bytes, size);
		if (!reader->quoted_printable)
			*size = (size_t)((char *)mempcpy(bytes, raw.text, raw.size) - bytes);
		raw_take(reader, &raw);
	}
	return bytes;
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

/* What is on the next line of the file; false: nothing. */
static bool line_take(struct text_reader *reader, struct text_line *line)
{
	size_t size;
	char *from, *to, *start;

	line->number = reader->number + 1;
	line->part = reader->part;
	line->depth = 0;
	memcpy(line->subject, reader->subject, sizeof(line->subject));
	from = to = line->text = bytes_take(reader, &size);
	for (size_t i = 0; i < size;) {
		size_t escape = escape_size(from + i, size - i);
		bool wide_space = i + 1 < size && from[i] == '\xc2' && from[i + 1] == '\xa0';

		if (!escape)
			*to++ = wide_space || from[i] == '\t' ? ' ' : from[i] ? from[i] : '?';
		i += escape ? escape : 1 + (size_t)wide_space;
	}
	*to = '\0';
	for (start = line->text; start[strspn(start, " ")] == '>'; start += strspn(start, " ") + 1)
		line->depth++;
	/* quoted-printable without its header, as it travelled */
	while (to > start &&
	       (isspace((unsigned char)to[-1]) ||
		(to - start >= 3 && (!strncmp(to - 3, "=0D", 3) || !strncmp(to - 3, "=20", 3)))))
		to -= isspace((unsigned char)to[-1]) ? 1 : 3;
	*to = '\0';
	start += line->depth && *start == ' ';
	memmove(line->text, start, strlen(start) + 1);
	text_plain(line->text);
	if (line->text[strspn(line->text, " ")])
		return true;
	free(line->text);
	line->text = NULL;
	return false;
}

void text_reader_open(struct text_reader *reader, const char *text, size_t size, const char *name,
		      struct error *err)
{
	*reader = (struct text_reader){ .at = text, .end = text + size, .name = name, .err = err };
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader->at += 3;
}

int text_reader_next(struct text_reader *reader, struct text_line *line)
{
	struct raw raw;

	line->text = NULL;
	if (!reader->number && reader->end - reader->at >= 2 &&
	    (memcmp(reader->at, "\xff\xfe", 2) == 0 || memcmp(reader->at, "\xfe\xff", 2) == 0))
		return refuse(reader, 1, "this is UTF-16", "iconv -f UTF-16 -t UTF-8");
	while (raw_at(reader, reader->at, &raw)) {
		int ret;

		if (!mail_begins(reader, &raw)) {
			if (line_take(reader, line))
				return 1;
			continue;
		}
		if (raw_is_separator(&raw))
			raw_take(reader, &raw);
		ret = headers_take(reader);
		if (ret)
			return ret;
	}
	return 0;
}

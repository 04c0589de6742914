// SPDX-License-Identifier: GPL-2.0-or-later
#include "import_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { ENCODING_PLAIN, ENCODING_QP, ENCODING_BASE64 };

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

/* What opens a mail: "From " of a mailbox and a header, or a block of headers at the start of the file. */
static bool mail_begins(const struct text_reader *reader, const struct raw *first)
{
	static const char *const names[] = { "From:", "Subject:", "Date:", "Message-ID:", "MIME-Version:", "Content-",
					     "Received:", "Return-Path:" };
	struct raw raw = *first;
	bool known = false;

	if (raw_is_separator(first))
		return raw_at(reader, raw.next, &raw) && raw_is_header(&raw);
	if (reader->number)
		return false;
	do {
		if (!raw.size)
			break;
		if (!raw_is_header(&raw) && (known ? raw.text[0] != ' ' && raw.text[0] != '\t' : true))
			return false;
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			known = known || raw_starts(&raw, names[i]);
	} while (raw_at(reader, raw.next, &raw));
	return known;
}

/* The value of a parameter as charset=X or boundary="X", allocated; NULL: there is none. */
static char *parameter(const char *header, const char *name)
{
	const char *at = strcasestr(header, name), *end;

	if (!at)
		return NULL;
	at += strlen(name);
	end = *at == '"' ? strchr(++at, '"') : at + strcspn(at, "; \t");
	return strndup(at, end ? (size_t)(end - at) : strlen(at));
}

/* A header with its folded lines, allocated; NULL behind the last one. */
static char *header_next(struct text_reader *reader)
{
	struct raw raw;
	char *text = NULL;
	size_t size = 0;

	while (raw_at(reader, reader->at, &raw) && raw.size && (!text || raw.text[0] == ' ' || raw.text[0] == '\t')) {
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

static int type_take(struct text_reader *reader, const char *type, size_t number)
{
	char *charset = parameter(type, "charset="), *boundary = parameter(type, "boundary=");
	bool wide = charset && (strncasecmp(charset, "utf-16", 6) == 0 || strncasecmp(charset, "utf-32", 6) == 0 ||
				strncasecmp(charset, "utf-7", 5) == 0 || strncasecmp(charset, "ucs", 3) == 0);
	const char *kind = type + strspn(type, " \t");

	free(charset);
	reader->skip = strncasecmp(kind, "multipart/", 10) == 0;
	if (reader->skip && boundary && *boundary && reader->nr_boundaries < 8) {
		reader->boundaries[reader->nr_boundaries++] = boundary;
		boundary = NULL;
		reader->alternative = reader->alternative || strncasecmp(kind, "multipart/alternative", 21) == 0;
	} else if (reader->skip) {
		free(boundary);
		return refuse(reader, number, "the parts of this mail cannot be told apart", "save its text as a file of its own");
	}
	free(boundary);
	if (wide)
		return refuse(reader, number, "this mail is not in ASCII or UTF-8", "iconv -t UTF-8");
	if (strncasecmp(kind, "text/html", 9) != 0)
		return 0;
	reader->skip = true; /* beside text/plain it is the same text again */
	return reader->alternative ? 0 : refuse(reader, number, "this mail is HTML", "save it as plain text");
}

/* The headers of a mail or of a part of it. */
static int headers_take(struct text_reader *reader)
{
	char *header;
	int ret = 0;

	reader->encoding = ENCODING_PLAIN;
	reader->skip = false;
	reader->part++;
	for (size_t number = reader->number + 1; ret == 0 && (header = header_next(reader)); number = reader->number + 1) {
		char *value = strchr(header, ':');

		value = value ? value + 1 : header + strlen(header);
		value += strspn(value, " \t");
		if (strncasecmp(header, "Subject:", 8) == 0) {
			text_plain(value);
			snprintf(reader->subject, sizeof(reader->subject), "%s", value);
			text_plain(reader->subject);
		} else if (strncasecmp(header, "Content-Type:", 13) == 0) {
			ret = type_take(reader, value, number);
			if (ret == 0 && strncasecmp(value, "message/rfc822", 14) == 0) {
				while (free(header), (header = header_next(reader)))
					;
				return headers_take(reader);
			}
		} else if (strncasecmp(header, "Content-Transfer-Encoding:", 26) == 0) {
			if (strncasecmp(value, "quoted-printable", 16) == 0)
				reader->encoding = ENCODING_QP;
			else if (strncasecmp(value, "base64", 6) == 0)
				reader->encoding = ENCODING_BASE64;
			else if (!strncasecmp(value, "x-", 2))
				ret = refuse(reader, number, "this mail has an encoding that is not read", "save it as plain text");
		}
		free(header);
	}
	return ret;
}

static void mail_forget(struct text_reader *reader)
{
	while (reader->nr_boundaries)
		free(reader->boundaries[--reader->nr_boundaries]);
	reader->alternative = false;
	reader->subject[0] = '\0';
}

/* "--boundary", "--boundary--" */
static bool raw_is_boundary(const struct text_reader *reader, const struct raw *raw, bool *last)
{
	for (size_t i = 0; i < reader->nr_boundaries; i++) {
		size_t size = strlen(reader->boundaries[i]), rest = 2 + size;

		if (raw->size < rest || strncmp(raw->text, "--", 2) || memcmp(raw->text + 2, reader->boundaries[i], size))
			continue;
		*last = raw->size >= rest + 2 && strncmp(raw->text + rest, "--", 2) == 0;
		rest += *last ? 2 : 0;
		while (rest < raw->size && isspace((unsigned char)raw->text[rest]))
			rest++;
		if (rest == raw->size)
			return true;
	}
	return false;
}

static void put(struct text_reader *reader, char byte)
{
	if (reader->pending.size + 1 >= reader->pending.room) {
		reader->pending.room = reader->pending.room ? reader->pending.room * 2 : 256;
		reader->pending.text = realloc(reader->pending.text, reader->pending.room);
	}
	if (!reader->pending.size)
		reader->pending.number = reader->number + 1;
	reader->pending.text[reader->pending.size++] = byte;
}

static int hex(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0' :
	       isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : -1;
}

static void qp_decode(struct text_reader *reader, const struct raw *raw)
{
	size_t size = raw->size;

	while (size && (raw->text[size - 1] == ' ' || raw->text[size - 1] == '\t'))
		size--;
	for (size_t i = 0; i < size; i++) {
		if (raw->text[i] == '=' && i + 1 == size)
			return;
		if (raw->text[i] == '=' && i + 2 < size && hex(raw->text[i + 1]) >= 0 && hex(raw->text[i + 2]) >= 0) {
			put(reader, (char)(hex(raw->text[i + 1]) << 4 | hex(raw->text[i + 2])));
			i += 2;
		} else {
			put(reader, raw->text[i]);
		}
	}
	put(reader, '\n');
}

/* Each line by itself, as they all hold whole groups of four. */
static int base64_decode(struct text_reader *reader, const struct raw *raw)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits = 0, nr = 0;
	size_t i;

	for (i = 0; i < raw->size && raw->text[i] != '='; i++) {
		const char *digit = raw->text[i] ? strchr(digits, raw->text[i]) : NULL;

		if (isspace((unsigned char)raw->text[i]))
			continue;
		if (!digit)
			return refuse(reader, reader->number + 1, "this is not base64, as the mail says it is",
				      "save its text as a file: git mailinfo TEXT PATCH <MAIL");
		bits = (bits << 6 | (unsigned int)(digit - digits)) & 0xffffff;
		nr++;
		if (nr % 4 != 1)
			put(reader, (char)(bits >> (nr % 4 == 2 ? 4 : nr % 4 == 3 ? 2 : 0) & 0xff));
	}
	if (nr % 4 == 1 || (nr % 4 && i == raw->size))
		return refuse(reader, reader->number + 1, "the base64 of this line is cut",
			      "save its text as a file: git mailinfo TEXT PATCH <MAIL");
	return 0;
}

/* The size of a colour, a cursor movement or a window title of a terminal that was logged. */
static size_t escape_size(const char *at, size_t size)
{
	size_t i = 2;

	if (size < 2 || at[0] != '\033' || (at[1] != '[' && at[1] != ']'))
		return 0;
	while (i < size && (at[1] == ']' ? at[i] != '\a' && at[i] != '\033' : at[i] >= 0x20 && at[i] < 0x40))
		i++;
	return i < size ? i + 1 : size;
}

/* The line in pending.text[0..size) as it is given; false: there is nothing on it. */
static bool line_make(struct text_reader *reader, size_t size, struct text_line *line)
{
	const char *from = reader->pending.text + reader->pending.from;
	char *to = line->text = malloc(size + 1), *start;

	line->number = reader->pending.number;
	line->part = reader->part;
	line->depth = 0;
	for (size_t i = 0; i < size; ) {
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
	while (to > start && (isspace((unsigned char)to[-1]) ||
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

/* Gives the first pending line; @rest: also one without an end. */
static bool pending_give(struct text_reader *reader, bool rest, struct text_line *line)
{
	while (reader->pending.from < reader->pending.size) {
		const char *start = reader->pending.text + reader->pending.from;
		size_t left = reader->pending.size - reader->pending.from;
		const char *end = memchr(start, '\n', left);
		bool given;

		if (!end && !rest)
			return false;
		given = line_make(reader, end ? (size_t)(end - start) : left, line);
		reader->pending.from += end ? (size_t)(end - start) + 1 : left;
		reader->pending.number = reader->number;
		if (given)
			return true;
	}
	reader->pending.from = reader->pending.size = 0;
	return false;
}

void text_reader_open(struct text_reader *reader, const char *text, size_t size, const char *name, struct error *err)
{
	*reader = (struct text_reader){ .at = text, .end = text + size, .name = name, .err = err };
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader->at += 3;
}

int text_reader_next(struct text_reader *reader, struct text_line *line)
{
	struct raw raw;
	int ret = 0;

	line->text = NULL;
	if (!reader->number && reader->end - reader->at >= 2 &&
	    (memcmp(reader->at, "\xff\xfe", 2) == 0 || memcmp(reader->at, "\xfe\xff", 2) == 0))
		return refuse(reader, 1, "this is UTF-16", "iconv -f UTF-16 -t UTF-8");
	while (ret == 0) {
		bool mail, last = false, edge;

		if (pending_give(reader, false, line))
			return 1;
		if (!raw_at(reader, reader->at, &raw))
			return pending_give(reader, true, line);
		mail = mail_begins(reader, &raw);
		edge = mail || raw_is_boundary(reader, &raw, &last);
		if (edge && pending_give(reader, true, line))
			return 1;
		if (mail) {
			mail_forget(reader);
			if (raw_is_separator(&raw))
				raw_take(reader, &raw);
			ret = headers_take(reader);
			continue;
		}
		if (edge && last)
			reader->skip = true;
		else if (!edge && !reader->skip && reader->encoding == ENCODING_BASE64)
			ret = base64_decode(reader, &raw);
		else if (!edge && !reader->skip && reader->encoding == ENCODING_QP)
			qp_decode(reader, &raw);
		else if (!edge && !reader->skip) {
			for (size_t i = 0; i < raw.size; i++)
				put(reader, raw.text[i]);
			put(reader, '\n');
		}
		raw_take(reader, &raw);
		if (edge && !last)
			ret = headers_take(reader);
	}
	return ret;
}

void text_reader_close(struct text_reader *reader)
{
	mail_forget(reader);
	free(reader->pending.text);
}

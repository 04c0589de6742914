// SPDX-License-Identifier: GPL-2.0-or-later
/* A result file before it is parsed: read, measured against the limits, and its list of results
 * found. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
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

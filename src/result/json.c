// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/json.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/infile.h"
#include "base/memory.h"
#include "base/text.h"

static size_t reader_step(struct reader *reader, struct step step)
{
	size_t depth = reader->depth;

	/* never full: json_text_scan() lets nothing deeper through */
	if (depth < sizeof(reader->steps) / sizeof(reader->steps[0]))
		reader->steps[reader->depth++] = step;
	return depth;
}

size_t reader_enter(struct reader *reader, const char *name)
{
	return reader_step(reader, (struct step){ .name = name });
}

size_t reader_enter_index(struct reader *reader, size_t index)
{
	return reader_step(reader, (struct step){ .index = index });
}

void reader_leave(struct reader *reader, size_t depth)
{
	reader->depth = depth;
}

int reader_error(struct reader *reader, const char *format, ...)
{
	char where[241] = "", text[256];
	size_t used = 0;
	va_list args;

	for (size_t i = 0; i < reader->depth && used < sizeof(where); i++) {
		const struct step *step = &reader->steps[i];

		if (step->name)
			used += snprintf(where + used, sizeof(where) - used, "%s%s",
					 used ? "." : "", step->name);
		else
			used += snprintf(where + used, sizeof(where) - used, "[%zu]", step->index);
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(reader->err, EINVAL, "%s: %s", *where ? where : "the file", text);
}

int get_member(struct reader *reader, const json_t *object, const char *name, json_type type,
	       enum need need, const json_t **value, size_t *used)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number",    [JSON_TRUE] = "true or false",
	};
	json_type have;

	*used = reader->depth;
	*value = json_object_get(object, name);
	if (!*value)
		return need == REQUIRED ? reader_error(reader, "\"%s\" is missing", name) : 0;
	reader_enter(reader, name);
	have = json_typeof(*value);
	if (have == JSON_FALSE)
		have = JSON_TRUE;
	if (have == JSON_INTEGER && type == JSON_REAL)
		have = JSON_REAL;
	if (have != type)
		return reader_error(reader, "not %s", names[type]);
	return 1;
}

int check_string(struct reader *reader, const json_t *value, size_t max_bytes)
{
	if (!json_is_string(value))
		return reader_error(reader, "not a string");
	if (json_string_length(value) > max_bytes)
		return reader_error(reader, "a string of more than %zu bytes", max_bytes);
	return 0;
}

char *get_plain(const json_t *value)
{
	char *copy = strdup(json_string_value(value));

	if (!copy)
		abort();
	text_plain(copy);
	return copy;
}

int get_text(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char **text)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, RESULTS_MAX_TEXT);
	if (rc)
		return rc;
	*text = get_plain(value);
	reader_leave(reader, used);
	return 0;
}

int get_word(struct reader *reader, const json_t *object, const char *name, enum need need,
	     char *word, size_t size)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = check_string(reader, value, size - 1);
	if (rc)
		return rc;
	if (!text_is_word(json_string_value(value)))
		return reader_error(reader, "not a name (printable ASCII without spaces)");
	memcpy(word, json_string_value(value), json_string_length(value) + 1);
	reader_leave(reader, used);
	return 0;
}

int get_integer(struct reader *reader, const json_t *value, uint64_t min, uint64_t max,
		uint64_t *number)
{
	json_int_t have = json_integer_value(value);

	if (!json_is_integer(value))
		return reader_error(reader, "not an integer");
	if (have < 0 || (uint64_t)have < min || (uint64_t)have > max)
		return reader_error(reader, "%lld is not in %llu..%llu", (long long)have,
				    (unsigned long long)min, (unsigned long long)max);
	*number = have;
	return 0;
}

int get_number(struct reader *reader, const json_t *object, const char *name, enum need need,
	       uint64_t min, uint64_t max, uint64_t *number)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_INTEGER, need, &value, &used);

	if (rc <= 0)
		return rc;
	rc = get_integer(reader, value, min, max, number);
	if (rc)
		return rc;
	reader_leave(reader, used);
	return 1;
}

int get_real(struct reader *reader, const json_t *object, const char *name, double *number)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_REAL, OPTIONAL, &value, &used);

	if (rc <= 0)
		return rc;
	*number = json_number_value(value);
	if (*number < 0)
		return reader_error(reader, "is below 0");
	reader_leave(reader, used);
	return 0;
}

int get_choice(struct reader *reader, const json_t *object, const char *name, enum need need,
	       const char *const *choices, size_t *chosen)
{
	char list[128] = "";
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_STRING, need, &value, &used);

	if (rc <= 0)
		return rc;
	for (*chosen = 0; choices[*chosen]; ++*chosen) {
		if (strcmp(json_string_value(value), choices[*chosen]) == 0) {
			reader_leave(reader, used);
			return 1;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"%s\"",
			 *chosen ? ", " : "", choices[*chosen]);
	}
	return reader_error(reader, "not one of %s", list);
}

static int get_facts(struct reader *reader, const json_t *object, struct fact_list *facts,
		     const char *prefix)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[RESULTS_MAX_FACT_NAME + 1];
		size_t used;
		int length;

		if (!text_is_word(key) || strchr(key, '.') || strlen(key) > RESULTS_MAX_FACT_NAME)
			return reader_error(reader, "a name is not printable ASCII without spaces "
						    "and dots");
		used = reader_enter(reader, key);
		length = snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if ((size_t)length >= sizeof(name))
			return reader_error(reader, "the dotted name has more than %u bytes",
					    RESULTS_MAX_FACT_NAME);
		if (json_is_object(value)) {
			int rc = get_facts(reader, value, facts, name);

			if (rc)
				return rc;
		} else if (facts->nr >= RESULTS_MAX_FACTS) {
			return reader_error(reader, "more than %u facts", RESULTS_MAX_FACTS);
		} else if (json_is_integer(value)) {
			fact_number(facts, json_integer_value(value), "%s", name);
		} else if (json_is_boolean(value)) {
			fact_bool(facts, json_is_true(value), "%s", name);
		} else {
			int rc = check_string(reader, value, RESULTS_MAX_TEXT);
			autofree char *text = NULL;

			if (rc)
				return reader_error(reader,
						    "not an integer, a boolean, a string of at "
						    "most %u bytes "
						    "or an object",
						    RESULTS_MAX_TEXT);
			text = get_plain(value);
			fact_text(facts, text, "%s", name);
		}
		reader_leave(reader, used);
	}
	return 0;
}

int get_fact_group(struct reader *reader, const json_t *object, const char *name,
		   struct fact_list *facts)
{
	const json_t *value;
	size_t used;
	int rc = get_member(reader, object, name, JSON_OBJECT, REQUIRED, &value, &used);

	if (rc < 0)
		return rc;
	rc = get_facts(reader, value, facts, "");
	if (rc)
		return rc;
	reader_leave(reader, used);
	return 0;
}

void json_seed(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (bytes)
		memcpy(&seed, bytes, sizeof(seed));
	json_object_seed(seed ? seed : 1); /* 0 would ask /dev/urandom */
}

/* A result file before it is parsed: read, measured against the limits, and its list of results
 * found. */

/* A descriptor of its own of standard input: whatever the shell has put there, but for a keyboard.
 */
static int stdin_open(struct error *err)
{
	if (isatty(STDIN_FILENO))
		return error_set(err, EINVAL, "-: standard input is a terminal");
	return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

int json_text_read(const char *path, char **text, size_t *size, struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	/* O_NONBLOCK: opening a pipe that nobody writes to must not hang */
	autoclose int fd = is_stdin ? stdin_open(err)
				    : TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK |
									    O_NOCTTY | O_CLOEXEC));
	struct stat st;
	int rc;

	if (fd == -EINVAL)
		return fd;
	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "%s: cannot read", path);
	if (!is_stdin && !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: not a regular file", path);
	if (!is_stdin && st.st_size > (off_t)RESULTS_MAX_BYTES)
		return error_set(err, EFBIG,
				 "%s: %lld bytes are above the limit of 64 MiB of a result file",
				 path, (long long)st.st_size);
	rc = infile_read(fd, path, RESULTS_MAX_BYTES, text, size, err);
	if (!rc)
		rc = infile_unpack(path, RESULTS_MAX_BYTES, text, size, err);
	if (!rc && is_stdin && !*size) {
		error_set(err, ENODATA, "-: nothing on standard input");
		return error_fix(err,
				 "name it for one side only, and look at the command before it");
	}
	return rc;
}

bool results_is_file_name(const char *name)
{
	size_t size = strlen(name);

	if (size > 3 && strcmp(name + size - 3, ".gz") == 0)
		size -= 3;
	return name[0] != '.' && size > 5 && strncmp(name + size - 5, ".json", 5) == 0;
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

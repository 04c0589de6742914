// SPDX-License-Identifier: GPL-2.0-or-later
#include "import_line.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A colour or a cursor movement of a terminal that was logged. */
static size_t escape_size(const char *at, size_t size)
{
	size_t i = 2;

	if (size < 2 || at[0] != '\033' || at[1] != '[')
		return 0;
	while (i < size && at[i] >= 0x20 && at[i] < 0x40)
		i++;
	return i < size ? i + 1 : size;
}

/* "> > text", and "text=0D" of a mail that was saved as it travelled. */
static void line_strip(struct line *line)
{
	char *at = line->text, *end;

	for (;; at++) {
		char *start = at + strspn(at, " ");

		if (*start != '>')
			break;
		line->depth++;
		at = start;
	}
	if (line->depth && *at == ' ')
		at++;
	memmove(line->text, at, strlen(at) + 1);
	end = line->text + strlen(line->text);
	while (end - line->text >= 3 && (strcmp(end - 3, "=0D") == 0 || strcmp(end - 3, "=20") == 0))
		*(end -= 3) = '\0';
	while (end > line->text && isspace((unsigned char)end[-1]))
		*--end = '\0';
}

/* The text of the next line; false at the end. Lines that are too long come out empty. */
static bool text_next(struct lines *lines, struct line *line)
{
	size_t size, used = 0;
	const char *at = lines->text;

	if (at == lines->end)
		return false;
	while (at < lines->end && *at != '\n' && *at != '\r')
		at++;
	size = (size_t)(at - lines->text);
	for (size_t i = 0; size <= LINE_MAX_BYTES && i < size; ) {
		size_t escape = escape_size(lines->text + i, size - i);

		if (!escape)
			line->text[used++] = lines->text[i] == '\t' ? ' ' : lines->text[i] ? lines->text[i] : '?';
		i += escape ? escape : 1;
	}
	line->text[used] = '\0';
	text_plain(line->text);
	lines->number += lines->number == 0 || lines->text[-1] == '\n';
	lines->text = at < lines->end ? at + 1 : at;
	line->number = lines->number;
	return true;
}

/* Behind "# " of TAP and "[   12.345678] " of a console. */
static const char *line_core(const char *text)
{
	for (;;) {
		size_t stamp;

		text += strspn(text, "# ");
		stamp = *text == '[' ? strspn(text + 1, " 0123456789.") : 0;
		if (!stamp || text[1 + stamp] != ']')
			return text;
		text += 2 + stamp;
	}
}

static bool line_is_result(struct line *line, const char *core)
{
	static const char *const brackets[] = { "[PASS]", "[FAIL]", "[SKIP]" };
	int used = 0;

	line->failed = starts(core, "not ok ") || starts(core, "[FAIL]");
	line->skipped = starts(core, "[SKIP]") || strstr(core, "# SKIP");
	for (size_t i = 0; i < 3; i++)
		if (starts(core, brackets[i])) {
			line->kind = LINE_END;
			return true;
		}
	if (!starts(core, "ok ") && !starts(core, "not ok "))
		return false;
	if (sscanf(core + (line->failed ? 7 : 3), "%*u %n", &used) < 0 || !used)
		return false; /* prose */
	core += (line->failed ? 7 : 3) + used;
	line->kind = starts(core, "ioctl status") || starts(core, "# SKIP") ? LINE_STATUS : LINE_END;
	return true;
}

static bool line_is_fault(const char *core)
{
	static const char *const faults[] = {
		"ioctl: ", "mmap: ", "open: ", "Unable to open ", "failed to open ", "Bail out!", "Wrong argument",
		"pthread_create", "Not enough huge pages",
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (starts(core, faults[i]))
			return true;
	return false;
}

/* What gup_test says where it cannot run, and then leaves with success, or nearly. */
static bool line_is_skip(const char *core)
{
	return starts(core, "check if CONFIG_GUP_TEST") || starts(core, "Check CONFIG_GUP_TEST") ||
	       starts(core, "Please run this test as root") || starts(core, "Please run as root") ||
	       starts(core, "mount debugfs at") || starts(core, "Mount debugfs at");
}

/* A release begins as 6.1 does. */
static bool is_release(const char *word)
{
	int used = 0;

	return sscanf(word, "%*u.%*u%n", &used) >= 0 && used > 0;
}

/*
 * "Linux version 6.1.0-50-amd64 (...) #1 SMP ...", "Linux HOST 6.1.0-50-amd64 #1 SMP ... x86_64 GNU/Linux"; the name of the
 * host stays behind.
 */
static bool line_is_kernel(struct line *line, const char *core)
{
	struct kernel *kernel = &line->kernel;
	const char *version = strstr(core, " #"), *end = strstr(core, " GNU/Linux"), *arch;
	char word[80];

	if (sscanf(core, "Linux %79s %79s", word, kernel->release) != 2 || !is_release(kernel->release))
		return false;
	if (!version)
		return strcmp(word, "version") == 0;
	version++;
	if (strcmp(word, "version") == 0 || !end || end < version)
		end = version + strlen(version);
	else {
		for (arch = end; arch > version && arch[-1] != ' '; arch--)
			;
		snprintf(kernel->arch, sizeof(kernel->arch), "%.*s", (int)(end - arch), arch);
		end = arch;
	}
	while (end > version && end[-1] == ' ')
		end--;
	snprintf(kernel->version, sizeof(kernel->version), "%.*s", (int)(end - version), version);
	return true;
}

static bool word_is_one(const char *word, size_t size, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == size && strncasecmp(*words, word, size) == 0)
			return true;
	return false;
}

/* A word that tells two measurements of a mail apart: "without", "patched", "v6.15". */
static bool word_tells(const char *word, size_t size, bool alone)
{
	static const char *const sides[] = { "without", "with", "before", "after", "base", "baseline", "patched", "unpatched",
					     "vanilla", NULL };
	static const char *const more[] = { "patch", "patches", "series", "mainline", "upstream", "original", "old", "new",
					    "stock", "reverted", "kernel", NULL };

	if (tolower((unsigned char)*word) == 'v') {
		if (is_release(word + 1))
			return true;
	} else if (is_release(word)) {
		return true;
	}
	return word_is_one(word, size, sides) || (!alone && word_is_one(word, size, more));
}

/* "Without this patch:", "== after ==", "v6.15:". The text becomes the bare words. */
static bool line_is_heading(struct line *line)
{
	char *text = line->text + strspn(line->text, " =*_-");
	size_t size = strlen(text), nr_words = 0;
	bool colon, tells = false;

	while (size && strchr(" =*_-", text[size - 1]))
		size--;
	colon = size && text[size - 1] == ':';
	size -= colon;
	if (!size || size > 75 || !isalnum((unsigned char)*text))
		return false;
	for (const char *at = text; at < text + size; nr_words++) {
		size_t word = strcspn(at, " :");

		if (colon || nr_words == 0)
			tells = tells || word_tells(at, word, !colon);
		at += word;
		at += strspn(at, " :");
	}
	if (!tells || (!colon && nr_words > 3))
		return false;
	memmove(line->text, text, size);
	line->text[size] = '\0';
	return true;
}

static void line_classify(struct line *line, bool old_figures, bool release_next)
{
	const char *core = line_core(line->text);

	if (figure_parse(&line->figure, line->text, old_figures)) {
		line->kind = LINE_FIGURE;
	} else if (line_is_result(line, core)) {
		return;
	} else if (line_is_skip(core) || line_is_fault(core)) {
		line->kind = LINE_FAULT;
		line->skipped = line_is_skip(core);
		line->failed = !line->skipped;
	} else if (starts(core, "TAP version ") || (starts(core, "1..") && isdigit((unsigned char)core[3]))) {
		line->kind = LINE_TAP;
	} else if (gup_call_parse(&line->call, line->text)) {
		line->kind = LINE_CALL;
	} else if (starts(core, "running ") || starts(core, "running: ") || starts(core, "selftests: ")) {
		line->kind = LINE_PROGRAM;
	} else if (line_is_kernel(line, core)) {
		line->kind = LINE_KERNEL;
	} else if (release_next && is_release(core) && !strchr(core, ' ')) {
		line->kind = LINE_KERNEL;
		snprintf(line->kernel.release, sizeof(line->kernel.release), "%.79s", core);
	} else if (line_is_heading(line)) {
		line->kind = LINE_HEADING;
	}
}

bool line_next(struct lines *lines, struct line *line)
{
	size_t size;

	line->depth = 0;
	line->kind = LINE_OTHER;
	line->failed = line->skipped = false;
	line->kernel = (struct kernel){ 0 };
	if (!text_next(lines, line))
		return false;
	line_strip(line);
	line_classify(line, lines->old_figures, lines->release_next);
	size = strlen(line->text);
	lines->release_next = size >= 8 && strcmp(line->text + size - 8, "uname -r") == 0;
	return true;
}

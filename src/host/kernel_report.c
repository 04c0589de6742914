// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kernel_report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define BUG_AT "kernel BUG at "

/* dump_page() of mm/debug.c: these lines, in this order. */
static const char *const page_marks[] = {
	"page:", "page: ", "head:", "head: ", "anon flags:", "flags:", "page dumped because:"
};

static void joined(char *text, size_t size, const char *separator, const char *piece, int length)
{
	size_t used = strlen(text);

	if (used + (size_t)length + strlen(separator) + 1 > size)
		return; /* whole pieces only */
	snprintf(text + used, size - used, "%s%.*s", used ? separator : "", length, piece);
	text_plain(text);
}

static bool is_page_line(const char *line)
{
	for (size_t i = 0; i < sizeof(page_marks) / sizeof(page_marks[0]); i++)
		if (!strncmp(line, page_marks[i], strlen(page_marks[i])))
			return true;
	return false;
}

/* The length of "name+0x1f/0x80" at @text, as %pS prints it; 0: something else stands there. */
static int symbol_length(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
	size_t name = strspn(text, plain), offset;

	if (!name || strncmp(text + name, "+0x", 3))
		return 0;
	offset = name + 3 + strspn(text + name + 3, "0123456789abcdef");
	if (strncmp(text + offset, "/0x", 3))
		return 0;
	return (int)(offset + 3 + strspn(text + offset + 3, "0123456789abcdef"));
}

/*
 * "pc : f+0x64/0x68" (arm64), "RIP: 0010:f+0x64/0x68" (x86) is the place itself; after "Call
 * trace:" one function a line, on x86 with "? " before one that may only have lain on the stack.
 */
static void trace_add(struct kernel_report *report, const char *line)
{
	const char *place = NULL;
	int length;

	if (!strncmp(line, "pc : ", 5))
		place = line + 5;
	else if (!strncmp(line, "RIP: ", 5) && strchr(line + 5, ':'))
		place = strchr(line + 5, ':') + 1;
	if (place && !*report->trace) {
		joined(report->trace, sizeof(report->trace), " < ", place, symbol_length(place));
		return;
	}
	if (!strncmp(line, "Call trace:", 11) || !strncmp(line, "Call Trace:", 11)) {
		report->in_trace = !report->ended;
		return;
	}
	if (report->in_trace && *line != ' ') {
		report->in_trace = false;
		report->ended = true;
	}
	if (!report->in_trace)
		return;
	line += strspn(line, " ");
	length = symbol_length(line);
	/* the first entry of arm64's trace is the place again */
	if (length && strncmp(report->trace, line, (size_t)length))
		joined(report->trace, sizeof(report->trace), " < ", line, length);
}

void kernel_report_add(struct kernel_report *report, const char *line)
{
	const char *bug = strstr(line, BUG_AT);

	if (!*report->bug && is_page_line(line)) {
		if (!strncmp(line, "page:", 5))
			report->page[0] = '\0'; /* another dump */
		joined(report->page, sizeof(report->page), "; ", line, (int)strlen(line));
	} else if (bug && !*report->bug) {
		snprintf(report->bug, sizeof(report->bug), "%.*s", (int)strcspn(bug, "!\n"), bug);
		text_plain(report->bug);
	} else if (*report->bug) {
		trace_add(report, line);
	}
}

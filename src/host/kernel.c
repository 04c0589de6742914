// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "host/sysfile.h"

int pin_counters_read(struct pin_counters *counters, struct error *err)
{
	if (sysfile_write("/proc/sys/vm/stat_refresh", "1", err))
		return -err->code;
	if (sysfile_read_field("/proc/vmstat", "nr_foll_pin_acquired", &counters->acquired, err) ||
	    sysfile_read_field("/proc/vmstat", "nr_foll_pin_released", &counters->released, err))
		return -err->code;
	return 0;
}

bool pin_counters_quiet(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	struct pin_counters from, to;
	struct error unread;

	if (pin_counters_read(&from, &unread))
		return false;
	nanosleep(&moment, NULL);
	return pin_counters_read(&to, &unread) == 0 && to.acquired == from.acquired &&
	       to.released == from.released;
}

/* As xfstests, blktests and liburing look for in dmesg. */
static const char *const complaints[] = {
	"WARNING:",        "BUG:",
	"kernel BUG at",   "Oops",
	"Internal error:", "general protection fault",
	"UBSAN:",          "KASAN:",
	"INFO: possible",  "INFO: task",
	"Bad page state",  "refcount_t:",
};

static uint64_t taint_now(void)
{
	uint64_t taint = 0;

	sysfile_read_u64("/proc/sys/kernel/tainted", &taint, NULL);
	return taint;
}

void kernel_log_open(struct kernel_log *log)
{
	log->taint_before = log->taint = taint_now();
	log->fd = TEMP_FAILURE_RETRY(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	if (log->fd >= 0)
		lseek(log->fd, 0, SEEK_END);
}

static int is_complaint(const char *line)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
		if (strstr(line, complaints[i]))
			return 1;
	return 0;
}

int kernel_log_look(struct kernel_log *log, char *text, size_t size, uint64_t *new_taint)
{
	uint64_t taint = taint_now();
	char record[8192];
	int nr = 0, lost = 0;
	ssize_t got;

	text[0] = '\0';
	log->report = (struct kernel_report){ 0 };
	*new_taint = taint & ~log->taint;
	log->taint = taint;
	/* one record a read(2): "priority,sequence,time,flags;message\n" and continuation lines */
	while (log->fd >= 0) {
		char *message;

		got = TEMP_FAILURE_RETRY(read(log->fd, record, sizeof(record) - 1));
		if (got < 0 && errno == EPIPE) {
			lost = 1;
			continue;
		}
		if (got <= 0)
			break;
		record[got] = '\0';
		message = strchr(record, ';');
		/* a facility other than 0 (kernel): user space writes to this log too */
		if (!message || strtoul(record, NULL, 10) >> 3)
			continue;
		message[strcspn(message, "\n")] = '\0';
		kernel_report_add(&log->report, message + 1);
		if (!is_complaint(message))
			continue;
		if (nr++ == 0) {
			snprintf(text, size, "%s", message + 1);
			text_plain(text);
		}
	}
	return lost && !nr ? -EPIPE : nr;
}

void kernel_log_close(struct kernel_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

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

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

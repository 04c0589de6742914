// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "bench/bench.h"
#include "vm/boot.h"
#include "vm/wire.h"

#define WAIT_MS    20
#define TAIL_BYTES (16u << 10)
#define TAIL_LINES 40
#define SILENT_MS  10000 /* for the first frame to arrive after the guest has named its channel */

/* What one of QEMU's output files has beyond @offset. */
static int tap_drain(int fd, off_t *offset, struct channel *channel)
{
	char bytes[65536];
	ssize_t size;
	int ret = 0;

	while (!ret && (size = TEMP_FAILURE_RETRY(pread(fd, bytes, sizeof(bytes), *offset))) > 0) {
		*offset += size;
		ret = channel_feed(channel, bytes, size);
	}
	return ret;
}

/* The last @size bytes of a file, as a string. */
static char *tail_read(int fd, size_t size)
{
	struct stat st;
	off_t from;
	char *text = calloc(1, size + 1);

	if (!text || fstat(fd, &st))
		return text;
	from = st.st_size > (off_t)size ? st.st_size - (off_t)size : 0;
	if (TEMP_FAILURE_RETRY(pread(fd, text, size, from)) < 0)
		text[0] = '\0';
	for (size_t i = 0; i < size && from + (off_t)i < st.st_size; i++)
		if (!text[i])
			text[i] = '?';
	return text;
}

/* All of a file, as a string. */
static char *whole_read(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? NULL : tail_read(fd, (size_t)st.st_size);
}

/* Takes out colours, titles and cursor movements: ESC [ ... letter, ESC ] ... BEL, ESC and one
 * more. */
static void escapes_strip(char *text)
{
	char *out = text;

	while (*text) {
		if (*text != '\033') {
			*out++ = *text++;
			continue;
		}
		text++;
		if (*text == '[') {
			text += 1 + strspn(text + 1, "0123456789;:<=>?!\"#$%&'()*+,-./ ");
		} else if (*text == ']') {
			text += strcspn(text, "\a\n");
		}
		if (*text && *text != '\n')
			text++;
	}
	*out = '\0';
}

/* Line by line fit for a terminal, in place; keeps only the last lines. */
static void tail_clean(char *text)
{
	char *line, *out = text, *next = text, *starts[TAIL_LINES] = { NULL };
	size_t nr = 0;

	escapes_strip(text);
	while ((line = strsep(&next, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		text_ascii(line);
		if (!*line)
			continue;
		memmove(out, line, strlen(line) + 1);
		starts[nr++ % TAIL_LINES] = out;
		out += strlen(out);
		*out++ = '\n'; /* in place of the newline, or of the NUL at the end */
	}
	if (out > text)
		out[-1] = '\0';
	else
		*text = '\0';
	if (nr > TAIL_LINES)
		memmove(text, starts[nr % TAIL_LINES], strlen(starts[nr % TAIL_LINES]) + 1);
}

/* Of a line that redraws itself, as the guest's progress does, what it showed last. */
static const char *last_line(char *text)
{
	size_t length = strlen(text);
	char *newline, *redrawn;

	while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n'))
		text[--length] = '\0';
	redrawn = strrchr(text, '\r');
	if (redrawn)
		text = redrawn + 1;
	tail_clean(text);
	newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

static unsigned int noise_count(const char *console)
{
	static const char *const marks[] = { "WARNING: ", "BUG: ", "Oops",
					     "Call trace:", "Call Trace:" };
	unsigned int nr = 0;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (const char *at = console; (at = strstr(at, marks[i])); at++)
			nr++;
	return nr;
}

/* The rest of the console's line that begins with @mark; false: there is none. */
static bool console_find(const char *console, const char *mark, char *rest, size_t size)
{
	const char *at = console ? strstr(console, mark) : NULL;

	if (!at)
		return false;
	at += strlen(mark);
	snprintf(rest, size, "%.*s", (int)strcspn(at, "\r\n"), at);
	text_ascii(rest);
	return true;
}

/* The guest has written to its channel, and nothing has come: nothing will. */
static bool boot_silent(struct boot *boot)
{
	uint64_t now = clock_now();
	char *console, device[64];

	if (boot->channel.ready.bytes)
		return false;
	if (!boot->spoke_ns) {
		console = tail_read(boot->qemu.console_fd, TAIL_BYTES);
		if (console_find(console, LAB_WIRE_SPEAKS, device, sizeof(device)))
			boot->spoke_ns = now;
		free(console);
	}
	return boot->spoke_ns && now - boot->spoke_ns > SILENT_MS * 1000000ull;
}

static void end_describe(struct boot *boot)
{
	struct qemu *qemu = &boot->qemu;
	char *console = tail_read(qemu->console_fd, TAIL_BYTES),
	     *said = tail_read(qemu->stderr_fd, 300);
	const char *panic = console ? strstr(console, "Kernel panic") : NULL;
	size_t size = sizeof(boot->text);
	char rest[200];
	int status = 0;

	boot->nr_noise = console ? noise_count(console) : 0;
	if (said)
		text_ascii(said);
	/* Neither a reason to doubt nor to believe by itself: QEMU's status is 0 after a panic,
	 * too. */
	if (boot->end == BOOT_LOST)
		status = child_reap(&qemu->child);

	/* interrupted while it powers off: nothing is missing */
	if (boot->channel.ended && (boot->end == BOOT_LOST || boot->end == BOOT_INTERRUPTED)) {
		boot->end = BOOT_DONE;
	} else if (panic) {
		boot->end = BOOT_PANIC;
		snprintf(boot->text, size, "the guest's kernel panicked: %.*s",
			 (int)strcspn(panic, "\r\n"), panic);
		text_ascii(boot->text);
	} else if (boot->end == BOOT_HANG) {
		snprintf(boot->text, size, "the guest %s within %d s",
			 boot->channel.ready.bytes ? "did not finish" : "did not reach user space",
			 (int)boot->timeout_s);
	} else if (boot->end == BOOT_INTERRUPTED) {
		snprintf(boot->text, size, "interrupted");
	} else if (boot->spoke_ns && !boot->channel.ready.bytes &&
		   console_find(console, LAB_WIRE_SPEAKS, rest, sizeof(rest))) {
		snprintf(boot->text, size, "the guest speaks on %s, and nothing arrives", rest);
	} else if (console_find(console, LAB_WIRE_SILENT, rest, sizeof(rest))) {
		snprintf(boot->text, size, "the guest cannot say anything: %s", rest);
	} else if (WIFEXITED(status) && WEXITSTATUS(status)) {
		boot->end = BOOT_REFUSED;
		snprintf(boot->text, size, "%s %s", boot->program,
			 said && *said ? said : "ended with an error");
	} else if (WIFSIGNALED(status)) {
		snprintf(boot->text, size, "QEMU was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	} else {
		snprintf(boot->text, size, "the guest stopped without saying that it was done%s",
			 boot->channel.nr_damaged ? ", and what it sent arrived damaged" : "");
	}
	if (console)
		tail_clean(console);
	boot->console = console;
	free(said);
}

int boot_start(struct boot *boot, const struct qemu_job *job, unsigned int timeout_s,
	       struct error *err)
{
	*boot = (struct boot){
		.end = BOOT_LOST, /* until something else is known */
		.program = qemu_program(job->image->arch),
		.timeout_s = timeout_s,
		.started_ns = clock_now(),
	};
	return qemu_start(&boot->qemu, job, err);
}

int boot_step(struct boot *boot, bool stop, bool *over, struct error *err)
{
	const int fds[2] = { boot->qemu.channel_fd, boot->qemu.serial_fd };
	bool running = !child_ended(&boot->qemu.child, 0);

	*over = false;
	boot->seconds = (double)(clock_now() - boot->started_ns) / 1e9;
	for (int i = 0; i < 2; i++)
		if (tap_drain(fds[i], &boot->offset[i], &boot->channel))
			return error_set(err, EMSGSIZE,
					 "the guest sends more than a result can be");
	if (running && stop)
		boot->end = BOOT_INTERRUPTED;
	else if (running && boot->seconds > boot->timeout_s)
		boot->end = BOOT_HANG;
	else if (running && !boot_silent(boot))
		return 0;
	end_describe(boot);
	if (boot->qemu.counted_fd >= 0)
		boot->counted = whole_read(boot->qemu.counted_fd);
	qemu_end(&boot->qemu);
	*over = true;
	return 0;
}

void boot_wait(struct boot *const *boots, size_t nr)
{
	struct pollfd ended[BOOT_MAX_JOBS];

	for (size_t i = 0; i < nr && i < BOOT_MAX_JOBS; i++)
		ended[i] = (struct pollfd){ .fd = boots[i]->qemu.child.fd, .events = POLLIN };
	poll(ended, nr < BOOT_MAX_JOBS ? nr : BOOT_MAX_JOBS, WAIT_MS);
}

int boot_run(struct boot *boot, const struct qemu_job *job, unsigned int timeout_s,
	     const volatile sig_atomic_t *stop, struct error *err)
{
	int ret = boot_start(boot, job, timeout_s, err);
	bool over = false;

	while (!ret && !over) {
		boot_wait(&boot, 1);
		ret = boot_step(boot, stop && *stop, &over, err);
	}
	return ret;
}

void boot_last_line(const struct boot *boot, char *line, size_t size)
{
	char *text = tail_read(boot->qemu.console_fd, 256);

	snprintf(line, size, "%s", text ? last_line(text) : "");
	free(text);
}

void boot_free(struct boot *boot)
{
	if (boot->program)
		qemu_end(&boot->qemu);
	channel_free(&boot->channel);
	free(boot->console);
	free(boot->counted);
	*boot = (struct boot){ 0 };
}

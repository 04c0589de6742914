// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/pass.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NR_FIXED_WORDS 16

/* What a side's program is told; malloc'ed, NULL-terminated. */
static char **pass_words(const struct pass_order *order, char *only, size_t size)
{
	char **words = calloc(2 * order->nr_overrides + NR_FIXED_WORDS, sizeof(*words));
	size_t nr = 0;

	if (!words)
		abort();
	words[nr++] = "pinbench";
	words[nr++] = "run";
	words[nr++] = "-q";
	words[nr++] = "--output=-";
	if (order->job) {
		words[nr++] = "-c";
		words[nr++] = (char *)order->job;
	}
	for (size_t i = 0; i < order->nr_overrides; i++) {
		words[nr++] = "-p";
		words[nr++] = (char *)order->overrides[i];
	}
	words[nr++] = "-p";
	words[nr++] = "runs=1";
	snprintf(only, size, "--only=%s", order->key);
	words[nr++] = only;
	if (order->force)
		words[nr++] = "--force";
	if (order->icount)
		words[nr++] = "--clock=icount";
	if (order->time_only)
		words[nr++] = "--time-only";
	return words;
}

/* The status of waitpid(2), or -EINTR: it was told to stop, and has. */
static int pass_wait(struct child *child, const volatile sig_atomic_t *stop)
{
	bool told = false;
	int status;

	/* it ends its own children and puts settings back: it is told, never killed; its group: it
	 * may be a script that has started it */
	while (!child_ended(child, 200)) {
		if (*stop && !told)
			kill(-child->pid, SIGTERM);
		told = told || *stop;
	}
	status = child_reap(child);
	return told ? -EINTR : status;
}

/* The first line on its standard error: with -q, why it failed. */
static void first_words(int fd, char *text, size_t size)
{
	char all[2048];
	ssize_t got = TEMP_FAILURE_RETRY(pread(fd, all, sizeof(all) - 1, 0));
	char *line;

	all[got > 0 ? got : 0] = '\0';
	line = all + strspn(all, "\n");
	line[strcspn(line, "\n")] = '\0';
	text_plain(line);
	snprintf(text, size, "%s", strncmp(line, "pinbench: ", 10) == 0 ? line + 10 : line);
}

static int pass_read(const struct pass_order *order, int out, int said, int status,
		     struct results *pass, struct error *err)
{
	char words[300] = "";
	struct stat stat;
	char *text;
	int ret;

	if (fstat(out, &stat))
		return error_errno(err, errno, "a file in memory");
	if (stat.st_size == 0) {
		first_words(said, words, sizeof(words));
		return error_set(err, EIO, "%s: %s gave no result (%s %d)%s%s", order->label,
				 order->program->path,
				 WIFSIGNALED(status) ? "signal" : "exit status",
				 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
				 words[0] ? ": " : "", words);
	}
	text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, out, 0);
	if (text == MAP_FAILED)
		return error_errno(err, errno, "read what %s measured", order->program->path);
	ret = results_parse(pass, text, (size_t)stat.st_size, order->program->path, err);
	munmap(text, (size_t)stat.st_size);
	return ret;
}

int pass_run(const struct pass_order *order, struct results *pass, struct error *err)
{
	char only[PASS_KEY_MAX + 16];
	autofree char **words = pass_words(order, only, sizeof(only));
	autoclose int out = memfd_create("result", MFD_CLOEXEC),
		      said = memfd_create("stderr", MFD_CLOEXEC);
	struct child child;
	int status;

	if (out < 0 || said < 0)
		return error_errno(err, errno, "a file in memory");
	if (program_start(order->program, words, out, said, &child, err))
		return -err->code;
	status = pass_wait(&child, order->stop);
	if (status == -EINTR)
		return error_set(err, EINTR, "interrupted");
	if (pass_read(order, out, said, status, pass, err))
		return -err->code;
	/* somebody else ended it, or the signal for all reached it first: the case that is missing
	 * is to be measured */
	if (!pass->complete)
		return error_set(err, *order->stop ? EINTR : EIO,
				 "%s: a pass was ended before it was done", order->label);
	return 0;
}

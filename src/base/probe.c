// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/memory.h"

#define EXIT_MS 1600 /* what does not end by then hangs in the kernel */

struct answer {
	int rc;
	struct error why;
};

/* Whether there is an answer, or no one who could give it; signals to this process do not shorten
 * the deadline. */
static bool answer_ready(int in, unsigned int deadline_ms)
{
	struct pollfd ready = { .fd = in, .events = POLLIN };
	struct timespec begin, now;
	long left = deadline_ms;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (poll(&ready, 1, (int)left) < 0 && errno == EINTR) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (long)deadline_ms - (now.tv_sec - begin.tv_sec) * 1000 -
		       (now.tv_nsec - begin.tv_nsec) / 1000000;
		left = left > 0 ? left : 0;
	}
	return ready.revents != 0;
}

int probe_run(int (*trial)(const void *context, struct error *why), const void *context,
	      struct error *why)
{
	return probe_run_within(PROBE_DEADLINE_MS, trial, context, why);
}

int probe_run_within(unsigned int deadline_ms, int (*trial)(const void *context, struct error *why),
		     const void *context, struct error *why)
{
	struct answer answer = { 0 };
	struct child child;
	int ends[2], ret, status = 0;
	ssize_t got = 0;
	bool ready;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(why, errno, "cannot make a pipe");
	autoclose int in = ends[0];
	fflush(NULL);
	ret = child_fork(&child, SIGKILL, why);
	if (ret == 1) {
		answer.rc = trial(context, &answer.why);
		_exit(write(ends[1], &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
	}
	close(ends[1]);
	if (ret)
		return ret;
	/* Its end of the pipe closes when it dies, too. */
	ready = answer_ready(in, deadline_ms);
	if (ready)
		got = read(in, &answer, sizeof(answer));
	/* A whole answer may still be followed by a slow exit: its pins and mappings are given back
	 * then. */
	if (!ready || !child_ended(&child, EXIT_MS))
		child_kill(&child, EXIT_MS, &status);
	else
		status = child_reap(&child);
	if (got == sizeof(answer)) {
		*why = answer.why;
		return answer.rc;
	}
	if (!ready) {
		error_set(why, ETIMEDOUT, "no answer within %u ms: it hangs in the kernel",
			  deadline_ms);
		return error_fix(why, "dmesg");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == MEMORY_EXIT)
		return error_set(why, ENOMEM, "the process that tried it ran out of memory");
	error_set(why, EFAULT, "the process that tried it was ended by %s",
		  WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "itself");
	return error_fix(why, "dmesg");
}

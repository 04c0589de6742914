// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "memory.h"

struct answer {
	int rc;
	struct error why;
};

static void child_main(int (*trial)(const void *context, struct error *why), const void *context, int out)
	__attribute__((noreturn));

static void child_main(int (*trial)(const void *context, struct error *why), const void *context, int out)
{
	struct answer answer = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	answer.rc = trial(context, &answer.why);
	_exit(write(out, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

/* Reaps @child, or leaves it to init when SIGKILL does not end it: it then hangs in the kernel. */
static int child_end(pid_t child)
{
	struct timespec pause = { .tv_nsec = 50000 };
	int status = 0;

	/* 50 us, which is all that most need, up to 100 ms: about 1.6 s in all */
	for (int naps = 0; naps < 25; naps++) {
		pid_t got = waitpid(child, &status, WNOHANG);

		if (got == child)
			return status;
		if (got < 0 && errno != EINTR)
			return 0;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 100000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

int probe_run(int (*trial)(const void *context, struct error *why), const void *context, struct error *why)
{
	return probe_run_within(PROBE_DEADLINE_MS, trial, context, why);
}

int probe_run_within(unsigned int deadline_ms, int (*trial)(const void *context, struct error *why),
		     const void *context, struct error *why)
{
	struct answer answer = { 0 };
	struct pollfd ready = { .events = POLLIN };
	int ends[2], status;
	ssize_t got = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(why, errno, "cannot make a pipe");
	autoclose int in = ends[0];
	fflush(NULL);
	child = fork();
	if (child == 0)
		child_main(trial, context, ends[1]);
	close(ends[1]);
	if (child < 0)
		return error_errno(why, errno, "cannot start a process to try it in");
	ready.fd = in;
	if (poll(&ready, 1, (int)deadline_ms) > 0)
		got = read(in, &answer, sizeof(answer));
	else
		kill(child, SIGKILL);
	/* A whole answer may still be followed by a slow exit: its pins and mappings are given back then. */
	status = child_end(child);
	if (got == sizeof(answer)) {
		*why = answer.why;
		return answer.rc;
	}
	if (ready.revents == 0) {
		error_set(why, ETIMEDOUT, "no answer within %u ms: it hangs in the kernel", deadline_ms);
		return error_fix(why, "dmesg");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == MEMORY_EXIT)
		return error_set(why, ENOMEM, "the process that tried it ran out of memory");
	error_set(why, EFAULT, "the process that tried it was ended by %s", WIFSIGNALED(status) ?
		  strsignal(WTERMSIG(status)) : "itself");
	return error_fix(why, "dmesg");
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's side of a round: a child with a deadline. What the child does is in round_child.c. */
#include "round.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "round_child.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

#define GRACE_MS 5000 /* a killed process that has not gone by then is stuck in the kernel */

static size_t result_bytes(size_t max_samples)
{
	return sizeof(struct round_result) + max_samples * sizeof(struct sample);
}

struct round_result *round_result_map(size_t max_samples)
{
	struct round_result *result = mmap(NULL, result_bytes(max_samples), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (result == MAP_FAILED)
		return NULL;
	result->max_samples = max_samples;
	return result;
}

void round_result_unmap(struct round_result *result)
{
	if (result)
		munmap(result, result_bytes(result->max_samples));
}

/*
 * Its own process group: an interrupt at the terminal reaches the supervisor alone, which ends the group and restores. First
 * in line for the OOM killer; no core file of a region full of pins.
 */
static void child_settle(pid_t parent)
{
	struct rlimit none = { 0, 0 };
	int fd;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	/* what whoever started us may have chosen for his own programs would change what is measured */
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0); /* KSM; 6.4 */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1000", 4) < 0) /* a wish, not a need */
			errno = 0;
		close(fd);
	}
}

static uint64_t left_ms(uint64_t deadline_ns)
{
	uint64_t now = clock_now();

	return now < deadline_ns ? (deadline_ns - now) / 1000000 + 1 : 0;
}

/* The child and what it forked are gone, or cannot be killed. */
static int child_kill(pid_t pid, int pidfd)
{
	struct pollfd wait_for = { .fd = pidfd, .events = POLLIN };
	int ready;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	do {
		ready = poll(&wait_for, 1, GRACE_MS);
	} while (ready < 0 && errno == EINTR); /* another signal is no reason to call it hung */
	if (ready <= 0)
		return -ETIMEDOUT;
	waitpid(pid, NULL, 0);
	return 0;
}

static int child_wait(pid_t pid, int pidfd, const struct round_job *job,
		      const struct round_result *result, const volatile sig_atomic_t *stop,
		      struct error *err)
{
	struct pollfd wait_for = { .fd = pidfd, .events = POLLIN };
	int status, ready, reason = 0;

	for (;;) {
		uint64_t left = left_ms(job->deadline_ns);

		if (*stop)
			reason = EINTR;
		/* with nothing left, too: it may have ended while this process was stopped (Ctrl-Z) */
		ready = poll(&wait_for, 1, reason ? 0 : left < 1000 ? (int)left : 1000);
		if (ready > 0 && !reason)
			break;
		if (left == 0 && !reason)
			reason = ETIMEDOUT;
		if (reason)
			break;
	}
	if (reason) {
		bool hung = child_kill(pid, pidfd) != 0;

		if (reason == EINTR && !hung)
			return error_set(err, EINTR, "interrupted while %s", result->stage);
		error_set(err, hung ? ENOTRECOVERABLE : reason, "%s while %s%s",
			  reason == EINTR ? "interrupted" : "no end within the deadline", result->stage,
			  hung ? "; the process is hung in the kernel" : "");
		return hung ? -err->code
			    : error_fix(err, "fewer samples or a larger timeout_s: it covers all samples of a case");
	}
	waitpid(pid, &status, 0);
	if (result->finished)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, ECHILD, "killed by signal %d (%s) while %s", WTERMSIG(status),
				 strsignal(WTERMSIG(status)), result->stage);
	if (WEXITSTATUS(status) == MEMORY_EXIT)
		return error_set(err, ENOMEM, "out of memory while %s", result->stage);
	return error_set(err, ECHILD, "ended without a result while %s", result->stage);
}

int round_run(const struct round_job *job, struct round_result *result,
	      const volatile sig_atomic_t *stop, struct error *err)
{
	size_t max_samples = result->max_samples;
	pid_t parent = getpid(), pid;
	int pidfd, ret;

	memset(result, 0, sizeof(*result));
	result->max_samples = max_samples;
	snprintf(result->stage, sizeof(result->stage), "starting");
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "fork a worker");
	if (pid == 0) {
		/* A worker that hangs must not keep a dead run's journal from the next invocation. */
		journal_detach(job->journal);
		child_settle(parent);
		round_child(job, result);
		result->finished = true;
		_exit(0);
	}
	setpgid(pid, pid);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		ret = error_errno(err, errno, "pidfd_open (Linux 5.3 or later)");
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return ret;
	}
	ret = child_wait(pid, pidfd, job, result, stop, err);
	close(pidfd);
	return ret;
}

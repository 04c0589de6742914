// SPDX-License-Identifier: GPL-2.0-or-later
/* The supervisor's side of a round: a child with a deadline. What the child does is in
 * worker.c. */
#include "run/round.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"

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

/* First in line for the OOM killer; no core file of a region full of pins. */
static void child_settle(void)
{
	struct rlimit none = { 0, 0 };
	int fd;

	setrlimit(RLIMIT_CORE, &none);
	/* what whoever started us may have chosen for his own programs would change what is
	 * measured */
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0); /* KSM; 6.4 */
	fd = TEMP_FAILURE_RETRY(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
	if (fd >= 0) {
		if (TEMP_FAILURE_RETRY(write(fd, "1000", 4)) < 0) /* a wish, not a need */
			errno = 0;
		close(fd);
	}
}

static uint64_t left_ms(uint64_t deadline_ns)
{
	uint64_t now = clock_now();

	return now < deadline_ns ? (deadline_ns - now) / 1000000 + 1 : 0;
}

static int round_wait(struct child *child, const struct round_job *job,
		      const struct round_result *result, const volatile sig_atomic_t *stop,
		      struct error *err)
{
	int status, reason = 0;

	for (;;) {
		uint64_t left = left_ms(job->deadline_ns);

		if (*stop)
			reason = EINTR;
		/* with nothing left, too: it may have ended while this process was stopped (Ctrl-Z)
		 */
		if (child_ended(child, reason ? 0 : left < 1000 ? (int)left : 1000) && !reason)
			break;
		if (left == 0 && !reason)
			reason = ETIMEDOUT;
		if (reason)
			break;
	}
	if (reason) {
		bool hung = child_kill(child, GRACE_MS, NULL) != 0; /* with what it forked */

		if (reason == EINTR && !hung)
			return error_set(err, EINTR, "interrupted while %s", result->stage);
		error_set(err, hung ? ENOTRECOVERABLE : reason, "%s while %s%s",
			  reason == EINTR ? "interrupted" : "no end within the deadline",
			  result->stage, hung ? "; the process is hung in the kernel" : "");
		return hung ? -err->code
			    : error_fix(err, "fewer samples or a larger timeout_s: it covers all "
					     "samples of a case");
	}
	status = child_reap(child);
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
	struct child child;
	int ret;

	memset(result, 0, sizeof(*result));
	result->max_samples = max_samples;
	snprintf(result->stage, sizeof(result->stage), "starting");
	ret = child_fork(&child, SIGKILL, err);
	if (ret == 1) {
		/* A worker that hangs must not keep a dead run's journal from the next invocation.
		 */
		journal_detach(job->journal);
		child_settle();
		round_child(job, result);
		result->finished = true;
		_exit(0);
	}
	return ret ? ret : round_wait(&child, job, result, stop, err);
}

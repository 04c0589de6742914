// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

#define GRACE_MS 5000 /* a killed process that has not gone by then is stuck in the kernel */

void child_tie(pid_t parent, int death_signal)
{
	if (prctl(PR_SET_PDEATHSIG, death_signal) || getppid() != parent)
		_exit(125);
}

/* What a program installs for itself is not for its children; what the sanitizers install is. */
static void signals_reset(void)
{
	sigset_t none;

	for (int nr = 1; nr < NSIG; nr++) {
#ifdef __SANITIZE_ADDRESS__
		if (nr == SIGSEGV || nr == SIGBUS || nr == SIGFPE || nr == SIGILL || nr == SIGABRT)
			continue;
#endif
		signal(nr, SIG_DFL); /* fails for SIGKILL and SIGSTOP */
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_fork(struct child *child, int death_signal, struct error *err)
{
	pid_t parent = getpid(), pid;
	sigset_t all, old;
	int code;

	*child = (struct child){ 0, -1 };
	/* no handler of the parent's may run in the child */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		child_tie(parent, death_signal);
		signals_reset();
		return 1;
	}
	code = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return error_errno(err, code, "cannot start a process");
	setpgid(pid, pid); /* who of the two comes first is open */
	child->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (child->fd < 0) {
		code = errno;
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return error_errno(err, code,
				   "cannot watch a process: pidfd_open (Linux 5.3 or later)");
	}
	child->pid = pid;
	return 0;
}

bool child_ended(const struct child *child, int ms)
{
	struct pollfd end = { .fd = child->fd, .events = POLLIN };

	return poll(&end, 1, ms) > 0;
}

int child_reap(struct child *child)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(child->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		status = -1;
	close(child->fd);
	*child = (struct child){ 0, -1 };
	return status;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* With nothing left it still looks once: the child may have ended while this process was stopped
 * (Ctrl-Z). */
static bool ended_within(const struct child *child, int64_t ms)
{
	int64_t end = now_ms() + ms, left;

	do {
		left = end - now_ms();
		if (child_ended(child, left > 0 ? (int)left : 0))
			return true;
	} while (left > 0);
	return false;
}

int child_kill(struct child *child, int grace_ms, int *status)
{
	int own;

	if (child->pid <= 0)
		return 0;
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);
	if (!ended_within(child, grace_ms)) {
		close(child->fd);
		*child = (struct child){ 0, -1 };
		return -ETIMEDOUT;
	}
	own = child_reap(child);
	if (status)
		*status = own;
	return 0;
}

int child_wait(struct child *child, unsigned int ms, int *status)
{
	int own;

	if (!ended_within(child, ms))
		return child_kill(child, GRACE_MS, status) ? -ENOTRECOVERABLE : -ETIMEDOUT;
	own = child_reap(child);
	if (status)
		*status = own;
	return 0;
}

/* What the child could not do, told through a pipe that an exec closes. */
struct failure {
	int code;
	char step[60];
};

static void failure_send(int out, int code, const char *step) __attribute__((noreturn));

static void failure_send(int out, int code, const char *step)
{
	struct failure failure = { .code = code };

	strncpy(failure.step, step, sizeof(failure.step) - 1);
	while (write(out, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	_exit(126);
}

/* NULL, or the call that failed with errno. The credentials are looked at afterwards: a filter may
 * answer 0 and do nothing. */
static const char *rights_drop(const struct child_user *user)
{
	uid_t uids[3];
	gid_t gids[3], groups[2];
	int nr = user->group ? 1 : 0;

	if (setgroups(nr, &user->group))
		return "setgroups()";
	if (setresgid(user->gid, user->gid, user->gid))
		return "setresgid()";
	if (setresuid(user->uid, user->uid, user->uid))
		return "setresuid()";
	errno = EPERM;
	if (getresuid(&uids[0], &uids[1], &uids[2]) || uids[0] != user->uid ||
	    uids[1] != user->uid || uids[2] != user->uid)
		return "giving up root (setresuid() did not)";
	if (getresgid(&gids[0], &gids[1], &gids[2]) || gids[0] != user->gid ||
	    gids[1] != user->gid || gids[2] != user->gid)
		return "giving up root (setresgid() did not)";
	if (getgroups(2, groups) != nr || (nr && groups[0] != user->group))
		return "giving up root (setgroups() did not)";
	if (setuid(0) == 0 || setgid(0) == 0) {
		errno = EPERM;
		return "giving up root for good";
	}
	return NULL;
}

static bool limit(int what, unsigned long most)
{
	const struct rlimit both = { most, most };

	return setrlimit(what, &both) == 0;
}

/* In the child: nothing of the parent's but what the program is meant to have. Only
 * async-signal-safe calls. */
static void become(const struct child_program *program, pid_t parent, int tell)
	__attribute__((noreturn));

static void become(const struct child_program *program, pid_t parent, int tell)
{
	const int wanted[3] = { program->in, program->out, program->err };
	const char *step;
	int null;

	if (program->directory > 0 && fchdir(program->directory))
		failure_send(tell, errno, "its directory");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		failure_send(tell, errno, "/dev/null");
	for (int i = 0; i < 3; i++)
		if (dup2(wanted[i] > 0 ? wanted[i] : null, i) < 0)
			failure_send(tell, errno, "its standard descriptors");
	/* 5.11; before it, what the caller had left open without the flag is all that stays */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < program->nr_keep; i++)
		if (fcntl(program->keep[i], F_SETFD, 0))
			failure_send(tell, errno, "its descriptors");
	if (program->user) {
		if (!limit(RLIMIT_CORE, 0) ||
		    (program->cpu_s && !limit(RLIMIT_CPU, program->cpu_s)) ||
		    (program->file_bytes && !limit(RLIMIT_FSIZE, program->file_bytes)))
			failure_send(tell, errno, "setrlimit()");
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			failure_send(tell, errno, "prctl(PR_SET_NO_NEW_PRIVS)");
		step = getuid() == 0 || geteuid() == 0 ? rights_drop(program->user) : NULL;
		if (step)
			failure_send(tell, errno, step);
		child_tie(parent, program->death_signal); /* another user: it was cleared */
	}
	if (program->fd > 0)
		fexecve(program->fd, program->argv, program->environment);
	else
		execve(program->path, program->argv, program->environment);
	failure_send(tell, errno, "");
}

static int failure_take(const struct child_program *program, const struct failure *failure,
			struct error *err)
{
	if (!failure->step[0])
		return error_errno(err, failure->code, "cannot start %s", program->path);
	error_errno(err, failure->code, "%s was not started: %s failed", program->path,
		    failure->step);
	return program->user && (getuid() == 0 || geteuid() == 0)
		       ? error_fix(err, "without root: it is not run with root's rights")
		       : -err->code;
}

int child_exec(struct child *child, const struct child_program *program, struct error *err)
{
	struct failure failure = { 0 };
	pid_t parent = getpid();
	int ends[2], ret;
	ssize_t got;

	*child = (struct child){ 0, -1 };
	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, errno, "cannot make a pipe");
	ret = child_fork(child, program->death_signal, err);
	if (ret == 1)
		become(program, parent, ends[1]);
	close(ends[1]);
	if (ret == 0) {
		do
			got = read(ends[0], &failure, sizeof(failure));
		while (got < 0 && errno == EINTR);
		if (got != 0) {
			ret = got == sizeof(failure)
				      ? failure_take(program, &failure, err)
				      : error_set(err, EIO, "cannot tell whether %s was started",
						  program->path);
			child_kill(child, GRACE_MS, NULL);
		}
	}
	close(ends[0]);
	return ret;
}

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

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/journal.h"

#define BUSY_TRIES 12 /* each waits for another pinbench, which restores or raises a pool */

/* A wish, not a need: a killed supervisor is more often than not one that ran out of memory. */
static void outlive_oom(void)
{
	int fd = TEMP_FAILURE_RETRY(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));

	if (fd < 0)
		return;
	if (TEMP_FAILURE_RETRY(write(fd, "-1000", 5)) < 0)
		errno = 0;
	close(fd);
}

static void cpus_avoid(const cpu_set_t *measured)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, measured))
			CPU_CLR(cpu, &set);
	if (CPU_COUNT(&set) > 0)
		sched_setaffinity(0, sizeof(set), &set);
}

/* Nothing of the supervisor's stays open but its process, as descriptor 3. */
static int descriptors_own(int process)
{
	int null = TEMP_FAILURE_RETRY(open("/dev/null", O_RDWR | O_CLOEXEC));

	if (null < 0) /* a root directory without devices */
		null = TEMP_FAILURE_RETRY(open("/", O_PATH | O_CLOEXEC));
	if (null < 0)
		return -errno;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	/* both numbers are above 2: main() sees to it that the standard descriptors are open */
	if (process != 3 && dup2(process, 3) < 0)
		return -errno;
	closefrom(4);
	return 0;
}

static void __attribute__((noreturn)) guardian_live(int process, const cpu_set_t *measured)
{
	struct pollfd supervisor = { .fd = 3, .events = POLLIN };
	struct error err;

	setsid();
	/* not to be taken for the supervisor by killall */
	prctl(PR_SET_NAME, "pinbench-guard");
	if (chdir("/"))
		_exit(1);
	outlive_oom();
	/* on a busy machine, too, what it is there for takes milliseconds; without the right it
	 * takes its turn */
	setpriority(PRIO_PROCESS, 0, -20);
	cpus_avoid(measured);
	if (descriptors_own(process))
		_exit(1);
	while (poll(&supervisor, 1, -1) < 0)
		if (errno != EINTR)
			_exit(1);
	for (int tries = 0; tries < BUSY_TRIES && journal_recover(NULL, &err) == -EBUSY; tries++)
		;
	_exit(0);
}

/* The other end of @ready is closed by closefrom(), when all is set, or by its death. */
static int guardian_wait(struct guardian *guardian, int ready, struct error *err)
{
	char nothing;

	TEMP_FAILURE_RETRY(read(ready, &nothing, 1));
	if (TEMP_FAILURE_RETRY(waitpid(guardian->pid, NULL, WNOHANG)) == 0)
		return 0;
	guardian->pid = 0;
	return error_set(err, ECHILD,
			 "the process that puts settings back after a kill could not be set up");
}

int guardian_start(struct guardian *guardian, const cpu_set_t *measured, struct error *err)
{
	int process = (int)syscall(SYS_pidfd_open, getpid(), 0), ready[2], rc;
	sigset_t all, before;

	guardian->pid = 0;
	if (process < 0)
		return error_errno(err, errno, "pidfd_open (Linux 5.3 or later)");
	if (pipe2(ready, O_CLOEXEC)) {
		rc = error_errno(err, errno,
				 "start the process that puts settings back after a kill");
		close(process);
		return rc;
	}
	/* It never takes one: a signal for all that comes before it has its own session must not
	 * end it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	guardian->pid = fork();
	if (guardian->pid == 0)
		guardian_live(process, measured);
	rc = guardian->pid < 0 ? errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(process);
	close(ready[1]);
	if (rc) {
		guardian->pid = 0;
		rc = error_errno(err, rc, "start the process that puts settings back after a kill");
	} else {
		rc = guardian_wait(guardian, ready[0], err);
	}
	close(ready[0]);
	return rc;
}

void guardian_end(struct guardian *guardian)
{
	if (guardian->pid <= 0)
		return;
	kill(guardian->pid, SIGKILL);
	TEMP_FAILURE_RETRY(waitpid(guardian->pid, NULL, 0));
	guardian->pid = 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Children that cannot be left behind: their group, signals, deadlines, and what is not started. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void ignore(int signal_nr)
{
	(void)signal_nr;
}

static void test_group_and_signals(void **state)
{
	struct sigaction action = { .sa_handler = ignore }, now;
	struct child child;
	sigset_t mask;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	if (child_fork(&child, SIGKILL, NULL) == 1) {
		bool good = getpgrp() == getpid() && !sigaction(SIGUSR1, NULL, &now) &&
			    now.sa_handler == SIG_DFL && !sigprocmask(SIG_BLOCK, NULL, &mask) &&
			    !sigismember(&mask, SIGUSR2);

		_exit(good ? 7 : 1);
	}
	assert_true(child.pid > 0);
	assert_int_equal(WEXITSTATUS(child_reap(&child)), 7);
	assert_int_equal(child.pid, 0);
	/* and the parent's are as they were */
	assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, ignore);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	signal(SIGUSR1, SIG_DFL);
}

/* Whoever holds the other end of the pipe is gone within that time. */
static bool gone(int in, int ms)
{
	char byte;

	for (; ms > 0; ms -= 10) {
		if (read(in, &byte, 1) == 0)
			return true;
		usleep(10000);
	}
	return false;
}

static void test_dies_with_parent(void **state)
{
	struct child child;
	int ends[2];
	pid_t parent;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	parent = fork();
	if (parent == 0) {
		if (child_fork(&child, SIGKILL, NULL) == 1)
			for (;;)
				pause();
		raise(SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(gone(ends[0], 5000));
	close(ends[0]);
}

/* The parent died between fork() and prctl(): the signal would never come. */
static void test_orphan_leaves(void **state)
{
	struct child child;

	(void)state;
	if (child_fork(&child, SIGKILL, NULL) == 1) {
		child_tie(getpid(), SIGKILL); /* anybody but the parent */
		_exit(0);
	}
	assert_int_equal(WEXITSTATUS(child_reap(&child)), 125);
}

static void test_deadline(void **state)
{
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = ignore };
	struct child child;
	double begin;
	int status;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often,
		  NULL); /* signals neither shorten a deadline nor fail a wait */
	if (child_fork(&child, SIGKILL, NULL) == 1)
		for (;;)
			pause();
	begin = seconds();
	assert_int_equal(child_wait(&child, 200, &status), -ETIMEDOUT);
	assert_true(seconds() - begin >= 0.2);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(child.pid, 0);
	if (child_fork(&child, SIGKILL, NULL) == 1) {
		usleep(50000);
		_exit(3);
	}
	assert_int_equal(child_wait(&child, 20000, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 3);
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

/* What it started goes with it. */
static void test_kill_group(void **state)
{
	struct child child;
	int ends[2], status = 0;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	if (child_fork(&child, SIGKILL, NULL) == 1) {
		if (fork() >= 0)
			for (;;)
				pause();
		_exit(1);
	}
	close(ends[1]);
	usleep(50000);
	assert_int_equal(child_kill(&child, 5000, &status), 0);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_true(gone(ends[0], 5000));
	close(ends[0]);
	assert_int_equal(child_kill(&child, 0, &status), 0); /* none */
}

static void test_exec(void **state)
{
	char *const argv[] = {
		"sh", "-c",
		"echo \"$PATH,$A,$HOME\"; read -r line <&9 2>/dev/null || echo closed; pwd", NULL
	};
	char *const environment[] = { "A=b", "PATH=/usr/bin:/bin", NULL };
	int out = memfd_create("out", MFD_CLOEXEC), leak = open("/dev/zero", O_RDONLY),
	    root = open("/", O_PATH);
	struct child_program program = {
		.path = "/bin/sh",
		.argv = argv,
		.environment = environment,
		.out = out,
		.directory = root,
		.death_signal = SIGKILL,
	};
	struct error err = { 0 };
	struct child child;
	char text[200] = "";
	int status;

	(void)state;
	assert_int_equal(dup2(leak, 9), 9); /* not marked to be closed */
	assert_int_equal(child_exec(&child, &program, &err), 0);
	assert_int_equal(child_wait(&child, 20000, &status), 0);
	assert_int_equal(status, 0);
	assert_true(pread(out, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "/usr/bin:/bin,b,\nclosed\n/\n");
	close(9);
	close(leak);
	close(root);
	close(out);
}

static void test_exec_fails(void **state)
{
	char *const argv[] = { "none", NULL };
	char *const environment[] = { NULL };
	struct child_program program = { .path = "/nonexistent/none",
					 .argv = argv,
					 .environment = environment,
					 .death_signal = SIGKILL };
	struct error err = { 0 };
	struct child child;

	(void)state;
	assert_int_equal(child_exec(&child, &program, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/none"));
	assert_int_equal(child.pid, 0);
	program.path = "/etc/passwd";
	assert_int_equal(child_exec(&child, &program, &err), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to wait for */
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_and_signals), cmocka_unit_test(test_dies_with_parent),
		cmocka_unit_test(test_orphan_leaves),     cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_kill_group),        cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings come back: after exit, after SIGKILL at any moment, and never over what someone else has
 * set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/journal.h"
#include "host/journal_file.h"
#include "host/sysfile.h"
#include "tree.h"

#define THP     TREE_THP "/enabled"
#define KNOB    "/proc/sys/vm/knob"
#define POOL    TREE_2M "/nr_hugepages"
#define FREE    TREE_2M "/free_hugepages"
#define SURPLUS TREE_2M "/surplus_hugepages"

static int setup(void **state)
{
	(void)state;
	tree_make();
	tree_put("/proc/sys/kernel/random/boot_id", "boot-one");
	tree_put(THP, "[always] madvise never");
	tree_put(KNOB, "60");
	tree_put(POOL, "4");
	tree_put(FREE, "4");
	tree_put(SURPLUS, "0");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static unsigned int journals_count(void)
{
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir = opendir(tree_path(JOURNAL_DIR));

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static void assert_as_before(void)
{
	assert_string_equal(tree_get(THP), "[always] madvise never");
	assert_string_equal(tree_get(KNOB), "60");
	assert_string_equal(tree_get(POOL), "4");
	assert_string_equal(tree_get(FREE), "4");
}

static int journal_add(struct journal *journal, const char *path, uint64_t nr, uint64_t *granted,
		       struct error *err)
{
	return journal_claim(journal, path, nr, nr, granted, err);
}

/* What a run changes; returns the number of the first step that failed. */
static int all_change(struct journal *journal)
{
	uint64_t granted;

	if (journal_set(journal, THP, "madvise", NULL))
		return 1;
	if (journal_set(journal, KNOB, "100", NULL))
		return 2;
	if (journal_add(journal, POOL, 8, &granted, NULL) || granted != 8)
		return 3;
	return 0;
}

static void test_restore(void **state)
{
	struct journal_report report = { 0 };
	struct journal *journal;
	struct stat st;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(stat(tree_path(JOURNAL_DIR), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(all_change(journal), 0);
	assert_string_equal(tree_get(THP), "always [madvise] never");
	assert_string_equal(tree_get(POOL), "12");
	assert_int_equal(journals_count(), 1);
	assert_int_equal(journal_restore(journal, &report, NULL), 0);
	assert_int_equal(report.nr_restored, 3);
	assert_int_equal(report.nr, 3);
	/* in reverse order */
	assert_non_null(strstr(report.lines[0], POOL));
	assert_non_null(strstr(report.lines[2], THP));
	journal_report_free(&report);
	assert_as_before();
	/* once is enough */
	assert_int_equal(journal_restore(journal, &report, NULL), 0);
	assert_int_equal(report.nr, 0);
	journal_close(journal);
	assert_int_equal(journals_count(), 0);
}

static void test_close_restores(void **state)
{
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(all_change(journal), 0);
	journal_close(journal);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
	journal_close(NULL);
	journal_detach(NULL);
}

static void test_mark(void **state)
{
	struct journal *journal;
	size_t mark;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, KNOB, "100", NULL), 0);
	mark = journal_mark(journal);
	assert_int_equal(journal_set(journal, THP, "never", NULL), 0);
	assert_int_equal(journal_restore_to(journal, mark, NULL, NULL), 0);
	assert_string_equal(tree_get(THP), "[always] madvise never");
	assert_string_equal(tree_get(KNOB), "100");
	journal_close(journal);
	assert_as_before();
}

static void test_same_value_is_not_written(void **state)
{
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, THP, "always", NULL), 0);
	assert_int_equal(tree_kernel.nr_writes, 0);
	/* ... and so is not taken back from whoever sets it later */
	tree_put(THP, "always madvise [never]");
	journal_close(journal);
	assert_string_equal(tree_get(THP), "always madvise [never]");
}

static void test_refused_and_ignored(void **state)
{
	struct error err = { 0 };
	struct journal *journal;
	uint64_t granted = 1;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, THP, "sometimes", &err), -EINVAL);
	tree_kernel.refuse = KNOB;
	assert_int_equal(journal_set(journal, KNOB, "1", &err), -EACCES);
	tree_kernel.refuse = POOL;
	assert_int_equal(journal_add(journal, POOL, 1, &granted, &err), -EACCES);
	assert_int_equal(granted, 0);
	tree_kernel.ignore = KNOB;
	tree_kernel.refuse = NULL;
	assert_int_equal(journal_set(journal, KNOB, "1", &err), -EIO);
	assert_non_null(strstr(err.text, KNOB));
	assert_int_equal(journal_set(journal, "/sys/none", "1", &err), -ENOENT);
	tree_put("/etc/passwd", "x");
	assert_int_equal(journal_set(journal, "/etc/passwd", "1", &err), -EINVAL);
	tree_put("/sys/two-lines", "a\nb");
	assert_int_equal(journal_set(journal, "/sys/two-lines", "1", &err), -EINVAL);
	assert_int_equal(journal_set(journal, KNOB, "1\n2", &err), -EINVAL);
	assert_int_equal(journal_set(journal, KNOB, "", &err), -EINVAL);
	assert_string_equal(tree_get("/sys/two-lines"), "a\nb");
	journal_close(journal);
	assert_as_before();
}

static void test_someone_else(void **state)
{
	struct journal_report report = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(all_change(journal), 0);
	tree_put(THP, "always madvise [never]");
	/* another run added 3 pages and uses them */
	tree_put(POOL, "15");
	assert_int_equal(journal_restore(journal, &report, NULL), 0);
	assert_int_equal(report.nr_foreign, 1);
	assert_int_equal(report.nr_restored, 2);
	assert_non_null(strstr(report.lines[2], "someone else"));
	assert_non_null(strstr(report.lines[2], "\"always\""));
	journal_report_free(&report);
	assert_string_equal(tree_get(THP), "always madvise [never]");
	assert_string_equal(tree_get(POOL), "7");
	assert_string_equal(tree_get(KNOB), "60");
	journal_close(journal);
	assert_int_equal(journals_count(), 0);
}

static void test_pages_in_use(void **state)
{
	struct journal_report report = { 0 };
	struct journal *journal;
	uint64_t granted;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 2, &granted, NULL), 0);
	tree_put(FREE, "1"); /* five of six are mapped by somebody */
	assert_int_equal(journal_restore(journal, &report, NULL), 0);
	assert_int_equal(report.nr_restored, 1);
	assert_non_null(strstr(report.lines[0], "pages still in use: 1"));
	journal_report_free(&report);
	assert_string_equal(tree_get(SURPLUS), "1");
	assert_string_equal(tree_get(POOL), "5"); /* 4, and the surplus one */
	journal_close(journal);
}

static void test_counter_that_was_lowered(void **state)
{
	struct journal *journal;
	uint64_t granted;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 8, &granted, NULL), 0);
	/* the administrator took all away: there is nothing of ours to take */
	tree_put(POOL, "3");
	tree_put(FREE, "3");
	journal_close(journal);
	assert_string_equal(tree_get(POOL), "3");
	/* some of ours are left: only these */
	tree_put(POOL, "4");
	tree_put(FREE, "4");
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 8, &granted, NULL), 0);
	tree_put(POOL, "6");
	tree_put(FREE, "6");
	journal_close(journal);
	assert_string_equal(tree_get(POOL), "4");
}

static void test_fewer_granted(void **state)
{
	struct journal *journal;
	uint64_t granted;

	(void)state;
	tree_kernel.pages_left = 3;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 24, &granted, NULL), 0);
	assert_int_equal(granted, 3);
	assert_string_equal(tree_get(POOL), "7");
	journal_close(journal);
	assert_as_before();
}

/* Three of 24 came, then someone else raised the pool: three are ours. */
static void test_fewer_granted_among_others(void **state)
{
	struct journal *journal;
	uint64_t granted;

	(void)state;
	tree_kernel.pages_left = 3;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 24, &granted, NULL), 0);
	tree_put(POOL, "17");
	tree_put(FREE, "17");
	journal_close(journal);
	assert_string_equal(tree_get(POOL), "14");
}

/* io_uring gives pages back from a work queue: they become free a little later. */
static void test_pages_that_come_late(void **state)
{
	struct journal *journal;
	uint64_t granted;
	pid_t child;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 2, &granted, NULL), 0);
	tree_put(FREE, "0");
	child = fork();
	if (child == 0) {
		usleep(200 * 1000);
		tree_put(FREE, "6");
		_exit(0);
	}
	assert_int_equal(journal_restore(journal, NULL, NULL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_string_equal(tree_get(SURPLUS), "0");
	assert_string_equal(tree_get(POOL), "4");
	journal_close(journal);
}

static void test_failure_keeps_the_journal(void **state)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(all_change(journal), 0);
	tree_kernel.refuse = KNOB;
	assert_int_equal(journal_restore(journal, &report, &err), -EACCES);
	assert_int_equal(report.nr_failed, 1);
	assert_int_equal(report.nr_restored, 2);
	journal_report_free(&report);
	journal_close(journal);
	assert_int_equal(journals_count(), 1);
	assert_string_equal(tree_get(KNOB), "100");
	/* the next invocation, when it can be written again, restores that one alone */
	tree_kernel.refuse = NULL;
	tree_kernel.nr_writes = 0;
	assert_int_equal(journal_recover(&report, &err), 0);
	assert_int_equal(report.nr_restored, 1);
	assert_int_equal(tree_kernel.nr_writes, 1);
	journal_report_free(&report);
	assert_int_equal(journals_count(), 0);
	assert_as_before();
}

/* SIGKILL before or after the @kill_at-th write of a setting. */
static unsigned int kill_at;
static unsigned int kill_seen;

static void kill_before(const char *path)
{
	(void)path;
	if (++kill_seen == kill_at)
		kill(getpid(), SIGKILL);
}

static void run_killed(unsigned int at)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct journal *journal;

		kill_at = at;
		kill_seen = 0;
		tree_kernel.before = kill_before;
		if (journal_open(&journal, NULL) || all_change(journal))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_killed_at_each_write(void **state)
{
	/* before the 1st, 2nd, 3rd write, and after the last */
	static const unsigned int changed[] = { 0, 1, 2, 3 };

	(void)state;
	for (unsigned int at = 1; at <= 4; at++) {
		struct journal_report report = { 0 };
		struct error err = { 0 };

		run_killed(at);
		assert_int_equal(journals_count(), 1);
		assert_int_equal(journal_recover(&report, &err), 0);
		assert_int_equal(report.nr_restored, changed[at - 1]);
		assert_int_equal(report.nr_failed + report.nr_foreign, 0);
		journal_report_free(&report);
		assert_as_before();
		assert_int_equal(journals_count(), 0);
	}
}

/* The parent kills at random moments, also in the middle of a journal line. */
static void test_killed_at_random(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			for (;;) {
				struct journal *journal;

				if (journal_open(&journal, NULL) || all_change(journal))
					_exit(1);
				journal_close(journal);
			}
		usleep(rand_r(&seed) % 3000);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		if (sysfile_exists(JOURNAL_DIR))
			assert_int_equal(journal_recover(NULL, NULL), 0);
		assert_string_equal(tree_get(THP), "[always] madvise never");
		assert_string_equal(tree_get(KNOB), "60");
		assert_string_equal(tree_get(POOL), "4");
	}
	assert_int_equal(journals_count(), 0);
}

/* What /proc says of this process: it is not about to end. */
static void self_alive(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getpid());
	tree_put(path, "1 (a) S 1 1 1 0 -1 0 0");
	snprintf(path, sizeof(path), "/proc/%d/status", (int)getpid());
	tree_put(path, "Name:\tx\nShdPnd:\t0000000000000000");
}

static void test_alive_is_left_alone(void **state)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };
	struct journal *journal;
	int status;
	pid_t child;

	(void)state;
	self_alive();
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(all_change(journal), 0);
	child = fork();
	if (child == 0) {
		int rc = journal_recover(&report, &err);

		_exit(rc == 0 && report.nr == 0 && report.nr_live == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_string_equal(tree_get(KNOB), "100");
	assert_int_equal(journals_count(), 1);
	journal_close(journal);
	assert_as_before();
}

/* A worker that hangs must not keep the journal of its dead supervisor locked. */
static void test_detached_worker_outlives(void **state)
{
	struct journal_report report = { 0 };
	int status, ends[2];
	pid_t supervisor, worker;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	supervisor = fork();
	if (supervisor == 0) {
		struct journal *journal;

		if (journal_open(&journal, NULL) || all_change(journal))
			_exit(1);
		worker = fork();
		if (worker == 0) {
			journal_detach(journal);
			worker = getpid();
			if (write(ends[1], &worker, sizeof(worker)) < 0)
				_exit(1);
			pause();
		}
		pause();
	}
	assert_int_equal(read(ends[0], &worker, sizeof(worker)), sizeof(worker));
	kill(supervisor, SIGKILL);
	assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 3);
	journal_report_free(&report);
	assert_as_before();
	kill(worker, SIGKILL);
	close(ends[0]);
	close(ends[1]);
}

static void test_recovery_that_fails_is_tried_again(void **state)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };

	(void)state;
	run_killed(4);
	tree_kernel.refuse = THP;
	assert_int_equal(journal_recover(&report, &err), -EACCES);
	assert_int_equal(report.nr_failed, 1);
	assert_int_equal(report.nr_restored, 2);
	journal_report_free(&report);
	assert_int_equal(journals_count(), 1);
	tree_kernel.refuse = NULL;
	assert_int_equal(journal_recover(&report, &err), 0);
	assert_int_equal(report.nr_restored, 1);
	journal_report_free(&report);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
}

static void test_earlier_boot(void **state)
{
	struct journal_report report = { 0 };

	(void)state;
	run_killed(4);
	tree_put("/proc/sys/kernel/random/boot_id", "boot-two");
	tree_kernel.nr_writes = 0;
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr, 0);
	assert_int_equal(tree_kernel.nr_writes, 0);
	assert_int_equal(journals_count(), 0);
	assert_string_equal(tree_get(KNOB), "100");
}

static void test_nothing_to_recover(void **state)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(journal_recover(&report, &err), 0);
	assert_int_equal(report.nr, 0);
	/* looking does not make the directory */
	assert_false(sysfile_exists(JOURNAL_DIR));
}

/* A file in the journal directory that a run did not leave like this. */
static void planted(const char *text, mode_t mode)
{
	tree_put(JOURNAL_DIR "/1-1", text);
	assert_int_equal(chmod(tree_path(JOURNAL_DIR), 0700), 0);
	assert_int_equal(chmod(tree_path(JOURNAL_DIR "/1-1"), mode), 0);
}

static void assert_not_replayed(int code)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };

	tree_kernel.nr_writes = 0;
	assert_int_equal(journal_recover(&report, &err), code);
	assert_int_equal(tree_kernel.nr_writes, 0);
	assert_int_equal(report.nr_restored, 0);
	if (code) {
		assert_int_equal(report.nr_failed, 1);
		assert_true(err.text[0] != '\0');
		/* the evidence stays */
		assert_int_equal(journals_count(), 1);
	}
	journal_report_free(&report);
	unlink(tree_path(JOURNAL_DIR "/1-1"));
	assert_as_before();
}

#define HEAD   "pinbench-journal-1\tboot-one\n"
#define HEAD_2 "pinbench-journal-2\tboot-one\n"

static void test_bad_journals(void **state)
{
	static const char *const bad[] = {
		"#!/bin/sh",
		"pinbench-journal-3\tboot-one",
		HEAD "set\t/etc/passwd\troot\t60",
		HEAD "set\t/sys/../etc/passwd\troot\t60",
		HEAD "set\t" KNOB "\t0",
		HEAD "set\t" KNOB "\t0\t60\tmore",
		HEAD "set\t" KNOB "\t\t60",
		HEAD "put\t" KNOB "\t0\t60",
		HEAD "add\t" POOL "\t4\t3",
		HEAD "add\t" POOL "\t-1\t3",
		HEAD "add\t" POOL "\t1\t99999999999999999999",
		HEAD "done\t0",
		HEAD "set\t" KNOB "\t0\t60\ngot\t0\t1",
		HEAD "add\t" POOL "\t1\t4\ngot\t0\t4",
		HEAD "set\t" KNOB "\t0\t60\ndone\t1",
		HEAD "set\t" KNOB "\t0\t60\n\n",
		HEAD "set\t" KNOB "\t\033[31m\t60",
		HEAD "set\t" KNOB "\t0\t60\nwas\t0\t7",
		HEAD_2 "set\t" KNOB "\t0\t60",
		HEAD_2 "set\t0\t/etc/passwd\troot\t60",
		HEAD_2 "set\t0\t/sys/../etc/passwd\troot\t60",
		HEAD_2 "set\t0\t" KNOB "\t0\t60\tmore",
		HEAD_2 "set\tx\t" KNOB "\t0\t60",
		HEAD_2 "set\t1\t" KNOB "\t0\t60\nset\t1\t" KNOB "\t0\t60",
		HEAD_2 "set\t4294967295\t" KNOB "\t0\t60",
		HEAD_2 "set\t0\t" KNOB "\t0\t60\nwas\t0\t",
		HEAD_2 "set\t0\t" KNOB "\t0\t60\nwas\t1\t7",
		HEAD_2 "set\t0\t" KNOB "\t0\t60\nwas\t0\t7\t8",
		HEAD_2 "set\t0\t" KNOB "\t0\t60\ndone\t0\t1",
		HEAD_2 "add\t0\t" POOL "\t4\t4",
		HEAD_2 "add\t0\t" POOL "\tfour\t4\t12",
		HEAD_2 "add\t0\t" POOL "\t4\t12\t4",
		HEAD_2 "add\t0\t" POOL "\t4\t4\t12\ngot\t0\t9",
		HEAD_2 "add\t0\t" POOL "\t4\t4\t12\nwas\t0\tmany",
	};
	char other[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		planted(bad[i], 0600);
		assert_not_replayed(-EINVAL);
	}
	/* not a run's mode; more than one name; a symlink; a fifo; too long */
	planted(HEAD "set\t" KNOB "\t0\t60", 0644);
	assert_not_replayed(-EPERM);
	planted(HEAD "set\t" KNOB "\t0\t60", 0600);
	snprintf(other, sizeof(other), "%s", tree_path("/other-name"));
	assert_int_equal(link(tree_path(JOURNAL_DIR "/1-1"), other), 0);
	assert_not_replayed(-EPERM);
	tree_put("/evil", HEAD "set\t" KNOB "\t0\t60");
	chmod(tree_path("/evil"), 0600);
	assert_int_equal(symlink("../../evil", tree_path(JOURNAL_DIR "/1-1")), 0);
	assert_not_replayed(-ELOOP);
	assert_int_equal(mkfifo(tree_path(JOURNAL_DIR "/1-1"), 0600), 0);
	alarm(10);
	assert_not_replayed(-EPERM);
	alarm(0);
	planted(HEAD, 0600);
	assert_int_equal(truncate(tree_path(JOURNAL_DIR "/1-1"), JOURNAL_BYTES_MAX + 1), 0);
	assert_not_replayed(-EPERM);
	planted(HEAD, 0600);
	assert_int_equal(truncate(tree_path(JOURNAL_DIR "/1-1"), 4096), 0); /* NUL bytes */
	assert_not_replayed(-EINVAL);
	/* nothing announced yet: empty, or a line that was not finished */
	planted("", 0600);
	assert_int_equal(truncate(tree_path(JOURNAL_DIR "/1-1"), 0), 0);
	assert_not_replayed(0);
	planted(HEAD "set\t" KNOB "\t0\t6", 0600);
	assert_int_equal(truncate(tree_path(JOURNAL_DIR "/1-1"),
				  strlen(HEAD "set\t" KNOB "\t0\t6")),
			 0);
	assert_not_replayed(0);
}

/* The first value may change while a run has the setting: what was said last comes back, a number
 * or a word. */
static void test_first_value_told_again(void **state)
{
	struct journal_report report = { 0 };

	(void)state;
	planted(HEAD_2 "set\t0\t" THP "\tnever\talways\nwas\t0\tmadvise", 0600);
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 1);
	journal_report_free(&report);
	assert_string_equal(tree_get(THP), "always [madvise] never");
	tree_put(KNOB, "100");
	planted(HEAD_2 "set\t0\t" KNOB "\t60\t100\nwas\t0\t70", 0600);
	assert_int_equal(journal_recover(&report, NULL), 0);
	journal_report_free(&report);
	assert_string_equal(tree_get(KNOB), "70");
}

/*
 * Killed after announcing 8 pages and before reading back how many came; then the pool was raised
 * further. Nobody can tell whose pages they are: they stay.
 */
static void test_unclear_counter(void **state)
{
	struct journal_report report = { 0 };

	(void)state;
	planted(HEAD "add\t" POOL "\t4\t12", 0600);
	tree_put(POOL, "20");
	tree_put(FREE, "20");
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_foreign, 1);
	journal_report_free(&report);
	assert_string_equal(tree_get(POOL), "20");
	/* up to what was asked they are the run's */
	planted(HEAD "add\t" POOL "\t4\t12", 0600);
	tree_put(POOL, "12");
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 1);
	journal_report_free(&report);
	assert_string_equal(tree_get(POOL), "4");
}

static void test_planted_directory(void **state)
{
	struct journal *journal = NULL;
	struct error err = { 0 };

	(void)state;
	tree_put("/elsewhere/file", "x");
	tree_put("/run/file", "x");
	assert_int_equal(symlink("../elsewhere", tree_path(JOURNAL_DIR)), 0);
	assert_int_equal(journal_open(&journal, &err), -EPERM);
	assert_int_equal(journal_recover(NULL, &err), -EPERM);
	assert_null(journal);
	unlink(tree_path(JOURNAL_DIR));
	assert_int_equal(mkdir(tree_path(JOURNAL_DIR), 0777), 0);
	assert_int_equal(chmod(tree_path(JOURNAL_DIR), 0777), 0);
	assert_int_equal(journal_open(&journal, &err), -EPERM);
	assert_true(err.fix[0] != '\0');
	assert_null(journal);
}

/* A value that the kernel makes another one of is not left behind. */
static void test_altered_value(void **state)
{
	struct error err = { 0 };
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	tree_kernel.alter = KNOB;
	tree_kernel.alter_to = "99";
	assert_int_equal(journal_set(journal, KNOB, "100", &err), -EIO);
	assert_non_null(strstr(err.text, "\"99\""));
	assert_string_equal(tree_get(KNOB), "60");
	journal_close(journal);
	assert_as_before();
}

/* Somebody else raises the pool between our write and our reading it back: his pages are not ours.
 */
static void test_raised_in_between(void **state)
{
	struct journal *journal;
	uint64_t granted;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	tree_kernel.extra = 3;
	assert_int_equal(journal_add(journal, POOL, 8, &granted, NULL), 0);
	assert_int_equal(granted, 8);
	journal_close(journal);
	assert_string_equal(tree_get(POOL), "7");
}

static void test_two_runs(void **state)
{
	struct journal_report report = { 0 };
	struct journal *first, *second;
	struct error err = { 0 };
	uint64_t granted;
	char pid[24];

	(void)state;
	assert_int_equal(journal_open(&first, NULL), 0);
	assert_int_equal(journal_open(&second, NULL), 0);
	assert_false(journal_shared(second, POOL));
	assert_true(journal_shared(second, NULL));
	assert_int_equal(all_change(first), 0);
	assert_true(journal_shared(second, POOL));
	assert_false(journal_shared(first, POOL));
	/* another value is refused while the first run needs its own, and says whom to wait for */
	snprintf(pid, sizeof(pid), "pinbench %d ", (int)getpid());
	assert_int_equal(journal_set(second, KNOB, "50", &err), -EBUSY);
	assert_non_null(strstr(err.text, pid));
	assert_true(err.fix[0] != '\0');
	assert_int_equal(journal_set(first, KNOB, "50", &err), -EBUSY);
	tree_kernel.nr_writes = 0;
	assert_int_equal(journal_set(second, KNOB, "100", &err), 0);
	assert_int_equal(journal_set(second, THP, "madvise", &err), 0);
	assert_int_equal(tree_kernel.nr_writes, 0);
	assert_int_equal(journal_add(second, POOL, 5, &granted, &err), 0);
	assert_string_equal(tree_get(POOL), "17");
	/* the first one goes first, and takes what is its own alone */
	assert_int_equal(journal_restore(first, &report, &err), 0);
	assert_int_equal(report.nr_kept, 2);
	assert_int_equal(report.nr_restored, 1);
	assert_int_equal(report.nr_foreign + report.nr_failed, 0);
	assert_non_null(strstr(report.lines[1], pid));
	journal_report_free(&report);
	journal_close(first);
	assert_string_equal(tree_get(KNOB), "100");
	assert_string_equal(tree_get(THP), "always [madvise] never");
	assert_string_equal(tree_get(POOL), "9");
	assert_int_equal(journals_count(), 1);
	journal_close(second);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
}

/* Someone else lowers the pool of two runs: the first to end takes no page that the other one was
 * granted. */
static void test_lowered_beside_another(void **state)
{
	struct journal *first, *second;
	uint64_t granted;

	(void)state;
	assert_int_equal(journal_open(&first, NULL), 0);
	assert_int_equal(journal_open(&second, NULL), 0);
	assert_int_equal(journal_add(first, POOL, 8, &granted, NULL), 0);
	assert_int_equal(journal_add(second, POOL, 8, &granted, NULL), 0);
	tree_put(POOL, "14");
	tree_put(FREE, "14");
	journal_close(first);
	assert_string_equal(tree_get(POOL), "12");
	journal_close(second);
	assert_string_equal(tree_get(POOL), "4");
}

/* Someone else changes what a run has set, and then another run comes: his value is the one that
 * comes back, whoever ends last. */
static void test_first_value_of_someone_else(void **state)
{
	struct journal *runs[2];

	(void)state;
	for (int last = 0; last < 2; last++) {
		tree_put(KNOB, "60");
		assert_int_equal(journal_open(&runs[0], NULL), 0);
		assert_int_equal(journal_open(&runs[1], NULL), 0);
		assert_int_equal(journal_set(runs[0], KNOB, "100", NULL), 0);
		tree_put(KNOB, "70");
		assert_int_equal(journal_set(runs[1], KNOB, "100", NULL), 0);
		assert_string_equal(tree_get(KNOB), "100");
		journal_close(runs[!last]);
		assert_string_equal(tree_get(KNOB), "100");
		journal_close(runs[last]);
		assert_string_equal(tree_get(KNOB), "70");
	}
	/* a run that finds its own value changed sets it again */
	assert_int_equal(journal_open(&runs[0], NULL), 0);
	assert_int_equal(journal_set(runs[0], KNOB, "100", NULL), 0);
	tree_put(KNOB, "80");
	assert_int_equal(journal_set(runs[0], KNOB, "100", NULL), 0);
	assert_string_equal(tree_get(KNOB), "100");
	journal_detach(runs[0]);
	assert_int_equal(journal_recover(NULL, NULL), 0);
	assert_string_equal(tree_get(KNOB), "80");
}

/* What a dead run needed otherwise is put back before another value is set; what it found changed
 * is told by the one who came on it. */
static void test_dead_run_needs_nothing(void **state)
{
	struct journal_report report = { 0 };
	struct journal *journal;

	(void)state;
	run_killed(5);
	tree_put(THP, "always madvise [never]");
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, KNOB, "50", NULL), 0);
	assert_int_equal(journal_set(journal, THP, "always", NULL), 0);
	assert_int_equal(journal_restore(journal, &report, NULL), 0);
	assert_int_equal(report.nr_foreign, 1);
	assert_non_null(strstr(report.lines[0], "someone else"));
	journal_report_free(&report);
	journal_close(journal);
	assert_string_equal(tree_get(KNOB), "60");
	assert_string_equal(tree_get(THP), "always madvise [never]");
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 1);
	journal_report_free(&report);
	assert_string_equal(tree_get(POOL), "4");
	assert_int_equal(journals_count(), 0);
}

/* No room for a record (here: a limit of the file size), then room again: nothing torn stays in the
 * file. */
static void test_torn_record(void **state)
{
	struct rlimit before, small;
	struct error err = { 0 };
	struct journal *journal;
	struct stat st, again;
	uint64_t granted;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, KNOB, "100", NULL), 0);
	assert_int_equal(fstat(journal->fd, &st), 0);
	small = before;
	small.rlim_cur = (rlim_t)st.st_size + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(journal_set(journal, THP, "madvise", &err), -EIO);
	assert_non_null(strstr(err.text, "journal"));
	assert_non_null(strstr(err.text, strerror(EFBIG)));
	assert_int_equal(journal_add(journal, POOL, 8, &granted, &err), -EIO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(fstat(journal->fd, &again), 0);
	assert_int_equal(again.st_size, st.st_size);
	assert_string_equal(tree_get(THP), "[always] madvise never");
	assert_string_equal(tree_get(POOL), "4");
	assert_int_equal(journal_set(journal, THP, "madvise", NULL), 0);
	assert_int_equal(journal_add(journal, POOL, 8, &granted, NULL), 0);
	journal_detach(journal);
	assert_int_equal(journal_recover(NULL, &err), 0);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
}

static size_t open_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t nr = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

/* Whatever a run has tried before: 650 reservations that failed made a journal that was refused as
 * a whole. */
static void test_many_failed_reservations(void **state)
{
	struct journal_report report = { 0 };
	struct journal *journal;
	size_t nr_open;
	uint64_t granted;
	struct stat st;

	(void)state;
	assert_int_equal(journal_open(&journal, NULL), 0);
	assert_int_equal(journal_set(journal, KNOB, "100", NULL), 0);
	tree_kernel.pages_left = 0;
	nr_open = open_count();
	for (int i = 0; i < 700; i++) {
		size_t mark = journal_mark(journal);

		assert_int_equal(journal_add(journal, POOL, 24, &granted, NULL), 0);
		assert_int_equal(granted, 0);
		assert_int_equal(journal_restore_to(journal, mark, NULL, NULL), 0);
		assert_int_equal(fstat(journal->fd, &st), 0);
		assert_in_range(st.st_size, 1, 20 * 1024);
		/* the file that is locked is the one that others see */
		assert_true(i % 100 || journals_count() == 1);
	}
	assert_int_equal(open_count(), nr_open);
	tree_kernel.pages_left = 100;
	assert_int_equal(journal_add(journal, POOL, 8, &granted, NULL), 0);
	self_alive();
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_live, 1);
	journal_detach(journal);
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 2);
	journal_report_free(&report);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
}

/* What an older version left, longer than it would have read itself. */
static void test_long_old_journal(void **state)
{
	struct journal_report report = { 0 };
	size_t room = 256 * 1024, used;
	char *text = malloc(room);

	(void)state;
	assert_non_null(text);
	used = (size_t)snprintf(text, room, HEAD "set\t" KNOB "\t60\t100\n");
	for (int i = 1; i <= 1000; i++)
		used += (size_t)snprintf(text + used, room - used,
					 "add\t" POOL "\t4\t12\ngot\t%d\t0\ndone\t%d\n", i, i);
	assert_true(used > 64 * 1024);
	snprintf(text + used, room - used, "add\t" POOL "\t4\t12\ngot\t1001\t3");
	tree_put(KNOB, "100");
	tree_put(POOL, "7");
	tree_put(FREE, "7");
	planted(text, 0600);
	free(text);
	assert_int_equal(journal_recover(&report, NULL), 0);
	assert_int_equal(report.nr_restored, 2);
	journal_report_free(&report);
	assert_as_before();
	assert_int_equal(journals_count(), 0);
}

/* kill -9 returns before its target has let go of its locks: a run that is about to be gone is
 * waited for, and no other. */
static void test_holder_that_ends(void **state)
{
	static const struct {
		const char *stat, *pending;
		bool ends;
	} rows[] = {
		{ "1 (a) b) S 1 1 1 0 -1 4194304 0", "0000000000000000", false },
		{ "1 (a) b) Z 1 1 1 0 -1 4194304 0", "0000000000000000", true },
		{ "1 (a) b) X 1 1 1 0 -1 4194304 0", "0000000000000000", true },
		{ "1 (a) b) R 1 1 1 0 -1 4194308 0", "0000000000000000", true }, /* PF_EXITING */
		{ "1 (a) b) S 1 1 1 0 -1 4194304 0", "0000000000000100", true }, /* SIGKILL is 9 */
		{ "1 (a) b) S 1 1 1 0 -1 4194304 0", "0000000000000080", false },
		{ NULL, NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct journal_report report = { 0 };
		char path[64], status[64];
		int ends[2];
		pid_t child;
		char ready;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0) {
			struct journal *journal;

			if (journal_open(&journal, NULL) || all_change(journal) ||
			    write(ends[1], "x", 1) != 1)
				_exit(1);
			usleep(300 * 1000);
			_exit(0);
		}
		assert_int_equal(read(ends[0], &ready, 1), 1);
		if (rows[i].stat) {
			snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
			tree_put(path, rows[i].stat);
			snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
			snprintf(status, sizeof(status), "Name:\tx\nShdPnd:\t%s", rows[i].pending);
			tree_put(path, status);
		}
		assert_int_equal(journal_recover(&report, NULL), 0);
		assert_int_equal(report.nr_live, !rows[i].ends);
		assert_int_equal(report.nr_restored, rows[i].ends ? 3 : 0);
		journal_report_free(&report);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_int_equal(journal_recover(NULL, NULL), 0);
		assert_as_before();
		close(ends[0]);
		close(ends[1]);
	}
}

/* A directory that others could write or read is not trusted, nor is somebody else's. */
static void test_modes_of_the_directory(void **state)
{
	static const mode_t bad[] = { 0770, 0750, 0710, 0720, 0740, 0707, 0701, 0704 };
	struct journal *journal = NULL;
	struct error err = { 0 };

	(void)state;
	tree_put("/run/file", "x");
	assert_int_equal(mkdir(tree_path(JOURNAL_DIR), 0700), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(tree_path(JOURNAL_DIR), bad[i]), 0);
		assert_int_equal(journal_open(&journal, &err), -EPERM);
		assert_int_equal(journal_recover(NULL, &err), -EPERM);
	}
	assert_int_equal(chmod(tree_path(JOURNAL_DIR), 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(tree_path(JOURNAL_DIR), 65534, 0), 0);
		assert_int_equal(journal_open(&journal, &err), -EPERM);
		assert_int_equal(chown(tree_path(JOURNAL_DIR), 0, 0), 0);
	}
	/* half of a journal that was being written anew when its run was killed */
	tree_put(JOURNAL_DIR "/.1-1", "x");
	assert_int_equal(journal_open(&journal, &err), 0);
	assert_int_equal(journal_set(journal, KNOB, "100", NULL), 0);
	assert_false(sysfile_exists(JOURNAL_DIR "/.1-1"));
	journal_close(journal);
	assert_as_before();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_restores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_value_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_and_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_someone_else, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages_that_come_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counter_that_was_lowered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fewer_granted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fewer_granted_among_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure_keeps_the_journal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_each_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alive_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_detached_worker_outlives, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recovery_that_fails_is_tried_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_earlier_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_recover, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_journals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_value_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unclear_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_altered_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raised_in_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lowered_beside_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_value_of_someone_else, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_run_needs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_failed_reservations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_old_journal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holder_that_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modes_of_the_directory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

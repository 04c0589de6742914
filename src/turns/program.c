// SPDX-License-Identifier: GPL-2.0-or-later
#include "turns/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define ANSWER_MS 10000 /* for "pinbench VERSION" */

/* The first bytes: 2 a script, 1 ELF, 0 neither. */
static int kind_of(int fd)
{
	char magic[4] = "";

	if (pread(fd, magic, sizeof(magic), 0) < 2)
		return 0;
	return memcmp(magic, "#!", 2) == 0 ? 2 : memcmp(magic, "\177ELF", 4) == 0;
}

int program_is(const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? error_errno(err, errno, "%s", path) : kind_of(fd) > 0;
}

/* Root's, the caller's, or that of the user behind sudo. */
static bool owner_trusted(uid_t owner)
{
	const char *behind = geteuid() == 0 ? getenv("SUDO_UID") : NULL;

	return owner == 0 || owner == geteuid() ||
	       (behind && *behind && owner == strtoul(behind, NULL, 10));
}

static int file_check(const struct program *program, struct error *err)
{
	const char *path = program->path;
	const struct stat *stat = &program->opened;

	if (!S_ISREG(stat->st_mode))
		return error_set(err, EPERM, "%s: not a regular file", path);
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return error_errno(err, errno, "%s: may not be executed", path);
	if (!owner_trusted(stat->st_uid)) {
		error_set(err, EPERM, "%s belongs to user %u, and would run with all your rights",
			  path, stat->st_uid);
		return error_fix(err, "a copy of your own");
	}
	if (stat->st_mode & S_IWOTH) {
		error_set(err, EPERM,
			  "%s can be changed by everybody, and would run with all your rights",
			  path);
		return error_fix(err, "chmod o-w %s", path);
	}
	return 0;
}

/* Anything else must not be started with options that may mean something else to it. */
static int version_ask(const struct program *program, struct error *err)
{
	char *const argv[] = { "pinbench", "--version", NULL };
	autoclose int out = memfd_create("version", MFD_CLOEXEC);
	char answer[64] = "";
	struct child child;

	if (out < 0)
		return error_errno(err, errno, "a file in memory");
	if (program_start(program, argv, out, out, &child, err))
		return -err->code;
	child_wait(&child, ANSWER_MS, NULL);
	if (pread(out, answer, sizeof(answer) - 1, 0) > 0 && strncmp(answer, "pinbench ", 9) == 0)
		return 0;
	return error_set(err, ENOEXEC, "%s: not pinbench: its --version does not say so",
			 program->path);
}

int program_open(struct program *program, const char *path, struct error *err)
{
	ssize_t length;
	int ret;

	*program = (struct program){ .fd = -1 };
	length = path ? snprintf(program->path, sizeof(program->path), "%s", path)
		      : readlink("/proc/self/exe", program->path, sizeof(program->path) - 1);
	if (length < 0 || length >= (ssize_t)sizeof(program->path))
		return error_errno(err, length < 0 ? errno : ENAMETOOLONG, "%s",
				   path ? path : "/proc/self/exe");
	program->fd = open(path ? path : "/proc/self/exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (program->fd < 0)
		return error_errno(err, errno, "%s", program->path);
	program->script = kind_of(program->fd) == 2;
	ret = fstat(program->fd, &program->opened) ? error_errno(err, errno, "%s", program->path)
						   : 0;
	if (!ret && path)
		ret = file_check(program, err);
	if (!ret && digest_file(program->fd, program->hash, err))
		ret = -err->code;
	if (!ret && path)
		ret = version_ask(program, err);
	if (ret)
		program_close(program);
	return ret;
}

void program_close(struct program *program)
{
	if (program->fd >= 0)
		close(program->fd);
	program->fd = -1;
}

static bool program_same(const struct program *program)
{
	const struct stat *before = &program->opened;
	struct stat now, named;

	if (fstat(program->fd, &now) || now.st_size != before->st_size ||
	    now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return false;
	return !program->script ||
	       (stat(program->path, &named) == 0 && named.st_ino == before->st_ino &&
		named.st_dev == before->st_dev);
}

int program_start(const struct program *program, char *const argv[], int out, int err_out,
		  struct child *child, struct error *err)
{
	const struct child_program start = {
		.path = program->path,
		.fd = program->script ? 0 : program->fd,
		.argv = argv,
		.environment = environ,
		.out = out,
		.err = err_out,
		.death_signal = SIGTERM, /* it puts settings back */
	};

	if (!program_same(program))
		return error_set(err, ESTALE,
				 "%s: not the program any more that the schedule began with",
				 program->path);
	fflush(NULL);
	return child_exec(child, &start, err);
}

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

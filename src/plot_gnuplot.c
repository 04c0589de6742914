// SPDX-License-Identifier: GPL-2.0-or-later
/* gnuplot as a child that can do little: no shell, no rights, no start-up file, a deadline, a clean environment. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "plot.h"
#include "text.h"

#define DEADLINE_MS (60 * 1000)
#define NOBODY 65534u

const char *plot_gnuplot_path(void)
{
	static const char *const paths[] = { "/usr/bin/gnuplot", "/usr/local/bin/gnuplot", "/bin/gnuplot" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static bool environment_id(const char *name, unsigned int *id)
{
	const char *text = getenv(name);
	unsigned long number;
	char *end;

	if (!text || *text < '1' || *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	*id = number;
	return !errno && !*end && number < UINT_MAX;
}

void plot_unprivileged(unsigned int *uid, unsigned int *gid)
{
	if (environment_id("SUDO_UID", uid) && environment_id("SUDO_GID", gid))
		return;
	*uid = *gid = NOBODY;
}

/* Copies a template into the private directory: gnuplot may not be able to read where it is. */
static int copy_template(struct plot *plot, const char *from, const char *to, struct error *err)
{
	autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	FILE *out = in < 0 ? NULL : plot_file(plot, to, err);
	char bytes[4096];
	ssize_t got;

	if (!out)
		return in < 0 ? error_errno(err, errno, "%s", from) : -EIO;
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, got, out);
	return plot_file_close(out, to, err);
}

/* Where the templates are: beside an installed program, or in the tree it was built in. */
static int find_templates(char *dir, size_t size, struct error *err)
{
	static const char *const places[] = { "../share/pinbench/plots", "../../plots", "plots" };
	char exe[PATH_MAX], probe[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (length < 0)
		return error_errno(err, errno, "/proc/self/exe");
	exe[length] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(dir, size, "%s/%s", exe, places[i]);
		snprintf(probe, sizeof(probe), "%.4000s/theme.gp", dir);
		if (access(probe, R_OK) == 0)
			return 0;
	}
	error_set(err, ENOENT, "the plot templates (plots/*.gp) are not where %s expects them: %s/%s", exe, exe,
		  places[0]);
	return error_fix(err, "make install, or run the program in its source tree");
}

/* Between fork and exec: never returns. */
static void child(const char *gnuplot, char *const *argv, const char *dir_path, const sigset_t *mask)
{
	static const struct rlimit cpu = { 60, 60 }, file = { 256u << 20, 256u << 20 }, core = { 0, 0 };
	char home[64], cache[80];
	char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", home, cache, NULL };
	unsigned int uid, gid;
	int null, err_fd;

	sigprocmask(SIG_SETMASK, mask, NULL);
	snprintf(home, sizeof(home), "HOME=%s", dir_path);
	snprintf(cache, sizeof(cache), "XDG_CACHE_HOME=/nonexistent");
	if (chdir(dir_path))
		_exit(126);
	null = open("/dev/null", O_RDWR);
	err_fd = open("stderr", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	if (null < 0 || err_fd < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err_fd, 2) < 0)
		_exit(126);
	close_range(3, ~0u, 0);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_FSIZE, &file);
	setrlimit(RLIMIT_CORE, &core);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (geteuid() == 0) {
		/* where root may not change who it is (a user namespace with one user), it stays who it is */
		plot_unprivileged(&uid, &gid);
		if (chown(".", uid, gid) == 0 && setgroups(0, NULL) == 0 &&
		    (setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
			_exit(126);
		/* setresuid() clears it */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	execve(gnuplot, argv, environment);
	_exit(127);
}

/* Waits for the end, the deadline or a signal that shall end us. */
static int await(pid_t pid, const sigset_t *signals, struct error *err)
{
	autoclose int process = pidfd_open(pid, 0), signal = signalfd(-1, signals, SFD_CLOEXEC);
	struct pollfd polls[2] = { { .fd = process, .events = POLLIN }, { .fd = signal, .events = POLLIN } };
	struct signalfd_siginfo info;
	int ready, status = 0;

	if (process < 0 || signal < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error_errno(err, errno, "cannot wait for gnuplot");
	}
	do
		ready = poll(polls, 2, DEADLINE_MS);
	while (ready < 0 && errno == EINTR);
	if (!(polls[0].revents & POLLIN))
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ready > 0 && polls[1].revents & POLLIN) {
		/* take it, or it would end us when the mask is put back and before the directory is gone */
		if (read(signal, &info, sizeof(info)) < 0)
			return error_errno(err, errno, "signalfd");
		return error_set(err, EINTR, "interrupted");
	}
	if (ready == 0)
		return error_set(err, ETIMEDOUT, "gnuplot took more than %d s and was ended", DEADLINE_MS / 1000);
	if (WIFSIGNALED(status))
		return error_set(err, EIO, "gnuplot was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 : error_set(err, EIO, "gnuplot failed (exit %d)", WEXITSTATUS(status));
}

/* The first line gnuplot complained with. */
static void add_complaint(struct plot *plot, struct error *err)
{
	autoclose int fd = openat(plot->dir, "stderr", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[256];
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	size_t used = strlen(err->text);

	if (got <= 0)
		return;
	text[got] = '\0';
	text_plain(text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", text);
}

int plot_gnuplot(struct plot *plot, const char *kind, const char *format, const char *dir_path,
		 const sigset_t *signals, const sigset_t *old, struct error *err)
{
	char templates[PATH_MAX + 64], path[PATH_MAX + 128], width[16], height[16], lines[16];
	char least[32], most[32];
	const char *gnuplot = plot_gnuplot_path();
	/* -d: no start-up files. All arguments are ours; no text from a file is among them. */
	char *argv[] = { "gnuplot", "-d", "-c", "plot.gp", (char *)format, width, height, lines, least, most,
			 NULL };
	struct error none = { 0 };
	pid_t pid;
	int rc = find_templates(templates, sizeof(templates), err);

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/theme.gp", templates);
	rc = copy_template(plot, path, "theme.gp", err);
	snprintf(path, sizeof(path), "%s/%s.gp", templates, kind);
	if (!rc)
		rc = copy_template(plot, path, "plot.gp", err);
	if (rc)
		return rc;
	snprintf(width, sizeof(width), "%u", plot->width);
	snprintf(height, sizeof(height), "%u", plot->height);
	snprintf(lines, sizeof(lines), "%u", plot->nr_lines);
	snprintf(least, sizeof(least), "%.9g", plot->least);
	snprintf(most, sizeof(most), "%.9g", plot->most);
	pid = fork();
	if (pid == 0)
		child(gnuplot, argv, dir_path, old);
	if (pid < 0)
		rc = error_errno(err, errno, "cannot start gnuplot");
	else
		rc = await(pid, signals, err ? err : &none);
	if (rc && err && rc != -EINTR)
		add_complaint(plot, err);
	return rc;
}

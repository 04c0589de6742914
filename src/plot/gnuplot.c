// SPDX-License-Identifier: GPL-2.0-or-later
/* gnuplot as a child that can do little: no shell, no rights, no start-up file, a deadline, a clean
 * environment. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"
#include "base/text.h"
#include "plot/plot.h"

#define DEADLINE_MS (60 * 1000)
#define END_MS      5000 /* for a killed gnuplot to go */

const char *plot_gnuplot_path(void)
{
	static const char *const paths[] = { "/usr/bin/gnuplot", "/usr/local/bin/gnuplot",
					     "/bin/gnuplot" };

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
	*uid = *gid = CHILD_NOBODY;
}

/* Appends a template to a script. */
static int template_add(FILE *out, const char *path, struct error *err)
{
	autoclose int in = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t got;

	if (in < 0)
		return error_errno(err, errno, "%s", path);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, got, out);
	return got < 0 ? error_errno(err, errno, "%s", path) : 0;
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
	error_set(err, ENOENT,
		  "the plot templates (plots/*.gp) are not where %s expects them: %s/%s", exe, exe,
		  places[0]);
	return error_fix(err, "make install, or run the program in its source tree");
}

/* Waits for the end, the deadline or a signal that shall end us. */
static int await(struct child *child, const sigset_t *signals, struct error *err)
{
	autoclose int signal = signalfd(-1, signals, SFD_CLOEXEC);
	struct pollfd polls[2] = { { .fd = child->fd, .events = POLLIN },
				   { .fd = signal, .events = POLLIN } };
	struct signalfd_siginfo info;
	int ready, status = 0;

	if (signal < 0) {
		error_errno(err, errno, "cannot wait for gnuplot");
		child_kill(child, END_MS, NULL);
		return -err->code;
	}
	do
		ready = poll(polls, 2, DEADLINE_MS);
	while (ready < 0 && errno == EINTR);
	if (polls[0].revents & POLLIN)
		status = child_reap(child);
	else
		child_kill(child, END_MS, &status);
	if (ready > 0 && polls[1].revents & POLLIN) {
		/* take it, or it would end us when the mask is put back and before the directory is
		 * gone */
		if (read(signal, &info, sizeof(info)) < 0)
			return error_errno(err, errno, "signalfd");
		return error_set(err, EINTR, "interrupted");
	}
	if (ready == 0)
		return error_set(err, ETIMEDOUT, "gnuplot took more than %d s and was ended",
				 DEADLINE_MS / 1000);
	if (WIFSIGNALED(status))
		return error_set(err, EIO, "gnuplot was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0
		       ? 0
		       : error_set(err, EIO, "gnuplot failed (exit %d)", WEXITSTATUS(status));
}

/* The first line gnuplot complained with; fontconfig's wish for a place to write is none. */
static void add_complaint(const struct plot *plot, struct error *err)
{
	size_t used = strlen(err->text);
	char text[1024], *rest = text, *line;
	ssize_t got = pread(plot_file_fd(plot, "stderr"), text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		if (!*line || strncmp(line, "Fontconfig ", 11) == 0)
			continue;
		text_plain(line);
		snprintf(err->text + used, sizeof(err->text) - used, ": %.200s", line);
		return;
	}
}

static int file_add(struct plot *plot, const char *name, const char *template, struct error *err)
{
	FILE *file = plot_file(plot, name, err);
	int rc;

	if (!file)
		return -EIO;
	if (strcmp(name, "plot.gp") == 0) {
		/* where its files are: rows_tsv = '/dev/fd/5' */
		for (size_t i = 0; i < plot->nr_files; i++) {
			size_t stem = strcspn(plot->files[i].name, ".");

			fprintf(file, "%.*s%s%s = '/dev/fd/%d'\n", (int)stem, plot->files[i].name,
				plot->files[i].name[stem] ? "_" : "",
				plot->files[i].name[stem] ? plot->files[i].name + stem + 1 : "",
				plot->files[i].fd);
		}
	}
	rc = template ? template_add(file, template, err) : 0;
	return plot_file_close(file, name, rc ? NULL : err) && !rc ? -EIO : rc;
}

static int files_make(struct plot *plot, const char *kind, struct error *err)
{
	char templates[PATH_MAX + 64], theme[PATH_MAX + 128], template[PATH_MAX + 128];

	if (find_templates(templates, sizeof(templates), err))
		return -err->code;
	snprintf(theme, sizeof(theme), "%s/theme.gp", templates);
	snprintf(template, sizeof(template), "%s/%s.gp", templates, kind);
	if (file_add(plot, "picture", NULL, err) || file_add(plot, "stderr", NULL, err) ||
	    file_add(plot, "theme.gp", theme, err) || file_add(plot, "plot.gp", template, err))
		return -err->code;
	return 0;
}

int plot_gnuplot(struct plot *plot, const char *kind, const char *format, const sigset_t *signals,
		 struct error *err)
{
	static char *const environment[] = { "PATH=/usr/bin:/bin",  "LC_ALL=C.UTF-8",
					     "HOME=/nonexistent",   "XDG_CACHE_HOME=/nonexistent",
					     "TMPDIR=/nonexistent", NULL };
	char script[32], width[16], height[16], lines[16], least[32], most[32];
	/* -d: no start-up files. All arguments are ours; no text from a file is among them. */
	char *argv[] = { "gnuplot", "-d",  "-c", script, (char *)format, width, height,
			 lines,     least, most, NULL };
	int keep[PLOT_MAX_FILES], rc = files_make(plot, kind, err);
	autoclose int root =
		open("/", O_PATH | O_DIRECTORY |
				  O_CLOEXEC); /* not where the user is: nothing is written there */
	struct child_user user = { 0 };
	struct child_program program = {
		.path = plot_gnuplot_path(),
		.argv = argv,
		.environment = environment,
		.err = plot_file_fd(plot, "stderr"),
		.keep = keep,
		.directory = root,
		.user = &user,
		.cpu_s = DEADLINE_MS / 1000,
		.file_bytes = 256u << 20,
		.death_signal = SIGKILL,
	};
	struct child child;

	if (rc)
		return rc;
	for (size_t i = 0; i < plot->nr_files; i++)
		keep[program.nr_keep++] = plot->files[i].fd;
	snprintf(script, sizeof(script), "/dev/fd/%d", plot_file_fd(plot, "plot.gp"));
	snprintf(width, sizeof(width), "%u", plot->width);
	snprintf(height, sizeof(height), "%u", plot->height);
	snprintf(lines, sizeof(lines), "%u", plot->nr_lines);
	snprintf(least, sizeof(least), "%.9g", plot->least);
	snprintf(most, sizeof(most), "%.9g", plot->most);
	plot_unprivileged(&user.uid, &user.gid);
	rc = child_exec(&child, &program, err);
	if (rc)
		return rc;
	rc = await(&child, signals, err);
	if (rc && rc != -EINTR)
		add_complaint(plot, err);
	return rc;
}

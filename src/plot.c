// SPDX-License-Identifier: GPL-2.0-or-later
/* The private directory, its data files, and the way of the picture to where the user wants it. */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "heading.h"
#include "outfile.h"
#include "summary.h"
#include "text.h"

#define MAX_PICTURE (64u << 20)

const struct plot_kind *const plot_kinds[] = { &plot_hit, &plot_bars, &plot_cost, NULL };

const struct plot_kind *plot_kind_find(const char *name)
{
	for (size_t i = 0; plot_kinds[i]; i++)
		if (strcmp(plot_kinds[i]->name, name) == 0)
			return plot_kinds[i];
	return NULL;
}

bool plot_wants(const struct plot *plot, const struct result *result)
{
	return result->status == STATUS_DONE && (!plot->pattern || fnmatch(plot->pattern, result->key, 0) == 0);
}

FILE *plot_file(struct plot *plot, const char *name, struct error *err)
{
	int fd = openat(plot->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	/* for gnuplot under another user, whatever the umask: the directory is private */
	if (!file || fchmod(fd, 0644)) {
		error_errno(err, errno, "cannot write %s for gnuplot", name);
		if (file)
			fclose(file);
		else if (fd >= 0)
			close(fd);
		return NULL;
	}
	return file;
}

int plot_file_close(FILE *file, const char *name, struct error *err)
{
	int lost = ferror(file);

	if (fclose(file) || lost)
		return error_set(err, EIO, "cannot write %s for gnuplot", name);
	return 0;
}

void plot_put_text(FILE *file, const char *text, size_t max)
{
	autofree char *copy = strdup(text);
	size_t width = 0;

	if (!copy)
		abort();
	text_plain(copy);
	for (char *at = copy; *at; at++) {
		/* gnuplot reads a field that begins with a double quote up to the next one */
		if (*at == '"')
			*at = '\'';
		width += (*at & 0xc0) != 0x80;
		if (width > max) {
			*at = '\0';
			fprintf(file, "%s...", copy);
			return;
		}
	}
	fputs(*copy ? copy : " ", file);
}

void plot_label(const struct plot *plot, size_t report, char *text, size_t size)
{
	const struct report *own = plot->reports[report];
	char release[80];
	bool same = false;

	for (size_t i = 0; i < plot->nr_reports; i++)
		same = same || (i != report && strcmp(plot->reports[i]->label, own->label) == 0);
	if (same && fact_value(&own->environment, "kernel.release", release, sizeof(release)))
		snprintf(text, size, "%zu: %s, %s", report + 1, own->label, release);
	else
		snprintf(text, size, "%s%s", own->label, same ? " " : "");
}

/* The machines, each once. */
static void machines_format(const struct plot *plot, char *text, size_t size)
{
	char machine[256];

	text[0] = '\0';
	for (size_t i = 0; i < plot->nr_reports; i++) {
		machine_format(plot->reports[i], machine, sizeof(machine));
		if (*machine && !strstr(text, machine))
			snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " | " : "", machine);
	}
}

int plot_write_head(struct plot *plot, const char *title, const char *subtitle, const char *foot, const char *more,
		    struct error *err)
{
	FILE *file = plot_file(plot, "head.tsv", err);
	char machines[512], common[256];
	const char *lines[] = { title, subtitle, common, machines, foot, report_unit(plot->reports[0]), more };
	/* a character takes some 7 px at the size of most lines; what does not fit is cut rather than painted over the edge */
	size_t max = plot->width / 7 - 4;

	if (!file)
		return -EIO;
	plot->title = title;
	machines_format(plot, machines, sizeof(machines));
	common_format(&plot->common, common, sizeof(common));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fprintf(file, "%zu\t", i);
		plot_put_text(file, lines[i], max);
		fputc('\n', file);
	}
	return plot_file_close(file, "head.tsv", err);
}

/* Only the cases that are drawn decide what is common. */
static void find_common(struct plot *plot, const struct plot_kind *kind)
{
	bool first = true;

	for (size_t i = 0; i < plot->nr_reports; i++) {
		for (size_t j = 0; j < plot->reports[i]->nr_results; j++) {
			const struct result *result = &plot->reports[i]->results[j];

			if (!plot_wants(plot, result) || !kind->draws(plot, plot->reports[i], result))
				continue;
			common_add(&plot->common, &result->params, first);
			first = false;
		}
	}
}

/* What a screen reader says first: gnuplot puts its own name there. The titles are ours and hold no markup. */
static int write_titled(struct outfile *out, const char *bytes, size_t size, const char *title, struct error *err)
{
	static const char theirs[] = "<title>Gnuplot</title>";
	const char *at = memmem(bytes, size < 4096 ? size : 4096, theirs, sizeof(theirs) - 1);
	const char *rest = at ? at + sizeof(theirs) - 1 : bytes;
	int rc = 0;

	if (at) {
		rc = outfile_write(out, bytes, at - bytes, err);
		rc = rc ? rc : outfile_write(out, "<title>", 7, err);
		rc = rc ? rc : outfile_write(out, title, strlen(title), err);
		rc = rc ? rc : outfile_write(out, "</title>", 8, err);
	}
	return rc ? rc : outfile_write(out, rest, bytes + size - rest, err);
}

/* gnuplot may run as someone else and owns the directory then: what lies there is read with care. */
static int picture_move(struct plot *plot, const char *path, struct error *err)
{
	autoclose int fd = openat(plot->dir, "picture", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct outfile out = { .dir = -1, .fd = -1 };
	autofree char *bytes = NULL;
	struct stat st;
	ssize_t got = 0;
	int rc;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > MAX_PICTURE)
		return error_set(err, EIO, "gnuplot left no picture");
	bytes = malloc(st.st_size);
	if (!bytes)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	for (off_t at = 0; at < st.st_size; at += got) {
		got = read(fd, bytes + at, st.st_size - at);
		if (got <= 0)
			return error_set(err, EIO, "gnuplot's picture cannot be read");
	}
	rc = outfile_open(&out, path, err);
	if (!rc)
		rc = write_titled(&out, bytes, st.st_size, plot->title, err);
	if (!rc)
		rc = outfile_commit(&out, err);
	outfile_close(&out);
	return rc;
}

/* One level, by name, following nothing. */
static void remove_dir(int dir, const char *path)
{
	static const char *const names[] = {
		"head.tsv", "cells.tsv", "rows.tsv", "columns.tsv", "panels.tsv", "bars.tsv", "lines.tsv",
		"theme.gp", "plot.gp", "picture", "stderr",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(dir, names[i], 0);
	rmdir(path);
}

static int draw_in(struct plot *plot, const struct plot_kind *kind, const char *path, const sigset_t *signals,
		   const sigset_t *old, struct error *err)
{
	/* a fixed place: TMPDIR is the caller's word, and root must not take it */
	char dir_path[] = "/tmp/pinbench-plot-XXXXXX";
	int rc;

	if (!mkdtemp(dir_path))
		return error_errno(err, errno, "cannot make a private directory in /tmp");
	plot->dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (plot->dir < 0) {
		rc = error_errno(err, errno, "%s", dir_path);
		rmdir(dir_path);
		return rc;
	}
	rc = kind->write(plot, err);
	if (!rc)
		rc = plot_gnuplot(plot, kind->name, strrchr(path, '.') + 1, dir_path, signals, old, err);
	if (!rc)
		rc = picture_move(plot, path, err);
	remove_dir(plot->dir, dir_path);
	close(plot->dir);
	plot->dir = -1;
	return rc;
}

int plot_draw(struct plot *plot, const struct plot_kind *kind, const char *path, struct error *err)
{
	const char *suffix = strrchr(path, '.');
	sigset_t signals, old;
	int rc;

	if (!suffix || (strcmp(suffix, ".svg") && strcmp(suffix, ".png")))
		return error_set(err, EINVAL, "%s: the name must end in .svg or .png", path);
	if (!plot_gnuplot_path()) {
		error_set(err, ENOENT, "gnuplot is not installed");
		return error_fix(err, "apt-get install gnuplot-nox");
	}
	find_common(plot, kind);
	/* from before the directory is made until it is gone */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &old);
	rc = draw_in(plot, kind, path, &signals, &old, err);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Data files in memory, and the way of the picture to where the user wants it. */
#include "plot/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/outfile.h"
#include "base/text.h"
#include "print/heading.h"
#include "stats/summary.h"

#define MAX_PICTURE (64u << 20)
#define TOKEN                                                                                     \
	"pinbench-text-" /* and six digits and a dot: stands for a text, and is none that gnuplot \
			    reads anything into */

#define ENTER(name) &plot_##name,

const struct plot_kind *const plot_kinds[] = { PLOTS(ENTER) NULL };

const struct plot_kind *plot_kind_find(const char *name)
{
	for (size_t i = 0; plot_kinds[i]; i++)
		if (strcmp(plot_kinds[i]->name, name) == 0)
			return plot_kinds[i];
	return NULL;
}

bool plot_wants(const struct plot *plot, const struct result *result)
{
	return result->status == STATUS_DONE &&
	       (!plot->pattern || fnmatch(plot->pattern, result->key, 0) == 0);
}

FILE *plot_file(struct plot *plot, const char *name, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC), copy = -1;
	FILE *file;

	if (fd >= 0 && plot->nr_files < PLOT_MAX_FILES) {
		plot->files[plot->nr_files++] = (struct plot_data){ name, fd };
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	file = copy < 0 ? NULL : fdopen(copy, "w");
	if (file)
		return file;
	error_errno(err, errno, "cannot write %s for gnuplot", name);
	if (copy >= 0)
		close(copy);
	return NULL;
}

int plot_file_fd(const struct plot *plot, const char *name)
{
	for (size_t i = 0; i < plot->nr_files; i++)
		if (strcmp(plot->files[i].name, name) == 0)
			return plot->files[i].fd;
	return -1;
}

int plot_file_close(FILE *file, const char *name, struct error *err)
{
	int lost = ferror(file);

	if (fclose(file) || lost)
		return error_set(err, EIO, "cannot write %s for gnuplot", name);
	return 0;
}

/* As gnuplot reads it back from a data file: it decodes octal numbers there, and a double quote
 * would begin a quoted field. */
static void put_octal(FILE *file, const char *text)
{
	for (; *text; text++)
		if (*text == '\\' || *text == '"')
			fprintf(file, "\\%03o", *text);
		else
			fputc(*text, file);
}

/* Cuts the text at @max characters. */
static char *text_cut(const char *text, size_t max)
{
	char *copy = malloc(strlen(text) + sizeof("..."));
	size_t width = 0;

	if (!copy)
		abort();
	strcpy(copy, text);
	text_plain(copy);
	for (char *at = copy; *at; at++) {
		width += (*at & 0xc0) != 0x80;
		if (width > max) {
			strcpy(at, "...");
			break;
		}
	}
	return copy;
}

void plot_put_text(struct plot *plot, FILE *file, const char *text, size_t max)
{
	char *copy = text_cut(text, max);

	if (!*copy) {
		fputc(' ', file);
		free(copy);
		return;
	}
	if (!plot->svg) {
		put_octal(file, copy);
		free(copy);
		return;
	}
	plot->texts = reallocarray(plot->texts, plot->nr_texts + 1, sizeof(*plot->texts));
	if (!plot->texts)
		abort();
	fprintf(file, TOKEN "%06zu.", plot->nr_texts);
	plot->texts[plot->nr_texts++] = copy;
}

void plot_label(const struct plot *plot, size_t side, char *text, size_t size)
{
	const struct results *own = plot->sides[side];
	char release[80];
	bool same = false;

	for (size_t i = 0; i < plot->nr_sides; i++)
		same = same || (i != side && strcmp(plot->sides[i]->label, own->label) == 0);
	if (same && fact_value(&own->environment, "kernel.release", release, sizeof(release)))
		snprintf(text, size, "%zu: %s, %s", side + 1, own->label, release);
	else
		snprintf(text, size, "%s%s", own->label, same ? " " : "");
}

/* The machines, each once. */
static void machines_format(const struct plot *plot, char *text, size_t size)
{
	char machine[256];

	text[0] = '\0';
	for (size_t i = 0; i < plot->nr_sides; i++) {
		machine_format(plot->sides[i], machine, sizeof(machine));
		if (*machine && !strstr(text, machine))
			snprintf(text + strlen(text), size - strlen(text), "%s%s",
				 *text ? " | " : "", machine);
	}
}

int plot_write_head(struct plot *plot, const char *title, const char *subtitle, const char *foot,
		    const char *more, struct error *err)
{
	FILE *file = plot_file(plot, "head.tsv", err);
	char machines[512], common[256];
	const char *lines[] = { title,    subtitle, common,
				machines, foot,     results_unit(plot->sides[0]),
				more };
	/* a character takes some 7 px at the size of most lines; what does not fit is cut rather
	 * than painted over the edge */
	size_t max = plot->width / 7 - 4;

	if (!file)
		return -EIO;
	plot->title = title;
	machines_format(plot, machines, sizeof(machines));
	common_format(&plot->common, common, sizeof(common));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fprintf(file, "%zu\t", i);
		plot_put_text(plot, file, lines[i], max);
		fputc('\n', file);
	}
	return plot_file_close(file, "head.tsv", err);
}

/* Only the cases that are drawn decide what is common. */
static void find_common(struct plot *plot, const struct plot_kind *kind)
{
	bool first = true;

	for (size_t i = 0; i < plot->nr_sides; i++) {
		for (size_t j = 0; j < plot->sides[i]->nr; j++) {
			const struct result *result = &plot->sides[i]->items[j];

			if (!plot_wants(plot, result) || !kind->draws(plot, plot->sides[i], result))
				continue;
			common_add(&plot->common, &result->params, first);
			first = false;
		}
	}
}

static int put_escaped(struct outfile *out, const char *text, struct error *err)
{
	int rc = 0;

	for (; *text && !rc; text++) {
		const char *as = *text == '&'    ? "&amp;"
				 : *text == '<'  ? "&lt;"
				 : *text == '>'  ? "&gt;"
				 : *text == '"'  ? "&quot;"
				 : *text == '\'' ? "&#39;"
						 : NULL;

		rc = as ? outfile_write(out, as, strlen(as), err)
			: outfile_write(out, text, 1, err);
	}
	return rc;
}

/* gnuplot has drawn tokens where texts belong: what it would make of a text is no question then. */
static int write_svg(const struct plot *plot, struct outfile *out, const char *bytes, size_t size,
		     struct error *err)
{
	static const char theirs[] = "<title>Gnuplot<"; /* what a screen reader says first */
	const char *end = bytes + size,
		   *name = memmem(bytes, size < 4096 ? size : 4096, theirs, sizeof(theirs) - 1);
	const char *at = bytes, *token;
	int rc = 0;

	if (name) {
		name += strlen("<title>");
		rc = outfile_write(out, at, (size_t)(name - at), err);
		rc = rc ? rc : put_escaped(out, plot->title, err);
		at = name + strlen("Gnuplot");
	}
	while (!rc && (token = memmem(at, (size_t)(end - at), TOKEN, strlen(TOKEN)))) {
		size_t number = 0, length = strlen(TOKEN) + 7;

		if ((size_t)(end - token) < length ||
		    sscanf(token + strlen(TOKEN), "%6zu.", &number) != 1 ||
		    number >= plot->nr_texts)
			return error_set(err, EIO, "gnuplot changed a text of the picture");
		rc = outfile_write(out, at, (size_t)(token - at), err);
		rc = rc ? rc : put_escaped(out, plot->texts[number], err);
		at = token + length;
	}
	return rc ? rc : outfile_write(out, at, (size_t)(end - at), err);
}

/* gnuplot may run as someone else: what it left is read with care. */
static int picture_move(struct plot *plot, const char *path, struct error *err)
{
	int fd = plot_file_fd(plot, "picture"), rc;
	struct outfile out = { .dir = -1, .fd = -1 };
	autofree char *bytes = NULL;
	struct stat st;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0 || st.st_size > MAX_PICTURE)
		return error_set(err, EIO, "gnuplot left no picture");
	bytes = malloc(st.st_size);
	if (!bytes)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	for (off_t at = 0; at < st.st_size; at += got) {
		got = pread(fd, bytes + at, st.st_size - at, at);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return error_set(err, EIO, "gnuplot's picture cannot be read");
	}
	rc = outfile_open(&out, path, err);
	if (!rc)
		rc = plot->svg ? write_svg(plot, &out, bytes, st.st_size, err)
			       : outfile_write(&out, bytes, st.st_size, err);
	if (!rc)
		rc = outfile_commit(&out, err);
	outfile_close(&out);
	return rc;
}

static void files_free(struct plot *plot)
{
	for (size_t i = 0; i < plot->nr_files; i++)
		close(plot->files[i].fd);
	for (size_t i = 0; i < plot->nr_texts; i++)
		free(plot->texts[i]);
	free(plot->texts);
	plot->nr_files = plot->nr_texts = 0;
	plot->texts = NULL;
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
	/* a picture appears whole or not at all, and its temporary file goes */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &old);
	plot->svg = strcmp(suffix, ".svg") == 0;
	rc = kind->write(plot, err);
	if (!rc)
		rc = plot_gnuplot(plot, kind->name, suffix + 1, &signals, err);
	if (!rc)
		rc = picture_move(plot, path, err);
	files_free(plot);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

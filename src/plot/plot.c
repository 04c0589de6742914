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

bool plot_wants(const struct plot *plot, const struct result *result)
{
	size_t i = 0;

	while (plot->keys && i < plot->nr_keys && strcmp(plot->keys[i], result->key))
		i++;
	return result->status == STATUS_DONE && (!plot->keys || i < plot->nr_keys) &&
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

int plot_write_texts(struct plot *plot, const char *const lines[7], struct error *err)
{
	FILE *file = plot_file(plot, "head.tsv", err);
	/* a character takes some 7 px at the size of most lines; what does not fit is cut rather
	 * than painted over the edge */
	size_t max = plot->width / 7 - 4;

	if (!file)
		return -EIO;
	plot->title = lines[0];
	for (size_t i = 0; i < 7; i++) {
		fprintf(file, "%zu\t", i);
		plot_put_text(plot, file, lines[i], max);
		fputc('\n', file);
	}
	return plot_file_close(file, "head.tsv", err);
}

int plot_write_head(struct plot *plot, const char *title, const char *subtitle, const char *foot,
		    const char *more, struct error *err)
{
	char machines[512], common[256];
	const char *lines[] = { title,    subtitle, common,
				machines, foot,     results_unit(plot->sides[0]),
				more };

	machines_format(plot, machines, sizeof(machines));
	common_format(&plot->common, common, sizeof(common));
	return plot_write_texts(plot, lines, err);
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

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		const char *as = *text == '&'    ? "&amp;"
				 : *text == '<'  ? "&lt;"
				 : *text == '>'  ? "&gt;"
				 : *text == '"'  ? "&quot;"
				 : *text == '\'' ? "&#39;"
						 : NULL;

		if (as)
			fputs(as, out);
		else
			fputc(*text, out);
	}
}

/* What gnuplot wrote itself. @name: before every id, where it is made and where it is used. */
static void put_markup(FILE *out, const char *at, const char *end, const char *name)
{
	static const char *const before_id[] = { " id='", " id=\"", "href='#", "href=\"#",
						 "url(#" };

	for (; at < end; at++) {
		fputc(*at, out);
		for (size_t i = 0; name && i < sizeof(before_id) / sizeof(before_id[0]); i++) {
			size_t length = strlen(before_id[i]);

			if ((size_t)(end - at) > length && !memcmp(at, before_id[i], length)) {
				fputs(before_id[i] + 1, out);
				fprintf(out, "%s-", name);
				at += length - 1;
				break;
			}
		}
	}
}

/* gnuplot has drawn tokens where texts belong: what it would make of a text is no question then. */
static int put_texts(const struct plot *plot, FILE *out, const char *at, const char *end,
		     const char *name, struct error *err)
{
	const char *token;

	while ((token = memmem(at, (size_t)(end - at), TOKEN, strlen(TOKEN)))) {
		size_t number = 0, length = strlen(TOKEN) + 7;

		if ((size_t)(end - token) < length ||
		    sscanf(token + strlen(TOKEN), "%6zu.", &number) != 1 ||
		    number >= plot->nr_texts)
			return error_set(err, EIO, "gnuplot changed a text of the picture");
		put_markup(out, at, token, name);
		put_escaped(out, plot->texts[number]);
		at = token + length;
	}
	put_markup(out, at, end, name);
	return 0;
}

/* @name: NULL for a file of its own. Frees @bytes, which become the SVG. */
static int svg_finish(const struct plot *plot, char **bytes, size_t *size, const char *name,
		      struct error *err)
{
	static const char theirs[] = "<title>Gnuplot<"; /* what a screen reader says first */
	autofree char *raw = *bytes;
	const char *at = raw, *end = raw + *size, *title;
	FILE *out = open_memstream(bytes, size);
	int rc;

	if (!out)
		abort();
	if (name) {
		at = memmem(raw, *size, "<svg", 4);
		at = at ? at + 4 : end;
		fputs("<svg role=\"img\" aria-label=\"", out);
		put_escaped(out, plot->title);
		fputc('"', out);
	}
	title = memmem(at, (size_t)(end - at) < 4096 ? (size_t)(end - at) : 4096, theirs,
		       sizeof(theirs) - 1);
	if (title) {
		title += strlen("<title>");
		put_markup(out, at, title, name);
		put_escaped(out, plot->title);
		at = title + strlen("Gnuplot");
	}
	rc = put_texts(plot, out, at, end, name, err);
	if (fclose(out))
		abort();
	return rc;
}

/* gnuplot may run as someone else: what it left is read with care. */
static int picture_read(const struct plot *plot, char **bytes, size_t *size, struct error *err)
{
	int fd = plot_file_fd(plot, "picture");
	struct stat st;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0 || st.st_size > MAX_PICTURE)
		return error_set(err, EIO, "gnuplot left no picture");
	*size = (size_t)st.st_size;
	*bytes = malloc(*size);
	if (!*bytes)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t at = 0; at < *size; at += (size_t)got) {
		got = pread(fd, *bytes + at, *size - at, (off_t)at);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return error_set(err, EIO, "gnuplot's picture cannot be read");
	}
	return 0;
}

static int picture_save(const char *path, const char *bytes, size_t size, struct error *err)
{
	struct outfile out = { .dir = -1, .fd = -1 };
	int rc = outfile_open(&out, path, err);

	if (!rc)
		rc = outfile_write(&out, bytes, size, err);
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

/* Where the picture goes: a file, or with @name a text in memory. */
struct target {
	const char *path, *format, *name;
	char **text;
};

static int picture_make(struct plot *plot, const struct plot_kind *kind,
			const struct target *target, const sigset_t *signals, struct error *err)
{
	char *bytes = NULL;
	size_t size = 0;
	int rc = kind->write(plot, err);

	if (!rc)
		rc = plot_gnuplot(plot, kind->template, target->format, signals, err);
	if (!rc)
		rc = picture_read(plot, &bytes, &size, err);
	if (!rc && plot->svg)
		rc = svg_finish(plot, &bytes, &size, target->name, err);
	if (!rc && target->path)
		rc = picture_save(target->path, bytes, size, err);
	if (!rc && target->text) {
		*target->text = bytes;
		bytes = NULL;
	}
	free(bytes);
	return rc;
}

static int picture_draw(struct plot *plot, const struct plot_kind *kind,
			const struct target *target, struct error *err)
{
	sigset_t signals, old;
	int rc;

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
	plot->svg = strcmp(target->format, "svg") == 0;
	rc = picture_make(plot, kind, target, &signals, err);
	files_free(plot);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int plot_draw(struct plot *plot, const struct plot_kind *kind, const char *path, struct error *err)
{
	const char *suffix = strrchr(path, '.');
	struct target target = { .path = path };

	if (!suffix || (strcmp(suffix, ".svg") && strcmp(suffix, ".png")))
		return error_set(err, EINVAL, "%s: the name must end in .svg or .png", path);
	target.format = suffix + 1;
	return picture_draw(plot, kind, &target, err);
}

int plot_inline(struct plot *plot, const struct plot_kind *kind, const char *name, char **svg,
		struct error *err)
{
	struct target target = { .format = "svg", .name = name, .text = svg };

	*svg = NULL;
	return picture_draw(plot, kind, &target, err);
}

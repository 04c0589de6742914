/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Pictures of result files. gnuplot draws them from templates (plots/KIND.gp), as a child without
 * rights. What comes from a file reaches it as a field of a data file, never as a line of script;
 * for an SVG not at all: a token stands in its place until gnuplot is done. The files are in memory
 * and gnuplot has no place to write: nothing can be left behind.
 */
#include <signal.h>
#include <stdio.h>

#include "result/results.h"

struct history;

#define PLOT_MAX_FILES 12

/* A file in memory that gnuplot reads or writes. */
struct plot_data {
	const char *name;
	int fd;
};

struct plot {
	const struct results *const *sides;
	size_t nr_sides;
	const char *pattern;     /* fnmatch(3) over keys: which cases to draw; NULL: all */
	const char *const *keys; /* and only these cases; NULL: all */
	size_t nr_keys;
	const struct history *history; /* of the kind of that name, which has no sides; in order,
					  judged */
	struct params common;          /* of the cases that are drawn */
	const char *title;             /* of the picture; set by plot_write_head() */
	bool svg;
	struct plot_data files[PLOT_MAX_FILES];
	size_t nr_files;
	char **texts; /* what the tokens of an SVG stand for */
	size_t nr_texts;
	unsigned int width, height; /* of the picture, in px of an SVG; set by the kind */
	unsigned int nr_lines;      /* for axes of gnuplot's own: blocks of lines.tsv, */
	double least, most;         /* and the range of their values */
	bool spread;                /* any point is of several runs */
	bool zeros;                 /* any was 0, which a logarithmic axis has not */
};

/* One kind of picture: writes its data files and sets the size. -ENODATA with the reason when
 * nothing fits. */
struct plot_kind {
	const char *name; /* as on the command line */
	const char *about;
	const char *template; /* plots/TEMPLATE.gp; pictures may share one */
	/* Whether a wanted case has a place in the picture: these decide what is common to all. */
	bool (*draws)(const struct plot *plot, const struct results *results,
		      const struct result *result);
	int (*write)(struct plot *plot, struct error *err);
};

/* One line per picture: its struct, at the foot of its file, is plot_NAME. */
#define PLOTS(X) \
	X(hit)   \
	X(bars)  \
	X(cost)  \
	X(history)

#define PLOT_DECLARE(name) extern const struct plot_kind plot_##name;
PLOTS(PLOT_DECLARE)
extern const struct plot_kind *const plot_kinds[]; /* ended by NULL */

/*
 * Draws to @path, whose suffix (.svg or .png) says the format; the file appears whole or not at
 * all. -ENOENT: no gnuplot here; -EINTR: interrupted by SIGINT, SIGTERM or SIGHUP. Nothing is left
 * behind.
 */
int plot_draw(struct plot *plot, const struct plot_kind *kind, const char *path, struct error *err);
/*
 * The same as an <svg> element that can stand in a page beside others: @name, a word, begins its
 * ids. A screen reader says its title. Free @svg.
 */
int plot_inline(struct plot *plot, const struct plot_kind *kind, const char *name, char **svg,
		struct error *err);
/* Cases that fit into one picture of bars of that many files. */
size_t plot_bars_most(size_t nr_sides);

/* For the kinds. Whether a case belongs in the picture: done, and matched by the pattern. */
bool plot_wants(const struct plot *plot, const struct result *result);
/* A new data file; tab-separated fields, one record a line. */
FILE *plot_file(struct plot *plot, const char *name, struct error *err);
/* -EIO when anything written to it was lost. */
int plot_file_close(FILE *file, const char *name, struct error *err);
/* The descriptor of a file that was made by plot_file(), or -1. */
int plot_file_fd(const struct plot *plot, const char *name);
/* A text field, shown as it is: only what is invisible is not (text_plain). At most @max
 * characters. */
void plot_put_text(struct plot *plot, FILE *file, const char *text, size_t max);
/* head.tsv: title and the lines below it, machine and common parameters, the unit and the foot. */
int plot_write_head(struct plot *plot, const char *title, const char *subtitle, const char *foot,
		    const char *more, struct error *err);
/* The same of texts that are all given: title, three lines, the foot, the unit, a second foot. */
int plot_write_texts(struct plot *plot, const char *const lines[7], struct error *err);
/* How a file is called in the picture: its label, with the kernel where labels are the same. */
void plot_label(const struct plot *plot, size_t side, char *text, size_t size);

/*
 * plot_gnuplot.c: runs the template of @kind, which leaves the file "picture". Any of @signals,
 * which the caller has blocked, ends it with -EINTR.
 */
int plot_gnuplot(struct plot *plot, const char *kind, const char *format, const sigset_t *signals,
		 struct error *err);
/* Absolute path of gnuplot from a fixed list, or NULL. */
const char *plot_gnuplot_path(void);
/* Fills @uid and @gid with who gnuplot shall be when we are root: the user who called sudo, or
 * nobody. */
void plot_unprivileged(unsigned int *uid, unsigned int *gid);

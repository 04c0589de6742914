// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines that hold figures; import_line.h has them as they look in each kernel. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_line.h"

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Digits right at @at; NULL when there are none, *ok false when they are too many. */
static const char *digits_take(const char *at, uint64_t *number, bool *ok)
{
	char *end;

	if (!isdigit((unsigned char)*at))
		return NULL;
	errno = 0;
	*number = strtoull(at, &end, 10);
	/* in ns they must fit a result file */
	if (errno || *number > INT64_MAX / 1000)
		*ok = false;
	return end;
}

/* "PIN_FAST_BENCHMARK (nr_pages=512  write private hugetlb=off thp=on) time:" */
static void label_take(const char *text, struct gup_label *label)
{
	const char *at = strstr(text, "(nr_pages=");
	char access[8], sharing[8], hugetlb[16], thp[16];
	unsigned long long nr_pages;

	if (!at || sscanf(at, "(nr_pages=%10llu %7s %7s %15s %15[^)])", &nr_pages, access, sharing, hugetlb, thp) != 5)
		return;
	label->known = nr_pages > 0;
	label->nr_pages = nr_pages;
	label->write = strcmp(access, "write") == 0;
	label->shared = strcmp(sharing, "shared") == 0;
	label->hugetlb = strcmp(hugetlb, "hugetlb=on") == 0;
	label->thp = strcmp(thp, "thp=on") == 0 ? 1 : strcmp(thp, "thp=off") == 0 ? 0 : -1;
}

static bool truncation_take(const char *at, struct figure *figure)
{
	bool ok = true;

	at = strstr(at, "truncated (size: ");
	if (!at)
		return false;
	figure->truncated = true;
	if (!digits_take(at + strlen("truncated (size: "), &figure->bytes, &ok))
		figure->cut = true;
	return true;
}

/* Behind "get:": false for what only looks like a figure, as the source of gup_test does. */
static bool figure_take(const char *at, struct figure *figure)
{
	bool ok = true;

	at = digits_take(at, &figure->get_us, &ok);
	if (!at)
		return false;
	figure->put_known = true;
	figure->cut = true;
	if (!starts(at, " put:"))
		return true;
	at = digits_take(at + strlen(" put:"), &figure->put_us, &ok);
	if (!at || !starts(at, " us") || isalnum((unsigned char)at[3]))
		return true;
	figure->cut = !ok;
	figure->ksft = at[3] == '#';
	truncation_take(at, figure);
	return true;
}

/* The first kernel that had it timed the pin alone; other programs print such lines too. */
static bool old_figure_take(const char *text, struct figure *figure)
{
	const char *at = strstr(text, "Time: ");
	bool ok = true;

	if (!at || (at != text && at[-1] != ' '))
		return false;
	at = digits_take(at + strlen("Time: "), &figure->get_us, &ok);
	if (!at || !starts(at, " us") || isalnum((unsigned char)at[3]))
		return false;
	figure->cut = !ok;
	truncation_take(at, figure);
	return true;
}

bool figure_parse(struct figure *figure, const char *text, bool old)
{
	const char *at = strstr(text, "ime: get:");

	*figure = (struct figure){ 0 };
	if (!at)
		return old && old_figure_take(text, figure);
	if (at == text || !strchr("Tt", at[-1]) || !figure_take(at + strlen("ime: get:"), figure))
		return false;
	for (int bench = BENCH_GUP_FAST; bench < NR_GUP_BENCHES; bench++) {
		const char *name = strstr(text, gup_bench_names[bench]);

		if (name && name < at) {
			figure->bench = (enum gup_bench)bench;
			label_take(name, &figure->label);
		}
	}
	return true;
}

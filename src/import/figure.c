// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines that hold figures; call.h has them as they look in each kernel. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "import/call.h"

#define MOST (INT64_MAX / 1000u) /* in ns it must fit a result file; too many digits are more */

static const char *const bench_names[NR_GUP_BENCHES] = {
	[BENCH_UNNAMED] = "",
	[BENCH_GUP_FAST] = "GUP_FAST_BENCHMARK",
	[BENCH_PIN_FAST] = "PIN_FAST_BENCHMARK",
	[BENCH_PIN_LONGTERM] = "PIN_LONGTERM_BENCHMARK",
};

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "PIN_FAST_BENCHMARK (nr_pages=512  write private hugetlb=off thp=on) time:" */
static void label_take(const char *text, struct gup_label *label)
{
	const char *at = strstr(text, "(nr_pages=");
	char access[8], sharing[8], hugetlb[16], thp[16];
	unsigned long long nr_pages;

	if (!at || sscanf(at, "(nr_pages=%10llu %7s %7s %15s %15[^)])", &nr_pages, access, sharing,
			  hugetlb, thp) != 5)
		return;
	label->known = nr_pages > 0;
	label->nr_pages = nr_pages;
	label->write = strcmp(access, "write") == 0;
	label->shared = strcmp(sharing, "shared") == 0;
	label->hugetlb = strcmp(hugetlb, "hugetlb=on") == 0;
	label->thp = strcmp(thp, "thp=on") == 0 ? 1 : strcmp(thp, "thp=off") == 0 ? 0 : -1;
}

/* ", truncated (size: 4096)", behind "# " where ksft_print_msg() printed it. */
static const char *truncation_take(const char *at, struct figure *figure)
{
	const char *size = at + strspn(at, "# ,");
	int used = 0;

	figure->truncated = starts(size, "truncated");
	if (!figure->truncated)
		return at;
	if (sscanf(size, "truncated (size: %" SCNu64 "%n", &figure->bytes, &used) == 1 &&
	    size[used] == ')' && figure->bytes <= MOST)
		return size + used;
	figure->cut = true;
	return size + strlen("truncated");
}

/*
 * Behind "get:" or "Time: ": the end of the figure; NULL for what only looks like one, as the
 * source of gup_test does.
 */
static const char *figure_take(const char *at, struct figure *figure, bool old)
{
	int used = 0;

	figure->cut = true;
	figure->put_known = !old;
	if (!isdigit((unsigned char)*at))
		return *at == '-' && isdigit((unsigned char)at[1]) ? at + 2 : NULL;
	if (old)
		sscanf(at, "%" SCNu64 " us%n", &figure->get_us, &used);
	else
		sscanf(at, "%" SCNu64 " put:%" SCNu64 " us%n", &figure->get_us, &figure->put_us,
		       &used);
	if (!used || isalnum((unsigned char)at[used]))
		return old ? NULL : at + strspn(at, "0123456789");
	figure->cut = figure->get_us > MOST || figure->put_us > MOST;
	figure->ksft = at[used] == '#';
	return truncation_take(at + used, figure);
}

/* "PIN_FAST_BENCHMARK: Ti" at the end of a line, or without its times: the rest was lost or stands
 * on another line. */
static bool figure_is_stub(const char *name, size_t size)
{
	static const char rest[] = ": Time: get:";
	size_t left = strlen(name + size);

	return starts(name + size, " (nr_pages=") ||
	       (left >= 3 && strncmp(name + size, rest, left) == 0);
}

bool figure_parse(struct figure *figure, const char *text, bool old)
{
	const char *at = strstr(text, "ime: get:"), *name = NULL, *end;

	*figure = (struct figure){ 0 };
	for (int bench = BENCH_GUP_FAST; bench < NR_GUP_BENCHES; bench++) {
		const char *found = strstr(text, bench_names[bench]);

		if (found && (!at || found < at)) {
			figure->bench = (enum gup_bench)bench;
			name = found;
		}
	}
	if (!at && name && figure_is_stub(name, strlen(bench_names[figure->bench]))) {
		figure->cut = true;
		figure->start = (size_t)(name - text);
		figure->end = strlen(text);
		return true;
	}
	if (!at) {
		at = old ? strstr(text, "Time: ") : NULL;
		figure->bench = BENCH_UNNAMED;
		end = at && (at == text || at[-1] == ' ')
			      ? figure_take(at + strlen("Time: "), figure, true)
			      : NULL;
		name = at;
	} else {
		if (at == text || !strchr("Tt", at[-1]))
			return false;
		end = figure_take(at + strlen("ime: get:"), figure, false);
		if (name)
			label_take(name, &figure->label);
		/* only gup_bench writes it small, behind what it measured */
		figure->cut = figure->cut || (at[-1] == 't') != figure->label.known;
		name = name ? name : at - 1;
	}
	if (!end)
		return false;
	figure->start = (size_t)(name - text);
	figure->end = (size_t)(end - text);
	figure->several = strstr(end, "ime: get:");
	return true;
}

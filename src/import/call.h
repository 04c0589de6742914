/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How gup_test was called and what it printed, as a log shows it, and what that says of the case.
 * Three programs print the same figures:
 *
 *   gup_benchmark  4.15 to 5.10   tools/testing/selftests/vm
 *   gup_test       5.11 and later tools/testing/selftests/vm, since 6.3 mm
 *   gup_bench      2026           tools/mm, when gup_test became a test without figures
 *
 * and this is what they print:
 *
 *   4.15          Time: 123 us
 *   4.20 - 5.10   Time: get:123 put:45 us[, truncated (size: 4096)]
 *   5.11 - 6.8    PIN_FAST_BENCHMARK: Time: get:123 put:45 us[, truncated (size: 4096)]
 *   6.9 and later # PIN_FAST_BENCHMARK: Time: get:123 put:45 us[# , truncated (size: 4096)]#
 *   gup_bench     PIN_FAST_BENCHMARK (nr_pages=512  write private hugetlb=off thp=on) time: get:123
 * put:45 us[, truncated...]
 *
 * What the call does not say is the word "unknown", alone or behind what is known:
 * "hugetlb-unknown" are hugetlb pages whose size the log does not tell.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/results.h"

enum gup_program { GUP_TEST, GUP_BENCHMARK, GUP_BENCH, NR_GUP_PROGRAMS };

/* What a figure may name: "PIN_FAST_BENCHMARK: Time: ..."; gup_benchmark names none. */
enum gup_bench {
	BENCH_UNNAMED,
	BENCH_GUP_FAST,
	BENCH_PIN_FAST,
	BENCH_PIN_LONGTERM,
	NR_GUP_BENCHES
};

struct gup_call {
	enum gup_program program;
	char text[160]; /* from the program on, as typed */
	size_t start,
		end;     /* of the line: where the program's name begins, and behind its options */
	bool prose;      /* a sentence names it: it owes no figure */
	bool bare;       /* nothing stands in front of it */
	bool loop;       /* a loop of the shell calls it: any number of processes print */
	bool again;      /* the line calls one of the programs once more */
	bool understood; /* false: nothing below is known, but it was called */
	bool recent; /* by an option or by its output: 5.13 or later, where write is the default */
	char what;   /* the last of a b c L U u; 0: none */
	bool plain;  /* no options at all */
	int thp;     /* -1 as the system is set, 0 refused, 1 asked for */
	int write;   /* -1: not said */
	bool hugetlb, shared, touch;
	uint64_t bytes;
	int64_t nr_pages; /* of one pin; below 0: all */
	uint64_t repeats, threads;
	uint64_t flags; /* FOLL_* by number, without FOLL_WRITE */
	char file[100]; /* empty: /dev/zero, anonymous memory */
};

/* What gup_bench says in front of each figure. */
struct gup_label {
	bool known;
	uint64_t nr_pages;
	bool write, shared, hugetlb;
	int thp;
};

struct figure {
	enum gup_bench bench;
	struct gup_label label;
	size_t start, end; /* of the line */
	uint64_t get_us, put_us;
	bool put_known; /* not by 4.15 */
	bool cut;       /* the line ends before the figure does, or a number is out of range */
	bool several;   /* more than one on the line */
	bool truncated; /* the pin stopped at @bytes */
	uint64_t bytes;
	bool ksft; /* printed by ksft_print_msg() */
};

/* Whether @line, without what stamps it, calls one of the programs; prose that only names one does
 * not. */
bool gup_call_parse(struct gup_call *call, const char *line);
/* Whether it prints figures at all (NR_GUP_BENCHES), or under that name. */
bool gup_call_prints(const struct gup_call *call, enum gup_bench bench);
/* Figures that one process prints; 0: not known. */
uint64_t gup_call_figures(const struct gup_call *call);

/* Whether @text holds a figure; @old: also a bare "Time: 123 us". What only looks like one, as
 * gup_test's source, does not. */
bool figure_parse(struct figure *figure, const char *text, bool old);

/*
 * The parameters and the key (256 bytes) of the case, from what is known: @call may be NULL. The
 * key is the one that a plan gives the same case; where gup_test measures what pinbench has no word
 * for, it has more words.
 */
void gup_case(const struct gup_call *call, enum gup_bench bench, const struct gup_label *label,
	      struct params *params, char *key);

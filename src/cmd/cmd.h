/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The verbs. Each parses its own options with argp (argv[0] is "pinbench VERB"), prints, and
 * returns the exit code; usage errors leave through argp with EXIT_USAGE. Only cmd_*.c and main.c
 * print: results on stdout, the rest on stderr.
 */
#include <stdbool.h>

#include "base/error.h"
#include "base/memory.h"
#include "plan/plan.h"
#include "result/results.h"

/* Part of the interface: documented in pinbench(1). */
enum {
	EXIT_DONE = 0,
	EXIT_CASE_FAILED = 1,
	EXIT_REGRESSION = 1,  /* of gate */
	EXIT_USAGE = 2,       /* usage, config or file error; files that cannot be compared */
	EXIT_UNDECIDED = 3,   /* of gate */
	EXIT_NOTHING_RAN = 4, /* every case was skipped, or what the verb needs is missing */
	EXIT_NO_MEMORY = MEMORY_EXIT, /* from any place; of gate --bisect it stops the search, as it
					 should */
	EXIT_INTERRUPTED = 130,
};

int cmd_list(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_vm(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_restore(int argc, char **argv);

/* Prints "pinbench: text" and, where there is one, the way out on a line of its own; returns
 * @exit_code. */
int cmd_fail(const struct error *err, int exit_code);

/* argp_parse(), which does not return when it fails: what it was to fill in cannot be used. @flags:
 * ARGP_IN_ORDER or 0. */
struct argp;
void cmd_parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input);

/* The value of an option; usage errors leave through argp. cmd_real() takes it with or without its
 * unit behind it. */
struct argp_state;
uint64_t cmd_number(struct argp_state *state, const char *name, const char *text, uint64_t min,
		    uint64_t max);
double cmd_real(struct argp_state *state, const char *name, const char *text, const char *unit,
		double min, double max);

/* -EINVAL: what may not stand in a file name and on a terminal. */
int cmd_label_check(const char *label, struct error *err);
void cmd_utc_now(char *text, size_t size, const char *strftime_format);
/* Makes results/; results/LABEL-UTC.json is the name that a result begins with (RESULTS_PATH_MAX).
 */
int cmd_result_name(const char *label, const char *utc, char *path, struct error *err);

/* Where a result goes: into the file that the user named, or under a name in results/ that nothing
 * has yet. */
struct result_file {
	char path[RESULTS_PATH_MAX];
	bool is_new; /* nothing was saved there yet, and nothing that is there may be replaced */
};
/* @output may be NULL. */
int cmd_result_file(struct result_file *file, const char *output, const char *label,
		    struct error *err);
/* The first time under a new name, if it is to have one; @file says which. */
int cmd_result_save(struct result_file *file, const struct results *results, struct error *err);
/* Whether the file can be written where it shall be: asked before the first case, not after the
 * last. Nothing is left behind. */
int cmd_output_try(const struct result_file *file, struct error *err);
/*
 * Which of the words that @nth gives, up to a NULL, @word is. Others are usage errors: "no WHAT
 * "WORD"; did you mean ...".
 */
size_t cmd_word_take(struct argp_state *state, const char *what, const char *word,
		     const char *(*nth)(const void *context, size_t i));
/* To standard error, as a shell takes it. */
void cmd_word_tell(const char *word);
/* What became of the cases: EXIT_CASE_FAILED, EXIT_DONE, EXIT_NOTHING_RAN. */
int cmd_exit_code(const struct results *results);

/* Puts back what a killed run left changed, and says so on stderr; every verb begins with it. */
void cmd_recover(void);

/* The cases on stdout, one a line, then why the others are skipped, each reason once. */
void cmd_plan_print(const struct plan *plan);
/* What would become of the cases: EXIT_CASE_FAILED, EXIT_DONE, EXIT_NOTHING_RAN. */
int cmd_plan_exit_code(const struct plan *plan);

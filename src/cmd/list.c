// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench list: what there is to measure with, and what the words mean. Probes nothing: that is
 * what doctor does. */
#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bench/bench.h"
#include "cmd/cmd.h"
#include "host/sysfile.h"
#include "plan/plan.h"

#define MAX_ROWS 96

/* One line of the listing; what only --json shows stands in @json. */
struct row {
	const char *name, *about;
	json_t *json;
};

struct listed {
	const char *name, *about;
	size_t (*rows)(struct row *rows, size_t max);
	bool absent; /* and what there is not */
};

static size_t pinner_rows(struct row *rows, size_t max)
{
	size_t nr = 0;

	for (; nr < max && pinners[nr]; nr++) {
		const struct pinner *pinner = pinners[nr];
		json_t *access = json_array();

		if (pinner->access & ACCESS_READ)
			json_array_append_new(access, json_string("read"));
		if (pinner->access & ACCESS_WRITE)
			json_array_append_new(access, json_string("write"));
		rows[nr].name = pinner->name;
		rows[nr].about = pinner->about;
		rows[nr].json = json_pack("{s:o, s:b, s:b}", "access", access, "holds",
					  pinner->hold != NULL, "whole_window_only",
					  pinner->whole_only);
	}
	return nr;
}

/* Of the running kernel; rows keep pointers into it. */
static struct layout layouts[MAX_ROWS];
static size_t nr_layouts;

static size_t layout_rows(struct row *rows, size_t max)
{
	struct error err;
	size_t nr;

	sysfile_trouble_clear();
	nr = nr_layouts = layout_list(layouts, max);
	if (sysfile_trouble(&err))
		exit(cmd_fail(&err, EXIT_USAGE));

	for (size_t i = 0; i < nr; i++) {
		rows[i].name = layouts[i].name;
		rows[i].about = layouts[i].about;
		rows[i].json = json_pack("{s:I}", "page_bytes", (json_int_t)layouts[i].page_bytes);
	}
	return nr;
}

/* Kinds of layouts that the running kernel does not have, and why. */
static void absent_print(void)
{
	char name[40], why[128];

	for (size_t i = 0; layout_kinds[i]; i++)
		if (layout_absent(layout_kinds[i], layouts, nr_layouts, name, why))
			printf("no %s here: %s\n", name, why);
}

static json_t *absent_json(void)
{
	json_t *array = json_array();
	char name[40], why[128];

	for (size_t i = 0; layout_kinds[i]; i++)
		if (layout_absent(layout_kinds[i], layouts, nr_layouts, name, why))
			json_array_append_new(array,
					      json_pack("{s:s, s:s}", "name", name, "why", why));
	return array;
}

static size_t state_rows(struct row *rows, size_t max)
{
	size_t nr = 0;

	for (; nr < max && states[nr]; nr++) {
		rows[nr].name = states[nr]->name;
		rows[nr].about = states[nr]->about;
		rows[nr].json = json_pack("{s:b, s:b}", "read_only", states[nr]->read_only,
					  "consumed_by_the_first_pin", states[nr]->consumed);
	}
	return nr;
}

static size_t window_rows(struct row *rows, size_t max)
{
	size_t nr = 0;

	for (; nr < max && windows[nr].name; nr++) {
		rows[nr].name = windows[nr].name;
		rows[nr].about = windows[nr].about;
		rows[nr].json = json_object();
	}
	return nr;
}

static size_t observer_rows(struct row *rows, size_t max)
{
	size_t nr = 0;

	for (; nr < max && observers[nr]; nr++) {
		rows[nr].name = observers[nr]->name;
		rows[nr].about = observers[nr]->about;
		rows[nr].json = json_pack("{s:i}", "rung", observers[nr]->rung);
	}
	return nr;
}

static const struct listed kinds[] = {
	{ "pinners", "kernel interfaces that take pins", pinner_rows, false },
	{ "layouts", "what backs a region on the running kernel", layout_rows, true },
	{ "states", "who shares the pages when the pin comes", state_rows, false },
	{ "windows", "which part of the region is pinned; also OFFSET+LENGTH, as in 4K+64K",
	  window_rows, false },
	{ "observers", "what counts fast and slow pages, faults and copies; lowest rung first",
	  observer_rows, false },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct list_args {
	bool json;
	bool wanted[NR_KINDS];
	bool any;
};

static const char *kind_nth(const void *context, size_t i)
{
	(void)context;
	return i < NR_KINDS ? kinds[i].name : NULL;
}

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct list_args *args = state->input;
	const char *near;

	switch (key) {
	case 'j':
		args->json = true;
		return 0;
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < NR_KINDS; i++) {
			if (strcmp(kinds[i].name, arg) != 0)
				continue;
			args->wanted[i] = args->any = true;
			return 0;
		}
		near = suggest_word(arg, kind_nth, NULL);
		argp_error(state, "no list of \"%s\"%s%s%s", arg, near ? "; did you mean \"" : "",
			   near ? near : "", near ? "\"?" : "");
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option list_options[] = {
	{ "json", 'j', NULL, 0, "the same as JSON", 0 },
	{ 0 },
};

static const struct argp list_argp = {
	.options = list_options,
	.parser = list_parse,
	.args_doc = "[pinners] [layouts] [states] [windows] [observers]",
	.doc = "What there is to measure with; these are the names that job files and -p use.\v"
	       "Layouts are those of the running kernel. Nothing is tried: pinbench doctor tells "
	       "what works here.",
};

static void rows_print(const struct listed *kind, const struct row *rows, size_t nr)
{
	int width = 0;

	for (size_t i = 0; i < nr; i++)
		if ((int)strlen(rows[i].name) > width)
			width = (int)strlen(rows[i].name);
	printf("%s: %s\n", kind->name, kind->about);
	for (size_t i = 0; i < nr; i++)
		printf("  %-*s  %s\n", width, rows[i].name, rows[i].about);
}

static json_t *rows_json(const struct row *rows, size_t nr)
{
	json_t *array = json_array();

	for (size_t i = 0; i < nr; i++) {
		json_t *object =
			json_pack("{s:s, s:s}", "name", rows[i].name, "about", rows[i].about);

		json_object_update(object, rows[i].json);
		json_array_append_new(array, object);
	}
	return array;
}

int cmd_list(int argc, char **argv)
{
	struct list_args args = { 0 };
	struct row rows[MAX_ROWS];
	json_t *root = json_object();
	bool first = true;
	int lost = 0; /* why is said where stdout is closed */

	cmd_parse(&list_argp, argc, argv, 0, &args);
	for (size_t i = 0; i < NR_KINDS; i++) {
		size_t nr;

		if (args.any && !args.wanted[i])
			continue;
		nr = kinds[i].rows(rows, MAX_ROWS);
		if (args.json) {
			json_object_set_new(root, kinds[i].name, rows_json(rows, nr));
			if (kinds[i].absent)
				json_object_set_new(root, "absent_layouts", absent_json());
		} else {
			if (!first)
				putchar('\n');
			rows_print(&kinds[i], rows, nr);
			if (kinds[i].absent)
				absent_print();
		}
		first = false;
		for (size_t r = 0; r < nr; r++)
			json_decref(rows[r].json);
	}
	if (args.json) {
		lost = json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(root);
	return lost ? EXIT_USAGE : EXIT_DONE;
}

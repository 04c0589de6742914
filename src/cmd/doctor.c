// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench doctor: what can run here, what cannot and why, what adds noise. Changes nothing. */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "host/sysfile.h"
#include "plan/doctor.h"
#include "plan/place.h"

#define NAME_WIDTH_MAX 26

struct doctor_args {
	const char *config, *root;
	bool json;
};

static error_t doctor_parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_args *args = state->input;

	switch (key) {
	case 'c':
		args->config = arg;
		return 0;
	case 'j':
		args->json = true;
		return 0;
	case 'r':
		args->root = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "doctor takes no argument \"%s\"; a job file goes with -c", arg);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option doctor_options[] = {
	{ "config", 'c', "JOB", 0,
	  "check against what this job file, or job of that name, plans (default: quick)", 0 },
	{ "json", 'j', NULL, 0, "the same as JSON", 0 },
	{ "root", 'r', "DIR", 0,
	  "look at the /proc and /sys saved below DIR instead; nothing is tried", 0 },
	{ 0 },
};

static const struct argp doctor_argp = {
	.options = doctor_options,
	.parser = doctor_parse,
	.doc = "What can run here and what cannot, each with the reason and the line that enables "
	       "it; then what "
	       "adds noise. Each pinner, layout and observer is tried by the smallest real "
	       "operation. Changes "
	       "nothing.\v"
	       "  ok    works, or adds no noise\n"
	       "  note  steady, but mind it when comparing with other machines\n"
	       "  warn  adds noise, or limits what can run\n"
	       "  no    cannot run          ?  this machine does not say\n\n"
	       "Exit status: 0 something can pin here, 4 nothing can, 2 usage or file error.",
};

struct screen {
	unsigned int columns; /* 0: lines are not wrapped */
	bool color;
};

static struct screen screen_open(void)
{
	const char *plain = getenv("NO_COLOR"), *term = getenv("TERM");
	struct screen screen = { 0 };
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return screen;
	screen.columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40
				 ? size.ws_col
				 : 80;
	if (screen.columns > 120)
		screen.columns = 120;
	screen.color = (!plain || !*plain) && term && strcmp(term, "dumb") != 0;
	return screen;
}

static const char *paint(const struct screen *screen, const char *code)
{
	return screen->color ? code : "";
}

static const char *const level_colors[NR_LEVELS] = {
	[LEVEL_OK] = "\033[32m",     [LEVEL_NOTE] = "\033[36m", [LEVEL_WARN] = "\033[33m",
	[LEVEL_UNKNOWN] = "\033[2m", [LEVEL_NO] = "\033[31m",
};
#define COLOR_TITLE "\033[1m"
#define COLOR_OFF   "\033[0m"

/* Prints @text from column @indent on, broken between words; the first line's indent has been
 * printed. */
static void text_wrap(const struct screen *screen, const char *text, unsigned int indent)
{
	unsigned int room = screen->columns > indent + 20 ? screen->columns - indent : 0;

	while (room && strlen(text) > room) {
		unsigned int length = room;

		while (length > 0 && text[length] != ' ')
			length--;
		if (length == 0)
			break;
		printf("%.*s\n%*s", (int)length, text, (int)indent, "");
		text += length + 1;
	}
	puts(text);
}

static void finding_print(const struct screen *screen, const char *name, int width,
			  const struct finding *finding)
{
	unsigned int indent = 2 + 4 + 2 + (unsigned int)width + 2;
	char text[sizeof(finding->text)], fix[sizeof(finding->fix) + 8];

	snprintf(text, sizeof(text), "%s", finding->text);
	text_plain(text);
	printf("  %s%-4s%s  %-*s  ", paint(screen, level_colors[finding->level]),
	       level_names[finding->level], paint(screen, COLOR_OFF), width, name);
	text_wrap(screen, text, indent);
	if (!finding->fix[0])
		return;
	/* A command to be copied is never broken. */
	snprintf(fix, sizeof(fix), "fix: %s", finding->fix);
	text_plain(fix);
	printf("%*s%s\n", (int)indent, "", fix);
}

static bool finding_same(const struct finding *a, const struct finding *b)
{
	return a->level == b->level && strcmp(a->text, b->text) == 0 && strcmp(a->fix, b->fix) == 0;
}

/* Where @name's family ends, with its slash: "gup-test/"; 0 for a name without one. */
static size_t family_length(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash ? (size_t)(slash - name) + 1 : 0;
}

/* How many items from @first on are of one family and have the same to say. */
static size_t group_count(const struct section *section, size_t first)
{
	const struct diagnosis *head = &section->items[first];
	size_t family = family_length(head->name), nr = 1;

	while (family && first + nr < section->nr &&
	       strncmp(section->items[first + nr].name, head->name, family) == 0 &&
	       finding_same(&section->items[first + nr].finding, &head->finding))
		nr++;
	return nr;
}

/* What the names of a group begin with: "gup-test/", or "gup-test/hold-" where the others of the
 * family differ. */
static size_t group_prefix(const struct section *section, size_t first, size_t nr)
{
	const char *head = section->items[first].name;
	size_t length = strlen(head);

	for (size_t i = first + 1; i < first + nr; i++)
		while (strncmp(section->items[i].name, head, length) != 0)
			length--;
	return length;
}

static void section_print(const struct screen *screen, const struct section *section)
{
	char names[64][NAME_WIDTH_MAX * 2];
	size_t first[64], nr = 0;
	int width = 0;

	for (size_t i = 0; i < section->nr && nr < 64; nr++) {
		size_t group = group_count(section, i);
		const char *name = section->items[i].name;

		first[nr] = i;
		if (group > 1)
			snprintf(names[nr], sizeof(names[nr]), "%.*s* (%zu)",
				 (int)group_prefix(section, i, group), name, group);
		else
			snprintf(names[nr], sizeof(names[nr]), "%s", name);
		if ((int)strlen(names[nr]) > width)
			width = (int)strlen(names[nr]);
		i += group;
	}
	printf("\n%s%s%s\n", paint(screen, COLOR_TITLE), section->title, paint(screen, COLOR_OFF));
	if (width > NAME_WIDTH_MAX)
		width = NAME_WIDTH_MAX;
	for (size_t i = 0; i < nr; i++)
		finding_print(screen, names[i], width, &section->items[first[i]].finding);
}

static size_t level_count(const struct section *section, enum level level)
{
	size_t nr = 0;

	for (size_t i = 0; i < section->nr; i++)
		nr += section->items[i].finding.level == level;
	return nr;
}

static void next_print(const char *about, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void next_print(const char *about, const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	printf("  %-24s  %s\n", command, about);
}

static void checkup_print(const struct checkup *checkup, const struct doctor_args *args)
{
	const struct section *all = checkup->sections;
	struct screen screen = screen_open();
	size_t nr_noisy = level_count(&all[SECTION_NOISE], LEVEL_WARN);
	char system[sizeof(checkup->system)];

	snprintf(system, sizeof(system), "%s", checkup->system);
	text_plain(system);
	text_wrap(&screen, system, 0);
	for (size_t i = 0; i < NR_SECTIONS; i++)
		section_print(&screen, &all[i]);
	if (!sysfile_is_live()) {
		printf("\nRead from %s; nothing was tried.\n", args->root);
		return;
	}
	printf("\n%s%u of %u pinners work here, %zu of %zu observers; %zu thing%s noise.%s\n",
	       paint(&screen, COLOR_TITLE), checkup->nr_runnable, checkup->nr_pinners,
	       level_count(&all[SECTION_OBSERVERS], LEVEL_OK), all[SECTION_OBSERVERS].nr, nr_noisy,
	       nr_noisy == 1 ? " adds" : "s add", paint(&screen, COLOR_OFF));
	puts("\nnext:");
	if (checkup->nr_runnable)
		next_print("measures what works here", "pinbench run%s%s",
			   args->config ? " -c " : "", args->config ? args->config : "");
	if (!checkup->nr_lab_runnable)
		next_print("boots kernels that have gup_test, in QEMU", "%s",
			   place_is_tree() ? "make bench"
					   : "pinbench vm -k new=BZIMAGE -- run -c full");
	next_print("says what the names mean", "pinbench list");
}

static json_t *section_json(const struct section *section)
{
	json_t *array = json_array();

	for (size_t i = 0; i < section->nr; i++) {
		const struct diagnosis *item = &section->items[i];
		char text[sizeof(item->finding.text)];
		json_t *object;

		snprintf(text, sizeof(text), "%s", item->finding.text);
		text_plain(text);
		object = json_pack("{s:s, s:s, s:s}", "name", item->name, "level",
				   level_names[item->finding.level], "text", text);
		if (item->finding.fix[0])
			json_object_set_new(object, "fix", json_string(item->finding.fix));
		json_array_append_new(array, object);
	}
	return array;
}

static int checkup_json(const struct checkup *checkup)
{
	json_t *root = json_object();
	char system[sizeof(checkup->system)];
	int lost;

	snprintf(system, sizeof(system), "%s", checkup->system);
	text_plain(system);
	json_object_set_new(root, "system", json_string(system));
	json_object_set_new(root, "tried", json_boolean(sysfile_is_live()));
	json_object_set_new(root, "pinners_that_work", json_integer(checkup->nr_runnable));
	for (size_t i = 0; i < NR_SECTIONS; i++)
		json_object_set_new(root, checkup->sections[i].name,
				    section_json(&checkup->sections[i]));
	lost = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return lost; /* why is said where stdout is closed */
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_args args = { 0 };
	struct checkup checkup;
	struct config config;
	struct error err = { 0 };
	struct need need = { 0 };
	int rc;

	cmd_parse(&doctor_argp, argc, argv, 0, &args);
	if (args.root) {
		sysfile_set_root(args.root);
		if (!sysfile_exists("/proc") || !sysfile_exists("/sys")) {
			error_set(&err, ENOENT, "--root %s: there is no proc and sys below it",
				  args.root);
			return cmd_fail(&err, EXIT_USAGE);
		}
	}
	sysfile_trouble_clear();
	mounts_complete(); /* as run does: what it would see, not what the host happens to have
			      mounted */
	rc = config_load(&config, args.config, NULL, 0, &err);
	if (rc)
		return cmd_fail(&err, EXIT_USAGE);
	rc = need_collect(&need, &config, &err);
	config_free(&config);
	if (rc)
		return cmd_fail(&err, EXIT_USAGE);
	checkup_make(&checkup, &need);
	rc = 0;
	if (args.json)
		rc = checkup_json(&checkup);
	else
		checkup_print(&checkup, &args);
	if (rc)
		rc = EXIT_USAGE;
	else
		rc = sysfile_is_live() && checkup.nr_runnable == 0 ? EXIT_NOTHING_RAN : EXIT_DONE;
	checkup_free(&checkup);
	if (sysfile_trouble(&err)) {
		error_fix(&err, "again: what this says to be missing may be there");
		return cmd_fail(&err, EXIT_USAGE);
	}
	return rc;
}

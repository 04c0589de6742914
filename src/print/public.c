// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/public.h"

#include <string.h>

#include "base/text.h"

/* What pinbench writes into the environment; a name that ends in '.' stands for all below it. */
static const char *const names[] = {
	"kernel.release",
	"kernel.version",
	"kernel.arch",
	"kernel.cmdline",
	"kernel.tainted",
	"kernel.panic_on_warn",
	"kernel.lockdown",
	"kernel.config_source",
	"kernel.config_sha256",
	"kernel.config.",
	"cpu.",
	"numa.",
	"memory.",
	"thp.",
	"hugepages.",
	"hypervisor",
	"clocksource",
	"clock",
	"sysctl.",
	"rights.",
	"noise.",
	"harness.",
	"observers.",
	"lab.",
};

/* In none of these groups, whoever wrote the file. */
static const char *const never[] = { "hostname", "host",     "nodename", "domainname",
				     "user",     "username", "home" };

bool public_name(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strcmp(last, never[i]) == 0)
			return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (names[i][length - 1] == '.' ? strncmp(name, names[i], length) == 0
						: strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool public_fact(const struct fact_list *facts, const char *name, char *text, size_t size)
{
	char value[RESULTS_MAX_TEXT + 1];

	if (!public_name(name) || !fact_value(facts, name, value, sizeof(value)))
		return false;
	/* once more: the file may be of a program that kept all of it */
	if (strcmp(name, "kernel.cmdline") == 0 || strcmp(name, "lab.append") == 0)
		cmdline_shorten(value, text, size);
	else
		snprintf(text, size, "%s", value);
	public_text(text, NULL);
	return true;
}

void public_path(char *text, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash + 1 - path) : 0;

	for (char *at = text; length && (at = strstr(at, path)); at++)
		memmove(at, at + length, strlen(at + length) + 1);
}

void public_text(char *text, const struct results *results)
{
	for (size_t i = 0; results && i < results->nr_files; i++)
		public_path(text, results->files[i].path);
	if (results && results->path)
		public_path(text, results->path);
	text_hide_home(text);
}

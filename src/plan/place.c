// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/place.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* build/ARCH/pinbench is two directories below its tree; the link at the top leads there. */
static const char *const places[] = { "../share/pinbench", "../..", "." };

/* The directory of this program; false: not known. */
static bool program_directory(char directory[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", directory, PATH_MAX - 1);
	char *slash;

	if (length < 0)
		return false;
	directory[length] = '\0';
	slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

char *place_find(const char *name)
{
	char directory[PATH_MAX];
	char *path;

	if (!program_directory(directory))
		return NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (asprintf(&path, "%s/%s/%s", directory, places[i], name) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

bool place_is_tree(void)
{
	autofree char *path = place_find("Makefile");

	return path != NULL;
}

static char *job_file(const char *name)
{
	autofree char *file = NULL;

	if (asprintf(&file, "configs/%s.json", name) < 0)
		file = NULL;
	return file ? place_find(file) : NULL;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length && !strchr(name, '/') && name[0] != '.' && name[0] != '-' &&
	       (length < 5 || strcmp(name + length - 5, ".json") != 0);
}

char *place_job(const char *name)
{
	static const char *const also[][2] = { { "seed-1", "hugetlb-cont-pte" },
					       { "seed-2", "gup-unshare" } };
	char *path;

	if (!is_name(name))
		return NULL;
	path = job_file(name);
	for (size_t i = 0; !path && i < sizeof(also) / sizeof(*also); i++)
		for (size_t k = 0; k < 2; k++)
			if (strcmp(name, also[i][k]) == 0)
				path = job_file(also[i][!k]);
	return path;
}

/* What is between the last '/' and ".json", in place. */
static const char *job_name(char *path)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	name[strcspn(name, ".")] = '\0';
	return name;
}

static const char *name_nth(const void *context, size_t i)
{
	const glob_t *found = context;

	return i < found->gl_pathc ? job_name(found->gl_pathv[i]) : NULL;
}

int place_job_fix(const char *name, struct error *err)
{
	autofree char *quick = job_file("quick");
	autofree char *pattern = NULL;
	glob_t found = { 0 };
	char all[sizeof(err->fix)] = "";
	const char *near;

	if (!quick || !is_name(name))
		return -err->code;
	quick[strlen(quick) - strlen("quick.json")] = '\0';
	if (asprintf(&pattern, "%s*.json", quick) < 0 || glob(pattern, GLOB_ERR, NULL, &found) != 0)
		return -err->code;
	for (size_t i = 0; i < found.gl_pathc; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s",
			 job_name(found.gl_pathv[i]));
	near = suggest_word(name, name_nth, &found);
	if (near)
		error_fix(err, "-c %s", near);
	else
		error_fix(err, "a file, or one of the jobs%s", all);
	globfree(&found);
	return -err->code;
}

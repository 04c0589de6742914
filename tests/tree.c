// SPDX-License-Identifier: GPL-2.0-or-later
#include "tree.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/sysfile.h"

struct tree_kernel tree_kernel;

static char tree_root[64];

static void check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

void tree_make(void)
{
	snprintf(tree_root, sizeof(tree_root), "/tmp/pinbench-tree.XXXXXX");
	check(mkdtemp(tree_root) != NULL, "mkdtemp");
	sysfile_set_root(tree_root);
	memset(&tree_kernel, 0, sizeof(tree_kernel));
	tree_kernel.pages_left = INT64_MAX; /* room to be given back to */
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void tree_remove(void)
{
	nftw(tree_root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	sysfile_set_root("");
}

const char *tree_path(const char *path)
{
	static char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", tree_root, path);
	return full;
}

void tree_put(const char *path, const char *text)
{
	char full[PATH_MAX], made[PATH_MAX + 8];
	FILE *file;

	snprintf(full, sizeof(full), "%s", tree_path(path));
	for (char *slash = full + strlen(tree_root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		check(mkdir(full, 0755) == 0 || errno == EEXIST, full);
		*slash = '/';
	}
	/* In one step, as in the kernel: tests kill the writer at any moment. */
	snprintf(made, sizeof(made), "%s.new", full);
	file = fopen(made, "w");
	check(file && fprintf(file, "%s\n", text) > 0 && fclose(file) == 0 &&
		      rename(made, full) == 0,
	      full);
}

const char *tree_get(const char *path)
{
	static char text[4096];

	if (sysfile_read(path, text, sizeof(text), NULL))
		text[0] = '\0';
	return text;
}

static uint64_t number_get(const char *path)
{
	uint64_t number = 0;

	sysfile_read_u64(path, &number, NULL);
	return number;
}

static void number_put(const char *path, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	tree_put(path, text);
}

/* set_max_huge_pages(): adds what memory has, takes away what is free, and makes surplus of what is
 * in use. */
static void counter_write(const char *path, const char *text)
{
	char dir[PATH_MAX], free_path[PATH_MAX + 32], surplus_path[PATH_MAX + 32];
	uint64_t wanted = strtoull(text, NULL, 10), now, nr_free, surplus;

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	snprintf(free_path, sizeof(free_path), "%s/free_hugepages", dir);
	snprintf(surplus_path, sizeof(surplus_path), "%s/surplus_hugepages", dir);
	surplus = number_get(surplus_path);
	now = number_get(path) - surplus;
	nr_free = number_get(free_path);
	while (now < wanted && tree_kernel.pages_left > 0) {
		now++;
		nr_free++;
		tree_kernel.pages_left--;
	}
	while (now > wanted) {
		now--;
		if (nr_free > 0) {
			nr_free--;
			tree_kernel.pages_left++;
		} else {
			surplus++;
		}
	}
	/* In an order in which a writer that is killed in between leaves too many free pages, never
	 * too few. */
	if (wanted >= number_get(path))
		number_put(free_path, nr_free);
	number_put(surplus_path, surplus);
	number_put(path, now + surplus);
	number_put(free_path, nr_free);
}

/* "always [madvise] never" becomes "[always] madvise never"; -EINVAL for a word that is not there.
 */
static int choice_write(const char *path, const char *text)
{
	char old[256], made[512] = "", *rest = old, *word;
	bool found = false;

	snprintf(old, sizeof(old), "%s", tree_get(path));
	while ((word = strsep(&rest, " "))) {
		size_t length;

		word += *word == '[';
		length = strcspn(word, "]");
		word[length] = '\0';
		snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s%s%s%s",
			 made[0] ? " " : "", strcmp(word, text) == 0 ? "[" : "", word,
			 strcmp(word, text) == 0 ? "]" : "");
		found |= strcmp(word, text) == 0;
	}
	if (found)
		tree_put(path, made);
	return found ? 0 : -EINVAL;
}

int __wrap_sysfile_write(const char *path, const char *text, struct error *err);

int __wrap_sysfile_write(const char *path, const char *text, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;

	tree_kernel.nr_writes++;
	if (tree_kernel.before)
		tree_kernel.before(path);
	if (tree_kernel.refuse && strcmp(tree_kernel.refuse, path) == 0)
		return error_errno(err, EACCES, "cannot write %s", path);
	if (tree_kernel.ignore && strcmp(tree_kernel.ignore, path) == 0)
		return 0;
	if (tree_kernel.alter && strcmp(tree_kernel.alter, path) == 0) {
		tree_put(path, tree_kernel.alter_to);
		tree_kernel.alter = NULL;
		return 0;
	}
	if (strcmp(name, "nr_hugepages") == 0) {
		char more[24];

		counter_write(path, text);
		snprintf(more, sizeof(more), "%" PRIu64, number_get(path) + tree_kernel.extra);
		if (tree_kernel.extra)
			counter_write(path, more);
		tree_kernel.extra = 0;
		return 0;
	}
	if (strchr(tree_get(path), '[') && choice_write(path, text))
		return error_errno(err, EINVAL, "cannot write \"%s\" to %s", text, path);
	if (!sysfile_exists(path))
		return error_errno(err, ENOENT, "cannot write %s", path);
	if (!strchr(tree_get(path), '['))
		tree_put(path, text);
	return 0;
}

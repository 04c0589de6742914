// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"

static char root[PATH_MAX / 2];

void sysfile_set_root(const char *prefix)
{
	size_t used = (size_t)snprintf(root, sizeof(root), "%s", prefix ? prefix : "");

	if (used >= sizeof(root))
		used = sizeof(root) - 1;
	while (used > 0 && root[used - 1] == '/')
		root[--used] = '\0';
}

const char *sysfile_root(void)
{
	return root;
}

bool sysfile_is_live(void)
{
	return root[0] == '\0';
}

static struct error trouble;

void sysfile_trouble_add(int code, const char *path)
{
	struct error why;

	error_errno(&why, code, "cannot read %.300s%.150s", root, path);
	if (!trouble.code && !error_unsupported(&why) && code != E2BIG && code != ENAMETOOLONG)
		trouble = why;
}

void sysfile_trouble_clear(void)
{
	trouble.code = 0;
}

int sysfile_trouble(struct error *err)
{
	if (trouble.code && err)
		*err = trouble;
	return -trouble.code;
}

/* Opens @path below the root. O_NONBLOCK: a fifo or a tracing file must not hang the program. */
static int sysfile_open(const char *path, int flags, struct error *err)
{
	char full[PATH_MAX];
	int fd;

	if ((size_t)snprintf(full, sizeof(full), "%s%s", root, path) >= sizeof(full))
		return error_errno(err, ENAMETOOLONG, "cannot open %.200s", path);
	fd = TEMP_FAILURE_RETRY(open(full, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	if (fd < 0) {
		int code = errno;

		sysfile_trouble_add(code, path);
		return error_errno(err, code, "cannot open %s", full);
	}
	return fd;
}

int sysfile_read(const char *path, char *text, size_t size, struct error *err)
{
	autoclose int fd = sysfile_open(path, O_RDONLY, err);
	size_t used = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t got = TEMP_FAILURE_RETRY(read(fd, text + used, size - used));

		if (got < 0) {
			int code = errno;

			sysfile_trouble_add(code, path);
			return error_errno(err, code, "cannot read %s%s", root, path);
		}
		if (got == 0)
			break;
		used += (size_t)got;
		if (used == size)
			return error_set(err, E2BIG,
					 "%s%s is longer than the %zu bytes expected of it", root,
					 path, size - 1);
	}
	if (used > 0 && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	return 0;
}

/* A decimal number at the start of @text, blanks around it allowed, nothing but @unit after it. */
static int number_parse(const char *text, const char *unit, uint64_t *value)
{
	uint64_t number;
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return -errno;
	while (isspace((unsigned char)*end))
		end++;
	if (unit && strncmp(end, unit, strlen(unit)) == 0)
		end += strlen(unit);
	while (isspace((unsigned char)*end))
		end++;
	if (*end)
		return -EINVAL;
	*value = number;
	return 0;
}

int sysfile_read_u64(const char *path, uint64_t *value, struct error *err)
{
	char text[64];
	int rc = sysfile_read(path, text, sizeof(text), err);

	if (rc)
		return rc;
	rc = number_parse(text, NULL, value);
	if (rc)
		return error_set(err, -rc, "%s%s holds \"%.40s\", which is not a decimal number",
				 root, path, text);
	return 0;
}

int sysfile_read_choice(const char *path, char *word, size_t size, struct error *err)
{
	char text[1024], *start, *end;
	int rc = sysfile_read(path, text, sizeof(text), err);

	if (rc)
		return rc;
	start = strchr(text, '[');
	end = start ? strchr(start, ']') : NULL;
	if (end) {
		*end = '\0';
		start++;
	} else {
		start = text;
	}
	if ((size_t)snprintf(word, size, "%s", start) >= size)
		return error_set(err, E2BIG, "%s%s holds a longer word than the %zu bytes expected",
				 root, path, size - 1);
	return 0;
}

int sysfile_read_field(const char *path, const char *name, uint64_t *value, struct error *err)
{
	int fd = sysfile_open(path, O_RDONLY, err);
	autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	size_t length = strlen(name);
	char line[512];

	if (!file) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : error_errno(err, ENOMEM, "cannot read %s%s", root, path);
	}
	while (fgets(line, sizeof(line), file)) {
		char *rest = line + length;

		if (strncmp(line, name, length) != 0)
			continue;
		if (*rest == ':')
			rest++;
		if (*rest != ' ' && *rest != '\t')
			continue;
		if (number_parse(rest, "kB", value))
			return error_set(err, EINVAL,
					 "the line \"%s\" of %s%s does not hold a number", name,
					 root, path);
		return 0;
	}
	if (ferror(file)) {
		sysfile_trouble_add(EIO, path);
		return error_errno(err, EIO, "cannot read %s%s", root, path);
	}
	return error_set(err, ENOENT, "%s%s has no line \"%s\"", root, path, name);
}

int sysfile_write(const char *path, const char *text, struct error *err)
{
	autoclose int fd = sysfile_open(path, O_WRONLY, err);
	size_t length = strlen(text);
	ssize_t put;

	if (fd < 0)
		return fd;
	put = TEMP_FAILURE_RETRY(write(fd, text, length));
	if (put < 0)
		return error_errno(err, errno, "cannot write \"%s\" to %s%s", text, root, path);
	if ((size_t)put != length)
		return error_set(err, EIO, "%s%s took %zd of the %zu bytes \"%s\"", root, path, put,
				 length, text);
	/* A kernel file replaces its value; the regular file that stands in for it has to be cut.
	 */
	if (!sysfile_is_live() && TEMP_FAILURE_RETRY(ftruncate(fd, put)))
		return error_errno(err, errno, "cannot cut %s%s", root, path);
	return 0;
}

bool sysfile_exists(const char *path)
{
	char full[PATH_MAX];

	if ((size_t)snprintf(full, sizeof(full), "%s%s", root, path) >= sizeof(full))
		return false;
	if (access(full, F_OK) == 0)
		return true;
	if (errno == ENOMEM) /* not the same as "it is not there" */
		memory_end();
	return false;
}

static const struct {
	const char *type, *where;
	long magic;
} wanted[] = {
	{ "debugfs", "/sys/kernel/debug", DEBUGFS_MAGIC },
	{ "tracefs", "/sys/kernel/tracing", TRACEFS_MAGIC },
	{ "securityfs", "/sys/kernel/security", SECURITYFS_MAGIC }, /* what lockdown forbids */
};

static bool is_mounted(size_t i)
{
	struct statfs fs;

	/* a mount point that does not exist, or cannot be seen, is none that mounting could help */
	return statfs(wanted[i].where, &fs) != 0 || fs.f_type == wanted[i].magic;
}

void mounts_complete(void)
{
	bool alone = false;

	if (!sysfile_is_live())
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (is_mounted(i))
			continue;
		if (!alone &&
		    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
			return;
		alone = true;
		/* not being allowed to is told later, by the probe that misses the file */
		(void)mount(wanted[i].type, wanted[i].where, wanted[i].type,
			    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	}
}

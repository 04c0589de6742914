// SPDX-License-Identifier: GPL-2.0-or-later
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

/* A number in the environment that sudo set: decimal digits only, and never the (uid_t)-1 that means "leave it". */
static int sudo_id(const char *name, unsigned int *id)
{
	const char *text = getenv(name);
	unsigned long number;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -ENOENT;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number >= (unsigned int)-1)
		return -EINVAL;
	*id = number;
	return 0;
}

static int give_to_caller(const struct outfile *out, struct error *err)
{
	unsigned int uid, gid;

	if (geteuid() != 0 || sudo_id("SUDO_UID", &uid) || sudo_id("SUDO_GID", &gid))
		return 0;
	/* EPERM: root of a user namespace that does not know this user; root's file is the best there is */
	if (fchown(out->fd, uid, gid) && errno != EPERM && errno != EINVAL)
		return error_errno(err, errno, "%s: cannot give it to user %u", out->path, uid);
	return 0;
}

/* Whoever may write there could put his own file in the place of ours. */
static int directory_check(int dir, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(dir, &st))
		return error_errno(err, errno, "%s", path);
	if (!(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX))
		return 0;
	error_set(err, EPERM, "%s: everybody may change what is in it", path);
	return error_fix(err, "chmod o-w %s", path);
}

int outfile_directory(const char *path, struct error *err)
{
	bool made = mkdir(path, 0777) == 0;
	unsigned int uid, gid;
	int dir, ret;

	if (!made && errno != EEXIST)
		return error_errno(err, errno, "make the directory %s", path);
	dir = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	if (dir < 0) {
		struct stat st;

		if (errno != ENOTDIR && errno != ELOOP)
			return error_errno(err, errno, "%s", path);
		if (lstat(path, &st) || !S_ISLNK(st.st_mode))
			return error_errno(err, ENOTDIR, "%s", path);
		error_set(err, ELOOP, "%s: is a symbolic link, which others may have planted", path);
		return error_fix(err, "a directory of that name, or -o with the path that it points to");
	}
	ret = directory_check(dir, path, err);
	if (!ret && made && geteuid() == 0 && !sudo_id("SUDO_UID", &uid) && !sudo_id("SUDO_GID", &gid) && fchown(dir, uid, gid) &&
	    errno != EPERM && errno != EINVAL)
		ret = error_errno(err, errno, "%s: cannot give it to user %u", path, uid);
	close(dir);
	return ret;
}

static int check_target(const struct outfile *out, struct error *err)
{
	struct stat st;

	if (!*out->name || strcmp(out->name, ".") == 0 || strcmp(out->name, "..") == 0)
		return error_set(err, EISDIR, "%s: is not the name of a file", out->path);
	if (fstatat(out->dir, out->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : error_errno(err, errno, "%s", out->path);
	if (S_ISREG(st.st_mode))
		return 0;
	error_set(err, EEXIST, "%s: will not be replaced: it is a %s", out->path,
		  S_ISDIR(st.st_mode) ? "directory" :
		  S_ISLNK(st.st_mode) ? "symbolic link" : "device, pipe or socket");
	return error_fix(err, "name a new or a regular file");
}

int outfile_open(struct outfile *out, const char *path, struct error *err)
{
	autofree char *directory = strdup(path);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	int rc;

	*out = (struct outfile){ .dir = -1, .fd = -1 };
	out->path = strdup(path);
	out->name = strdup(slash ? slash + 1 : path);
	if (!directory || !out->path || !out->name)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	if (slash)
		slash[slash == directory] = '\0';
	out->dir = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir < 0)
		return error_errno(err, errno, "%s: cannot open its directory", path);
	rc = directory_check(out->dir, slash ? directory : ".", err);
	rc = rc ? rc : check_target(out, err);
	if (rc)
		return rc;
	for (int tries = 0; out->fd < 0 && tries < 16; tries++) {
		unsigned int salt;

		/* A guest that has just booted would gather entropy for seconds; O_EXCL is what makes it safe. */
		if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != sizeof(salt))
			salt = (unsigned int)getpid() * 16 + (unsigned int)tries;
		snprintf(out->temp, sizeof(out->temp), ".pinbench-%08x.tmp", salt);
		out->fd = openat(out->dir, out->temp,
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (out->fd < 0 && errno != EEXIST)
			break;
	}
	if (out->fd < 0) {
		out->temp[0] = '\0';
		return error_errno(err, errno, "%s: cannot write in its directory", path);
	}
	return give_to_caller(out, err);
}

int outfile_write(struct outfile *out, const void *data, size_t size, struct error *err)
{
	const char *at = data;

	while (size > 0) {
		ssize_t done = write(out->fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_errno(err, errno, "%s: cannot write", out->path);
		at += done;
		size -= done;
	}
	return 0;
}

int outfile_commit(struct outfile *out, struct error *err)
{
	int fd = out->fd;

	if (fdatasync(fd))
		return error_errno(err, errno, "%s: cannot write", out->path);
	/* a network file system may tell of a full disk only here */
	out->fd = -1;
	if (close(fd))
		return error_errno(err, errno, "%s: cannot write", out->path);
	if (renameat(out->dir, out->temp, out->dir, out->name))
		return error_errno(err, errno, "%s: cannot rename %s to it", out->path, out->temp);
	out->temp[0] = '\0';
	if (fsync(out->dir) && errno != EINVAL && errno != ENOTSUP)
		return error_errno(err, errno, "%s: cannot sync its directory", out->path);
	return 0;
}

void outfile_close(struct outfile *out)
{
	if (out->temp[0])
		unlinkat(out->dir, out->temp, 0);
	cleanup_close(&out->fd);
	cleanup_close(&out->dir);
	free(out->path);
	free(out->name);
	*out = (struct outfile){ .dir = -1, .fd = -1 };
}

void outfile_stamp(const char *directory, const char *const *labels, size_t nr, char *stamp, size_t size)
{
	bool taken = true;
	char path[4096];
	struct tm utc;

	for (time_t when = time(NULL); taken; when++) {
		strftime(stamp, size, "%Y%m%dT%H%M%SZ", gmtime_r(&when, &utc));
		taken = false;
		for (size_t i = 0; i < nr; i++) {
			/* what is too long for a path is the caller's to refuse */
			taken = taken || (snprintf(path, sizeof(path), "%s/%s-%s.json", directory, labels[i], stamp) <
					  (int)sizeof(path) && !access(path, F_OK));
		}
	}
}

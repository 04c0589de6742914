// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* A number in the environment that sudo set: decimal digits only, and never the (uid_t)-1 that
 * means "leave it". */
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
	/* EPERM: root of a user namespace that does not know this user; root's file is the best
	 * there is */
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
		error_set(err, ELOOP, "%s: is a symbolic link, which others may have planted",
			  path);
		return error_fix(err,
				 "a directory of that name, or -o with the path that it points to");
	}
	ret = directory_check(dir, path, err);
	if (!ret && made && geteuid() == 0 && !sudo_id("SUDO_UID", &uid) &&
	    !sudo_id("SUDO_GID", &gid) && fchown(dir, uid, gid) && errno != EPERM &&
	    errno != EINVAL)
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
		  S_ISDIR(st.st_mode)   ? "directory"
		  : S_ISLNK(st.st_mode) ? "symbolic link"
					: "device, pipe or socket");
	return error_fix(err, "name a new or a regular file");
}

/* ".pinbench-0123abcd.tmp" */
static bool is_temp(const char *name)
{
	static const char head[] = ".pinbench-", tail[] = ".tmp";
	size_t digits = strspn(name + (strncmp(name, head, strlen(head)) ? 0 : strlen(head)),
			       "0123456789abcdef");

	return !strncmp(name, head, strlen(head)) && digits == 8 &&
	       !strcmp(name + strlen(head) + digits, tail);
}

static bool is_mine(uid_t uid)
{
	unsigned int caller;

	return uid == geteuid() ||
	       (geteuid() == 0 && !sudo_id("SUDO_UID", &caller) && uid == caller);
}

/* Whoever still writes it holds its lock. The name may have become another's file since: it is
 * looked at again under the lock. */
static void temp_sweep(int dir, const char *name)
{
	autoclose int fd = TEMP_FAILURE_RETRY(
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	struct stat mine, there;

	if (fd < 0 || fstat(fd, &mine) || !S_ISREG(mine.st_mode) || !is_mine(mine.st_uid) ||
	    TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) || fstat(fd, &mine) ||
	    mine.st_nlink != 1)
		return;
	if (fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_dev == mine.st_dev &&
	    there.st_ino == mine.st_ino)
		unlinkat(dir, name, 0);
}

/* What killed programs left in @dir; looked for once, not at every save of a run. */
static void temps_sweep(int dir)
{
	static dev_t last_dev;
	static ino_t last_ino;
	int fd = TEMP_FAILURE_RETRY(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	if (!entries) {
		cleanup_close(&fd);
		return;
	}
	if (fstat(fd, &st) == 0 && (st.st_dev != last_dev || st.st_ino != last_ino)) {
		last_dev = st.st_dev;
		last_ino = st.st_ino;
		while ((entry = readdir(entries)))
			if (is_temp(entry->d_name))
				temp_sweep(dir, entry->d_name);
	}
	closedir(entries);
}

/* A new file of that name, locked. -EAGAIN: the name is taken, or another one swept it before it
 * had its lock. */
static int temp_make(struct outfile *out)
{
	struct stat st;

	out->fd = TEMP_FAILURE_RETRY(openat(out->dir, out->temp,
					    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					    0644));
	if (out->fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	/* a file system without locks: nothing is swept there either */
	if ((TEMP_FAILURE_RETRY(flock(out->fd, LOCK_EX | LOCK_NB)) && errno == EWOULDBLOCK) ||
	    fstat(out->fd, &st) || st.st_nlink == 0) {
		unlinkat(out->dir, out->temp, 0);
		cleanup_close(&out->fd);
		out->fd = -1;
		return -EAGAIN;
	}
	return 0;
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
	out->dir = TEMP_FAILURE_RETRY(
		open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (out->dir < 0)
		return error_errno(err, errno, "%s: cannot open its directory", path);
	rc = directory_check(out->dir, slash ? directory : ".", err);
	rc = rc ? rc : check_target(out, err);
	if (rc)
		return rc;
	temps_sweep(out->dir);
	rc = -EAGAIN;
	for (int tries = 0; rc == -EAGAIN && tries < 16; tries++) {
		unsigned int salt;

		/* A guest that has just booted would gather entropy for seconds; O_EXCL is what
		 * makes it safe. */
		if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != sizeof(salt))
			salt = (unsigned int)getpid() * 16 + (unsigned int)tries;
		snprintf(out->temp, sizeof(out->temp), ".pinbench-%08x.tmp", salt);
		rc = temp_make(out);
	}
	if (rc) {
		out->temp[0] = '\0';
		return error_errno(err, -rc, "%s: cannot write in its directory", path);
	}
	return give_to_caller(out, err);
}

int outfile_write(struct outfile *out, const void *data, size_t size, struct error *err)
{
	const char *at = data;

	while (size > 0) {
		ssize_t done = TEMP_FAILURE_RETRY(write(out->fd, at, size));

		if (done < 0)
			return error_errno(err, errno, "%s: cannot write", out->path);
		at += done;
		size -= done;
	}
	return 0;
}

/*
 * A network file system may tell of a full disk only when a descriptor is closed: that of a copy,
 * as the lock has to last until the file has its name. Linux has closed it also when a signal came.
 */
static int sync_file(struct outfile *out, struct error *err)
{
	int copy;

	if (TEMP_FAILURE_RETRY(fdatasync(out->fd)))
		return error_errno(err, errno, "%s: cannot write", out->path);
	copy = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0 || (close(copy) && errno != EINTR))
		return error_errno(err, errno, "%s: cannot write", out->path);
	return 0;
}

static int sync_directory(struct outfile *out, struct error *err)
{
	out->temp[0] = '\0';
	if (TEMP_FAILURE_RETRY(fsync(out->dir)) && errno != EINVAL && errno != ENOTSUP)
		return error_errno(err, errno, "%s: cannot sync its directory", out->path);
	return 0;
}

int outfile_commit(struct outfile *out, struct error *err)
{
	int rc = sync_file(out, err);

	if (rc)
		return rc;
	if (TEMP_FAILURE_RETRY(renameat(out->dir, out->temp, out->dir, out->name)))
		return error_errno(err, errno, "%s: cannot rename %s to it", out->path, out->temp);
	return sync_directory(out, err);
}

/* Where the file system cannot rename so: a second name, or an empty file that only one can make.
 */
static int rename_new(const struct outfile *out)
{
	int fd;

	if (TEMP_FAILURE_RETRY(
		    renameat2(out->dir, out->temp, out->dir, out->name, RENAME_NOREPLACE)) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(out->dir, out->temp, out->dir, out->name, 0) == 0)
		return unlinkat(out->dir, out->temp, 0) ? -errno : 0;
	if (errno == EEXIST)
		return -EEXIST;
	fd = TEMP_FAILURE_RETRY(openat(out->dir, out->name,
				       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
	if (fd < 0)
		return -errno;
	close(fd);
	return TEMP_FAILURE_RETRY(renameat(out->dir, out->temp, out->dir, out->name)) ? -errno : 0;
}

int outfile_commit_new(struct outfile *out, struct error *err)
{
	int rc = sync_file(out, err);

	if (rc)
		return rc;
	rc = rename_new(out);
	if (rc == -EEXIST)
		return error_set(err, EEXIST, "%s: is there already", out->path);
	if (rc)
		return error_errno(err, -rc, "%s: cannot rename %s to it", out->path, out->temp);
	return sync_directory(out, err);
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

// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"
#include "sysfile.h"

#define HEADER "pinbench-journal-1"
#define FILE_MAX (64 * 1024)
#define LOCK_WAIT_MS 5000

static void sleep_ms(unsigned int ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L };

	nanosleep(&pause, NULL);
}

bool change_word_ok(const char *word)
{
	size_t length = strlen(word);

	if (length == 0 || length > CHANGE_WORD_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)word[i] < ' ' || (unsigned char)word[i] > '~')
			return false;
	return true;
}

bool change_path_ok(const char *path)
{
	if (strncmp(path, "/sys/", 5) != 0 && strncmp(path, "/proc/sys/", 10) != 0)
		return false;
	if (strstr(path, "/../") || strlen(path) >= sizeof(((struct change *)0)->path))
		return false;
	return change_word_ok(path);
}

static void boot_id_read(char *id, size_t size)
{
	if (sysfile_read("/proc/sys/kernel/random/boot_id", id, size, NULL) || !change_word_ok(id))
		snprintf(id, size, "-");
}

/* What keeps an ordinary user from making or opening the directory keeps him from changing settings, too. */
static int dir_refuse(int code, const char *what, const char *path, struct error *err)
{
	error_errno(err, code, "kernel settings cannot be changed without a journal: cannot %s %s", what, path);
	if (code == EACCES || code == EPERM)
		error_fix(err, "run as root");
	return -code;
}

int journal_dir_open(bool create, struct error *err)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/run", sysfile_root());
	if (create && mkdir(path, 0755) && errno != EEXIST)
		return dir_refuse(errno, "make", path, err);
	snprintf(path, sizeof(path), "%s%s", sysfile_root(), JOURNAL_DIR);
	if (create && mkdir(path, 0700) && errno != EEXIST)
		return dir_refuse(errno, "make", path, err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(err, EPERM, "%s is not a directory; somebody put it there", path);
	if (fd < 0)
		return dir_refuse(errno, "open", path, err);
	if (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 077)) {
		close(fd);
		error_set(err, EPERM, "%s does not belong to this user alone (mode 0700); its journals are not trusted",
			  path);
		error_fix(err, "look at what is in %s, then remove it", path);
		return -EPERM;
	}
	return fd;
}

int journal_dir_lock(int dir_fd, struct error *err)
{
	for (unsigned int waited = 0; waited < LOCK_WAIT_MS; waited += 10) {
		if (flock(dir_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, errno, "cannot lock %s%s", sysfile_root(), JOURNAL_DIR);
		sleep_ms(10);
	}
	return error_set(err, EBUSY, "another pinbench has been restoring settings for 5 s and still is");
}

void journal_dir_unlock(int dir_fd)
{
	flock(dir_fd, LOCK_UN);
}

static struct journal *journal_new(int dir_fd, const char *name)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		abort();
	journal->dir_fd = dir_fd;
	journal->fd = -1;
	snprintf(journal->name, sizeof(journal->name), "%s", name);
	return journal;
}

int journal_file_create(struct journal **slot, int dir_fd, struct error *err)
{
	struct journal *journal;
	char name[64], id[80];
	struct timespec now;
	int rc;

	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(name, sizeof(name), "%ld-%lld%09ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
	journal = journal_new(dir_fd, name);
	rc = journal_dir_lock(dir_fd, err);
	if (rc)
		goto out;
	journal->fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_APPEND, 0600);
	if (journal->fd < 0 || flock(journal->fd, LOCK_EX | LOCK_NB))
		rc = error_errno(err, errno, "cannot make a journal in %s%s", sysfile_root(), JOURNAL_DIR);
	boot_id_read(id, sizeof(id));
	if (!rc)
		rc = journal_file_append(journal, err, "%s\t%s", HEADER, id);
	journal_dir_unlock(dir_fd);
out:
	if (rc) {
		journal_file_close(journal, journal->fd >= 0);
		return rc;
	}
	*slot = journal;
	return 0;
}

struct change *journal_file_remember(struct journal *journal, const struct change *change)
{
	if ((journal->nr & (journal->nr - 1)) == 0) {
		size_t room = journal->nr ? journal->nr * 2 : 1;

		journal->changes = realloc(journal->changes, room * sizeof(*journal->changes));
		if (!journal->changes)
			abort();
	}
	journal->changes[journal->nr] = *change;
	return &journal->changes[journal->nr++];
}

int journal_file_append(struct journal *journal, struct error *err, const char *format, ...)
{
	char line[sizeof(struct change) + 64];
	va_list args;
	size_t used;
	ssize_t put;

	va_start(args, format);
	used = (size_t)vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (used >= sizeof(line) - 1)
		return error_set(err, E2BIG, "the journal record is longer than %zu bytes", sizeof(line) - 2);
	line[used++] = '\n';
	put = write(journal->fd, line, used);
	if (put != (ssize_t)used || fdatasync(journal->fd))
		return error_errno(err, put >= 0 && put != (ssize_t)used ? ENOSPC : errno,
				   "cannot write the journal %s%s/%s", sysfile_root(), JOURNAL_DIR,
				   journal->name);
	return 0;
}

/* Splits @line at tabs into at most @max words; returns how many there are. */
static size_t words_split(char *line, char **words, size_t max)
{
	size_t nr = 0;

	for (char *word; (word = strsep(&line, "\t")); nr++)
		if (nr < max)
			words[nr] = word;
	return nr;
}

/* A plain decimal number up to @limit. */
static bool count_parse(const char *text, uint64_t limit, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *value <= limit;
}

static bool change_load(struct journal *journal, char **words)
{
	struct change change = { .counter = words[0][0] == 'a' };
	uint64_t before, after;

	if (!change_path_ok(words[1]) || !change_word_ok(words[2]) || !change_word_ok(words[3]))
		return false;
	snprintf(change.path, sizeof(change.path), "%s", words[1]);
	snprintf(change.before, sizeof(change.before), "%s", words[2]);
	snprintf(change.after, sizeof(change.after), "%s", words[3]);
	if (change.counter) {
		if (!count_parse(words[2], INT64_MAX, &before) || !count_parse(words[3], INT64_MAX, &after) ||
		    after < before)
			return false;
		change.added = after - before;
	}
	journal_file_remember(journal, &change);
	return true;
}

static bool line_load(struct journal *journal, char *line)
{
	uint64_t index, nr;
	char *words[4];
	size_t count = words_split(line, words, 4);

	if (count == 4 && (!strcmp(words[0], "set") || !strcmp(words[0], "add")))
		return change_load(journal, words);
	if (count < 2 || journal->nr == 0 || !count_parse(words[1], journal->nr - 1, &index))
		return false;
	if (count == 2 && !strcmp(words[0], "done")) {
		journal->changes[index].done = true;
		return true;
	}
	if (count != 3 || strcmp(words[0], "got") != 0 || !journal->changes[index].counter ||
	    !count_parse(words[2], journal->changes[index].added, &nr))
		return false;
	journal->changes[index].added = nr;
	journal->changes[index].granted = true;
	return true;
}

static int text_load(struct journal *journal, char *text, struct error *err)
{
	char *words[2], id[80], *line = text, *end;
	unsigned int number = 0;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		number++;
		if (number == 1) {
			if (words_split(line, words, 2) != 2 || strcmp(words[0], HEADER) != 0)
				goto bad;
			boot_id_read(id, sizeof(id));
			journal->stale_boot = strcmp(words[1], id) != 0;
		} else if (!line_load(journal, line)) {
			goto bad;
		}
	}
	return 0;
bad:
	error_set(err, EINVAL, "line %u of the journal %s%s/%s is not one that pinbench writes; nothing is restored from it",
		  number, sysfile_root(), JOURNAL_DIR, journal->name);
	return error_fix(err, "read it, put back by hand what it names, then remove it");
}

int journal_file_load(struct journal **slot, int dir_fd, const char *name, struct error *err)
{
	struct journal *journal = journal_new(fcntl(dir_fd, F_DUPFD_CLOEXEC, 0), name);
	autofree char *text = malloc(FILE_MAX + 1);
	struct stat st;
	ssize_t got;
	int rc = 0;

	if (!text)
		abort();
	/* O_NONBLOCK: a planted fifo must not hang the program. */
	journal->fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_APPEND | O_NONBLOCK);
	if (journal->fd < 0 || fstat(journal->fd, &st)) {
		rc = error_errno(err, errno, "cannot open the journal %s%s/%s", sysfile_root(), JOURNAL_DIR, name);
	} else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 07777) != 0600 ||
		   st.st_nlink != 1 || st.st_size > FILE_MAX) {
		rc = error_set(err, EPERM, "%s%s/%s is not a journal that pinbench wrote; it is left alone",
			       sysfile_root(), JOURNAL_DIR, name);
	} else if (flock(journal->fd, LOCK_EX | LOCK_NB)) {
		rc = error_errno(err, errno, "the run of journal %s is alive", name);
	} else {
		got = pread(journal->fd, text, FILE_MAX, 0);
		if (got < 0)
			rc = error_errno(err, errno, "cannot read the journal %s%s/%s", sysfile_root(),
					 JOURNAL_DIR, name);
		text[got > 0 ? got : 0] = '\0';
		if (got > 0 && strlen(text) != (size_t)got)
			rc = error_set(err, EINVAL, "the journal %s%s/%s holds a NUL byte", sysfile_root(),
				       JOURNAL_DIR, name);
		if (!rc)
			rc = text_load(journal, text, err);
	}
	if (rc)
		journal_file_close(journal, false);
	else
		*slot = journal;
	return rc;
}

void journal_file_close(struct journal *journal, bool unlink_it)
{
	if (unlink_it)
		unlinkat(journal->dir_fd, journal->name, 0);
	if (journal->fd >= 0)
		close(journal->fd);
	if (journal->dir_fd >= 0)
		close(journal->dir_fd);
	free(journal->changes);
	free(journal);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/journal_file.h"

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

#include "base/memory.h"
#include "host/sysfile.h"

#define HEADER_1       "pinbench-journal-1"
#define HEADER_2       "pinbench-journal-2"
#define REWRITE_BYTES  (16 * 1024)
#define CREATE_WAIT_MS 60000 /* another may be raising a large pool */

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

/* What keeps an ordinary user from making or opening the directory keeps him from changing
 * settings, too. */
static int dir_refuse(int code, const char *what, const char *path, struct error *err)
{
	error_errno(err, code, "kernel settings cannot be changed without a journal: cannot %s %s",
		    what, path);
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
		error_set(err, EPERM,
			  "%s does not belong to this user alone (mode 0700); its journals are not "
			  "trusted",
			  path);
		error_fix(err, "look at what is in %s, then remove it", path);
		return -EPERM;
	}
	return fd;
}

/* A journal that cannot be kept is no lack of the machine but a fault: -EIO, whatever the cause. */
static int journal_trouble(const struct journal *journal, int code, const char *what,
			   struct error *err)
{
	return error_set(err, EIO, "cannot %s the journal %s%s/%s: %s", what, sysfile_root(),
			 JOURNAL_DIR, journal->name, strerror(code));
}

int journal_dir_lock(int dir_fd, unsigned int wait_ms, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000000 };

	for (unsigned int waited = 0; waited <= wait_ms; waited += 5) {
		if (flock(dir_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, errno, "cannot lock %s%s", sysfile_root(),
					   JOURNAL_DIR);
		nanosleep(&pause, NULL);
	}
	return error_set(err, EBUSY,
			 "another pinbench has been changing or restoring settings for %u s and "
			 "still is",
			 wait_ms / 1000);
}

void journal_dir_unlock(int dir_fd)
{
	flock(dir_fd, LOCK_UN);
}

struct journal *journal_new(int dir_fd, const char *name)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		abort();
	journal->dir_fd = dir_fd;
	journal->fd = -1;
	journal->version = 2;
	journal->rewrite_at = REWRITE_BYTES;
	snprintf(journal->name, sizeof(journal->name), "%s", name);
	return journal;
}

/* Opens a new file of the run's and locks it: nobody sees one that is not locked. */
static int file_make(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_APPEND,
			0600);
	int code;

	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0600) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	code = errno;
	unlinkat(dir_fd, name, 0);
	close(fd);
	return -code;
}

int journal_file_create(struct journal **slot, int dir_fd, struct error *err)
{
	struct journal *journal;
	char name[64], id[80];
	struct timespec now;
	int rc;

	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(name, sizeof(name), "%ld-%lld%09ld", (long)getpid(), (long long)now.tv_sec,
		 now.tv_nsec);
	journal = journal_new(dir_fd, name);
	rc = journal_dir_lock(dir_fd, CREATE_WAIT_MS, err);
	if (rc)
		goto out;
	journal->fd = file_make(dir_fd, name);
	if (journal->fd < 0)
		rc = journal_trouble(journal, -journal->fd, "make", err);
	boot_id_read(id, sizeof(id));
	if (!rc)
		rc = journal_file_append(journal, err, "%s\t%s", HEADER_2, id);
	if (rc && journal->fd >= 0)
		unlinkat(dir_fd, name, 0);
	journal_dir_unlock(dir_fd);
out:
	if (rc)
		journal_file_close(journal, false);
	else
		*slot = journal;
	return rc;
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
	journal->next_id = change->id + 1;
	return &journal->changes[journal->nr++];
}

/* @bytes of whole lines to the end of the file, all or nothing. 0, or a positive errno. */
static int bytes_append(int fd, const char *text, size_t bytes, size_t end, bool *torn)
{
	size_t used = 0;
	int code = 0;

	while (used < bytes && !code) {
		ssize_t put = write(fd, text + used, bytes - used);

		if (put > 0)
			used += (size_t)put;
		else if (put == 0)
			code = ENOSPC;
		else if (errno != EINTR)
			code = errno;
	}
	/* what is there of it must not become the beginning of the next line */
	if (code && used && ftruncate(fd, (off_t)end))
		*torn = true;
	return code;
}

/* The records that are still needed, as text; NULL without memory. */
static char *pending_text(const struct journal *journal, size_t *bytes)
{
	char *text = NULL, id[80];
	FILE *out = open_memstream(&text, bytes);

	if (!out)
		return NULL;
	boot_id_read(id, sizeof(id));
	fprintf(out, "%s\t%s\n", HEADER_2, id);
	for (size_t i = 0; i < journal->nr; i++) {
		const struct change *change = &journal->changes[i];

		if (change->done)
			continue;
		if (!change->counter) {
			fprintf(out, "set\t%u\t%s\t%s\t%s\n", change->id, change->path,
				change->first, change->after);
			continue;
		}
		fprintf(out, "add\t%u\t%s\t%s\t%s\t%s\n", change->id, change->path, change->first,
			change->before, change->after);
		if (change->granted)
			fprintf(out, "got\t%u\t%" PRIu64 "\n", change->id, change->added);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void done_forget(struct journal *journal)
{
	size_t kept = 0;

	for (size_t i = 0; i < journal->nr; i++)
		if (!journal->changes[i].done)
			journal->changes[kept++] = journal->changes[i];
	journal->nr = kept;
	/* room for as many as there were: journal_file_remember() counts in powers of two */
	if (kept) {
		size_t room = 1;

		while (room < kept)
			room *= 2;
		journal->changes = realloc(journal->changes, room * sizeof(*journal->changes));
		if (!journal->changes)
			abort();
	} else {
		free(journal->changes);
		journal->changes = NULL;
	}
}

/*
 * Writes the journal anew without what is done, under another name, and puts it in place in one
 * step. Where that fails the old file goes on.
 */
static void file_rewrite(struct journal *journal)
{
	size_t bytes = 0;
	autofree char *text = pending_text(journal, &bytes);
	bool torn = false;
	char name[80];
	int fd;

	journal->rewrite_at = journal->bytes * 2;
	if (!text)
		return;
	snprintf(name, sizeof(name), ".%s", journal->name);
	unlinkat(journal->dir_fd, name, 0);
	fd = file_make(journal->dir_fd, name);
	if (fd < 0)
		return;
	if (bytes_append(fd, text, bytes, 0, &torn) ||
	    renameat(journal->dir_fd, name, journal->dir_fd, journal->name)) {
		unlinkat(journal->dir_fd, name, 0);
		close(fd);
		return;
	}
	close(journal->fd);
	journal->fd = fd;
	journal->bytes = bytes;
	journal->rewrite_at = bytes * 2 > REWRITE_BYTES ? bytes * 2 : REWRITE_BYTES;
	done_forget(journal);
}

static int line_append(struct journal *journal, const char *line, size_t used, struct error *err)
{
	int code;

	if (journal->broken)
		return journal_trouble(journal, EIO, "cut a torn line off", err);
	code = bytes_append(journal->fd, line, used, journal->bytes, &journal->broken);
	if (code)
		return journal_trouble(journal, code, "write", err);
	journal->bytes += used;
	return 0;
}

/* Tells the file what it could not be told before. */
static int done_save(struct journal *journal, struct error *err)
{
	char line[32];

	for (size_t i = 0; i < journal->nr; i++) {
		struct change *change = &journal->changes[i];
		int used, rc;

		if (!change->done || change->done_saved)
			continue;
		used = snprintf(line, sizeof(line), "done\t%u\n", change->id);
		rc = line_append(journal, line, (size_t)used, err);
		if (rc)
			return rc;
		change->done_saved = true;
	}
	return 0;
}

void journal_file_done(struct journal *journal, struct change *change)
{
	change->done = true;
	done_save(journal, NULL);
}

int journal_file_append(struct journal *journal, struct error *err, const char *format, ...)
{
	char line[sizeof(struct change) + 64];
	va_list args;
	size_t used;
	int rc;

	va_start(args, format);
	used = (size_t)vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (used >= sizeof(line) - 1)
		return error_set(err, E2BIG, "the journal record is longer than %zu bytes",
				 sizeof(line) - 2);
	line[used++] = '\n';
	rc = done_save(journal, err);
	if (!rc && journal->bytes + used > JOURNAL_BYTES_MAX / 2)
		rc = journal_trouble(journal, EFBIG, "write", err);
	return rc ? rc : line_append(journal, line, used, err);
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

static bool counter_load(struct change *change)
{
	uint64_t first, before, after;

	if (!count_parse(change->first, INT64_MAX, &first) ||
	    !count_parse(change->before, INT64_MAX, &before) ||
	    !count_parse(change->after, INT64_MAX, &after) || after < before)
		return false;
	change->added = after - before;
	change->granted = after == before;
	return true;
}

/* @words: PATH FIRST [BEFORE] AFTER */
static bool change_load(struct journal *journal, bool counter, uint64_t id, char **words,
			size_t nr_words)
{
	struct change change = { .counter = counter, .id = (uint32_t)id };

	if (id < journal->next_id || !change_path_ok(words[0]))
		return false;
	for (size_t i = 1; i < nr_words; i++)
		if (!change_word_ok(words[i]))
			return false;
	snprintf(change.path, sizeof(change.path), "%s", words[0]);
	snprintf(change.first, sizeof(change.first), "%s", words[1]);
	snprintf(change.before, sizeof(change.before), "%s", words[nr_words - 2]);
	snprintf(change.after, sizeof(change.after), "%s", words[nr_words - 1]);
	if (counter && !counter_load(&change))
		return false;
	journal_file_remember(journal, &change);
	return true;
}

static struct change *change_by_id(const struct journal *journal, uint64_t id)
{
	size_t low = 0, high = journal->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (journal->changes[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < journal->nr && journal->changes[low].id == id ? &journal->changes[low] : NULL;
}

/* "got", "was", "done": what became of a change. */
static bool change_amend(struct journal *journal, char **words, size_t count)
{
	struct change *change;
	uint64_t id, nr;

	if (count < 2 || !count_parse(words[1], UINT32_MAX - 1, &id))
		return false;
	change = change_by_id(journal, id);
	if (!change) /* done, and forgotten when its journal was written anew in another process */
		return false;
	if (count == 2 && strcmp(words[0], "done") == 0) {
		change->done = change->done_saved = true;
		return true;
	}
	if (count != 3)
		return false;
	if (strcmp(words[0], "was") == 0 && journal->version > 1) {
		if (!change_word_ok(words[2]) ||
		    (change->counter && !count_parse(words[2], INT64_MAX, &nr)))
			return false;
		snprintf(change->first, sizeof(change->first), "%s", words[2]);
		return true;
	}
	if (strcmp(words[0], "got") != 0 || !change->counter ||
	    !count_parse(words[2], change->added, &nr))
		return false;
	change->added = nr;
	change->granted = true;
	return true;
}

static bool line_load(struct journal *journal, char *line)
{
	char *words[6];
	size_t count = words_split(line, words, 6);
	bool counter = strcmp(words[0], "add") == 0;
	uint64_t id;

	if (!counter && strcmp(words[0], "set") != 0)
		return change_amend(journal, words, count);
	if (journal->version == 1)
		return count == 4 && change_load(journal, counter, journal->next_id, words + 1, 3);
	return count == (counter ? 6 : 5) && count_parse(words[1], UINT32_MAX - 1, &id) &&
	       change_load(journal, counter, id, words + 2, count - 2);
}

static bool header_load(struct journal *journal, char *line)
{
	char *words[2], id[80];

	if (words_split(line, words, 2) != 2)
		return false;
	if (strcmp(words[0], HEADER_1) == 0)
		journal->version = 1;
	else if (strcmp(words[0], HEADER_2) == 0)
		journal->version = 2;
	else
		return false;
	boot_id_read(id, sizeof(id));
	journal->stale_boot = strcmp(words[1], id) != 0;
	return true;
}

int journal_text_load(struct journal *journal, char *text, size_t bytes, struct error *err)
{
	unsigned int number = 0;
	char *line = text, *end;

	if (memchr(text, '\0', bytes))
		return error_set(err, EINVAL, "the journal %s%s/%s holds a NUL byte",
				 sysfile_root(), JOURNAL_DIR, journal->name);
	for (; (end = memchr(line, '\n', bytes - (size_t)(line - text))); line = end + 1) {
		*end = '\0';
		number++;
		if (journal->bytes == 0 ? header_load(journal, line) : line_load(journal, line)) {
			journal->bytes += (size_t)(end + 1 - line);
			continue;
		}
		error_set(err, EINVAL,
			  "line %u of the journal %s%s/%s is not one that pinbench writes; nothing "
			  "is restored "
			  "from it",
			  number, sysfile_root(), JOURNAL_DIR, journal->name);
		return error_fix(err, "read it, put back by hand what it names, then remove it");
	}
	return 0;
}

/* Reads from what is known to the end. A line that is being written, or was when its writer was
 * killed, is left for later. */
static int file_read_on(struct journal *journal, size_t size, struct error *err)
{
	size_t bytes = size - journal->bytes, used = 0;
	autofree char *text = malloc(bytes + 1);

	if (!text)
		abort();
	while (used < bytes) {
		ssize_t got = pread(journal->fd, text + used, bytes - used,
				    (off_t)(journal->bytes + used));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return journal_trouble(journal, errno, "read", err);
		if (got == 0)
			break;
		used += (size_t)got;
	}
	text[used] = '\0';
	return journal_text_load(journal, text, used, err);
}

/* Whoever appends holds the lock of the directory, so what stands behind the last newline has no
 * writer any more. */
static int tail_cut(struct journal *journal, size_t size, struct error *err)
{
	if (size == journal->bytes || ftruncate(journal->fd, (off_t)journal->bytes) == 0)
		return 0;
	journal->broken = true;
	return journal_trouble(journal, errno, "cut a torn line off", err);
}

int journal_file_refresh(struct journal *journal, struct error *err)
{
	struct stat st;
	int rc = 0;

	if (fstat(journal->fd, &st))
		return journal_trouble(journal, errno, "read", err);
	if ((size_t)st.st_size < journal->bytes)
		return journal_trouble(journal, EILSEQ, "find the end of", err);
	if ((size_t)st.st_size > journal->bytes)
		rc = file_read_on(journal, (size_t)st.st_size, err);
	if (!rc)
		rc = tail_cut(journal, (size_t)st.st_size, err);
	if (!rc && journal->bytes > journal->rewrite_at)
		file_rewrite(journal);
	return rc;
}

int journal_file_load(struct journal **slot, int dir_fd, const char *name, struct error *err)
{
	struct journal *journal = journal_new(fcntl(dir_fd, F_DUPFD_CLOEXEC, 0), name);
	struct stat st;
	int rc = 0;

	/* O_NONBLOCK: a planted fifo must not hang the program. */
	journal->fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_APPEND | O_NONBLOCK);
	if (journal->dir_fd < 0 || journal->fd < 0 || fstat(journal->fd, &st)) {
		rc = error_errno(err, errno, "cannot open the journal %s%s/%s", sysfile_root(),
				 JOURNAL_DIR, name);
	} else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 07777) != 0600 ||
		   st.st_nlink != 1 || st.st_size > JOURNAL_BYTES_MAX) {
		rc = error_set(err, EPERM,
			       "%s%s/%s is not a journal that pinbench wrote; it is left alone",
			       sysfile_root(), JOURNAL_DIR, name);
	} else {
		journal->live = flock(journal->fd, LOCK_EX | LOCK_NB) != 0;
		rc = file_read_on(journal, (size_t)st.st_size, err);
		if (!rc)
			rc = tail_cut(journal, (size_t)st.st_size, err);
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
	for (size_t i = 0; i < journal->nr_notes; i++)
		free(journal->notes[i]);
	free(journal->notes);
	free(journal->changes);
	free(journal);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal_file.h"
#include "sysfile.h"

#define BUSY_WAIT_MS 2000
#define ENDING_WAIT_MS 1000

static void report_line(struct journal_report *report, unsigned int *count, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a sentence and counts it; @count is a field of @report, or NULL when @report is. */
static void report_line(struct journal_report *report, unsigned int *count, const char *format, ...)
{
	va_list args;
	char *line;

	if (!report)
		return;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		abort();
	va_end(args);
	report->lines = realloc(report->lines, (report->nr + 1) * sizeof(*report->lines));
	if (!report->lines)
		abort();
	report->lines[report->nr++] = line;
	if (count)
		(*count)++;
}
#define REPORT(report, kind, ...) report_line(report, (report) ? &(report)->kind : NULL, __VA_ARGS__)

void journal_report_free(struct journal_report *report)
{
	for (size_t i = 0; i < report->nr; i++)
		free(report->lines[i]);
	free(report->lines);
	memset(report, 0, sizeof(*report));
}

int journal_open(struct journal **journal, struct error *err)
{
	int dir_fd = journal_dir_open(true, err);

	return dir_fd < 0 ? dir_fd : journal_file_create(journal, dir_fd, err);
}

static int change_check(const char *path, const char *value, struct error *err)
{
	if (!change_path_ok(path))
		return error_set(err, EINVAL, "\"%.100s\" is not a setting below /sys or /proc/sys", path);
	if (!change_word_ok(value))
		return error_set(err, EINVAL, "%s holds \"%.60s\", which could not be put back as one word", path,
				 value);
	return 0;
}

static void change_done(struct journal *journal, size_t index)
{
	journal->changes[index].done = true;
	journal_file_append(journal, NULL, "done\t%zu", index);
}

int journal_set(struct journal *journal, const char *path, const char *value, struct error *err)
{
	struct change change = { 0 };
	char now[CHANGE_WORD_MAX + 1];
	struct error second;
	int rc = sysfile_read_choice(path, change.before, sizeof(change.before), err);

	if (!rc)
		rc = change_check(path, change.before, err);
	if (!rc)
		rc = change_check(path, value, err);
	if (rc || strcmp(change.before, value) == 0)
		return rc;
	snprintf(change.path, sizeof(change.path), "%s", path);
	snprintf(change.after, sizeof(change.after), "%s", value);
	rc = journal_file_append(journal, err, "set\t%s\t%s\t%s", path, change.before, value);
	if (rc)
		return rc;
	journal_file_remember(journal, &change);
	rc = sysfile_write(path, value, err);
	if (!rc)
		rc = sysfile_read_choice(path, now, sizeof(now), err);
	if (!rc && strcmp(now, value) != 0) {
		sysfile_write(path, change.before, &second);
		rc = error_set(err, EIO, "%s is \"%s\" after \"%s\" was written to it", path, now, value);
	}
	if (rc)
		change_done(journal, journal->nr - 1);
	return rc;
}

/* The file @name in the directory of the counter @path, e.g. free_hugepages beside nr_hugepages. */
static bool sibling_read(const char *path, const char *name, uint64_t *value)
{
	char sibling[512];
	const char *slash = strrchr(path, '/');

	snprintf(sibling, sizeof(sibling), "%.*s/%s", (int)(slash - path), path, name);
	return sysfile_read_u64(sibling, value, NULL) == 0;
}

/*
 * What a write to nr_hugepages sets is the number of persistent pages, what a read gives includes the surplus ones
 * (set_max_huge_pages() and nr_hugepages_show_common() in mm/hugetlb.c).
 */
static int counter_read(const char *path, uint64_t *value, struct error *err)
{
	uint64_t surplus;
	int rc = sysfile_read_u64(path, value, err);

	if (!rc && sibling_read(path, "surplus_hugepages", &surplus))
		*value -= surplus < *value ? surplus : *value;
	return rc;
}

int journal_add(struct journal *journal, const char *path, uint64_t nr, uint64_t *granted, struct error *err)
{
	struct change change = { .counter = true, .added = nr };
	uint64_t before, after;
	struct change *kept;
	int rc = change_check(path, "-", err);

	*granted = 0;
	if (!rc)
		rc = counter_read(path, &before, err);
	if (rc || nr == 0)
		return rc;
	if (before > INT64_MAX || nr > INT64_MAX - before)
		return error_set(err, ERANGE, "%s cannot be raised by %" PRIu64, path, nr);
	snprintf(change.path, sizeof(change.path), "%s", path);
	snprintf(change.before, sizeof(change.before), "%" PRIu64, before);
	snprintf(change.after, sizeof(change.after), "%" PRIu64, before + nr);
	rc = journal_file_append(journal, err, "add\t%s\t%s\t%s", path, change.before, change.after);
	if (rc)
		return rc;
	kept = journal_file_remember(journal, &change);
	rc = sysfile_write(path, change.after, err);
	if (!rc)
		rc = counter_read(path, &after, err);
	if (rc) {
		change_done(journal, journal->nr - 1);
		return rc;
	}
	*granted = after > before ? after - before : 0;
	if (*granted > nr)
		*granted = nr;
	kept->added = *granted;
	kept->granted = true;
	return journal_file_append(journal, err, "got\t%zu\t%" PRIu64, journal->nr - 1, *granted);
}

static int restore_set(const struct change *change, struct journal_report *report, struct error *err)
{
	char now[CHANGE_WORD_MAX + 1];
	int rc = sysfile_read_choice(change->path, now, sizeof(now), err);

	if (rc == -ENOENT) {
		REPORT(report, nr_foreign, "%s is gone; it was \"%s\" before the run", change->path, change->before);
		return 0;
	}
	if (rc || strcmp(now, change->before) == 0)
		return rc;
	if (strcmp(now, change->after) != 0) {
		REPORT(report, nr_foreign,
		       "%s was changed to \"%s\" by someone else and is left alone; it was \"%s\" before the run",
		       change->path, now, change->before);
		return 0;
	}
	rc = sysfile_write(change->path, change->before, err);
	if (!rc)
		rc = sysfile_read_choice(change->path, now, sizeof(now), err);
	if (!rc && strcmp(now, change->before) != 0)
		rc = error_set(err, EIO, "%s is \"%s\" after \"%s\" was written to it", change->path, now,
			       change->before);
	if (!rc)
		REPORT(report, nr_restored, "%s is \"%s\" again", change->path, change->before);
	return rc;
}

/* Waits until @nr pages of the pool are free: io_uring and VFIO give theirs back from a work queue. */
static void counter_settle(const char *path, uint64_t nr)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };
	uint64_t nr_free;

	for (int waited = 0; waited < BUSY_WAIT_MS; waited += 10) {
		if (!sibling_read(path, "free_hugepages", &nr_free) || nr_free >= nr)
			return;
		nanosleep(&pause, NULL);
	}
}

static int restore_counter(const struct change *change, struct journal_report *report, struct error *err)
{
	uint64_t before = strtoull(change->before, NULL, 10), added = change->added, now, surplus = 0;
	char text[24];
	int rc = counter_read(change->path, &now, err);

	if (rc == -ENOENT) {
		REPORT(report, nr_foreign, "%s is gone", change->path);
		return 0;
	}
	if (rc || added == 0 || now <= before)
		return rc;
	if (now < before + added) {
		added = now - before;
	} else if (!change->granted && now > before + added) {
		/* Killed between announcing the change and reading it back, and then someone else raised it. */
		REPORT(report, nr_foreign, "%s was changed to %" PRIu64 " by someone else and is left alone; it was %s "
		       "before the run", change->path, now, change->before);
		return 0;
	}
	counter_settle(change->path, added);
	snprintf(text, sizeof(text), "%" PRIu64, now - added);
	rc = sysfile_write(change->path, text, err);
	if (!rc)
		rc = counter_read(change->path, &now, err);
	if (rc)
		return rc;
	if (now != strtoull(text, NULL, 10))
		return error_set(err, EIO, "%s is %" PRIu64 " after %s was written to it", change->path, now, text);
	if (sibling_read(change->path, "surplus_hugepages", &surplus) && surplus > 0)
		REPORT(report, nr_restored, "%s is %s again; pages still in use: %" PRIu64 " (the kernel frees them "
		       "with their last user)", change->path, text, surplus);
	else
		REPORT(report, nr_restored, "%s is %s again", change->path, text);
	return 0;
}

size_t journal_mark(const struct journal *journal)
{
	return journal->nr;
}

int journal_restore_to(struct journal *journal, size_t mark, struct journal_report *report,
		       struct error *err)
{
	int first = 0;

	for (size_t i = journal->nr; i-- > mark;) {
		struct change *change = &journal->changes[i];
		struct error why = { 0 };
		int rc;

		if (change->done)
			continue;
		rc = change->counter ? restore_counter(change, report, &why) : restore_set(change, report, &why);
		if (rc == 0) {
			change_done(journal, i);
			continue;
		}
		REPORT(report, nr_failed, "%s could not be put back to \"%s\": %s", change->path, change->before,
		       why.text);
		if (!first && err)
			*err = why;
		first = first ? first : rc;
	}
	return first;
}

int journal_restore(struct journal *journal, struct journal_report *report, struct error *err)
{
	return journal_restore_to(journal, 0, report, err);
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	journal_file_close(journal, journal_restore(journal, NULL, NULL) == 0);
}

void journal_detach(struct journal *journal)
{
	if (journal)
		journal_file_close(journal, false);
}

#define PF_EXITING 0x4 /* include/linux/sched.h */

/*
 * Whether the run that holds the journal @name (PID-TIME) is about to be gone: kill -9 returns before its target has let
 * go of its locks.
 */
static bool holder_ends(const char *name)
{
	char path[64], text[4096], *field;
	unsigned long flags;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", atoi(name));
	if (sysfile_read(path, text, sizeof(text), NULL))
		return true;
	/* the name of the program may hold anything, a parenthesis included */
	field = strrchr(text, ')');
	if (!field || sscanf(field + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return false;
	if (state == 'Z' || state == 'X' || (flags & PF_EXITING))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/status", atoi(name));
	if (sysfile_read(path, text, sizeof(text), NULL))
		return true;
	field = strstr(text, "\nShdPnd:");
	return field && (strtoull(field + strlen("\nShdPnd:"), NULL, 16) & 1u << (SIGKILL - 1));
}

static int journal_load_dead(struct journal **journal, int dir_fd, const char *name, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };
	int rc = journal_file_load(journal, dir_fd, name, err);

	for (int waited = 0; rc == -EWOULDBLOCK && waited < ENDING_WAIT_MS && holder_ends(name); waited += 10) {
		nanosleep(&pause, NULL);
		rc = journal_file_load(journal, dir_fd, name, err);
	}
	return rc;
}

/* One journal of the directory; what cannot be read or restored stays for the user to look at. */
static int journal_replay(int dir_fd, const char *name, struct journal_report *report, struct error *err)
{
	struct journal *journal;
	int rc = journal_load_dead(&journal, dir_fd, name, err);

	if (rc == -EWOULDBLOCK) {
		if (report)
			report->nr_live++;
		return 0;
	}
	if (rc == -ENOENT) /* its run was alive when the directory was read, and has ended in order since */
		return 0;
	if (rc) {
		REPORT(report, nr_failed, "%s", err->text);
		return rc;
	}
	if (!journal->stale_boot)
		rc = journal_restore(journal, report, err);
	journal_file_close(journal, rc == 0);
	return rc;
}

int journal_recover(struct journal_report *report, struct error *err)
{
	int dir_fd = journal_dir_open(false, err), first = 0;
	struct dirent *entry;
	struct error why = { 0 };
	DIR *dir;

	/* Nothing there, or another user's: there is nothing of ours to restore. */
	if (dir_fd == -ENOENT || dir_fd == -EACCES)
		return 0;
	if (dir_fd < 0)
		return dir_fd;
	first = journal_dir_lock(dir_fd, err);
	dir = first ? NULL : fdopendir(dir_fd);
	if (!dir) {
		close(dir_fd);
		return first ? first : error_errno(err, ENOMEM, "cannot list %s", JOURNAL_DIR);
	}
	while ((entry = readdir(dir))) {
		int rc;

		if (entry->d_name[0] == '.')
			continue;
		rc = journal_replay(dir_fd, entry->d_name, report, &why);
		if (rc && !first) {
			first = rc;
			if (err)
				*err = why;
		}
	}
	closedir(dir);
	return first;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/journal.h"

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

#include "base/memory.h"
#include "host/journal_file.h"
#include "host/sysfile.h"

#define BUSY_WAIT_MS 2000
#define ENDING_WAIT_MS                                                                           \
	4000 /* on a busy machine; a child that has just been forked has the lock, too, until it \
		lets go */
#define CHANGE_WAIT_MS  60000 /* for the lock: another may be raising a large pool */
#define RECOVER_WAIT_MS 5000

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
#define REPORT(report, kind, ...) \
	report_line(report, (report) ? &(report)->kind : NULL, __VA_ARGS__)

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

/* --- the journals of the directory --- */

struct others {
	struct journal **list;
	size_t nr;
};

static void others_free(struct others *others)
{
	for (size_t i = 0; i < others->nr; i++)
		journal_file_close(others->list[i], false);
	free(others->list);
	*others = (struct others){ 0 };
}

/* @first gets the first of several errors; its own text is in @why. */
static void error_keep(int *first, int rc, struct error *err, const struct error *why)
{
	if (*first)
		return;
	*first = rc;
	if (err)
		*err = *why;
}

/*
 * All journals but @own, of this boot. What cannot be read stays for the user to look at, and says
 * so in @report. Removes what a killed writer left half made.
 */
static int others_load(struct others *others, int dir_fd, const char *own,
		       struct journal_report *report, struct error *err)
{
	int fd = TEMP_FAILURE_RETRY(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
	    first = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*others = (struct others){ 0 };
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return error_set(err, EIO, "cannot list %s%s", sysfile_root(), JOURNAL_DIR);
	}
	while ((entry = readdir(dir))) {
		struct journal *journal;
		struct error why = { 0 };
		int rc;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (own && strcmp(entry->d_name, own) == 0))
			continue;
		if (entry->d_name[0] == '.') {
			unlinkat(dir_fd, entry->d_name, 0);
			continue;
		}
		rc = journal_file_load(&journal, dir_fd, entry->d_name, &why);
		if (rc == -ENOENT) /* its run has ended in order since */
			continue;
		if (rc) {
			REPORT(report, nr_failed, "%s", why.text);
			error_keep(&first, rc, err, &why);
			continue;
		}
		others->list = realloc(others->list, (others->nr + 1) * sizeof(*others->list));
		if (!others->list)
			abort();
		others->list[others->nr++] = journal;
	}
	closedir(dir);
	return first;
}

/* Goes through the pending changes of @path in all journals; @own may be NULL. */
struct pending {
	const struct others *others;
	struct journal *own;
	const char *path;
	size_t journal, change;
	struct journal *in; /* of the change that was returned */
};

static struct change *pending_next(struct pending *pending)
{
	while (pending->journal <= pending->others->nr) {
		bool last = pending->journal == pending->others->nr;

		pending->in = last ? pending->own : pending->others->list[pending->journal];
		while (pending->in && !pending->in->stale_boot &&
		       pending->change < pending->in->nr) {
			struct change *change = &pending->in->changes[pending->change++];

			if (!change->done && strcmp(change->path, pending->path) == 0)
				return change;
		}
		pending->journal++;
		pending->change = 0;
	}
	return NULL;
}

int journal_lock(struct journal *journal, struct error *err)
{
	int rc = journal->lock_depth ? 0 : journal_dir_lock(journal->dir_fd, CHANGE_WAIT_MS, err);

	if (!rc)
		journal->lock_depth++;
	return rc;
}

void journal_unlock(struct journal *journal)
{
	if (--journal->lock_depth == 0)
		journal_dir_unlock(journal->dir_fd);
}

/* Under the lock from here to scene_leave(): what this and all other journals say. A bad one is
 * told by journal_recover(). */
static int scene_enter(struct journal *journal, struct others *others, struct error *err)
{
	int rc = journal_lock(journal, err);

	if (rc)
		return rc;
	rc = journal_file_refresh(journal, err);
	if (!rc && others_load(others, journal->dir_fd, journal->name, NULL, NULL) == -EIO)
		rc = error_set(err, EIO, "cannot read the journals in %s%s", sysfile_root(),
			       JOURNAL_DIR);
	if (rc)
		journal_unlock(journal);
	return rc;
}

static void scene_leave(struct journal *journal, struct others *others)
{
	others_free(others);
	journal_unlock(journal);
}

bool journal_shared(struct journal *journal, const char *path)
{
	struct others others;
	bool shared = false;

	if (scene_enter(journal, &others, NULL))
		return true;
	for (size_t i = 0; i < others.nr; i++) {
		struct pending pending = { .others = &(struct others){ &others.list[i], 1 },
					   .path = path };

		shared |= path ? pending_next(&pending) != NULL : !others.list[i]->stale_boot;
	}
	scene_leave(journal, &others);
	return shared;
}

/* Someone else changed @path: in all journals that name it, @value is now what has to come back. */
static int first_replace(const struct others *others, struct journal *journal, const char *path,
			 const char *value, struct error *err)
{
	struct pending pending = { .others = others, .own = journal, .path = path };
	struct change *change;

	while ((change = pending_next(&pending))) {
		int rc;

		if (pending.in->version < 2 || strcmp(change->first, value) == 0)
			continue;
		snprintf(change->first, sizeof(change->first), "%s", value);
		rc = journal_file_append(pending.in, err, "was\t%u\t%s", change->id, value);
		if (rc)
			return rc;
	}
	return 0;
}

static int change_check(const char *path, const char *value, struct error *err)
{
	if (!change_path_ok(path))
		return error_set(err, EINVAL, "\"%.100s\" is not a setting below /sys or /proc/sys",
				 path);
	if (!change_word_ok(value))
		return error_set(err, EINVAL,
				 "%s holds \"%.60s\", which could not be put back as one word",
				 path, value);
	return 0;
}

/* --- switches --- */

/*
 * What a word has to be when its last user is gone. What stands there now is ours if some pending
 * change wrote it, and the first value of all of them otherwise.
 */
static int set_first(const struct others *others, struct journal *journal, struct change *change,
		     const char *now, struct error *err)
{
	struct pending pending = { .others = others, .own = journal, .path = change->path };
	const struct change *other;
	bool any = false, ours = false;

	snprintf(change->first, sizeof(change->first), "%s", now);
	while ((other = pending_next(&pending))) {
		any = true;
		if (strcmp(other->after, now) == 0 || strcmp(other->first, now) == 0) {
			ours = true;
			snprintf(change->first, sizeof(change->first), "%s", other->first);
		}
	}
	return any && !ours ? first_replace(others, journal, change->path, now, err) : 0;
}

static int restore_change(struct journal *journal, size_t index, const struct others *others,
			  struct journal_report *report, struct error *err);

static void note_add(struct journal *journal, const char *text)
{
	journal->notes = realloc(journal->notes, (journal->nr_notes + 1) * sizeof(*journal->notes));
	if (!journal->notes)
		abort();
	journal->notes[journal->nr_notes] = strdup(text);
	if (!journal->notes[journal->nr_notes++])
		abort();
}

/* All but @index of the others, and @own, which may be NULL: for playing that one back. */
static struct others others_without(const struct others *others, size_t index, struct journal *own)
{
	struct others rest = { .list = calloc(others->nr + 1, sizeof(*rest.list)) };

	if (!rest.list)
		abort();
	for (size_t i = 0; i < others->nr; i++)
		if (i != index)
			rest.list[rest.nr++] = others->list[i];
	if (own)
		rest.list[rest.nr++] = own;
	return rest;
}

/* Puts back what a dead run needed otherwise than this one; what it finds changed by someone else
 * is told later. */
static int dead_restore(struct journal *journal, const struct others *others,
			struct pending *pending, struct change *change, struct error *err)
{
	struct others rest = others_without(others, pending->journal, journal);
	struct journal_report report = { 0 };
	int rc = restore_change(pending->in, (size_t)(change - pending->in->changes), &rest,
				&report, err);

	for (size_t i = 0; i < report.nr && report.nr_foreign; i++)
		note_add(journal, report.lines[i]);
	journal_report_free(&report);
	free(rest.list);
	return rc;
}

/* Another value is needed: -EBUSY while somebody lives who needs this one; what the dead needed is
 * put back first. */
static int set_conflict(const struct others *others, struct journal *journal, const char *path,
			const char *value, struct error *err)
{
	struct pending pending = { .others = others, .own = journal, .path = path };
	struct change *change;

	while ((change = pending_next(&pending))) {
		int rc;

		if (strcmp(change->after, value) == 0)
			continue;
		if (pending.in == journal)
			return error_set(err, EBUSY,
					 "%s cannot be \"%s\": this run needs it to be \"%s\"",
					 path, value, change->after);
		if (pending.in->live) {
			error_set(err, EBUSY,
				  "%s cannot be \"%s\" now: pinbench %d needs it to be \"%s\"",
				  path, value, atoi(pending.in->name), change->after);
			return error_fix(err, "wait until process %d has ended",
					 atoi(pending.in->name));
		}
		rc = dead_restore(journal, others, &pending, change, err);
		if (rc)
			return rc;
	}
	return 0;
}

static bool set_holds(const struct journal *journal, const char *path, const char *value)
{
	for (size_t i = 0; i < journal->nr; i++)
		if (!journal->changes[i].done && strcmp(journal->changes[i].path, path) == 0 &&
		    strcmp(journal->changes[i].after, value) == 0)
			return true;
	return false;
}

static int set_write(const char *path, const char *before, const char *value, struct error *err)
{
	char now[CHANGE_WORD_MAX + 1];
	struct error second;
	int rc = sysfile_write(path, value, err);

	if (!rc)
		rc = sysfile_read_choice(path, now, sizeof(now), err);
	if (rc || strcmp(now, value) == 0)
		return rc;
	if (strcmp(now, before) != 0)
		sysfile_write(path, before, &second);
	return error_set(err, EIO, "%s is \"%s\" after \"%s\" was written to it", path, now, value);
}

static int set_locked(struct journal *journal, const struct others *others, const char *path,
		      const char *value, struct error *err)
{
	struct change change = { .id = journal->next_id };
	char now[CHANGE_WORD_MAX + 1];
	int rc = sysfile_read_choice(path, now, sizeof(now), err);

	if (!rc && strcmp(now, value) != 0) {
		rc = set_conflict(others, journal, path, value, err);
		if (!rc)
			rc = sysfile_read_choice(path, now, sizeof(now), err);
	}
	if (!rc)
		rc = change_check(path, now, err);
	if (rc)
		return rc;
	snprintf(change.path, sizeof(change.path), "%s", path);
	snprintf(change.after, sizeof(change.after), "%s", value);
	rc = set_first(others, journal, &change, now, err);
	if (rc)
		return rc;
	if (set_holds(journal, path, value)) /* and someone else changed it since */
		return strcmp(now, value) == 0 ? 0 : set_write(path, now, value, err);
	rc = journal_file_append(journal, err, "set\t%u\t%s\t%s\t%s", change.id, path, change.first,
				 value);
	if (rc)
		return rc;
	journal_file_remember(journal, &change);
	if (strcmp(now, value) == 0)
		return 0;
	rc = set_write(path, now, value, err);
	if (rc)
		journal_file_done(journal, &journal->changes[journal->nr - 1]);
	return rc;
}

int journal_set(struct journal *journal, const char *path, const char *value, struct error *err)
{
	struct others others;
	int rc = change_check(path, value, err);

	if (!rc)
		rc = scene_enter(journal, &others, err);
	if (rc)
		return rc;
	rc = set_locked(journal, &others, path, value, err);
	scene_leave(journal, &others);
	return rc;
}

/* A change that others need as well is theirs from now on. */
static bool others_need(const struct change *change, const struct others *others,
			struct journal *own, struct journal_report *report)
{
	struct pending pending = { .others = others, .own = own, .path = change->path };
	const struct change *other;

	while ((other = pending_next(&pending))) {
		if (other == change)
			continue;
		if (pending.in->live)
			REPORT(report, nr_kept,
			       "%s stays as it is: pinbench %d needs it, and puts it back to "
			       "\"%s\"",
			       change->path, atoi(pending.in->name), change->first);
		return true;
	}
	return false;
}

static int restore_set(const struct change *change, struct journal_report *report,
		       struct error *err)
{
	char now[CHANGE_WORD_MAX + 1];
	int rc = sysfile_read_choice(change->path, now, sizeof(now), err);

	if (rc == -ENOENT) {
		REPORT(report, nr_foreign, "%s is gone; it was \"%s\" before the run", change->path,
		       change->first);
		return 0;
	}
	if (rc || strcmp(now, change->first) == 0)
		return rc;
	if (strcmp(now, change->after) != 0) {
		REPORT(report, nr_foreign,
		       "%s was changed to \"%s\" by someone else and is left alone; it was \"%s\" "
		       "before the run",
		       change->path, now, change->first);
		return 0;
	}
	rc = sysfile_write(change->path, change->first, err);
	if (!rc)
		rc = sysfile_read_choice(change->path, now, sizeof(now), err);
	if (!rc && strcmp(now, change->first) != 0)
		rc = error_set(err, EIO, "%s is \"%s\" after \"%s\" was written to it",
			       change->path, now, change->first);
	if (!rc)
		REPORT(report, nr_restored, "%s is \"%s\" again", change->path, change->first);
	return rc;
}

/* --- counters --- */

/* The file @name in the directory of the counter @path, e.g. free_hugepages beside nr_hugepages. */
static bool sibling_read(const char *path, const char *name, uint64_t *value)
{
	char sibling[512];
	const char *slash = strrchr(path, '/');

	snprintf(sibling, sizeof(sibling), "%.*s/%s", (int)(slash - path), path, name);
	return sysfile_read_u64(sibling, value, NULL) == 0;
}

/*
 * What a write to nr_hugepages sets is the number of persistent pages, what a read gives includes
 * the surplus ones (set_max_huge_pages() and nr_hugepages_show_common() in mm/hugetlb.c).
 */
static int counter_read(const char *path, uint64_t *value, struct error *err)
{
	uint64_t surplus;
	int rc = sysfile_read_u64(path, value, err);

	if (!rc && sibling_read(path, "surplus_hugepages", &surplus))
		*value -= surplus < *value ? surplus : *value;
	return rc;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/*
 * A run that was killed between announcing pages and reading back how many came: they are what the
 * counter has more than then, because nobody of us changes a counter before this has been found
 * out. More than it asked for: someone else raised it, and nobody can tell whose they are.
 */
static bool grant_find(struct change *change, uint64_t now)
{
	uint64_t before = number(change->before), more = now > before ? now - before : 0;
	bool clear = more <= change->added;

	change->added = clear ? more : 0;
	change->granted = true;
	return clear;
}

#define UNCLEAR                                                                                  \
	"%s was changed to %" PRIu64 " by someone else and is left alone; it was %s before the " \
	"run"

static int grants_find(const struct others *others, struct journal *journal, const char *path,
		       uint64_t now, struct error *err)
{
	struct pending pending = { .others = others, .own = journal, .path = path };
	struct change *change;

	while ((change = pending_next(&pending))) {
		char text[512];
		int rc;

		if (!change->counter || change->granted)
			continue;
		if (!grant_find(change, now)) {
			snprintf(text, sizeof(text), UNCLEAR, path, now, change->first);
			note_add(journal, text);
		}
		rc = journal_file_append(pending.in, err, "got\t%u\t%" PRIu64, change->id,
					 change->added);
		if (rc)
			return rc;
	}
	return 0;
}

/* What the counter was before the first run, and what the runs other than @but have added. */
static uint64_t counter_floor(const struct others *others, struct journal *journal,
			      const struct change *but, const char *path, uint64_t first,
			      uint64_t *granted)
{
	struct pending pending = { .others = others, .own = journal, .path = path };
	const struct change *change;

	*granted = 0;
	while ((change = pending_next(&pending))) {
		if (number(change->first) < first)
			first = number(change->first);
		if (change != but)
			*granted += change->added;
	}
	return first;
}

/* Writes the number, reads back what came of it, and tells the journal. @before and @nr_more are in
 * the last change. */
static int claim_raise(struct journal *journal, uint64_t before, uint64_t nr_more,
		       uint64_t *granted, struct error *err)
{
	char path[sizeof(((struct change *)0)->path)];
	struct change *change = &journal->changes[journal->nr - 1];
	uint32_t id = change->id;
	uint64_t after;
	int rc = sysfile_write(change->path, change->after, err);

	snprintf(path, sizeof(path), "%s", change->path);
	if (!rc)
		rc = counter_read(path, &after, err);
	if (rc) {
		journal_file_done(journal, change);
		return rc;
	}
	*granted = after > before ? after - before : 0;
	if (*granted > nr_more)
		*granted = nr_more;
	change->added = *granted;
	change->granted = true;
	rc = journal_file_append(journal, err, "got\t%u\t%" PRIu64, id, *granted);
	if (rc) {
		/* the next run could not tell whose pages these are */
		journal_restore_to(journal, id, NULL, NULL);
		*granted = 0;
	}
	return rc;
}

static int claim_locked(struct journal *journal, const struct others *others, const char *path,
			uint64_t nr_used, uint64_t nr_more, uint64_t *granted, struct error *err)
{
	struct change change = {
		.counter = true, .added = nr_more, .granted = nr_more == 0, .used = nr_used
	};
	uint64_t now, first, other;
	int rc = counter_read(path, &now, err);

	if (!rc && (now > INT64_MAX || nr_more > INT64_MAX - now))
		rc = error_set(err, ERANGE, "%s cannot be raised by %" PRIu64, path, nr_more);
	if (!rc)
		rc = grants_find(others, journal, path, now, err);
	if (rc)
		return rc;
	first = counter_floor(others, journal, NULL, path, now, &other);
	snprintf(change.path, sizeof(change.path), "%s", path);
	snprintf(change.first, sizeof(change.first), "%" PRIu64, first);
	snprintf(change.before, sizeof(change.before), "%" PRIu64, now);
	snprintf(change.after, sizeof(change.after), "%" PRIu64, now + nr_more);
	/* lowered by someone else below what it was before the first run: not to be raised to that
	 * again */
	if (first == now)
		rc = first_replace(others, journal, path, change.first, err);
	change.id = journal->next_id;
	if (!rc)
		rc = journal_file_append(journal, err, "add\t%u\t%s\t%s\t%s\t%s", change.id, path,
					 change.first, change.before, change.after);
	if (rc)
		return rc;
	journal_file_remember(journal, &change);
	return nr_more ? claim_raise(journal, now, nr_more, granted, err) : 0;
}

int journal_claim(struct journal *journal, const char *path, uint64_t nr_used, uint64_t nr_more,
		  uint64_t *granted, struct error *err)
{
	struct others others;
	int rc = change_check(path, "-", err);

	*granted = 0;
	if (!rc)
		rc = scene_enter(journal, &others, err);
	if (rc)
		return rc;
	rc = claim_locked(journal, &others, path, nr_used, nr_more, granted, err);
	scene_leave(journal, &others);
	return rc;
}

uint64_t journal_claimed(const struct journal *journal, const char *path)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < journal->nr; i++)
		if (!journal->changes[i].done && strcmp(journal->changes[i].path, path) == 0)
			nr += journal->changes[i].used;
	return nr;
}

/* Waits until @nr pages of the pool are free: io_uring and VFIO give theirs back from a work queue.
 */
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

/* @first: before all runs; @taken: pages that were taken away, fewer than ours where someone else
 * had lowered the counter. */
static void counter_tell(const struct change *change, uint64_t now, uint64_t floor, uint64_t taken,
			 struct journal_report *report)
{
	uint64_t surplus;

	if (taken < change->added)
		REPORT(report, nr_foreign,
		       "%s is %" PRIu64 ": someone else lowered it by %" PRIu64
		       ", and that is left; it was "
		       "%s before the run",
		       change->path, now, change->added - taken, change->first);
	else if (taken == 0)
		return;
	else if (sibling_read(change->path, "surplus_hugepages", &surplus) && surplus > 0)
		REPORT(report, nr_restored,
		       "%s is %" PRIu64 " again; pages still in use: %" PRIu64
		       " (the kernel frees them "
		       "with their last user)",
		       change->path, now, surplus);
	else if (now > floor)
		REPORT(report, nr_restored,
		       "%s is %" PRIu64 " again; %" PRIu64
		       " of them someone else added, and they are left",
		       change->path, now, now - floor);
	else
		REPORT(report, nr_restored, "%s is %" PRIu64 " again", change->path, now);
}

static int restore_counter(struct change *change, struct journal *journal,
			   const struct others *others, struct journal_report *report,
			   struct error *err)
{
	uint64_t now, floor, granted, taken;
	char text[24];
	int rc = counter_read(change->path, &now, err);

	if (rc == -ENOENT) {
		REPORT(report, nr_foreign, "%s is gone", change->path);
		return 0;
	}
	if (rc)
		return rc;
	if (!change->granted && !grant_find(change, now)) {
		REPORT(report, nr_foreign, UNCLEAR, change->path, now, change->first);
		return 0;
	}
	rc = grants_find(others, journal, change->path, now, err);
	if (rc)
		return rc;
	floor = counter_floor(others, journal, change, change->path, number(change->first),
			      &granted);
	floor += granted;
	taken = now > floor ? now - floor : 0;
	taken = taken < change->added ? taken : change->added;
	if (taken) {
		snprintf(text, sizeof(text), "%" PRIu64, now - taken);
		rc = sysfile_write(change->path, text, err);
		if (!rc)
			rc = counter_read(change->path, &now, err);
		if (!rc && now != number(text))
			rc = error_set(err, EIO, "%s is %" PRIu64 " after %s was written to it",
				       change->path, now, text);
		if (rc)
			return rc;
	}
	counter_tell(change, now, floor, taken, report);
	return 0;
}

/* --- the way back --- */

static int restore_change(struct journal *journal, size_t index, const struct others *others,
			  struct journal_report *report, struct error *err)
{
	struct change *change = &journal->changes[index];
	int rc = 0;

	if (change->counter)
		rc = restore_counter(change, journal, others, report, err);
	else if (!others_need(change, others, journal, report))
		rc = restore_set(change, report, err);
	if (rc == 0)
		journal_file_done(journal, change);
	return rc;
}

/* All that is pending from the change @mark on, in reverse order; the first error, after trying
 * all. */
static int restore_locked(struct journal *journal, size_t mark, const struct others *others,
			  struct journal_report *report, struct error *err)
{
	int first = 0;

	for (size_t i = journal->nr; i-- > 0 && journal->changes[i].id >= mark;) {
		struct error why = { 0 };
		int rc;

		if (journal->changes[i].done)
			continue;
		rc = restore_change(journal, i, others, report, &why);
		if (!rc)
			continue;
		REPORT(report, nr_failed, "%s could not be put back to \"%s\": %s",
		       journal->changes[i].path, journal->changes[i].first, why.text);
		error_keep(&first, rc, err, &why);
	}
	return first;
}

size_t journal_mark(const struct journal *journal)
{
	return journal->next_id;
}

static bool anything_since(const struct journal *journal, size_t mark)
{
	for (size_t i = 0; i < journal->nr; i++)
		if (!journal->changes[i].done && journal->changes[i].id >= mark)
			return true;
	return false;
}

int journal_restore_to(struct journal *journal, size_t mark, struct journal_report *report,
		       struct error *err)
{
	struct others others;
	int rc;

	for (size_t i = 0; i < journal->nr_notes && report; i++)
		REPORT(report, nr_foreign, "%s", journal->notes[i]);
	while (report && journal->nr_notes)
		free(journal->notes[--journal->nr_notes]);
	if (!anything_since(journal, mark))
		return 0;
	/* not under the lock, which others want */
	for (size_t i = 0; i < journal->nr && !journal->lock_depth; i++)
		if (journal->changes[i].counter && !journal->changes[i].done &&
		    journal->changes[i].id >= mark)
			counter_settle(journal->changes[i].path, journal->changes[i].added);
	rc = scene_enter(journal, &others, err);
	if (rc) {
		REPORT(report, nr_failed, "what the run changed could not be put back: %s",
		       err ? err->text : "no lock");
		return rc;
	}
	rc = restore_locked(journal, mark, &others, report, err);
	scene_leave(journal, &others);
	return rc;
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
 * Whether the run that holds the journal @name (PID-TIME) is about to be gone: kill -9 returns
 * before its target has let go of its locks.
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

/* Whether a later look would find less in use: a run that is about to be gone, or pages of a dead
 * one that are not free yet. */
static bool worth_waiting(const struct others *others, int waited)
{
	for (size_t i = 0; i < others->nr; i++) {
		const struct journal *journal = others->list[i];

		if (journal->live && waited < ENDING_WAIT_MS && holder_ends(journal->name))
			return true;
		for (size_t k = 0; k < journal->nr && !journal->live && !journal->stale_boot; k++) {
			const struct change *change = &journal->changes[k];
			uint64_t nr_free;

			if (waited < BUSY_WAIT_MS && change->counter && !change->done &&
			    change->granted &&
			    sibling_read(change->path, "free_hugepages", &nr_free) &&
			    nr_free < change->added)
				return true;
		}
	}
	return false;
}

/* Locked, with all journals read, when nothing is to be gained by waiting. */
static int recover_enter(struct others *others, int dir_fd, struct journal_report *report,
			 struct error *err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };

	for (int waited = 0;; waited += 10) {
		int rc = journal_dir_lock(dir_fd, RECOVER_WAIT_MS, err);
		bool wait;

		if (rc)
			return rc;
		others_load(others, dir_fd, NULL, NULL, NULL);
		wait = worth_waiting(others, waited);
		others_free(others);
		if (!wait)
			return others_load(others, dir_fd, NULL, report, err);
		journal_dir_unlock(dir_fd);
		nanosleep(&pause, NULL);
	}
}

/* Plays back the journal @index of @others if its run is dead, and removes it where nothing of it
 * is left to do. */
static int journal_replay(struct others *others, size_t index, struct journal_report *report,
			  struct error *err)
{
	struct journal *journal = others->list[index];
	struct others rest;
	int rc = 0;

	if (journal->live) {
		if (report)
			report->nr_live++;
		return 0;
	}
	if (!journal->stale_boot) {
		rest = others_without(others, index, NULL);
		rc = restore_locked(journal, 0, &rest, report, err);
		free(rest.list);
		for (size_t i = 0; i < journal->nr_notes; i++)
			REPORT(report, nr_foreign, "%s", journal->notes[i]);
	}
	if (rc == 0)
		unlinkat(journal->dir_fd, journal->name, 0);
	return rc;
}

int journal_recover(struct journal_report *report, struct error *err)
{
	int dir_fd = journal_dir_open(false, err), first;
	struct others others = { 0 };

	/* Nothing there, or another user's: there is nothing of ours to restore. */
	if (dir_fd == -ENOENT || dir_fd == -EACCES)
		return 0;
	if (dir_fd < 0)
		return dir_fd;
	first = recover_enter(&others, dir_fd, report, err);
	for (size_t i = 0; i < others.nr; i++) {
		struct error why = { 0 };
		int rc = journal_replay(&others, i, report, &why);

		if (rc)
			error_keep(&first, rc, err, &why);
	}
	others_free(&others);
	close(dir_fd); /* and with it goes the lock */
	return first;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The journal on disk: one file per run in JOURNAL_DIR, lines of tab-separated words.
 *
 *   pinbench-journal-2 BOOT_ID
 *   set ID PATH FIRST VALUE        before a word is written, or because VALUE is there and has to
 * stay add ID PATH FIRST BEFORE AFTER before a counter is raised from BEFORE; BEFORE = AFTER:
 * enough was there got ID NR                      what the kernel granted to that add was ID FIRST
 * someone else changed the setting meanwhile: this is what has to come back now done ID the change
 * has been taken back, or left to the other runs that need it
 *
 * FIRST is the value before the first run that changed the setting. IDs rise within a file. Whoever
 * holds the lock of the directory may append "got" and "was" to any journal; everything else is
 * written by the run itself, or by the one who restores after it.
 *
 * A last line without its newline was being written when its writer was killed: what it announces
 * had not been done yet, so it does not count, and the next one who appends cuts it off. Where
 * lines of changes that are done make up most of a file it is written anew.
 *
 * "pinbench-journal-1", of before runs counted each other: "set PATH OLD NEW", "add PATH OLD NEW",
 * ids by position. Read, never written.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define JOURNAL_DIR "/run/pinbench"

#define CHANGE_WORD_MAX 200
/* A longer file is not read: none that pinbench writes comes near (it stops at half of that). */
#define JOURNAL_BYTES_MAX (1024 * 1024)

struct change {
	uint32_t id;
	bool counter;    /* add, not set */
	bool done;       /* taken back */
	bool done_saved; /* ... and the file says so */
	bool granted;    /* got was written: added is exact */
	uint64_t added;  /* counters: what was asked, then what was granted */
	uint64_t used;   /* counters: pages that the run may count on; known to the run alone */
	char path[256];
	char first[CHANGE_WORD_MAX +
		   1]; /* what has to be there when nobody needs the change any more */
	char before[CHANGE_WORD_MAX + 1]; /* counters: just before the write */
	char after[CHANGE_WORD_MAX + 1];
};

struct journal {
	int dir_fd, fd;
	char name[64];   /* PID-TIME */
	bool live;       /* of journal_file_load(): its run holds it */
	bool stale_boot; /* of an earlier boot */
	bool broken;     /* a torn line could not be cut off: nothing can be appended any more */
	unsigned int version;
	struct change *changes;
	size_t nr;
	uint32_t next_id;
	size_t bytes;      /* of whole lines that have been read or written */
	size_t rewrite_at; /* when longer than that */
	int lock_depth;    /* of the directory, by this journal */
	char **notes;      /* sentences for the next report: what was left to others */
	size_t nr_notes;
};

/* An open, checked JOURNAL_DIR. @create: makes it where it is missing; else -ENOENT or -EACCES
 * without a text. */
int journal_dir_open(bool create, struct error *err);
/* The lock of the directory serialises all that is done with journals and settings. -EBUSY after
 * @wait_ms. */
int journal_dir_lock(int dir_fd, unsigned int wait_ms, struct error *err);
void journal_dir_unlock(int dir_fd);

/* A new journal, locked. Takes over @dir_fd, also on failure. */
int journal_file_create(struct journal **journal, int dir_fd, struct error *err);
/*
 * Reads the journal @name of another run, and locks it unless that run is alive. The file is not
 * trusted: it has to be a regular file of this user with one link and mode 0600, of at most
 * JOURNAL_BYTES_MAX, and to hold nothing but known lines on settings below /sys and /proc/sys. The
 * lock of the directory has to be held, as for all that follows.
 */
int journal_file_load(struct journal **journal, int dir_fd, const char *name, struct error *err);
/* The text of a journal; NUL bytes and bad lines are -EINVAL. For journal_file_load() and the
 * fuzzer. */
int journal_text_load(struct journal *journal, char *text, size_t bytes, struct error *err);
/* Of the run's own journal: reads what others have appended since, and writes it anew where it has
 * grown. Moves the changes. */
int journal_file_refresh(struct journal *journal, struct error *err);
/*
 * One record, in one write(2), on its way before this returns. -EIO with the cause in words: the
 * file is then as before, or the journal is broken.
 */
int journal_file_append(struct journal *journal, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* @change is done; a file that cannot be told so now is told with the next record. */
void journal_file_done(struct journal *journal, struct change *change);
/* Adds @change in memory, its id set to journal->next_id; aborts without memory, as facts do. Moves
 * the changes. */
struct change *journal_file_remember(struct journal *journal, const struct change *change);
/* A journal in memory, of no file. Takes over @dir_fd. */
struct journal *journal_new(int dir_fd, const char *name);
void journal_file_close(struct journal *journal, bool unlink_it);

/* Below /sys or /proc/sys, without ".." and control characters. */
bool change_path_ok(const char *path);
bool change_word_ok(const char *word);

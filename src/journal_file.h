/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The journal on disk (tmpfs): one file per run in JOURNAL_DIR, lines of tab-separated words, only ever appended to.
 *
 *   pinbench-journal-1 BOOT_ID
 *   set PATH OLD NEW      before a word is written
 *   add PATH OLD NEW      before a counter is raised
 *   got INDEX NR          what the kernel granted to the add with that index (0 is the first change)
 *   done INDEX            the change has been taken back
 *
 * A last line without its newline was being written when the run was killed: the setting it announces
 * had not been touched, so the line does not count.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define CHANGE_WORD_MAX 200

struct change {
	bool counter;             /* add, not set */
	bool done;                /* taken back */
	bool granted;             /* got was written: added is exact */
	uint64_t added;           /* counters: what was asked, then what was granted */
	char path[256];
	char before[CHANGE_WORD_MAX + 1], after[CHANGE_WORD_MAX + 1];
};

struct journal {
	int dir_fd, fd;
	char name[64];
	bool stale_boot;          /* of an earlier boot */
	struct change *changes;
	size_t nr;
};

/* An open, checked JOURNAL_DIR. @create: makes it where it is missing; else -ENOENT or -EACCES without a text. */
int journal_dir_open(bool create, struct error *err);
/* The lock of the directory serialises making, finding and removing journals. -EBUSY after 5 s. */
int journal_dir_lock(int dir_fd, struct error *err);
void journal_dir_unlock(int dir_fd);

/* A new journal, locked. Takes over @dir_fd, also on failure. */
int journal_file_create(struct journal **journal, int dir_fd, struct error *err);
/*
 * Locks and reads the journal @name of another run. -EWOULDBLOCK: that run is alive. The file is not trusted: it has to
 * be a regular file of this user with one link and mode 0600, of at most 64 KiB, and to hold nothing but known lines on
 * settings below /sys and /proc/sys.
 */
int journal_file_load(struct journal **journal, int dir_fd, const char *name, struct error *err);
/* One record, in one write(2), on its way before this returns. */
int journal_file_append(struct journal *journal, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds @change in memory; aborts without memory, as facts do. */
struct change *journal_file_remember(struct journal *journal, const struct change *change);
void journal_file_close(struct journal *journal, bool unlink_it);

/* Below /sys or /proc/sys, without ".." and control characters. */
bool change_path_ok(const char *path);
bool change_word_ok(const char *word);

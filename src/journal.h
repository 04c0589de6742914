/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Kernel settings that the program changes for a run, and their way back.
 *
 * Each change is written to a journal in /run/pinbench (below the sysfile root) and synced before the
 * setting itself is written. The run holds a lock on its journal; a journal that nobody holds was left by a
 * run that was killed, whatever its process number says now, and the next invocation plays it back.
 * A setting is put back only while it still holds what the run wrote: what somebody else changed in the
 * meantime is left alone and named.
 *
 * Not for signal handlers: a handler sets a flag, the supervising process ends its workers and restores.
 */
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define JOURNAL_DIR "/run/pinbench"

struct journal;

/* What a restore did, one sentence per setting. */
struct journal_report {
	char **lines;
	size_t nr;
	unsigned int nr_restored; /* as before the run */
	unsigned int nr_foreign;  /* changed by someone else: left alone */
	unsigned int nr_failed;   /* still changed: the journal is kept for the next invocation */
	unsigned int nr_live;     /* journal_recover: journals that a running pinbench holds */
};

void journal_report_free(struct journal_report *report);

/*
 * A new, empty journal, locked by this process. -EPERM when the directory is a symlink, or belongs to or can be
 * written by someone else; -EACCES without the right to make it.
 */
int journal_open(struct journal **journal, struct error *err);

/*
 * Writes @value (one word, up to 200 bytes) to @path below /sys or /proc/sys and reads it back; nothing is written or
 * journalled when the setting has that value already. Files with a [chosen] word are compared and restored
 * by that word, because the kernel refuses the whole text. -EIO when the kernel kept another value (which
 * has then been put back).
 */
int journal_set(struct journal *journal, const char *path, const char *value, struct error *err);

/*
 * Raises the counter @path (an nr_hugepages file) by @nr; @granted is what the kernel really added, 0..@nr. It
 * is restored by taking away what was added, so that changes of others survive; pages that are still in use after
 * 2 s become surplus pages, which the kernel frees with their last user.
 */
int journal_add(struct journal *journal, const char *path, uint64_t nr, uint64_t *granted, struct error *err);

/* A place to come back to: journal_restore_to() puts back, in reverse order, what was changed after it. */
size_t journal_mark(const struct journal *journal);
int journal_restore_to(struct journal *journal, size_t mark, struct journal_report *report,
		       struct error *err);

/*
 * Puts everything back, in reverse order. @report may be NULL. 0, also when something was left to others; the first
 * error otherwise, after trying all.
 */
int journal_restore(struct journal *journal, struct journal_report *report, struct error *err);

/* Restores what is left, removes the journal if nothing is, and frees it. Accepts NULL. */
void journal_close(struct journal *journal);

/*
 * For a forked child: forgets the journal without restoring, and gives up the child's share of the lock, which
 * a worker that hangs in the kernel would otherwise keep from the next invocation. Accepts NULL.
 */
void journal_detach(struct journal *journal);

/*
 * Plays back the journals of runs that were killed; called once by every verb. Nothing to do is the usual case and costs
 * one openat(). Journals of an earlier boot are removed: the settings went with it.
 */
int journal_recover(struct journal_report *report, struct error *err);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Kernel settings that the program changes for a run, and their way back, also where several runs
 * change the same ones.
 *
 * Each change is written to a journal in /run/pinbench (below the sysfile root) before the setting
 * itself is written. The run holds a lock on its journal; a journal that nobody holds was left by a
 * run that was killed, whatever its process number says now, and the next invocation plays it back.
 * There is nothing to sync: a crash of the machine takes the settings with it.
 *
 * Settings are counted, not stacked. A run that wants what another one has set already joins it:
 * its journal names the same first value, and that one comes back when the last of them is gone, in
 * whatever order they end or are killed. Counters are lowered by what a run had been granted. All
 * of it happens under the lock of the directory. A setting is put back only while it still holds
 * what pinbench wrote: what somebody else changed in the meantime is left alone and named.
 *
 * Not for signal handlers: a handler sets a flag, the supervising process ends its workers and
 * restores.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/journal_file.h"

struct journal;

/* What a restore did, one sentence per setting. */
struct journal_report {
	char **lines;
	size_t nr;
	unsigned int nr_restored; /* as before the run */
	unsigned int nr_kept;     /* other runs need it still: the last of them puts it back */
	unsigned int nr_foreign;  /* changed by someone else: left alone */
	unsigned int nr_failed;   /* still changed: the journal is kept for the next invocation */
	unsigned int nr_live;     /* journal_recover: journals that a running pinbench holds */
};

void journal_report_free(struct journal_report *report);

/*
 * A new, empty journal, locked by this process. -EPERM when the directory is a symlink, or belongs
 * to or can be written by someone else; -EACCES without the right to make it; -EIO when the file
 * cannot be made or written, which is a fault.
 */
int journal_open(struct journal **journal, struct error *err);

/*
 * Holds the lock of the directory over several calls, so that what journal_shared() said stays
 * true; calls nest. -EBUSY after 60 s.
 */
int journal_lock(struct journal *journal, struct error *err);
void journal_unlock(struct journal *journal);

/*
 * Sees to it that @path below /sys or /proc/sys holds @value (one word, up to 200 bytes) until the
 * journal is restored: writes it and reads it back, or joins those who have. Where it holds @value
 * already nothing is written, but the need is known to other runs. Files with a [chosen] word are
 * compared and restored by that word, because the kernel refuses the whole text. -EBUSY when this
 * or another live run, which the text names, needs another value; -EIO when the kernel kept another
 * value (the one before has then been put back), or when the journal cannot be written.
 */
int journal_set(struct journal *journal, const char *path, const char *value, struct error *err);

/*
 * Tells other runs that this one counts on @nr_used pages more of the counter @path (an
 * nr_hugepages file), and raises it by
 * @nr_more, 0 too; @granted is what the kernel really added, 0..@nr_more. It is restored by taking
 * away what was added, so that changes of others survive; pages that are still in use after 2 s
 * become surplus pages, which the kernel frees with their last user.
 */
int journal_claim(struct journal *journal, const char *path, uint64_t nr_used, uint64_t nr_more,
		  uint64_t *granted, struct error *err);
/* What this run counts on: the sum of nr_used. */
uint64_t journal_claimed(const struct journal *journal, const char *path);
/*
 * Whether the journal of another run, alive or not played back yet, names @path; any path if it is
 * NULL. True also when it cannot be found out.
 */
bool journal_shared(struct journal *journal, const char *path);

/* A place to come back to: journal_restore_to() puts back, in reverse order, what was changed after
 * it. */
size_t journal_mark(const struct journal *journal);
int journal_restore_to(struct journal *journal, size_t mark, struct journal_report *report,
		       struct error *err);

/*
 * Puts everything back that no other run needs, in reverse order. @report may be NULL. 0, also when
 * something was left to others; the first error otherwise, after trying all.
 */
int journal_restore(struct journal *journal, struct journal_report *report, struct error *err);

/* Restores what is left, removes the journal if nothing is, and frees it. Accepts NULL. */
void journal_close(struct journal *journal);

/*
 * For a forked child: forgets the journal without restoring, and gives up the child's share of the
 * lock, which a worker that hangs in the kernel would otherwise keep from the next invocation.
 * Accepts NULL.
 */
void journal_detach(struct journal *journal);

/*
 * Plays back the journals of runs that were killed; called once by every verb. Nothing to do is the
 * usual case and costs one openat(). Journals of an earlier boot are removed: the settings went
 * with it. A run that is being killed just now is waited for, up to 4 s, and so are the huge pages
 * of a dead one's workers, up to 2 s. What a live run needs as well stays, and is counted in
 * nr_kept. Journals that pinbench wrote before its runs counted each other are played back, too.
 */
int journal_recover(struct journal_report *report, struct error *err);

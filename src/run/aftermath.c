// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/aftermath.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

#define SETTLE_MS 2000 /* io_uring gives pages back after its file is closed */
#define QUIET_LOOKS \
	25 /* half a second: another benchmark pins nothing while it sets up its next case */

static uint64_t status_kb(long pid, const char *name)
{
	char path[64];
	uint64_t kb;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	return sysfile_read_field(path, name, &kb, NULL) ? 0 : kb;
}

/*
 * VmPin is what io_uring, RDMA and iommufd account, VmLck what VFIO does; HugetlbPages are mapped
 * ones of any size. status takes no lock that a process stuck in the kernel could hold, as smaps
 * would.
 */
void bystanders_look(struct bystanders *bystanders)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	*bystanders = (struct bystanders){ 0 };
	snprintf(path, sizeof(path), "%s/proc", sysfile_root());
	dir = dir_open(path);
	while (dir && (entry = readdir(dir))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid())
			continue;
		bystanders->pinned_kb += status_kb(pid, "VmPin") + status_kb(pid, "VmLck");
		bystanders->hugetlb_kb += status_kb(pid, "HugetlbPages");
	}
	if (dir)
		closedir(dir);
}

void before_look(struct before *before, struct journal *journal, size_t pool_page, int node)
{
	struct error unread;

	*before = (struct before){ .journal = journal, .pool_page = pool_page, .node = node };
	before->have_pins = pin_counters_read(&before->pins, &unread) == 0;
	before->company = journal && journal_shared(journal, NULL);
	if (!pool_page)
		return;
	before->used_pages = hugepage_used_count(pool_page, node);
	before->pool_shared = hugepage_shared(journal, pool_page, node);
}

/* More than before: pins, and pages of a pool that is ours alone. Fewer is what somebody else gave
 * back. */
static bool settled(const struct before *before, int64_t *held, int64_t *used)
{
	struct pin_counters now;
	struct error unread;

	*held = 0;
	*used = 0;
	if (before->have_pins && pin_counters_read(&now, &unread) == 0)
		*held = pin_counters_held(&now) - pin_counters_held(&before->pins);
	if (before->pool_page)
		*used = (int64_t)(hugepage_used_count(before->pool_page, before->node) -
				  before->used_pages);
	return *held <= 0 && (*used <= 0 || before->pool_shared);
}

/* Asked only when the numbers differ, and then with patience: a leak of ours is a failed case. */
static bool nobody_pins(void)
{
	for (int looks = 0; looks < QUIET_LOOKS; looks++)
		if (!pin_counters_quiet())
			return false;
	return true;
}

/* What became of the pool. Where another run used it, or another program's huge pages grew, nothing
 * can be said. */
static int pool_judge(const struct before *before, const struct bystanders *from,
		      const struct bystanders *to, int64_t used, struct result *result,
		      struct error *err)
{
	bool shared = before->pool_shared ||
		      hugepage_shared(before->journal, before->pool_page, before->node);

	if (shared || (used > 0 && to->hugetlb_kb > from->hugetlb_kb)) {
		fact_text(&result->truth,
			  shared ? "another run of pinbench used the pool"
				 : "another program used the pool",
			  "free_hugepages_unverified");
		return 0;
	}
	fact_number(&result->truth, -used, "free_hugepages_change");
	if (used <= 0)
		return 0;
	return error_set(err, EBUSY,
			 "%lld more huge pages are in use than before the case, and nobody else is "
			 "seen to use them",
			 (long long)used);
}

static int pins_judge(const struct before *before, const struct bystanders *from,
		      const struct bystanders *to, bool pins_quiet, int64_t held,
		      struct result *result, struct error *err)
{
	bool company = before->company ||
		       (before->journal && journal_shared(before->journal, NULL));

	/* fewer than before: somebody else gave theirs back, which no leak of ours can look like */
	if (held > 0 && pins_quiet && !company && to->pinned_kb <= from->pinned_kb &&
	    nobody_pins()) {
		fact_bool(&result->truth, false, "pins_balanced");
		return error_set(err, EBUSY,
				 "%lld more pins are held than before the case, and nobody else is "
				 "seen to pin",
				 (long long)held);
	}
	result_warn(result, "the number of held pins changed by %lld; other processes pin here too",
		    (long long)held);
	return 0;
}

int leak_check(const struct before *before, struct bystanders *bystanders, bool pins_quiet,
	       struct result *result, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	struct bystanders from = *bystanders;
	int64_t held, used;
	int rc = 0;

	for (int waited = 0; !settled(before, &held, &used) && waited < SETTLE_MS; waited += 10)
		nanosleep(&moment, NULL);
	if (held > 0 || used > 0)
		bystanders_look(bystanders);
	if (before->pool_page)
		rc = pool_judge(before, &from, bystanders, used, result, err);
	if (before->have_pins && held == 0)
		fact_bool(&result->truth, true, "pins_balanced");
	else if (before->have_pins &&
		 pins_judge(before, &from, bystanders, pins_quiet, held, result, rc ? NULL : err))
		rc = -EBUSY;
	return rc;
}

int log_check(struct kernel_log *log, struct result *result, struct error *err)
{
	uint64_t new_taint;
	char line[200];
	int nr = kernel_log_look(log, line, sizeof(line), &new_taint);

	if (nr == -EPIPE)
		result_warn(result, "the kernel log was overwritten before it could be read");
	if (log->fd >= 0 && nr >= 0)
		fact_number(&result->truth, nr, "kernel_complaints");
	fact_number(&result->truth, (int64_t)new_taint, "new_taint");
	if (nr > 0)
		return error_set(err, EIO, "the kernel complained: %s", line);
	if (new_taint)
		return error_set(err, EIO, "the kernel became tainted (bits 0x%llx)",
				 (unsigned long long)new_taint);
	return 0;
}

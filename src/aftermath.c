// SPDX-License-Identifier: GPL-2.0-or-later
#include "aftermath.h"

#include <errno.h>
#include <time.h>

#include "hugepage.h"

#define SETTLE_MS 2000 /* io_uring gives pages back after its file is closed */
#define QUIET_LOOKS 25 /* half a second: another benchmark pins nothing while it sets up its next case */

void before_look(struct before *before, size_t pool_page, int node)
{
	struct error unread;

	*before = (struct before){ .pool_page = pool_page, .node = node };
	before->have_pins = pin_counters_read(&before->pins, &unread) == 0;
	if (pool_page)
		before->free_pages = hugepage_free_count(pool_page, node);
}

static bool settled(const struct before *before, int64_t *held, uint64_t *free_pages)
{
	struct pin_counters now;
	struct error unread;

	*held = 0;
	*free_pages = before->free_pages;
	if (before->have_pins && pin_counters_read(&now, &unread) == 0)
		*held = pin_counters_held(&now) - pin_counters_held(&before->pins);
	if (before->pool_page)
		*free_pages = hugepage_free_count(before->pool_page, before->node);
	return *held == 0 && *free_pages == before->free_pages;
}

/* Asked only when the numbers differ, and then with patience: a leak of ours is a failed case. */
static bool nobody_pins(void)
{
	for (int looks = 0; looks < QUIET_LOOKS; looks++)
		if (!pin_counters_quiet())
			return false;
	return true;
}

int leak_check(const struct before *before, bool pins_quiet, struct result *result, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	uint64_t free_pages;
	int64_t held;

	for (int waited = 0; !settled(before, &held, &free_pages) && waited < SETTLE_MS; waited += 10)
		nanosleep(&moment, NULL);
	if (before->have_pins)
		fact_bool(&result->truth, held == 0, "pins_balanced");
	if (before->pool_page)
		fact_number(&result->truth, (int64_t)(free_pages - before->free_pages),
			    "free_hugepages_change");
	if (free_pages != before->free_pages)
		return error_set(err, EBUSY, "%llu huge pages are free after the case, %llu were before it",
				 (unsigned long long)free_pages,
				 (unsigned long long)before->free_pages);
	if (held == 0)
		return 0;
	/* fewer than before: somebody else gave theirs back, which no leak of ours can look like */
	if (pins_quiet && held > 0 && nobody_pins())
		return error_set(err, EBUSY, "%lld more pins are held than before the case, and nobody else is seen to pin",
				 (long long)held);
	result_warn(result, "the number of held pins changed by %lld; other processes pin here too",
		    (long long)held);
	return 0;
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

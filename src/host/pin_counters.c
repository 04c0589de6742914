// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/pin_counters.h"

#include <errno.h>
#include <time.h>

#include "host/sysfile.h"

int pin_counters_read(struct pin_counters *counters, struct error *err)
{
	if (sysfile_write("/proc/sys/vm/stat_refresh", "1", err))
		return -err->code;
	if (sysfile_read_field("/proc/vmstat", "nr_foll_pin_acquired", &counters->acquired, err) ||
	    sysfile_read_field("/proc/vmstat", "nr_foll_pin_released", &counters->released, err))
		return -err->code;
	return 0;
}

bool pin_counters_quiet(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	struct pin_counters from, to;
	struct error unread;

	if (pin_counters_read(&from, &unread))
		return false;
	nanosleep(&moment, NULL);
	return pin_counters_read(&to, &unread) == 0 && to.acquired == from.acquired &&
	       to.released == from.released;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/mounts.h"

#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "host/sysfile.h"

static const struct {
	const char *type, *where;
	long magic;
} wanted[] = {
	{ "debugfs", "/sys/kernel/debug", DEBUGFS_MAGIC },
	{ "tracefs", "/sys/kernel/tracing", TRACEFS_MAGIC },
	{ "securityfs", "/sys/kernel/security", SECURITYFS_MAGIC }, /* what lockdown forbids */
};

static bool is_mounted(size_t i)
{
	struct statfs fs;

	/* a mount point that does not exist, or cannot be seen, is none that mounting could help */
	return statfs(wanted[i].where, &fs) != 0 || fs.f_type == wanted[i].magic;
}

void mounts_complete(void)
{
	bool alone = false;

	if (!sysfile_is_live())
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (is_mounted(i))
			continue;
		if (!alone &&
		    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
			return;
		alone = true;
		/* not being allowed to is told later, by the probe that misses the file */
		(void)mount(wanted[i].type, wanted[i].where, wanted[i].type,
			    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	}
}

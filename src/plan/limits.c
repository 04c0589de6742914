// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/limits.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

/* What each right is needed for; where CAP_SYS_ADMIN serves as well, the kernel asks for either. */
static const struct {
	unsigned int number;
	const char *name, *what_for;
} rights[] = {
	{ CAP_SYS_ADMIN, "SYS_ADMIN", "page frames" },
	{ CAP_PERFMON, "PERFMON", "kprobes, tracepoints" },
	{ CAP_IPC_LOCK, "IPC_LOCK", "pins beyond memlock" },
	{ CAP_DAC_OVERRIDE, "DAC_OVERRIDE", "gup_test, huge page pools" },
	{ CAP_SYSLOG, "SYSLOG", "kernel log" },
};

/* The effective set, as the kernel shows it. */
static bool capabilities_read(uint64_t *set)
{
	char text[8192], *line;

	if (sysfile_read("/proc/self/status", text, sizeof(text), NULL))
		return false;
	line = strstr(text, "\nCapEff:");
	if (!line)
		return false;
	*set = strtoull(line + strlen("\nCapEff:"), NULL, 16);
	return true;
}

static void rights_check(struct finding *finding, const struct need *need)
{
	char missing[200] = "";
	size_t used = 0;
	uint64_t set;

	(void)need;
	if (!capabilities_read(&set)) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/self/status does not tell them");
		return;
	}
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]) && used < sizeof(missing); i++) {
		bool have = set & 1ull << rights[i].number;

		if (rights[i].number == CAP_PERFMON || rights[i].number == CAP_SYSLOG)
			have |= (set & 1ull << CAP_SYS_ADMIN) != 0;
		if (!have)
			used += (size_t)snprintf(missing + used, sizeof(missing) - used,
						 "%sCAP_%s (%s)", used ? ", " : "", rights[i].name,
						 rights[i].what_for);
	}
	if (!missing[0]) {
		finding_set(finding, LEVEL_OK, "all that pinbench uses");
		return;
	}
	if (set == 0)
		snprintf(missing, sizeof(missing),
			 "any capability: no gup_test, page frames, kprobes, huge page pools");
	finding_set(finding, LEVEL_WARN, "without %s", missing);
	finding_fix(finding, "run as root");
}

/* RLIMIT_MEMLOCK counts what io_uring and VFIO pin for a user; process_vm, O_DIRECT and gup_test do
 * not count. */
static void memlock_check(struct finding *finding, const struct need *need)
{
	char text[4096], *line, limit_text[24], need_text[24], plan[48] = "";
	uint64_t limit, set = 0;

	if (sysfile_read("/proc/self/limits", text, sizeof(text), NULL) ||
	    !(line = strstr(text, "Max locked memory"))) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/self/limits does not tell it");
		return;
	}
	if (need->locked_bytes) {
		size_format(need->locked_bytes, need_text, sizeof(need_text));
		snprintf(plan, sizeof(plan), ", %s planned", need_text);
	}
	line += strlen("Max locked memory");
	if (sscanf(line, " %" SCNu64, &limit) != 1) {
		finding_set(finding, LEVEL_OK, "unlimited");
		return;
	}
	size_format(limit, limit_text, sizeof(limit_text));
	capabilities_read(&set);
	if (set & 1ull << CAP_IPC_LOCK) {
		finding_set(finding, LEVEL_OK, "%s%s; CAP_IPC_LOCK lifts the limit", limit_text,
			    plan);
	} else if (limit >= need->locked_bytes) {
		finding_set(finding, LEVEL_OK, "%s%s", limit_text, plan);
	} else {
		finding_set(finding, LEVEL_WARN, "%s%s: io_uring and vfio refuse to pin more",
			    limit_text, plan);
		finding_fix(finding, "ulimit -l %" PRIu64 " (root, or /etc/security/limits.conf)",
			    (need->locked_bytes + 1023) / 1024);
	}
}

static void memory_check(struct finding *finding, const struct need *need)
{
	char size[24], plan[48] = "";
	uint64_t available;

	if (sysfile_read_field("/proc/meminfo", "MemAvailable", &available, NULL)) {
		finding_set(finding, LEVEL_UNKNOWN,
			    "/proc/meminfo does not tell what is available");
		return;
	}
	if (need->region_bytes) {
		size_format(need->region_bytes, size, sizeof(size));
		snprintf(plan, sizeof(plan), ", %s planned", size);
	}
	if (memory_guard(need->region_bytes, NULL))
		finding_set(finding, LEVEL_WARN,
			    "%" PRIu64
			    " MiB available%s: run refuses what takes more than a quarter",
			    available >> 10, plan);
	else
		finding_set(finding, LEVEL_OK, "%" PRIu64 " MiB available%s", available >> 10,
			    plan);
}

static void io_uring_check(struct finding *finding, const struct need *need)
{
	uint64_t mode, set = 0;

	(void)need;
	capabilities_read(&set);
	if (!sysfile_exists("/proc/sys/kernel")) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/sys cannot be read");
	} else if (sysfile_read_u64("/proc/sys/kernel/io_uring_disabled", &mode, NULL)) {
		finding_set(finding, LEVEL_OK,
			    "this kernel has no sysctl to disable it (6.6 or later)");
	} else if (mode == 0) {
		finding_set(finding, LEVEL_OK, "allowed for everyone");
	} else if (mode == 1 && (set & 1ull << CAP_SYS_ADMIN)) {
		finding_set(finding, LEVEL_OK,
			    "allowed for root and its group (kernel.io_uring_disabled=1)");
	} else {
		finding_set(finding, LEVEL_WARN,
			    mode == 1 ? "for root and its group only (kernel.io_uring_disabled=1)"
				      : "forbidden for everyone (kernel.io_uring_disabled=2)");
		finding_fix(finding, "sysctl kernel.io_uring_disabled=0");
	}
}

/* debugfs_locked_down() refuses files with ioctls from "integrity" on, kprobes and tracefs go with
 * "confidentiality". */
static void lockdown_check(struct finding *finding, const struct need *need)
{
	uint64_t set = 0;
	char word[32];

	(void)need;
	if (!sysfile_exists("/sys/kernel/security")) {
		finding_set(finding, LEVEL_OK, "not in this kernel");
	} else if (sysfile_read_choice("/sys/kernel/security/lockdown", word, sizeof(word), NULL)) {
		finding_set(finding, LEVEL_UNKNOWN,
			    "cannot be seen: no /sys/kernel/security/lockdown");
		capabilities_read(&set);
		if (!(set & 1ull << CAP_SYS_ADMIN))
			finding_fix(finding, "run as root");
	} else if (strcmp(word, "none") == 0) {
		finding_set(finding, LEVEL_OK, "none");
	} else {
		finding_set(finding, LEVEL_WARN,
			    strcmp(word, "integrity") == 0
				    ? "integrity: forbids gup_test"
				    : "%s: forbids gup_test, kprobes and tracepoints",
			    word);
		finding_fix(finding, "boot with lockdown=none, and without Secure Boot");
	}
}

/* What the observers build on; their own lines above say what comes of it. */
static void tracing_check(struct finding *finding, const struct need *need)
{
	bool kprobes = sysfile_exists("/sys/bus/event_source/devices/kprobe/type");
	bool tracefs = sysfile_exists("/sys/kernel/tracing/events");
	uint64_t paranoid = 0, set = 0;
	char text[24], level[48] = "no perf_event_open";
	bool may_mount;

	(void)need;
	capabilities_read(&set);
	may_mount = set & 1ull << CAP_SYS_ADMIN;
	/* It may be -1. */
	if (sysfile_read("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text), NULL) == 0) {
		paranoid = strtol(text, NULL, 10) > 1;
		snprintf(level, sizeof(level), "perf_event_paranoid %.8s", text);
		if (set & (1ull << CAP_PERFMON | 1ull << CAP_SYS_ADMIN))
			paranoid = 0;
	}
	finding_set(finding, kprobes && tracefs && !paranoid ? LEVEL_OK : LEVEL_WARN, "%s, %s, %s",
		    tracefs ? "tracefs" : "no tracefs",
		    kprobes ? "kprobes for perf" : "no kprobes for perf", level);
	/* pinbench mounts it for itself where it may */
	if (!tracefs)
		finding_fix(finding, may_mount ? "a kernel with CONFIG_FTRACE=y" : "run as root");
	else if (!kprobes)
		finding_fix(finding, "a kernel with CONFIG_KPROBES=y CONFIG_KPROBE_EVENTS=y");
	else if (paranoid)
		finding_fix(finding, "run as root, or sysctl kernel.perf_event_paranoid=1");
}

static void panic_check(struct finding *finding, const struct need *need)
{
	uint64_t on_warn = 0;

	(void)need;
	if (sysfile_read_u64("/proc/sys/kernel/panic_on_warn", &on_warn, NULL)) {
		finding_set(finding, LEVEL_UNKNOWN,
			    "/proc/sys/kernel/panic_on_warn cannot be read");
	} else if (on_warn == 0) {
		finding_set(finding, LEVEL_OK, "a kernel warning does not stop this machine");
	} else {
		finding_set(finding, LEVEL_WARN,
			    "panic_on_warn=1: a pin that makes the kernel warn takes the machine "
			    "down");
		finding_fix(finding,
			    "sysctl kernel.panic_on_warn=0, or measure in the lab: pinbench vm");
	}
}

const struct limit limits[] = {
	{ "rights", rights_check },     { "memlock", memlock_check },
	{ "memory", memory_check },     { "io_uring", io_uring_check },
	{ "lockdown", lockdown_check }, { "tracing", tracing_check },
	{ "panic", panic_check },       { NULL, NULL },
};

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/noise.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/memory.h"
#include "host/hugepage.h"
#include "host/sysfile.h"

#define CPU_DIR "/sys/devices/system/cpu"

const char *const level_names[NR_LEVELS] = {
	[LEVEL_OK] = "ok",     [LEVEL_NOTE] = "note", [LEVEL_WARN] = "warn",
	[LEVEL_UNKNOWN] = "?", [LEVEL_NO] = "no",
};

void finding_set(struct finding *finding, enum level level, const char *format, ...)
{
	va_list args;

	finding->level = level;
	finding->fix[0] = '\0';
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

void finding_fix(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->fix, sizeof(finding->fix), format, args);
	va_end(args);
}

const char *about_short(const char *about, char text[128])
{
	snprintf(text, 128, "%.*s", (int)strcspn(about, ":;"), about);
	return text;
}

void finding_try(struct finding *finding, int (*trial)(const void *context, struct error *why),
		 const void *context, const char *about)
{
	struct error why = { 0 };

	if (probe_run(trial, context, &why) == 0) {
		finding_set(finding, LEVEL_OK, "%s", about);
		return;
	}
	finding_set(finding, LEVEL_NO, "%.*s", (int)sizeof(finding->text) - 1, why.text);
	finding_fix(finding, "%s", why.fix);
}

/* Calls @visit with the path of each entry of @dir whose name begins with @prefix. */
static void entries_visit(const char *dir, const char *prefix,
			  void (*visit)(const char *path, void *context), void *context)
{
	char full[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	snprintf(full, sizeof(full), "%s%s", sysfile_root(), dir);
	stream = dir_open(full);
	if (!stream) {
		sysfile_trouble_add(errno, dir);
		return;
	}
	while ((errno = 0, entry = readdir(stream)))
		if (entry->d_name[0] != '.' &&
		    strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
			snprintf(full, sizeof(full), "%s/%s", dir, entry->d_name);
			visit(full, context);
		}
	if (errno)
		sysfile_trouble_add(errno, dir);
	closedir(stream);
}

struct governors {
	unsigned int nr, nr_other;
	char other[64];
};

static void governor_visit(const char *policy, void *context)
{
	struct governors *governors = context;
	char path[PATH_MAX], word[64];

	snprintf(path, sizeof(path), "%s/scaling_governor", policy);
	if (sysfile_read(path, word, sizeof(word), NULL))
		return;
	governors->nr++;
	if (strcmp(word, "performance") == 0)
		return;
	governors->nr_other++;
	snprintf(governors->other, sizeof(governors->other), "%s", word);
}

static void governor_check(struct finding *finding, const struct kconfig *kconfig)
{
	struct governors governors = { 0 };

	(void)kconfig;
	entries_visit(CPU_DIR "/cpufreq", "policy", governor_visit, &governors);
	if (governors.nr == 0 && !sysfile_exists(CPU_DIR)) {
		finding_set(finding, LEVEL_UNKNOWN, "this kernel does not say");
	} else if (governors.nr == 0) {
		finding_set(finding, LEVEL_OK, "nothing scales the frequency from here");
	} else if (governors.nr_other == 0) {
		finding_set(finding, LEVEL_OK, "performance");
	} else {
		finding_set(finding, LEVEL_WARN,
			    "%s on %u of %u frequency domains: the clock follows the load",
			    governors.other, governors.nr_other, governors.nr);
		finding_fix(finding, "cpupower frequency-set -g performance");
	}
}

static void turbo_check(struct finding *finding, const struct kconfig *kconfig)
{
	uint64_t value;

	(void)kconfig;
	if (sysfile_read_u64(CPU_DIR "/intel_pstate/no_turbo", &value, NULL) == 0) {
		finding_set(finding, value ? LEVEL_OK : LEVEL_WARN,
			    value ? "off"
				  : "on: the clock depends on temperature and on what other cores "
				    "do");
		if (!value)
			finding_fix(finding, "echo 1 > " CPU_DIR "/intel_pstate/no_turbo");
	} else if (sysfile_read_u64(CPU_DIR "/cpufreq/boost", &value, NULL) == 0) {
		finding_set(finding, value ? LEVEL_WARN : LEVEL_OK,
			    value ? "on: the clock depends on temperature and on what other cores "
				    "do"
				  : "off");
		if (value)
			finding_fix(finding, "echo 0 > " CPU_DIR "/cpufreq/boost");
	} else {
		finding_set(finding, LEVEL_UNKNOWN, "this kernel has no switch for it");
	}
}

static void smt_check(struct finding *finding, const struct kconfig *kconfig)
{
	uint64_t active;
	char list[64];

	(void)kconfig;
	if (sysfile_read_u64(CPU_DIR "/smt/active", &active, NULL)) {
		/* Without CONFIG_HOTPLUG_SMT the list of threads in a core tells: "0", or "0,4" or
		 * "0-1". */
		if (sysfile_read(CPU_DIR "/cpu0/topology/thread_siblings_list", list, sizeof(list),
				 NULL)) {
			finding_set(finding, LEVEL_UNKNOWN,
				    "this kernel does not say whether cores are shared");
			return;
		}
		active = strpbrk(list, ",-") != NULL;
	}
	if (active) {
		finding_set(finding, LEVEL_WARN,
			    "on: a busy sibling halves the speed of the measured thread");
		finding_fix(finding, "echo off > " CPU_DIR "/smt/control");
	} else {
		finding_set(finding, LEVEL_OK, "off");
	}
}

/* Share of the time since boot that the hypervisor gave to others, in permille; 0 when unknown. */
static unsigned int steal_permille(void)
{
	unsigned long long ticks[8] = { 0 }, sum = 0;
	char text[256];
	int rc = sysfile_read("/proc/stat", text, sizeof(text), NULL);

	/* The line of all CPUs is the first one. */
	if (rc && rc != -E2BIG)
		return 0;
	text[sizeof(text) - 1] = '\0';
	if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
		   &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) != 8)
		return 0;
	for (size_t i = 0; i < 8; i++)
		sum += ticks[i];
	return sum ? (unsigned int)(ticks[7] * 1000 / sum) : 0;
}

static void hypervisor_check(struct finding *finding, const struct kconfig *kconfig)
{
	unsigned int steal = steal_permille();
	char name[64];

	(void)kconfig;
	hypervisor_name(name, sizeof(name));
	if (strcmp(name, "none") == 0)
		finding_set(finding, LEVEL_OK, "none seen");
	else if (strcmp(name, "unknown") == 0)
		snprintf(name, sizeof(name), "a hypervisor");
	if (strcmp(name, "none") == 0)
		return;
	if (steal > 0)
		finding_set(finding, LEVEL_WARN,
			    "runs on %s, which gave %u.%u %% of the time since boot to others",
			    name, steal / 10, steal % 10);
	else
		finding_set(finding, LEVEL_WARN,
			    "runs on %s: nested paging and other guests change the times; counts "
			    "stay exact",
			    name);
}

static void clocksource_check(struct finding *finding, const struct kconfig *kconfig)
{
	/* Read by the vDSO, without a system call. */
	static const char *const fast[] = { "tsc", "arch_sys_counter",
					    "hyperv_clocksource_tsc_page", "stick" };
	char name[64];

	(void)kconfig;
	if (sysfile_read("/sys/devices/system/clocksource/clocksource0/current_clocksource", name,
			 sizeof(name), NULL)) {
		finding_set(finding, LEVEL_UNKNOWN, "the kernel does not name it");
		return;
	}
	for (size_t i = 0; i < sizeof(fast) / sizeof(fast[0]); i++)
		if (strcmp(name, fast[i]) == 0) {
			finding_set(finding, LEVEL_OK, "%s", name);
			return;
		}
	finding_set(finding, LEVEL_WARN,
		    "%s: slower to read, and with a coarser grain, than the CPU's own", name);
	finding_fix(finding, "boot with clocksource=tsc, if the CPU's counter is stable");
}

/* Options that check every page or lock on the paths that are measured. */
static const char *const debug_options[] = {
	"CONFIG_DEBUG_VM",
	"CONFIG_DEBUG_VM_PGFLAGS",
	"CONFIG_PAGE_TABLE_CHECK_ENFORCED",
	"CONFIG_DEBUG_PAGEALLOC",
	"CONFIG_PAGE_POISONING",
	"CONFIG_KASAN",
	"CONFIG_KMSAN",
	"CONFIG_KCSAN",
	"CONFIG_UBSAN_BOUNDS",
	"CONFIG_PROVE_LOCKING",
	"CONFIG_LOCKDEP",
	"CONFIG_LOCK_STAT",
	"CONFIG_DEBUG_LOCK_ALLOC",
	"CONFIG_DEBUG_ATOMIC_SLEEP",
	"CONFIG_DEBUG_OBJECTS",
	"CONFIG_SLUB_DEBUG_ON",
	"CONFIG_DEBUG_KMEMLEAK",
	"CONFIG_GCOV_KERNEL",
	"CONFIG_KCOV",
};

static void debug_check(struct finding *finding, const struct kconfig *kconfig)
{
	char found[200] = "", like[64], but[200];
	size_t used = 0;

	if (!kconfig->text) {
		if (sysfile_exists("/proc/lockdep"))
			finding_set(finding, LEVEL_WARN,
				    "lockdep is built in: not a kernel for times");
		else
			finding_set(finding, LEVEL_UNKNOWN,
				    "the configuration of this kernel cannot be read");
		return;
	}
	for (size_t i = 0;
	     i < sizeof(debug_options) / sizeof(debug_options[0]) && used < sizeof(found); i++)
		if (kconfig_on(kconfig, debug_options[i]))
			used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%s",
						 used ? ", " : "",
						 debug_options[i] + strlen("CONFIG_"));
	if (!found[0] && kconfig_like(kconfig, like, sizeof(like), but, sizeof(but)) &&
	    strcmp(like, "minimal") == 0) {
		finding_set(finding, LEVEL_NOTE,
			    "none that slow down pinning; but this kernel is the lab's smallest: "
			    "its "
			    "instructions are not those of kernels that people run");
		return;
	}
	if (!found[0]) {
		finding_set(finding, LEVEL_OK, "none that slow down pinning");
		return;
	}
	finding_set(finding, LEVEL_WARN, "%s: good for finding bugs, not for times", found);
	finding_fix(finding, "a kernel without them; compare only kernels with the same options");
}

struct mitigations {
	unsigned int nr;
	bool vulnerable, asked;
};

static void mitigation_visit(const char *path, void *context)
{
	struct mitigations *mitigations = context;
	char text[512];

	if (sysfile_read(path, text, sizeof(text), NULL))
		return;
	mitigations->asked = true;
	mitigations->nr += strncmp(text, "Mitigation", 10) == 0;
	mitigations->vulnerable |= strncmp(text, "Vulnerable", 10) == 0;
}

static void mitigations_check(struct finding *finding, const struct kconfig *kconfig)
{
	struct mitigations mitigations = { 0 };

	(void)kconfig;
	entries_visit(CPU_DIR "/vulnerabilities", "", mitigation_visit, &mitigations);
	if (!mitigations.asked)
		finding_set(finding, LEVEL_UNKNOWN, "this kernel does not list them");
	else if (mitigations.nr)
		finding_set(finding, LEVEL_NOTE,
			    "%u active: part of every system call; compare like with like",
			    mitigations.nr);
	else
		finding_set(finding, LEVEL_OK, mitigations.vulnerable ? "off" : "none needed");
}

static void load_check(struct finding *finding, const struct kconfig *kconfig)
{
	unsigned int whole, part;
	char text[128];

	(void)kconfig;
	if (sysfile_read("/proc/loadavg", text, sizeof(text), NULL) ||
	    sscanf(text, "%u.%2u", &whole, &part) != 2) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/loadavg cannot be read");
		return;
	}
	if (whole == 0 && part <= 50) {
		finding_set(finding, LEVEL_OK, "%u.%02u", whole, part);
		return;
	}
	finding_set(finding, LEVEL_WARN,
		    "%u.%02u over the last minute: others use memory bandwidth and caches", whole,
		    part);
	finding_fix(finding, "wait until the machine is idle");
}

static void numa_balancing_check(struct finding *finding, const struct kconfig *kconfig)
{
	uint64_t mode;

	(void)kconfig;
	if (!sysfile_exists("/proc/sys/kernel")) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/sys cannot be read");
	} else if (sysfile_read_u64("/proc/sys/kernel/numa_balancing", &mode, NULL) || mode == 0) {
		finding_set(finding, LEVEL_OK, "off");
	} else if (!sysfile_exists("/sys/devices/system/node/node1")) {
		finding_set(finding, LEVEL_OK, "on, with nothing to balance on one node");
	} else {
		/* task_numa_work() makes page table entries PROT_NONE, which GUP-fast does not
		 * follow. */
		finding_set(finding, LEVEL_WARN,
			    "on: it takes mappings away to watch them, and GUP-fast then misses");
		finding_fix(finding, "sysctl kernel.numa_balancing=0");
	}
}

static void ksm_check(struct finding *finding, const struct kconfig *kconfig)
{
	uint64_t run;

	(void)kconfig;
	if (!sysfile_exists("/sys/kernel/mm")) {
		finding_set(finding, LEVEL_UNKNOWN, "/sys/kernel/mm cannot be read");
		return;
	}
	if (sysfile_read_u64("/sys/kernel/mm/ksm/run", &run, NULL) || run != 1) {
		finding_set(finding, LEVEL_OK, "not running");
		return;
	}
	finding_set(finding, LEVEL_WARN,
		    "running: it uses a CPU, and merges pages of processes that ask for it");
	finding_fix(finding, "echo 0 > /sys/kernel/mm/ksm/run");
}

static void khugepaged_check(struct finding *finding, const struct kconfig *kconfig)
{
	char word[32];

	(void)kconfig;
	if (!sysfile_exists("/sys/kernel/mm")) {
		finding_set(finding, LEVEL_UNKNOWN, "/sys/kernel/mm cannot be read");
	} else if (sysfile_read_choice(THP_DIR "/enabled", word, sizeof(word), NULL)) {
		finding_set(finding, LEVEL_OK, "not in this kernel");
	} else if (strcmp(word, "always") != 0) {
		finding_set(finding, LEVEL_OK, "leaves alone what did not ask (THP: %s)", word);
	} else {
		finding_set(finding, LEVEL_WARN,
			    "may collapse any process's pages at any time (THP: always)");
		finding_fix(finding, "echo madvise > " THP_DIR "/enabled");
	}
}

static void swap_check(struct finding *finding, const struct kconfig *kconfig)
{
	uint64_t total, left;

	(void)kconfig;
	if (!sysfile_exists("/proc/meminfo")) {
		finding_set(finding, LEVEL_UNKNOWN, "/proc/meminfo cannot be read");
		return;
	}
	if (sysfile_read_field("/proc/meminfo", "SwapTotal", &total, NULL) || total == 0) {
		finding_set(finding, LEVEL_OK, "none");
		return;
	}
	if (sysfile_read_field("/proc/meminfo", "SwapFree", &left, NULL) || left > total)
		left = total;
	if (left == total)
		finding_set(finding, LEVEL_OK, "there, and unused");
	else
		finding_set(finding, LEVEL_NOTE,
			    "%" PRIu64 " MiB in use: memory was short at some time",
			    (total - left) >> 10);
}

static void taint_check(struct finding *finding, const struct kconfig *kconfig)
{
	/* By bit, as in Documentation/admin-guide/tainted-kernels.rst. */
	static const char letters[] = "PFSRMBUDAWCIOELKXTN";
	char set[sizeof(letters)] = "";
	uint64_t taint;
	size_t nr = 0;

	(void)kconfig;
	if (sysfile_read_u64("/proc/sys/kernel/tainted", &taint, NULL)) {
		finding_set(finding, LEVEL_UNKNOWN, "the kernel does not say");
		return;
	}
	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		if (taint & 1ull << i)
			set[nr++] = letters[i];
	if (taint == 0)
		finding_set(finding, LEVEL_OK, "not tainted");
	else if (taint & (1u << 7 | 1u << 9 | 1u << 14)) /* D, W, L */
		finding_set(finding, LEVEL_WARN,
			    "%s: this kernel has oopsed, warned or locked up since boot", set);
	else
		finding_set(finding, LEVEL_NOTE, "%s", set);
	if (finding->level == LEVEL_WARN)
		finding_fix(finding, "dmesg shows why; reboot before measuring");
}

const struct noise noises[] = {
	{ "governor", "how the CPU chooses its frequency", governor_check },
	{ "turbo", "frequencies above the nominal one", turbo_check },
	{ "smt", "hardware threads that share a core", smt_check },
	{ "hypervisor", "what this system runs on", hypervisor_check },
	{ "clocksource", "what the clock reads", clocksource_check },
	{ "kernel-debug", "options of the kernel that check every page or lock", debug_check },
	{ "mitigations", "work added to every system call", mitigations_check },
	{ "load", "what else is running", load_check },
	{ "numa-balancing", "pages moved between nodes", numa_balancing_check },
	{ "ksm", "equal pages merged", ksm_check },
	{ "khugepaged", "small pages collapsed to huge ones", khugepaged_check },
	{ "swap", "memory that went to disk", swap_check },
	{ "taint", "what happened to this kernel since boot", taint_check },
	{ NULL, NULL, NULL },
};

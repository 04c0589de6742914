// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/doctor.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/environment.h"
#include "host/hugepage.h"
#include "host/journal.h"
#include "host/sysfile.h"
#include "host/topology.h"
#include "plan/select.h"

#define NODES_MAX 64

static struct finding *diagnosis_add(struct section *section, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct finding *diagnosis_add(struct section *section, const char *format, ...)
{
	struct diagnosis *items = realloc(section->items, (section->nr + 1) * sizeof(*items));
	struct diagnosis *added;
	va_list args;

	if (!items)
		abort();
	section->items = items;
	added = &items[section->nr++];
	memset(added, 0, sizeof(*added));
	va_start(args, format);
	vsnprintf(added->name, sizeof(added->name), format, args);
	va_end(args);
	return &added->finding;
}

static int pinner_try(const void *context, struct error *why)
{
	const struct pinner *pinner = context;

	return pinner->probe(pinner, why);
}

static int observer_try(const void *context, struct error *why)
{
	const struct observer *observer = context;

	return observer->probe(why);
}

/* The configuration only explains: it has the last word where a trial has failed, and the first
 * where none can be made. */
static void pinner_explain(struct finding *finding, const char *option,
			   const struct kconfig *kconfig)
{
	char value[16];

	if (!option || !kconfig_value(kconfig, option, value, sizeof(value)))
		return;
	if (finding->level == LEVEL_UNKNOWN) {
		finding_set(finding, LEVEL_UNKNOWN,
			    "cannot be tried in a saved tree, whose kernel has %s=%s", option,
			    value);
	} else if (finding->level == LEVEL_NO && strcmp(value, "n") == 0) {
		finding_set(finding, LEVEL_NO, "this kernel was built without %s", option);
		finding_fix(finding, "a kernel with %s=y", option);
	}
}

static void pinners_check(struct section *section, const struct kconfig *kconfig,
			  struct checkup *checkup)
{
	char text[128];

	for (size_t i = 0; pinners[i]; i++) {
		struct finding *finding = diagnosis_add(section, "%s", pinners[i]->name);

		if (sysfile_is_live())
			finding_try(finding, pinner_try, pinners[i],
				    about_short(pinners[i]->about, text));
		else
			finding_set(finding, LEVEL_UNKNOWN, "cannot be tried in a saved tree");
		pinner_explain(finding, pinners[i]->option, kconfig);
		/* the floor needs nothing, and measures nothing but the harness */
		if (pinners[i]->floor)
			continue;
		checkup->nr_pinners++;
		checkup->nr_runnable += finding->level == LEVEL_OK;
		checkup->nr_lab_runnable += finding->level == LEVEL_OK && pinners[i]->lab_only;
	}
}

static unsigned int need_pages(const struct need *need, size_t page_bytes)
{
	for (size_t i = 0; i < need->nr_sizes; i++)
		if (need->huge_bytes[i] == page_bytes)
			return need->nr_huge[i];
	return 0;
}

static void layouts_check(struct section *section, const struct need *need)
{
	struct layout layouts[PLAN_MAX_LAYOUTS];
	size_t nr = layout_list(layouts, PLAN_MAX_LAYOUTS);
	int nodes[NODES_MAX];
	size_t nr_nodes = topology_nodes(nodes, NODES_MAX);

	for (size_t i = 0; i < nr; i++) {
		const struct layout *layout = &layouts[i];
		unsigned int planned = need_pages(need, layout->page_bytes);
		size_t nr_pools = layout->kind->pool ? nr_nodes : 0;

		if (!layout->kind->check)
			continue;
		if (nr_pools == 0)
			layout->kind->check(diagnosis_add(section, "%s", layout->name), layout, -1,
					    planned);
		for (size_t j = 0; j < nr_pools && j < NODES_MAX; j++)
			layout->kind->check(diagnosis_add(section, "%s", layout->name), layout,
					    nodes[j], planned);
	}
	for (size_t i = 0; layout_kinds[i]; i++) {
		char name[40], why[128];

		if (layout_kinds[i]->check &&
		    layout_absent(layout_kinds[i], layouts, nr, name, why))
			finding_set(diagnosis_add(section, "%s", name), LEVEL_NOTE, "%s", why);
	}
}

static void observers_check(struct section *section)
{
	char text[128];

	for (size_t i = 0; observers[i]; i++) {
		struct finding *finding = diagnosis_add(section, "%s", observers[i]->name);

		if (sysfile_is_live())
			finding_try(finding, observer_try, observers[i],
				    about_short(observers[i]->about, text));
		else
			finding_set(finding, LEVEL_UNKNOWN, "cannot be tried in a saved tree");
	}
}

static const char *fact_or(const struct fact_list *facts, const char *name, const char *otherwise)
{
	const struct fact *fact = fact_find(facts, name);

	return fact && fact->text ? fact->text : otherwise;
}

static int64_t number_or(const struct fact_list *facts, const char *name, int64_t otherwise)
{
	const struct fact *fact = fact_find(facts, name);

	return fact && fact->kind != FACT_TEXT ? fact->number : otherwise;
}

/* ", 8 CPUs" */
static void count_append(char *text, size_t size, int64_t nr, const char *what)
{
	size_t used = strlen(text);

	if (nr > 0)
		snprintf(text + used, size - used, ", %" PRId64 " %s%s", nr, what,
			 nr == 1 ? "" : "s");
}

static void system_describe(char *text, size_t size)
{
	struct fact_list facts = { 0 };
	int64_t kilobytes;
	const char *on;
	size_t used;

	environment_collect(&facts);
	kilobytes = number_or(&facts, "memory.total_kb", 0);
	on = fact_or(&facts, "hypervisor", "none");
	snprintf(text, size, "Linux %s on %s, %.100s",
		 fact_or(&facts, "kernel.release", "of unknown release"),
		 fact_or(&facts, "kernel.arch", "unknown architecture"),
		 fact_or(&facts, "cpu.model", "unknown CPU"));
	count_append(text, size, number_or(&facts, "cpu.online", 0), "CPU");
	count_append(text, size, number_or(&facts, "numa.nodes", 0), "memory node");
	used = strlen(text);
	if (kilobytes > 0)
		used += (size_t)snprintf(text + used, size - used, ", %" PRId64 ".%" PRId64 " GiB",
					 kilobytes >> 20, ((kilobytes & 0xfffff) * 10) >> 20);
	if (strcmp(on, "none") != 0)
		snprintf(text + used, size - used, ", hypervisor %s", on);
	fact_list_free(&facts);
}

/* The runs that have a journal, by their process numbers, which its name begins with. */
static void journal_holders(char *text, size_t size)
{
	DIR *dir = dir_open(JOURNAL_DIR);
	struct dirent *entry;

	text[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		size_t used = strlen(text);

		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			snprintf(text + used, size - used, "%s%d", used ? ", " : "",
				 atoi(entry->d_name));
	}
	if (dir)
		closedir(dir);
}

/* Another user's directory does not open; that of a tmpfs tells by its size how many names are in
 * it (mm/shmem.c: 20 bytes each). */
static void journals_foreign_check(struct section *section)
{
	struct statfs system;
	struct stat st;

	if (stat(JOURNAL_DIR, &st) || statfs(JOURNAL_DIR, &system) || st.st_uid == geteuid() ||
	    system.f_type != TMPFS_MAGIC || st.st_size < 60)
		return;
	finding_set(diagnosis_add(section, "settings"), LEVEL_NOTE,
		    "root's runs have journals of changed settings in %s: they go on, or were "
		    "killed",
		    JOURNAL_DIR);
	finding_fix(&section->items[section->nr - 1].finding, "sudo pinbench restore");
}

/* Every verb has put back what it could before: what is left now cannot be, or is of runs that go
 * on. */
static void journals_check(struct section *section)
{
	struct journal_report report = { 0 };
	struct error err = { 0 };
	struct finding *finding;
	char holders[120];
	int rc = journal_recover(&report, &err);

	if (rc || report.nr_failed) {
		finding = diagnosis_add(section, "settings");
		finding_set(finding, LEVEL_WARN, "of a killed run, not put back: %.200s",
			    rc ? err.text : report.lines[0]);
		finding_fix(finding, "%.200s", err.fix[0] ? err.fix : "pinbench restore, as root");
	} else if (report.nr_live) {
		journal_holders(holders, sizeof(holders));
		finding_set(diagnosis_add(section, "settings"), LEVEL_NOTE,
			    "changed for the time of %u run%s: process %s", report.nr_live,
			    report.nr_live == 1 ? "" : "s", holders);
	} else {
		journals_foreign_check(section);
	}
	journal_report_free(&report);
}

void checkup_make(struct checkup *checkup, const struct need *need)
{
	static const char *const names[NR_SECTIONS][2] = {
		[SECTION_PINNERS] = { "pinners", "What can pin" },
		[SECTION_LAYOUTS] = { "layouts", "What can be pinned" },
		[SECTION_OBSERVERS] = { "observers", "What can be counted" },
		[SECTION_LIMITS] = { "limits", "Rights and limits" },
		[SECTION_NOISE] = { "noise", "What adds noise" },
	};
	struct section *sections = checkup->sections;
	struct kconfig kconfig;

	memset(checkup, 0, sizeof(*checkup));
	for (size_t i = 0; i < NR_SECTIONS; i++) {
		sections[i].name = names[i][0];
		sections[i].title = names[i][1];
	}
	kconfig_load(&kconfig, NULL);
	system_describe(checkup->system, sizeof(checkup->system));
	pinners_check(&sections[SECTION_PINNERS], &kconfig, checkup);
	layouts_check(&sections[SECTION_LAYOUTS], need);
	observers_check(&sections[SECTION_OBSERVERS]);
	for (const struct limit *limit = limits; limit->name; limit++)
		limit->check(diagnosis_add(&sections[SECTION_LIMITS], "%s", limit->name), need);
	if (sysfile_is_live())
		journals_check(&sections[SECTION_LIMITS]);
	for (const struct noise *noise = noises; noise->name; noise++)
		noise->check(diagnosis_add(&sections[SECTION_NOISE], "%s", noise->name), &kconfig);
	kconfig_free(&kconfig);
	topology_unload();
}

void checkup_free(struct checkup *checkup)
{
	for (size_t i = 0; i < NR_SECTIONS; i++)
		free(checkup->sections[i].items);
	memset(checkup, 0, sizeof(*checkup));
}

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

/* What the cases of a job would ask of this machine: memory, locked memory, huge pages. */

#define PINNERS_MAX 64

/* Huge pages of one case: unsharing copies each page that the window touches, at most the region
 * once more. */
static void need_huge(struct need *need, const struct plan_case *it)
{
	unsigned int nr = (unsigned int)(it->region_bytes / it->layout.page_bytes) *
			  (it->state->has_peer || it->state->child_copies ? 2 : 1);
	size_t at = 0;

	while (at < need->nr_sizes && need->huge_bytes[at] != it->layout.page_bytes)
		at++;
	if (at == PLAN_MAX_LAYOUTS)
		return;
	if (at == need->nr_sizes) {
		need->huge_bytes[need->nr_sizes++] = it->layout.page_bytes;
		need->nr_huge[at] = 0;
	}
	if (nr > need->nr_huge[at])
		need->nr_huge[at] = nr;
}

static int probe_nothing(const struct pinner *pinner, struct error *why)
{
	(void)pinner;
	(void)why;
	return 0;
}

/* Every pinner as if it worked: what is planned does not depend on it, and trials are made once, in
 * children. */
static int plan_quietly(struct plan *plan, const struct config *config, struct error *err)
{
	struct offer offer = { .base_bytes = (size_t)sysconf(_SC_PAGESIZE), .states = states };
	const struct pinner *list[PINNERS_MAX + 1] = { NULL };
	struct pinner *copies = calloc(PINNERS_MAX, sizeof(*copies));
	int rc;

	if (!copies)
		abort();
	for (size_t i = 0; pinners[i] && i < PINNERS_MAX; i++) {
		copies[i] = *pinners[i];
		copies[i].probe = probe_nothing;
		list[i] = &copies[i];
	}
	offer.pinners = list;
	offer.nr_layouts = layout_list(offer.layouts, PLAN_MAX_LAYOUTS);
	rc = plan_build_from(plan, config, &offer, err);
	for (size_t i = 0; !rc && i < plan->nr; i++)
		plan->cases[i].pinner = pinner_find(plan->cases[i].pinner->name);
	free(copies);
	return rc;
}

int need_collect(struct need *need, const struct config *config, struct error *err)
{
	struct plan plan;
	int rc = plan_quietly(&plan, config, err);

	memset(need, 0, sizeof(*need));
	if (rc)
		return rc;
	for (size_t i = 0; i < plan.nr; i++) {
		const struct plan_case *it = &plan.cases[i];
		uint64_t bytes;

		if (it->layout.page_bytes == 0)
			continue;
		bytes = it->region_bytes * (it->state->has_peer || it->state->child_copies ? 2 : 1);
		if (bytes > need->region_bytes)
			need->region_bytes = bytes;
		if (it->pinner->memlock && it->bytes > need->locked_bytes)
			need->locked_bytes = it->bytes;
		if (it->layout.kind->pool)
			need_huge(need, it);
	}
	plan_free(&plan);
	return 0;
}

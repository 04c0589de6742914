// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/environment.h"

#include "base/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/hugepage.h"
#include "host/kconfig.h"
#include "host/noise.h"
#include "host/sysfile.h"
#include "host/topology.h"

#define NODES_MAX 64

#define NR(array) (sizeof(array) / sizeof(array[0]))

/* Options that change what a pin does or costs, or what can be seen of it. */
static const char *const config_options[] = {
	"CONFIG_GUP_TEST",
	"CONFIG_HAVE_GUP_FAST",
	"CONFIG_HAVE_FAST_GUP",
	"CONFIG_ARM64_4K_PAGES",
	"CONFIG_ARM64_16K_PAGES",
	"CONFIG_ARM64_64K_PAGES",
	"CONFIG_ARM64_CONTPTE",
	"CONFIG_PGTABLE_LEVELS",
	"CONFIG_TRANSPARENT_HUGEPAGE",
	"CONFIG_HUGETLB_PAGE",
	"CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP",
	"CONFIG_CONTIG_ALLOC",
	"CONFIG_CMA",
	"CONFIG_NUMA",
	"CONFIG_NUMA_BALANCING",
	"CONFIG_KSM",
	"CONFIG_MEMCG",
	"CONFIG_USERFAULTFD",
	"CONFIG_PER_VMA_LOCK",
	"CONFIG_LRU_GEN_ENABLED",
	"CONFIG_IO_URING",
	"CONFIG_VFIO",
	"CONFIG_VFIO_IOMMU_TYPE1",
	"CONFIG_IOMMUFD",
	"CONFIG_IOMMU_DEFAULT_DMA_STRICT",
	"CONFIG_IOMMU_DEFAULT_PASSTHROUGH",
	"CONFIG_SMP",
	"CONFIG_HZ",
	"CONFIG_PREEMPT_NONE",
	"CONFIG_PREEMPT_VOLUNTARY",
	"CONFIG_PREEMPT",
	"CONFIG_PREEMPT_DYNAMIC",
	"CONFIG_PREEMPT_RT",
	"CONFIG_NO_HZ_FULL",
	"CONFIG_RANDOMIZE_BASE",
	"CONFIG_INIT_ON_ALLOC_DEFAULT_ON",
	"CONFIG_INIT_ON_FREE_DEFAULT_ON",
	"CONFIG_CC_OPTIMIZE_FOR_SIZE",
	"CONFIG_CC_IS_CLANG",
	"CONFIG_GCC_VERSION",
	"CONFIG_CLANG_VERSION",
	"CONFIG_KPROBES",
	"CONFIG_PERF_EVENTS",
	"CONFIG_DEBUG_FS",
	"CONFIG_PROC_PAGE_MONITOR",
	"CONFIG_SECURITY_LOCKDOWN_LSM",
	"CONFIG_DEBUG_VM",
	"CONFIG_DEBUG_VM_PGFLAGS",
	"CONFIG_PAGE_TABLE_CHECK",
	"CONFIG_PAGE_TABLE_CHECK_ENFORCED",
	"CONFIG_DEBUG_PAGEALLOC",
	"CONFIG_PAGE_OWNER",
	"CONFIG_PAGE_POISONING",
	"CONFIG_KASAN",
	"CONFIG_KMSAN",
	"CONFIG_KCSAN",
	"CONFIG_UBSAN",
	"CONFIG_KFENCE",
	"CONFIG_LOCKDEP",
	"CONFIG_PROVE_LOCKING",
	"CONFIG_LOCK_STAT",
	"CONFIG_SLUB_DEBUG_ON",
	"CONFIG_DEBUG_VM_PGTABLE",
	"CONFIG_DEBUG_VM_RB",
	"CONFIG_DEBUG_VIRTUAL",
	"CONFIG_DEBUG_PAGE_REF",
	"CONFIG_KASAN_GENERIC",
	"CONFIG_KASAN_SW_TAGS",
	"CONFIG_KASAN_HW_TAGS",
	"CONFIG_UBSAN_BOUNDS",
	"CONFIG_DEBUG_LOCK_ALLOC",
	"CONFIG_DEBUG_SPINLOCK",
	"CONFIG_DEBUG_MUTEXES",
	"CONFIG_DEBUG_RWSEMS",
	"CONFIG_DEBUG_ATOMIC_SLEEP",
	"CONFIG_DEBUG_PREEMPT",
	"CONFIG_DEBUG_OBJECTS",
	"CONFIG_DEBUG_KMEMLEAK",
	"CONFIG_GCOV_KERNEL",
	"CONFIG_KCOV",
};

static const char *const sysctls[] = {
	"kernel/perf_event_paranoid",  "kernel/io_uring_disabled",
	"kernel/kptr_restrict",        "kernel/randomize_va_space",
	"kernel/numa_balancing",       "kernel/watchdog",
	"vm/compaction_proactiveness", "vm/overcommit_memory",
	"vm/nr_overcommit_hugepages",  "vm/swappiness",
	"vm/zone_reclaim_mode",
};

static void fact_file(struct fact_list *facts, const char *path, const char *name)
{
	char text[256];

	if (sysfile_read(path, text, sizeof(text), NULL) == 0 && text[0])
		fact_text(facts, text, "%s", name);
}

static void fact_choice(struct fact_list *facts, const char *path, const char *name)
{
	char word[64];

	if (sysfile_read_choice(path, word, sizeof(word), NULL) == 0 && word[0])
		fact_text(facts, word, "%s", name);
}

static void fact_u64(struct fact_list *facts, const char *path, const char *name)
{
	uint64_t number;

	if (sysfile_read_u64(path, &number, NULL) == 0 && number <= INT64_MAX)
		fact_number(facts, (int64_t)number, "%s", name);
}

static void config_facts(struct fact_list *facts, const struct kconfig *kconfig)
{
	char value[128], but[256], hex[65];

	if (!kconfig->text)
		return;
	fact_text(facts, kconfig->source, "kernel.config_source");
	if (kconfig_hash(kconfig, hex))
		fact_text(facts, hex, "kernel.config_sha256");
	for (size_t i = 0; i < NR(config_options); i++)
		if (kconfig_value(kconfig, config_options[i], value, sizeof(value)))
			fact_text(facts, value, "kernel.config.%s", config_options[i]);
	if (!kconfig_like(kconfig, value, sizeof(value), but, sizeof(but)))
		return;
	fact_text(facts, value, "config.like");
	if (*but)
		fact_text(facts, but, "config.like_but");
}

void environment_kernel(struct fact_list *facts)
{
	char raw[4096], text[4096];
	struct utsname name;

	fact_file(facts, "/proc/sys/kernel/osrelease", "kernel.release");
	fact_file(facts, "/proc/sys/kernel/version", "kernel.version");
	if (sysfile_is_live() && uname(&name) == 0)
		fact_text(facts, name.machine, "kernel.arch");
	else
		fact_file(facts, "/proc/sys/kernel/arch", "kernel.arch"); /* 6.1+ */
	if (sysfile_read("/proc/cmdline", raw, sizeof(raw), NULL) == 0) {
		cmdline_shorten(raw, text, sizeof(text));
		fact_text(facts, text, "kernel.cmdline");
	}
	fact_u64(facts, "/proc/sys/kernel/tainted", "kernel.tainted");
	fact_choice(facts, "/sys/kernel/security/lockdown", "kernel.lockdown");
	fact_u64(facts, "/proc/sys/kernel/panic_on_warn", "kernel.panic_on_warn");
}

/* The value after "name : " of the first CPU that has it. */
static bool cpuinfo_find(const char *text, const char *name, char *value, size_t size)
{
	const char *line = strstr(text, name);

	if (!line || (line != text && line[-1] != '\n'))
		return false;
	line += strcspn(line, ":\n");
	if (*line != ':')
		return false;
	line += 1 + strspn(line + 1, " \t");
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	return value[0] != '\0';
}

/* arm64 shows MIDR_EL1 and no names: 6.12 arch/arm64/include/asm/cputype.h. */
static const struct {
	unsigned int implementer, part;
	const char *name;
} arm_parts[] = {
	{ 0x41, 0xd03, "Cortex-A53" },  { 0x41, 0xd04, "Cortex-A35" },
	{ 0x41, 0xd05, "Cortex-A55" },  { 0x41, 0xd07, "Cortex-A57" },
	{ 0x41, 0xd08, "Cortex-A72" },  { 0x41, 0xd09, "Cortex-A73" },
	{ 0x41, 0xd0a, "Cortex-A75" },  { 0x41, 0xd0b, "Cortex-A76" },
	{ 0x41, 0xd0c, "Neoverse-N1" }, { 0x41, 0xd0d, "Cortex-A77" },
	{ 0x41, 0xd40, "Neoverse-V1" }, { 0x41, 0xd41, "Cortex-A78" },
	{ 0x41, 0xd44, "Cortex-X1" },   { 0x41, 0xd46, "Cortex-A510" },
	{ 0x41, 0xd47, "Cortex-A710" }, { 0x41, 0xd48, "Cortex-X2" },
	{ 0x41, 0xd49, "Neoverse-N2" }, { 0x41, 0xd4d, "Cortex-A715" },
	{ 0x41, 0xd4e, "Cortex-X3" },   { 0x41, 0xd4f, "Neoverse-V2" },
	{ 0x41, 0xd80, "Cortex-A520" }, { 0x41, 0xd81, "Cortex-A720" },
	{ 0x41, 0xd82, "Cortex-X4" },   { 0x41, 0xd84, "Neoverse-V3" },
	{ 0x41, 0xd85, "Cortex-X925" }, { 0x41, 0xd87, "Cortex-A725" },
	{ 0x41, 0xd8e, "Neoverse-N3" }, { 0xc0, 0xac3, "AmpereOne" },
	{ 0xc0, 0xac4, "AmpereOne-A" },
};

/* "Cortex-A76 r4p1"; a part that is not in the table keeps its numbers. */
static void arm_model(char *model, size_t size, unsigned long implementer, unsigned long part,
		      unsigned long variant, unsigned long revision)
{
	for (size_t i = 0; i < sizeof(arm_parts) / sizeof(*arm_parts); i++) {
		if (arm_parts[i].implementer == implementer && arm_parts[i].part == part) {
			snprintf(model, size, "%s r%lup%lu", arm_parts[i].name, variant, revision);
			return;
		}
	}
	snprintf(model, size, "implementer 0x%lx part 0x%lx r%lup%lu", implementer, part, variant,
		 revision);
}

static void cpu_facts(struct fact_list *facts)
{
	char text[8192], value[128], part[32], variant[32], revision[32];
	FILE *file;
	size_t got;

	/* Only the first CPU's lines are wanted of what may be megabytes. */
	snprintf(text, sizeof(text), "%s/proc/cpuinfo", sysfile_root());
	file = fopen(text, "re");
	if (!file) {
		sysfile_trouble_add(errno, "/proc/cpuinfo");
		return;
	}
	got = fread(text, 1, sizeof(text) - 1, file);
	if (ferror(file))
		sysfile_trouble_add(EIO, "/proc/cpuinfo");
	fclose(file);
	text[got] = '\0';
	if (cpuinfo_find(text, "model name", value, sizeof(value))) {
		fact_text(facts, value, "cpu.model");
	} else if (cpuinfo_find(text, "CPU implementer", value, sizeof(value)) &&
		   cpuinfo_find(text, "CPU part", part, sizeof(part)) &&
		   cpuinfo_find(text, "CPU variant", variant, sizeof(variant)) &&
		   cpuinfo_find(text, "CPU revision", revision, sizeof(revision))) {
		char model[320];

		arm_model(model, sizeof(model), strtoul(value, NULL, 0), strtoul(part, NULL, 0),
			  strtoul(variant, NULL, 0), strtoul(revision, NULL, 0));
		fact_text(facts, model, "cpu.model");
	}
	if (cpuinfo_find(text, "microcode", value, sizeof(value)))
		fact_text(facts, value, "cpu.microcode");
}

static void pool_facts(struct fact_list *facts, size_t page_bytes, int node)
{
	char pool[256], path[512], name[96], size[24], where[16] = "all";

	if (hugepage_pool(page_bytes, node, pool, sizeof(pool), NULL))
		return;
	size_format(page_bytes, size, sizeof(size));
	if (node >= 0)
		snprintf(where, sizeof(where), "node%d", node);
	snprintf(path, sizeof(path), "%s/nr_hugepages", pool);
	snprintf(name, sizeof(name), "hugepages.%s.%s.total", size, where);
	fact_u64(facts, path, name);
	snprintf(path, sizeof(path), "%s/free_hugepages", pool);
	snprintf(name, sizeof(name), "hugepages.%s.%s.free", size, where);
	fact_u64(facts, path, name);
}

static void memory_facts(struct fact_list *facts)
{
	size_t sizes[HUGEPAGE_SIZES_MAX], nr_sizes = hugepage_sizes(sizes, HUGEPAGE_SIZES_MAX);
	int nodes[NODES_MAX];
	size_t nr_nodes = topology_nodes(nodes, NODES_MAX);
	uint64_t kilobytes;

	if (sysfile_read_field("/proc/meminfo", "MemTotal", &kilobytes, NULL) == 0)
		fact_number(facts, (int64_t)kilobytes, "memory.total_kb");
	if (sysfile_read_field("/proc/meminfo", "MemAvailable", &kilobytes, NULL) == 0)
		fact_number(facts, (int64_t)kilobytes, "memory.available_kb");
	if (sysfile_is_live())
		fact_number(facts, sysconf(_SC_PAGESIZE), "memory.page_bytes");
	for (size_t i = 0; i < nr_sizes; i++) {
		if (nr_nodes == 0)
			pool_facts(facts, sizes[i], -1);
		for (size_t j = 0; j < nr_nodes && j < NODES_MAX; j++)
			pool_facts(facts, sizes[i], nodes[j]);
	}
}

static void thp_facts(struct fact_list *facts)
{
	size_t sizes[HUGEPAGE_SIZES_MAX], nr = thp_sizes(sizes, HUGEPAGE_SIZES_MAX);

	fact_choice(facts, THP_DIR "/enabled", "thp.enabled");
	fact_choice(facts, THP_DIR "/defrag", "thp.defrag");
	fact_u64(facts, THP_DIR "/hpage_pmd_size", "thp.pmd_bytes");
	for (size_t i = 0; i < nr; i++) {
		char path[128], name[64], size[24];

		size_format(sizes[i], size, sizeof(size));
		snprintf(path, sizeof(path), THP_DIR "/hugepages-%zukB/enabled", sizes[i] / 1024);
		snprintf(name, sizeof(name), "thp.size.%s", size);
		fact_choice(facts, path, name);
	}
}

static void sysctl_facts(struct fact_list *facts)
{
	char path[128], name[128];

	for (size_t i = 0; i < NR(sysctls); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", sysctls[i]);
		snprintf(name, sizeof(name), "sysctl.%s", strchr(sysctls[i], '/') + 1);
		fact_u64(facts, path, name);
	}
}

void environment_collect(struct fact_list *facts)
{
	struct finding finding;
	struct kconfig kconfig;
	struct error unread;
	char name[64], text[sizeof(finding.text) + 8];

	sysfile_trouble_clear();
	environment_kernel(facts);
	cpu_facts(facts);
	topology_facts(facts);
	memory_facts(facts);
	thp_facts(facts);
	hypervisor_name(name, sizeof(name));
	fact_text(facts, name, "hypervisor");
	fact_file(facts, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		  "clocksource");
	sysctl_facts(facts);
	if (sysfile_is_live())
		fact_bool(facts, geteuid() == 0, "rights.root");
	kconfig_load(&kconfig, NULL);
	config_facts(facts, &kconfig);
	for (const struct noise *noise = noises; noise->name; noise++) {
		memset(&finding, 0, sizeof(finding));
		noise->check(&finding, &kconfig);
		snprintf(text, sizeof(text), "%s: %s", level_names[finding.level], finding.text);
		fact_text(facts, text, "noise.%s", noise->name);
	}
	kconfig_free(&kconfig);
	if (sysfile_trouble(&unread))
		fact_text(facts, unread.text, "harness.unread");
}

/* Which hypervisor, if any, runs this system. */

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

struct sign {
	const char *text, *name;
};

#if defined(__x86_64__) || defined(__i386__)
/* What CPUID leaf 0x40000000 answers. */
static const struct sign cpuid_signs[] = {
	{ "TCGTCGTCGTCG", "QEMU TCG" },   { "KVMKVMKVM", "KVM" },
	{ "Linux KVM Hv", "KVM" },        { "Microsoft Hv", "Hyper-V" },
	{ "VMwareVMware", "VMware" },     { "XenVMMXenVMM", "Xen" },
	{ "ACRNACRNACRN", "ACRN" },       { "bhyve bhyve ", "bhyve" },
	{ "VBoxVBoxVBox", "VirtualBox" },
};
#endif

/* What the firmware's tables begin with: DMI's vendor, or the device tree's compatible. */
static const struct sign firmware_signs[] = {
	{ "QEMU", "QEMU" },
	{ "linux,dummy-virt", "QEMU virt" },
	{ "Amazon EC2", "Amazon EC2" },
	{ "Google", "Google Cloud" },
	{ "VMware", "VMware" },
	{ "innotek GmbH", "VirtualBox" },
	{ "Xen", "Xen" },
	{ "KVM", "KVM" },
	{ "OpenStack", "OpenStack" },
	{ "Apple Virtualization", "Apple Virtualization" },
	{ "Parallels", "Parallels" },
};

#define NR(array) (sizeof(array) / sizeof(array[0]))

static const char *sign_find(const struct sign *signs, size_t nr, const char *text)
{
	for (size_t i = 0; i < nr; i++)
		if (strncmp(text, signs[i].text, strlen(signs[i].text)) == 0)
			return signs[i].name;
	return NULL;
}

enum guest { GUEST_NO, GUEST_YES, GUEST_UNKNOWN };

/* On x86 the flags of the CPU say so, whoever made the hypervisor; clouds put their name on bare
 * metal, too. */
static enum guest cpu_says_guest(void)
{
	char text[16384], *flags;
	int rc = sysfile_read("/proc/cpuinfo", text, sizeof(text), NULL);

	if (rc && rc != -E2BIG)
		return GUEST_UNKNOWN;
	text[sizeof(text) - 1] = '\0';
	flags = strstr(text, "\nflags\t");
	if (!flags)
		return GUEST_UNKNOWN;
	flags[1 + strcspn(flags + 1, "\n")] = '\0';
	return strstr(flags, " hypervisor") ? GUEST_YES : GUEST_NO;
}

static const char *cpu_name(char *text, size_t size)
{
	(void)text;
	(void)size;
#if defined(__x86_64__) || defined(__i386__)
	unsigned int eax, ebx, ecx, edx;

	if (sysfile_is_live() && __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & 1u << 31)) {
		__cpuid(0x40000000, eax, ebx, ecx, edx);
		snprintf(text, size, "%.4s%.4s%.4s", (char *)&ebx, (char *)&ecx, (char *)&edx);
		return sign_find(cpuid_signs, NR(cpuid_signs), text);
	}
#endif
	return NULL;
}

void hypervisor_name(char *name, size_t size)
{
	static const char *const files[] = {
		"/sys/class/dmi/id/sys_vendor",  "/sys/class/dmi/id/product_name",
		"/sys/class/dmi/id/bios_vendor", "/proc/device-tree/hypervisor/compatible",
		"/proc/device-tree/compatible",
	};
	const char *known = NULL;
	char text[256];
	enum guest guest;

	if (sysfile_read("/sys/hypervisor/type", text, sizeof(text), NULL) == 0 &&
	    strcmp(text, "xen") == 0)
		known = "Xen";
	guest = cpu_says_guest();
	if (!known && guest != GUEST_NO)
		known = cpu_name(text, sizeof(text));
	for (size_t i = 0; !known && guest != GUEST_NO && i < NR(files); i++)
		if (sysfile_read(files[i], text, sizeof(text), NULL) == 0)
			known = sign_find(firmware_signs, NR(firmware_signs), text);
	if (!known)
		known = guest == GUEST_YES ? "unknown" : "none";
	snprintf(name, size, "%s", known);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Which hypervisor, if any, runs this system. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "host/noise.h"
#include "host/sysfile.h"

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

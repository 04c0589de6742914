// SPDX-License-Identifier: GPL-2.0-or-later
/* mlock() holds pages in memory, not in place: to a pin they are as others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "bench/frames.h"

/* include/linux/kernel-page-flags.h, not exported: 6.1 and 6.12 */
#define KPF_MLOCKED       (UINT64_C(1) << 33)
#define KPF_COMPOUND_HEAD (UINT64_C(1) << 15)
#define KPF_COMPOUND_TAIL (UINT64_C(1) << 16)

static int arrange(struct state_env *env, struct error *err)
{
	if (env->region->layout->kind->pool)
		return error_set(err, EOPNOTSUPP,
				 "mlock() leaves hugetlb pages alone: they are never swapped");
	/* the call itself: a sanitizer's mlock() does nothing */
	if (syscall(SYS_mlock, env->region->addr, env->region->bytes) == 0)
		return 0;
	if (errno != ENOMEM && errno != EPERM && errno != EAGAIN)
		return error_errno(err, errno, "mlock the region");
	error_errno(err, EOPNOTSUPP, "mlock %zu KiB", env->region->bytes >> 10);
	return error_fix(err, "run as root, or ulimit -l %zu", env->region->bytes >> 10);
}

static bool vma_locked(const void *addr)
{
	autofclose FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	bool inside = false;
	char line[512], dash;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx%c%lx", &start, &dash, &end) == 3 && dash == '-')
			inside = start <= (uintptr_t)addr && (uintptr_t)addr < end;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			return strstr(line, " lo") != NULL;
	}
	return false;
}

static int verify(const struct state_env *env, const struct frame *frames, size_t nr, bool visible,
		  struct error *err)
{
	const struct layout_kind *kind = env->region->layout->kind;
	bool whole_folios_only = kind->halved || kind->misaligned;

	if (!vma_locked(env->region->addr + env->offset))
		return error_set(err, EPROTO, "the mapping is not locked (VmFlags of smaps)");
	/*
	 * Of a large folio the head has the flag, and none has it that is mapped in part or by two
	 * page tables (6.12: mm/mlock.c allow_mlock_munlock).
	 */
	for (size_t i = 0; visible && i < nr; i++)
		if (!(frames[i].flags & (KPF_MLOCKED | KPF_COMPOUND_TAIL)) &&
		    !(whole_folios_only && frames[i].flags & KPF_COMPOUND_HEAD))
			return error_set(err, EPROTO, "page %zu is not mlocked: frame flags 0x%llx",
					 i, (unsigned long long)frames[i].flags);
	return 0;
}

const struct state state_mlocked = {
	.name = "mlocked",
	.about = "mlock()ed: not swapped, but movable and exclusive as others",
	.populated = true,
	.arrange = arrange,
	.verify = verify,
};

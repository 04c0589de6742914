// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LD_PRELOAD: fails one allocation, counted over all processes of an invocation. The program's
 * allocator (src/base/memory.c) stands on
 * __libc_malloc() and the others, which this stands in for; another program that is started does
 * not, and is left alone.
 *
 * STARVE names a file of struct starve that is shared by all of them and set up by
 * tests/torture/faults.py.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct starve {
	uint64_t nr;      /* allocations so far */
	uint64_t fail_at; /* the one that fails, from 1; 0: none */
	uint64_t onward;  /* all later ones, too */
	uint64_t failed;  /* how many did */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct starve *starve;
static void *slot_malloc, *slot_calloc, *slot_realloc, *slot_memalign;

static __attribute__((constructor)) void open_shared(void)
{
	const char *path = getenv("STARVE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared =
		fd < 0 ? MAP_FAILED
		       : mmap(NULL, sizeof(*starve), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (shared != MAP_FAILED)
		starve = shared;
}

static bool fails(void)
{
	uint64_t number;

	if (!starve)
		return false;
	number = __atomic_add_fetch(&starve->nr, 1, __ATOMIC_RELAXED);
	if (!starve->fail_at || number < starve->fail_at ||
	    (number > starve->fail_at && !starve->onward))
		return false;
	__atomic_add_fetch(&starve->failed, 1, __ATOMIC_RELAXED);
	return true;
}

/* The C library's own, behind this library. */
static void *real(void **slot, const char *name)
{
	if (!*slot)
		*slot = dlsym(RTLD_NEXT, name);
	return *slot;
}

#define REAL(name) ((__typeof__(&__libc_##name))real(&slot_##name, "__libc_" #name))

void *__libc_malloc(size_t size)
{
	return fails() ? NULL : REAL(malloc)(size);
}

void *__libc_calloc(size_t nr, size_t size)
{
	return fails() ? NULL : REAL(calloc)(nr, size);
}

void *__libc_realloc(void *old, size_t size)
{
	return fails() ? NULL : REAL(realloc)(old, size);
}

void *__libc_memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : REAL(memalign)(alignment, size);
}

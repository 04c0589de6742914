// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one allocator, and the one exception to "nothing below the verbs prints or exits". glibc's
 * manual, "Replacing malloc": what the program defines under these names is used by libc itself
 * too, for strdup(), getline(), open_memstream(), argp and all that print, and by jansson, hwloc
 * and cmocka. The heap stays glibc's: __libc_malloc() and the others are its public names (2.2.5 on
 * x86_64, 2.17 on arm64). Settings that were changed are put back as after any other death.
 *
 * A sanitizer brings an allocator of its own, which ends the program as well.
 */
#include "base/memory.h"

/* Not exit(): what is printed at the end would need memory, and half an output is worth less than
 * none. */
_Noreturn void memory_end(void)
{
	static const char words[] = "pinbench: out of memory\n";

	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		errno = 0; /* nobody is left to tell that to */
	_exit(MEMORY_EXIT);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifndef __SANITIZE_ADDRESS__
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *had(void *memory)
{
	if (!memory)
		memory_end();
	return memory;
}

void *malloc(size_t size)
{
	return had(__libc_malloc(size));
}

void *calloc(size_t nr, size_t size)
{
	return had(__libc_calloc(nr, size));
}

void *realloc(void *old, size_t size)
{
	void *memory = __libc_realloc(old, size);

	return size || !old ? had(memory) : memory; /* realloc(old, 0) frees */
}

void *reallocarray(void *old, size_t nr, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(nr, size, &bytes) ? had(NULL) : realloc(old, bytes);
}

void *memalign(size_t alignment, size_t size)
{
	return had(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **slot, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
		return EINVAL;
	*slot = memalign(alignment, size);
	return 0;
}

void free(void *memory)
{
	__libc_free(memory);
}
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A tree of files in a new directory that stands in for /proc and /sys, for the unit tests. With
 * -Wl,--wrap=sysfile_write it answers writes as the kernel does: huge page counters grant what is
 * left, switches with a [chosen] word take only one of their words.
 */
#include <stdint.h>

#define TREE_2M  "/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
#define TREE_THP "/sys/kernel/mm/transparent_hugepage"

/* Makes an empty tree and the sysfile root of it. */
void tree_make(void);
/* Removes it, and makes the real system the root again. */
void tree_remove(void);
/* The full path of @path in the tree; valid until the next call. */
const char *tree_path(const char *path);
/* Writes @text and a newline to a file of the tree, directories included. */
void tree_put(const char *path, const char *text);
/* What the file holds; valid until the next call. "" if it is not there. */
const char *tree_get(const char *path);

/* How the kernel behaves that answers the writes. */
struct tree_kernel {
	uint64_t pages_left; /* huge pages that memory has room for */
	const char *refuse;  /* path of a file that cannot be written now, -EACCES; or NULL */
	const char *ignore;  /* path of a file that keeps its value whatever is written; or NULL */
	const char *alter;   /* path of a file that takes @alter_to at the next write, whatever is
				written; or NULL */
	const char *alter_to;
	uint64_t extra; /* pages that somebody else adds right after the next write to a counter */
	unsigned int nr_writes;
	void (*before)(const char *path); /* called before each write; or NULL */
};
extern struct tree_kernel tree_kernel;

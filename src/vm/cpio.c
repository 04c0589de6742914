// SPDX-License-Identifier: GPL-2.0-or-later
/* Format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. */
#include <string.h>
#include <sys/stat.h>

#include "vm/cpio.h"

/* Header and name together, and the contents, each fill a multiple of 4 bytes. */
static void pad(FILE *out, size_t written)
{
	while (written++ % 4)
		fputc(0, out);
}

static void entry(FILE *out, const char *name, unsigned int mode, const void *bytes, size_t size)
{
	unsigned int nr_links = 1, owner = 0, mtime = 0, device = 0, checksum = 0;
	/* Inode 0 for all: the kernel only looks at it to join hard links, and there are none. */
	int header = fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 0,
			     mode, owner, owner, nr_links, mtime, size, device, device, device,
			     device, strlen(name) + 1, checksum);

	fwrite(name, strlen(name) + 1, 1, out);
	pad(out, header + strlen(name) + 1);
	if (size)
		fwrite(bytes, size, 1, out);
	pad(out, size);
}

void cpio_add(FILE *out, const char *name, const void *bytes, size_t size)
{
	entry(out, name, bytes ? S_IFREG | 0644 : S_IFDIR | 0755, bytes, size);
}

void cpio_end(FILE *out)
{
	entry(out, "TRAILER!!!", 0, NULL, 0);
}

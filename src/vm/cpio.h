/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A cpio archive in the "newc" format, which the kernel unpacks as part of its initramfs: several
 * may follow one another, so what one boot needs is appended to a guest made once.
 */
#include <stddef.h>
#include <stdio.h>

/* A directory (@bytes is NULL) or a file, owned by root. @out must stand on a multiple of 4 bytes.
 */
void cpio_add(FILE *out, const char *name, const void *bytes, size_t size);
/* The trailer, without which the kernel takes the archive for damaged. */
void cpio_end(FILE *out);

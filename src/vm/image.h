/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A kernel image: found, opened, and its architecture told by its first bytes. */
#include "base/error.h"

struct lab_image {
	char path[4096];
	const char *arch; /* "arm64" or "x86_64": the words of the Makefile's ARCH */
	int fd;           /* -1: closed */
};

/*
 * @path is an image (bzImage, Image, Image.gz, vmlinuz) or a kernel build tree. -ENOENT, -EINVAL
 * for what QEMU cannot boot directly (vmlinux, a compressed EFI image), -ENOTSUP for another
 * architecture.
 */
int lab_image_open(struct lab_image *image, const char *path, struct error *err);
void lab_image_close(struct lab_image *image);

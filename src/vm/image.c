// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/image.h"

/* What "make" leaves in a build tree. */
static const char *const build_products[] = {
	"arch/arm64/boot/Image",
	"arch/x86/boot/bzImage",
	"arch/arm64/boot/Image.gz",
	"arch/arm64/boot/vmlinuz.efi",
};
#define NR_PRODUCTS (sizeof(build_products) / sizeof(build_products[0]))

/* Magic numbers: Documentation/arch/{x86/boot,arm64/booting}.rst, RFC 1952,
 * drivers/firmware/efi/libstub/zboot-header.S. */
static const struct magic {
	size_t offset;
	const char *bytes;
	const char *arch; /* NULL: not to be booted, because */
	const char *problem, *fix;
} magics[] = {
	{ 0x38, "ARM\x64", "arm64", NULL, NULL },
	{ 0x202, "HdrS", "x86_64", NULL, NULL },
	{ 4, "zimg", NULL, "is a compressed EFI image, which QEMU does not unpack",
	  "give arch/arm64/boot/Image of the build tree" },
	{ 0,
	  "\x7f"
	  "ELF",
	  NULL, "is an ELF file (vmlinux), not a bootable image",
	  "give arch/*/boot/bzImage or Image, or the build tree itself" },
	/* Only arm64's build makes a plain gzip of the image; QEMU unpacks it. */
	{ 0, "\x1f\x8b", "arm64", NULL, NULL },
};
#define NR_MAGICS (sizeof(magics) / sizeof(magics[0]))

static int build_tree_find(struct lab_image *image, const char *tree, struct error *err)
{
	struct stat st, newest = { 0 };
	char path[sizeof(image->path)];

	image->path[0] = '\0';
	for (size_t i = 0; i < NR_PRODUCTS; i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", tree, build_products[i]);
		/* Image.gz stands beside the Image it was made from: only a newer one counts. */
		if (stat(path, &st) || st.st_mtime <= newest.st_mtime)
			continue;
		newest = st;
		memcpy(image->path, path, sizeof(path));
	}
	if (image->path[0])
		return 0;
	error_set(err, ENOENT, "%s: no kernel image in this build tree (looked for %s, %s)", tree,
		  build_products[0], build_products[1]);
	return error_fix(err, "build it, or give the image itself");
}

static int arch_tell(struct lab_image *image, struct error *err)
{
	char head[0x240] = "";
	ssize_t size = TEMP_FAILURE_RETRY(pread(image->fd, head, sizeof(head), 0));

	for (size_t i = 0; i < NR_MAGICS; i++) {
		const struct magic *magic = &magics[i];
		size_t length = strlen(magic->bytes);

		if (size < (ssize_t)(magic->offset + length) ||
		    memcmp(head + magic->offset, magic->bytes, length))
			continue;
		image->arch = magic->arch;
		if (magic->arch)
			return 0;
		error_set(err, EINVAL, "%s %s", image->path, magic->problem);
		return error_fix(err, "%s", magic->fix);
	}
	error_set(err, ENOTSUP, "%s is not a kernel image of arm64 or x86_64", image->path);
	return error_fix(err, "give a bzImage, Image or vmlinuz, or a build tree");
}

/* QEMU opens it again, as nobody when this process is root: a distribution's kernel may be for
 * root's eyes alone. */
static int image_copy(struct lab_image *image, off_t size, struct error *err)
{
	int copy = memfd_create("kernel", MFD_CLOEXEC);
	off_t at = 0;
	ssize_t got = 1;

	if (copy < 0)
		return error_errno(err, errno, "a file in memory for %s", image->path);
	while (at < size && got > 0) {
		got = sendfile(copy, image->fd, &at, (size_t)(size - at));
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (at < size) {
		error_errno(err, got < 0 ? errno : EIO, "read kernel %s", image->path);
		close(copy);
		return -err->code;
	}
	close(image->fd);
	image->fd = copy;
	return 0;
}

int lab_image_open(struct lab_image *image, const char *path, struct error *err)
{
	struct stat st;
	int ret;

	image->fd = -1;
	if (stat(path, &st))
		return error_errno(err, errno, "kernel %s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		error_set(err, EINVAL, "kernel %s: not a regular file", path);
		return error_fix(err, "give a bzImage, Image or vmlinuz, or a build tree");
	}
	if (S_ISDIR(st.st_mode)) {
		ret = build_tree_find(image, path, err);
		if (ret)
			return ret;
	} else if (snprintf(image->path, sizeof(image->path), "%s", path) >=
		   (int)sizeof(image->path)) {
		return error_set(err, ENAMETOOLONG, "kernel %s: the path is too long", path);
	}
	image->fd =
		TEMP_FAILURE_RETRY(open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	if (image->fd < 0)
		return error_errno(err, errno, "open kernel %s", image->path);
	ret = arch_tell(image, err);
	if (!ret && geteuid() == 0 && fstat(image->fd, &st) == 0 && !(st.st_mode & S_IROTH))
		ret = image_copy(image, st.st_size, err);
	if (ret)
		lab_image_close(image);
	return ret;
}

void lab_image_close(struct lab_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}

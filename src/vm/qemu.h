/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One QEMU process: its command line, its start and its end. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/child.h"
#include "base/error.h"

/*
 * What differs between guests. Everything that comes from a user crosses as a file descriptor, a
 * number or words of qemu_append_check(): QEMU's own option syntax (commas!) never sees a path.
 */
struct qemu_job {
	const char *program; /* of qemu_find() */
	const struct lab_image *image;
	int initrd_fd;      /* memfd */
	const char *append; /* more words for the kernel's command line; may be empty */
	unsigned int memory_mib;
	bool kvm;
	gid_t kvm_group; /* of qemu_kvm_group() */
	bool icount;     /* virtual time counts instructions; never with kvm */
	uint64_t seed;   /* of what the machine gives the guest as randomness */
	int plugin_fd;   /* of plugin_open(), with icount; 0 or less: none */
	bool explain;    /* the plugin tells functions apart, too */
};

struct qemu {
	struct child child;
	/* Files in memory that QEMU appends to and nobody has to empty in time: a full pipe would
	 * hold up the guest. */
	int console_fd;
	int channel_fd, serial_fd; /* results: by virtio, or by the second serial line */
	int stderr_fd;
	int counted_fd; /* what the plugin counted; -1: there is none */
};

/* The program for guests of @arch: "qemu-system-aarch64". */
const char *qemu_program(const char *arch);

/* One word for a guest kernel's command line: a key from a fixed list, plain characters. -EINVAL.
 */
int qemu_append_check(const char *word, struct error *err);

#define KVM_NODE "/dev/kvm"

/*
 * Where that program is: in a fixed directory, or @given by the user as an absolute path of itself
 * or of its directory; $PATH has no say. -ENOPKG when it is not installed, -EINVAL, -ENOENT.
 */
int qemu_find(char *path, size_t size, const char *given, const char *arch, struct error *err);
/* The group that QEMU needs as nobody to open KVM's node; 0: none. -ENOENT: no KVM here; -EACCES:
 * it is for root alone. */
int qemu_kvm_group(gid_t *group, struct error *err);

/* Runs as nobody when this process is root, or not at all; it dies with this process. */
int qemu_start(struct qemu *qemu, const struct qemu_job *job, struct error *err);
/* Kills QEMU if it still runs, and closes everything; returns its wait status (-1: it did not run
 * any more). */
int qemu_end(struct qemu *qemu);

/* A kernel image: found, opened, and its architecture told by its first bytes. */

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a guest boots into: the initramfs made by lab/initramfs.sh, and behind it what this run
 * wants of it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/*
 * Where the guest for @arch lies: @given, or beside this program (build/ARCH/guest.cpio,
 * ../lib/pinbench/guest-ARCH.cpio). -ENOPKG with the command that makes it.
 */
int guest_find(char *path, unsigned long size, const char *given, const char *arch,
	       struct error *err);

/*
 * The guest's command as given after "--". A -c FILE of "run" is read here, on the host, and
 * travels along; -o, --label,
 * --clock and --placement are the lab's own to give: -EINVAL.
 */
struct guest_command {
	char **argv;  /* NULL-terminated; what the guest will run */
	char *config; /* text of the -c file, or NULL */
	unsigned long config_size;
	const char *config_path; /* of -c; NULL: none */
	const char **overrides;  /* of -p, and of --runs */
	char runs[24];           /* "runs=10" */
	size_t nr_overrides;
	bool is_run; /* writes a result file */
	bool placed; /* and its memory lies where the boot's seed puts it: run --placement */
};

int guest_command_parse(struct guest_command *command, int argc, char **argv, bool icount,
			struct error *err);
void guest_command_free(struct guest_command *command);

/*
 * The whole initramfs as a memfd; @command NULL: a guest that only says that it is there. The boots
 * of a kernel differ in @seed, and further ones may leave out what one has shown: @time_only, run
 * --time-only. @symbols: the guest sends the names of its kernel's functions.
 */
int guest_build(int *fd, const char *base_path, const struct guest_command *command, uint64_t seed,
		bool time_only, bool symbols, struct error *err);

/*
 * A cpio archive in the "newc" format, which the kernel unpacks as part of its initramfs: several
 * may follow one another, so what one boot needs is appended to a guest made once.
 */

/* A directory (@bytes is NULL) or a file, owned by root. @out must stand on a multiple of 4 bytes.
 */
void cpio_add(FILE *out, const char *name, const void *bytes, size_t size);
/* The trailer, without which the kernel takes the archive for damaged. */
void cpio_end(FILE *out);

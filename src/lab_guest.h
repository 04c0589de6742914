/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a guest boots into: the initramfs made by lab/initramfs.sh, and behind it what this run wants of it. */
#include "error.h"

/*
 * Where the guest for @arch lies: @given, or beside this program (build/ARCH/guest.cpio, ../lib/pinbench/guest-ARCH.cpio).
 * -ENOPKG with the command that makes it.
 */
int guest_find(char *path, unsigned long size, const char *given, const char *arch, struct error *err);

/*
 * The guest's command as given after "--". A -c FILE of "run" is read here, on the host, and travels along; -o, --label and
 * --clock are the lab's own to give: -EINVAL.
 */
struct guest_command {
	char **argv;            /* NULL-terminated; what the guest will run */
	char *config;           /* text of the -c file, or NULL */
	unsigned long config_size;
	int is_run;             /* writes a result file */
};

int guest_command_parse(struct guest_command *command, int argc, char **argv, int icount, struct error *err);
void guest_command_free(struct guest_command *command);

/* The whole initramfs as a memfd; @command NULL: a guest that only says that it is there. */
int guest_build(int *fd, const char *base_path, const struct guest_command *command, struct error *err);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The lab: boots kernels, runs the same command in each, and makes one result file of each kernel. */
#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "lab_boot.h"

#define LAB_MAX_KERNELS 16
#define LAB_MAX_BOOTS 1000

enum lab_accel { LAB_AUTO, LAB_TCG, LAB_KVM };

struct lab_request {
	struct {
		char name[65];             /* letters, digits, '.', '_', '-': becomes the label and part of a file name */
		const char *path;
	} kernels[LAB_MAX_KERNELS];
	size_t nr_kernels;
	unsigned int boots;                /* of each kernel, in turn: A B A B */
	bool icount;
	enum lab_accel accel;
	unsigned int memory_mib, timeout_s; /* timeout: of one boot */
	const char *append;                /* checked by qemu_append_check() */
	const char *guest;                 /* NULL: the one beside this program */
	const char *directory;             /* of the result files */
	int command_argc;                  /* what the user typed, for the results: the arguments of the verb */
	char **command_argv;
	int argc;                          /* the guest's command: "run", ... */
	char **argv;
};

/* What a verb may want to tell while it goes on. */
struct lab_events {
	const volatile int *stop;
	void (*boot_starts)(void *context, size_t kernel, unsigned int boot);
	void (*tick)(void *context, double seconds, const char *line);
	/* @path: the file with all boots of this kernel so far, NULL if there is none. */
	void (*boot_ended)(void *context, size_t kernel, unsigned int boot, const struct boot *end,
			   const char *path);
	void *context;
};

/* What a user may call a kernel; -EINVAL. */
int lab_name_check(const char *name, struct error *err);

/*
 * Boots everything. Returns 0 when every boot took place, whatever came of it (see boot_ended), -errno when the lab
 * itself could not go on: -ENOPKG when what it needs is not installed. @kvm gets whether hardware virtualisation was used.
 */
int lab_run(const struct lab_request *request, const struct lab_events *events, bool *kvm, struct error *err);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What "vm" was told (cmd_vm_options.c), and how far it is (cmd_vm.c). */
#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm/lab.h"

struct vm {
	struct lab_request request;
	char append[4096];
	uint64_t seed;
	unsigned int nr_before, nr_done,
		nr_boots; /* of the whole schedule; nr_before: by an earlier invocation */
	uint64_t started_ns;
	bool terminal;
	int exit_code;
	unsigned int nr_nothing;           /* guests in which nothing could run */
	char ended[LAB_MAX_KERNELS][4096]; /* result files */
};

/* Fills a struct vm. */
extern const struct argp vm_argp;
/* What was not said; -EINVAL for what does not go together. */
int vm_defaults(struct vm *vm, struct error *err);

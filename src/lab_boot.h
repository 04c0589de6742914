/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One boot: QEMU from start to end, and how it ended. */
#include <stdbool.h>

#include "error.h"
#include "lab_channel.h"
#include "lab_qemu.h"

enum boot_end {
	BOOT_DONE,        /* end frame received and right: exit status in channel.status */
	BOOT_PANIC,       /* the guest's kernel said so */
	BOOT_HANG,        /* the deadline passed */
	BOOT_LOST,        /* QEMU ended, but the guest never said it was done */
	BOOT_REFUSED,     /* QEMU did not start the machine; its message is in text */
	BOOT_NO_QEMU,
	BOOT_INTERRUPTED,
};

struct boot {
	enum boot_end end;
	char text[400];           /* unless done: one sentence */
	struct channel channel;   /* what arrived, even when the boot did not end well */
	char *console;            /* last lines, fit for a terminal; "" if there are none */
	unsigned int nr_noise;    /* lines of the console that look like a WARNING, BUG or Oops */
	double seconds;           /* QEMU's start to its end */
};

struct boot_watch {
	unsigned int timeout_s;
	const volatile int *stop; /* set by a signal handler; may be NULL */
	/* Called every tenth of a second with the console's last line; may be NULL. */
	void (*tick)(void *context, double seconds, const char *line);
	void *context;
};

/* Errors are the host's own; what happens to the guest is in @boot->end. Always boot_free(). */
int boot_run(struct boot *boot, const struct qemu_job *job, const struct boot_watch *watch, struct error *err);
void boot_free(struct boot *boot);

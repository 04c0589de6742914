/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One boot: QEMU from start to end, and how it ended. */
#include <signal.h>
#include <stdbool.h>

#include "base/error.h"
#include "vm/channel.h"
#include "vm/qemu.h"

#define BOOT_MAX_JOBS 64 /* boots side by side */

enum boot_end {
	BOOT_DONE,    /* end frame received and right: exit status in channel.status */
	BOOT_PANIC,   /* the guest's kernel said so */
	BOOT_HANG,    /* the deadline passed */
	BOOT_LOST,    /* QEMU ended, but the guest never said it was done */
	BOOT_REFUSED, /* QEMU did not start the machine; its message is in text */
	BOOT_INTERRUPTED,
};

struct boot {
	enum boot_end end;
	char text[400];         /* unless done: one sentence */
	struct channel channel; /* what arrived, even when the boot did not end well */
	char *counted;          /* what the plugin wrote; NULL: there was none */
	char *console;          /* last lines, fit for a terminal; "" if there are none */
	unsigned int nr_noise;  /* lines of the console that look like a WARNING, BUG or Oops */
	double seconds;         /* QEMU's start to now, or to its end */

	/* while it goes on */
	struct qemu qemu;
	const char *program;
	unsigned int timeout_s;
	uint64_t started_ns;
	off_t offset[2];   /* read of the channel and of the serial line */
	uint64_t spoke_ns; /* when the console was first seen to name the channel; 0: not yet */
};

/*
 * Several boots can go on side by side: start each, then wait and step until it is over. Errors are
 * the host's own; what happens to the guest is in @boot->end. Always boot_free(), which ends what
 * still runs and leaves all zero.
 */
int boot_start(struct boot *boot, const struct qemu_job *job, unsigned int timeout_s,
	       struct error *err);
/* Until one of them ends, and at most 20 ms; up to BOOT_MAX_JOBS of them. */
void boot_wait(struct boot *const *boots, size_t nr);
/* Takes what has arrived. @over: it has ended, its time is up, or it was ended because of @stop. */
int boot_step(struct boot *boot, bool stop, bool *over, struct error *err);
/* What the guest's console showed last, fit for a terminal. */
void boot_last_line(const struct boot *boot, char *line, size_t size);

/* One boot from start to end; @stop is set by a signal handler and may be NULL. */
int boot_run(struct boot *boot, const struct qemu_job *job, unsigned int timeout_s,
	     const volatile sig_atomic_t *stop, struct error *err);
void boot_free(struct boot *boot);

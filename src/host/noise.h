/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What makes times on this machine vary, or differ from those of others: read from /proc and /sys,
 * nothing is changed and nothing is tried.
 */
#include <stddef.h>

#include "base/error.h"
#include "host/kconfig.h"

/* From best to worst; what the words mean to someone who wants to measure. */
enum level {
	LEVEL_OK,      /* works, or adds no noise */
	LEVEL_NOTE,    /* steady, but to be known when numbers are compared with those of another
			  machine */
	LEVEL_WARN,    /* adds noise, or limits what can run */
	LEVEL_UNKNOWN, /* this machine does not say */
	LEVEL_NO,      /* cannot run */
	NR_LEVELS
};
extern const char *const level_names[NR_LEVELS]; /* "ok", "note", "warn", "?", "no" */

struct finding {
	enum level level;
	char text[320]; /* what was found */
	char fix[256];  /* the line that changes it; empty: there is none, or none is needed */
};

void finding_set(struct finding *finding, enum level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_fix(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* LEVEL_OK and @about where @trial succeeds in a child (probe_run()), else LEVEL_NO and its error.
 */
void finding_try(struct finding *finding, int (*trial)(const void *context, struct error *why),
		 const void *context, const char *about);

/* The beginning of a line of pinbench list, which tells the rest: one line on the screen for what
 * works. */
const char *about_short(const char *about, char text[128]);

struct noise {
	const char *name;  /* "governor": the fact noise.governor in results */
	const char *about; /* why it matters */
	void (*check)(struct finding *finding, const struct kconfig *kconfig);
};

/* The list, ended by a NULL name. */
extern const struct noise noises[];

/* What this system runs on, "none" on bare metal as far as it can tell: "QEMU TCG", "KVM", "Xen"
 * ... */
void hypervisor_name(char *name, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The configuration the running kernel was built with, as text: /proc/config.gz, or the copy that
 * distributions put beside the kernel. It explains why something is missing; it never proves that
 * something is there.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define KCONFIG_MAX_BYTES (4u << 20) /* unpacked; distributions have 300 KB */

struct kconfig {
	char *text;       /* NULL: not found */
	char source[128]; /* path it was read from */
};

/* -ENOENT, with where it was looked for, when no copy is readable. */
int kconfig_load(struct kconfig *kconfig, struct error *err);
void kconfig_free(struct kconfig *kconfig);

/*
 * The value of @option ("CONFIG_KASAN"): y, m, or what stands there without quotes; "n" when it is
 * off or unknown to this kernel. False, and nothing in @value, when there is no configuration to
 * look at.
 */
bool kconfig_value(const struct kconfig *kconfig, const char *option, char *value, size_t size);
/* As text for a sentence: whether @option is y or m. */
bool kconfig_on(const struct kconfig *kconfig, const char *option);

/*
 * Whose configuration a kernel of the lab has ("debian-6.12", "minimal", "own"), and what was added
 * or taken away; lab/kernel.sh says it in CONFIG_BUILD_SALT. False: not a kernel of the lab.
 */
bool kconfig_like(const struct kconfig *kconfig, char *like, size_t size, char *but,
		  size_t but_size);

/* SHA-256, in hex, of the lines that set an option: comments and dates do not count. @hex of 65
 * bytes. */
bool kconfig_hash(const struct kconfig *kconfig, char hex[65]);

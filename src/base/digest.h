/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* 64 bits of a SHA-256 in hex: tells one version of a file from another, proves nothing. */
#include <stddef.h>

#include "base/error.h"

#define DIGEST_SIZE 17 /* with the NUL */

/* Of what can be read from @fd, which stays where it is. */
int digest_file(int fd, char digest[DIGEST_SIZE], struct error *err);
void digest_bytes(const void *bytes, size_t size, char digest[DIGEST_SIZE]);

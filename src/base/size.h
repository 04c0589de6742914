/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Sizes and parts as people write them. */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* "4K", "64k", "2M", "1G", "4096": exact bytes. -EINVAL, -ERANGE. */
int size_parse(const char *text, uint64_t *bytes, struct error *err);
/* The shortest exact form, "64K", "2M", "4097"; @text of 24 bytes or more. */
void size_format(uint64_t bytes, char *text, size_t size);
/* "2", "2%", "0.5 %" as a part: 0.02; from 0 to below 100 %. -EINVAL, -ERANGE. */
int percent_parse(const char *text, double *part, struct error *err);

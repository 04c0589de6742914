/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Seeds jansson's hash tables from the 16 random bytes that the kernel gives every program
 * (AT_RANDOM). Left to itself jansson reads /dev/urandom, which in a freshly booted guest makes the
 * kernel gather entropy for seconds (5.18: drivers/char/random.c try_to_generate_entropy). Call
 * before anything is parsed.
 */
void json_seed(void);

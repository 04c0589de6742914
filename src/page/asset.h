/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The style and the script of a page, which are in the program. */

extern const char *const asset_style, *const asset_script;

#define ASSET_HASH_SIZE 45 /* base64 of 32 bytes, with its NUL */

/* SHA-256 of the script, as a content security policy names it: no other script runs. */
void asset_script_hash(char hash[ASSET_HASH_SIZE]);

// SPDX-License-Identifier: GPL-2.0-or-later
#include "page/asset.h"

#include <sha2.h>
#include <stdint.h>
#include <string.h>

/* Built from the top directory. */
__asm__(".pushsection .rodata\n"
	"page_style: .incbin \"src/page/page.css\"\n"
	" .byte 0\n"
	"page_script: .incbin \"src/page/page.js\"\n"
	" .byte 0\n"
	".popsection\n");
/* hidden: see plan/config.c */
extern const char page_style[] __attribute__((visibility("hidden")));
extern const char page_script[] __attribute__((visibility("hidden")));

const char *const asset_style = page_style, *const asset_script = page_script;

static void base64(const uint8_t *bytes, size_t nr, char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < nr; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16;

		three |= i + 1 < nr ? (uint32_t)bytes[i + 1] << 8 : 0;
		three |= i + 2 < nr ? bytes[i + 2] : 0;
		*text++ = digits[three >> 18];
		*text++ = digits[three >> 12 & 63];
		*text++ = i + 1 < nr ? digits[three >> 6 & 63] : '=';
		*text++ = i + 2 < nr ? digits[three & 63] : '=';
	}
	*text = '\0';
}

void asset_script_hash(char hash[ASSET_HASH_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)asset_script, strlen(asset_script));
	SHA256Final(digest, &context);
	base64(digest, sizeof(digest), hash);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/digest.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <unistd.h>

static void digest_end(SHA2_CTX *state, char digest[DIGEST_SIZE])
{
	char hex[SHA256_DIGEST_STRING_LENGTH];

	SHA256End(state, hex);
	snprintf(digest, DIGEST_SIZE, "%.16s", hex);
}

void digest_bytes(const void *bytes, size_t size, char digest[DIGEST_SIZE])
{
	SHA2_CTX state;

	SHA256Init(&state);
	SHA256Update(&state, bytes, size);
	digest_end(&state, digest);
}

int digest_file(int fd, char digest[DIGEST_SIZE], struct error *err)
{
	char bytes[65536];
	SHA2_CTX state;
	off_t offset = 0;
	ssize_t size;

	SHA256Init(&state);
	while ((size = TEMP_FAILURE_RETRY(pread(fd, bytes, sizeof(bytes), offset))) > 0) {
		SHA256Update(&state, (const uint8_t *)bytes, (size_t)size);
		offset += size;
	}
	digest_end(&state, digest);
	return size < 0 ? error_errno(err, errno, "read") : 0;
}

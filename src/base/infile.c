// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

/* A pipe without a name lives in the kernel's pipefs, a FIFO in the file system that has its name.
 */
static int file_check(int fd, const char *path, struct error *err)
{
	struct stat st;
	struct statfs fs;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return error_errno(err, errno, "%.256s: cannot read", path);
	if (S_ISDIR(st.st_mode))
		return error_errno(err, EISDIR, "%.256s: cannot read", path);
	if (!S_ISREG(st.st_mode) && !(S_ISFIFO(st.st_mode) && fs.f_type == PIPEFS_MAGIC)) {
		error_set(err, EINVAL, "%.256s: not a regular file: it is a %s", path,
			  S_ISFIFO(st.st_mode) ? "FIFO, which may wait for ever"
					       : "device or socket");
		return error_fix(err, "name a regular file");
	}
	/* only the open must not wait */
	if (fcntl(fd, F_SETFL, 0))
		return error_errno(err, errno, "%.256s: cannot read", path);
	return 0;
}

int infile_open(const char *path, struct error *err)
{
	int fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)), ret;

	if (fd < 0)
		return error_errno(err, errno, "%.256s: cannot read", path);
	ret = file_check(fd, path, err);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int infile_read(int fd, const char *name, size_t limit, char **text, size_t *size,
		struct error *err)
{
	size_t room = 1 << 16;
	char *more;

	*size = 0;
	for (*text = malloc(room); *text;) {
		ssize_t got = TEMP_FAILURE_RETRY(read(fd, *text + *size, room - *size - 1));

		if (got < 0)
			return error_errno(err, errno, "%.256s: cannot read", name);
		*size += (size_t)got;
		(*text)[*size] = '\0';
		if (got == 0)
			return 0;
		if (*size > limit)
			return error_set(err, EFBIG, "%.256s: above the limit of %zu MiB", name,
					 limit >> 20);
		if (*size + 1 < room)
			continue;
		more = realloc(*text, room *= 2);
		if (!more)
			break;
		*text = more;
	}
	return error_errno(err, ENOMEM, "%.256s", name);
}

#define GZIP_WINDOW (15 + 16) /* zlib.h: the largest, in gzip's form */

/* Several members one after the other are one file, as for zcat. */
static int members_inflate(z_stream *stream, size_t limit, char **text, size_t *size)
{
	size_t room = 1 << 18;
	int code = Z_OK;

	*size = 0;
	*text = malloc(room);
	while (code == Z_OK) {
		stream->next_out = (Bytef *)*text + *size;
		stream->avail_out = (uInt)(room - *size - 1);
		code = inflate(stream, Z_NO_FLUSH);
		*size = room - 1 - stream->avail_out;
		if (*size > limit)
			return -EFBIG;
		if (code == Z_STREAM_END && stream->avail_in && inflateReset(stream) == Z_OK)
			code = Z_OK;
		else if (code == Z_OK && stream->avail_out == 0)
			*text = realloc(*text, room *= 2);
		else if (code == Z_OK && stream->avail_in == 0)
			break; /* it ends in the middle */
	}
	(*text)[*size] = '\0';
	return code == Z_STREAM_END ? 0 : -EINVAL;
}

int infile_unpack(const char *name, size_t limit, char **text, size_t *size, struct error *err)
{
	autofree char *packed = *text;
	z_stream stream = { .next_in = (Bytef *)packed, .avail_in = (uInt)*size };
	int rc;

	if (*size < 2 || (unsigned char)packed[0] != 0x1f || (unsigned char)packed[1] != 0x8b) {
		packed = NULL;
		return 0;
	}
	*text = NULL;
	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return error_set(err, ENOMEM, "%.256s: zlib does not start", name);
	rc = members_inflate(&stream, limit, text, size);
	inflateEnd(&stream);
	if (rc == -EFBIG)
		return error_set(err, EFBIG, "%.256s: unpacked it is above the limit of %zu MiB",
				 name, limit >> 20);
	return rc ? error_set(err, EINVAL, "%.256s: the gzip data is damaged or ends too early",
			      name)
		  : 0;
}

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

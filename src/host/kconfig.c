// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kconfig.h"

#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "host/sysfile.h"

/* Where it may be, %s being the release. */
static const char *const places[] = {
	"/proc/config.gz",
	"/boot/config-%s",
	"/lib/modules/%s/config",
	"/usr/lib/modules/%s/config",
	"/lib/modules/%s/build/.config",
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

/* gzread() gives back what is not compressed as it is. */
static char *file_unpack(const char *path)
{
	char full[PATH_MAX], *text = NULL;
	size_t used = 0, room = 0;
	gzFile file;
	int got = 0;

	snprintf(full, sizeof(full), "%s%s", sysfile_root(), path);
	file = gzopen(full, "rbe");
	if (!file) {
		sysfile_trouble_add(errno, path);
		return NULL;
	}
	do {
		if (room - used < 65536) {
			room += 262144;
			text = realloc(text, room);
			if (!text)
				abort();
		}
		got = gzread(file, text + used, 65536 - 1);
		used += got > 0 ? (size_t)got : 0;
	} while (got > 0 && used <= KCONFIG_MAX_BYTES);
	if (got < 0)
		sysfile_trouble_add(EIO, path);
	gzclose(file);
	if (got < 0 || used == 0 || used > KCONFIG_MAX_BYTES) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

int kconfig_load(struct kconfig *kconfig, struct error *err)
{
	char release[128];

	memset(kconfig, 0, sizeof(*kconfig));
	if (sysfile_read("/proc/sys/kernel/osrelease", release, sizeof(release), NULL) ||
	    strchr(release, '/'))
		snprintf(release, sizeof(release), "unknown");
	for (size_t i = 0; i < NR_PLACES && !kconfig->text; i++) {
		/* only as long as the buffer: a release of 64 characters is the most that uname(2)
		 * can give */
		snprintf(kconfig->source, sizeof(kconfig->source), places[i], release);
		kconfig->text = file_unpack(kconfig->source);
	}
	if (kconfig->text)
		return 0;
	kconfig->source[0] = '\0';
	error_set(err, ENOENT,
		  "the configuration of this kernel is neither in /proc/config.gz nor in "
		  "/boot/config-%s",
		  release);
	return error_fix(err, "modprobe configs, or a kernel with CONFIG_IKCONFIG_PROC=y");
}

void kconfig_free(struct kconfig *kconfig)
{
	free(kconfig->text);
	memset(kconfig, 0, sizeof(*kconfig));
}

bool kconfig_value(const struct kconfig *kconfig, const char *option, char *value, size_t size)
{
	size_t length = strlen(option), used;
	const char *line = kconfig->text;

	if (!line)
		return false;
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, option, length) != 0 || line[length] != '=')
			continue;
		line += length + 1;
		used = strcspn(line, "\n");
		if (used >= 2 && line[0] == '"' && line[used - 1] == '"') {
			line++;
			used -= 2;
		}
		snprintf(value, size, "%.*s", (int)(used < 4096 ? used : 4096), line);
		return true;
	}
	snprintf(value, size, "n");
	return true;
}

bool kconfig_on(const struct kconfig *kconfig, const char *option)
{
	char value[8];

	return kconfig_value(kconfig, option, value, sizeof(value)) &&
	       (strcmp(value, "y") == 0 || strcmp(value, "m") == 0);
}

bool kconfig_like(const struct kconfig *kconfig, char *like, size_t size, char *but,
		  size_t but_size)
{
	static const char mark[] = "pinbench:";
	char salt[256];
	const char *rest;

	if (!kconfig_value(kconfig, "CONFIG_BUILD_SALT", salt, sizeof(salt)) ||
	    strncmp(salt, mark, strlen(mark)))
		return false;
	rest = salt + strlen(mark) + strcspn(salt + strlen(mark), " ");
	snprintf(like, size, "%.*s", (int)(rest - salt - strlen(mark)), salt + strlen(mark));
	snprintf(but, but_size, "%s", rest + strspn(rest, " "));
	return true;
}

bool kconfig_hash(const struct kconfig *kconfig, char hex[65])
{
	const char *line = kconfig->text;
	unsigned char digest[32];
	SHA2_CTX state;

	if (!line)
		return false;
	SHA256Init(&state);
	while (*line) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		if (strncmp(line, "CONFIG_", 7) == 0)
			SHA256Update(&state, (const uint8_t *)line, length);
		line += length;
	}
	SHA256Final(digest, &state);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return true;
}

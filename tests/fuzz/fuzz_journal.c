// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes as the journal of a run that was killed. What is read names nothing
 * outside /sys and /proc/sys, and holds together.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/journal_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool inside(const char *path)
{
	return (strncmp(path, "/sys/", 5) == 0 || strncmp(path, "/proc/sys/", 10) == 0) &&
	       !strstr(path, "/../");
}

/* One line, whatever stands in it: nothing that could steer a terminal or split a setting. */
static bool plain(const char *word)
{
	for (; *word; word++)
		if (*word < ' ' || *word > '~')
			return false;
	return true;
}

static void change_check(const struct change *change, uint32_t least_id)
{
	if (!inside(change->path) || !plain(change->path) || !plain(change->first) ||
	    !plain(change->after) || !change->first[0] || !change->after[0] ||
	    change->id < least_id)
		abort();
	if (!change->counter)
		return;
	if (strspn(change->first, "0123456789") != strlen(change->first) ||
	    strspn(change->before, "0123456789") != strlen(change->before) ||
	    change->added > strtoull(change->after, NULL, 10) - strtoull(change->before, NULL, 10))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct journal *journal = journal_new(-1, "1-1");
	char *text = malloc(size + 1);
	struct error err = { 0 };

	memcpy(text, bytes, size);
	text[size] = '\0';
	if (journal_text_load(journal, text, size, &err)) {
		if (!err.code || !err.text[0] || !plain(err.text))
			abort();
	} else {
		if (journal->bytes > size || (journal->bytes && bytes[journal->bytes - 1] != '\n'))
			abort();
		for (size_t i = 0; i < journal->nr; i++)
			change_check(&journal->changes[i], i ? journal->changes[i - 1].id + 1 : 0);
	}
	free(text);
	journal_file_close(journal, false);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 character at @at and its code point; 0 for a byte that starts none. */
static size_t decode(const unsigned char *at, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *at < 0x80       ? 1
			: *at >> 5 == 6  ? 2
			: *at >> 4 == 14 ? 3
			: *at >> 3 == 30 ? 4
					 : 0;

	if (length == 0)
		return 0;
	*code = length == 1 ? *at : *at & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

/*
 * What turns the reading order, ends a line, or cannot be seen: control characters, what Unicode
 * lists as default-ignorable (zero-width characters, soft hyphen, fillers, variation selectors,
 * tags), annotation marks, and what is no character and not allowed in XML.
 */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x0, 0x1f },      { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
	{ 0x61c, 0x61c },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
	{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool steers(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (code >= unseen[i].first && code <= unseen[i].last)
			return true;
	return (code & 0xfffe) == 0xfffe;
}

static void replace(char *text, bool ascii, bool lines)
{
	const unsigned char *from = (const unsigned char *)text;
	char *to = text;

	while (*from) {
		uint32_t code = 0;
		size_t length;

		if (*from >= ' ' && *from <= '~') { /* nearly all of it */
			*to++ = (char)*from++;
			continue;
		}
		length = decode(from, &code);
		if (ascii && code == 0xb1 && length == 2) {
			/* the only character of our own that is not ASCII: plus-minus takes two
			 * bytes either way */
			*to++ = '+';
			*to++ = '-';
			from += length;
		} else if (lines && (code == '\n' || code == '\t')) {
			*to++ = (char)*from++;
		} else if (length == 0 || steers(code) || (ascii && code >= 0x80)) {
			*to++ = '?';
			from += length ? length : 1;
		} else {
			memmove(to, from, length);
			to += length;
			from += length;
		}
	}
	*to = '\0';
}

void text_plain(char *text)
{
	replace(text, false, false);
}

void text_plain_lines(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = '?';
	replace(text, false, true);
}

void text_ascii(char *text)
{
	replace(text, true, false);
}

void text_hide_home(char *text)
{
	static const char home[] = "/home/";
	char *at = text;

	while ((at = strstr(at, home))) {
		char *rest = at + strlen(home);

		rest += strcspn(rest, "/ \t");
		*at++ = '~';
		memmove(at, rest, strlen(rest) + 1);
	}
}

bool text_is_word(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *text != '\0';
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		width += *at >> 6 != 2;
	return width;
}

static const char suffixes[] = "KMGT";

int size_parse(const char *text, uint64_t *bytes, struct error *err)
{
	unsigned long long number;
	unsigned int shift = 0;
	const char *suffix;
	char *end;

	if (!isdigit((unsigned char)text[0])) /* strtoull takes signs and spaces */
		goto invalid;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		goto range;
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix || end[1])
			goto invalid;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (number > UINT64_MAX >> shift)
		goto range;
	*bytes = (uint64_t)number << shift;
	return 0;
invalid:
	return error_set(err, EINVAL,
			 "\"%.64s\" is not a size: a whole number of bytes, or of K, M, G or T "
			 "(4K, 2M)",
			 text);
range:
	return error_set(err, ERANGE, "\"%.64s\" is more bytes than 64 bits can count", text);
}

void size_format(uint64_t bytes, char *text, size_t size)
{
	unsigned int power = 0;

	while (bytes && bytes % 1024 == 0 && power < strlen(suffixes)) {
		bytes /= 1024;
		power++;
	}
	if (power)
		snprintf(text, size, "%" PRIu64 "%c", bytes, suffixes[power - 1]);
	else
		snprintf(text, size, "%" PRIu64, bytes);
}

int percent_parse(const char *text, double *part, struct error *err)
{
	double percent = 0;
	char *end = NULL;

	if (isdigit((unsigned char)text[0])) /* strtod takes signs, spaces, "inf" and "0x1p3" */
		percent = strtod(text, &end);
	if (end)
		end += strspn(end, " ");
	if (end && *end == '%')
		end++;
	if (!end || *end || strpbrk(text, "xX"))
		return error_set(err, EINVAL, "\"%.64s\" is not a percentage: 2, 0.5, 1%%", text);
	if (percent >= 100)
		return error_set(err, ERANGE, "\"%.64s\": a percentage below 100 is needed", text);
	*part = percent / 100;
	return 0;
}

#define MAX_WORD 64

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein with swaps of neighbours ("lsit") counted as one edit; words longer than MAX_WORD are
 * never near. */
static size_t word_distance(const char *a, const char *b)
{
	size_t rows[3][MAX_WORD + 1];
	size_t *older = rows[0], *old = rows[1], *now = rows[2];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > MAX_WORD || len_b > MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= len_b; j++)
		old[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *spare = older;

		now[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			now[j] = min3(old[j] + 1, now[j - 1] + 1,
				      old[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
		older = old;
		old = now;
		now = spare;
	}
	return old[len_b];
}

const char *suggest_word(const char *word, const char *(*nth)(const void *context, size_t i),
			 const void *context)
{
	size_t len = strlen(word), limit = len / 3 > 2 ? len / 3 : 2;
	size_t best = MAX_WORD;
	const char *nearest = NULL, *candidate;

	if (len == 0)
		return NULL;
	if (limit >= len) /* else any word of two letters would be near */
		limit = len - 1;
	for (size_t i = 0; (candidate = nth(context, i)); i++) {
		size_t distance = word_distance(word, candidate);

		if (len >= 3 && distance > limit && strncmp(word, candidate, len) == 0)
			distance = limit;
		if (distance <= limit && distance < best) {
			best = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

/* Parameters whose values are about memory, CPUs, mitigations and checks, not about the machine's
 * identity. */
static const char *const cmdline_keys[] = {
	"hugepages",
	"hugepagesz",
	"default_hugepagesz",
	"hugetlb_*",
	"cma",
	"movable*",
	"kernelcore",
	"movablecore",
	"transparent_hugepage*",
	"thp_*",
	"mitigations",
	"spectre_*",
	"spec_*",
	"pti",
	"kpti",
	"l1tf",
	"mds",
	"tsx*",
	"retbleed",
	"srbds",
	"mmio_stale_data",
	"gather_data_sampling",
	"reg_file_data_sampling",
	"isolcpus",
	"nohz*",
	"rcu_nocb*",
	"irqaffinity",
	"preempt",
	"numa*",
	"mem",
	"maxcpus",
	"nr_cpus",
	"nosmt",
	"idle",
	"intel_idle.*",
	"processor.*",
	"intel_pstate",
	"amd_pstate",
	"cpufreq.*",
	"cpuidle.*",
	"cpuidle_*",
	"clocksource",
	"tsc",
	"iommu",
	"iommu.*",
	"intel_iommu",
	"amd_iommu",
	"arm-smmu*",
	"vfio*",
	"lockdown",
	"slub_debug",
	"slab_debug",
	"init_on_alloc",
	"init_on_free",
	"page_owner",
	"page_poison",
	"page_reporting.*",
	"debug_pagealloc",
	"kasan*",
	"kfence.*",
	"panic",
	"panic_on_warn",
	"oops",
	"psi",
	"lsm",
	"selinux",
	"apparmor",
	"audit",
	"cgroup*",
	"swapaccount",
	"swiotlb",
	"kvm*",
	"sysctl.*",
	"random.*",
	"console",
	"loglevel",
	"quiet",
	"nokaslr",
	"deferred_init",
};

void cmdline_shorten(const char *raw, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	while (*raw && used + 1 < size) {
		size_t length = 0, name;
		bool quoted = false, keep = false;
		char key[128];

		raw += strspn(raw, " \t\n");
		for (; raw[length] && (quoted || !strchr(" \t\n", raw[length])); length++)
			quoted ^= raw[length] == '"';
		if (length == 0 || (length == 2 && strncmp(raw, "--", 2) == 0))
			break;
		name = strcspn(raw, "=");
		if (name > length)
			name = length;
		snprintf(key, sizeof(key), "%.*s", (int)name, raw);
		for (size_t i = 0; i < sizeof(cmdline_keys) / sizeof(*cmdline_keys) && !keep; i++)
			keep = fnmatch(cmdline_keys[i], key, 0) == 0;
		used += (size_t)snprintf(text + used, size - used, "%s%.*s%s", used ? " " : "",
					 (int)(keep ? length : name), raw,
					 !keep && name < length ? "=..." : "");
		raw += length;
	}
}

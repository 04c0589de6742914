// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

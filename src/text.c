// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 character at @at and its code point; 0 for a byte that starts none. */
static size_t decode(const unsigned char *at, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;

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

/* Unicode's explicit bidirectional marks, line and paragraph separators, and the byte order mark. */
static bool steers(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void replace(char *text, bool ascii)
{
	const unsigned char *from = (const unsigned char *)text;
	char *to = text;

	while (*from) {
		uint32_t code = 0;
		size_t length = decode(from, &code);

		if (ascii && code == 0xb1 && length == 2) {
			/* the only character of our own that is not ASCII: plus-minus takes two bytes either way */
			*to++ = '+';
			*to++ = '-';
			from += length;
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
	replace(text, false);
}

void text_ascii(char *text)
{
	replace(text, true);
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

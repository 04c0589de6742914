// SPDX-License-Identifier: GPL-2.0-or-later
#include "page/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "print/public.h"

void html_remark(FILE *out, const char *text, const struct results *results)
{
	autofree char *plain = strdup(text);

	if (!plain)
		abort();
	text_plain(plain);
	public_text(plain, results);
	for (const char *at = plain; *at; at++) {
		const char *as = *at == '&'    ? "&amp;"
				 : *at == '<'  ? "&lt;"
				 : *at == '>'  ? "&gt;"
				 : *at == '"'  ? "&quot;"
				 : *at == '\'' ? "&#39;"
					       : NULL;

		if (as)
			fputs(as, out);
		else
			fputc(*at, out);
	}
}

void html_text(FILE *out, const char *text)
{
	html_remark(out, text, NULL);
}

void html_element(FILE *out, const char *tag, const char *class, const char *text)
{
	if (class)
		fprintf(out, "<%s class=\"%s\">", tag, class);
	else
		fprintf(out, "<%s>", tag);
	html_text(out, text);
	fprintf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void html_number(FILE *out, const char *name, double number)
{
	if (!isnan(number))
		fprintf(out, " data-%s=\"%.15g\"", name, number);
}

const char *html_s(size_t nr)
{
	return nr == 1 ? "" : "s";
}

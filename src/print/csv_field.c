// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/csv_field.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void csv_end(FILE *out, bool last)
{
	fputs(last ? "\r\n" : ",", out);
}

/*
 * Text from a file. Spreadsheets compute what begins with one of these, also as full-width
 * characters: a quote before it makes it text (OWASP, CSV injection).
 */
static bool is_formula(const char *text)
{
	static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					    "\xef\xbc\xa0" };

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	return *text && strchr("=+-@\t\r", *text);
}

void csv_text(FILE *out, const char *text, bool last)
{
	bool formula = is_formula(text), quoted = formula || text[strcspn(text, ",\"\r\n")];

	fputs(quoted ? "\"" : "", out);
	fputs(formula ? "'" : "", out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputs(quoted ? "\"" : "", out);
	csv_end(out, last);
}

void csv_number(FILE *out, double number, bool last)
{
	if (!isnan(number))
		fprintf(out, "%.15g", number);
	csv_end(out, last);
}

void csv_count(FILE *out, uint64_t number)
{
	if (number)
		fprintf(out, "%" PRIu64, number);
	csv_end(out, false);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison as comma-separated values: RFC 4180, and nothing in it that a spreadsheet would take
 * for a formula. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "print/fields.h"
#include "print/format.h"

/* Fields are parted by commas; the last one ends the record. */
static void put_end(FILE *out, bool last)
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

static void put_text(FILE *out, const char *text, bool last)
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
	put_end(out, last);
}

static void put_number(FILE *out, double number)
{
	if (!isnan(number))
		fprintf(out, "%.15g", number);
	put_end(out, false);
}

static void put_last(FILE *out, double number)
{
	if (!isnan(number))
		fprintf(out, "%.15g", number);
	put_end(out, true);
}

/* What is not known is 0 here, and an empty field there. */
static void put_count(FILE *out, uint64_t number)
{
	if (number)
		fprintf(out, "%" PRIu64, number);
	put_end(out, false);
}

/* What is said of both sides, in one field. */
static char *remarks_join(const struct comparable *comparable)
{
	const struct remark_list *lists[] = { &comparable->refusals, &comparable->differences,
					      &comparable->unknowns };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->nr; j++)
			fprintf(out, "%s%s", ftell(out) ? "; " : "", lists[i]->texts[j]);
	if (fclose(out))
		abort();
	return text;
}

static void put_row(FILE *out, const struct row *row, const struct verdicts *verdicts,
		    const char *remarks)
{
	const struct params *params = &row->base->params;
	struct row_numbers numbers = row_numbers(row);
	char note[256];

	put_text(out, verdicts->base->label, false);
	put_text(out, verdicts->new->label, false);
	put_text(out, row->base->key, false);
	put_text(out, params->pinner, false);
	put_text(out, params->layout, false);
	put_text(out, params->state, false);
	put_text(out, params->access, false);
	put_text(out, params->window, false);
	put_count(out, params->pages_per_call);
	put_text(out, row_field(row), false);
	put_text(out, kind_names[row->kind], false);
	put_text(out, row_unit(row, verdicts), false);
	put_text(out, row_better(row), false);
	put_text(out, design_names[row->design], false);
	put_count(out, row->nr[0]);
	put_count(out, row->nr[1]);
	put_number(out, numbers.value[0]);
	put_number(out, numbers.value[1]);
	put_number(out, numbers.spread[0]);
	put_number(out, numbers.spread[1]);
	put_number(out, numbers.change);
	put_number(out, numbers.low);
	put_number(out, numbers.high);
	put_number(out, numbers.p);
	put_number(out, numbers.alpha);
	put_text(out, verdict_names[row->verdict], false);
	put_text(out, row->control ? "yes" : "no", false);
	put_text(out, row->redundant ? "yes" : "no", false);
	put_count(out, row->need);
	row_note(row, verdicts, note, sizeof(note));
	put_text(out, note, false);
	put_text(out, strcmp(row->base->key, row->new->key) ? row->new->key : "", false);
	put_text(out, remarks, false);
	put_number(out, numbers.least[0]);
	put_last(out, numbers.least[1]);
}

static void compare_print_csv(FILE *out, const struct look *look,
			      const struct comparison *comparisons, size_t nr,
			      const struct compare_options *options)
{
	(void)look;
	(void)options;
	fputs("base,new,key,pinner,layout,state,access,window,pages_per_call,metric,kind,unit,"
	      "better,design,"
	      "base_runs,new_runs,base_value,new_value,base_spread,new_spread,change,change_low,"
	      "change_high,p,alpha,"
	      "verdict,control,redundant,need,note,new_key,remarks,base_least,new_least\r\n",
	      out);
	for (size_t i = 0; i < nr; i++) {
		const struct verdicts *verdicts = &comparisons[i].verdicts;
		autofree char *remarks = remarks_join(&comparisons[i].comparable);

		for (size_t j = 0; j < verdicts->nr; j++)
			if (verdicts->rows[j].shown)
				put_row(out, &verdicts->rows[j], verdicts, remarks);
	}
}

/* RFC 4180, a record for each row. */
const struct format format_csv = {
	.name = "csv",
	.print = compare_print_csv,
};

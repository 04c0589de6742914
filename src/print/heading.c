// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/heading.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "verdict/words.h"

static void append(char *text, size_t size, const char *separator, const char *more)
{
	size_t used = strlen(text);

	if (*more)
		snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

void hardware_format(const struct results *results, char *text, size_t size)
{
	static const char *const names[] = { "kernel.arch", "cpu.model" };
	char value[160];

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fact_value(&results->environment, names[i], value, sizeof(value)))
			append(text, size, ", ", value);
	if (fact_value(&results->environment, "hypervisor", value, sizeof(value)) &&
	    strcmp(value, "none")) {
		append(text, size, ", ", "on ");
		append(text, size, "", value);
	}
}

void machine_format(const struct results *results, char *text, size_t size)
{
	char hardware[400];

	text[0] = '\0';
	fact_value(&results->environment, "kernel.release", text, size);
	hardware_format(results, hardware, sizeof(hardware));
	append(text, size, ", ", hardware);
}

const char *emulated_note(const struct results *results)
{
	char accel[16];

	if (results->icount ||
	    !fact_value(&results->environment, "lab.accel", accel, sizeof(accel)) ||
	    strcmp(accel, "tcg") != 0)
		return NULL;
	return "these are times of a software emulator and say nothing about a machine; "
	       "vm --clock icount counts instructions\n";
}

/* The text parameters, in the order of the key. */
struct text_field {
	const char *name;
	size_t offset;
};

#define FIELD(name)                                  \
	{                                            \
#name, offsetof(struct params, name) \
	}
static const struct text_field fields[] = {
	FIELD(pinner), FIELD(layout), FIELD(state), FIELD(access), FIELD(window),
};

#define NR_GROUP_FIELDS 4u /* all but the window */

static const char *field_text(const struct params *params, size_t i)
{
	return (const char *)params + fields[i].offset;
}

void common_add(struct params *common, const struct params *params, bool first)
{
	if (first)
		*common = *params;
	for (size_t i = 0; i < NR_GROUP_FIELDS + 1; i++)
		if (strcmp(field_text(common, i), field_text(params, i)))
			((char *)common)[fields[i].offset] = '\0';
	if (common->pages_per_call != params->pages_per_call)
		common->pages_per_call = 0;
	if (common->region_bytes != params->region_bytes)
		common->region_bytes = 0;
}

void common_find(struct params *common, const struct results *const *reports, size_t nr)
{
	bool first = true;

	memset(common, 0, sizeof(*common));
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < reports[i]->nr; j++) {
			common_add(common, &reports[i]->items[j].params, first);
			first = false;
		}
	}
}

void common_format(const struct params *common, char *text, size_t size)
{
	char part[80], bytes[32];

	text[0] = '\0';
	for (size_t i = 0; i < NR_GROUP_FIELDS + 1; i++) {
		if (!*field_text(common, i))
			continue;
		snprintf(part, sizeof(part), "%s %s", fields[i].name, field_text(common, i));
		append(text, size, ", ", part);
	}
	if (common->region_bytes) {
		size_format(common->region_bytes, bytes, sizeof(bytes));
		snprintf(part, sizeof(part), "region %s", bytes);
		append(text, size, ", ", part);
	}
}

bool params_same_group(const struct params *a, const struct params *b)
{
	for (size_t i = 0; i < NR_GROUP_FIELDS; i++)
		if (strcmp(field_text(a, i), field_text(b, i)))
			return false;
	return true;
}

void groups_format(const struct params *base, const struct params *new, const struct params *common,
		   char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < NR_GROUP_FIELDS; i++) {
		if (*field_text(common, i))
			continue;
		append(text, size, ", ", field_text(base, i));
		if (strcmp(field_text(base, i), field_text(new, i)))
			append(text, size, " -> ", field_text(new, i));
	}
}

void group_format(const struct params *params, const struct params *common, char *text, size_t size)
{
	groups_format(params, params, common, text, size);
}

void pages_format(const struct result *result, char *text, size_t size)
{
	const char *n = strstr(result->key, ",n=all");

	if (result->params.pages_per_call)
		snprintf(text, size, "%" PRIu64, result->params.pages_per_call);
	else
		snprintf(text, size, "%s", n && (!n[6] || n[6] == ',') ? "all" : "");
}

void extras_format(const char *key, char *text, size_t size)
{
	const char *n = strstr(key, ",n=");
	const char *extras = n ? strchr(n + 1, ',') : NULL;

	snprintf(text, size, "%s", extras ? extras + 1 : "");
	for (char *at = text; *at; at++)
		if (*at == ',')
			*at = ' ';
}

#define MAX_DIGITS 14u /* of a value: more are only in files made to be wide */

/* One row on its way to its place. */
struct item {
	const struct row *row;
	unsigned int group_rank; /* 0: something in its group got worse, 1: something changed */
	const struct row *group_first; /* in the order of the file */
};

static bool changed(const struct row *row)
{
	return row->verdict != VERDICT_SAME && row->verdict != VERDICT_UNSURE;
}

static int by_group(const struct params *a, const struct params *b)
{
	int order = strcmp(a->pinner, b->pinner);

	order = order ? order : strcmp(a->layout, b->layout);
	order = order ? order : strcmp(a->state, b->state);
	return order ? order : strcmp(a->access, b->access);
}

int rows_by_group(const struct row *left, const struct row *right)
{
	int order = by_group(&left->base->params, &right->base->params);

	return order ? order : by_group(&left->new->params, &right->new->params);
}

/* Exact numbers say what happened, times what it cost. */
static unsigned int metric_order(const struct row *row)
{
	static const unsigned int kinds[] = { [ROW_RATE] = 0, [ROW_COUNT] = 1,  [ROW_COST] = 2,
					      [ROW_TIME] = 3, [ROW_MEMORY] = 4, [ROW_TAIL] = 5 };

	return kinds[row->kind] * NR_METRICS * NR_MEMORY + row->which;
}

static int gather(const void *a, const void *b)
{
	const struct row *left = ((const struct item *)a)->row,
			 *right = ((const struct item *)b)->row;
	int order = rows_by_group(left, right);

	return order ? order : (left > right) - (left < right);
}

static int arrange(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	if (left->group_rank != right->group_rank)
		return left->group_rank < right->group_rank ? -1 : 1;
	if (left->group_first != right->group_first)
		return left->group_first < right->group_first ? -1 : 1;
	if (metric_order(left->row) != metric_order(right->row))
		return metric_order(left->row) < metric_order(right->row) ? -1 : 1;
	if (verdict_alarms(left->row->verdict) != verdict_alarms(right->row->verdict))
		return verdict_alarms(left->row->verdict) ? -1 : 1;
	return (left->row > right->row) - (left->row < right->row);
}

static void rank_groups(struct item *items, size_t nr)
{
	for (size_t first = 0, end; first < nr; first = end) {
		unsigned int rank = 2;

		for (end = first; end < nr && rows_by_group(items[end].row, items[first].row) == 0;
		     end++) {
			if (changed(items[end].row) && rank > 1)
				rank = 1;
			if (verdict_alarms(items[end].row->verdict))
				rank = 0;
		}
		for (size_t i = first; i < end; i++) {
			items[i].group_rank = rank;
			items[i].group_first = items[first].row;
		}
	}
}

static struct unit section_unit(const struct section *section, bool icount)
{
	double largest = 0, smallest = INFINITY;

	for (size_t i = 0; i < section->nr; i++) {
		for (size_t side = 0; side < 2; side++) {
			double value = section->rows[i]->value[side];

			largest = fmax(largest, value);
			smallest = value > 0 ? fmin(smallest, value) : smallest;
		}
	}
	return unit_for(icount, largest, isfinite(smallest) ? smallest : 0);
}

static void cut(struct sections *sections, const struct item *items, size_t nr, bool icount)
{
	struct section *section = NULL;

	for (size_t i = 0; i < nr; i++) {
		bool group = i == 0 || items[i].group_first != items[i - 1].group_first;

		sections->rows[i] = items[i].row;
		if (group || metric_order(items[i].row) != metric_order(items[i - 1].row)) {
			section = &sections->items[sections->nr++];
			*section = (struct section){ .rows = &sections->rows[i],
						     .first_of_group = group };
		}
		section->nr++;
	}
	for (size_t i = 0; i < sections->nr; i++)
		sections->items[i].unit = section_unit(&sections->items[i], icount);
}

void sections_find(struct sections *sections, const struct verdicts *verdicts, size_t many)
{
	autofree struct item *items = calloc(verdicts->nr + 1, sizeof(*items));
	size_t nr = 0;

	*sections = (struct sections){
		.items = calloc(verdicts->nr + 1, sizeof(*sections->items)),
		.rows = calloc(verdicts->nr + 1, sizeof(*sections->rows)),
	};
	if (!items || !sections->items || !sections->rows)
		abort();
	for (size_t i = 0; i < verdicts->nr; i++) {
		const struct row *row = &verdicts->rows[i];

		if (!row->shown || row->redundant)
			continue;
		items[nr++].row = row;
		sections->nr_of[row->verdict]++;
	}
	if (nr > many) {
		size_t nr_all = nr;

		nr = 0;
		for (size_t i = 0; i < nr_all; i++) {
			if (changed(items[i].row) || items[i].row->control)
				items[nr++] = items[i];
			else
				sections->nr_left_out[items[i].row->verdict]++;
		}
		sections->nr_left_out_all = nr_all - nr;
	}
	qsort(items, nr, sizeof(*items), gather);
	rank_groups(items, nr);
	qsort(items, nr, sizeof(*items), arrange);
	cut(sections, items, nr, verdicts->icount);
	sections->nr_rows = nr;
}

void sections_free(struct sections *sections)
{
	free(sections->items);
	free(sections->rows);
	*sections = (struct sections){ 0 };
}

static void value_format(const struct row *row, const struct unit *unit, size_t side, char *text,
			 size_t size)
{
	double value = row->value[side];
	char rate[40];

	if (row->kind == ROW_RATE) {
		row_value_format(row, side, false, false, rate, sizeof(rate));
		/* ">= 93.75 %" without its blanks and its unit */
		snprintf(text, size, "%s%.*s", row->bound[side] ? ">=" : "",
			 (int)strcspn(rate + (row->bound[side] ? 3 : 0), " "),
			 rate + (row->bound[side] ? 3 : 0));
		return;
	}
	if (row->kind == ROW_COUNT || row->kind == ROW_MEMORY)
		snprintf(text, size, "%.0f", value);
	else
		ticks_format(unit, value, text, size);
	text[strcspn(text, " ")] = '\0';
	if (strlen(text) > MAX_DIGITS)
		snprintf(text, size, "%.6g",
			 row->kind == ROW_COUNT || row->kind == ROW_MEMORY ? value
									   : value / unit->ticks);
}

/* Four digits at most, and no "-0". */
static void part_format(double part, const char *end, char *text, size_t size)
{
	double percent = part * 100, magnitude = fabs(percent);

	if (magnitude >= 1e5)
		snprintf(text, size, "%+.3g%s", percent, end);
	else if (magnitude < 0.005)
		snprintf(text, size, "0%s", end);
	else
		snprintf(text, size, "%+.*f%s",
			 magnitude < 1     ? 2
			 : magnitude < 100 ? 1
					   : 0,
			 percent, end);
}

static void change_format(const struct row *row, char *text, size_t size)
{
	double by = row->value[1] - row->value[0];

	if (row->design != DESIGN_EXACT && (row->kind != ROW_MEMORY || row->change_known)) {
		if (row->change_known)
			part_format(row->change, "%", text, size);
	} else if (row->bound[0] || row->bound[1]) {
		text[0] = '\0';
	} else if (by == 0) {
		snprintf(text, size, "=");
	} else {
		snprintf(text, size, row->kind == ROW_RATE ? "%+.4g" : "%+.10g",
			 row->kind == ROW_RATE ? by * 100 : by);
	}
}

void row_cells(const struct row *row, const struct unit *unit, struct row_cells *cells)
{
	char low[20], high[20];

	*cells = (struct row_cells){ 0 };
	for (size_t side = 0; side < 2; side++)
		if (row->design == DESIGN_EXACT || row->nr_measured[side])
			value_format(row, unit, side, cells->value[side],
				     sizeof(cells->value[side]));
	change_format(row, cells->change, sizeof(cells->change));
	if (row->bound[0] || row->bound[1])
		snprintf(cells->interval, sizeof(cells->interval), "[%+.4g, %+.4g]",
			 row->interval.low * 100, row->interval.high * 100);
	if (row->design == DESIGN_EXACT || !row->change_known || row->note == NOTE_NO_REPLICATION ||
	    !isfinite(row->interval.low) || !isfinite(row->interval.high))
		return;
	part_format(row->interval.low, "", low, sizeof(low));
	part_format(row->interval.high, "", high, sizeof(high));
	snprintf(cells->interval, sizeof(cells->interval), "[%s, %s]", low, high);
}

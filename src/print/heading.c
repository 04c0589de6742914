// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/heading.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

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

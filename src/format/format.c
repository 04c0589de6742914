// SPDX-License-Identifier: GPL-2.0-or-later
#include "format/format.h"

#include <string.h>

#define ENTER(name) &format_##name,

const struct format *const formats[] = { FORMATS(ENTER) NULL };

const struct format *format_find(const char *name)
{
	for (size_t i = 0; formats[i]; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/footnotes.h"

#include <stdlib.h>
#include <string.h>

size_t footnote(struct footnotes *notes, const char *text)
{
	if (!*text)
		return 0;
	for (size_t i = 0; i < notes->nr; i++)
		if (strcmp(notes->texts[i], text) == 0)
			return i + 1;
	notes->texts = reallocarray(notes->texts, notes->nr + 1, sizeof(*notes->texts));
	if (!notes->texts || !(notes->texts[notes->nr] = strdup(text)))
		abort();
	return ++notes->nr;
}

void footnotes_free(struct footnotes *notes)
{
	for (size_t i = 0; i < notes->nr; i++)
		free(notes->texts[i]);
	free(notes->texts);
	*notes = (struct footnotes){ 0 };
}

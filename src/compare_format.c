// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare.h"

const struct compare_printer compare_printers[NR_COMPARE_FORMATS] = {
	[COMPARE_TEXT] = { "text", compare_print_text },
	[COMPARE_COMMIT] = { "commit", NULL },
	[COMPARE_MARKDOWN] = { "markdown", NULL },
	[COMPARE_CSV] = { "csv", NULL },
	[COMPARE_JSON] = { "json", NULL },
};

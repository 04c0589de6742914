// SPDX-License-Identifier: GPL-2.0-or-later
#include "print/format.h"

const struct compare_printer compare_printers[NR_COMPARE_FORMATS] = {
	[COMPARE_TEXT] = { "text", compare_print_text },
	[COMPARE_COMMIT] = { "commit", compare_print_commit },
	[COMPARE_MARKDOWN] = { "markdown", compare_print_markdown },
	[COMPARE_CSV] = { "csv", compare_print_csv },
	[COMPARE_JSON] = { "json", compare_print_json },
};

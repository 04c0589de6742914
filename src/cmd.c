// SPDX-License-Identifier: GPL-2.0-or-later
/* What the verbs share. */
#include "cmd.h"

#include <stdio.h>

int cmd_fail(const struct error *err, int exit_code)
{
	fprintf(stderr, "pinbench: %s\n", err->text);
	if (err->fix[0])
		fprintf(stderr, "  try: %s\n", err->fix);
	return exit_code;
}

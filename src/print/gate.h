/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What gate says: its line, and the rows that made it so, each on its own. */
#include <stdio.h>

#include "print/grid.h"
#include "verdict/gate.h"

void gate_print(FILE *out, const struct look *look, const struct gate *gate,
		const struct gate_options *options);

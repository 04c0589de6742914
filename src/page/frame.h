/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is around every page. */
#include <stdio.h>

/* To <body>: the style, and a policy by which the script of frame_end() and nothing else runs, and
 * nothing is fetched. */
void frame_start(FILE *out, const char *title);
/* From </main>. */
void frame_end(FILE *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One HTML file to send: the verdict, what got worse, how the environments differ, the plots, every
 * row with its samples, what was not measured, the environment, how to measure it again. Complete
 * in itself: no server, no network, and nothing in it that names a host, a user or a home
 * directory. The same bytes for the same files and gnuplot.
 */
#include "page/input.h"

/* -EINTR: interrupted while gnuplot drew. Where there is no gnuplot the page says so. */
int page_print(FILE *out, const struct page_input *input, struct error *err);

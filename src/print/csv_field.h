/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Fields of comma-separated values: RFC 4180, and nothing in them that a spreadsheet would take for
 * a formula. @last ends the record.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void csv_end(FILE *out, bool last);
void csv_text(FILE *out, const char *text, bool last);
/* NAN: an empty field. */
void csv_number(FILE *out, double number, bool last);
/* What is not known is 0 here, and an empty field there. */
void csv_count(FILE *out, uint64_t number);

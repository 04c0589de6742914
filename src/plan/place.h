/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The files that come with the program: job files, documents. */
#include <stdbool.h>

#include "base/error.h"

/* The file @name ("configs/quick.json"), malloc'ed: below ../share/pinbench beside an installed
 * program, or in the tree it was built in. NULL: not there. */
char *place_find(const char *name);
/* Whether the program is in the tree it was built in: hints name make there. */
bool place_is_tree(void);

/*
 * The path of a job that was named without a directory and without ".json", as in -c quick;
 * malloc'ed. NULL where there is none of that name. Earlier names of a job find it too.
 */
char *place_job(const char *name);
/* Ends an error about job @name that is not there: the nearest name, or all of them. Returns
 * -err->code. */
int place_job_fix(const char *name, struct error *err);

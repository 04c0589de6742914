/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Rights and limits of this process and this kernel, against what is planned. */
#include "plan/doctor.h"

struct limit {
	const char *name;
	void (*check)(struct finding *finding, const struct need *need);
};

/* The list, ended by a NULL name. */
extern const struct limit limits[];

// SPDX-License-Identifier: GPL-2.0-or-later
#include "format/format.h"

#define ENTER(name) &format_##name,

const struct format *const formats[] = { FORMATS(ENTER) NULL };

// SPDX-License-Identifier: GPL-2.0-or-later
/* A state: who shares the pages and how they are mapped when the pin comes. Say which kernel
 * function brings it about. */
#include "bench/bench.h"

/* From a mapped region, populated if the state says so, to the state. */
static int arrange(struct state_env *env, struct error *err)
{
	(void)env;
	(void)err;
	return 0;
}

const struct state state_template = {
	.name = "template",
	.about = "one process, writable mapping: to begin with",
	.populated = true,
	.arrange = arrange,
};

// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/json_seed.h"

#include <jansson.h>
#include <string.h>
#include <sys/auxv.h>

void json_seed(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (bytes)
		memcpy(&seed, bytes, sizeof(seed));
	json_object_seed(seed ? seed : 1); /* 0 would ask /dev/urandom */
}

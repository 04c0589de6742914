/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* CRC-32 as in zlib and IEEE 802.3: guest and host check the same sum over what crosses the channel. */
#include <stddef.h>
#include <stdint.h>

/* Continues @crc (0 at the start) over @size bytes. */
static inline uint32_t crc32_add(uint32_t crc, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	crc = ~crc;
	while (size--) {
		crc ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* CRC-32 as in zlib and IEEE 802.3: guest and host check the same sum over what crosses the
 * channel. */
#include <stddef.h>
#include <stdint.h>

/* Continues @crc (0 at the start) over @size bytes. */
static inline uint32_t crc32_add(uint32_t crc, const void *bytes, size_t size)
{
	/* Remainders of the sixteen half bytes: a guest under emulation pays for every step. */
	static const uint32_t half[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *byte = bytes;

	crc = ~crc;
	while (size--) {
		crc ^= *byte++;
		crc = (crc >> 4) ^ half[crc & 15];
		crc = (crc >> 4) ^ half[crc & 15];
	}
	return ~crc;
}

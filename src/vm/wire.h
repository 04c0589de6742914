/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * What the guest's agent (lab/agent.c) and the host (src/vm/channel.c) agree on.
 *
 * The channel is one-way, guest to host, a sequence of frames:
 *
 *     pinbench1 KIND SIZE CRC SEQUENCE\n   SIZE and SEQUENCE decimal, CRC (of KIND and what
 * follows) eight hex digits SIZE bytes
 *
 * ready   the guest reached user space; its kernel's release
 * result  the whole result file as it stands: later ones replace earlier ones
 * symbols lines of "ADDRESS NAME" of the kernel's functions and its modules', from
 *         /proc/kallsyms, when LAB_WIRE_SYMBOLS asks for them
 * stdout  what the program printed, once it has ended
 * end     "STATUS COUNT SUM": exit status (128 + signal), number of frames before this one, CRC
 * over their CRCs. Without it nothing is complete: QEMU exits with 0 after a guest's panic.
 */
/*
 * The channel stays one-way: an answer of the host would come at another instruction in every boot.
 * What stands for it is the device's: a line without hardware fails the first write. And the agent
 * names its device on the console, so that a host to which nothing comes can end the boot before
 * anything is measured in vain.
 */
#define LAB_WIRE_SPEAKS     "agent: speaks on "
#define LAB_WIRE_SILENT     "agent: no channel: "
#define LAB_WIRE_MAGIC      "pinbench1 "
#define LAB_WIRE_HEADER_MAX 96
#define LAB_WIRE_FRAME_MAX  (64u << 20)
#define LAB_WIRE_PORT       "pinbench"  /* name of the virtio-serial port */
#define LAB_WIRE_ARGV       "/lab/argv" /* the program's arguments, each ended by a NUL */
#define LAB_WIRE_SEED       "/lab/seed" /* of the guest's random numbers, decimal */
#define LAB_WIRE_CONFIG     "/lab/config.json"
#define LAB_WIRE_SYMBOLS    "/lab/symbols" /* "1": send the names of the kernel's functions */
#define LAB_WIRE_RESULT     "/lab/out/result.json"

/* CRC-32 as in zlib and IEEE 802.3: guest and host check the same sum over what crosses the
 * channel. */

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

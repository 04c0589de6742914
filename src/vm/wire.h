/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the guest's agent (lab/agent.c) and the host (lab_channel.c) agree on.
 *
 * The channel is one-way, guest to host, a sequence of frames:
 *
 *     pinbench1 KIND SIZE CRC SEQUENCE\n   SIZE and SEQUENCE decimal, CRC (of KIND and what
 * follows) eight hex digits SIZE bytes
 *
 * ready   the guest reached user space; its kernel's release
 * result  the whole result file as it stands: later ones replace earlier ones
 * stdout  what the program printed, once it has ended
 * end     "STATUS COUNT SUM": exit status (128 + signal), number of frames before this one, CRC
 * over their CRCs. Without it nothing is complete: QEMU exits with 0 after a guest's panic.
 */
#define LAB_WIRE_MAGIC      "pinbench1 "
#define LAB_WIRE_HEADER_MAX 96
#define LAB_WIRE_FRAME_MAX  (64u << 20)
#define LAB_WIRE_PORT       "pinbench"  /* name of the virtio-serial port */
#define LAB_WIRE_ARGV       "/lab/argv" /* the program's arguments, each ended by a NUL */
#define LAB_WIRE_SEED       "/lab/seed" /* of the guest's random numbers, decimal */
#define LAB_WIRE_CONFIG     "/lab/config.json"
#define LAB_WIRE_RESULT     "/lab/out/result.json"

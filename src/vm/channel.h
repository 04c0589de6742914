/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The host's end of the channel (wire.h): untrusted bytes to frames. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_text {
	char *bytes; /* NUL after the last one; NULL: never came */
	size_t size;
};

struct channel {
	char *buffer; /* received, not yet a frame */
	size_t size, capacity;
	unsigned int nr_frames;
	uint32_t sum;
	unsigned int nr_damaged; /* frames whose checksum or number was wrong */
	bool ended;              /* the end frame came, and it agrees with what was received */
	int status;              /* of the program; 128 + signal */
	struct frame_text ready, result, symbols, output;
};

/* Takes the next @size bytes. -ENOMEM, or -EMSGSIZE when the guest sends more than a frame may
 * hold. */
int channel_feed(struct channel *channel, const char *bytes, size_t size);
void channel_free(struct channel *channel);

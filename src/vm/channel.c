// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vm/channel.h"
#include "vm/wire.h"

#define SHOWN_MAX 100 /* bytes of a kernel's release */

struct header {
	char kind[16];
	size_t size;
	uint32_t crc;
	unsigned int sequence;
	size_t length; /* of the header line */
};

static void text_set(struct frame_text *text, const char *bytes, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return;
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	free(text->bytes);
	*text = (struct frame_text){ copy, size };
}

/* What is shown, and not parsed: nothing in it may steer a terminal. */
static void text_take(struct frame_text *text, const char *bytes, size_t size, bool lines)
{
	text_set(text, bytes, lines || size < SHOWN_MAX ? size : SHOWN_MAX);
	if (!text->bytes)
		return;
	text_plain_lines(text->bytes, text->size);
	if (!lines)
		text_plain(text->bytes);
	text->size = strlen(text->bytes);
}

static void end_check(struct channel *channel, const char *bytes, size_t size)
{
	char text[64] = "";
	unsigned int nr_frames;
	uint32_t sum;
	int status;

	if (size >= sizeof(text))
		return;
	memcpy(text, bytes, size);
	if (sscanf(text, "%d %u %x", &status, &nr_frames, &sum) != 3)
		return;
	channel->ended = !channel->nr_damaged && nr_frames == channel->nr_frames &&
			 sum == channel->sum;
	channel->status = status;
}

static void frame_take(struct channel *channel, const struct header *header, const char *bytes)
{
	bool begins = !strcmp(header->kind, "ready") && header->sequence == 0;
	uint32_t crc =
		crc32_add(crc32_add(0, header->kind, strlen(header->kind)), bytes, header->size);

	if (begins && crc == header->crc) {
		/* The agent tries one device after the other. */
		channel->nr_frames = 0;
		channel->sum = 0;
	}
	if (crc != header->crc || header->sequence != channel->nr_frames) {
		channel->nr_damaged++;
		return;
	}
	if (!strcmp(header->kind, "end")) {
		end_check(channel, bytes, header->size);
		return;
	}
	channel->nr_frames++;
	channel->sum = crc32_add(channel->sum, &crc, sizeof(crc));
	if (!strcmp(header->kind, "ready"))
		text_take(&channel->ready, bytes, header->size, false);
	else if (!strcmp(header->kind, "result"))
		text_set(&channel->result, bytes, header->size);
	else if (!strcmp(header->kind, "symbols"))
		text_take(&channel->symbols, bytes, header->size, true);
	else if (!strcmp(header->kind, "stdout"))
		text_take(&channel->output, bytes, header->size, true);
}

/* 1: a header, 0: the line is not all there yet, -EINVAL: not a header. */
static int header_parse(const char *bytes, size_t size, struct header *header)
{
	const char *end =
		memchr(bytes, '\n', size < LAB_WIRE_HEADER_MAX ? size : LAB_WIRE_HEADER_MAX);
	char line[LAB_WIRE_HEADER_MAX + 1] = "";

	if (!end)
		return size < LAB_WIRE_HEADER_MAX ? 0 : -EINVAL;
	memcpy(line, bytes, end - bytes);
	header->length = end - bytes + 1;
	if (sscanf(line, LAB_WIRE_MAGIC "%15s %zu %x %u", header->kind, &header->size, &header->crc,
		   &header->sequence) != 4)
		return -EINVAL;
	return header->size > LAB_WIRE_FRAME_MAX ? -EINVAL : 1;
}

/* Returns how many bytes of @at are done with; 0 when more must come first. */
static size_t parse(struct channel *channel, const char *at, size_t size)
{
	const size_t magic = strlen(LAB_WIRE_MAGIC);
	struct header header;
	const char *start = memmem(at, size, LAB_WIRE_MAGIC, magic);
	int found;

	if (!start) /* not ours (a serial line may carry firmware chatter); the magic may be cut in
		       two */
		return size < magic ? 0 : size - magic + 1;
	if (start > at)
		return start - at;
	found = header_parse(at, size, &header);
	if (found < 0) {
		channel->nr_damaged++;
		return magic;
	}
	if (!found || size - header.length < header.size)
		return 0;
	frame_take(channel, &header, at + header.length);
	return header.length + header.size;
}

int channel_feed(struct channel *channel, const char *bytes, size_t size)
{
	size_t done, offset = 0;

	if (channel->size + size > channel->capacity) {
		size_t capacity = 2 * (channel->size + size);
		char *buffer;

		if (capacity > 4ul * LAB_WIRE_FRAME_MAX)
			return -EMSGSIZE;
		buffer = realloc(channel->buffer, capacity);
		if (!buffer)
			return -ENOMEM;
		channel->buffer = buffer;
		channel->capacity = capacity;
	}
	memcpy(channel->buffer + channel->size, bytes, size);
	channel->size += size;
	while (offset < channel->size) {
		done = parse(channel, channel->buffer + offset, channel->size - offset);
		if (!done)
			break;
		offset += done;
	}
	memmove(channel->buffer, channel->buffer + offset, channel->size - offset);
	channel->size -= offset;
	return 0;
}

void channel_free(struct channel *channel)
{
	free(channel->buffer);
	free(channel->ready.bytes);
	free(channel->result.bytes);
	free(channel->symbols.bytes);
	free(channel->output.bytes);
	*channel = (struct channel){ 0 };
}

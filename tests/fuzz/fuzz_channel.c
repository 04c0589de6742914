// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: what a guest may send. An even first byte: the rest as it stands, in pieces as
 * small as the byte says, and once more in one piece: the host must understand the same. An odd
 * one: frames made of the rest, some of them damaged, and what must have come of them is known.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vm/channel.h"
#include "vm/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static int text_same(const struct frame_text *a, const struct frame_text *b)
{
	if (!a->bytes || !b->bytes)
		return a->bytes == b->bytes;
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size + 1) &&
	       a->bytes[a->size] == '\0';
}

static void channels_same(const struct channel *a, const struct channel *b)
{
	check(a->nr_frames == b->nr_frames && a->sum == b->sum && a->nr_damaged == b->nr_damaged);
	check(a->ended == b->ended && a->status == b->status);
	check(text_same(&a->ready, &b->ready) && text_same(&a->result, &b->result) &&
	      text_same(&a->output, &b->output));
}

static void feed_in_pieces(struct channel *channel, const char *bytes, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece)
		check(channel_feed(channel, bytes + at, size - at < piece ? size - at : piece) ==
		      0);
}

/* The pieces are buffers of their own size: a sanitizer sees a byte too many. */
static void try_raw(const uint8_t *bytes, size_t size, size_t piece)
{
	struct channel whole = { 0 }, parts = { 0 };
	char *copy = malloc(size);

	memcpy(copy, bytes, size);
	check(channel_feed(&whole, copy, size) == 0);
	feed_in_pieces(&parts, copy, size, piece);
	channels_same(&whole, &parts);
	free(copy);
	channel_free(&whole);
	channel_free(&parts);
}

/* How a frame is made: its kind, what is wrong with it, how long it is; the bytes follow. */
struct recipe {
	uint8_t kind, damage, size;
};

static const char *const kinds[] = { "ready", "result", "stdout", "other", "end" };

/* What the host shows: plain text, of a kernel's release no more than 100 bytes. */
static void make_plain(struct frame_text *text, int release)
{
	if (release && text->size > 100)
		text->bytes[text->size = 100] = '\0';
	text_plain_lines(text->bytes, text->size);
	if (release)
		text_plain(text->bytes);
	text->size = strlen(text->bytes);
}

static void try_frames(const uint8_t *bytes, size_t size, size_t piece)
{
	struct channel channel = { 0 }, expected = { 0 };
	char frame[LAB_WIRE_HEADER_MAX + 256];
	struct frame_text *const texts[] = { &expected.ready, &expected.result, &expected.output };
	struct recipe recipe;

	while (size >= sizeof(recipe)) {
		unsigned int kind, nr = expected.nr_frames;
		uint32_t crc;
		char data[257];
		size_t length, used;

		memcpy(&recipe, bytes, sizeof(recipe));
		bytes += sizeof(recipe);
		size -= sizeof(recipe);
		kind = recipe.kind % (sizeof(kinds) / sizeof(*kinds));
		length = recipe.size < size ? recipe.size : size;
		/* the magic inside of a frame is not the next frame's, but after damage it may be:
		 * none, here */
		for (size_t i = 0; i < length; i++)
			data[i] = bytes[i] == LAB_WIRE_MAGIC[0] ? '_' : (char)bytes[i];
		bytes += length;
		size -= length;
		if (kind == 4)
			length = (size_t)snprintf(data, sizeof(data), "%d %u %08x", recipe.size, nr,
						  expected.sum);
		crc = crc32_add(crc32_add(0, kinds[kind], strlen(kinds[kind])), data, length);
		used = (size_t)snprintf(frame, sizeof(frame), LAB_WIRE_MAGIC "%s %zu %08x %u\n",
					kinds[kind], length,
					recipe.damage % 4 == 1 ? crc ^ 1u << recipe.damage / 8
							       : crc,
					recipe.damage % 4 == 2 ? nr + 1 : nr);
		memcpy(frame + used, data, length);
		feed_in_pieces(&channel, frame, used + length, piece);
		if (recipe.damage % 4 == 1 || recipe.damage % 4 == 2) {
			expected.nr_damaged++;
		} else if (kind == 4) {
			expected.ended = !expected.nr_damaged;
			expected.status = recipe.size;
		} else {
			expected.nr_frames++;
			expected.sum = crc32_add(expected.sum, &crc, sizeof(crc));
			if (kind < 3) {
				free(texts[kind]->bytes);
				*texts[kind] = (struct frame_text){ calloc(1, length + 1), length };
				memcpy(texts[kind]->bytes, data, length);
				if (kind != 1)
					make_plain(texts[kind], kind == 0);
			}
		}
	}
	channels_same(&channel, &expected);
	channel_free(&channel);
	channel_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 2)
		return 0;
	if (bytes[0] % 2)
		try_frames(bytes + 1, size - 1, bytes[0] / 2 + 1);
	else
		try_raw(bytes + 1, size - 1, bytes[0] / 2 + 1);
	return 0;
}

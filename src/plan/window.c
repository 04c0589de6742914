// SPDX-License-Identifier: GPL-2.0-or-later
/* Which part of the region is pinned: names and places. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "plan/plan.h"

const struct window windows[] = {
	{ "head", "first base page of the layout's first page: the head of a huge page" },
	{ "tail", "second base page: a tail page of a huge page" },
	{ "last", "last base page of the layout's first page" },
	{ "page", "the whole first page of the layout, whatever its size" },
	{ "straddle", "two base pages: the last of one page of the layout, the first of the next" },
	{ "region", "the whole region" },
	{ NULL, NULL },
};

static const char *window_nth(const void *context, size_t i)
{
	(void)context;
	return windows[i].name;
}

/* "4K+64K" */
static int range_parse(struct window_place *place, const char *text, const char *plus,
		       size_t base_bytes, struct error *err)
{
	char part[CONFIG_MAX_WORD + 1], from[24], length[24];
	uint64_t offset, bytes;
	int ret;

	snprintf(part, sizeof(part), "%.*s", (int)(plus - text), text);
	ret = size_parse(part, &offset, err);
	if (ret == 0)
		ret = size_parse(plus + 1, &bytes, err);
	if (ret)
		return ret;
	if (bytes == 0)
		return error_set(err, EINVAL, "window %s has no length", text);
	if (offset > CONFIG_MAX_SIZE || bytes > CONFIG_MAX_SIZE - offset)
		return error_set(err, ERANGE, "window %s ends beyond 1T, the largest region", text);
	if (offset % base_bytes || bytes % base_bytes) {
		size_format(base_bytes, length, sizeof(length));
		return error_set(err, EINVAL,
				 "window %s does not lie on base pages: offset and length must be "
				 "multiples of %s",
				 text, length);
	}
	place->offset = offset;
	place->bytes = bytes;
	size_format(offset, from, sizeof(from));
	size_format(bytes, length, sizeof(length));
	snprintf(place->name, sizeof(place->name), "%.18s+%.18s", from, length);
	return 0;
}

static int name_place(struct window_place *place, const char *text, size_t page_bytes,
		      size_t base_bytes, struct error *err)
{
	const char *near;

	place->offset = 0;
	place->bytes = base_bytes;
	if (strcmp(text, "tail") == 0) {
		place->offset = base_bytes;
	} else if (strcmp(text, "last") == 0) {
		place->offset = page_bytes - base_bytes;
	} else if (strcmp(text, "page") == 0) {
		place->bytes = page_bytes;
	} else if (strcmp(text, "straddle") == 0) {
		place->offset = page_bytes - base_bytes;
		place->bytes = 2 * base_bytes;
	} else if (strcmp(text, "region") == 0) {
		place->bytes = 0; /* known when the region is */
	} else if (strcmp(text, "head") != 0) {
		near = suggest_word(text, window_nth, NULL);
		error_set(err, EINVAL, "no window \"%s\"%s%s%s", text,
			  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		return near ? -EINVAL
			    : error_fix(err, "head, tail, last, page, straddle, region, or "
					     "OFFSET+LENGTH as in 4K+64K");
	}
	snprintf(place->name, sizeof(place->name), "%s", text);
	return 0;
}

int window_place(struct window_place *place, const char *text, const struct layout *layout,
		 size_t base_bytes, uint64_t size, struct error *err)
{
	const char *plus = strchr(text, '+');
	uint64_t page = layout->page_bytes, end;
	int ret;

	if (plus)
		ret = range_parse(place, text, plus, base_bytes, err);
	else
		ret = name_place(place, text, page, base_bytes, err);
	if (ret)
		return ret;
	end = place->offset + place->bytes;
	if (end < size)
		end = size;
	place->region_bytes = (end + page - 1) / page * page;
	if (place->bytes == 0)
		place->bytes = place->region_bytes;
	return 0;
}

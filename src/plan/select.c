// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const struct access_name accesses[NR_ACCESSES] = {
	{ "read", ACCESS_READ },
	{ "write", ACCESS_WRITE },
};

const char *access_name(enum access access)
{
	return access == ACCESS_WRITE ? "write" : "read";
}

static const char *pinner_nth(const void *context, size_t i)
{
	const struct offer *offer = context;

	return offer->pinners[i] ? offer->pinners[i]->name : NULL;
}

static const char *state_nth(const void *context, size_t i)
{
	const struct offer *offer = context;

	return offer->states[i] ? offer->states[i]->name : NULL;
}

static const char *layout_nth(const void *context, size_t i)
{
	const struct offer *offer = context;

	return i < offer->nr_layouts ? offer->layouts[i].name : NULL;
}

static const char *access_nth(const void *context, size_t i)
{
	(void)context;
	return i < NR_ACCESSES ? accesses[i].name : NULL;
}

static int name_unknown(const struct offer *offer, const char *where, const char *what,
			const char *word, const char *(*nth)(const void *context, size_t i),
			struct error *err)
{
	const char *near = suggest_word(word, nth, offer);

	error_set(err, EINVAL, "%s.%s: no %s \"%s\"%s%s%s", where, what, what, word,
		  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return near ? -EINVAL : error_fix(err, "pinbench list");
}

static int names_pick(struct picks *picks, const struct offer *offer, const char *where,
		      const struct word_list *list, const char *what,
		      const char *(*nth)(const void *context, size_t i), struct error *err)
{
	bool taken[CONFIG_MAX_LIST] = { false };

	picks->nr = 0;
	for (size_t w = 0; w < list->nr; w++) {
		bool matched = false;

		for (size_t i = 0; i < CONFIG_MAX_LIST && nth(offer, i); i++) {
			if (fnmatch(list->words[w], nth(offer, i), 0) != 0)
				continue;
			matched = true;
			if (!taken[i])
				picks->index[picks->nr++] = i;
			taken[i] = true;
		}
		if (!matched)
			return name_unknown(offer, where, what, list->words[w], nth, err);
	}
	return 0;
}

static void layout_pick(struct layout_picks *picks, const struct layout *layout)
{
	for (size_t i = 0; i < picks->nr; i++)
		if (strcmp(picks->layouts[i].name, layout->name) == 0)
			return;
	picks->layouts[picks->nr++] = *layout;
}

/* hugetlb-64K where the kernel has no such pages, or hugetlb-* where it has none at all. */
static int layout_wanted(struct layout *layout, const struct offer *offer, const char *where,
			 const char *word, struct error *err)
{
	char from[24];
	const struct layout_kind *kind = layout_kind_of(word, from);
	uint64_t bytes = 0;

	*layout = (struct layout){ .about = "not offered by the running kernel", .kind = kind };
	if (!kind)
		return name_unknown(offer, where, "layout", word, layout_nth, err);
	if (!kind->sized || strpbrk(word, "*?[")) {
		snprintf(layout->name, sizeof(layout->name), "%.23s", word);
		return 0;
	}
	if (size_parse(from, &bytes, NULL) || (bytes & (bytes - 1)) || bytes <= offer->base_bytes ||
	    bytes > CONFIG_MAX_SIZE)
		return name_unknown(offer, where, "layout", word, layout_nth, err);
	layout_name(layout, kind, bytes);
	layout->about = "not offered by the running kernel";
	return 0;
}

int layouts_pick(struct layout_picks *picks, const struct offer *offer, const char *where,
		 const struct word_list *list, struct error *err)
{
	picks->nr = 0;
	for (size_t w = 0; w < list->nr; w++) {
		struct layout wanted;
		bool matched = false;

		for (size_t i = 0; i < offer->nr_layouts; i++) {
			if (fnmatch(list->words[w], offer->layouts[i].name, 0) != 0)
				continue;
			layout_pick(picks, &offer->layouts[i]);
			matched = true;
		}
		if (!matched) {
			int ret = layout_wanted(&wanted, offer, where, list->words[w], err);

			if (ret)
				return ret;
			/* "hugetlb-2048K" is hugetlb-2M */
			for (size_t i = 0; i < offer->nr_layouts; i++)
				if (strcmp(offer->layouts[i].name, wanted.name) == 0)
					wanted = offer->layouts[i];
			layout_pick(picks, &wanted);
		}
	}
	return 0;
}

int pinners_pick(struct picks *picks, const struct offer *offer, const char *where,
		 const struct word_list *list, struct error *err)
{
	return names_pick(picks, offer, where, list, "pinner", pinner_nth, err);
}

int states_pick(struct picks *picks, const struct offer *offer, const char *where,
		const struct word_list *list, struct error *err)
{
	return names_pick(picks, offer, where, list, "state", state_nth, err);
}

int accesses_pick(struct picks *picks, const struct offer *offer, const char *where,
		  const struct word_list *list, struct error *err)
{
	return names_pick(picks, offer, where, list, "access", access_nth, err);
}

/* Which part of the region is pinned: names and places. */

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

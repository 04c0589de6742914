// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/pick.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

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
	const char *dash = strchr(word, '-');
	uint64_t bytes = 0;
	char size[24];

	*layout = (struct layout){ .about = "not offered by the running kernel" };
	if (strncmp(word, "hugetlb-", 8) == 0)
		layout->backing = BACKING_HUGETLB;
	else if (strncmp(word, "thp-", 4) == 0)
		layout->backing = BACKING_THP;
	else
		return name_unknown(offer, where, "layout", word, layout_nth, err);
	if (strpbrk(word, "*?[")) {
		snprintf(layout->name, sizeof(layout->name), "%.23s", word);
		return 0;
	}
	if (size_parse(dash + 1, &bytes, NULL) || (bytes & (bytes - 1)) ||
	    bytes <= offer->base_bytes || bytes > CONFIG_MAX_SIZE)
		return name_unknown(offer, where, "layout", word, layout_nth, err);
	size_format(bytes, size, sizeof(size));
	snprintf(layout->name, sizeof(layout->name), "%s%.8s",
		 layout->backing == BACKING_THP ? "thp-" : "hugetlb-", size);
	layout->page_bytes = bytes;
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

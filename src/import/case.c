// SPDX-License-Identifier: GPL-2.0-or-later
/* From the call to the case: what gup_test does with its options, and what that leaves open. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/call.h"

#define UNKNOWN "unknown"
#define GB      (UINT64_C(1) << 30)

static const char *pinner_name(const struct gup_call *call, enum gup_bench bench)
{
	static const char *const named[NR_GUP_BENCHES] = {
		[BENCH_GUP_FAST] = "gup-test/gup-fast",
		[BENCH_PIN_FAST] = "gup-test/pin-fast",
		[BENCH_PIN_LONGTERM] = "gup-test/pin-longterm",
	};

	if (named[bench])
		return named[bench];
	switch (call ? call->what : '?') {
	case 0:
	case 'u':
		return "gup-test/gup-fast";
	case 'U':
		return "gup-test/gup-basic";
	case 'a':
		return "gup-test/pin-fast";
	case 'b':
		return "gup-test/pin-basic";
	case 'L': /* of gup_benchmark get_user_pages_longterm() up to 5.5, pin_user_pages() after
		     that */
		return call->program == GUP_BENCHMARK ? "gup-test/longterm"
						      : named[BENCH_PIN_LONGTERM];
	default:
		return "gup-test/unknown";
	}
}

/* What is mapped; private /dev/zero is anonymous memory, shared /dev/zero is shmem. */
static const char *layout_name(const struct gup_call *call)
{
	static const char *const shmem[] = { "shmem-unknown", "shmem-base", "shmem-thp-unknown" };
	static const char *const anonymous[] = { UNKNOWN, "base", "thp-unknown" };

	if (call->hugetlb)
		return "hugetlb-unknown";
	if (call->file[0])
		return "file-unknown";
	return (call->shared ? shmem : anonymous)[call->thp + 1];
}

static const char *state_name(const struct gup_call *call)
{
	if (call->program == GUP_BENCHMARK && call->file[0])
		return UNKNOWN; /* 4.20 mapped a file shared, later ones only with -S */
	if (call->shared)
		return "map-shared";
	if (call->touch) /* the first pin faults in, a second one finds the pages */
		return call->repeats * call->threads == 1 ? "unpopulated" : UNKNOWN;
	return "exclusive"; /* every page was written by the only process that maps it */
}

/* The default changed: read in gup_benchmark and in the gup_test of 5.11 and 5.12, write
 * since 5.13. */
static const char *access_name_of(const struct gup_call *call)
{
	if (call->write < 0 && call->program != GUP_BENCHMARK && !call->recent)
		return UNKNOWN;
	return call->write == 1 || (call->write < 0 && call->recent) ? "write" : "read";
}

/* What gup_bench says of each figure overrides what it does by default. */
static void label_apply(struct gup_call *call, const struct gup_label *label)
{
	if (!label->known)
		return;
	call->recent = true;
	call->write = label->write;
	call->shared = label->shared;
	call->hugetlb = label->hugetlb;
	call->thp = label->thp;
	call->nr_pages = label->nr_pages <= INT32_MAX ? (int64_t)label->nr_pages : 0;
	if (call->plain && label->hugetlb)
		call->bytes = GB / 4; /* its matrix takes 256M of hugetlb and 128M of the rest */
}

/* "size=8G,threads=4,flags=0x100,file=/mnt/huge/x": what is unlike the default, or has no word of
 * ours. */
static void tail_format(const struct gup_call *call, bool size_known, char *tail, size_t room)
{
	char size[24];
	size_t used = 0;

	*tail = '\0';
	if (size_known && call->bytes != 2 << 20) { /* the default of a plan */
		size_format(call->bytes, size, sizeof(size));
		used += snprintf(tail + used, room - used, ",size=%s", size);
	}
	if (call->threads > 1)
		used += snprintf(tail + used, room - used, ",threads=%" PRIu64, call->threads);
	if (call->flags)
		used += snprintf(tail + used, room - used, ",flags=0x%" PRIx64, call->flags);
	if (call->file[0])
		snprintf(tail + used, room - used, ",file=%s", call->file);
}

static void key_format(const struct params *params, int64_t nr_pages, const char *tail, char *key)
{
	char pages[24] = UNKNOWN;
	int used;

	if (nr_pages < 0)
		strcpy(pages, "all");
	else if (nr_pages > 0)
		snprintf(pages, sizeof(pages), "%" PRId64, nr_pages);
	used = snprintf(key, 256, "%s,%s,%s,%s,%s,n=%s", params->pinner, params->layout,
			params->state, params->access, params->window, pages);
	snprintf(key + used, 256 - (size_t)used, "%s", tail); /* a path that is too long is cut */
	text_ascii(key);
	for (char *at = key; *at; at++)
		if (*at == ' ')
			*at = '?';
}

void gup_case(const struct gup_call *known, enum gup_bench bench, const struct gup_label *label,
	      struct params *params, char *key)
{
	struct gup_call call = { .thp = -1, .write = -1, .threads = 1, .repeats = 1 };
	bool size_known = known && known->understood;
	char tail[160];

	*params = (struct params){ 0 };
	if (size_known)
		call = *known;
	label_apply(&call, label);
	snprintf(params->pinner, sizeof(params->pinner), "%s",
		 pinner_name(size_known ? &call : NULL, bench));
	if (!size_known && !label->known) {
		strcpy(params->layout, UNKNOWN);
		strcpy(params->state, UNKNOWN);
		strcpy(params->access, UNKNOWN);
		strcpy(params->window, UNKNOWN);
		key_format(params, 0, "", key);
		return;
	}
	snprintf(params->layout, sizeof(params->layout), "%s", layout_name(&call));
	snprintf(params->state, sizeof(params->state), "%s", state_name(&call));
	snprintf(params->access, sizeof(params->access), "%s", access_name_of(&call));
	tail_format(&call, size_known, tail, sizeof(tail));
	/* gup_bench rounds up to whole huge pages, whatever their size */
	if (size_known && !(call.program == GUP_BENCH && call.hugetlb && call.bytes % GB))
		params->bytes = params->region_bytes = call.bytes;
	strcpy(params->window, params->bytes ? "region" : UNKNOWN);
	params->pages_per_call = call.nr_pages > 0 ? (uint64_t)call.nr_pages : 0;
	key_format(params, call.nr_pages, tail, key);
}

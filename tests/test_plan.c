// SPDX-License-Identifier: GPL-2.0-or-later
/* From a job file to cases, on an arm64-like machine with 4K base pages that exists only here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan/plan.h"

static unsigned int *nr_probes; /* in shared memory: probes run in children */

static int probe_works(const struct pinner *pinner, struct error *why)
{
	(void)pinner;
	(void)why;
	(*nr_probes)++;
	return 0;
}

static int probe_fails(const struct pinner *pinner, struct error *why)
{
	(*nr_probes)++;
	error_set(why, ENOENT, "%s is not in this kernel", pinner->name);
	return error_fix(why, "a kernel with CONFIG_X=y");
}

static int probe_crashes(const struct pinner *pinner, struct error *why)
{
	(void)pinner;
	(void)why;
	raise(SIGKILL);
	return 0;
}

static int probe_starves(const struct pinner *pinner, struct error *why)
{
	return error_errno(why, ENOMEM, "%s: a ring", pinner->name);
}

static const char *clock_of(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = 1;
	return metric == METRIC_CYCLE ? "test" : NULL;
}

static const struct pinner works = { .name = "test/works",
				     .access = ACCESS_READ | ACCESS_WRITE,
				     .probe = probe_works,
				     .clock = clock_of };
static const struct pinner fails = {
	.name = "test/fails", .access = ACCESS_READ, .probe = probe_fails, .clock = clock_of
};
static const struct pinner whole = { .name = "whole",
				     .access = ACCESS_WRITE,
				     .whole_only = true,
				     .probe = probe_works,
				     .clock = clock_of };
static const struct pinner crashes = {
	.name = "crashes", .access = ACCESS_READ, .probe = probe_crashes, .clock = clock_of
};
static const struct pinner starves = {
	.name = "starves", .access = ACCESS_READ, .probe = probe_starves, .clock = clock_of
};
static const struct pinner *const test_pinners[] = { &works,   &fails,   &whole,
						     &crashes, &starves, NULL };

static const struct state exclusive = { .name = "exclusive" };
static const struct state read_only = { .name = "exclusive-ro", .read_only = true };
static const struct state *const test_states[] = { &exclusive, &read_only, NULL };

extern const struct layout_kind layout_base_pages, layout_thp, layout_hugetlb;

static const struct offer offer = {
	.base_bytes = 4096,
	.layouts = {
		{ .name = "base", .kind = &layout_base_pages, .page_bytes = 4096 },
		{ .name = "thp-2M", .kind = &layout_thp, .page_bytes = 2 << 20 },
		{ .name = "hugetlb-64K", .kind = &layout_hugetlb, .page_bytes = 64 << 10 },
		{ .name = "hugetlb-2M", .kind = &layout_hugetlb, .page_bytes = 2 << 20 },
		{ .name = "hugetlb-1G", .kind = &layout_hugetlb, .page_bytes = 1 << 30 },
	},
	.nr_layouts = 5,
	.pinners = test_pinners,
	.states = test_states,
};

/* The plan of one block of a job file, given without its braces and with ' for ". */
static int build_on(struct plan *plan, const char *block, const struct offer *from,
		    struct error *err)
{
	char path[] = "/tmp/pinbench-test-plan.XXXXXX", *text;
	struct config config;
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_true(asprintf(&text, "{'cases': [{%s}]}", block) > 0);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	memset(err, 0, sizeof(*err));
	ret = config_load(&config, path, NULL, 0, err);
	unlink(path);
	free(text);
	assert_int_equal(ret, 0);
	*nr_probes = 0;
	ret = plan_build_from(plan, &config, from, err);
	config_free(&config);
	return ret;
}

static void build(struct plan *plan, const char *block)
{
	struct error err;

	if (build_on(plan, block, &offer, &err))
		fail_msg("%s: %s", block, err.text);
}

static void assert_keys(const char *block, const char *const *wanted)
{
	struct plan plan;
	size_t i;

	build(&plan, block);
	for (i = 0; i < plan.nr && wanted[i]; i++)
		assert_string_equal(plan.cases[i].key, wanted[i]);
	assert_int_equal(plan.nr, i);
	assert_null(wanted[i]);
	plan_free(&plan);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_keys(void **state)
{
	(void)state;
	assert_keys("'pinner': 'test/works', 'layout': 'hugetlb-64K', 'state': 'exclusive-ro', "
		    "'window': ['head', 'tail']",
		    KEYS("test/works,hugetlb-64K,exclusive-ro,read,head,n=1",
			 "test/works,hugetlb-64K,exclusive-ro,read,tail,n=1"));
	/* access left out: what pinner and state allow; larger batches than the window collapse */
	assert_keys("'pinner': 'test/works', 'window': 'page', 'layout': 'hugetlb-64K', "
		    "'pages_per_call': [1, 16, 123, 'all']",
		    KEYS("test/works,hugetlb-64K,exclusive,read,page,n=1",
			 "test/works,hugetlb-64K,exclusive,read,page,n=16",
			 "test/works,hugetlb-64K,exclusive,write,page,n=1",
			 "test/works,hugetlb-64K,exclusive,write,page,n=16"));
	assert_keys("'pinner': ['test/works', 'test/*'], 'access': 'read', 'window': '4096+65536'",
		    KEYS("test/works,base,exclusive,read,4K+64K,n=16",
			 "test/fails,base,exclusive,read,4K+64K,n=16"));
	/* the size stands in the key only where it is not the default one */
	assert_keys("'pinner': 'test/fails', 'size': '1M'",
		    KEYS("test/fails,base,exclusive,read,region,n=256,size=1M"));
	assert_keys("'pinner': 'test/fails', 'layout': ['hugetlb-1G', 'base']",
		    KEYS("test/fails,hugetlb-1G,exclusive,read,region,n=262144",
			 "test/fails,base,exclusive,read,region,n=512"));
	assert_keys("'pinner': 'test/fails', 'cpu': 1, 'node': 0, 'size': '4M'",
		    KEYS("test/fails,base,exclusive,read,region,n=1024,size=4M,cpu=1,node=0"));
	assert_keys("'pinner': 'test/fails', 'device': '0000:00:01.0'",
		    KEYS("test/fails,base,exclusive,read,region,n=512,device=0000:00:01.0"));
}

struct place {
	const char *window;
	size_t layout; /* in offer.layouts */
	uint64_t size;
	size_t offset, bytes, region_bytes;
};

static void test_windows(void **state)
{
	static const struct place places[] = {
		{ "head", 0, 2 << 20, 0, 4096, 2 << 20 },
		{ "page", 0, 2 << 20, 0, 4096, 2 << 20 },
		{ "tail", 0, 1, 4096, 4096, 8192 },
		{ "last", 0, 1, 0, 4096, 4096 },
		{ "straddle", 0, 1, 0, 8192, 8192 },
		{ "head", 2, 1, 0, 4096, 65536 },
		{ "tail", 2, 1, 4096, 4096, 65536 },
		{ "last", 2, 1, 61440, 4096, 65536 },
		{ "page", 2, 1, 0, 65536, 65536 },
		{ "straddle", 2, 1, 61440, 8192, 131072 },
		{ "straddle", 3, 2 << 20, (2 << 20) - 4096, 8192, 4 << 20 },
		{ "region", 2, 65537, 0, 131072, 131072 },
		{ "region", 4, 2 << 20, 0, 1 << 30, 1 << 30 },
		{ "64K+4K", 2, 1, 65536, 4096, 131072 },
		{ "0+2M", 4, 1, 0, 2 << 20, 1 << 30 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct window_place place;

		assert_int_equal(window_place(&place, places[i].window,
					      &offer.layouts[places[i].layout], 4096,
					      places[i].size, NULL),
				 0);
		assert_int_equal(place.offset, places[i].offset);
		assert_int_equal(place.bytes, places[i].bytes);
		assert_int_equal(place.region_bytes, places[i].region_bytes);
	}
}

static void test_skips(void **state)
{
	struct plan plan;
	struct error why = { 0 };

	(void)state;
	build(&plan, "'pinner': 'test/works', 'state': ['exclusive', 'exclusive-ro'], 'access': "
		     "['read', 'write']");
	assert_int_equal(plan.nr, 4);
	assert_int_equal(plan.nr_skipped, 1);
	assert_string_equal(plan.cases[3].key, "test/works,base,exclusive-ro,write,region,n=512");
	assert_non_null(strstr(plan.cases[3].skip_why, "read-only"));
	plan_free(&plan);

	build(&plan, "'pinner': 'test/fails', 'access': 'write'");
	assert_non_null(strstr(plan.cases[0].skip_why, "cannot pin for write"));
	assert_int_equal(*nr_probes, 0);
	plan_free(&plan);

	build(&plan,
	      "'pinner': 'test/fails', 'layout': ['base', 'thp-*'], 'window': ['head', 'tail']");
	assert_int_equal(plan.nr, 4);
	assert_int_equal(plan.nr_skipped, 4);
	assert_int_equal(*nr_probes, 1);
	assert_string_equal(plan.cases[3].skip_why, "test/fails is not in this kernel");
	assert_string_equal(plan.cases[3].skip_fix, "a kernel with CONFIG_X=y");
	plan_free(&plan);

	build(&plan, "'pinner': 'crashes'");
	assert_non_null(strstr(plan.cases[0].skip_why, "ended by Killed"));
	assert_true(plan.cases[0].broken);
	assert_int_equal(plan.nr_skipped, 0);
	assert_int_equal(plan.nr_broken, 1);
	assert_int_equal(plan_broken(&plan, &why), -EIO);
	assert_non_null(strstr(why.text, "ended by Killed"));
	plan_free(&plan);

	/* a lack of memory says nothing about what the kernel can do */
	build(&plan, "'pinner': ['starves', 'test/fails'], 'window': ['head', 'tail']");
	assert_int_equal(plan.nr, 4);
	assert_int_equal(plan.nr_skipped, 2);
	assert_int_equal(plan.nr_broken, 2);
	assert_string_equal(plan.cases[0].skip_why, "starves: a ring: Cannot allocate memory");
	assert_true(plan.cases[0].broken && plan.cases[1].broken);
	assert_false(plan.cases[2].broken || plan.cases[3].broken);
	plan_free(&plan);

	build(&plan, "'pinner': 'whole', 'pages_per_call': [1, 'all']");
	assert_int_equal(plan.nr, 2);
	assert_non_null(strstr(plan.cases[0].skip_why, "whole window in one request"));
	assert_string_equal(plan.cases[1].skip_why, "");
	assert_int_equal(plan_broken(&plan, &why), 0);
	plan_free(&plan);
}

static void test_layouts_not_offered(void **state)
{
	struct offer small = offer;
	struct plan plan;
	struct error err;

	(void)state;
	build(&plan, "'pinner': 'test/works', 'layout': ['hugetlb-32768K', 'hugetlb-2048k'], "
		     "'access': 'read', 'window': 'tail'");
	assert_int_equal(plan.nr, 2);
	assert_int_equal(plan.nr_skipped, 1);
	assert_string_equal(plan.cases[0].key, "test/works,hugetlb-32M,exclusive,read,tail,n=1");
	assert_string_equal(plan.cases[0].skip_why, "this kernel has no hugetlb-32M; it offers "
						    "hugetlb-64K, hugetlb-2M, hugetlb-1G");
	assert_string_equal(plan.cases[1].key, "test/works,hugetlb-2M,exclusive,read,tail,n=1");
	plan_free(&plan);

	small.nr_layouts = 1; /* base alone: a pattern that matches nothing is still a case */
	assert_int_equal(build_on(&plan,
				  "'pinner': 'test/works', 'layout': 'hugetlb-*', 'access': 'read'",
				  &small, &err),
			 0);
	assert_int_equal(plan.nr, 1);
	assert_non_null(strstr(plan.cases[0].skip_why, "this kernel offers no hugetlb pages"));
	assert_string_equal(plan.cases[0].skip_fix, "a kernel with CONFIG_HUGETLBFS=y");
	plan_free(&plan);
}

static void test_bad(void **state)
{
	static const struct {
		const char *block;
		int code;
		const char *says;
	} bad[] = {
		{ "'pinner': 'test/work'", EINVAL,
		  "cases[0].pinner: no pinner \"test/work\"; did you mean \"test/works\"?" },
		{ "'pinner': 'nothing*'", EINVAL, "no pinner \"nothing*\"" },
		{ "'pinner': '*', 'layout': 'bass'", EINVAL,
		  "no layout \"bass\"; did you mean \"base\"?" },
		{ "'pinner': '*', 'layout': 'hugetlb-64Q'", EINVAL,
		  "did you mean \"hugetlb-64K\"?" },
		{ "'pinner': '*', 'layout': 'thp-3M'", EINVAL,
		  "no layout \"thp-3M\"; did you mean \"thp-2M\"?" },
		{ "'pinner': '*', 'layout': 'hugetlb-4K'", EINVAL, "no layout \"hugetlb-4K\"" },
		{ "'pinner': '*', 'state': 'exlusive'", EINVAL,
		  "no state \"exlusive\"; did you mean \"exclusive\"?" },
		{ "'pinner': '*', 'access': 'raed'", EINVAL,
		  "no access \"raed\"; did you mean \"read\"?" },
		{ "'pinner': '*', 'window': 'tial'", EINVAL,
		  "cases[0].window: no window \"tial\"; did you mean \"tail\"?" },
		{ "'pinner': '*', 'window': '1K+4K'", EINVAL,
		  "window 1K+4K does not lie on base pages" },
		{ "'pinner': '*', 'window': '4K+0'", EINVAL, "window 4K+0 has no length" },
		{ "'pinner': '*', 'window': '4K+x'", EINVAL, "\"x\" is not a size" },
		{ "'pinner': '*', 'window': '+4K'", EINVAL, "\"\" is not a size" },
		{ "'pinner': '*', 'window': '1T+4K'", ERANGE, "ends beyond 1T" },
		{ "'pinner': '*', 'window': '16777215T+16777215T'", ERANGE, "ends beyond 1T" },
	};
	struct plan plan;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(build_on(&plan, bad[i].block, &offer, &err), -bad[i].code);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].block, err.text,
				 bad[i].says);
		assert_null(plan.cases);
	}
}

/* 256 values in two lists, times two accesses: 131072 cases. */
static void test_too_many(void **state)
{
	char *block = malloc(65536);
	struct plan plan;
	struct error err;
	size_t used;

	(void)state;
	used = (size_t)sprintf(block, "'pinner': 'test/works', 'window': ['0+4K'");
	for (unsigned int i = 1; i < CONFIG_MAX_LIST; i++)
		used += (size_t)sprintf(block + used, ",'%uK+2M'", 4 * i);
	used += (size_t)sprintf(block + used, "], 'pages_per_call': [1");
	for (unsigned int i = 2; i <= CONFIG_MAX_LIST; i++)
		used += (size_t)sprintf(block + used, ",%u", i);
	sprintf(block + used, "]");
	assert_int_equal(build_on(&plan, block, &offer, &err), -E2BIG);
	assert_non_null(strstr(err.text, "more than 100000 cases"));
	assert_null(plan.cases);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),  cmocka_unit_test(test_windows),
		cmocka_unit_test(test_skips), cmocka_unit_test(test_layouts_not_offered),
		cmocka_unit_test(test_bad),   cmocka_unit_test(test_too_many),
	};

	nr_probes = mmap(NULL, sizeof(*nr_probes), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (nr_probes == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

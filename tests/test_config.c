// SPDX-License-Identifier: GPL-2.0-or-later
/* Job files: what is accepted, and the sentence for each thing that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/config.h"

/* A job file with @text, in a place of its own; the caller unlinks and frees it. */
static char *file_make(const char *text, size_t bytes)
{
	char *path = strdup("/tmp/pinbench-test-config.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	close(fd);
	return path;
}

static int load_bytes(struct config *config, const char *text, size_t bytes, const char *override,
		      struct error *err)
{
	char *path = file_make(text, bytes);
	int ret = config_load(config, path, &override, override ? 1 : 0, err);

	unlink(path);
	free(path);
	return ret;
}

static int load(struct config *config, const char *text, const char *override, struct error *err)
{
	memset(err, 0, sizeof(*err));
	return load_bytes(config, text, strlen(text), override, err);
}

#define ONE "{\"cases\": [{\"pinner\": \"null\"}]}"

static void test_initial_values(void **state)
{
	struct config config;
	struct error err;

	(void)state;
	assert_int_equal(load(&config, ONE, NULL, &err), 0);
	assert_int_equal(config.nr_jobs, 1);
	assert_null(config.about);
	assert_string_equal(config.jobs[0].pinner.words[0], "null");
	assert_string_equal(config.jobs[0].layout.words[0], "base");
	assert_string_equal(config.jobs[0].state.words[0], "exclusive");
	assert_string_equal(config.jobs[0].window.words[0], "region");
	assert_int_equal(config.jobs[0].access.nr, 0);
	assert_int_equal(config.jobs[0].nr_pages_per_call, 1);
	assert_true(config.jobs[0].pages_per_call[0] == PAGES_PER_CALL_ALL);
	assert_int_equal(config.jobs[0].size, 2 << 20);
	assert_int_equal(config.jobs[0].samples, 30);
	assert_int_equal(config.jobs[0].warmup, 3);
	assert_int_equal(config.jobs[0].runs, 1);
	assert_int_equal(config.jobs[0].timeout_s, 60);
	assert_int_equal(config.jobs[0].cpu, -1);
	assert_int_equal(config.jobs[0].node, -1);
	config_free(&config);
}

static void test_precedence(void **state)
{
	static const char text[] = "{\"about\": \"x\", \"defaults\": {\"samples\": 7, \"warmup\": "
				   "1, \"pinner\": \"null\"},"
				   " \"cases\": [{\"samples\": 9, \"pages_per_call\": [1, 16, "
				   "\"all\"], \"comment\": {}}, {\"cpu\": 1}]}";
	struct config config;
	struct error err;

	(void)state;
	assert_int_equal(load(&config, text, NULL, &err), 0);
	assert_string_equal(config.about, "x");
	assert_int_equal(config.nr_jobs, 2);
	assert_int_equal(config.jobs[0].samples, 9);
	assert_int_equal(config.jobs[1].samples, 7);
	assert_int_equal(config.jobs[0].warmup, 1);
	assert_int_equal(config.jobs[0].nr_pages_per_call, 3);
	assert_int_equal(config.jobs[0].pages_per_call[1], 16);
	assert_int_equal(config.jobs[1].cpu, 1);
	config_free(&config);
	assert_int_equal(load(&config, text, "samples=3", &err), 0);
	assert_int_equal(config.jobs[0].samples, 3);
	assert_int_equal(config.jobs[1].samples, 3);
	config_free(&config);
	assert_int_equal(load(&config, text, "window=4K+64K,head", &err), 0);
	assert_int_equal(config.jobs[1].window.nr, 2);
	assert_string_equal(config.jobs[1].window.words[0], "4K+64K");
	config_free(&config);
}

/* What the program writes as the effective job must mean the same when it is read again. */
static void test_text_replays(void **state)
{
	static const char text[] = "{\"about\": \"x\", \"cases\": [{\"pinner\": [\"null\", "
				   "\"gup-*\"], \"pages_per_call\": [1, \"all\"],"
				   " \"size\": \"4097\", \"access\": \"read\", \"node\": 0}]}";
	struct config config, again;
	struct error err;
	char *first, *second;

	(void)state;
	assert_int_equal(load(&config, text, "warmup=0", &err), 0);
	first = config_text(&config);
	assert_non_null(first);
	assert_int_equal(load(&again, first, NULL, &err), 0);
	second = config_text(&again);
	assert_string_equal(first, second);
	assert_int_equal(again.jobs[0].size, 4097);
	assert_int_equal(again.jobs[0].warmup, 0);
	assert_int_equal(again.jobs[0].node, 0);
	free(first);
	free(second);
	config_free(&config);
	config_free(&again);
}

struct bad {
	const char *text, *override;
	int code;
	const char *says; /* a part of the sentence */
};

static const struct bad bad[] = {
	{ "", NULL, EINVAL, ":1:0: " },
	{ "{", NULL, EINVAL, ":1:1: " },
	{ "{\"cases\": [{}], \"cases\": []}", NULL, EINVAL, "duplicate object key" },
	{ "[]", NULL, EINVAL, "an object {\"cases\": [...]} is wanted" },
	{ "{}", NULL, EINVAL, "cases: a list of one or more" },
	{ "{\"cases\": []}", NULL, EINVAL, "cases: a list of one or more" },
	{ "{\"case\": []}", NULL, EINVAL, "unknown key \"case\"; did you mean \"cases\"?" },
	{ "{\"about\": 1, \"cases\": [{}]}", NULL, EINVAL, "about: text is wanted" },
	{ "{\"cases\": [1]}", NULL, EINVAL, "cases[0]: an object {...} is wanted" },
	{ "{\"cases\": [{}]}", NULL, EINVAL, "cases[0]: no pinner is named" },
	{ "{\"cases\": [{\"sampels\": 1}]}", NULL, EINVAL,
	  "cases[0]: unknown key \"sampels\"; did you mean \"samples\"?" },
	{ "{\"defaults\": {\"widow\": 1}, \"cases\": [{}]}", NULL, EINVAL,
	  "defaults: unknown key \"widow\"; did you mean" },
	{ "{\"cases\": [{\"samples\": 0}]}", NULL, ERANGE,
	  "cases[0].samples: 0 is out of range: 1 to 1000000" },
	{ "{\"cases\": [{\"samples\": -1}]}", NULL, EINVAL,
	  "cases[0].samples: \"-1\" is not a whole number" },
	{ "{\"cases\": [{\"samples\": 1.5}]}", NULL, EINVAL,
	  "cases[0].samples: text or a whole number is wanted" },
	{ "{\"cases\": [{\"samples\": [1, 2]}]}", NULL, EINVAL,
	  "cases[0].samples: one value, not 2" },
	{ "{\"cases\": [{\"layout\": []}]}", NULL, EINVAL, "cases[0].layout: no value" },
	{ "{\"cases\": [{\"layout\": \"\"}]}", NULL, EINVAL, "cases[0].layout: an empty value" },
	{ "{\"cases\": [{\"layout\": null}]}", NULL, EINVAL,
	  "cases[0].layout: text or a whole number" },
	{ "{\"cases\": [{\"size\": \"2Q\"}]}", NULL, EINVAL,
	  "cases[0].size: \"2Q\" is not a size" },
	{ "{\"cases\": [{\"size\": \"2T\"}]}", NULL, ERANGE, "cases[0].size: 2T is out of range" },
	{ "{\"cases\": [{\"pages_per_call\": 0}]}", NULL, ERANGE,
	  "pages_per_call: 0 is out of range" },
	{ "{\"cases\": [{\"pages_per_call\": \"al\"}]}", NULL, EINVAL,
	  "\"al\" is not a whole number or \"all\"" },
	{ "{\"cases\": [{\"pages_per_call\": 99999999999999999999}]}", NULL, EINVAL, "too big" },
	{ ONE, "samples", EINVAL, "-p samples: key=value[,value] is wanted" },
	{ ONE, "=1", EINVAL, "key=value[,value] is wanted" },
	{ ONE, "samples=", EINVAL, "-p.samples: an empty value" },
	{ ONE, "sample=1", EINVAL, "-p: unknown key \"sample\"; did you mean \"samples\"?" },
	{ ONE, "samples=99999999999999999999", ERANGE,
	  "-p.samples: 99999999999999999999 is out of range" },
	{ ONE, "layout=a,,b", EINVAL, "an empty value" },
};

static void test_bad(void **state)
{
	struct config config;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(&config, bad[i].text, bad[i].override, &err), -bad[i].code);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, err.text,
				 bad[i].says);
	}
}

static void test_limits(void **state)
{
	char *text = malloc(CONFIG_MAX_BYTES + 2);
	struct config config;
	struct error err;
	size_t used;

	(void)state;
	memset(text, ' ', CONFIG_MAX_BYTES + 2);
	memcpy(text, ONE, strlen(ONE));
	assert_int_equal(load_bytes(&config, text, CONFIG_MAX_BYTES, NULL, &err), 0);
	config_free(&config);
	assert_int_equal(load_bytes(&config, text, CONFIG_MAX_BYTES + 1, NULL, &err), -E2BIG);

	used = (size_t)sprintf(text, "{\"cases\": [{\"layout\": [\"a\"");
	for (size_t i = 0; i < CONFIG_MAX_LIST; i++)
		used += (size_t)sprintf(text + used, ",\"a\"");
	used += (size_t)sprintf(text + used, "]}]}");
	assert_int_equal(load_bytes(&config, text, used, NULL, &err), -E2BIG);
	assert_non_null(strstr(err.text, "cases[0].layout: more than 256 values"));

	used = (size_t)sprintf(text, "{\"cases\": [{}");
	for (size_t i = 0; i < CONFIG_MAX_JOBS; i++)
		used += (size_t)sprintf(text + used, ",{}");
	used += (size_t)sprintf(text + used, "]}");
	assert_int_equal(load_bytes(&config, text, used, NULL, &err), -E2BIG);
	assert_non_null(strstr(err.text, "cases: more than 1000 objects"));

	/* a NUL byte must not hide what follows it */
	assert_int_equal(load_bytes(&config, ONE "\0", sizeof(ONE), NULL, &err), -EINVAL);
	assert_int_equal(config_load(&config, "/tmp/no/such/file.json", NULL, 0, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/tmp/no/such/file.json: No such file"));
	assert_int_equal(config_load(&config, "/tmp", NULL, 0, &err), -EISDIR);
	free(text);
}

static void test_built_in(void **state)
{
	struct config config;
	struct error err;

	(void)state;
	assert_int_equal(config_load(&config, NULL, NULL, 0, &err), 0);
	assert_string_equal(config.path, "quick");
	assert_non_null(config.about);
	config_free(&config);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		const char *back;
	} good[] = {
		{ "0", 0, "0" },
		{ "1", 1, "1" },
		{ "4096", 4096, "4K" },
		{ "4K", 4096, "4K" },
		{ "64k", 65536, "64K" },
		{ "2M", 2 << 20, "2M" },
		{ "1024M", 1ull << 30, "1G" },
		{ "1T", 1ull << 40, "1T" },
		{ "4097", 4097, "4097" },
		{ "18446744073709551615", UINT64_MAX, "18446744073709551615" },
		{ "2048T", 1ull << 51, "2048T" },
	};
	static const char *const wrong[] = { "",    "K",    "-1",   "+1",   " 1", "1 ",
					     "1KB", "1KiB", "1.5M", "0x10", "2Q", "4K4" };
	struct error err;
	uint64_t bytes;
	char text[24];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(size_parse(good[i].text, &bytes, &err), 0);
		assert_true(bytes == good[i].bytes);
		size_format(bytes, text, sizeof(text));
		assert_string_equal(text, good[i].back);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(size_parse(wrong[i], &bytes, &err), -EINVAL);
	assert_int_equal(size_parse("18446744073709551616", &bytes, &err), -ERANGE);
	assert_int_equal(size_parse("16777216T", &bytes, &err), -ERANGE);
	assert_int_equal(size_parse("16777215T", &bytes, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial_values), cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_text_replays),   cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),         cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

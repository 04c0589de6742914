// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that cannot be had ends the process with words and MEMORY_EXIT, whoever asked: this
 * program, libc or a library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"

#define ROOM (16ul << 20) /* of a starved process, beyond what it has */

static volatile size_t huge = PTRDIFF_MAX /
			      2; /* volatile: the compiler knows better than to ask for that */
static void *volatile kept;

static void ask_malloc(void)
{
	kept = malloc(huge);
}

static void ask_calloc(void)
{
	kept = calloc(huge, huge); /* overflows */
}

static void ask_realloc(void)
{
	kept = realloc(malloc(1), huge);
}

static void ask_reallocarray(void)
{
	kept = reallocarray(NULL, huge, huge);
}

static void ask_aligned(void)
{
	kept = aligned_alloc(4096, huge / 4096 * 4096);
}

static void ask_posix(void)
{
	void *slot;

	kept = posix_memalign(&slot, 4096, huge) ? NULL : slot;
}

/* What libraries ask for, in a process that may not grow. */
static void starve(void)
{
	struct rlimit limit = { ROOM, ROOM };
	char *line = NULL;
	size_t size = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (getline(&line, &size, statm) > 0)
		limit.rlim_cur = limit.rlim_max = ROOM + strtoul(line, NULL, 10) *
								 (size_t)sysconf(_SC_PAGESIZE);
	setrlimit(RLIMIT_AS, &limit);
}

static void ask_strdup(void)
{
	char *text = malloc(ROOM / 4);

	memset(text, 'x', ROOM / 4 - 1);
	text[ROOM / 4 - 1] = '\0';
	starve();
	for (int i = 0; i < 8; i++)
		kept = strdup(text);
}

static void ask_memstream(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	starve();
	for (size_t i = 0; i < ROOM; i++)
		fputc('x', out);
	fflush(out);
}

static void ask_printf(void)
{
	char *text;

	starve();
	kept = asprintf(&text, "%*d", (int)ROOM, 1) < 0 ? NULL : text;
}

static void ask_jansson(void)
{
	json_t *list = json_array();

	starve();
	for (size_t i = 0; i < ROOM / 8; i++)
		json_array_append_new(list, json_string("gup-test/pin-fast"));
	kept = json_dumps(list, 0);
}

static void test_ends(void **state)
{
	static const struct {
		const char *name;
		void (*ask)(void);
	} asks[] = {
		{ "malloc", ask_malloc },         { "calloc", ask_calloc },
		{ "realloc", ask_realloc },       { "reallocarray", ask_reallocarray },
		{ "aligned_alloc", ask_aligned }, { "posix_memalign", ask_posix },
		{ "strdup", ask_strdup },         { "open_memstream", ask_memstream },
		{ "asprintf", ask_printf },       { "jansson", ask_jansson },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		char words[64] = "";
		int ends[2], status;
		ssize_t got;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		fflush(NULL);
		child = fork();
		if (child == 0) {
			dup2(ends[1], STDERR_FILENO);
			asks[i].ask();
			_exit(0); /* it was had */
		}
		close(ends[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		got = read(ends[0], words, sizeof(words) - 1);
		close(ends[0]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != MEMORY_EXIT)
			fail_msg("%s: status %x", asks[i].name, status);
		assert_true(got > 0);
		assert_string_equal(words, "pinbench: out of memory\n");
	}
}

static int trial(const void *context, struct error *why)
{
	(void)context;
	(void)why;
	if (!freopen("/dev/null", "w", stderr)) /* its last words are tested above */
		return -errno;
	ask_malloc();
	return 0;
}

static void test_probe(void **state)
{
	struct error why = { 0 };

	(void)state;
	assert_int_equal(probe_run_within(5000, trial, NULL, &why), -ENOMEM);
	assert_non_null(strstr(why.text, "ran out of memory"));
}

/* What is not a lack of memory stays as the C library has it. */
static void test_rest(void **state)
{
	void *slot = NULL;

	(void)state;
	assert_int_equal(posix_memalign(&slot, 3, 8), EINVAL);
	assert_int_equal(posix_memalign(&slot, 64, 8), 0);
	assert_int_equal((uintptr_t)slot % 64, 0);
	slot = realloc(slot, 100);
	assert_non_null(slot);
	assert_null(realloc(slot, 0)); /* freed, says glibc */
	slot = reallocarray(NULL, 3, 5);
	assert_non_null(slot);
	free(slot);
	free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_rest),
	};

#ifdef __SANITIZE_ADDRESS__
	puts("ok - memory # SKIP a sanitizer brings its own allocator");
	return 0;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}

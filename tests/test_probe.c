// SPDX-License-Identifier: GPL-2.0-or-later
/* Trials in a child: what they answer, and what becomes of those that hang or crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

static int changed;

static int answer(const void *context, struct error *why)
{
	changed = 1;
	if (!context)
		return 0;
	error_set(why, ENOTSUP, "not here: %s", (const char *)context);
	return error_fix(why, "elsewhere");
}

static int hang(const void *context, struct error *why)
{
	(void)context;
	(void)why;
	signal(SIGTERM, SIG_IGN);
	while (1)
		pause();
	return 0;
}

static int crash(const void *context, struct error *why)
{
	struct rlimit none = { 0, 0 };

	(void)why;
	setrlimit(RLIMIT_CORE, &none);
	signal(*(const int *)context, SIG_DFL); /* sanitizers catch some */
	raise(*(const int *)context);
	return 0;
}

static int leave(const void *context, struct error *why)
{
	(void)context;
	(void)why;
	_exit(0);
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_answers(void **state)
{
	struct error why = { 0 };

	(void)state;
	assert_int_equal(probe_run_within(5000, answer, NULL, &why), 0);
	assert_int_equal(probe_run_within(5000, answer, "on the moon", &why), -ENOTSUP);
	assert_int_equal(why.code, ENOTSUP);
	assert_string_equal(why.text, "not here: on the moon");
	assert_string_equal(why.fix, "elsewhere");
	/* it ran, and not in this process */
	assert_int_equal(changed, 0);
	assert_no_child();
}

static void test_hang(void **state)
{
	struct error why = { 0 };

	(void)state;
	assert_int_equal(probe_run_within(100, hang, NULL, &why), -ETIMEDOUT);
	assert_non_null(strstr(why.text, "100 ms"));
	assert_no_child();
}

static void test_crash(void **state)
{
	static const int signals[] = { SIGSEGV, SIGKILL, SIGBUS };
	struct error why = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		assert_int_equal(probe_run_within(5000, crash, &signals[i], &why), -EFAULT);
		assert_non_null(strstr(why.text, strsignal(signals[i])));
		assert_no_child();
	}
	assert_int_equal(probe_run_within(5000, leave, NULL, &why), -EFAULT);
	assert_no_child();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

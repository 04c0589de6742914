// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of named facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/fact.h"

static void test_kinds(void **state)
{
	struct fact_list list = { 0 };

	(void)state;
	fact_number(&list, -5, "a.%s.%d", "b", 1);
	fact_bool(&list, true, "yes");
	fact_text(&list, "words", "text");
	assert_int_equal(list.nr, 3);
	assert_int_equal(fact_find(&list, "a.b.1")->kind, FACT_NUMBER);
	assert_int_equal(fact_find(&list, "a.b.1")->number, -5);
	assert_int_equal(fact_find(&list, "yes")->kind, FACT_BOOL);
	assert_int_equal(fact_find(&list, "yes")->number, 1);
	assert_string_equal(fact_find(&list, "text")->text, "words");
	assert_null(fact_find(&list, "tex"));
	fact_list_free(&list);
	assert_int_equal(list.nr, 0);
	assert_null(list.items);
}

static void test_replace_keeps_the_place(void **state)
{
	struct fact_list list = { 0 };

	(void)state;
	fact_text(&list, "old", "first");
	fact_number(&list, 2, "second");
	fact_number(&list, 1, "first");
	assert_int_equal(list.nr, 2);
	assert_string_equal(list.items[0].name, "first");
	assert_int_equal(list.items[0].kind, FACT_NUMBER);
	assert_null(list.items[0].text);
	fact_list_free(&list);
}

static void test_many(void **state)
{
	struct fact_list list = { 0 };
	char name[24];

	(void)state;
	for (int i = 0; i < 1000; i++)
		fact_number(&list, i, "n%d", i);
	assert_int_equal(list.nr, 1000);
	for (int i = 0; i < 1000; i += 37) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(fact_find(&list, name)->number, i);
		assert_string_equal(list.items[i].name, name);
	}
	fact_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_replace_keeps_the_place),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

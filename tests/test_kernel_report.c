// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says of a bug of its own: the lines are those of Linux 6.1 for arm64 with
 * CONFIG_DEBUG_VM_PGFLAGS (docs/lab.md), and of x86_64's show_regs() and show_trace_log_lvl(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "host/kernel.h"

static void read_lines(struct kernel_report *report, const char *const *lines)
{
	*report = (struct kernel_report){ 0 };
	for (; *lines; lines++)
		kernel_report_add(report, *lines);
}

static void test_arm64(void **state)
{
	static const char *const lines[] = {
		"gup_test: a line of somebody else",
		"page:00000000d1f0a0b1 refcount:1 mapcount:0 mapping:0000 index:0x1 pfn:0x4a801",
		"head:00000000c5b9c7a2 order:4 compound_mapcount:1 compound_pincount:1",
		"anon flags: 0x3fffc0000010009(locked|uptodate|head|node=0|zone=0)",
		"raw: 03fffc0000000000 fffffc0000000000",
		"page dumped because: VM_BUG_ON_PAGE(PageHuge(page) && !PageHead(page))",
		"------------[ cut here ]------------",
		"kernel BUG at include/linux/page-flags.h:1027!",
		"Internal error: Oops - BUG: 00000000f2000800 [#1] SMP",
		"CPU: 0 PID: 61 Comm: pinbench Not tainted 6.1.192 #1",
		"pc : gup_must_unshare.part.0+0x64/0x68",
		"lr : gup_must_unshare.part.0+0x64/0x68",
		"sp : ffff80000a3bba50",
		"Call trace:",
		" gup_must_unshare.part.0+0x64/0x68",
		" internal_get_user_pages_fast+0x5c8/0xa2c",
		" pin_user_pages_fast+0x58/0x74",
		"Code: d4210000 aa0003f3",
		" not_an_entry+0x1/0x2",
		"WARNING: CPU: 0 PID: 0 at kernel/context_tracking.c:128 ct_kernel_exit+0x8c/0x94",
		"pc : ct_kernel_exit+0x8c/0x94",
		"Call trace:",
		" ct_kernel_exit+0x8c/0x94",
		"kernel BUG at mm/gup.c:1!",
		NULL,
	};
	struct kernel_report report;

	(void)state;
	read_lines(&report, lines);
	assert_string_equal(report.bug, "kernel BUG at include/linux/page-flags.h:1027");
	assert_string_equal(report.trace, "gup_must_unshare.part.0+0x64/0x68 < "
					  "internal_get_user_pages_fast+0x5c8/0xa2c < "
					  "pin_user_pages_fast+0x58/0x74");
	assert_ptr_equal(strstr(report.page, "page:00000000d1f0a0b1"), report.page);
	assert_non_null(strstr(report.page, "page dumped because: VM_BUG_ON_PAGE(PageHuge(page) "
					    "&& !PageHead(page))"));
}

static void test_x86(void **state)
{
	static const char *const lines[] = {
		"kernel BUG at mm/gup.c:77!",
		"Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
		"RIP: 0010:try_grab_folio+0x1b/0x90",
		"Code: 90 90 0f 1f 44",
		"Call Trace:",
		" <TASK>",
		" ? die+0x32/0x80",
		" gup_fast_fallback+0x4d/0x1100",
		"RIP: 0033:0x7f01",
		NULL,
	};
	struct kernel_report report;

	(void)state;
	read_lines(&report, lines);
	assert_string_equal(report.bug, "kernel BUG at mm/gup.c:77");
	assert_string_equal(report.page, "");
	assert_string_equal(report.trace,
			    "try_grab_folio+0x1b/0x90 < gup_fast_fallback+0x4d/0x1100");
}

/* A warning is no bug, however long its trace; a text that is too long is cut between pieces. */
static void test_others(void **state)
{
	static const char *const warning[] = { "WARNING: CPU: 0 PID: 1 at mm/gup.c:70 f+0x1/0x2",
					       "Call trace:", " f+0x1/0x2", NULL };
	struct kernel_report report;

	(void)state;
	read_lines(&report, warning);
	assert_string_equal(report.bug, "");
	assert_string_equal(report.trace, "");
	kernel_report_add(&report, "kernel BUG at \033[31mmm/x.c:1!");
	assert_null(strchr(report.bug, '\033'));
	kernel_report_add(&report, "Call trace:");
	for (int i = 0; i < 100; i++)
		kernel_report_add(&report, i % 2 ? " first_function+0x10/0x20"
						 : " second_function+0x10/0x20");
	assert_true(strlen(report.trace) < sizeof(report.trace));
	assert_string_equal(report.trace + strlen(report.trace) - strlen("+0x10/0x20"),
			    "+0x10/0x20");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_x86),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Logs of gup_test, made by hand from the format strings of the kernels named at each
 * (tools/testing/selftests/vm and mm: gup_benchmark.c, gup_test.c, run_vmtests;
 * tools/mm/gup_bench.c). The expected figures are those written into the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fact.h"
#include "import/gup_test.h"
#include "verdict/verdict.h"

static char title[100];

static void import(struct results *results, const char *section, const char *text)
{
	struct error err = { 0 };

	if (import_gup_test(results, text, strlen(text), "x.log", section, title, &err))
		fail_msg("%s", err.text);
	assert_string_equal(results->imported, "gup_test log");
}

/* Refused with @code and words of the sentence. */
static void import_fails(int code, const char *words, const char *section, const char *text)
{
	struct results results;
	struct error err = { 0 };

	assert_int_equal(-code, import_gup_test(&results, text, strlen(text), "x.log", section,
						title, &err));
	assert_int_equal(results.nr, 0);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static const struct result *find(const struct results *results, const char *key)
{
	const struct result *result = results_find(results, key);

	if (!result) {
		for (size_t i = 0; i < results->nr; i++)
			print_message("there is %s\n", results->items[i].key);
		fail_msg("no %s", key);
	}
	return result;
}

/* The samples of all runs as "get/put get/put | get/put", in us. */
static void check_runs(const struct result *result, const char *expected)
{
	char text[1000] = "";

	assert_int_equal(result->status, STATUS_DONE);
	for (size_t i = 0; i < result->nr_runs; i++) {
		const struct run *run = &result->runs[i];

		assert_string_equal(run->clock[METRIC_PIN], "gup-test-us");
		assert_int_equal(run->quantum[METRIC_PIN], 1000);
		for (size_t j = 0; j < run->nr_samples; j++) {
			const struct sample *sample = &run->samples[j];
			char put[24] = "-";

			assert_int_equal(sample->ticks[METRIC_PIN] % 1000, 0);
			if (sample->have >> METRIC_UNPIN & 1)
				snprintf(put, sizeof(put), "%d",
					 (int)(sample->ticks[METRIC_UNPIN] / 1000));
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d/%s",
				 j   ? " "
				 : i ? " | "
				     : "",
				 (int)(sample->ticks[METRIC_PIN] / 1000), put);
		}
	}
	assert_string_equal(text, expected);
}

/* Checks one case of a log that has one section, and forgets it. */
static void check_one(const char *text, const char *key, const char *runs)
{
	struct results results;

	import(&results, NULL, text);
	check_runs(find(&results, key), runs);
	results_free(&results);
}

static void check_failed(const char *text, const char *key, enum status status, const char *why)
{
	struct results results;
	const struct result *result;

	import(&results, NULL, text);
	result = find(&results, key);
	assert_int_equal(result->status, status);
	assert_int_equal(result->nr_runs, 0);
	assert_string_equal(result->why, why);
	results_free(&results);
}

static void test_4_15(void **state)
{
	(void)state;
	/* the pin alone was timed; the line counts only where gup_benchmark was called, as other
	 * programs print it too */
	check_one("# ./gup_benchmark -n 512\nTime: 5031 us\n",
		  "gup-test/gup-fast,unknown,exclusive,read,region,n=512,size=128M", "5031/-");
	import_fails(ENODATA, "no figures of gup_test", NULL,
		     "# ./gup-something -n 512\nTime: 5031 us\n");
	check_failed("# ./gup_benchmark -n 512\nTime: 5031 us, truncated (size: 4096)\n",
		     "gup-test/gup-fast,unknown,exclusive,read,region,n=512,size=128M",
		     STATUS_FAILED, "line 2: the pin ended after 4096 bytes");
}

static void test_4_20(void **state)
{
	(void)state;
	/* 4.20 to 5.10; the header as run_vmtests of 5.6 prints it */
	check_one("--------------------------------------------\n"
		  "running 'gup_benchmark -U' (normal/slow gup)\n"
		  "--------------------------------------------\n"
		  "Time: get:112 put:34 us\n[PASS]\n"
		  "------------------------------------------\n"
		  "running gup_benchmark -b (pin_user_pages)\n"
		  "------------------------------------------\n"
		  "Time: get:113 put:35 us\n[PASS]\n",
		  "gup-test/pin-basic,unknown,exclusive,read,region,n=1,size=128M", "113/35");
	/* what -L called changed with 5.6, and the line does not say */
	check_one("# ./gup_benchmark -L -T -w -m 16 -n 512 -r 2\nTime: get:12 put:3 us\nTime: "
		  "get:13 put:4 us\n",
		  "gup-test/longterm,base,exclusive,write,region,n=512,size=16M", "12/3 13/4");
	/* no command line: nothing but the times is known, and not whether two of them are of one
	 * case */
	check_one("Time: get:12 put:3 us\n",
		  "gup-test/unknown,unknown,unknown,unknown,unknown,n=unknown", "12/3");
	import_fails(EBADMSG, "x.log:2: a second figure of gup-test/unknown", NULL,
		     "Time: get:12 put:3 us\nTime: get:13 put:4 us\n");
}

static void test_5_11(void **state)
{
	(void)state;
	/* 5.11 to 6.8. Whether -w was the default came to be in 5.13, so that without it the access
	 * is not known */
	check_one("# ./gup_test -aT -m 16 -n512\nPIN_FAST_BENCHMARK: Time: get:12 put:3 us\n",
		  "gup-test/pin-fast,base,exclusive,unknown,region,n=512,size=16M", "12/3");
	check_one("# ./gup_test -aTw -m 2 -n 512\nPIN_FAST_BENCHMARK: Time: get:12 put:3 us\n",
		  "gup-test/pin-fast,base,exclusive,write,region,n=512", "12/3");
	/* -W came when the default changed */
	check_one("# ./gup_test -a -T -W\nPIN_FAST_BENCHMARK: Time: get:12 put:3 us\n",
		  "gup-test/pin-fast,base,exclusive,read,region,n=1,size=128M", "12/3");
	/* -j came after that; the samples of all threads are of one process, and another case than
	 * one thread */
	check_one("  $ sudo chrt -f 1 ./gup_test -a  -m 512 -j 2\n"
		  "  PIN_FAST_BENCHMARK: Time: get:4591 put:599 us\n  PIN_FAST_BENCHMARK: Time: "
		  "get:4612 put:584 us\n",
		  "gup-test/pin-fast,unknown,exclusive,write,region,n=1,size=512M,threads=2",
		  "4591/599 4612/584");
	check_one("running ./gup_test -u\nGUP_FAST_BENCHMARK: Time: get:12 put:3 us\n[PASS]\n",
		  "gup-test/gup-fast,unknown,exclusive,unknown,region,n=1,size=128M", "12/3");
	/* without a command line the line names the command, and nothing else is known */
	check_one("PIN_LONGTERM_BENCHMARK: Time: get:12 put:3 us\n",
		  "gup-test/pin-longterm,unknown,unknown,unknown,unknown,n=unknown", "12/3");
}

static void test_6_9(void **state)
{
	(void)state;
	/* ksft_print_msg() prints "# " for each of its calls, the line end is one of them */
	check_one("[root@host ~]# ./gup_test -HL -m 8192 -n 512\nTAP version 13\n1..1\n"
		  "# PIN_LONGTERM_BENCHMARK: Time: get:14001 put:10801 us# \nok 1 ioctl status 0\n"
		  "# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\n",
		  "gup-test/pin-longterm,hugetlb-unknown,exclusive,write,region,n=512,size=8G",
		  "14001/10801");
	check_failed("./gup_test -a\nTAP version 13\n1..1\n"
		     "# PIN_FAST_BENCHMARK: Time: get:14 put:10 us# , truncated (size: 8192)# \nok "
		     "1 ioctl status 0\n",
		     "gup-test/pin-fast,unknown,exclusive,write,region,n=1,size=128M",
		     STATUS_FAILED, "line 4: the pin ended after 8192 bytes");
	check_failed("./gup_test -L\nTAP version 13\n1..1\nnot ok 1 ioctl status -1\n",
		     "gup-test/pin-longterm,unknown,exclusive,write,region,n=1,size=128M",
		     STATUS_FAILED, "line 4: not ok 1 ioctl status -1");
	/* gup_test leaves with success where it cannot run */
	check_failed("./gup_test -L -T\nTAP version 13\n1..1\n# check if CONFIG_GUP_TEST is "
		     "enabled in kernel config\n"
		     "ok 1 # SKIP Please run this test as root\n",
		     "gup-test/pin-longterm,base,exclusive,write,region,n=1,size=128M",
		     STATUS_SKIPPED,
		     "line 4: check if CONFIG_GUP_TEST is enabled in kernel config");
}

/* run_vmtests.sh -a of 6.12 below the kselftest runner, on a serial console */
static void test_vmtests(void **state)
{
	static const char text[] =
		"[    0.000000] Linux version 6.12.1-test (builder@host) (gcc 12.2.0) #7 SMP Tue "
		"Jan 2 2026\r\n"
		"TAP version 13\r\n1..1\r\n# selftests: mm: run_vmtests.sh\r\n# TAP version 13\r\n"
		"# # -----------------------\r\n# # running ./hugepage-mmap\r\n# # "
		"-----------------------\r\n"
		"# # [FAIL]\r\n# not ok 1 hugepage-mmap # exit=1\r\n"
		"# # --------------------------\r\n# # running ./gup_test -t -a -w -S -n 512\r\n"
		"# # --------------------------\r\n"
		"# # TAP version 13\r\n# # 1..1\r\n"
		"[   12.345678] # # # PIN_FAST_BENCHMARK: Time: get:70 put:20 us#\r\n"
		"[   12.345999] gup: this line is noise\r\n"
		"# # ok 1 ioctl status 0\r\n# # # Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 "
		"error:0\r\n"
		"# # [PASS]\r\n# ok 2 gup_test -t -a -w -S -n 512\r\n"
		"# # running ./gup_test -T -b -W -n 1\r\n"
		"# # # PIN_BASIC_TEST: done\r\n# # ok 1 ioctl status 0\r\n# # [PASS]\r\n# ok 3 "
		"gup_test -T -b -W -n 1\r\n"
		"# # running ./gup_test -H -m 256 -L -W -n 123\r\n"
		"# # Bail out! mmap: Cannot allocate memory\r\n# # [FAIL]\r\n# not ok 4 gup_test "
		"-H -m 256 -L # exit=1\r\n"
		"# # running ./gup_test -T -L -W -n 123\r\n# # TAP version 13\r\n# # 1..1\r\n"
		"# # # PIN_LONGTERM_BENCHMARK: Time: get:71 put:21 us#\r\n# # ok 1 ioctl status "
		"0\r\n# # [PASS]\r\n"
		"# # running ./userfaultfd anon 20 16\r\n# # [FAIL]\r\n";
	struct results results;
	const struct result *result;

	(void)state;
	import(&results, NULL, text);
	assert_string_equal(title, "kernel 6.12.1-test");
	assert_int_equal(results.nr, 3);
	check_runs(find(&results,
			"gup-test/"
			"pin-fast,shmem-thp-unknown,map-shared,write,region,n=512,size=128M"),
		   "70/20");
	/* the failure of the test after it is not its own */
	check_runs(find(&results,
			"gup-test/pin-longterm,base,exclusive,read,region,n=123,size=128M"),
		   "71/21");
	result =
		find(&results,
		     "gup-test/pin-longterm,hugetlb-unknown,exclusive,read,region,n=123,size=256M");
	assert_int_equal(result->status, STATUS_FAILED);
	assert_non_null(strstr(result->why, "Bail out! mmap: Cannot allocate memory"));
	assert_string_equal(fact_find(&results.environment, "kernel.release")->text, "6.12.1-test");
	assert_string_equal(fact_find(&results.environment, "kernel.version")->text,
			    "#7 SMP Tue Jan 2 2026");
	assert_null(fact_find(&results.environment, "memory.page_bytes"));
	results_free(&results);
}

/* tools/mm/gup_bench: all of its matrix is one process, each line says what it is */
static void test_gup_bench(void **state)
{
	static const char text[] = "# ./gup_bench\n"
				   "PIN_FAST_BENCHMARK (nr_pages=512  read private hugetlb=off "
				   "thp=off) time: get:40 put:10 us\n"
				   "PIN_FAST_BENCHMARK (nr_pages=512  write shared hugetlb=off "
				   "thp=on) time: get:41 put:11 us\n"
				   "PIN_LONGTERM_BENCHMARK (nr_pages=123  write private hugetlb=on "
				   "thp=off) time: get:42 put:12 us\n"
				   "PIN_LONGTERM_BENCHMARK (nr_pages=1    write private hugetlb=on "
				   "thp=off) time: get:43 put:13 us, "
				   "truncated (size: 0)\n";
	struct results results;
	const struct result *result;

	(void)state;
	import(&results, NULL, text);
	check_runs(find(&results, "gup-test/pin-fast,base,exclusive,read,region,n=512,size=128M"),
		   "40/10");
	check_runs(find(&results,
			"gup-test/"
			"pin-fast,shmem-thp-unknown,map-shared,write,region,n=512,size=128M"),
		   "41/11");
	/* it rounds up to huge pages whose size it does not say */
	result = find(&results,
		      "gup-test/"
		      "pin-longterm,hugetlb-unknown,exclusive,write,unknown,n=123,size=256M");
	check_runs(result, "42/12");
	assert_int_equal(result->params.bytes, 0);
	assert_int_equal(find(&results,
			      "gup-test/"
			      "pin-longterm,hugetlb-unknown,exclusive,write,unknown,n=1,size=256M")
				 ->status,
			 STATUS_FAILED);
	results_free(&results);
	check_one("GUP_FAST_BENCHMARK (nr_pages=32768 write private hugetlb=off thp=default) time: "
		  "get:40 put:10 us\n",
		  "gup-test/gup-fast,unknown,exclusive,write,unknown,n=32768", "40/10");
}

static void test_mail(void **state)
{
	static const char text[] =
		"On Tue, 3 Jun 2025 at 12:30, somebody wrote:\n"
		"> the gup_test tool from the kernel source tree, as follows:\n"
		"> \n> Without this patch:\n>\n"
		">     [root@localhost ~] ./gup_test -HL -m 8192 -n 512\n>     TAP version 13\n>   "
		"  1..1\n"
		">     # PIN_LONGTERM_BENCHMARK: Time: get:14001 put:10801 us#\n>     ok 1 ioctl "
		"status 0\n"
		">     [root@localhost ~]# ./gup_test -LT -m 8192 -n 512\n"
		">     # PIN_LONGTERM_BENCHMARK: Time: get:130001 put:31601 us#\n"
		"> \n> With this patch:\n> \n"
		">     [root@localhost ~] ./gup_test -HL -m 8192 -n 512\n"
		">     # PIN_LONGTERM_BENCHMARK: Time: get:4801 put:10501 us#\n"
		">     [root@localhost ~]# ./gup_test -LT -m 8192 -n 512\n"
		">     # PIN_LONGTERM_BENCHMARK: Time: get:131701 put:31301 us#\n\n"
		"On my machine:\n"
		"  # ./gup_test -HL -m 8192 -n 512\n# PIN_LONGTERM_BENCHMARK: Time: get:5001 "
		"put:10601 us#\n";
	static const char huge[] =
		"gup-test/pin-longterm,hugetlb-unknown,exclusive,write,region,n=512,size=8G";
	struct results results;

	(void)state;
	import_fails(EMLINK,
		     "3 sections, which are not to be mixed: 1 \"Without this patch\" (line 9), "
		     "2 \"With this patch\" (line 17), 3 \"On my machine\" (line 23)",
		     NULL, text);
	import_fails(EINVAL, "--section this: more than one section is called so", "this", text);
	import_fails(EINVAL, "--section 4: no section is called so", "4", text);
	import_fails(EINVAL, "--section 0: no section is called so", "0", text);
	import_fails(EINVAL, "--section : no section is called so", "", text);
	import(&results, "without", text);
	assert_string_equal(title, "Without this patch");
	assert_int_equal(results.nr, 2);
	check_runs(find(&results, huge), "14001/10801");
	check_runs(find(&results,
			"gup-test/pin-longterm,base,exclusive,write,region,n=512,size=8G"),
		   "130001/31601");
	results_free(&results);
	import(&results, "WITH", text);
	check_runs(find(&results, huge), "4801/10501");
	results_free(&results);
	import(&results, "3", text);
	check_runs(find(&results, huge), "5001/10601");
	results_free(&results);
}

/* As it travelled: quoted-printable line ends; one command for two headings; prose that names the
 * program. */
static void test_mail_raw(void **state)
{
	static const char text[] =
		"This can be verified using gup_test below:=0D\n=0D\n"
		"  # chrt -f 1 ./gup_test -m 512 -t -L -n 1024 -r 2=0D\n=0D\n"
		"Before:=0D\n"
		"  PIN_LONGTERM_BENCHMARK: Time: get:459632 put:5990 us=0D\n"
		"  PIN_LONGTERM_BENCHMARK: Time: get:461967 put:5840 us=0D\n=0D\n"
		"=3D=3D After =3D=3D=0D\n"
		"After the whole series applied (new fixed kernel):=0D\n=0D\n"
		"  PIN_LONGTERM_BENCHMARK: Time: get:82038 put:7041 us=0D\n";
	static const char key[] =
		"gup-test/pin-longterm,thp-unknown,exclusive,unknown,region,n=1024,size=512M";
	struct results results;
	const struct result *result;

	(void)state;
	import(&results, "before", text);
	result = find(&results, key);
	check_runs(result, "459632/5990 461967/5840");
	assert_int_equal(result->nr_warnings, 0);
	assert_string_equal(fact_find(&result->truth, "call")->text,
			    "./gup_test -m 512 -t -L -n 1024 -r 2");
	results_free(&results);
	import(&results, "series", text);
	result = find(&results, key);
	check_runs(result, "82038/7041");
	assert_string_equal(result->warnings[0],
			    "line 12: the log has 1 of the 2 figures that this call prints");
	results_free(&results);
}

/* What is a process, and so a run. */
static void test_processes(void **state)
{
	static const char key[] = "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M";
	struct results results;

	(void)state;
	/* the command is there each time */
	check_one("$ ./gup_test -aTw\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n$ ./gup_test -aTw\n"
		  "PIN_FAST_BENCHMARK: Time: get:3 put:4 us\n",
		  key, "1/2 | 3/4");
	/* it prints -r times -j figures: what comes after them is of another process */
	check_one("$ for i in 1 2; do ./gup_test -aTw -r 2; done\nPIN_FAST_BENCHMARK: Time: get:1 "
		  "put:2 us\n"
		  "PIN_FAST_BENCHMARK: Time: get:3 put:4 us\nPIN_FAST_BENCHMARK: Time: get:5 put:6 "
		  "us\n"
		  "PIN_FAST_BENCHMARK: Time: get:7 put:8 us\n",
		  key, "1/2 3/4 | 5/6 7/8");
	/* TAP shows where a process begins */
	check_one("$ while ./gup_test -aT; do :; done\nTAP version 13\n1..1\n# "
		  "PIN_FAST_BENCHMARK: Time: get:1 put:2 us#\n"
		  "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:3 put:4 us#\nok 1 ioctl "
		  "status 0\n",
		  key, "1/2 | 3/4");
	/* what ended a loop may be a call that printed nothing */
	import(&results, NULL,
	       "$ while ./gup_test -aTw; do :; done\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n"
	       "Killed\n");
	assert_int_equal(results.items[0].nr_warnings, 1);
	assert_string_equal(results.items[0].warnings[0],
			    "what stands behind the last figure of this loop may be of a call that "
			    "printed none: Killed");
	results_free(&results);
	/* two processes of who knows what are not known to be of one case, with TAP and without */
	import_fails(EBADMSG,
		     "x.log:7: a second figure of "
		     "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown, the other is of "
		     "line 3: nothing says that both are of one kernel and one case",
		     NULL,
		     "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:1 put:2 us#\nok 1 "
		     "ioctl status 0\n"
		     "TAP version 13\n1..1\n# PIN_FAST_BENCHMARK: Time: get:3 put:4 us#\nok 1 "
		     "ioctl status 0\n");
	import_fails(EBADMSG, "x.log:2: is this a figure of the call of line 1? That prints others",
		     NULL, "./gup_test -L -T\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n");
	import_fails(EBADMSG, "x.log:2: a second figure of", NULL,
		     "PIN_FAST_BENCHMARK: Time: get:1 put:2 us\nPIN_FAST_BENCHMARK: Time: get:3 "
		     "put:4 us\n");
	/* one failed: no figures of that case, the reason with the numbers */
	check_failed("$ ./gup_test -aTw -r 2\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n"
		     "$ ./gup_test -aTw -r 2\nPIN_FAST_BENCHMARK: Time: get:3 put:4 us\n",
		     key, STATUS_FAILED,
		     "line 3 is the next call before this call printed all its figures (2 of 2 "
		     "processes)");
}

static void test_call(void **state)
{
	static const char fast[] = "PIN_FAST_BENCHMARK: Time: get:1 put:2 us\n";
	static const struct {
		const char *call, *key;
	} rows[] = {
		{ "./gup_test -a -w -F 0x101",
		  "gup-test/pin-fast,unknown,exclusive,write,region,n=1,size=128M,flags=0x100" },
		{ "./gup_test -a -W -F 1",
		  "gup-test/pin-fast,unknown,exclusive,write,region,n=1,size=128M" },
		{ "gup_test -f /mnt/huge/file -m 16384 -r 1 -a -S -n 512 -w",
		  "gup-test/pin-fast,file-unknown,map-shared,write,region,n=512,size=16G,file=/mnt/"
		  "huge/file" },
		{ "./gup_test -aw -f /home/somebody/f",
		  "gup-test/pin-fast,file-unknown,exclusive,write,region,n=1,size=128M,file=~/f" },
		{ "./gup_test -aw -f /dev/zero -T",
		  "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M" },
		{ "./gup_test -aS -T -w",
		  "gup-test/pin-fast,shmem-base,map-shared,write,region,n=1,size=128M" },
		{ "./gup_test -aT -z",
		  "gup-test/pin-fast,base,unpopulated,write,region,n=1,size=128M" },
		{ "`./gup_test -aT -z -r 5`",
		  "gup-test/pin-fast,base,unknown,write,region,n=1,size=128M" },
		{ "./gup_test -aTw -n -1",
		  "gup-test/pin-fast,base,exclusive,write,region,n=all,size=128M" },
		{ "$ ./gup_test -aTw | tee log",
		  "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M" },
		{ "`./gup_test -aTw`:",
		  "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M" },
		{ "/home/somebody/linux/gup_test -aTw",
		  "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M" },
		/* a variable of a script, an option that it does not have, prose */
		{ "./gup_test -a -m $size",
		  "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
		{ "./gup_test -aQ", "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
		{ "./gup_test -a -m 0",
		  "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
		{ "./gup_test -a -n",
		  "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
		{ "measured with gup_test",
		  "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
		{ "the gup_test tool",
		  "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct results results;
		const struct fact *call;
		char text[300];

		snprintf(text, sizeof(text), "%s\n%s", rows[i].call, fast);
		import(&results, NULL, text);
		check_runs(find(&results, rows[i].key), "1/2");
		call = fact_find(&results.items[0].truth, "call");
		assert_true(!call || !strstr(call->text, "somebody"));
		results_free(&results);
	}
}

static void test_kernels(void **state)
{
	static const char text[] = "$ uname -a\nLinux secrethost 6.1.0-50-amd64 #1 SMP "
				   "PREEMPT_DYNAMIC Debian 6.1.192-1 x86_64 GNU/Linux\n"
				   "$ ./gup_test -aTw\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n"
				   "$ uname -r\n6.1.0-51-amd64\n$ ./gup_test "
				   "-aTw\nPIN_FAST_BENCHMARK: Time: get:3 put:4 us\n";
	static const char key[] = "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M";
	struct results results;

	(void)state;
	import_fails(EMLINK,
		     "1 \"kernel 6.1.0-50-amd64\" (line 4), 2 \"kernel 6.1.0-51-amd64\" (line 8)",
		     NULL, text);
	import(&results, "1", text);
	check_runs(find(&results, key), "1/2");
	assert_string_equal(fact_find(&results.environment, "kernel.release")->text,
			    "6.1.0-50-amd64");
	assert_string_equal(fact_find(&results.environment, "kernel.arch")->text, "x86_64");
	for (size_t i = 0; i < results.environment.nr; i++)
		assert_null(strstr(results.environment.items[i].text, "secrethost"));
	results_free(&results);
	import(&results, "51-amd64", text);
	check_runs(find(&results, key), "3/4");
	results_free(&results);
}

static void test_hostile(void **state)
{
	static const char key[] = "gup-test/pin-fast,unknown,unknown,unknown,unknown,n=unknown";
	static const char fast[] = "PIN_FAST_BENCHMARK: Time: get:1 put:2 us";
	struct results results;
	struct error err = { 0 };
	size_t size = 10000;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	import_fails(ENODATA, "looked for lines as", NULL, "");
	import_fails(ENODATA, "only tests that print none", NULL,
		     "./gup_test -b\nPIN_BASIC_TEST: done\n");
	/* the source of gup_test is no log */
	import_fails(ENODATA, "no figures", NULL, "printf(\"%s: Time: get:%lld put:%lld us\",\n");
	/* a longer line than gup_test can print is not passed over in silence */
	memset(text, 'x', size);
	memcpy(text + size - strlen(fast), fast, strlen(fast));
	assert_int_equal(-EBADMSG, import_gup_test(&results, text, size, "x", NULL, title, &err));
	assert_string_equal(err.text, "x:1: a line of more than 4096 characters with a figure");
	memset(text, 'x', size);
	assert_int_equal(-ENODATA, import_gup_test(&results, text, size, "x", NULL, title, &err));
	free(text);
	/* no line end, no text end, a zero and an escape sequence before it */
	check_one("\033[01;32m\033[KPIN_FAST_BENCHMARK: Time: get:1 put:2 us\033[0m", key, "1/2");
	assert_int_equal(0, import_gup_test(&results, "\0PIN_FAST_BENCHMARK: Time: get:1 put:2 us",
					    41, "x", NULL, title, &err));
	check_runs(find(&results, key), "1/2");
	results_free(&results);
	/* cut off, or too large for a result file: failed, never a number */
	check_failed("PIN_FAST_BENCHMARK: Time: get:1 put:2", key, STATUS_FAILED,
		     "line 1: no whole figure: PIN_FAST_BENCHMARK: Time: get:1 put:2");
	check_failed("PIN_FAST_BENCHMARK: Time: get:9223372036854775807 put:2 us", key,
		     STATUS_FAILED,
		     "line 1: no whole figure: PIN_FAST_BENCHMARK: Time: get:9223372036854775807 "
		     "put:2 us");
	check_failed("PIN_FAST_BENCHMARK: Time: get:99999999999999999999 put:2 us", key,
		     STATUS_FAILED,
		     "line 1: no whole figure: PIN_FAST_BENCHMARK: Time: get:99999999999999999999 "
		     "put:2 us");
}

/* A result holds 1000 runs; the limit is met by a log of a loop. */
static void test_limits(void **state)
{
	static const char process[] = "./gup_test -aTw\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n";
	static const char headed[] = "v6.%04zu:\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n";
	char *text = malloc(1001 * sizeof(process) + 1), *at = text;
	struct results results;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 1001; i++)
		at = stpcpy(at, process);
	import_fails(E2BIG, "1000 processes of one case", NULL, text);
	text[1000 * strlen(process)] = '\0';
	import(&results, NULL, text);
	assert_int_equal(results.items[0].nr_runs, 1000);
	results_free(&results);
	at = text;
	for (size_t i = 0; i < 1001; i++)
		at += sprintf(at, headed, i);
	import_fails(EBADMSG, "x.log:2002: more than 1000 headings with figures", NULL, text);
	free(text);
}

/* One call each is no ground for a claim, however large the change; several are as good as runs of
 * pinbench. */
static void test_verdict(void **state)
{
	static const char before[] =
		"$ ./gup_test -LTw\nPIN_LONGTERM_BENCHMARK: Time: get:%zu put:100000 us\n";
	struct results base, new;
	struct verdicts verdicts;
	char text[2][4096];

	(void)state;
	for (size_t nr = 1; nr <= 12; nr += 11) {
		char *at[2] = { text[0], text[1] };

		for (size_t i = 0; i < nr; i++) {
			at[0] += sprintf(at[0], before, 100000 + i);
			at[1] += sprintf(at[1], before, 120000 + i);
		}
		import(&base, NULL, text[0]);
		import(&new, NULL, text[1]);
		verdicts_find(&verdicts, &base, &new, &rule_default);
		assert_int_equal(verdicts.nr, 2);
		assert_int_equal(verdicts.rows[0].which, METRIC_PIN);
		assert_int_equal(verdicts.rows[0].verdict,
				 nr == 1 ? VERDICT_UNSURE : VERDICT_WORSE);
		assert_int_equal(verdicts.rows[0].note, nr == 1 ? NOTE_UNKNOWN_RUNS : NOTE_NONE);
		assert_int_equal(verdicts.rows[1].verdict, nr == 1 ? VERDICT_UNSURE : VERDICT_SAME);
		verdicts_free(&verdicts);
		results_free(&base);
		results_free(&new);
	}
}

/* What is written can be read, with what is not known left out. */
static void test_saved(void **state)
{
	static const char text[] =
		"Time: get:5 put:6 us\nnot ok 1 ioctl status -1\n"
		"./gup_test -aTw -r 2\nPIN_FAST_BENCHMARK: Time: get:1 put:2 us\n"
		"PIN_FAST_BENCHMARK: Time: get:0 put:4 us\n";
	char path[] = "/tmp/pinbench-test-XXXXXX";
	int fd = mkstemp(path);
	struct results results, again;
	struct error err = { 0 };

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	import(&results, NULL, text);
	results.label = strdup("imported");
	if (results_save(&results, path, &err) || results_load(&again, path, &err))
		fail_msg("%s", err.text);
	assert_string_equal(again.imported, "gup_test log");
	check_runs(find(&again, "gup-test/pin-fast,base,exclusive,write,region,n=1,size=128M"),
		   "1/2 0/4");
	assert_int_equal(again.items[1].runs[0].samples[0].nr_pages, 0);
	assert_int_equal(again.items[1].params.bytes, 128 << 20);
	assert_int_equal(find(&again, "gup-test/unknown,unknown,unknown,unknown,unknown,n=unknown")
				 ->status,
			 STATUS_FAILED);
	results_free(&again);
	/* what pinbench measured itself must say all that */
	free(results.imported);
	results.imported = NULL;
	results.items[1].params.bytes = 0;
	assert_int_equal(0, results_save(&results, path, &err));
	assert_int_equal(-EINVAL, results_load(&again, path, &err));
	results_free(&results);
	unlink(path);
}

/* --- what a file comes to, in words --- */

static void put(char *to, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(char *to, size_t room, const char *format, ...)
{
	size_t used = strlen(to);
	va_list args;

	va_start(args, format);
	vsnprintf(to + used, room - used, format, args);
	va_end(args);
}

/* "pin-fast,...,n=1: 1/2 3/4 | 5/6", "pin-fast,...: failed: why" */
static void describe_report(const struct results *results, char *out, size_t room)
{
	for (size_t i = 0; i < results->nr; i++) {
		const struct result *result = &results->items[i];

		put(out, room, "%s:", result->key + strlen("gup-test/"));
		if (result->status != STATUS_DONE)
			put(out, room, " %s: %s", status_names[result->status], result->why);
		for (size_t j = 0; j < result->nr_runs; j++)
			for (size_t k = 0; k < result->runs[j].nr_samples; k++) {
				const struct sample *sample = &result->runs[j].samples[k];

				put(out, room, "%s%d/%d", j && !k ? " | " : " ",
				    (int)(sample->ticks[METRIC_PIN] / 1000),
				    (int)(sample->ticks[METRIC_UNPIN] / 1000));
			}
		put(out, room, "\n");
	}
}

/* All sections, each below its title; or the sentence with which it is refused. */
static void describe(const char *text, size_t size, char *out, size_t room)
{
	struct results results;
	struct error err = { 0 };
	int rc = import_gup_test(&results, text, size, "x.log", NULL, title, &err);

	*out = '\0';
	if (rc && rc != -EMLINK) {
		put(out, room, "refused: %s\n", err.text);
		return;
	}
	if (rc == 0) {
		describe_report(&results, out, room);
		results_free(&results);
	}
	for (int i = 1; rc == -EMLINK; i++) {
		char number[12];

		snprintf(number, sizeof(number), "%d", i);
		if (import_gup_test(&results, text, size, "x.log", number, title, &err))
			break;
		put(out, room, "[%s]\n", title);
		describe_report(&results, out, room);
		results_free(&results);
	}
}

static char *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20);

	if (!file || !text)
		fail_msg("%s: %s", path, strerror(errno));
	*size = fread(text, 1, (1 << 20) - 1, file);
	text[*size] = '\0';
	fclose(file);
	return text;
}

static void check_file(const char *name, const char *expected)
{
	char path[200], out[4096];
	size_t size;
	char *text;

	snprintf(path, sizeof(path), "tests/fixtures/logs/%s", name);
	text = file_read(path, &size);
	describe(text, size, out, sizeof(out));
	if (strcmp(out, expected))
		fail_msg("%s came to\n%snot to\n%s", name, out, expected);
	free(text);
}

#define HUGE "pin-longterm,base,exclusive,write,region,n=512,size=8G: "

/* The figures and the failures are those that stand in the files. */
static void test_files(void **state)
{
	static const char bench[] =
		"pin-fast,thp-unknown,exclusive,read,unknown,n=512: 40/10\n"
		"pin-fast,hugetlb-unknown,exclusive,write,unknown,n=512: 42/12\n"
		"gup-fast,shmem-unknown,map-shared,write,unknown,n=1: 4200/1200\n";
	static const char stamped[] =
		"pin-fast,base,exclusive,write,region,n=512,size=128M: 7013/2045\n"
		"pin-longterm,base,exclusive,write,region,n=512,size=128M: failed: line 11: not ok "
		"1 ioctl status -1\n";

	(void)state;
	check_file("a2-before-after-reply.txt",
		   "[Before the patch]\ngup-fast,unknown,unknown,unknown,unknown,n=unknown: "
		   "50001/5001\n"
		   "[After the patch]\ngup-fast,unknown,unknown,unknown,unknown,n=unknown: "
		   "17001/5002\n");
	check_file("a5-gup-bench-plain.txt", bench);
	check_file("a5-gup-bench-qp.txt", bench);
	check_file("a6-crash.txt",
		   "gup-fast,base,exclusive,write,region,n=512,size=128M: 7013/2045\n"
		   "pin-fast,base,exclusive,write,region,n=512,size=128M: failed: the log ends "
		   "(Kernel panic - not syncing: KASAN: "
		   "panic_on_warn set ...) before this call printed a figure\n");
	check_file("a7-printk-caller.txt", stamped);
	check_file("a7b-github-actions.txt", stamped);
	check_file("h1-base-version.txt",
		   "[Base(v6.15)]\n" HUGE "130011/31011\n[Map[1] + this patchset]\n" HUGE
		   "40011/31012\n");
	check_file("h2-markdown.txt",
		   "[Before]\n" HUGE "130011/31011\n[After]\n" HUGE "40011/31012\n");
	check_file("h4-pre-post.txt",
		   "[pre-patch]\n" HUGE "130011/31011\n[post-patch]\n" HUGE "40011/31012\n");
	check_file("h7-config.txt",
		   "[CONFIG_ARM64_CONTPTE=n]\n" HUGE "130011/31011\n[CONFIG_ARM64_CONTPTE=y]\n" HUGE
		   "40011/31012\n");
#undef HUGE
#define HUGE "pin-longterm,hugetlb-unknown,exclusive,write,region,n=512,size=8G: "
	check_file("m1-thread.mbox",
		   "[Without this patch ([PATCH v1] gup: pin large)]\n" HUGE "13001/10801\n"
		   "[With this patch ([PATCH v1] gup: pin large)]\n" HUGE "3001/10802\n"
		   "[Without this patch ([PATCH v2] gup: pin large)]\n" HUGE "13001/10801\n"
		   "[With this patch ([PATCH v2] gup: pin large)]\n" HUGE "4001/10802\n");
	check_file("n1-all.txt",
		   "pin-fast,unknown,exclusive,write,region,n=all,size=128M: 701/201\n");
}

/*
 * shapes.txt: "=== name", a log, "--- ", what it comes to. The log may have \e, \r and \t. The
 * figures of each are those that stand in it; none is the middle of two that may be of two kernels,
 * and no call is lost.
 */
static void test_shapes(void **state)
{
	size_t size, nr = 0;
	char *text = file_read("tests/fixtures/logs/shapes.txt", &size), *at, *next;
	int bad = 0;

	(void)state;
	for (at = strstr(text, "=== "); at; at = next) {
		char *name = at + 4, *log = strchr(name, '\n') + 1,
		     *expected = strstr(log, "\n--- \n"), *to = log, out[4096];

		next = strstr(expected, "\n=== ");
		if (next)
			*++next = '\0';
		log[-1] = '\0';
		expected[1] = '\0';
		expected += strlen("\n--- \n");
		for (char *from = log; *from; from++) {
			static const char letters[] = "ert", bytes[] = "\033\r\t";
			const char *letter = *from == '\\' && from[1] ? strchr(letters, from[1])
								      : NULL;

			*to++ = letter ? bytes[letter - letters] : *from;
			from += letter != NULL;
		}
		describe(log, (size_t)(to - log), out, sizeof(out));
		if (strcmp(out, expected)) {
			print_message("%s came to\n%snot to\n%s", name, out, expected);
			bad++;
		}
		nr++;
		if (next)
			*next = '=';
	}
	free(text);
	assert_true(nr >= 60);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_15),      cmocka_unit_test(test_4_20),
		cmocka_unit_test(test_5_11),      cmocka_unit_test(test_6_9),
		cmocka_unit_test(test_vmtests),   cmocka_unit_test(test_gup_bench),
		cmocka_unit_test(test_mail),      cmocka_unit_test(test_mail_raw),
		cmocka_unit_test(test_processes), cmocka_unit_test(test_call),
		cmocka_unit_test(test_kernels),   cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),    cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_saved),     cmocka_unit_test(test_files),
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

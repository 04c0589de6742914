// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The contract of bench.h, held against every pinner that works here; what does not work here is
 * skipped with its reason. Then the refusals: what cannot be done must not look done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/direct_target.h"
#include "bench/frames.h"
#include "bench/gup_test_abi.h"
#include "host/kernel.h"

#define NR_PAGES 37 /* no multiple of any batch */
#define FIRST    2  /* the window starts inside of the region */
#define NR_TRIES 50 /* others on the machine may pin while we count */

static struct layout base;

static void region_make(struct region *region, size_t nr_pages)
{
	struct error err = { 0 };

	assert_int_equal(layout_list(&base, 1), 1);
	if (region_map(region, &base, nr_pages * base.page_bytes, NULL, &err))
		fail_msg("%s", err.text);
}

static struct pin_job job_make(const struct region *region, size_t pages_per_call,
			       enum access access)
{
	return (struct pin_job){
		.region = region,
		.offset = FIRST * region->base_bytes,
		.bytes = NR_PAGES * region->base_bytes,
		.pages_per_call = pages_per_call,
		.access = access,
	};
}

static bool works(const struct pinner *pinner, struct error *why)
{
	int rc = pinner->probe(pinner, why);

	if (rc == 0)
		return true;
	assert_int_equal(rc, -why->code);
	assert_true(why->text[0] != '\0');
	return false;
}

static void test_skipped(void **state)
{
	(void)state;
	skip();
}

/* tests/run shows the line; cmocka has no place for a reason. */
static void skip_because(const char *why)
{
	print_message("# SKIP %s\n", why);
	skip();
}

static struct pin *pin_make(const struct pinner *pinner, const struct pin_job *job)
{
	struct error err = { 0 };
	struct pin *pin = NULL;

	if (pinner->open(&pin, pinner, job, &err))
		fail_msg("%s: open: %s", pinner->name, err.text);
	assert_non_null(pin);
	return pin;
}

static void pin_cycle(const struct pinner *pinner, struct pin *pin)
{
	struct sample sample;
	struct error err = { 0 };
	uint64_t quantum;

	memset(&sample, 0xff, sizeof(sample));
	if (pinner->cycle(pin, &sample, &err))
		fail_msg("%s: cycle: %s", pinner->name, err.text);
	assert_int_equal(sample.nr_pages, NR_PAGES);
	assert_int_not_equal(sample.have, 0);
	assert_int_equal(sample.have & ~((1u << NR_METRICS) - 1), 0);
	for (int metric = 0; metric < NR_METRICS; metric++) {
		if (!(sample.have & 1u << metric))
			continue;
		quantum = 0;
		assert_non_null(pinner->clock(pin, metric, &quantum));
		assert_in_range(quantum, 1, 1000000);
		assert_in_range(sample.ticks[metric], 0, 60000000000ull);
	}
}

/* Pins held now, by the kernel's count. */
static int64_t pins_held(void)
{
	struct pin_counters counters;
	struct error err;

	if (pin_counters_read(&counters, &err))
		fail_msg("%s", err.text);
	return (int64_t)(counters.acquired - counters.released);
}

/* -1: the pinner does not know how many it holds. Others may pin meanwhile: one try of many has to
 * be undisturbed. */
static int check_held(const struct pinner *pinner, struct pin *pin)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	int64_t before, during = 0, after = 0;
	uint64_t expected = NR_PAGES;
	struct error err = { 0 };

	for (int i = 0; i < NR_TRIES; i++) {
		before = pins_held();
		assert_int_equal(pinner->hold(pin, &err), 0);
		during = pins_held() - before;
		if (pinner->held_refs)
			expected = pinner->held_refs(pin);
		assert_int_equal(pinner->release(pin, &err), 0);
		after = pins_held() - before;
		if (expected == PIN_REFS_UNKNOWN)
			return -1;
		if (during == (int64_t)expected && after == 0)
			return 0;
		nanosleep(&moment, NULL);
	}
	fail_msg("%s: says it holds %llu pins, the kernel counts %lld and %lld after the release",
		 pinner->name, (unsigned long long)expected, (long long)during, (long long)after);
	return 0;
}

/* What the pin sees: the bytes now, not those when it was taken. */
static void check_read(const struct pinner *pinner, struct pin *pin, const struct pin_job *job)
{
	unsigned char *window = job->region->addr + job->offset, *seen = malloc(job->bytes);
	struct error err = { 0 };
	int rc;

	assert_non_null(seen);
	memset(seen, 0x11, job->bytes);
	if (pinner->hold) {
		assert_int_equal(pinner->hold(pin, &err), 0);
		window[5] ^= 0xff;
	} else {
		window[5] ^= 0xff;
		pin_cycle(pinner, pin);
	}
	rc = pinner->read(pin, seen, &err);
	if (rc == 0)
		assert_memory_equal(seen, window, job->bytes);
	else
		assert_int_equal(rc, -EOPNOTSUPP);
	if (pinner->hold)
		assert_int_equal(pinner->release(pin, &err), 0);
	region_fill((struct region *)job->region, NULL);
	free(seen);
}

static void check_job(const struct pinner *pinner, const struct pin_job *job)
{
	const struct region *region = job->region;
	struct error err = { 0 };
	struct pin *pin = pin_make(pinner, job);

	pin_cycle(pinner, pin);
	pin_cycle(pinner, pin);
	if (region_check(region->addr, 0, region->bytes, &err))
		fail_msg("%s left other bytes: %s", pinner->name, err.text);
	assert_true(!pinner->hold == !pinner->release);
	if (pinner->read)
		check_read(pinner, pin, job);
	pinner->close(pin);
}

static bool can(const struct pinner *pinner, unsigned int access, size_t pages_per_call)
{
	return pinner->access & access && (!pinner->whole_only || pages_per_call == NR_PAGES);
}

static const size_t batches[] = { 1, 16, NR_PAGES };
#define NR_BATCHES (sizeof(batches) / sizeof(batches[0]))

static void test_contract(void **state)
{
	const struct pinner *pinner = *state;
	struct region region;
	size_t nr = 0;

	region_make(&region, FIRST + NR_PAGES + 1);
	region_fill(&region, NULL);
	for (unsigned int access = ACCESS_READ; access <= ACCESS_WRITE; access <<= 1) {
		for (size_t i = 0; i < NR_BATCHES; i++) {
			struct pin_job job = job_make(&region, batches[i], access);

			if (!can(pinner, access, batches[i]))
				continue;
			check_job(pinner, &job);
			nr++;
		}
	}
	assert_int_not_equal(nr, 0);
	region_unmap(&region);
}

/* What is held while it is held, and that nothing is afterwards, by the kernel's own count. */
static void test_held(void **state)
{
	const struct pinner *pinner = *state;
	struct region region;
	int unknown = 0;

	region_make(&region, FIRST + NR_PAGES + 1);
	region_fill(&region, NULL);
	for (unsigned int access = ACCESS_READ; access <= ACCESS_WRITE; access <<= 1) {
		for (size_t i = 0; i < NR_BATCHES; i++) {
			struct pin_job job = job_make(&region, batches[i], access);
			struct pin *pin;

			if (!can(pinner, access, batches[i]))
				continue;
			pin = pin_make(pinner, &job);
			unknown |= check_held(pinner, pin);
			pinner->close(pin);
		}
	}
	region_unmap(&region);
	if (unknown)
		skip_because("it does not know here how many pins it holds");
}

/* open() must leave the window as it is: a state has been arranged there. */
static void test_open_touches_nothing(void **state)
{
	const struct pinner *pinner = *state;
	struct frame frames[NR_PAGES];
	struct error err = { 0 };
	struct region region;
	struct pin_job job;
	struct pin *pin;

	region_make(&region, FIRST + NR_PAGES);
	job = job_make(&region, NR_PAGES,
		       pinner->access & ACCESS_WRITE ? ACCESS_WRITE : ACCESS_READ);
	job.unpopulated = true;
	if (pinner->open(&pin, pinner, &job, &err) == 0) {
		assert_int_equal(frames_read(region.addr + job.offset, NR_PAGES, region.base_bytes,
					     1, frames, &err),
				 0);
		for (size_t i = 0; i < NR_PAGES; i++)
			assert_false(frames[i].present);
		pinner->close(pin);
	} else {
		assert_int_equal(err.code, EOPNOTSUPP);
	}
	region_unmap(&region);
}

/*
 * The last page of the window cannot be accessed: no pinner may say that it pinned. One page per
 * call, because gup_test itself takes a short last call for whole.
 */
static void test_short_pin_fails(void **state)
{
	const struct pinner *pinner = *state;
	struct error err = { 0 };
	struct sample sample;
	struct region region;
	struct pin_job job;
	struct pin *pin;

	if (pinner == pinner_find("null"))
		return;
	region_make(&region, FIRST + NR_PAGES);
	region_fill(&region, NULL);
	job = job_make(&region, pinner->whole_only ? NR_PAGES : 1,
		       pinner->access & ACCESS_WRITE ? ACCESS_WRITE : ACCESS_READ);
	pin = pin_make(pinner, &job);
	assert_int_equal(mprotect(region.addr + (FIRST + NR_PAGES - 1) * region.base_bytes,
				  region.base_bytes, PROT_NONE),
			 0);
	assert_int_not_equal(pinner->cycle(pin, &sample, &err), 0);
	assert_true(err.text[0] != '\0');
	/* and goes on when the page is there again */
	assert_int_equal(mprotect(region.addr, region.bytes, PROT_READ | PROT_WRITE), 0);
	pin_cycle(pinner, pin);
	pinner->close(pin);
	region_unmap(&region);
}

/* --- the registry --- */

static void test_registry(void **state)
{
	(void)state;
	for (size_t i = 0; pinners[i]; i++) {
		const struct pinner *pinner = pinners[i];

		assert_ptr_equal(pinner_find(pinner->name), pinner);
		assert_true(strlen(pinner->name) < 40); /* struct params */
		assert_true(strlen(pinner->about) <= 80);
		assert_in_range(pinner->access, ACCESS_READ, ACCESS_READ | ACCESS_WRITE);
		assert_non_null(pinner->path(pinner).entry);
		assert_non_null(pinner->probe);
		assert_non_null(pinner->open);
		assert_non_null(pinner->cycle);
		assert_non_null(pinner->clock);
		pinner->close(NULL);
	}
	assert_null(pinner_find("nul"));
	assert_null(pinner_find(""));
}

static void test_clock_goes_on(void **state)
{
	uint64_t last = clock_now(), now;
	size_t moved = 0;

	(void)state;
	assert_in_range(clock_grain(), 1, 1000000000);
	for (int i = 0; i < 100000; i++, last = now) {
		now = clock_now();
		assert_true(now >= last);
		moved += now > last;
	}
	assert_int_not_equal(moved, 0);
	assert_true(kernel_release() >= KERNEL(4, 0));
}

/* --- refusals --- */

/* A job that open() must refuse; @nr_pages of memory that is never touched. */
static void assert_refused(const char *name, size_t nr_pages, size_t pages_per_call,
			   enum access access, const char *words)
{
	const struct pinner *pinner = pinner_find(name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct layout layout;
	struct region region = { .layout = &layout, .bytes = nr_pages * page, .base_bytes = page };
	struct pin_job job = { .region = &region,
			       .bytes = region.bytes,
			       .pages_per_call = pages_per_call,
			       .access = access };
	struct error err = { 0 };
	struct pin *pin = NULL;

	layout_base(&layout);
	region.addr = mmap(NULL, region.bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(region.addr, MAP_FAILED);
	assert_int_equal(pinner->open(&pin, pinner, &job, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, words));
	assert_null(pin);
	munmap(region.addr, region.bytes);
}

static void test_too_much(void **state)
{
	size_t gib = (1ul << 30) / (size_t)sysconf(_SC_PAGESIZE);
	struct error err = { 0 };

	(void)state;
	assert_refused("io_uring/register", 16385, 1, ACCESS_WRITE,
		       "at most 16384 buffers, this needs 16385");
	assert_refused("io_uring/register", gib + 1, gib + 1, ACCESS_WRITE, "at most 1 GiB");
	assert_refused("odirect/write", gib + 1, gib + 1, ACCESS_READ, "at most 1 GiB");
	assert_refused("gup-test/hold-fast", 2, 1, ACCESS_READ, "whole window in one request");
	assert_int_equal(gup_test_fits(INT_MAX / sizeof(void *), &err), 0);
	assert_int_equal(gup_test_fits(INT_MAX / sizeof(void *) + 1, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "268435455 is its limit"));
}

/* gup_test would make the kernel WARN; and FOLL_LONGTERM is where the releases have it. Needs a
 * kernel with gup_test. */
static void test_gup_test_is_careful(void **state)
{
	unsigned int flag = 0;
	struct error err = { 0 };
	struct region region;
	struct pin_job job;
	struct pin *pin = NULL;
	int node, unshares;

	(void)state;
	if (!works(pinner_find("gup-test/pin-fast"), &err))
		skip_because(err.text);
	region_make(&region, FIRST + NR_PAGES);
	job = job_make(&region, NR_PAGES, ACCESS_READ);
	job.unpopulated = true;
	assert_int_equal(pinner_find("gup-test/pin-fast")
				 ->open(&pin, pinner_find("gup-test/pin-fast"), &job, &err),
			 -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "zero page"));
	region_unmap(&region);
	node = gup_test_open(&err);
	assert_true(node >= 0);
	assert_int_equal(gup_test_longterm(node, &flag, &unshares, &err), 0);
	assert_int_equal(flag, kernel_release() >= KERNEL(6, 3) ? 0x100 : 0x10000);
	assert_int_equal(unshares, kernel_release() >= KERNEL(6, 2));
	close(node);
}

/* Children report by their exit status: 0 as expected, 77 not possible here. */
static int child_status(int (*run)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(run());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int memlock_child(void)
{
	const struct rlimit limit = { 65536, 65536 };
	struct error err = { 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0))
		return 77;
	if (pinner_find("io_uring/register")->probe(pinner_find("io_uring/register"), &err))
		return 77;
	assert_refused("io_uring/register", 17, 17, ACCESS_WRITE,
		       "RLIMIT_MEMLOCK is 64 KiB for all rings of this user, and registering needs "
		       "68 KiB");
	return 0;
}

static void test_memlock(void **state)
{
	int status;

	(void)state;
	if (sysconf(_SC_PAGESIZE) != 4096)
		skip_because("the sentence is that of pages of 4 KiB");
	status = child_status(memlock_child);
	if (status == 77)
		skip_because("io_uring cannot register buffers here as nobody");
	assert_int_equal(status, 0);
}

static void test_target_refused(void **state)
{
	struct direct_target target;
	struct error err = { 0 };
	struct statfs fs;
	struct stat st;

	(void)state;
	assert_int_equal(direct_target_open(&target, "/dev/null", 4096, &err), -ENOTBLK);
	assert_int_equal(direct_target_open(&target, "/nonexistent/place", 4096, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/place"));
	if (statfs("/dev/shm", &fs) == 0 && fs.f_type == 0x01021994)
		assert_int_not_equal(direct_target_open(&target, "/dev/shm", 4096, &err), 0);
	assert_int_equal(target.fd, -1);
	/* a disk: refused by its driver, before it is opened */
	if (stat("/dev/vda", &st) == 0 && S_ISBLK(st.st_mode)) {
		assert_int_equal(direct_target_open(&target, "/dev/vda", 4096, &err), -EPERM);
		assert_non_null(strstr(err.text, "does not write to it"));
	}
}

/* Nothing with a name is made, and the target is gone with its descriptor. */
static void test_target_is_nameless(void **state)
{
	char place[] = "/var/tmp/pinbench-test.XXXXXX";
	struct direct_target target;
	struct error err = { 0 };
	struct stat st;
	int rc;

	(void)state;
	assert_non_null(mkdtemp(place));
	rc = direct_target_open(&target, place, 4096, &err);
	if (rc == 0) {
		assert_int_equal(fstat(target.fd, &st), 0);
		assert_int_equal(st.st_nlink, 0);
		assert_true(fcntl(target.fd, F_GETFL) & O_DIRECT);
		direct_target_close(&target);
	}
	assert_int_equal(rmdir(place), 0); /* fails if it is not empty */
	if (rc)
		skip_because(err.text);
}

/*
 * follow_page_pte() calls mark_page_accessed() under FOLL_TOUCH (mm/gup.c of 6.1): memory that GUP
 * has brought in is marked, and the next slow pin activates it, page by page. A region is filled as
 * programs fill their memory.
 */
static void test_region_is_untouched_by_gup(void **state)
{
	struct frame frames[NR_PAGES];
	struct error err = { 0 };
	struct region region;

	(void)state;
	if (!frames_visible(&err))
		skip_because(err.text);
	region_make(&region, NR_PAGES);
	region_fill(&region, NULL);
	assert_int_equal(frames_read(region.addr, NR_PAGES, region.base_bytes, 1, frames, &err), 0);
	for (size_t i = 0; i < NR_PAGES; i++) {
		assert_true(frames[i].present);
		assert_false(frames[i].flags >> KPF_REFERENCED & 1);
	}
	region_unmap(&region);
}

int main(void)
{
	static const struct CMUnitTest fixed[] = {
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_clock_goes_on),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_gup_test_is_careful),
		cmocka_unit_test(test_memlock),
		cmocka_unit_test(test_target_refused),
		cmocka_unit_test(test_target_is_nameless),
		cmocka_unit_test(test_region_is_untouched_by_gup),
	};
	static struct CMUnitTest tests[128];
	static char names[128][256];
	struct pin_counters counters;
	struct error why, uncounted;
	size_t nr = 0;
	int failed;
	bool counted = pin_counters_read(&counters, &uncounted) == 0;

	for (size_t i = 0; pinners[i]; i++) {
		const struct {
			const char *what;
			CMUnitTestFunction run;
		} each[] = {
			{ "contract", test_contract },
			{ pinners[i]->hold ? "held pins" : NULL, test_held },
			{ "open touches nothing", test_open_touches_nothing },
			{ "short pin fails", test_short_pin_fails },
		};
		size_t nr_each = sizeof(each) / sizeof(each[0]);

		if (!works(pinners[i], &why)) {
			snprintf(names[nr], sizeof(names[nr]), "%s: %.180s", pinners[i]->name,
				 why.text);
			tests[nr] =
				(struct CMUnitTest){ .name = names[nr], .test_func = test_skipped };
			nr++;
			continue;
		}
		for (size_t k = 0; k < nr_each; k++) {
			bool here = each[k].run != test_held || counted;

			if (!each[k].what)
				continue;
			snprintf(names[nr], sizeof(names[nr]), "%s: %s%s%.150s", pinners[i]->name,
				 each[k].what,
				 here ? "" : ": not counted here: ", here ? "" : uncounted.text);
			tests[nr] = (struct CMUnitTest){ .name = names[nr],
							 .initial_state = (void *)pinners[i],
							 .test_func = here ? each[k].run
									   : test_skipped };
			nr++;
		}
		if (nr + nr_each > 128)
			abort();
	}
	failed = cmocka_run_group_tests(fixed, NULL, NULL);
	return failed + _cmocka_run_group_tests("every pinner", tests, nr, NULL, NULL);
}

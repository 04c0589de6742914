// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/calibrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/gup_test_abi.h"

#define NR_PAGES 16 /* what one vmsplice(2) asks for: fs/splice.c iter_to_pipe(), 6.1 and 6.12 */

enum way { WAY_SPLICE, WAY_GUP_TEST };

/*
 * vmsplice(2) takes references with get_user_pages_fast(), read-only and without FOLL_PIN
 * (6.1, 6.12: lib/iov_iter.c iov_iter_get_pages2): it works for every user on every kernel and
 * never unshares. Of absent pages GUP-fast gets none. The function that 6.1 falls back to for
 * long-term pins is reached by gup_test alone: PIN_LONGTERM_BENCHMARK never tries the fast walk and
 * takes mmap_lock itself (6.1, 6.12: mm/gup_test.c).
 */
static const struct {
	struct known_call call;
	enum way way;
	bool present;
} table[] = {
	{ { "vmsplice of present pages", .requested = NR_PAGES }, WAY_SPLICE, true },
	{ { "vmsplice of absent pages", .requested = NR_PAGES, .slow = NR_PAGES, .slow_calls = 1 },
	  WAY_SPLICE,
	  false },
	{ { "gup_test PIN_LONGTERM_BENCHMARK", .slow = NR_PAGES, .slow_calls = 1 },
	  WAY_GUP_TEST,
	  true },
};

static int known_call_open(struct known_call *known, enum way way, struct error *err)
{
	if (way == WAY_SPLICE)
		return pipe2(known->fd, O_CLOEXEC | O_NONBLOCK)
			       ? error_errno(err, errno, "make a pipe")
			       : 0;
	known->fd[0] = TEMP_FAILURE_RETRY(open(GUP_TEST_NODE, O_RDWR | O_CLOEXEC));
	known->fd[1] = -1;
	return known->fd[0] < 0 ? error_errno(err, errno, "open %s", GUP_TEST_NODE) : 0;
}

static void known_call_finish(struct known_call *known)
{
	if (known->pages)
		munmap(known->pages, known->bytes);
	close(known->fd[0]);
	if (known->fd[1] >= 0)
		close(known->fd[1]);
}

static int known_call_prepare(struct known_call *known, size_t index, struct error *err)
{
	*known = table[index].call;
	if (known_call_open(known, table[index].way, err))
		return -err->code;
	known->bytes = NR_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	known->pages = mmap(NULL, known->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	if (known->pages == MAP_FAILED) {
		known->pages = NULL;
		error_errno(err, errno, "map %d pages", NR_PAGES);
		known_call_finish(known);
		return -err->code;
	}
	madvise(known->pages, known->bytes, MADV_NOHUGEPAGE);
	if (table[index].present)
		memset(known->pages, 1, known->bytes);
	return 0;
}

int known_call_run(struct known_call *known, struct error *err)
{
	struct iovec iov = { .iov_base = known->pages, .iov_len = known->bytes };
	struct gup_test request = {
		.addr = (uintptr_t)known->pages,
		.size = known->bytes,
		.nr_pages_per_call = NR_PAGES,
	};
	ssize_t got;

	if (known->fd[1] >= 0) {
		got = vmsplice(known->fd[1], &iov, 1, SPLICE_F_NONBLOCK);
	} else {
		got = ioctl(known->fd[0], GUP_TEST_PIN_LONGTERM, &request);
		if (got == 0)
			got = (ssize_t)request.size;
	}
	if (got < 0)
		return error_errno(err, errno, "%s", known->name);
	if ((size_t)got != known->bytes)
		return error_set(err, EIO, "%s took %zd bytes of %zu", known->name, got,
				 known->bytes);
	return 0;
}

int known_calls_try(int (*one)(void *watch, struct known_call *known, struct error *err),
		    void *watch, struct error *err)
{
	struct known_call known;
	struct error missing; /* gup_test may not be there */
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(table) / sizeof(*table); i++) {
		if (known_call_prepare(&known, i, &missing)) {
			if (table[i].way == WAY_GUP_TEST && error_unsupported(&missing))
				continue;
			*err = missing; /* what could not be calibrated is not believed */
			return -err->code;
		}
		ret = one(watch, &known, err);
		known_call_finish(&known);
	}
	return ret;
}

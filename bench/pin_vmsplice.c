// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmsplice(2) into pipes: get_user_pages_fast() without FOLL_WRITE, 16 pages at a time (fs/splice.c
 * PIPE_DEF_BUFFERS in iter_to_pipe()), for every user on every kernel. It takes references and no
 * pins, so that it never unshares: the control for those that do. In the time of the pin is also a
 * pipe buffer a page; the unpin is splice(2) to /dev/null, which gives the references back.
 */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/mark.h"

#define WISH_BYTES (1 << 20) /* fs.pipe-max-size, unless somebody changed it */
#define GUP_PAGES  16

/* A pipe, and the part of the window that goes into it, an iovec a request. */
struct tube {
	int ends[2];
	struct iovec *requests;
	unsigned long nr_requests;
	size_t bytes;
};

struct pin {
	struct pin_job job;
	struct tube *tubes;
	size_t nr_tubes;
	struct iovec *requests; /* of all tubes */
	int null;
	bool held;
};

static struct pin_path vmsplice_path(const struct pinner *pinner)
{
	(void)pinner;
	return (struct pin_path){ .entry = "get_user_pages_fast",
				  .fast = true,
				  .max_pages = GUP_PAGES };
}

static int drain(const struct pin *pin, struct error *err)
{
	for (size_t i = 0; i < pin->nr_tubes; i++) {
		const struct tube *tube = &pin->tubes[i];

		for (size_t left = tube->bytes; left;) {
			ssize_t moved = splice(tube->ends[0], NULL, pin->null, NULL, left,
					       SPLICE_F_NONBLOCK);

			if (moved < 0 && errno == EINTR)
				continue;
			if (moved <= 0)
				return error_errno(err, moved ? errno : EIO,
						   "splice from a pipe to /dev/null");
			left -= (size_t)moved;
		}
	}
	return 0;
}

static void vmsplice_close(struct pin *pin)
{
	if (!pin)
		return;
	for (size_t i = 0; i < pin->nr_tubes; i++) {
		close(pin->tubes[i].ends[0]);
		close(pin->tubes[i].ends[1]);
	}
	if (pin->null >= 0)
		close(pin->null);
	free(pin->requests);
	free(pin->tubes);
	free(pin);
}

/* One more pipe, as large as this user may have it; how many pages it holds, or -errno. */
static int tube_open(struct pin *pin, struct error *err)
{
	struct tube *tube = &pin->tubes[pin->nr_tubes];
	int size;

	if (pipe2(tube->ends, O_CLOEXEC)) {
		error_errno(err, errno == EMFILE || errno == ENFILE ? EOPNOTSUPP : errno,
			    "vmsplice: pipe %zu for %zu KiB", pin->nr_tubes + 1,
			    pin->job.bytes >> 10);
		return error_fix(err, "a smaller window, or ulimit -n and fs.pipe-max-size");
	}
	pin->nr_tubes++;
	if (fcntl(tube->ends[0], F_SETPIPE_SZ, WISH_BYTES) < 0)
		errno = 0; /* as it is, then */
	size = fcntl(tube->ends[0], F_GETPIPE_SZ);
	if (size < (int)pin->job.region->base_bytes)
		return error_errno(err, size < 0 ? errno : EIO, "size of a pipe");
	return size / (int)pin->job.region->base_bytes;
}

/* A buffer of a pipe holds one page; a request is not cut unless it is larger than a pipe. */
static int window_cut(struct pin *pin, struct error *err)
{
	const struct pin_job *job = &pin->job;
	size_t base = job->region->base_bytes, nr_pages = job->bytes / base;
	size_t nr_requests = 0;
	struct tube *tube = NULL;
	int room = 0;

	pin->requests = calloc(nr_pages, sizeof(*pin->requests));
	pin->tubes = calloc(nr_pages, sizeof(*pin->tubes));
	for (size_t done = 0, in_request = 0; done < nr_pages;) {
		size_t want = job->pages_per_call - in_request;

		if (want > nr_pages - done)
			want = nr_pages - done;
		if (!room || (want > (size_t)room && in_request == 0 && tube->bytes)) {
			room = tube_open(pin, err);
			if (room < 0)
				return room;
			tube = &pin->tubes[pin->nr_tubes - 1];
			tube->requests = &pin->requests[nr_requests];
		}
		if (want > (size_t)room)
			want = (size_t)room;
		pin->requests[nr_requests++] =
			(struct iovec){ job->region->addr + job->offset + done * base,
					want * base };
		tube->nr_requests++;
		tube->bytes += want * base;
		room -= (int)want;
		done += want;
		in_request = (in_request + want) % job->pages_per_call;
	}
	return 0;
}

static int vmsplice_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
			 struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc = 0;

	(void)pinner;
	pin->job = *job;
	pin->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (pin->null < 0)
		rc = error_errno(err, errno, "open /dev/null");
	if (!rc)
		rc = window_cut(pin, err);
	if (rc) {
		vmsplice_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

/* 0, -errno, or 1 when it was less than the window. */
static int splice_all(struct pin *pin)
{
	for (size_t i = 0; i < pin->nr_tubes; i++) {
		const struct tube *tube = &pin->tubes[i];
		size_t done = 0;

		/* IOV_MAX requests in one call */
		for (unsigned long at = 0; at < tube->nr_requests; at += 1024) {
			unsigned long nr = tube->nr_requests - at < 1024 ? tube->nr_requests - at
									 : 1024;

			ssize_t moved =
				vmsplice(tube->ends[1], tube->requests + at, nr, SPLICE_F_NONBLOCK);

			if (moved < 0)
				return -errno;
			done += (size_t)moved;
		}
		if (done != tube->bytes)
			return 1;
	}
	return 0;
}

/* After a short or failed call: what came in, out again. */
static int vmsplice_failed(struct pin *pin, int rc, struct error *err)
{
	size_t in = 0;

	for (size_t i = 0; i < pin->nr_tubes; i++) {
		ssize_t moved;

		while ((moved = splice(pin->tubes[i].ends[0], NULL, pin->null, NULL,
				       pin->tubes[i].bytes, SPLICE_F_NONBLOCK)) > 0)
			in += (size_t)moved;
	}
	if (rc < 0)
		return error_errno(err, -rc, "vmsplice of %zu bytes", pin->job.bytes);
	return error_set(err, EFAULT, "vmsplice took %zu of %zu bytes", in, pin->job.bytes);
}

static int vmsplice_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, pinned, stop, end;
	int rc;

	start = clock_now();
	mark(MARK_START);
	rc = splice_all(pin);
	pinned = clock_end(start);
	mark(MARK_PIN);
	if (rc)
		return vmsplice_failed(pin, rc, err);
	stop = clock_now();
	mark(MARK_START);
	rc = drain(pin, err);
	end = clock_end(stop);
	mark(MARK_UNPIN);
	if (rc)
		return -err->code;
	*sample = (struct sample){ .have = 1u << METRIC_PIN | 1u << METRIC_UNPIN };
	sample->ticks[METRIC_PIN] = pinned - start;
	sample->ticks[METRIC_UNPIN] = end - stop;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *vmsplice_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? NULL : CLOCK_OUTSIDE;
}

static int vmsplice_hold(struct pin *pin, struct error *err)
{
	int rc = splice_all(pin);

	return rc ? vmsplice_failed(pin, rc, err) : 0;
}

static int vmsplice_release(struct pin *pin, struct error *err)
{
	return drain(pin, err);
}

/* tee() doubles the references, so that reading does not give those back that are held. */
static int vmsplice_read(struct pin *pin, void *bytes, struct error *err)
{
	unsigned char *to = bytes;
	int copy[2], rc = 0;

	if (pipe2(copy, O_CLOEXEC))
		return error_errno(err, errno, "a pipe to read through");
	if (fcntl(copy[0], F_SETPIPE_SZ, fcntl(pin->tubes[0].ends[0], F_GETPIPE_SZ)) < 0)
		rc = error_errno(err, errno, "size of a pipe to read through");
	for (size_t i = 0; !rc && i < pin->nr_tubes; i++) {
		size_t left = pin->tubes[i].bytes;

		if (tee(pin->tubes[i].ends[0], copy[1], left, SPLICE_F_NONBLOCK) != (ssize_t)left)
			rc = error_set(err, EIO, "tee gave another number of bytes than %zu", left);
		while (!rc && left) {
			ssize_t got = TEMP_FAILURE_RETRY(read(copy[0], to, left));

			if (got <= 0)
				rc = error_errno(err, got ? errno : EIO, "read from a pipe");
			else
				to += got, left -= (size_t)got;
		}
	}
	close(copy[0]);
	close(copy[1]);
	return rc;
}

static uint64_t vmsplice_held_refs(const struct pin *pin)
{
	(void)pin;
	return 0;
}

const struct pinner pin_vmsplice = {
	.name = "vmsplice/pipe",
	.about = "vmsplice into a pipe: references for every user, no pins; never unshares",
	.access = ACCESS_READ,
	.path = vmsplice_path,
	.probe = pinner_try_page,
	.open = vmsplice_open,
	.cycle = vmsplice_cycle,
	.clock = vmsplice_clock,
	.hold = vmsplice_hold,
	.release = vmsplice_release,
	.read = vmsplice_read,
	.held_refs = vmsplice_held_refs,
	.close = vmsplice_close,
};

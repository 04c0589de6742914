// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io_uring buffer registration: one IORING_REGISTER_BUFFERS with one iovec per request, taken back
 * by an explicit unregister (closing a ring gives pins back later, from a worker). Always
 * FOLL_WRITE | FOLL_LONGTERM.
 *
 * What the kernel does (io_uring/rsrc.c): 6.1 io_pin_pages() takes mmap_lock and calls
 * pin_user_pages(); 6.12 (io_uring/memmap.c) calls pin_user_pages_fast() and then keeps one pin per
 * folio where an iovec covers large folios (io_try_coalesce_buffer). In 6.1 the unregister waits
 * for a grace period: milliseconds that are no unpin.
 */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/capability.h>
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/frames.h"
#include "bench/mark.h"
#include "host/sysfile.h"

#define NR_BUFFERS_MAX (1u << 14)  /* IORING_MAX_REG_BUFFERS, 6.1 and 6.12 */
#define BUFFER_MAX     (1ul << 30) /* io_buffer_validate() */
#define IO_MAX         (1u << 20)  /* bytes of one write through the registered buffer */
#define RETRY_MS       500

struct pin {
	struct io_uring ring;
	bool ring_open, held;
	struct pin_job job;
	struct iovec *buffers;
	unsigned int nr_buffers;
	size_t charge_bytes; /* what the registration counts against RLIMIT_MEMLOCK */
	int file;            /* memfd to look through the pins, or -1 */
};

static struct pin_path uring_path(const struct pinner *pinner)
{
	unsigned int release = kernel_release();

	(void)pinner;
	if (release >= KERNEL(6, 12))
		return (struct pin_path){ .entry = "pin_user_pages_fast",
					  .pins = true,
					  .fast = true };
	if (release <= KERNEL(6, 1))
		return (struct pin_path){ .entry = "pin_user_pages", .pins = true };
	/* changed somewhere between the two trees that were read */
	return (struct pin_path){ .entry = "pin_user_pages or pin_user_pages_fast", .pins = true };
}

static bool memlock_exempt(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	return data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK);
}

static int memlock_error(size_t need, struct error *err)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	error_set(err, EOPNOTSUPP,
		  "RLIMIT_MEMLOCK is %llu KiB for all rings of this user, and registering needs "
		  "%zu KiB",
		  (unsigned long long)limit.rlim_cur >> 10, need >> 10);
	return error_fix(err, "ulimit -l %zu (or run with CAP_IPC_LOCK)", need >> 10);
}

static int ring_error(int code, struct error *err)
{
	uint64_t disabled = 0;

	sysfile_read_u64("/proc/sys/kernel/io_uring_disabled", &disabled, NULL);
	if (code == EPERM && disabled) {
		error_set(err, code, "kernel.io_uring_disabled is %llu",
			  (unsigned long long)disabled);
		return error_fix(err, "sysctl kernel.io_uring_disabled=0");
	}
	if (code == EPERM) {
		error_set(err, code, "a sandbox (seccomp) forbids io_uring_setup");
		return error_fix(err, "run outside of the container, or allow io_uring in its "
				      "seccomp profile");
	}
	if (code == ENOSYS) {
		error_set(err, code, "this kernel was built without CONFIG_IO_URING");
		return error_fix(err, "build it with CONFIG_IO_URING=y");
	}
	/* up to 5.11 the ring itself counted against RLIMIT_MEMLOCK (io_account_mem); otherwise
	 * there is no memory */
	if (code == ENOMEM && kernel_release() < KERNEL(5, 12) && !memlock_exempt()) {
		error_set(err, EOPNOTSUPP, "io_uring_setup needs more locked memory");
		return error_fix(err, "ulimit -l 8192");
	}
	return error_errno(err, code, "io_uring_setup");
}

/*
 * Without CAP_IPC_LOCK the pages count against RLIMIT_MEMLOCK of the user, and a ring that was
 * closed or killed gives its share back late. The kernel pins before it counts
 * (io_sqe_buffer_register), so a failed attempt on the window would consume its state: the attempts
 * are made here, with memory of our own, until the room is there.
 */
static int memlock_wait(struct pin *pin, struct error *err)
{
	struct rlimit limit;
	struct iovec room = { .iov_len = pin->charge_bytes };
	int rc = -ENOMEM;

	if (memlock_exempt() || getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return 0;
	if (room.iov_len > limit.rlim_cur || room.iov_len > BUFFER_MAX)
		return memlock_error(pin->charge_bytes, err);
	room.iov_base = mmap(NULL, room.iov_len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room.iov_base == MAP_FAILED)
		return error_errno(err, errno, "%zu bytes to try the registration", room.iov_len);
	madvise(room.iov_base, room.iov_len, MADV_NOHUGEPAGE);
	for (unsigned int ms = 1; rc == -ENOMEM && ms < RETRY_MS; ms *= 2) {
		if (ms > 1)
			usleep(ms * 1000);
		rc = io_uring_register_buffers(&pin->ring, &room, 1);
	}
	if (!rc)
		io_uring_unregister_buffers(&pin->ring);
	munmap(room.iov_base, room.iov_len);
	if (rc == -ENOMEM)
		return memlock_error(pin->charge_bytes, err);
	return rc ? error_errno(err, -rc, "registering %zu bytes of scratch memory", room.iov_len)
		  : 0;
}

/* Huge pages are counted whole (io_buffer_account_pin). */
static size_t charge_bytes(const struct pin_job *job)
{
	size_t unit = job->region->layout->page_bytes;
	size_t first = job->offset / unit, end = (job->offset + job->bytes + unit - 1) / unit;

	return (end - first) * unit;
}

static int uring_prepare(struct pin *pin, struct error *err)
{
	const struct pin_job *job = &pin->job;
	size_t request = job->pages_per_call * job->region->base_bytes, nr;
	int rc;

	nr = (job->bytes + request - 1) / request;
	if (nr > NR_BUFFERS_MAX) {
		error_set(err, EOPNOTSUPP, "io_uring registers at most %u buffers, this needs %zu",
			  NR_BUFFERS_MAX, nr);
		return error_fix(err, "choose more pages_per_call");
	}
	if (job->pages_per_call > BUFFER_MAX / job->region->base_bytes) {
		error_set(err, EOPNOTSUPP, "io_uring registers at most 1 GiB in one buffer");
		return error_fix(err, "choose fewer pages_per_call");
	}
	pin->buffers = calloc(nr, sizeof(*pin->buffers));
	if (!pin->buffers)
		return error_errno(err, ENOMEM, "%zu iovecs", nr);
	pin->nr_buffers = (unsigned int)nr;
	for (size_t i = 0; i < nr; i++) {
		pin->buffers[i].iov_base = job->region->addr + job->offset + i * request;
		pin->buffers[i].iov_len = i + 1 < nr ? request : job->bytes - i * request;
	}
	rc = io_uring_queue_init(4, &pin->ring, 0);
	if (rc < 0)
		return ring_error(-rc, err);
	pin->ring_open = true;
	pin->charge_bytes = charge_bytes(job);
	return memlock_wait(pin, err);
}

static void uring_close(struct pin *pin)
{
	if (!pin)
		return;
	if (pin->held)
		io_uring_unregister_buffers(&pin->ring);
	if (pin->ring_open)
		io_uring_queue_exit(&pin->ring);
	if (pin->file >= 0)
		close(pin->file);
	free(pin->buffers);
	free(pin);
}

static int uring_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
		      struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->job = *job;
	pin->file = -1;
	rc = uring_prepare(pin, err);
	if (rc) {
		uring_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int register_error(const struct pin *pin, int code, struct error *err)
{
	struct rlimit limit;

	if (code == ENOMEM && !memlock_exempt() && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY) {
		memlock_error(pin->charge_bytes, err);
		if (err)
			err->code = ENOMEM; /* pinned and given back: the state is gone, so no mere
					       skip */
		return -ENOMEM;
	}
	return error_errno(err, code, "io_uring_register_buffers of %u buffers, %zu bytes",
			   pin->nr_buffers, pin->job.bytes);
}

static int uring_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, registered, stop, end;
	int rc;

	start = clock_now();
	mark(MARK_START);
	rc = io_uring_register_buffers(&pin->ring, pin->buffers, pin->nr_buffers);
	registered = clock_end(start);
	mark(MARK_PIN);
	if (rc < 0)
		return register_error(pin, -rc, err);
	stop = clock_now();
	mark(MARK_START);
	rc = io_uring_unregister_buffers(&pin->ring);
	end = clock_end(stop);
	mark(MARK_UNPIN);
	if (rc < 0)
		return error_errno(err, -rc, "io_uring_unregister_buffers");
	*sample = (struct sample){ .have = 1u << METRIC_PIN | 1u << METRIC_UNPIN };
	sample->ticks[METRIC_PIN] = registered - start;
	sample->ticks[METRIC_UNPIN] = end - stop;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *uring_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? NULL : CLOCK_OUTSIDE;
}

static int uring_hold(struct pin *pin, struct error *err)
{
	int rc = io_uring_register_buffers(&pin->ring, pin->buffers, pin->nr_buffers);

	if (rc < 0)
		return register_error(pin, -rc, err);
	pin->held = true;
	return 0;
}

static int uring_release(struct pin *pin, struct error *err)
{
	int rc = io_uring_unregister_buffers(&pin->ring);

	if (rc < 0)
		return error_errno(err, -rc, "io_uring_unregister_buffers");
	pin->held = false;
	return 0;
}

/* Has the kernel write @bytes of buffer @index, from @offset in it, to the start of the memfd. */
static int uring_write(struct pin *pin, unsigned int index, size_t offset, unsigned int bytes,
		       struct error *err)
{
	const char *from = (char *)pin->buffers[index].iov_base + offset;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&pin->ring);
	struct io_uring_cqe *cqe;
	int rc;

	if (!sqe)
		return error_set(err, EBUSY, "io_uring: no submission entry");
	io_uring_prep_write_fixed(sqe, pin->file, from, bytes, 0, (int)index);
	rc = io_uring_submit_and_wait(&pin->ring, 1);
	if (rc >= 0)
		rc = io_uring_wait_cqe(&pin->ring, &cqe);
	if (rc < 0)
		return error_errno(err, -rc, "io_uring_enter");
	rc = cqe->res;
	io_uring_cqe_seen(&pin->ring, cqe);
	if (rc < 0)
		return error_errno(err, -rc, "IORING_OP_WRITE_FIXED");
	if ((unsigned int)rc != bytes)
		return error_set(err, EIO, "IORING_OP_WRITE_FIXED wrote %d of %u bytes", rc, bytes);
	return 0;
}

/* WRITE_FIXED reads the pinned frames, not the mapping: what arrives in the file is what the pin
 * sees. */
static int uring_read(struct pin *pin, void *bytes, struct error *err)
{
	char *to = bytes;
	int rc;

	if (pin->file < 0)
		pin->file = memfd_create("pinbench-io-uring", MFD_CLOEXEC);
	if (pin->file < 0)
		return error_errno(err, errno, "memfd_create");
	for (unsigned int i = 0; i < pin->nr_buffers; i++) {
		size_t bytes_here = pin->buffers[i].iov_len;

		for (size_t done = 0; done < bytes_here; done += IO_MAX) {
			unsigned int part = bytes_here - done < IO_MAX ? bytes_here - done : IO_MAX;

			rc = uring_write(pin, i, done, part, err);
			if (rc)
				return rc;
			if (TEMP_FAILURE_RETRY(pread(pin->file, to, part, 0)) != (ssize_t)part)
				return error_errno(err, errno, "reading a memfd");
			to += part;
		}
	}
	return 0;
}

/* In how many large folios the pages lie that one iovec covers; 0: not all in large ones. */
static uint64_t folios_of(const struct frame *frames, size_t nr, bool *broken)
{
	uint64_t nr_folios = 1;

	for (size_t i = 0; i < nr; i++) {
		bool head = frames[i].flags & 1ull << KPF_COMPOUND_HEAD;
		bool tail = frames[i].flags & 1ull << KPF_COMPOUND_TAIL;

		if (!head && !tail)
			return 0;
		if (i && head)
			nr_folios++;
		else if (i && frames[i].pfn != frames[i - 1].pfn + 1)
			*broken = true;
	}
	return nr_folios;
}

/* As folios_of() without looking: hugetlb pages are folios, whoever maps them. */
static uint64_t hugetlb_folios(const struct pin_job *job, const struct iovec *buffer)
{
	size_t unit = job->region->layout->page_bytes;
	size_t from = (size_t)((unsigned char *)buffer->iov_base - job->region->addr);

	return (from + buffer->iov_len - 1) / unit - from / unit + 1;
}

/*
 * Pins that the registration keeps: one per page in 6.1; from 6.12 one per folio for an iovec that
 * covers whole or partial large folios of one size, one per page for any other
 * (io_try_coalesce_buffer). In between only an iovec inside one folio was treated so. A THP may
 * have been split or copied by now, so its frames are asked.
 */
static uint64_t uring_held_refs(const struct pin *pin)
{
	const struct region *region = pin->job.region;
	const struct layout_kind *kind = region->layout->kind;
	size_t nr = pin->job.bytes / region->base_bytes;
	unsigned int release = kernel_release();
	struct frame *frames = NULL;
	uint64_t refs = 0;
	size_t done = 0;
	bool broken = false;

	if (release < KERNEL(6, 3) || !kind->large)
		return nr;
	if (!kind->pool) {
		frames = calloc(nr, sizeof(*frames));
		broken = !frames || !frames_visible(NULL) ||
			 region_frames(region, pin->job.offset, nr, frames, NULL);
	}
	for (unsigned int i = 0; i < pin->nr_buffers && !broken; i++) {
		size_t pages = pin->buffers[i].iov_len / region->base_bytes;
		uint64_t folios = kind->pool ? hugetlb_folios(&pin->job, &pin->buffers[i])
					     : folios_of(frames + done, pages, &broken);

		refs += folios == 1 || (folios && release >= KERNEL(6, 12)) ? folios : pages;
		done += pages;
	}
	free(frames);
	return broken ? PIN_REFS_UNKNOWN : refs;
}

const struct pinner pin_io_uring = {
	.name = "io_uring/register",
	.about = "io_uring buffer registration: long-term pins for writing",
	.access = ACCESS_WRITE,
	.memlock = true,
	.option = "CONFIG_IO_URING",
	.path = uring_path,
	.probe = pinner_try_page,
	.open = uring_open,
	.cycle = uring_cycle,
	.clock = uring_clock,
	.hold = uring_hold,
	.release = uring_release,
	.read = uring_read,
	.held_refs = uring_held_refs,
	.close = uring_close,
};

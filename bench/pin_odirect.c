// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * O_DIRECT: write(2) reads the window, read(2) writes to it. One system call per request; the
 * kernel pins at most 256 pages at a time for it (BIO_MAX_VECS). In 6.12 both sides pin
 * (lib/iov_iter.c, iov_iter_extract_user_pages), so write(2) is a read-only short-term FOLL_PIN
 * that can unshare, on any kernel of a distribution; in 6.1 they take FOLL_GET references
 * (__iov_iter_get_pages_alloc) and never unshare. The I/O is in the time.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/direct_target.h"
#include "bench/mark.h"

/* Bytes of one system call; the kernel cuts at 2 GiB less a page. */
#define CALL_MAX      (1ul << 30)
#define CHUNK         (1ul << 20) /* when the target is filled or read back */
#define STEADY_PASSES 4           /* in a row that take less than twice the best */
#define MAX_PASSES    64

struct pin {
	struct direct_target target;
	struct pin_job job;
	size_t request; /* bytes of one call */
};

static struct pin_path odirect_path(const struct pinner *pinner)
{
	/* 6.1 and 6.12 were read; block/bio.c changed in 6.5 by its log (a7e689dd1c06) */
	bool pins = kernel_release() >= KERNEL(6, 5);

	(void)pinner;
	return (struct pin_path){ .entry = pins ? "pin_user_pages_fast" : "get_user_pages_fast",
				  .pins = pins,
				  .fast = true,
				  .max_pages = 256 };
}

/* What read(2) brings in must be what stands there; what write(2) carries out must not be there
 * before. */
static int odirect_write_all(const struct pin *pin, unsigned char *chunk, struct error *err)
{
	for (size_t done = 0; done < pin->job.bytes; done += CHUNK) {
		size_t part = pin->job.bytes - done < CHUNK ? pin->job.bytes - done : CHUNK;

		if (pin->job.access == ACCESS_WRITE)
			region_pattern(chunk, pin->job.offset + done, part);
		if (TEMP_FAILURE_RETRY(pwrite(pin->target.fd, chunk, part, (off_t)done)) !=
		    (ssize_t)part)
			return error_errno(err, errno, "filling %s with %zu bytes",
					   pin->target.where, pin->job.bytes);
	}
	return 0;
}

/*
 * Until writing takes its usual time: the first pass allocates blocks, and what the file system
 * does in the background for a new file, or for the one that the round before has just dropped,
 * would be in the only sample of a consumed state.
 */
static int odirect_fill(struct pin *pin, struct error *err)
{
	autofree unsigned char *chunk = aligned_alloc(pin->job.region->base_bytes, CHUNK);
	uint64_t took, best = UINT64_MAX;

	if (!chunk)
		return error_errno(err, ENOMEM, "%lu bytes", CHUNK);
	memset(chunk, 0xff, CHUNK);
	for (int pass = 0, steady = 0; pass < MAX_PASSES && steady < STEADY_PASSES; pass++) {
		uint64_t start = clock_now();

		if (odirect_write_all(pin, chunk, err))
			return -err->code;
		took = clock_now() - start;
		best = took < best ? took : best;
		steady = pass && took < 2 * best ? steady + 1 : 0;
	}
	return 0;
}

static void odirect_close(struct pin *pin)
{
	if (!pin)
		return;
	direct_target_close(&pin->target);
	free(pin);
}

static int odirect_prepare(const struct pinner *pinner, const char *device, size_t bytes,
			   struct error *err)
{
	(void)pinner;
	return direct_target_share(device, bytes, err);
}

static void odirect_finish(const struct pinner *pinner)
{
	(void)pinner;
	direct_target_unshare();
}

static int odirect_open(struct pin **slot, const struct pinner *pinner, const struct pin_job *job,
			struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->job = *job;
	pin->request = job->pages_per_call * job->region->base_bytes;
	pin->target.fd = -1;
	if (job->pages_per_call > CALL_MAX / job->region->base_bytes) {
		error_set(err, EOPNOTSUPP, "O_DIRECT moves at most 1 GiB in one request");
		rc = error_fix(err, "choose fewer pages_per_call");
	} else {
		rc = direct_target_open(&pin->target, job->device, job->bytes, err);
	}
	if (!rc && pin->target.keeps)
		rc = odirect_fill(pin, err);
	if (rc) {
		odirect_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int odirect_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	unsigned char *window = pin->job.region->addr + pin->job.offset;
	bool writes = pin->job.access == ACCESS_READ;
	size_t done, bytes = 0;
	uint64_t start, end;
	ssize_t moved = 0;

	start = clock_now();
	mark(MARK_START);
	for (done = 0; done < pin->job.bytes; done += bytes) {
		bytes = pin->job.bytes - done < pin->request ? pin->job.bytes - done : pin->request;
		moved = TEMP_FAILURE_RETRY(
			writes ? pwrite(pin->target.fd, window + done, bytes, (off_t)done)
			       : pread(pin->target.fd, window + done, bytes, (off_t)done));
		if (moved != (ssize_t)bytes)
			break;
	}
	end = clock_end(start);
	mark(MARK_CYCLE);
	if (done < pin->job.bytes) {
		if (moved < 0)
			return error_errno(err, errno, "O_DIRECT %s, %s", writes ? "write" : "read",
					   pin->target.where);
		return error_set(err, EIO, "O_DIRECT %s moved %zd of %zu bytes, %s",
				 writes ? "write" : "read", moved, bytes, pin->target.where);
	}
	*sample = (struct sample){ .have = 1u << METRIC_CYCLE };
	sample->ticks[METRIC_CYCLE] = end - start;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *odirect_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? CLOCK_OUTSIDE : NULL;
}

static int odirect_read(struct pin *pin, void *bytes, struct error *err)
{
	autofree unsigned char *chunk = aligned_alloc(pin->job.region->base_bytes, CHUNK);

	if (!chunk)
		return error_errno(err, ENOMEM, "%lu bytes", CHUNK);
	if (pin->job.access == ACCESS_WRITE)
		return error_set(err, EOPNOTSUPP,
				 "an O_DIRECT read carries nothing out of the window");
	if (!pin->target.keeps)
		return error_set(err, EOPNOTSUPP, "%s does not keep what is written to it",
				 pin->target.where);
	for (size_t done = 0; done < pin->job.bytes; done += CHUNK) {
		size_t part = pin->job.bytes - done < CHUNK ? pin->job.bytes - done : CHUNK;

		if (TEMP_FAILURE_RETRY(pread(pin->target.fd, chunk, part, (off_t)done)) !=
		    (ssize_t)part)
			return error_errno(err, errno, "reading back from %s", pin->target.where);
		memcpy((unsigned char *)bytes + done, chunk, part);
	}
	return 0;
}

#define ODIRECT_PINNER(symbol, odirect_name, odirect_about, bits) \
	const struct pinner symbol = {                            \
		.name = "odirect/" odirect_name,                  \
		.about = odirect_about,                           \
		.access = bits,                                   \
		.warms_itself = true,                             \
		.prepare = odirect_prepare,                       \
		.finish = odirect_finish,                         \
		.path = odirect_path,                             \
		.probe = pinner_try_page,                         \
		.open = odirect_open,                             \
		.cycle = odirect_cycle,                           \
		.clock = odirect_clock,                           \
		.read = odirect_read,                             \
		.close = odirect_close,                           \
	}

ODIRECT_PINNER(pin_odirect_write, "write",
	       "O_DIRECT write(2) from the window, the I/O included; pins since 6.5", ACCESS_READ);
ODIRECT_PINNER(pin_odirect_read, "read",
	       "O_DIRECT read(2) into the window, the I/O included; pins since 6.5", ACCESS_WRITE);

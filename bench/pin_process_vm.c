// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process_vm_readv(2) and process_vm_writev(2) of this process on itself: pin_user_pages_remote()
 * under mmap_lock, a copy, and the unpin, in one system call; no privilege, any kernel. One iovec
 * is one request; the kernel takes at most 2 * PAGE_SIZE / 8 pages of it at a time
 * (mm/process_vm_access.c, 6.1 and 6.12), 1024 of 4 KiB. The copy is in the time: read it next to
 * another run of the same pinner, not next to a bare pin.
 */
#include "bench/bench.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/mark.h"

#define CALL_MAX (1ul << 30) /* bytes of one system call; the kernel cuts at 2 GiB less a page */

struct process_vm_row {
	ssize_t (*transfer)(pid_t pid, const struct iovec *local, unsigned long nr_local,
			    const struct iovec *remote, unsigned long nr_remote,
			    unsigned long flags);
};

struct pin {
	const struct process_vm_row *row;
	pid_t self;
	struct pin_job job;
	unsigned char
		*copy; /* as large as the window: what was carried out, or what is carried in */
	struct iovec *remote; /* one per request */
	size_t nr_remote;
	struct batch *batches; /* one per system call */
	size_t nr_batches;
};

struct batch {
	struct iovec local;
	const struct iovec *remote;
	unsigned long nr_remote;
};

static struct pin_path process_vm_path(const struct pinner *pinner)
{
	(void)pinner;
	return (struct pin_path){ .entry = "pin_user_pages_remote",
				  .pins = true,
				  .max_pages = 2 * (size_t)sysconf(_SC_PAGESIZE) / sizeof(void *) };
}

static void process_vm_close(struct pin *pin)
{
	if (!pin)
		return;
	if (pin->copy)
		munmap(pin->copy, pin->job.bytes);
	free(pin->batches);
	free(pin->remote);
	free(pin);
}

/* Cuts the window into requests, and these into system calls. */
static int process_vm_cut(struct pin *pin, struct error *err)
{
	const struct pin_job *job = &pin->job;
	size_t request = job->pages_per_call * job->region->base_bytes, done = 0;
	struct batch *batch = NULL;

	if (job->pages_per_call > CALL_MAX / job->region->base_bytes) {
		error_set(err, EOPNOTSUPP, "process_vm moves at most 1 GiB in one request");
		return error_fix(err, "choose fewer pages_per_call");
	}
	pin->nr_remote = (job->bytes + request - 1) / request;
	pin->remote = calloc(pin->nr_remote, sizeof(*pin->remote));
	pin->batches = calloc(pin->nr_remote, sizeof(*pin->batches));
	if (!pin->remote || !pin->batches)
		return error_errno(err, ENOMEM, "%zu iovecs", pin->nr_remote);
	for (size_t i = 0; i < pin->nr_remote; i++) {
		size_t bytes = job->bytes - done < request ? job->bytes - done : request;

		pin->remote[i].iov_base = job->region->addr + job->offset + done;
		pin->remote[i].iov_len = bytes;
		if (!batch || batch->nr_remote == IOV_MAX ||
		    batch->local.iov_len + bytes > CALL_MAX) {
			batch = &pin->batches[pin->nr_batches++];
			batch->local.iov_base = pin->copy + done;
			batch->remote = &pin->remote[i];
		}
		batch->local.iov_len += bytes;
		batch->nr_remote++;
		done += bytes;
	}
	return 0;
}

static int process_vm_open(struct pin **slot, const struct pinner *pinner,
			   const struct pin_job *job, struct error *err)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int rc = 0;

	if (!pin)
		return error_errno(err, ENOMEM, "%s", pinner->name);
	pin->row = pinner->row;
	pin->self = getpid();
	pin->job = *job;
	pin->copy =
		mmap(NULL, job->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pin->copy == MAP_FAILED) {
		pin->copy = NULL;
		rc = error_errno(err, errno, "a buffer of %zu bytes", job->bytes);
	} else {
		/* A state's fork() must not make the copy itself fault: those would count as the
		 * pin's. */
		madvise(pin->copy, job->bytes, MADV_DONTFORK);
		/* what is carried in must be what stands there; what is carried out must not be
		 * here before */
		if (job->access == ACCESS_WRITE)
			region_pattern(pin->copy, job->offset, job->bytes);
		else
			memset(pin->copy, 0xff, job->bytes);
		rc = process_vm_cut(pin, err);
	}
	if (rc) {
		process_vm_close(pin);
		return rc;
	}
	*slot = pin;
	return 0;
}

static int process_vm_failed(const struct pin *pin, ssize_t moved, int code,
			     const struct batch *batch, struct error *err)
{
	const char *name = pin->row->transfer == process_vm_readv ? "process_vm_readv"
								  : "process_vm_writev";

	if (moved >= 0)
		return error_set(err, EFAULT, "%s moved %zd of %zu bytes", name, moved,
				 batch->local.iov_len);
	error_errno(err, code, "%s", name);
	if (code == ENOSYS)
		return error_fix(err, "build the kernel with CONFIG_CROSS_MEMORY_ATTACH=y");
	if (code == EPERM)
		return error_fix(err, "run outside the sandbox whose seccomp filter forbids %s",
				 name);
	return -code;
}

static int process_vm_cycle(struct pin *pin, struct sample *sample, struct error *err)
{
	uint64_t start, end;
	ssize_t moved = 0;
	size_t i;

	start = clock_now();
	mark(MARK_START);
	for (i = 0; i < pin->nr_batches; i++) {
		const struct batch *batch = &pin->batches[i];

		moved = pin->row->transfer(pin->self, &batch->local, 1, batch->remote,
					   batch->nr_remote, 0);
		if (moved != (ssize_t)batch->local.iov_len)
			break;
	}
	end = clock_end(start);
	mark(MARK_CYCLE);
	if (i < pin->nr_batches)
		return process_vm_failed(pin, moved, errno, &pin->batches[i], err);
	*sample = (struct sample){ .have = 1u << METRIC_CYCLE };
	sample->ticks[METRIC_CYCLE] = end - start;
	sample->nr_pages = pin->job.bytes / pin->job.region->base_bytes;
	return 0;
}

static const char *process_vm_clock(const struct pin *pin, enum metric metric, uint64_t *quantum_ns)
{
	(void)pin;
	*quantum_ns = clock_grain();
	return metric == METRIC_CYCLE ? CLOCK_OUTSIDE : NULL;
}

static int process_vm_read(struct pin *pin, void *bytes, struct error *err)
{
	if (pin->row->transfer != process_vm_readv)
		return error_set(err, EOPNOTSUPP,
				 "process_vm_writev carries nothing out of the window");
	memcpy(bytes, pin->copy, pin->job.bytes);
	return 0;
}

#define PROCESS_VM_PINNER(symbol, process_vm_name, process_vm_about, bits, ...) \
	const struct pinner symbol = {                                          \
		.name = "process_vm/" process_vm_name,                          \
		.about = process_vm_about,                                      \
		.access = bits,                                                 \
		.option = "CONFIG_CROSS_MEMORY_ATTACH",                         \
		.row = &(const struct process_vm_row){ __VA_ARGS__ },           \
		.path = process_vm_path,                                        \
		.probe = pinner_try_page,                                       \
		.open = process_vm_open,                                        \
		.cycle = process_vm_cycle,                                      \
		.clock = process_vm_clock,                                      \
		.read = process_vm_read,                                        \
		.close = process_vm_close,                                      \
	}

PROCESS_VM_PINNER(pin_process_vm_readv, "readv",
		  "process_vm_readv on itself: a remote pin for reading, and the copy", ACCESS_READ,
		  .transfer = process_vm_readv);

PROCESS_VM_PINNER(pin_process_vm_writev, "writev",
		  "process_vm_writev on itself: a remote pin for writing, and the copy",
		  ACCESS_WRITE, .transfer = process_vm_writev);

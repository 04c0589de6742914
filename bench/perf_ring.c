// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/perf_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_PAGES 128 /* a power of two, as perf_mmap() wants */

int perf_ring_open(struct perf_ring *ring, struct perf_event_attr *attr, bool records,
		   struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	*ring = (struct perf_ring){ .fd = -1 };
	attr->size = sizeof(*attr);
	attr->disabled = 1;
	if (records) {
		attr->sample_period = 1;
		attr->sample_type = PERF_SAMPLE_REGS_INTR;
		ring->nr_args = (size_t)__builtin_popcountll(attr->sample_regs_intr);
	}
	ring->fd = (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return error_errno(err, errno, "perf_event_open");
	if (!records)
		return 0;
	ring->map_bytes = (1 + RING_PAGES) * page;
	ring->map = mmap(NULL, ring->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->map == MAP_FAILED) {
		ring->map = NULL;
		error_errno(err, errno, "map the records of a perf event");
		perf_ring_close(ring);
		return -err->code;
	}
	return 0;
}

void perf_ring_fit(struct perf_ring *ring, size_t nr_records)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), nr_pages = RING_PAGES, map_bytes;
	size_t record = sizeof(struct perf_event_header) + sizeof(uint64_t) * (1 + ring->nr_args);

	if (!ring->map)
		return;
	if (nr_records > PERF_RING_MOST)
		nr_records = PERF_RING_MOST;
	while (nr_pages * page < nr_records * record)
		nr_pages *= 2;
	map_bytes = (1 + nr_pages) * page;
	if (map_bytes <= ring->map_bytes)
		return;
	munmap(ring->map, ring->map_bytes); /* an event has one ring at a time */
	ring->map = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->map != MAP_FAILED) {
		ring->map_bytes = map_bytes;
		return;
	}
	ring->map = mmap(NULL, ring->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->map == MAP_FAILED)
		ring->map = NULL;
}

int perf_ring_start(struct perf_ring *ring, struct error *err)
{
	struct perf_event_mmap_page *head = ring->map;

	if (head)
		__atomic_store_n(&head->data_tail, head->data_head, __ATOMIC_RELEASE);
	if (ioctl(ring->fd, PERF_EVENT_IOC_RESET, 0) || ioctl(ring->fd, PERF_EVENT_IOC_ENABLE, 0))
		return error_errno(err, errno, "start a perf event");
	return 0;
}

/* Copies out of the ring, where a record may wrap around. */
static void ring_copy(const unsigned char *data, size_t size, uint64_t at, void *to, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)to)[i] = data[(at + i) & (size - 1)];
}

/* A record is its header, the ABI of the registers (0: none were sampled) and the registers. */
struct regs_record {
	uint64_t abi;
	uint64_t args[PERF_RING_ARGS];
};

static int ring_drain(struct perf_ring *ring, void (*hit)(void *sum, const struct perf_hit *hit),
		      void *sum, uint64_t *nr_records, struct error *err)
{
	struct perf_event_mmap_page *head = ring->map;
	const unsigned char *data = (unsigned char *)ring->map + head->data_offset;
	uint64_t end = __atomic_load_n(&head->data_head, __ATOMIC_ACQUIRE);
	size_t want = sizeof(uint64_t) * (1 + ring->nr_args);
	struct perf_event_header header;

	*nr_records = 0;
	for (uint64_t at = head->data_tail; at < end; at += header.size) {
		struct regs_record record = { 0 };
		struct perf_hit values = { { 0 } };

		ring_copy(data, head->data_size, at, &header, sizeof(header));
		if (header.type != PERF_RECORD_SAMPLE)
			return error_set(err, EOVERFLOW, "perf reports lost or throttled records");
		if (header.size < sizeof(header) + want)
			return error_set(err, EOVERFLOW, "a perf record lacks its registers");
		ring_copy(data, head->data_size, at + sizeof(header), &record, want);
		if (record.abi == PERF_SAMPLE_REGS_ABI_NONE)
			return error_set(err, EOVERFLOW, "a perf record lacks its registers");
		memcpy(values.args, record.args, sizeof(values.args));
		hit(sum, &values);
		++*nr_records;
	}
	__atomic_store_n(&head->data_tail, end, __ATOMIC_RELEASE);
	return 0;
}

int perf_ring_stop(struct perf_ring *ring, void (*hit)(void *sum, const struct perf_hit *hit),
		   void *sum, uint64_t *nr_hits, struct error *err)
{
	uint64_t nr_records;

	if (ioctl(ring->fd, PERF_EVENT_IOC_DISABLE, 0))
		return error_errno(err, errno, "stop a perf event");
	if (TEMP_FAILURE_RETRY(read(ring->fd, nr_hits, sizeof(*nr_hits))) != sizeof(*nr_hits))
		return error_errno(err, errno, "read a perf event");
	if (!ring->map)
		return ring->map_bytes ? error_set(err, ENOMEM, "no memory for perf records") : 0;
	if (ring_drain(ring, hit, sum, &nr_records, err))
		return -err->code;
	if (nr_records != *nr_hits)
		return error_set(err, EOVERFLOW, "%llu perf records of %llu hits",
				 (unsigned long long)nr_records, (unsigned long long)*nr_hits);
	return 0;
}

void perf_ring_close(struct perf_ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->map_bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	*ring = (struct perf_ring){ .fd = -1 };
}

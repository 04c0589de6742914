// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/hugepage.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "host/sysfile.h"

#define HUGETLB_DIR  "/sys/kernel/mm/hugepages"
#define FREE_WAIT_MS 2000

static int bytes_compare(const void *left, const void *right)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;

	return a < b ? -1 : a > b;
}

/* The sizes in the names of the directories "hugepages-64kB" below @path. */
static size_t sizes_read(const char *path, size_t *bytes, size_t max)
{
	char full[PATH_MAX];
	struct dirent *entry;
	size_t nr = 0;
	DIR *dir;

	snprintf(full, sizeof(full), "%s%s", sysfile_root(), path);
	dir = dir_open(full);
	if (!dir) {
		sysfile_trouble_add(errno, path);
		return 0;
	}
	while (nr < max && (errno = 0, entry = readdir(dir))) {
		unsigned long kilobytes;
		char unit[3];

		if (sscanf(entry->d_name, "hugepages-%lu%2s", &kilobytes, unit) == 2 &&
		    !strcmp(unit, "kB") && kilobytes > 0 && kilobytes <= SIZE_MAX / 1024)
			bytes[nr++] = kilobytes * 1024;
	}
	if (errno)
		sysfile_trouble_add(errno, path);
	closedir(dir);
	qsort(bytes, nr, sizeof(*bytes), bytes_compare);
	return nr;
}

size_t hugepage_sizes(size_t *bytes, size_t max)
{
	return sizes_read(HUGETLB_DIR, bytes, max);
}

size_t thp_sizes(size_t *bytes, size_t max)
{
	size_t all[HUGEPAGE_SIZES_MAX], nr_all = sizes_read(THP_DIR, all, HUGEPAGE_SIZES_MAX);
	size_t nr = 0;

	/* some have a switch for shared memory alone (8K with base pages of 4K: order 1) */
	for (size_t i = 0; i < nr_all && nr < max; i++) {
		char path[128];

		snprintf(path, sizeof(path), THP_DIR "/hugepages-%zukB/enabled", all[i] / 1024);
		if (sysfile_exists(path))
			bytes[nr++] = all[i];
	}
	return nr;
}

int hugepage_pool(size_t page_bytes, int node, char *path, size_t size, struct error *err)
{
	const size_t kilobytes = page_bytes / 1024;
	char name[24];

	size_format(page_bytes, name, sizeof(name));
	snprintf(path, size, HUGETLB_DIR "/hugepages-%zukB", kilobytes);
	if (!sysfile_exists(path)) {
		error_set(err, EINVAL, "this kernel has no huge pages of %s", name);
		return error_fix(err, "pinbench doctor shows the sizes it has");
	}
	if (node < 0 && sysfile_exists("/sys/devices/system/node/node1"))
		return error_set(err, EINVAL,
				 "the machine has several memory nodes: %s pages need one of them",
				 name);
	if (node >= 0 && sysfile_exists("/sys/devices/system/node/online")) {
		/*
		 * The global file spreads pages over all nodes, and a write to it moves those that
		 * the administrator had placed.
		 */
		snprintf(path, size, "/sys/devices/system/node/node%d/hugepages/hugepages-%zukB",
			 node, kilobytes);
		if (!sysfile_exists(path))
			return error_set(err, EINVAL, "node %d has no huge pages of %s", node,
					 name);
	}
	return 0;
}

static uint64_t pool_number(const char *pool, const char *name)
{
	char path[PATH_MAX];
	uint64_t number;

	snprintf(path, sizeof(path), "%s/%s", pool, name);
	return sysfile_read_u64(path, &number, NULL) ? 0 : number;
}

uint64_t hugepage_free_count(size_t page_bytes, int node)
{
	char pool[PATH_MAX / 2], all[128];
	uint64_t nr_free, reserved;

	if (hugepage_pool(page_bytes, node, pool, sizeof(pool), NULL))
		return 0;
	/* Promises are counted for the whole machine only: take them all off this node, to be safe.
	 */
	snprintf(all, sizeof(all), HUGETLB_DIR "/hugepages-%zukB", page_bytes / 1024);
	nr_free = pool_number(pool, "free_hugepages");
	reserved = pool_number(all, "resv_hugepages");
	return nr_free > reserved ? nr_free - reserved : 0;
}

uint64_t hugepage_used_count(size_t page_bytes, int node)
{
	char pool[PATH_MAX / 2];
	uint64_t nr, nr_free;

	if (hugepage_pool(page_bytes, node, pool, sizeof(pool), NULL))
		return 0;
	/* read in this order, a pool that another run raises in between seems less used, not more
	 */
	nr = pool_number(pool, "nr_hugepages");
	nr_free = pool_number(pool, "free_hugepages");
	return nr > nr_free ? nr - nr_free : 0;
}

/* The way out when the kernel could not assemble the pages. */
static int reserve_advise(struct error *err, size_t page_bytes, unsigned int nr)
{
	char name[24];

	size_format(page_bytes, name, sizeof(name));
	/* Above the buddy allocator's largest block pages are found by alloc_contig_range(), or at
	 * boot only. */
	if (page_bytes >= (512UL << 20))
		return error_fix(err, "boot with hugepagesz=%s hugepages=%u", name, nr);
	return error_fix(err,
			 "free memory (echo 1 > /proc/sys/vm/compact_memory), or boot with "
			 "hugepagesz=%s "
			 "hugepages=%u",
			 name, nr);
}

/* The error of a pool that could not be raised, in other words where they help more. */
static int raise_explain(int rc, size_t page_bytes, unsigned int nr, uint64_t nr_have,
			 const char *where, const char *path, struct error *err)
{
	char name[24];

	size_format(page_bytes, name, sizeof(name));
	if (rc == -EINVAL) {
		/* __nr_hugepages_store_common() refuses gigantic pages without CONFIG_CONTIG_ALLOC.
		 */
		error_set(err, EINVAL, "this kernel cannot make huge pages of %s while it runs",
			  name);
		return error_fix(err, "boot with hugepagesz=%s hugepages=%u", name, nr);
	}
	if (rc == -EACCES || rc == -EPERM) {
		error_set(err, -rc,
			  "%" PRIu64 " of %u free huge pages of %s%s, and only root can add some",
			  nr_have, nr, name, where);
		return error_fix(err, "run as root, or: echo %u | sudo tee %s", nr, path);
	}
	return rc;
}

/*
 * Free pages come late where the pages that were added stand for surplus ones: those are in use by
 * somebody who is ending, as persistent ones from now on (set_max_huge_pages() in mm/hugetlb.c).
 */
static uint64_t free_await(size_t page_bytes, int node, unsigned int nr)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };
	uint64_t nr_free = hugepage_free_count(page_bytes, node);

	for (int waited = 0; nr_free < nr && waited < FREE_WAIT_MS; waited += 10) {
		nanosleep(&pause, NULL);
		nr_free = hugepage_free_count(page_bytes, node);
	}
	return nr_free;
}

/*
 * How many pages to add. Free pages are this run's to use only where no other run counts on pages
 * of this pool; else each run has what it brought along, and what it counted on before the other
 * one came.
 */
static uint64_t pages_short(struct journal *journal, const char *path, uint64_t nr_free,
			    unsigned int nr)
{
	uint64_t claimed = journal_claimed(journal, path), more = nr > nr_free ? nr - nr_free : 0;

	if (claimed + more < nr && journal_shared(journal, path))
		more = nr - claimed;
	return more;
}

/* Under the lock: nobody else counts the same free pages. */
static int pool_raise(struct journal *journal, size_t page_bytes, int node, unsigned int nr,
		      const char *pool, const char *where, uint64_t *missing, struct error *err)
{
	uint64_t granted, available, more, claimed, nr_free = hugepage_free_count(page_bytes, node);
	char path[PATH_MAX], name[24];
	int rc;

	size_format(page_bytes, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/nr_hugepages", pool);
	claimed = journal_claimed(journal, path);
	more = pages_short(journal, path, nr_free, nr);
	*missing = 0;
	if (more == 0 && claimed >= nr)
		return 0;
	/* The kernel would empty the machine before it gives up. */
	if (more && sysfile_read_field("/proc/meminfo", "MemAvailable", &available, NULL) == 0 &&
	    more > available * 1024 / page_bytes)
		return error_set(err, EOPNOTSUPP,
				 "%" PRIu64
				 " of %u huge pages of %s%s are free for this run, and %" PRIu64
				 " MiB of available memory are too few for the rest",
				 nr - more, nr, name, where, available >> 10);
	rc = journal_claim(journal, path, claimed < nr ? nr - claimed : 0, more, &granted, err);
	*missing = more - granted;
	return rc ? raise_explain(rc, page_bytes, nr, nr - more, where, path, err) : 0;
}

int hugepage_reserve(struct journal *journal, size_t page_bytes, int node, unsigned int nr,
		     struct error *err)
{
	char pool[PATH_MAX / 2], name[24], where[32] = "";
	size_t mark = journal_mark(journal);
	uint64_t nr_free, missing;
	int rc = hugepage_pool(page_bytes, node, pool, sizeof(pool), err);

	if (node >= 0)
		snprintf(where, sizeof(where), " on node %d", node);
	if (!rc)
		rc = journal_lock(journal, err);
	if (rc)
		return rc;
	rc = pool_raise(journal, page_bytes, node, nr, pool, where, &missing, err);
	journal_unlock(journal);
	if (rc)
		return rc;
	nr_free = missing ? hugepage_free_count(page_bytes, node)
			  : free_await(page_bytes, node, nr);
	if (!missing && nr_free >= nr)
		return 0;
	rc = journal_restore_to(journal, mark, NULL, err);
	if (rc)
		return rc;
	size_format(page_bytes, name, sizeof(name));
	if (missing)
		nr_free = nr - missing;
	error_set(err, EOPNOTSUPP,
		  "got %" PRIu64 " of %u huge pages of %s%s; they have been given back", nr_free,
		  nr, name, where);
	return reserve_advise(err, page_bytes, nr);
}

bool hugepage_shared(struct journal *journal, size_t page_bytes, int node)
{
	char pool[PATH_MAX / 2], path[PATH_MAX];

	if (!journal || hugepage_pool(page_bytes, node, pool, sizeof(pool), NULL))
		return false;
	snprintf(path, sizeof(path), "%s/nr_hugepages", pool);
	return journal_shared(journal, path);
}

size_t thp_pmd_bytes(void)
{
	uint64_t bytes;

	return sysfile_read_u64(THP_DIR "/hpage_pmd_size", &bytes, NULL) ? 0 : bytes;
}

/* The switch of THP of @bytes alone (6.8+), empty on older kernels. */
static void thp_size_switch(size_t bytes, char *path, size_t size)
{
	snprintf(path, size, THP_DIR "/hugepages-%zukB/enabled", bytes / 1024);
	if (!sysfile_exists(path))
		path[0] = '\0';
}

/* The file that decides about THP of @bytes now, and its word; false if there is none. */
static bool thp_switch(size_t bytes, char *path, size_t size, char *word, size_t word_size)
{
	if (bytes == 0)
		return false;
	thp_size_switch(bytes, path, size);
	if (!path[0] && bytes != thp_pmd_bytes())
		return false;
	if (path[0] && sysfile_read_choice(path, word, word_size, NULL) == 0 &&
	    strcmp(word, "inherit") != 0)
		return true;
	snprintf(path, size, THP_DIR "/enabled");
	return sysfile_read_choice(path, word, word_size, NULL) == 0;
}

void thp_word(size_t bytes, char *word, size_t size)
{
	char path[128];

	if (!thp_switch(bytes, path, sizeof(path), word, size))
		snprintf(word, size, "unknown");
}

bool thp_available(size_t bytes)
{
	char path[128], word[32];

	return thp_switch(bytes, path, sizeof(path), word, sizeof(word)) &&
	       strcmp(word, "never") != 0;
}

bool thp_allocated(size_t bytes, uint64_t *nr)
{
	char path[160];

	snprintf(path, sizeof(path), THP_DIR "/hugepages-%zukB/stats/anon_fault_alloc",
		 bytes / 1024);
	return sysfile_read_u64(path, nr, NULL) == 0;
}

static int thp_set(struct journal *journal, size_t bytes, struct error *err)
{
	char path[128], word[32];
	int rc;

	if (thp_switch(bytes, path, sizeof(path), word, sizeof(word)) && strcmp(word, "never") != 0)
		return journal_set(journal, path, word, err); /* it stays so for this run, too */
	/* The switch of one size disturbs other programs less than the one for all. */
	thp_size_switch(bytes, path, sizeof(path));
	if (!path[0])
		snprintf(path, sizeof(path), THP_DIR "/enabled");
	rc = journal_set(journal, path, "madvise", err);
	if (rc == -EACCES || rc == -EPERM) {
		error_set(err, -rc,
			  "transparent huge pages are switched off, and only root can switch them "
			  "on");
		return error_fix(err, "run as root, or: echo madvise | sudo tee %s", path);
	}
	return rc;
}

int thp_allow(struct journal *journal, size_t bytes, struct error *err)
{
	int rc;

	if (bytes == 0) {
		error_set(err, ENOTSUP, "this kernel has no transparent huge pages");
		return error_fix(err, "a kernel with CONFIG_TRANSPARENT_HUGEPAGE=y");
	}
	rc = journal_lock(journal, err);
	if (rc)
		return rc;
	rc = thp_set(journal, bytes, err);
	journal_unlock(journal);
	return rc;
}

bool shmem_thp_known(void)
{
	return sysfile_exists(THP_DIR "/shmem_enabled");
}

/* The file that decides about THP of @bytes in shared memory now, and its word. */
static bool shmem_switch(size_t bytes, char *path, size_t size, char *word, size_t word_size)
{
	snprintf(path, size, THP_DIR "/hugepages-%zukB/shmem_enabled", bytes / 1024);
	if (sysfile_exists(path) && sysfile_read_choice(path, word, word_size, NULL) == 0 &&
	    strcmp(word, "inherit") != 0)
		return true;
	snprintf(path, size, THP_DIR "/shmem_enabled");
	return sysfile_read_choice(path, word, word_size, NULL) == 0;
}

/* "within_size" is no promise for the end of a file. */
static bool shmem_word_allows(const char *word)
{
	return strcmp(word, "always") == 0 || strcmp(word, "advise") == 0 ||
	       strcmp(word, "force") == 0;
}

bool shmem_thp_available(size_t bytes)
{
	char path[128], word[32];

	return shmem_switch(bytes, path, sizeof(path), word, sizeof(word)) &&
	       shmem_word_allows(word);
}

int shmem_thp_allow(struct journal *journal, size_t bytes, struct error *err)
{
	char path[128], word[32];
	int rc = journal_lock(journal, err);

	if (rc)
		return rc;
	if (shmem_switch(bytes, path, sizeof(path), word, sizeof(word)) &&
	    shmem_word_allows(word)) {
		rc = journal_set(journal, path, word, err); /* it stays so for this run, too */
	} else {
		/* that of the size alone, where there is one (6.11) */
		snprintf(path, sizeof(path), THP_DIR "/hugepages-%zukB/shmem_enabled",
			 bytes / 1024);
		if (!sysfile_exists(path))
			snprintf(path, sizeof(path), THP_DIR "/shmem_enabled");
		rc = journal_set(journal, path, "advise", err);
	}
	journal_unlock(journal);
	if (rc != -EACCES && rc != -EPERM)
		return rc;
	error_set(err, -rc,
		  "huge pages are switched off for shared memory, and only root can switch them "
		  "on");
	return error_fix(err, "run as root, or: echo advise | sudo tee %s", path);
}

/* What the cgroups (v2) of this process leave it: the smallest of limit less use, up to the root.
 */
static uint64_t cgroup_headroom(void)
{
	char text[PATH_MAX / 2], path[PATH_MAX], *group, *slash;
	uint64_t left = UINT64_MAX, limit, used;

	if (sysfile_read("/proc/self/cgroup", text, sizeof(text), NULL))
		return left;
	group = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!group)
		return left;
	group = strchr(group, '/');
	if (!group)
		return left;
	group[strcspn(group, "\n")] = '\0';
	while ((slash = strrchr(group, '/'))) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
		/* "max": no limit, and not a number */
		if (sysfile_read_u64(path, &limit, NULL) == 0) {
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.current", group);
			if (sysfile_read_u64(path, &used, NULL) == 0) {
				limit = limit > used ? limit - used : 0;
				left = limit < left ? limit : left;
			}
		}
		*slash = '\0';
	}
	return left;
}

int memory_guard(uint64_t bytes_planned, struct error *err)
{
	uint64_t available, headroom = cgroup_headroom();

	if (sysfile_read_field("/proc/meminfo", "MemAvailable", &available, NULL))
		return 0;
	available *= 1024;
	if (headroom < available)
		available = headroom;
	if (bytes_planned <= available / MEMORY_SHARE)
		return 0;
	error_set(err, EOPNOTSUPP,
		  "%" PRIu64 " MiB of memory planned, but only %" PRIu64
		  " MiB are available and a run "
		  "takes a quarter of that at most",
		  (bytes_planned + (1 << 20) - 1) >> 20, available >> 20);
	return error_fix(err, "plan a smaller size=");
}

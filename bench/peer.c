// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

/* Written by the child, read by the parent after the child's answer. */
struct sight {
	struct error error;
	bool bytes_intact;
	struct frame frames[];
};

struct peer {
	pid_t pid;
	int ask, answer; /* pipes: a kernel without sockets will do */
	struct sight *sight;
	size_t sight_bytes;
	const struct region *region;
	size_t offset, bytes;
	bool halves;
};

static void look(const struct peer *peer)
{
	const struct region *region = peer->region;
	const unsigned char *window = region->addr + peer->offset;
	size_t base = region->base_bytes;

	peer->sight->error.code = 0;
	peer->sight->bytes_intact = true;
	for (size_t at = 0, step; at < peer->bytes; at += step) {
		step = peer->halves ? base : peer->bytes;
		/* reading what was given back would fault in another page */
		if (peer->halves && region_second_half(region, (peer->offset + at) / base))
			continue;
		peer->sight->bytes_intact &=
			!region_check(window + at, peer->offset + at, step, NULL);
	}
	region_frames(region, peer->offset, peer->bytes / region->base_bytes, peer->sight->frames,
		      &peer->sight->error);
}

/* Whole huge pages, also those that the window only touches. */
static void give_back(const struct peer *peer)
{
	const struct region *region = peer->region;
	size_t step = region->layout->kind->pool ? region->layout->page_bytes : region->base_bytes;
	size_t end = peer->offset + peer->bytes;

	for (size_t at = peer->offset / step * step; at < end; at += step)
		if (region_second_half(region, at / region->base_bytes))
			madvise(region->addr + at, step, MADV_DONTNEED);
}

/* Never writes to the region: that would take the copy that the pin shall take. */
static void __attribute__((noreturn)) peer_live(const struct peer *peer)
{
	char question;

	if (peer->halves)
		give_back(peer);
	while (TEMP_FAILURE_RETRY(read(peer->ask, &question, 1)) == 1) {
		look(peer);
		if (TEMP_FAILURE_RETRY(write(peer->answer, &question, 1)) != 1)
			break;
	}
	_exit(0);
}

static int pipes_open(int ask[2], int answer[2], struct error *err)
{
	if (pipe2(ask, O_CLOEXEC))
		return error_errno(err, errno, "connect the sharing child");
	if (pipe2(answer, O_CLOEXEC) == 0)
		return 0;
	error_errno(err, errno, "connect the sharing child");
	close(ask[0]);
	close(ask[1]);
	return -err->code;
}

int peer_start(struct peer **slot, const struct region *region, size_t offset, size_t bytes,
	       bool halves, struct error *err)
{
	size_t nr = bytes / region->base_bytes;
	pid_t parent = getpid();
	struct peer *peer;
	int ask[2], answer[2];

	*slot = NULL;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return error_errno(err, ENOMEM, "prepare the sharing child");
	peer->region = region;
	peer->offset = offset;
	peer->bytes = bytes;
	peer->halves = halves;
	peer->sight_bytes = sizeof(*peer->sight) + nr * sizeof(struct frame);
	peer->sight = mmap(NULL, peer->sight_bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (peer->sight == MAP_FAILED) {
		free(peer);
		return error_errno(err, errno, "share the child's view of %zu pages", nr);
	}
	if (pipes_open(ask, answer, err)) {
		munmap(peer->sight, peer->sight_bytes);
		free(peer);
		return -err->code;
	}
	peer->pid = fork();
	if (peer->pid == 0) {
		close(ask[1]);
		close(answer[0]);
		peer->ask = ask[0];
		peer->answer = answer[1];
		child_tie(parent,
			  SIGKILL); /* in the worker's group: what kills the one kills the other */
		peer_live(peer);
	}
	close(ask[0]);
	close(answer[1]);
	peer->ask = ask[1];
	peer->answer = answer[0];
	if (peer->pid < 0) {
		error_errno(err, errno, "fork the sharing child");
		peer_stop(peer);
		return -err->code;
	}
	*slot = peer;
	return 0;
}

int peer_look(struct peer *peer, struct peer_view *view, struct error *err)
{
	char question = '?';

	if (TEMP_FAILURE_RETRY(write(peer->ask, &question, 1)) != 1 ||
	    TEMP_FAILURE_RETRY(read(peer->answer, &question, 1)) != 1)
		return error_set(err, ECHILD, "the child that shares the region is gone%s",
				 peer->region->layout->kind->pool
					 ? " (hugetlb: no spare page for its copy)"
					 : "");
	if (peer->sight->error.code) {
		if (err)
			*err = peer->sight->error;
		return -peer->sight->error.code;
	}
	view->bytes_intact = peer->sight->bytes_intact;
	view->frames = peer->sight->frames;
	return 0;
}

int peer_lacks_region(const struct peer *peer, struct error *err)
{
	const struct region *region = peer->region;
	uintptr_t from = (uintptr_t)region->addr;
	char path[64], line[512];
	unsigned long start, end;
	FILE *maps;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)peer->pid);
	maps = fopen(path, "re");
	if (!maps)
		return error_errno(err, errno, "open %s", path);
	while (!ret && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start < from + region->bytes &&
		    from < end)
			ret = error_set(err, EPROTO, "the child maps the region");
	fclose(maps);
	return ret;
}

void peer_stop(struct peer *peer)
{
	if (!peer)
		return;
	close(peer->ask);
	close(peer->answer);
	if (peer->pid > 0)
		TEMP_FAILURE_RETRY(waitpid(peer->pid, NULL, 0));
	munmap(peer->sight, peer->sight_bytes);
	free(peer);
}

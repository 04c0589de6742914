// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each proof of a state, by worlds that are wrong in one way. For every state there is one world
 * that passes; whatever single thing is changed in it has to be seen and named. The frames and what
 * the child saw are made up, the memory and its mapping are real. Linked with
 * -Wl,--wrap=peer_look,--wrap=frames_visible.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/frames.h"
#include "bench/peer.h"

#define NR     5 /* pages of the window */
#define AROUND 2 /* pages of the region before and behind it */

/* What the child is said to see; without one the real child is asked. */
static struct child {
	bool asked, gone, intact;
	struct frame frames[NR];
} * child;
static bool visible;

int __real_peer_look(struct peer *peer, struct peer_view *view, struct error *err);
int __wrap_peer_look(struct peer *peer, struct peer_view *view, struct error *err);
bool __wrap_frames_visible(struct error *why);

int __wrap_peer_look(struct peer *peer, struct peer_view *view, struct error *err)
{
	if (!child)
		return __real_peer_look(peer, view, err);
	child->asked = true;
	if (child->gone)
		return error_set(err, ECHILD, "the child is gone");
	*view = (struct peer_view){ .bytes_intact = child->intact, .frames = child->frames };
	return 0;
}

bool __wrap_frames_visible(struct error *why)
{
	if (!visible)
		error_set(why, EPERM, "hidden");
	return visible;
}

struct world {
	const struct state *state;
	struct layout layout;
	struct region region;
	struct state_env env;
	struct frame frames[NR];
	struct child child;
};

static const struct state *state_find(const char *name)
{
	for (size_t i = 0; states[i]; i++)
		if (strcmp(states[i]->name, name) == 0)
			return states[i];
	fail_msg("no state %s", name);
	return NULL;
}

static void world_map(struct world *world, const char *name)
{
	struct error err = { 0 };

	memset(world, 0, sizeof(*world));
	world->state = state_find(name);
	assert_int_equal(layout_list(&world->layout, 1), 1);
	if (region_map(&world->region, &world->layout, (NR + 2 * AROUND) * world->layout.page_bytes,
		       NULL, &err))
		fail_msg("%s", err.text);
	world->env = (struct state_env){
		.region = &world->region,
		.offset = AROUND * world->region.base_bytes,
		.bytes = NR * world->region.base_bytes,
	};
	if (world->state->populated)
		region_fill(&world->region, NULL);
}

/* What docs and kernel source say of the state (6.1: mm/memory.c copy_present_pte(), mm/mprotect.c
 * change_pte_range()). */
static void world_make(struct world *world, const char *name)
{
	bool own = strncmp(name, "exclusive", 9) == 0;

	world_map(world, name);
	child = &world->child;
	visible = true;
	for (size_t i = 0; i < NR; i++) {
		if (strcmp(name, "unpopulated") == 0)
			continue;
		world->frames[i] = (struct frame){
			.pfn = 100 + 3 * i,
			.flags = 1 << 12,
			.present = true,
			.exclusive = own,
			.mapped_once = strcmp(name, "shared") != 0,
		};
	}
	world->child.intact = true;
	memcpy(world->child.frames, world->frames, sizeof(world->frames));
	if (strcmp(name, "exclusive-ro") == 0)
		assert_int_equal(mprotect(world->region.addr, world->region.bytes, PROT_READ), 0);
}

static void world_free(struct world *world)
{
	region_unmap(&world->region);
	child = NULL;
}

static void passes(struct world *world)
{
	struct state_proof proof;
	struct error err = { 0 };

	if (state_verify(world->state, &world->env, world->frames, &proof, &err))
		fail_msg("%s: %s", world->state->name, err.text);
}

/* Fails with these words; the world is gone then. */
static void caught(struct world *world, const char *words)
{
	struct state_proof proof;
	struct error err = { 0 };
	int ret = state_verify(world->state, &world->env, world->frames, &proof, &err);

	if (!ret)
		fail_msg("%s: passed, although \"%s\"", world->state->name, words);
	assert_int_equal(ret, -err.code);
	if (!strstr(err.text, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", world->state->name, err.text, words);
	world_free(world);
}

static const char *const names[] = {
	"exclusive", "exclusive-ro", "shared", "previously-shared", "unpopulated",
};
#define NR_NAMES (sizeof(names) / sizeof(names[0]))
/* States with a proof of their own. */
static const char *const further[] = {
	"partially-shared",
	"dontfork",
	"pinned-then-forked",
	"mlocked",
};
#define NR_FURTHER (sizeof(further) / sizeof(further[0]))
static const size_t places[] = { 0, 2, NR - 1 };

static bool populated(const char *name)
{
	return strcmp(name, "unpopulated") != 0;
}

static void test_good_worlds(void **state)
{
	static const char *const read_only[2][NR_NAMES] = {
		{ "", "vma permission", "not proved: flags are hidden",
		  "not proved: flags are hidden", "" },
		{ "", "vma permission", "inferred: exclusive flag is clear",
		  "inferred: exclusive flag is clear", "" },
	};
	static const char *const accounts[] = {
		"presence only: frames are hidden from this user",
		"pagemap, kpageflags",
	};
	size_t nr = 0;

	(void)state;
	while (states[nr])
		nr++;
	assert_int_equal(nr, NR_NAMES + NR_FURTHER);
	for (size_t i = 0; i < NR_NAMES; i++) {
		for (int shown = 0; shown < 2; shown++) {
			struct state_proof proof = { "x", "x" };
			struct error err = { 0 };
			struct world world;

			world_make(&world, names[i]);
			visible = shown;
			for (size_t page = 0; page < NR && !shown; page++)
				world.frames[page] =
					(struct frame){ .present = populated(names[i]) };
			if (state_verify(world.state, &world.env, world.frames, &proof, &err))
				fail_msg("%s: %s", names[i], err.text);
			assert_string_equal(proof.frames, accounts[shown]);
			assert_string_equal(proof.read_only, read_only[shown][i]);
			assert_int_equal(world.child.asked, strcmp(names[i], "shared") == 0);
			world_free(&world);
		}
	}
}

static void test_present(void **state)
{
	char words[64];
	struct world world;

	(void)state;
	for (size_t i = 0; i < NR_NAMES; i++) {
		for (size_t k = 0; k < 3; k++) {
			bool there = populated(names[i]);

			snprintf(words, sizeof(words), "page %zu is %s", places[k],
				 there ? "not present" : "present before");
			for (int shown = 0; shown < 2; shown++) {
				world_make(&world, names[i]);
				visible = shown;
				world.frames[places[k]].present = !there;
				caught(&world, words);
			}
			if (there)
				continue;
			world_make(&world, names[i]);
			world.frames[places[k]].swapped = true;
			caught(&world, words);
		}
	}
}

/* A page that is wrong in one flag, where flags are seen; where they are not they prove nothing. */
static void test_flags(void **state)
{
	char words[96];
	struct world world;

	(void)state;
	for (size_t i = 0; i < NR_NAMES; i++) {
		bool own = strncmp(names[i], "exclusive", 9) == 0;
		bool several = strcmp(names[i], "shared") == 0;

		if (!populated(names[i]))
			continue;
		for (size_t k = 0; k < 3; k++) {
			world_make(&world, names[i]);
			world.frames[places[k]].exclusive = !own;
			visible = false;
			passes(&world);
			visible = true;
			snprintf(words, sizeof(words), "page %zu is %smarked exclusive in state %s",
				 places[k], own ? "not " : "", names[i]);
			caught(&world, words);

			world_make(&world, names[i]);
			world.frames[places[k]].mapped_once = several;
			visible = false;
			passes(&world);
			visible = true;
			snprintf(words, sizeof(words), "page %zu is mapped by %s in state %s",
				 places[k], several ? "one process" : "several processes",
				 names[i]);
			caught(&world, words);
		}
	}
}

/* One byte of any page of the window, the last of its word too; beside the window nobody looks. */
static void test_bytes(void **state)
{
	struct world world;

	(void)state;
	for (size_t i = 0; i < NR_NAMES; i++) {
		if (!populated(names[i]))
			continue;
		for (size_t k = 0; k < 3; k++) {
			unsigned char *byte;

			world_make(&world, names[i]);
			byte = world.region.addr + world.env.offset +
			       places[k] * world.region.base_bytes;
			assert_int_equal(mprotect(world.region.addr, world.region.bytes,
						  PROT_READ | PROT_WRITE),
					 0);
			*byte ^= 1;
			if (strcmp(names[i], "exclusive-ro") == 0)
				assert_int_equal(mprotect(world.region.addr, world.region.bytes,
							  PROT_READ),
						 0);
			world.frames[0].present = false; /* the bytes are the graver finding */
			caught(&world, "byte");
		}
	}
	world_make(&world, "exclusive");
	world.region.addr[world.env.offset - 1] ^= 1;
	world.region.addr[world.env.offset + world.env.bytes] ^= 1;
	passes(&world);
	world_free(&world);
}

static void test_child(void **state)
{
	char words[64];
	struct world world;

	(void)state;
	for (int shown = 0; shown < 2; shown++) {
		world_make(&world, "shared");
		visible = shown;
		world.child.intact = false;
		caught(&world, "the child sees other bytes than the parent wrote");
		world_make(&world, "shared");
		visible = shown;
		world.child.gone = true;
		caught(&world, "the child is gone");
	}
	for (size_t k = 0; k < 3; k++) {
		world_make(&world, "shared");
		world.child.frames[places[k]].pfn++;
		visible = false;
		passes(&world);
		visible = true;
		snprintf(words, sizeof(words), "page %zu: parent and child map different frames",
			 places[k]);
		caught(&world, words);
	}
	/* whose child it is: a state without one asks nobody */
	for (size_t i = 0; i < NR_NAMES; i++) {
		if (strcmp(names[i], "shared") == 0)
			continue;
		world_make(&world, names[i]);
		world.child.gone = true;
		passes(&world);
		world_free(&world);
	}
}

/* The mapping of the window, between others that are mapped otherwise. */
static void test_permission(void **state)
{
	struct world world;
	char words[64];

	(void)state;
	for (size_t i = 0; i < NR_NAMES; i++) {
		bool read_only = strcmp(names[i], "exclusive-ro") == 0;
		int right = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
		int wrong = right ^ PROT_WRITE;

		world_make(&world, names[i]);
		assert_int_equal(mprotect(world.region.addr, world.region.bytes, wrong), 0);
		assert_int_equal(mprotect(world.region.addr + world.env.offset, world.env.bytes,
					  right),
				 0);
		passes(&world);
		assert_int_equal(mprotect(world.region.addr, world.region.bytes, right), 0);
		assert_int_equal(mprotect(world.region.addr + world.env.offset, world.env.bytes,
					  wrong),
				 0);
		snprintf(words, sizeof(words), "the mapping is %s in state %s",
			 read_only ? "rw-p" : "r--p", names[i]);
		caught(&world, words);
	}
	world_make(&world, "unpopulated");
	assert_int_equal(munmap(world.region.addr + world.env.offset, world.env.bytes), 0);
	caught(&world, "not in /proc/self/maps");
}

/* What arranging really does here, by the program's own proof without frame numbers, which nobody
 * has to be root for. */
static void test_arranged(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_NAMES; i++) {
		struct peer_view view;
		struct error err = { 0 };
		struct world world;

		world_map(&world, names[i]);
		child = NULL;
		visible = false;
		if (world.state->arrange(&world.env, &err))
			fail_msg("%s: %s", names[i], err.text);
		if (frames_read(world.region.addr + world.env.offset, NR, world.region.base_bytes,
				1, world.frames, &err))
			fail_msg("%s", err.text);
		passes(&world);
		if (strcmp(names[i], "shared") == 0) {
			assert_non_null(world.env.peer);
			assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* it lives */
			/* it sees what was written before it was forked, whatever comes afterwards
			 */
			world.region.addr[world.env.offset] ^= 0xff;
			assert_int_equal(peer_look(world.env.peer, &view, &err), 0);
			assert_true(view.bytes_intact);
			assert_true(view.frames[0].present);
			world.region.addr[world.env.offset] ^= 0xff;
			peer_stop(world.env.peer);
		} else {
			assert_null(world.env.peer);
		}
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
		assert_int_equal(errno, ECHILD);
		if (populated(names[i]))
			if (region_check(world.region.addr, 0, world.region.bytes, &err))
				fail_msg("%s: %s", names[i], err.text);
		world_free(&world);
	}
}

/* As they are arranged here; then children and held pins are gone. */
static void test_further_arranged(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_FURTHER; i++) {
		struct error err = { 0 };
		struct world world;

		world_map(&world, further[i]);
		child = NULL;
		visible = false;
		if (world.state->arrange(&world.env, &err)) {
			/* no io_uring here, or no room under RLIMIT_MEMLOCK */
			if (!error_unsupported(&err))
				fail_msg("%s: %s", further[i], err.text);
			print_message("%s: %s\n", further[i], err.text);
		} else {
			if (frames_read(world.region.addr + world.env.offset, NR,
					world.region.base_bytes, 1, world.frames, &err))
				fail_msg("%s", err.text);
			passes(&world);
		}
		state_leave(&world.env);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
		if (region_check(world.region.addr, 0, world.region.bytes, &err))
			fail_msg("%s: %s", further[i], err.text);
		world_free(&world);
	}
}

/* Something that is not the state, for each: its own proof notices. */
static void test_further_wrong(void **state)
{
	struct error err = { 0 };
	struct world world;

	(void)state;
	world_map(&world, "mlocked");
	for (size_t i = 0; i < NR; i++)
		world.frames[i] = (struct frame){ .present = true };
	visible = false;
	caught(&world, "the mapping is not locked");

	for (int k = 0; k < 2; k++) { /* a child that has the region, or shares its frames */
		world_map(&world, k ? "pinned-then-forked" : "dontfork");
		child = NULL;
		visible = false;
		assert_int_equal(peer_start(k ? &world.env.peer : &world.env.bystander,
					    &world.region, world.env.offset, world.env.bytes, false,
					    &err),
				 0);
		for (size_t i = 0; i < NR; i++)
			world.frames[i] = (struct frame){ .pfn = 7 + i,
							  .present = true,
							  .exclusive = true,
							  .mapped_once = true };
		if (k) {
			child = &world.child;
			world.child.intact = true;
			memcpy(world.child.frames, world.frames, sizeof(world.frames));
			visible = true;
		}
		{
			struct state_env env = world.env;

			caught(&world, k ? "page 0: the child got no copy of its own"
					 : "the child maps the region");
			state_leave(&env);
		}
	}
}

/* Every second page is given back, and mapped by the parent alone. */
static void test_halves(void **state)
{
	char words[64];
	struct world world;

	(void)state;
	for (size_t wrong = 0; wrong <= NR; wrong++) {
		for (int kind = 0; kind < 2; kind++) {
			world_map(&world, "partially-shared");
			child = &world.child;
			child->intact = visible = true;
			for (size_t i = 0; i < NR; i++) {
				bool gone = (AROUND + i) % 2;

				world.frames[i] = (struct frame){ .pfn = 100 + i,
								  .present = true,
								  .mapped_once = gone };
				if (!gone)
					world.child.frames[i] = world.frames[i];
			}
			if (wrong == NR) {
				passes(&world);
				world_free(&world);
				continue;
			}
			if (kind) {
				bool gone = (AROUND + wrong) % 2;

				world.child.frames[wrong].present = true;
				world.child.frames[wrong].pfn = 99;
				snprintf(words, sizeof(words),
					 gone ? "page %zu: the child has not given it back"
					      : "page %zu: parent and child map different frames",
					 wrong);
			} else {
				world.frames[wrong].mapped_once ^= true;
				snprintf(words, sizeof(words), "page %zu is mapped by", wrong);
			}
			caught(&world, words);
		}
	}
}

/* What cannot be protected is said. */
static void test_not_arranged(void **state)
{
	struct error err = { 0 };
	struct world world;

	(void)state;
	world_map(&world, "exclusive-ro");
	world.region.addr++;
	assert_int_equal(world.state->arrange(&world.env, &err), -EINVAL);
	assert_non_null(strstr(err.text, "read-only"));
	world.region.addr--;
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_worlds),
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_arranged),
		cmocka_unit_test(test_not_arranged),
		cmocka_unit_test(test_further_arranged),
		cmocka_unit_test(test_further_wrong),
		cmocka_unit_test(test_halves),
	};

	return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}

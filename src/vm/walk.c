// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "result/schedule.h"
#include "stats/precision.h"
#include "vm/walk.h"

#define TICK_STEPS 5 /* steps of 20 ms between two signs of life */

static int slots_plan(struct lab *lab, struct error *err)
{
	unsigned int nr_done = 0;

	lab->nr_slots = lab->schedule.nr_blocks * lab->schedule.nr_sides;
	lab->slots = calloc(lab->nr_slots, sizeof(*lab->slots));
	if (!lab->slots)
		return error_errno(err, ENOMEM, "plan %u boots", lab->nr_slots);
	for (unsigned int i = 0; i < lab->nr_slots; i++) {
		const struct lab_side *side = &lab->sides[schedule_side(&lab->schedule, i)];

		lab->slots[i].initrd_fd = -1;
		if (!side->whole[i / lab->schedule.nr_sides])
			continue;
		lab->slots[i].state = SLOT_TAKEN;
		nr_done++;
	}
	lab->events->begins(lab->events->context, &lab->schedule, nr_done, &lab->extent);
	return 0;
}

/* The same seed for all kernels of a block: what differs between them is the kernel. */
static int slot_start(struct lab *lab, unsigned int i, struct error *err)
{
	const struct lab_request *request = lab->request;
	const struct lab_side *side = &lab->sides[schedule_side(&lab->schedule, i)];
	struct slot *slot = &lab->slots[i];
	struct qemu_job job = {
		.program = side->qemu,
		.image = &side->image,
		.append = request->append,
		.memory_mib = request->memory_mib,
		.kvm = lab->kvm,
		.kvm_group = lab->kvm_group,
		.icount = request->icount,
		.seed = lab->schedule.seed + i / lab->schedule.nr_sides,
	};
	/* Counts are exact and taken in a third of the time of a boot: one boot is enough, unless
	 * memory lies elsewhere in each. */
	bool time_only = !request->icount && side_begun(side);
	int ret =
		guest_build(&slot->initrd_fd, side->guest, &lab->command, job.seed, time_only, err);

	job.initrd_fd = slot->initrd_fd;
	if (!ret)
		ret = boot_start(&slot->boot, &job, request->timeout_s, err);
	if (!ret)
		slot->state = SLOT_RUNS;
	return ret;
}

static void slot_end(struct slot *slot)
{
	boot_free(&slot->boot);
	if (slot->initrd_fd >= 0)
		close(slot->initrd_fd);
	slot->initrd_fd = -1;
}

static int slot_take(struct lab *lab, unsigned int i, struct error *err)
{
	unsigned int block = i / lab->schedule.nr_sides, kernel = schedule_side(&lab->schedule, i);
	struct lab_side *side = &lab->sides[kernel];
	struct slot *slot = &lab->slots[i];
	int ret = side_take(side, &lab->origin, i, &slot->boot, err);

	if (!ret && slot->boot.end == BOOT_REFUSED)
		ret = error_set(err, EIO, "%s", slot->boot.text);
	if (!ret)
		lab->events->boot_ended(lab->events->context, kernel, block, &slot->boot,
					side->measured ? side->path : NULL);
	slot_end(slot);
	slot->state = SLOT_TAKEN;
	return ret;
}

/* Whether every case of every kernel is settled by itself, or the time is over; each result says
 * which. */
static bool blocks_enough(struct lab *lab)
{
	struct precision precision = lab->request->precision;
	double elapsed_s = (double)(clock_now() - lab->started_ns) / 1e9;
	bool enough = true;

	precision.most_runs = lab->schedule.nr_blocks;
	for (unsigned int i = 0; i < lab->schedule.nr_sides; i++) {
		struct results *results = &lab->sides[i].results;

		for (size_t j = 0; lab->sides[i].measured && j < results->nr; j++)
			if (results->items[j].status == STATUS_DONE &&
			    !precision_enough(&precision, &results->items[j], elapsed_s))
				enough = false;
		enough = enough && lab->sides[i].measured;
	}
	return enough;
}

/* After the last boot of @block: whether there is another. */
static int block_end(struct lab *lab, unsigned int block, struct error *err)
{
	int ret = 0;

	lab->enough = blocks_enough(lab);
	if (!lab->enough && block + 1 < lab->schedule.nr_blocks)
		return 0;
	lab->schedule.nr_blocks = block + 1;
	for (unsigned int i = 0; i < lab->schedule.nr_sides && !ret; i++)
		ret = side_end(&lab->sides[i], &lab->origin, block + 1, err);
	return ret;
}

/*
 * What has ended and has no earlier boot of the same kernel before it that has not. Where a block
 * may be the last one, all of it comes before the next, so that what ended meanwhile is not in the
 * files.
 */
static int slots_take(struct lab *lab, struct error *err)
{
	bool held[LAB_MAX_KERNELS] = { false }, in_blocks = lab->request->precision.part > 0;
	unsigned int nr_sides = lab->schedule.nr_sides;
	int ret = 0;

	for (unsigned int i = 0; i < lab->nr_slots && !ret && !lab->enough; i++) {
		unsigned int kernel = in_blocks ? 0 : schedule_side(&lab->schedule, i);

		if (lab->slots[i].state == SLOT_ENDED && !held[kernel]) {
			ret = slot_take(lab, i, err);
			if (!ret && in_blocks && i % nr_sides == nr_sides - 1 &&
			    !*lab->events->stop)
				ret = block_end(lab, i / nr_sides, err);
		}
		if (lab->slots[i].state != SLOT_TAKEN)
			held[kernel] = true;
	}
	return ret;
}

/* Fills @running with the boots that go on, the oldest first. */
static size_t slots_running(struct lab *lab, unsigned int *running)
{
	size_t nr = 0;

	for (unsigned int i = 0; i < lab->nr_slots && nr < BOOT_MAX_JOBS; i++)
		if (lab->slots[i].state == SLOT_RUNS)
			running[nr++] = i;
	return nr;
}

static int slots_step(struct lab *lab, const unsigned int *running, size_t nr, struct error *err)
{
	struct boot *boots[BOOT_MAX_JOBS];
	bool over, any = false;
	int ret = 0;

	for (size_t i = 0; i < nr; i++)
		boots[i] = &lab->slots[running[i]].boot;
	boot_wait(boots, nr);
	for (size_t i = 0; i < nr && !ret; i++) {
		ret = boot_step(boots[i], *lab->events->stop, &over, err);
		if (!ret && over)
			lab->slots[running[i]].state = SLOT_ENDED;
		any = any || over;
	}
	return ret || !any ? ret : slots_take(lab, err);
}

static void tick(const struct lab *lab, unsigned int i)
{
	const struct boot *boot = &lab->slots[i].boot;
	char line[256];

	boot_last_line(boot, line, sizeof(line));
	lab->events->tick(lab->events->context, schedule_side(&lab->schedule, i), boot->seconds,
			  line);
}

static int slots_run(struct lab *lab, struct error *err)
{
	unsigned int running[BOOT_MAX_JOBS], next = 0, nr_steps = 0;
	size_t nr;
	int ret = 0;

	while (!ret && !lab->enough) {
		nr = slots_running(lab, running);
		while (next < lab->nr_slots && lab->slots[next].state != SLOT_WAITS)
			next++;
		if (next < lab->nr_slots && nr < lab->request->jobs && !*lab->events->stop) {
			ret = slot_start(lab, next, err);
			continue;
		}
		if (!nr)
			break;
		if (nr_steps++ % TICK_STEPS == 0)
			tick(lab, running[0]);
		ret = slots_step(lab, running, nr, err);
	}
	return ret;
}

int walk_slots(struct lab *lab, struct error *err)
{
	int ret = slots_plan(lab, err);

	lab->started_ns = clock_now();
	if (!ret)
		ret = slots_run(lab, err);
	for (unsigned int i = 0;
	     i < lab->schedule.nr_sides && !ret && lab->request->precision.part > 0; i++)
		if (lab->sides[i].measured)
			lab->events->settled(lab->events->context, i, &lab->sides[i].results);
	return ret;
}

void walk_end(struct lab *lab)
{
	for (unsigned int i = 0; i < lab->nr_slots && lab->slots; i++)
		slot_end(&lab->slots[i]);
	free(lab->slots);
	lab->slots = NULL;
}

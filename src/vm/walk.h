/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The lab at work: goes through the slots of a schedule, one boot each, as many side by side as
 * were asked for. */
#include "vm/guest.h"
#include "vm/lab.h"
#include "vm/side.h"

enum slot_state { SLOT_WAITS, SLOT_RUNS, SLOT_ENDED, SLOT_TAKEN };

/* One boot of the schedule. */
struct slot {
	enum slot_state state;
	int initrd_fd;
	struct boot boot;
};

struct lab {
	const struct lab_request *request;
	const struct lab_events *events;
	struct guest_command command;
	unsigned int nr_boots; /* of each kernel, at most */
	struct side_origin origin;
	struct schedule schedule;
	struct lab_extent extent;
	struct lab_side sides[LAB_MAX_KERNELS];
	struct slot *slots;
	unsigned int nr_slots;
	uint64_t started_ns;
	bool enough; /* settled, or out of time: no more blocks */
	bool kvm;
	gid_t kvm_group;
};

/* Boots what is not whole yet. As lab_run(). */
int walk_slots(struct lab *lab, struct error *err);
/* Ends what still runs. */
void walk_end(struct lab *lab);

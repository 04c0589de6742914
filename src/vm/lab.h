/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The lab: boots kernels, runs the same command in each, and makes one result file of each kernel.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "result/results.h"
#include "stats/precision.h"
#include "vm/boot.h"
#include "vm/guest.h"
#include "vm/side.h"

#define LAB_MAX_BOOTS 1000

/* To compare kernels in real time: a start, where a job has few rows. */
#define LAB_BOOTS 10u

enum lab_accel { LAB_AUTO, LAB_TCG, LAB_KVM };

struct lab_request {
	struct {
		char name[65]; /* letters, digits, '.', '_', '-': becomes the label and part of a
				  file name */
		const char *path;
	} kernels[LAB_MAX_KERNELS];
	size_t nr_kernels;
	unsigned int boots; /* of each kernel; 0: LAB_BOOTS, or as many as can decide what the job
			       gives */
	enum run_order order;
	const uint64_t *seed;       /* of the order and of the boots' random numbers; NULL: one that
				       nobody chose */
	unsigned int jobs;          /* boots side by side, 1 .. BOOT_MAX_JOBS */
	struct precision precision; /* part > 0: after a block in which every case is settled to
				       that, it ends */
	bool resume; /* go on with the newest schedule of these kernels that is not complete */
	bool icount;
	bool no_memory; /* icount: instructions alone, without the plugin */
	enum lab_accel accel;
	unsigned int memory_mib, timeout_s; /* timeout: of one boot */
	const char *append;                 /* checked by qemu_append_check() */
	const char *qemu;  /* absolute path of the emulator or its directory; NULL: the system's */
	const char *guest; /* NULL: the one beside this program */
	const char *directory; /* of the result files */
	int command_argc;      /* what the user typed, for the results: the arguments of the verb */
	char **command_argv;
	int argc; /* the guest's command: "run", ... */
	char **argv;
};

/* What a comparison will have to judge, as far as this machine can tell from the job; 0 when it
 * cannot. */
struct lab_extent {
	size_t nr_cases;
	size_t nr_times; /* rows of times, at most */
};

/* What a verb may want to tell while it goes on. */
struct lab_events {
	const volatile sig_atomic_t *stop;
	/* Before the first boot: @nr_done slots of the schedule are there already. */
	void (*begins)(void *context, const struct schedule *schedule, unsigned int nr_done,
		       const struct lab_extent *extent);
	/* Now and then: the boot that runs longest. */
	void (*tick)(void *context, size_t kernel, double seconds, const char *line);
	/* Something that the boots do without: one sentence, and what would enable it. */
	void (*without)(void *context, const struct error *why);
	/* At the end, of each file, where a precision was asked for. */
	void (*settled)(void *context, size_t kernel, const struct results *results);
	/* In the order of the schedule. @path: the file with all boots of this kernel so far, NULL
	 * if there is none. */
	void (*boot_ended)(void *context, size_t kernel, unsigned int block,
			   const struct boot *boot, const char *path);
	void *context;
};

/* What a user may call a kernel; -EINVAL. */
int lab_name_check(const char *name, struct error *err);

/*
 * Boots everything that the schedule has, or until the precision that was asked for is reached or
 * its time is over: then after a whole block, and the schedule has as many as it has. The time is
 * that of the whole schedule, on the wall. Boot b of every kernel gets the seed of the schedule
 * plus b. Returns 0 when every boot took place, whatever came of it (see boot_ended), -errno when
 * the lab itself could not go on: -ENOPKG when what it needs is not installed, -ESTALE when what is
 * to be resumed was measured otherwise.
 */
int lab_run(const struct lab_request *request, const struct lab_events *events, struct error *err);

/* The lab at work: goes through the slots of a schedule, one boot each, as many side by side as
 * were asked for. */

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
	int plugin_fd; /* -1: instructions are counted, and nothing beside them */
};

/* Boots what is not whole yet. As lab_run(). */
int walk_slots(struct lab *lab, struct error *err);
/* Ends what still runs. */
void walk_end(struct lab *lab);

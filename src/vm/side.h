/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One kernel of the lab: its image, and the result file with all of its boots. */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/fact.h"
#include "base/infile.h"
#include "result/results.h"
#include "vm/boot.h"
#include "vm/qemu.h"

#define LAB_MAX_KERNELS 16

/* What all files of a schedule say about how they came about; a schedule goes on only where all of
 * it is the same. */
struct side_origin {
	const char *accel; /* "tcg" or "kvm" */
	unsigned int memory_mib;
	bool icount;
	const char *append;        /* words for the kernel's command line; may be empty */
	char command[DIGEST_SIZE]; /* of the guest's words */
	char job[DIGEST_SIZE];     /* of the job file's text; empty: none was given */
	int argc;                  /* what the user typed */
	char **argv;
	char started[32]; /* a guest without a clock of the day believes in 1970 */
};

struct lab_side {
	const char *name;
	struct lab_image image;
	char image_digest[DIGEST_SIZE];
	char qemu[4096];  /* program */
	char guest[4096]; /* initramfs */
	char guest_digest[DIGEST_SIZE];
	char path[4096];        /* of the result file */
	struct results results; /* of all boots so far; it has the schedule */
	bool measured;          /* there is a report */
	bool reserved; /* the file was made to keep its name; without anything measured it goes
			  again */
	struct schedule schedule; /* as this side's file will have it; its own */
	struct fact_list lost;    /* "lab.bootN": why the boot of block N did not end well */
	bool *whole; /* by block: booted to its end, and in the report if there is one */
};

/*
 * A file without a result for each, complete: false, under names that nothing had and with one
 * number for all: the boots that fill them end at different times.
 */
int sides_reserve(struct lab_side *sides, size_t nr, const struct side_origin *origin,
		  struct error *err);

/*
 * Puts what a boot sent into the report of its side, stamped with @slot, and writes the file. Slots
 * of a side are to be taken in their order, so that boots side by side give the same file as boots
 * one by one: the first one decides what is known once.
 */
int side_take(struct lab_side *side, const struct side_origin *origin, unsigned int slot,
	      const struct boot *boot, struct error *err);

/* The schedule ends with @nr_blocks blocks; writes the file. */
int side_end(struct lab_side *side, const struct side_origin *origin, unsigned int nr_blocks,
	     struct error *err);

/* Removes from a loaded report what boots that did not end well have left, and finds out which
 * blocks are whole. */
void side_mend(struct lab_side *side);
/* Some block is whole. */
bool side_begun(const struct lab_side *side);
/* Every planned block is whole. */
bool side_complete(const struct lab_side *side);
void side_close(struct lab_side *side);

/* An interrupted schedule goes on: which one it is, and whether it is still the same measurement.
 */

/*
 * Looks in @directory for the newest files NAME-UTC.json of these sides that share a schedule which
 * is not complete, and loads them: reports, schedules, paths and whole blocks of all @sides. What
 * boots that did not end well have left is dropped.
 * @wanted is the schedule that would begin now; its seed counts if @seed_given.
 *
 * -ENOENT when there is none. -ESTALE, saying what differs, when kernels, boots, order, seed,
 * clock, memory, guest or command are not what they were: such runs do not belong into one file.
 */
int resume_load(struct lab_side *sides, const char *directory, const struct schedule *wanted,
		bool seed_given, const struct side_origin *origin, struct error *err);

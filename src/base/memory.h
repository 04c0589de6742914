/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Memory that cannot be had ends the process: "pinbench: out of memory" on stderr, and MEMORY_EXIT.
 * memory.c stands in for malloc() and its kin, for this program and for every library below it, so
 * that no caller checks for NULL and none goes on with half of what it wanted (jansson 2.14 leaves
 * bytes out of what it writes).
 */

/*
 * Exit code of a process that ran out of memory. Of the verbs it is documented in pinbench(1): git
 * bisect takes 128 and above for "stop", and what is below for a verdict.
 */
#define MEMORY_EXIT 128

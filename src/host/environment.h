/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a result was measured on, as facts. A fact that the machine does not tell is absent. No name
 * of a host or a user gets in: parameters of the kernel's command line that are not known to matter
 * lose their values.
 *
 *   kernel.release, kernel.version, kernel.arch     uname(2) without the node name
 *   kernel.cmdline                                  shortened: "root=..." stands for any value
 *   kernel.config_source, kernel.config_sha256      of the lines that set an option
 *   config.like, config.like_but                    of a kernel of the lab: whose configuration it
 *                                                   has, and what was added or taken away
 *   kernel.config.CONFIG_X                          y, m, n or a value, for the options in
 * environment.c kernel.tainted, kernel.lockdown, kernel.panic_on_warn cpu.model, cpu.microcode of
 * CPU 0 cpu.online, cpu.cores, cpu.packages, cpu.threads_per_core, cpu.isolated numa.nodes,
 * numa.N.cpus, numa.N.memory_kb       topology.h memory.total_kb, memory.available_kb,
 * memory.page_bytes hugepages.SIZE.nodeN.total, .free               pages; "all" for nodeN without
 * NUMA thp.enabled, thp.defrag, thp.pmd_bytes, thp.size.SIZE    the chosen word harness.program of
 * a schedule: digest of the program hypervisor, clocksource; clock                  the last is set
 * by run: real or icount sysctl.NAME                                     perf_event_paranoid,
 * io_uring_disabled ... rights.root                                     whether it ran as root
 *   noise.NAME                                      "LEVEL: what was found", noise.h
 */
#include "base/fact.h"

/* What is below the sysfile root, and of the running system what only it can tell. */
void environment_collect(struct fact_list *facts);

/* Of these only kernel.* without the config: cheap, and enough to tell that it is still the same
 * kernel. */
void environment_kernel(struct fact_list *facts);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where a run takes place: one CPU and one memory node. The only user of hwloc and libnuma.
 * hwloc's view is loaded by the first call that needs it, and stays until topology_unload(); forked
 * workers inherit it. Below a fake sysfile root it is that of the tree, and nothing can be bound.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/fact.h"

struct place {
	int cpu;     /* operating system's number */
	int node;    /* of the memory; -1: this kernel has no NUMA */
	int sibling; /* another hardware thread of the same core, which should be idle; -1: none */
};

/*
 * Chooses a CPU and its node; -1 asks for any. Of the CPUs that this process may use: isolated ones
 * first, then the fastest kind, then one that does not share its core with CPU 0, which serves most
 * interrupts. A wanted node without CPUs (memory only) takes any CPU. -EINVAL: no such CPU or node,
 * or not allowed here.
 */
int topology_pick(int cpu_wanted, int node_wanted, struct place *place, struct error *err);

/* Binds the calling thread to @place->cpu, strictly. */
int topology_bind_cpu(const struct place *place, struct error *err);

/*
 * Binds what will be allocated in a fresh mapping to @node, strictly: no page comes from elsewhere.
 * @node -1: nothing to bind, and no error. For hugetlb the pages must be free on that node before
 * the first touch, else that touch is a SIGBUS.
 */
int topology_bind_memory(void *addr, size_t bytes, int node, struct error *err);

/*
 * cpu.online, cpu.cores, cpu.packages, cpu.threads_per_core, cpu.isolated, numa.nodes (0: kernel
 * without NUMA), numa.N.cpus, numa.N.memory_kb
 */
void topology_facts(struct fact_list *facts);

/* NUMA nodes with memory, in order, by their numbers: fills up to @max, returns how many there are
 * (0: no NUMA). */
size_t topology_nodes(int *nodes, size_t max);

void topology_unload(void);
/* Whether the machine's CPUs and nodes can be read: -errno of what hwloc met. */
int topology_check(struct error *err);

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <numaif.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "host/sysfile.h"

#define NODE_LIMIT 1024 /* CONFIG_NODES_SHIFT is at most 10 */

static hwloc_topology_t topology;
static bool has_numa;

/* CPUs and memory only, as the kernel tells them. */
static int hwloc_load(struct error *err)
{
	/*
	 * No PCI scan, no plugins for GPUs, and not the x86 backend, which hops over all CPUs to
	 * run cpuid on each.
	 */
	setenv("HWLOC_PLUGINS_PATH", "/dev/null", 0);
	setenv("HWLOC_HIDE_ERRORS", "2", 0); /* what it cannot find is absent, and that is all */
	if (!sysfile_is_live())
		setenv("HWLOC_FSROOT", sysfile_root(), 1);
	else
		unsetenv("HWLOC_FSROOT");
	unsetenv("HWLOC_XMLFILE"); /* the user's, for other programs: binding to another machine
				      does nothing */
	unsetenv("HWLOC_SYNTHETIC");
	if (hwloc_topology_init(&topology)) {
		topology = NULL;
		return error_errno(err, errno, "hwloc cannot be started");
	}
	hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "pci");
	hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_type_filter(topology, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL);
	hwloc_topology_set_type_filter(topology, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
	if (hwloc_topology_load(topology)) {
		hwloc_topology_destroy(topology);
		topology = NULL;
		/* it leaves what it likes in errno */
		return error_set(err, errno == ENOMEM ? ENOMEM : EIO,
				 "hwloc cannot read the topology of this machine");
	}
	return 0;
}

static int hwloc_try(const void *context, struct error *why)
{
	(void)context;
	/* for what assert(3) would say */
	close(STDERR_FILENO);
	open("/dev/null", O_WRONLY);
	return hwloc_load(why);
}

static int topology_load(struct error *err)
{
	unsigned long mask[NODE_LIMIT / (8 * sizeof(long))];
	struct error why;
	int mode, rc = 0;

	if (topology)
		return 0;
	/* hwloc trusts sysfs with assertions; the files of a saved tree may hold anything. */
	if (!sysfile_is_live() && probe_run(hwloc_try, NULL, &why) && why.code == ENOMEM)
		return error_set(err, ENOMEM, "read the topology: %.400s", why.text);
	if (!sysfile_is_live() && why.code)
		return error_set(err, EINVAL, "hwloc cannot make sense of the topology below %s",
				 sysfile_root());
	rc = hwloc_load(err);
	if (rc)
		return rc;
	/* hwloc shows one node also where the kernel knows none. */
	has_numa = sysfile_exists("/sys/devices/system/node/node0") ||
		   sysfile_exists("/sys/devices/system/node/online");
	if (sysfile_is_live() && get_mempolicy(&mode, mask, NODE_LIMIT, NULL, 0) && errno == ENOSYS)
		has_numa = false;
	return 0;
}

int topology_check(struct error *err)
{
	return topology_load(err);
}

void topology_unload(void)
{
	if (topology)
		hwloc_topology_destroy(topology);
	topology = NULL;
}

/* CPUs that the scheduler leaves alone; empty without isolcpus=. */
static void isolated_read(hwloc_bitmap_t set)
{
	char text[4096];

	hwloc_bitmap_zero(set);
	if (sysfile_read("/sys/devices/system/cpu/isolated", text, sizeof(text), NULL) == 0 &&
	    text[0])
		hwloc_bitmap_list_sscanf(set, text);
}

/* What this process may use. taskset counts, but the default affinity leaves out isolated CPUs:
 * those are added. */
static void candidates_read(hwloc_bitmap_t set, hwloc_const_bitmap_t isolated)
{
	hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology);
	hwloc_bitmap_t ordinary = hwloc_bitmap_alloc();

	hwloc_bitmap_andnot(ordinary, allowed, isolated);
	if (!sysfile_is_live() || hwloc_get_cpubind(topology, set, HWLOC_CPUBIND_THREAD) ||
	    hwloc_bitmap_isincluded(ordinary, set))
		hwloc_bitmap_copy(set, allowed);
	else
		hwloc_bitmap_and(set, set, allowed);
	hwloc_bitmap_free(ordinary);
}

static hwloc_obj_t core_of(hwloc_obj_t pu)
{
	hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

	return core ? core : pu;
}

/* How well a CPU suits a measurement; more is better. */
static int cpu_score(hwloc_obj_t pu, hwloc_const_bitmap_t isolated)
{
	int kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
	int efficiency = -1, score = 0;

	if (hwloc_bitmap_isset(isolated, pu->os_index))
		score += 1000;
	/* hwloc calls the fast cores the more "efficient" kind; -1 where all are of one kind. */
	if (kind >= 0 &&
	    hwloc_cpukinds_get_info(topology, kind, NULL, &efficiency, NULL, NULL, 0) == 0 &&
	    efficiency > 0)
		score += 10 * (efficiency < 90 ? efficiency : 90);
	if (!hwloc_bitmap_isset(core_of(pu)->cpuset, 0))
		score += 2;
	if (pu->os_index != 0)
		score += 1;
	return score;
}

static hwloc_obj_t node_find(int node)
{
	return node < 0 ? NULL : hwloc_get_numanode_obj_by_os_index(topology, (unsigned int)node);
}

/* The best of @set; of equals the last, which is the farthest from the busy low numbers. */
static hwloc_obj_t cpu_best(hwloc_const_bitmap_t set, hwloc_const_bitmap_t isolated)
{
	hwloc_obj_t best = NULL, pu = NULL;
	int best_score = -1;

	while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu))) {
		int score = cpu_score(pu, isolated);

		if (hwloc_bitmap_isset(set, pu->os_index) && score >= best_score) {
			best = pu;
			best_score = score;
		}
	}
	return best;
}

static void place_fill(struct place *place, hwloc_obj_t pu, int node_wanted)
{
	hwloc_bitmap_t others = hwloc_bitmap_dup(core_of(pu)->cpuset);
	int node;

	place->cpu = (int)pu->os_index;
	hwloc_bitmap_clr(others, pu->os_index);
	place->sibling = hwloc_bitmap_first(others);
	/* nodeset: the nodes near this CPU; one without memory is not among them. */
	node = node_wanted >= 0 ? node_wanted : hwloc_bitmap_first(pu->nodeset);
	place->node = has_numa ? node : -1;
	hwloc_bitmap_free(others);
}

int topology_pick(int cpu_wanted, int node_wanted, struct place *place, struct error *err)
{
	hwloc_bitmap_t set, isolated;
	hwloc_obj_t node, pu = NULL;
	char list[256];
	int rc = topology_load(err);

	if (rc)
		return rc;
	set = hwloc_bitmap_alloc();
	isolated = hwloc_bitmap_alloc();
	isolated_read(isolated);
	candidates_read(set, isolated);
	hwloc_bitmap_list_snprintf(list, sizeof(list), set);
	node = node_find(node_wanted);
	if (node_wanted >= 0 && (!node || (!has_numa && node_wanted > 0))) {
		rc = error_set(err, EINVAL, "there is no memory node %d on this machine",
			       node_wanted);
		goto out;
	}
	if (cpu_wanted >= 0 && !hwloc_bitmap_isset(set, (unsigned int)cpu_wanted)) {
		rc = error_set(err, EINVAL,
			       "CPU %d cannot be used here; this process may run on CPU %s",
			       cpu_wanted, list);
		goto out;
	}
	if (cpu_wanted >= 0)
		hwloc_bitmap_only(set, (unsigned int)cpu_wanted);
	else if (node && hwloc_bitmap_intersects(set, node->cpuset))
		hwloc_bitmap_and(set, set, node->cpuset);
	pu = cpu_best(set, isolated);
	if (pu)
		place_fill(place, pu, node_wanted);
	else
		rc = error_set(err, EINVAL, "hwloc finds no CPU that this process may use");
out:
	hwloc_bitmap_free(set);
	hwloc_bitmap_free(isolated);
	return rc;
}

int topology_bind_cpu(const struct place *place, struct error *err)
{
	hwloc_bitmap_t set;
	int rc = topology_load(err);

	if (rc)
		return rc;
	set = hwloc_bitmap_alloc();
	hwloc_bitmap_only(set, (unsigned int)place->cpu);
	if (hwloc_set_cpubind(topology, set, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT))
		rc = error_errno(err, errno, "cannot bind to CPU %d", place->cpu);
	else if (sched_getcpu() != place->cpu)
		rc = error_set(err, EIO, "bound to CPU %d, but running on CPU %d", place->cpu,
			       sched_getcpu());
	hwloc_bitmap_free(set);
	return rc;
}

int topology_bind_memory(void *addr, size_t bytes, int node, struct error *err)
{
	unsigned long mask[NODE_LIMIT / (8 * sizeof(long))] = { 0 };
	const size_t bits = 8 * sizeof(long);

	if (node < 0)
		return 0;
	if (node >= NODE_LIMIT)
		return error_set(err, EINVAL, "there is no memory node %d", node);
	mask[(size_t)node / bits] = 1UL << ((size_t)node % bits);
	/* libnuma's mbind, as numa_tonode_memory() prints its failures instead of returning them.
	 */
	if (mbind(addr, bytes, MPOL_BIND, mask, NODE_LIMIT, MPOL_MF_STRICT))
		return error_errno(err, errno, "cannot bind %zu bytes of memory to node %d", bytes,
				   node);
	return 0;
}

size_t topology_nodes(int *nodes, size_t max)
{
	hwloc_obj_t node = NULL;
	size_t nr = 0;

	if (topology_load(NULL) || !has_numa)
		return 0;
	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		if (nr < max)
			nodes[nr] = (int)node->os_index;
		nr++;
	}
	return nr;
}

void topology_facts(struct fact_list *facts)
{
	hwloc_bitmap_t isolated, near;
	hwloc_obj_t node = NULL;
	int nr_cpus, nr_cores;
	char list[1024];

	/* Without it hwloc asks libc, which tells of this machine and not of a saved tree. */
	if (topology_load(NULL) || !sysfile_exists("/sys/devices/system/cpu"))
		return;
	nr_cpus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
	nr_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
	fact_number(facts, nr_cpus, "cpu.online");
	if (nr_cores > 0) {
		fact_number(facts, nr_cores, "cpu.cores");
		fact_number(facts, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE),
			    "cpu.packages");
		fact_number(facts, (nr_cpus + nr_cores - 1) / nr_cores, "cpu.threads_per_core");
	}
	isolated = hwloc_bitmap_alloc();
	isolated_read(isolated);
	if (!hwloc_bitmap_iszero(isolated)) {
		hwloc_bitmap_list_snprintf(list, sizeof(list), isolated);
		fact_text(facts, list, "cpu.isolated");
	}
	hwloc_bitmap_free(isolated);
	fact_number(facts, (int64_t)topology_nodes(NULL, 0), "numa.nodes");
	near = hwloc_bitmap_alloc();
	while (has_numa &&
	       (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		/* a node's own set names CPUs that may be plugged in later, too */
		hwloc_bitmap_and(near, node->cpuset, hwloc_topology_get_topology_cpuset(topology));
		hwloc_bitmap_list_snprintf(list, sizeof(list), near);
		fact_text(facts, list, "numa.%u.cpus", node->os_index);
		fact_number(facts, (int64_t)(node->attr->numanode.local_memory / 1024),
			    "numa.%u.memory_kb", node->os_index);
	}
	hwloc_bitmap_free(near);
}

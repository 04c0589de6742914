// SPDX-License-Identifier: GPL-2.0-or-later
/* What a result says of its machine: read from saved trees, complete, and without names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <numaif.h>
#include <sched.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "host/environment.h"
#include "host/kconfig.h"
#include "host/noise.h"
#include "host/sysfile.h"
#include "host/topology.h"
#include "tree.h"

#define SERVER "tests/fixtures/root-server"
#define GUEST  "tests/fixtures/root-guest"
#define EMPTY  "tests/fixtures/root-empty"

static struct fact_list facts;

static int leave(void **state)
{
	(void)state;
	fact_list_free(&facts);
	topology_unload();
	sysfile_set_root("");
	return 0;
}

static void collect(const char *root)
{
	sysfile_set_root(root);
	assert_true(sysfile_exists("/proc"));
	environment_collect(&facts);
}

static void assert_text(const char *name, const char *text)
{
	const struct fact *fact = fact_find(&facts, name);

	if (!fact || !fact->text)
		fail_msg("no text %s", name);
	else
		assert_string_equal(fact->text, text);
}

static void assert_number(const char *name, int64_t number)
{
	const struct fact *fact = fact_find(&facts, name);

	if (!fact || fact->kind != FACT_NUMBER)
		fail_msg("no number %s", name);
	else
		assert_int_equal(fact->number, number);
}

static void test_server(void **state)
{
	(void)state;
	collect(SERVER);
	assert_text("kernel.release", "6.12.9-example");
	assert_text("kernel.arch", "x86_64");
	assert_text("kernel.lockdown", "integrity");
	assert_number("kernel.tainted", 1 << 9 | 1 << 12);
	assert_number("kernel.panic_on_warn", 1);
	assert_text("kernel.config_source", "/boot/config-6.12.9-example");
	assert_text("kernel.config.CONFIG_DEBUG_VM", "y");
	assert_text("kernel.config.CONFIG_GUP_TEST", "n");
	assert_text("kernel.config.CONFIG_VFIO", "m");
	assert_text("kernel.config.CONFIG_HZ", "250");
	assert_text("cpu.model", "Example(R) CPU @ 2.00GHz");
	assert_text("cpu.microcode", "0xd0003a5");
	assert_number("cpu.online", 8);
	assert_number("cpu.cores", 4);
	assert_number("cpu.packages", 2);
	assert_number("cpu.threads_per_core", 2);
	assert_text("cpu.isolated", "3,7");
	assert_number("numa.nodes", 2);
	assert_text("numa.0.cpus", "0-1,4-5");
	assert_number("numa.1.memory_kb", 16777216);
	assert_number("memory.total_kb", 33554432);
	assert_number("hugepages.2M.node0.total", 16);
	assert_number("hugepages.2M.node0.free", 12);
	assert_number("hugepages.2M.node1.total", 0);
	assert_number("hugepages.1G.node1.free", 0);
	assert_text("thp.enabled", "always");
	assert_text("thp.defrag", "madvise");
	assert_number("thp.pmd_bytes", 2097152);
	assert_text("thp.size.64K", "madvise");
	assert_text("thp.size.2M", "inherit");
	assert_text("hypervisor", "none");
	assert_text("clocksource", "hpet");
	assert_number("sysctl.io_uring_disabled", 2);
	assert_text("noise.governor",
		    "warn: powersave on 6 of 8 frequency domains: the clock follows the load");
	for (const struct noise *noise = noises; noise->name; noise++) {
		char name[64];

		snprintf(name, sizeof(name), "noise.%s", noise->name);
		assert_non_null(fact_find(&facts, name));
	}
	/* those of the machine that runs the test have no place in a saved tree */
	assert_null(fact_find(&facts, "rights.root"));
	assert_null(fact_find(&facts, "memory.page_bytes"));
}

static void test_no_names(void **state)
{
	(void)state;
	collect(SERVER);
	assert_text("kernel.cmdline", "BOOT_IMAGE=... root=... ip=... ro quiet mitigations=auto "
				      "hugepagesz=2M hugepages=16 "
				      "isolcpus=3,7 systemd.hostname=...");
	for (size_t i = 0; i < facts.nr; i++) {
		if (!facts.items[i].text)
			continue;
		assert_null(strstr(facts.items[i].text, "secret"));
		assert_null(strstr(facts.items[i].text, "192.0.2"));
		assert_null(strstr(facts.items[i].text, "01234567"));
	}
}

static void test_guest(void **state)
{
	(void)state;
	collect(GUEST);
	assert_text("kernel.arch", "aarch64");
	assert_text("cpu.model", "Cortex-A57 r0p0");
	assert_number("cpu.online", 1);
	assert_number("numa.nodes", 0);
	assert_null(fact_find(&facts, "numa.0.cpus"));
	assert_number("hugepages.64K.all.total", 512);
	assert_number("hugepages.32M.all.free", 0);
	assert_text("hypervisor", "QEMU virt");
	assert_text("kernel.cmdline", "console=ttyAMA0 panic=-1 nokaslr");
	/* nothing is said of a configuration that cannot be read */
	assert_null(fact_find(&facts, "kernel.config_sha256"));
	assert_null(fact_find(&facts, "kernel.config.CONFIG_GUP_TEST"));
	assert_null(fact_find(&facts, "thp.size.64K"));
}

static void test_empty(void **state)
{
	(void)state;
	collect(EMPTY);
	for (size_t i = 0; i < facts.nr; i++)
		if (strncmp(facts.items[i].name, "noise.", 6) != 0 &&
		    strcmp(facts.items[i].name, "hypervisor") != 0)
			fail_msg("%s is known of an empty tree", facts.items[i].name);
}

static void test_live(void **state)
{
	(void)state;
	sysfile_set_root("");
	environment_collect(&facts);
	assert_non_null(fact_find(&facts, "kernel.release"));
	assert_non_null(fact_find(&facts, "memory.page_bytes"));
	assert_true(fact_find(&facts, "cpu.online")->number >= 1);
	assert_true(fact_find(&facts, "memory.total_kb")->number > 0);
}

static void test_cmdline(void **state)
{
	static const struct {
		const char *raw, *text;
	} rows[] = {
		{ "", "" },
		{ "  quiet  ", "quiet" },
		{ "root=/dev/sda1 quiet", "root=... quiet" },
		{ "hugepages=4 -- init --password=x", "hugepages=4" },
		{ "--x y", "--x y" },
		{ "who=\"a b\" thp_anon=\"64K:always 2M:never\" end",
		  "who=... thp_anon=\"64K:always 2M:never\" end" },
		{ "who=\"not closed quiet", "who=..." },
		{ "a=b=c", "a=..." },
	};
	char text[128], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cmdline_shorten(rows[i].raw, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
	cmdline_shorten("quiet quiet quiet", small, sizeof(small));
	assert_string_equal(small, "quiet q");
}

static void test_kconfig(void **state)
{
	static const char good[] =
		"# by somebody, at some time\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=m\n"
		"CONFIG_TEXT=\"some words\"\nCONFIG_LAST=0x10";
	static const char lines[] =
		"CONFIG_A=y\nCONFIG_AB=m\nCONFIG_TEXT=\"some words\"\nCONFIG_LAST=0x10\n";
	struct kconfig kconfig;
	struct error err = { 0 };
	char value[32], one[65], two[65];
	gzFile file;

	(void)state;
	tree_make();
	assert_int_equal(kconfig_load(&kconfig, &err), -ENOENT);
	assert_true(err.fix[0] != '\0');
	assert_false(kconfig_value(&kconfig, "CONFIG_A", value, sizeof(value)));
	assert_false(kconfig_hash(&kconfig, one));
	tree_put("/proc/version", "x");
	file = gzopen(tree_path("/proc/config.gz"), "wb");
	assert_int_equal(gzwrite(file, good, sizeof(good) - 1), sizeof(good) - 1);
	gzclose(file);
	assert_int_equal(kconfig_load(&kconfig, &err), 0);
	assert_string_equal(kconfig.source, "/proc/config.gz");
	assert_true(kconfig_on(&kconfig, "CONFIG_A"));
	assert_false(kconfig_on(&kconfig, "CONFIG_B"));
	assert_true(kconfig_on(&kconfig, "CONFIG_AB"));
	assert_false(kconfig_on(&kconfig, "CONFIG_TEXT"));
	assert_true(kconfig_value(&kconfig, "CONFIG_TEXT", value, sizeof(value)));
	assert_string_equal(value, "some words");
	assert_true(kconfig_value(&kconfig, "CONFIG_LAST", value, sizeof(value)));
	assert_string_equal(value, "0x10");
	assert_true(kconfig_value(&kconfig, "CONFIG_NONE", value, sizeof(value)));
	assert_string_equal(value, "n");
	assert_true(kconfig_hash(&kconfig, one));
	kconfig_free(&kconfig);
	/* the same options with another comment, not compressed: the same hash but for the last
	 * newline */
	tree_put("/proc/config.gz", strchr(good, '\n') + 1);
	assert_int_equal(kconfig_load(&kconfig, &err), 0);
	assert_true(kconfig_hash(&kconfig, two));
	kconfig_free(&kconfig);
	/* tree_put() ends the last line, which is one more byte to hash */
	assert_string_not_equal(one, two);
	SHA256Data((const uint8_t *)lines, sizeof(lines) - 1, one);
	assert_string_equal(one, two);
	tree_remove();
}

/* What lab/kernel.sh puts into CONFIG_BUILD_SALT; distributions put their release there. */
static void test_kconfig_like(void **state)
{
	static const struct {
		const char *line, *like, *but;
	} cases[] = {
		{ "CONFIG_BUILD_SALT=\"pinbench:debian-6.12\"\n", "debian-6.12", "" },
		{ "CONFIG_BUILD_SALT=\"pinbench:minimal debug-vm\"\n", "minimal", "debug-vm" },
		{ "CONFIG_BUILD_SALT=\"6.12.9-example\"\n", NULL, NULL },
		{ "CONFIG_BUILD_SALT=\"\"\n", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kconfig kconfig = { .text = (char *)cases[i].line };
		char like[64], but[64];

		assert_int_equal(kconfig_like(&kconfig, like, sizeof(like), but, sizeof(but)),
				 cases[i].like != NULL);
		if (!cases[i].like)
			continue;
		assert_string_equal(like, cases[i].like);
		assert_string_equal(but, cases[i].but);
	}
}

/* A small file that unpacks to more than a configuration can be. */
static void test_kconfig_bomb(void **state)
{
	struct error err = { 0 };
	struct kconfig kconfig;
	char *zeros = calloc(1, 1 << 20);
	gzFile file;

	(void)state;
	tree_make();
	tree_put("/proc/version", "x");
	file = gzopen(tree_path("/proc/config.gz"), "wb9");
	for (int i = 0; i < 64; i++)
		assert_int_equal(gzwrite(file, zeros, 1 << 20), 1 << 20);
	gzclose(file);
	free(zeros);
	assert_int_equal(kconfig_load(&kconfig, &err), -ENOENT);
	tree_remove();
}

static void test_pick(void **state)
{
	struct place place;
	struct error err = { 0 };

	(void)state;
	/* isolated ones first; of these the last; its sibling is the other thread of core 3 */
	sysfile_set_root(SERVER);
	assert_int_equal(topology_pick(-1, -1, &place, &err), 0);
	assert_int_equal(place.cpu, 7);
	assert_int_equal(place.node, 1);
	assert_int_equal(place.sibling, 3);
	/* no isolated one on node 0; 0 and 4 share the core of CPU 0 */
	assert_int_equal(topology_pick(-1, 0, &place, &err), 0);
	assert_int_equal(place.cpu, 5);
	assert_int_equal(place.node, 0);
	assert_int_equal(topology_pick(2, 0, &place, &err), 0);
	assert_int_equal(place.cpu, 2);
	assert_int_equal(place.node, 0);
	assert_int_equal(topology_pick(8, -1, &place, &err), -EINVAL);
	assert_non_null(strstr(err.text, "0-7"));
	assert_int_equal(topology_pick(-1, 2, &place, &err), -EINVAL);
	topology_unload();
	sysfile_set_root(GUEST);
	assert_int_equal(topology_pick(-1, -1, &place, &err), 0);
	assert_int_equal(place.cpu, 0);
	assert_int_equal(place.node, -1);
	assert_int_equal(place.sibling, -1);
	assert_int_equal(topology_pick(-1, 1, &place, &err), -EINVAL);
	/* nothing to bind to is not an error */
	assert_int_equal(topology_bind_memory(NULL, 4096, -1, &err), 0);
}

/* On the running system: the thread is where it was put, whatever hwloc's environment says. */
static void test_bind(void **state)
{
	struct place place;
	struct error err = { 0 };

	(void)state;
	setenv("HWLOC_SYNTHETIC", "pack:1 core:64 pu:2", 1);
	assert_int_equal(topology_pick(-1, -1, &place, &err), 0);
	assert_true(place.cpu < sysconf(_SC_NPROCESSORS_CONF));
	assert_int_equal(topology_bind_cpu(&place, &err), 0);
	assert_int_equal(sched_getcpu(), place.cpu);
	place.cpu = 4095;
	assert_true(topology_bind_cpu(&place, &err) < 0);
	assert_true(err.text[0] != '\0');
}

/* Memory comes from the node that was asked for, or the call says that it cannot. */
static void test_bind_memory(void **state)
{
	struct place place;
	struct error err = { 0 };
	size_t bytes = 16 * (size_t)sysconf(_SC_PAGESIZE);
	int node = -1;
	char *memory;

	(void)state;
	assert_int_equal(topology_pick(-1, -1, &place, &err), 0);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(topology_bind_memory(memory, bytes, place.node, &err), 0);
	memory[0] = 1;
	if (place.node >= 0 &&
	    get_mempolicy(&node, NULL, 0, memory, MPOL_F_NODE | MPOL_F_ADDR) == 0)
		assert_int_equal(node, place.node);
	if (place.node >= 0)
		assert_true(topology_bind_memory(memory, bytes, 1023, &err) < 0);
	assert_true(topology_bind_memory(memory, bytes, 1024, &err) < 0);
	munmap(memory, bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_server, leave),
		cmocka_unit_test_teardown(test_no_names, leave),
		cmocka_unit_test_teardown(test_guest, leave),
		cmocka_unit_test_teardown(test_empty, leave),
		cmocka_unit_test_teardown(test_live, leave),
		cmocka_unit_test_teardown(test_cmdline, leave),
		cmocka_unit_test_teardown(test_kconfig, leave),
		cmocka_unit_test_teardown(test_kconfig_like, leave),
		cmocka_unit_test_teardown(test_kconfig_bomb, leave),
		cmocka_unit_test_teardown(test_pick, leave),
		cmocka_unit_test_teardown(test_bind, leave),
		cmocka_unit_test_teardown(test_bind_memory, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

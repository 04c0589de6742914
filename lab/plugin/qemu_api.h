/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the plugin uses of QEMU's TCG plugin interface, versions 1 (QEMU 4.2 .. 8) to 5 (QEMU 10+),
 * declared here so that one file fits all of them. QEMU resolves the names when it loads the file;
 * those that only some versions have are weak.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API    extern
#define API_IF extern __attribute__((weak))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_scoreboard;

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

/* Only the head is used: the version that QEMU has. */
struct qemu_plugin_info {
	const char *target_name;
	struct {
		int min, cur;
	} version;
};

enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum { QEMU_PLUGIN_MEM_RW = 3 };
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

struct qemu_plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

typedef void (*tb_trans_fn)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*udata_fn)(unsigned int vcpu, void *data);
typedef void (*memory_fn)(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
			  void *data);
typedef void (*vcpu_fn)(qemu_plugin_id_t id, unsigned int vcpu);

API void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_fn cb);
API void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, udata_fn cb, int flags,
					      void *data);
API void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, udata_fn cb,
						int flags, void *data);
API void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_fn cb, int flags,
					  int rw, void *data);
API void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id, vcpu_fn cb);
API size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
API uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
API struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
API size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
API uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
API unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
API bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
API struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr);
API bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
API uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

/* Versions 1 and 2 return the bytes, version 3 copies them: called through a pointer of the right
 * type. */
API void qemu_plugin_insn_data(void);

/* Version 1; from 2 on the other, which adds to a place of a scoreboard. */
API_IF void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						       void *ptr, uint64_t add);
API_IF void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
								int op,
								struct qemu_plugin_u64 entry,
								uint64_t add);
API_IF struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
API_IF void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu);

/* One of each later version, to tell which this is. */
API_IF void qemu_plugin_register_vcpu_tb_exec_cond_cb(void); /* 3 */
API_IF void qemu_plugin_read_memory_vaddr(void);             /* 4 */
API_IF void qemu_plugin_translate_vaddr(void);               /* 5 */

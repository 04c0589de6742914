// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin for QEMU's TCG that counts what a timed section executes: instructions, loads, stores,
 * atomics, barriers, cache lines and the misses of a model; and, where it is asked to, by function
 * and call. It changes nothing in the guest. docs/explain.md says what the numbers mean,
 * bench/mark.h what tells it where a section begins and ends.
 *
 * A section is cut at the clock reads before its two marks, so that it is what the clock counted.
 * What a case found is written when the case ends: QEMU may be killed later.
 *
 * Arguments: mode=memory (totals) or mode=full (by function too), out=FD.
 *
 * Lines of the output, numbers in hexadecimal:
 *   model TEXT
 *   case NUMBER
 *   w SAMPLE KIND GROUP INSTR LOADS STORES ATOMICS BARRIERS L1 L2 LLC LINES CODE   a section
 *   g GROUP COMPLETE                           what the first section of that group executed:
 *   n INDEX PARENT RETURN ENTRY                    a call: where it returns to, what it called
 *   b NODE PC EXECUTED INSTR LOADS STORES ATOMICS BARRIERS L1 L2 LLC     a block of it
 *   l PC LINE...                                   data lines that blocks at this PC touched
 *   end NUMBER
 * KIND: 0 pin, 1 unpin, 2 cycle; 3 .. 5 the same of an empty call. One virtual CPU.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/mark.h"
#include "lab/plugin/cache.h"
#include "lab/plugin/decode.h"
#include "lab/plugin/qemu_api.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
			       char **argv);

#define LINES_NR       (UINT64_C(1) << 28) /* 16 GiB of guest memory, each line apart */
#define CODE_LINES_NR  (1u << 16)          /* slots for distinct lines of code in a section */
#define NODES_MAX      (1u << 16)
#define BLOCKS_MAX     (1u << 18)
#define TOUCHES_MAX    (1u << 21)
#define TAIL_MAX       4096 /* blocks between the clock read and the mark of its end */
#define GROUPS_MAX     24   /* different executions of one section of a case that are kept */
#define PROFILES_BYTES (64u << 20)
/* The kernel's linear map, without KASLR: arm64 with 48 bits (PAGE_OFFSET), x86_64 with four levels
 * (__PAGE_OFFSET_BASE_L4); with other ones nothing is kept of it, and asking takes longer. */
#define LINEAR_ARM64 UINT64_C(0xffff000000000000)
#define LINEAR_X86   UINT64_C(0xffff888000000000)
#define LINEAR_NR    1024u /* GiB */

enum { INSTR, LOADS, STORES, ATOMICS, BARRIERS, L1, L2, LLC, NR };
enum { KINDS = 6 };

struct counters {
	uint64_t v[NR];
};

/* A translated block, kept as long as QEMU may run it: for good. */
struct block {
	uint64_t pc, end;
	unsigned int nr, nr_code;
	enum leave leave;
	uint32_t seen; /* the section in which its lines of code were added */
	uint64_t code[8];
	struct {
		uint16_t offset;
		uint64_t sum; /* of hashes of the instructions up to this one */
	} insn[];
};

struct node {
	uint32_t parent;
	bool exception;
	uint64_t back, entry;
};

struct record {
	uint32_t node;
	uint64_t pc, executed;
	struct counters counters;
};

struct touch {
	uint32_t record;
	uint32_t line;
};

struct profile {
	unsigned int kind;
	uint64_t hash;
	char *text; /* NULL: no room was left */
	size_t size;
};

struct section {
	unsigned int sample, kind, group;
	struct counters counters;
	uint64_t lines, code_lines;
};

static bool full, is_arm64;
static int out_fd = -1, api;
static struct qemu_plugin_scoreboard *board;
static struct counters own, *now = &own;
static struct cache cache;

static uint32_t spelled;
static bool in_case, in_sample, is_open, cut; /* cut: a clock read since the start mark */
static bool clock_seen;                       /* ... since the last end mark */
static unsigned int nr_sample;
static uint64_t vectors; /* arm64: base of the kernel's exception vectors; 0: not seen yet */

/* the section that may be open: from the last clock read on */
static uint32_t epoch;
static struct counters base, end;
static uint64_t nr_lines, nr_code_lines, end_lines, end_code_lines, hash, end_hash;
static uint32_t *line_seen;
static struct {
	uint64_t line;
	uint32_t epoch;
} code_seen[CODE_LINES_NR];

static struct block *current;
static struct counters flushed, entered; /* accounted for; at the start of the current block */
static unsigned int done;                /* instructions of the block in @hash */

static struct node *nodes;
static struct record *records;
static struct touch *touches;
static uint32_t nr_nodes, nr_records, nr_touches, at_node, at_record;
static bool overflow;
static struct slot {
	uint64_t key;
	uint32_t epoch, index;
} * node_slots, *record_slots, *touch_slots;
#define NODE_SLOTS   (NODES_MAX * 2)
#define RECORD_SLOTS (BLOCKS_MAX * 2)
#define TOUCH_SLOTS  (TOUCHES_MAX * 2)

static struct {
	uint32_t record;
	bool first;
	struct counters counters;
} * tail;
static unsigned int nr_tail;

static struct section *sections;
static size_t nr_sections, room_sections;
static struct profile profiles[KINDS * GROUPS_MAX];
static unsigned int nr_profiles;
static size_t profile_bytes;

static char *text;
static size_t text_size, text_room;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void *room_for(size_t bytes)
{
	void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int length;

	if (text_room - text_size < 4096) {
		text_room = text_room * 2 + 65536;
		text = realloc(text, text_room);
		if (!text)
			abort();
	}
	va_start(args, format);
	length = vsnprintf(text + text_size, 4096, format, args);
	va_end(args);
	if (length > 0)
		text_size += (size_t)length < 4096 ? (size_t)length : 4095;
}

static void text_write(void)
{
	for (size_t at = 0; at < text_size;) {
		ssize_t written = write(out_fd, text + at, text_size - at);

		if (written <= 0)
			break;
		at += (size_t)written;
	}
	text_size = 0;
}

/* The slot of a key in this section; *is_new: it was free, and is the caller's to fill. */
static struct slot *slot_find(struct slot *slots, size_t nr, uint64_t key, bool *is_new)
{
	size_t i = mix(key) & (nr - 1);

	while (slots[i].epoch == epoch && slots[i].key != key)
		i = (i + 1) & (nr - 1);
	*is_new = slots[i].epoch != epoch;
	slots[i].epoch = epoch;
	slots[i].key = key;
	return &slots[i];
}

/* --- calls --- */

static void node_enter(uint64_t back, uint64_t entry, bool exception)
{
	struct slot *slot;
	bool is_new;

	if (nr_nodes == NODES_MAX) {
		overflow = true;
		return;
	}
	slot = slot_find(node_slots, NODE_SLOTS, mix(back * 3 + at_node) ^ entry, &is_new);
	if (is_new) {
		slot->index = nr_nodes;
		nodes[nr_nodes++] = (struct node){ at_node, exception, back, entry };
	}
	at_node = slot->index;
}

/* Back to the caller of the innermost call that returns to @pc; none does: it is a jump. */
static void node_return(uint64_t pc)
{
	for (uint32_t node = at_node; node; node = nodes[node].parent) {
		if (nodes[node].exception)
			return;
		if (nodes[node].back == pc) {
			at_node = nodes[node].parent;
			return;
		}
	}
}

static void node_exit(uint64_t pc)
{
	for (uint32_t node = at_node; node; node = nodes[node].parent) {
		if (!nodes[node].exception)
			continue;
		if (is_arm64 || nodes[node].back == pc)
			at_node = nodes[node].parent;
		return;
	}
}

static bool is_vector(uint64_t pc)
{
	return vectors && pc - vectors < 0x800 && !(pc & 0x7f);
}

/* How control came from the block before to @pc, of which @executed instructions began. */
static void follow(const struct block *from, unsigned int executed, uint64_t pc)
{
	bool whole = executed >= from->nr;
	uint64_t last = from->pc + (executed ? from->insn[executed - 1].offset : 0),
		 next = whole ? from->end : from->pc + from->insn[executed].offset;

	if (whole && from->leave == LEAVE_ENTER) {
		if (is_arm64 && pc >> 63)
			vectors = pc & ~UINT64_C(0x7ff);
		node_enter(from->end, pc, true);
	} else if (is_vector(pc) && !is_vector(from->pc)) {
		/* an interrupt comes between blocks, a fault repeats the instruction that began */
		if ((pc & 0x180) == 0 && pc != next && from->leave == LEAVE_NEXT)
			now->v[INSTR]--;
		else if ((pc & 0x180) == 0 && !whole)
			now->v[INSTR]--;
		node_enter(last, pc, true);
	} else if (!is_arm64 && executed && pc != next && pc != last &&
		   (!whole || from->leave == LEAVE_NEXT)) {
		now->v[INSTR]--;
		node_enter(last, pc, true);
	} else if (!whole) {
		return; /* a device access ends a block early */
	} else if (from->leave == LEAVE_CALL) {
		node_enter(from->end, pc, false);
	} else if (from->leave == LEAVE_RETURN) {
		node_return(pc);
	} else if (from->leave == LEAVE_EXIT) {
		node_exit(pc);
	}
}

/* --- accounting --- */

static void section_begin(void)
{
	epoch++;
	base = flushed = *now;
	nr_lines = nr_code_lines = hash = 0;
	nr_tail = 0;
	overflow = false;
	nr_nodes = 1;
	nodes[0] = (struct node){ 0 };
	at_node = 0;
	nr_records = nr_touches = 0;
	at_record = UINT32_MAX;
}

static uint32_t record_find(uint64_t pc)
{
	struct slot *slot;
	bool is_new;

	if (nr_records == BLOCKS_MAX) {
		overflow = true;
		return 0;
	}
	slot = slot_find(record_slots, RECORD_SLOTS, mix(pc) + at_node, &is_new);
	if (is_new) {
		slot->index = nr_records;
		records[nr_records++] = (struct record){ .node = at_node, .pc = pc };
	}
	return slot->index;
}

static void code_add(struct block *block)
{
	if (block->seen == epoch)
		return;
	block->seen = epoch;
	for (unsigned int i = 0; i < block->nr_code; i++) {
		size_t at = mix(block->code[i]) & (CODE_LINES_NR - 1);

		while (code_seen[at].epoch == epoch && code_seen[at].line != block->code[i])
			at = (at + 1) & (CODE_LINES_NR - 1);
		if (code_seen[at].epoch == epoch || nr_code_lines == CODE_LINES_NR / 2)
			continue;
		code_seen[at].epoch = epoch;
		code_seen[at].line = block->code[i];
		nr_code_lines++;
	}
}

/* What has been executed since the last time is of the current block. */
static void flush(bool first)
{
	struct record *record;
	unsigned int executed;

	if (!current)
		return;
	executed = (unsigned int)(now->v[INSTR] - entered.v[INSTR]);
	if (executed > current->nr)
		executed = current->nr;
	if (executed > done)
		hash += current->insn[executed - 1].sum - (done ? current->insn[done - 1].sum : 0);
	done = executed;
	if (at_record == UINT32_MAX)
		at_record = record_find(current->pc);
	record = &records[at_record];
	record->executed += first;
	for (int i = 0; i < NR; i++)
		record->counters.v[i] += now->v[i] - flushed.v[i];
	if (cut) {
		if (nr_tail < TAIL_MAX) {
			tail[nr_tail].record = at_record;
			tail[nr_tail].first = first;
			for (int i = 0; i < NR; i++)
				tail[nr_tail].counters.v[i] = now->v[i] - flushed.v[i];
		}
		nr_tail++;
	}
	flushed = *now;
}

static void on_block(unsigned int vcpu, void *data)
{
	struct block *block = data;

	(void)vcpu;
	if (!in_sample)
		return;
	code_add(block);
	if (!full)
		return;
	if (current) {
		unsigned int executed = (unsigned int)(now->v[INSTR] - entered.v[INSTR]);

		if (at_record == UINT32_MAX)
			at_record = record_find(current->pc);
		/* first: it takes off the second count of an instruction that faults */
		follow(current, executed < current->nr ? executed : current->nr, block->pc);
		flush(true);
	}
	current = block;
	entered = *now;
	done = 0;
	at_record = record_find(block->pc);
}

static void on_clock(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	if (!in_sample)
		return;
	if (!is_open) {
		section_begin();
		clock_seen = true;
		if (full && current) {
			at_record = record_find(current->pc);
			done = (unsigned int)(now->v[INSTR] - entered.v[INSTR]);
			done = done < current->nr ? done : current->nr;
		}
		return;
	}
	if (full) {
		cut = false;
		flush(false);
	}
	end = *now;
	end_lines = nr_lines;
	end_code_lines = nr_code_lines;
	end_hash = hash;
	cut = true;
	nr_tail = 0;
}

static void line_touch(uint64_t line)
{
	unsigned int missed = cache_touch(&cache, line);

	for (unsigned int i = 0; i < missed; i++)
		now->v[L1 + i]++;
	if (!in_sample)
		return;
	if (line_seen[line & (LINES_NR - 1)] != epoch) {
		line_seen[line & (LINES_NR - 1)] = epoch;
		nr_lines++;
	}
	if (full && at_record != UINT32_MAX) {
		struct slot *slot;
		bool is_new;

		if (nr_touches == TOUCHES_MAX) {
			overflow = true;
			return;
		}
		slot = slot_find(touch_slots, TOUCH_SLOTS, line << 20 ^ at_record, &is_new);
		if (!is_new)
			return;
		slot->index = nr_touches;
		touches[nr_touches].record = at_record;
		touches[nr_touches++].line = (uint32_t)line;
	}
}

/*
 * Where memory is; UINT64_MAX: it is a device. Asking QEMU is dear, so two answers are kept: that
 * of the page before, which cannot be mapped otherwise without an access to another page; and of
 * each GiB of the kernel's linear map, which is what its name says.
 */
static uint64_t physical(qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	static uint64_t last_page = UINT64_MAX, last_off, linear_off[LINEAR_NR];
	static bool linear_known[LINEAR_NR];
	uint64_t linear = vaddr - (is_arm64 ? LINEAR_ARM64 : LINEAR_X86), off;
	struct qemu_plugin_hwaddr *where;
	bool in_linear = linear < (uint64_t)LINEAR_NR << 30;

	if (in_linear && linear_known[linear >> 30])
		return last_page = UINT64_MAX, vaddr + linear_off[linear >> 30];
	if (vaddr >> 12 == last_page)
		return vaddr + last_off;
	last_page = UINT64_MAX;
	where = qemu_plugin_get_hwaddr(info, vaddr);
	if (!where || qemu_plugin_hwaddr_is_io(where))
		return UINT64_MAX;
	off = qemu_plugin_hwaddr_phys_addr(where) - vaddr;
	if (in_linear) {
		linear_known[linear >> 30] = true;
		linear_off[linear >> 30] = off;
	} else {
		last_page = vaddr >> 12;
		last_off = off;
	}
	return vaddr + off;
}

static void on_memory(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	uint64_t address, line;

	(void)vcpu;
	(void)data;
	if (!in_case)
		return;
	now->v[qemu_plugin_mem_is_store(info) ? STORES : LOADS]++;
	address = physical(info, vaddr);
	if (address == UINT64_MAX)
		return;
	line = address >> CACHE_LINE_SHIFT;
	line_touch(line);
	/* an access across two lines; across two pages the second frame is taken for the next */
	if ((vaddr & 63) + (UINT64_C(1) << qemu_plugin_mem_size_shift(info)) > 64)
		line_touch(line + 1);
}

/* --- cases --- */

static void profile_print(unsigned int group)
{
	say("g %x %x\n", group, !overflow);
	for (uint32_t i = 1; i < nr_nodes; i++)
		say("n %x %x %llx %llx\n", i, nodes[i].parent, (unsigned long long)nodes[i].back,
		    (unsigned long long)nodes[i].entry);
	for (uint32_t i = 0; i < nr_records; i++) {
		const struct record *record = &records[i];

		say("b %x %llx %llx", record->node, (unsigned long long)record->pc,
		    (unsigned long long)record->executed);
		for (int j = 0; j < NR; j++)
			say(" %llx", (unsigned long long)record->counters.v[j]);
		say("\n");
	}
	/* bucket by record: touches stand in the order in which they were made */
	for (uint32_t i = 0; i < nr_touches; i++)
		say("l %llx %x\n", (unsigned long long)records[touches[i].record].pc,
		    touches[i].line);
}

/* The group of what was executed, whatever its order: the first of each is kept. */
static unsigned int group_find(unsigned int kind)
{
	size_t before = text_size;

	for (unsigned int i = 0; i < nr_profiles; i++)
		if (profiles[i].kind == kind && profiles[i].hash == end_hash)
			return i;
	if (nr_profiles == sizeof(profiles) / sizeof(profiles[0]))
		return UINT16_MAX;
	profiles[nr_profiles] = (struct profile){ .kind = kind, .hash = end_hash };
	profile_print(nr_profiles);
	if (profile_bytes + text_size - before > PROFILES_BYTES)
		text_size = before;
	else
		profile_bytes += text_size - before;
	return nr_profiles++;
}

static void section_end(unsigned int kind)
{
	struct section *section;

	if (!in_sample || !is_open)
		return;
	is_open = false;
	if (!cut) { /* no clock that can be seen: the mark itself is the end */
		if (full)
			flush(false);
		end = *now;
		end_lines = nr_lines;
		end_code_lines = nr_code_lines;
		end_hash = hash;
	} else if (full) {
		if (nr_tail > TAIL_MAX)
			overflow = true;
		for (unsigned int i = 0; i < nr_tail && i < TAIL_MAX; i++) {
			struct record *record = &records[tail[i].record];

			record->executed -= tail[i].first;
			for (int j = 0; j < NR; j++)
				record->counters.v[j] -= tail[i].counters.v[j];
		}
	}
	cut = false;
	clock_seen = false;
	if (nr_sections == room_sections) {
		room_sections = room_sections * 2 + 256;
		sections = realloc(sections, room_sections * sizeof(*sections));
		if (!sections)
			abort();
	}
	section = &sections[nr_sections++];
	*section = (struct section){ .sample = nr_sample,
				     .kind = kind,
				     .group = full ? group_find(kind) : UINT16_MAX,
				     .lines = end_lines,
				     .code_lines = end_code_lines };
	for (int i = 0; i < NR; i++)
		section->counters.v[i] = end.v[i] - base.v[i];
}

static void case_begin(void)
{
	in_case = true;
	in_sample = is_open = cut = false;
	nr_sample = 0;
	nr_sections = 0;
	nr_profiles = 0;
	profile_bytes = 0;
	current = NULL;
	text_size = 0;
	cache_empty(&cache);
	say("case %x\n", spelled);
}

static void case_end(void)
{
	if (!in_case)
		return;
	in_case = in_sample = is_open = false;
	for (size_t i = 0; i < nr_sections; i++) {
		const struct section *section = &sections[i];

		say("w %x %x %x", section->sample, section->kind, section->group);
		for (int j = 0; j < NR; j++)
			say(" %llx", (unsigned long long)section->counters.v[j]);
		say(" %llx %llx\n", (unsigned long long)section->lines,
		    (unsigned long long)section->code_lines);
	}
	say("end %x\n", spelled);
	text_write();
}

static void on_mark(unsigned int vcpu, void *data)
{
	unsigned int what = (unsigned int)(uintptr_t)data;

	(void)vcpu;
	if (what < 16) {
		spelled = spelled << 4 | what;
		return;
	}
	switch (what) {
	case MARK_CASE:
		case_begin();
		break;
	case MARK_CASE_END:
		case_end();
		break;
	case MARK_SAMPLE:
		if (!in_case)
			break;
		in_sample = true;
		is_open = cut = clock_seen = false;
		current = NULL;
		section_begin();
		break;
	case MARK_SAMPLE_END:
		nr_sample += in_sample;
		in_sample = is_open = false;
		break;
	case MARK_START:
		if (!in_sample)
			break;
		if (!clock_seen)
			section_begin();
		is_open = true;
		cut = false;
		break;
	case MARK_PIN ... MARK_EMPTY_CYCLE:
		section_end(what - MARK_PIN);
		break;
	}
}

/* --- translation --- */

static void insn_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t size)
{
	void (*call)(void) = qemu_plugin_insn_data;
	const void *(*get)(const struct qemu_plugin_insn *);
	size_t (*copy)(const struct qemu_plugin_insn *, void *, size_t);

	/* hides where the pointer comes from: gcc makes a trap of a call by another type */
	__asm__("" : "+r"(call));
	get = (const void *(*)(const struct qemu_plugin_insn *))call;
	copy = (size_t(*)(const struct qemu_plugin_insn *, void *, size_t))call;
	if (api >= 3)
		copy(insn, bytes, size);
	else
		memcpy(bytes, get(insn), size);
}

static void inline_add(struct qemu_plugin_insn *insn, unsigned int counter)
{
	if (board) {
		struct qemu_plugin_u64 entry = { board, counter * sizeof(uint64_t) };

		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
								    QEMU_PLUGIN_INLINE_ADD_U64,
								    entry, 1);
	} else {
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &own.v[counter], 1);
	}
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t nr = qemu_plugin_tb_n_insns(tb);
	struct block *block = calloc(1, sizeof(*block) + nr * sizeof(block->insn[0]));
	uint64_t sum = 0;

	(void)id;
	if (!block)
		abort();
	block->pc = qemu_plugin_tb_vaddr(tb);
	block->nr = (unsigned int)nr;
	for (size_t i = 0; i < nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t pc = qemu_plugin_insn_vaddr(insn), line = pc >> CACHE_LINE_SHIFT;
		size_t size = qemu_plugin_insn_size(insn);
		struct decoded decoded = { .mark = -1 };
		uint8_t bytes[16] = { 0 };
		uint32_t word;

		size = size < sizeof(bytes) ? size : sizeof(bytes);
		insn_bytes(insn, bytes, size);
		if (is_arm64) {
			memcpy(&word, bytes, sizeof(word));
			decode_arm64(word, &decoded);
		} else {
			decode_x86(bytes, size, &decoded);
		}
		sum += mix(pc);
		block->insn[i].offset = (uint16_t)(pc - block->pc);
		block->insn[i].sum = sum;
		block->end = pc + size;
		block->leave = decoded.leave;
		if (block->nr_code < 8 &&
		    (!block->nr_code || block->code[block->nr_code - 1] != line))
			block->code[block->nr_code++] = line;
		if (full)
			inline_add(insn, INSTR);
		if (decoded.atomic)
			inline_add(insn, ATOMICS);
		if (decoded.barrier)
			inline_add(insn, BARRIERS);
		if (decoded.clock)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_clock,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (decoded.mark >= 0 && !(pc >> 63))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)decoded.mark);
		qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void on_vcpu(qemu_plugin_id_t id, unsigned int vcpu)
{
	(void)id;
	if (board && vcpu == 0)
		now = qemu_plugin_scoreboard_find(board, 0);
}

/* QEMU looks at the version right after loading: which one this is shows by what it exports. */
__attribute__((constructor)) static void version_set(void)
{
	qemu_plugin_version = qemu_plugin_translate_vaddr                           ? 5
			      : qemu_plugin_read_memory_vaddr                       ? 4
			      : qemu_plugin_register_vcpu_tb_exec_cond_cb           ? 3
			      : qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu ? 2
										    : 1;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
			char **argv)
{
	api = info->version.cur;
	is_arm64 = !strcmp(info->target_name, "aarch64");
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "mode=full"))
			full = true;
		else if (!strncmp(argv[i], "out=", 4))
			out_fd = atoi(argv[i] + 4);
	}
	line_seen = room_for(LINES_NR * sizeof(*line_seen));
	nodes = room_for(NODES_MAX * sizeof(*nodes));
	if (full) {
		records = room_for(BLOCKS_MAX * sizeof(*records));
		touches = room_for(TOUCHES_MAX * sizeof(*touches));
		tail = room_for(TAIL_MAX * sizeof(*tail));
		node_slots = room_for(NODE_SLOTS * sizeof(*node_slots));
		record_slots = room_for(RECORD_SLOTS * sizeof(*record_slots));
		touch_slots = room_for(TOUCH_SLOTS * sizeof(*touch_slots));
	}
	if (out_fd < 0 || !line_seen || !nodes ||
	    (full &&
	     (!records || !touches || !tail || !node_slots || !record_slots || !touch_slots)))
		return -1;
	if (qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu)
		board = qemu_plugin_scoreboard_new(sizeof(struct counters));
	say("model " CACHE_MODEL "\n");
	text_write();
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}

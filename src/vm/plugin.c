// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/plugin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"
#include "bench/mark.h"

#define HELP_MS     10000
#define GRAINS      2 /* of the clock, by which count and time may differ */
#define MAX_FRAMES  64
#define MAX_STACKS  400
#define FRAMES_TEXT 3000
#define NO_GROUP    UINT16_MAX

/* --- the file --- */

#ifdef PINBENCH_PLUGIN
__asm__(".section .rodata\n"
	".global plugin_bytes, plugin_bytes_end\n"
	"plugin_bytes: .incbin \"" PINBENCH_PLUGIN "\"\n"
	"plugin_bytes_end:\n"
	".previous\n");
extern const unsigned char plugin_bytes[], plugin_bytes_end[];
#else
static const unsigned char plugin_bytes[1], *const plugin_bytes_end = plugin_bytes;
#endif

int plugin_open(int *fd, struct error *err)
{
	size_t size = (size_t)(plugin_bytes_end - plugin_bytes);

	*fd = -1;
	if (!size)
		return error_set(err, ENOTSUP, "this program has no plugin for QEMU in it");
	*fd = memfd_create("plugin", MFD_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, "a file in memory for QEMU's plugin");
	if (write(*fd, plugin_bytes, size) != (ssize_t)size) {
		error_errno(err, errno, "write QEMU's plugin");
		close(*fd);
		*fd = -1;
		return -err->code;
	}
	return 0;
}

int plugin_supported(const char *qemu, struct error *err)
{
	static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	const struct child_user nobody = { CHILD_NOBODY, CHILD_NOBODY, 0 };
	char *const argv[] = { (char *)"qemu", (char *)"--help", NULL };
	autofree char *text = calloc(1, 256u << 10);
	autoclose int out = memfd_create("help", MFD_CLOEXEC);
	struct child_program program = { .path = qemu,
					 .argv = argv,
					 .environment = environment,
					 .out = out,
					 .user = &nobody,
					 .death_signal = SIGKILL };
	struct child child;
	int status, ret;

	if (out < 0)
		return error_errno(err, errno, "a file in memory");
	ret = child_exec(&child, &program, err);
	if (!ret)
		ret = child_wait(&child, HELP_MS, &status);
	if (ret)
		return error_set(err, -ret, "%s --help does not end", qemu);
	if (TEMP_FAILURE_RETRY(pread(out, text, (256u << 10) - 1, 0)) < 0)
		return error_errno(err, errno, "read what %s --help says", qemu);
	if (strstr(text, "\n-plugin "))
		return 0;
	error_set(err, ENOTSUP, "%s loads no plugins", qemu);
	return error_fix(err, "a QEMU that was configured with --enable-plugins, as Debian's is "
			      "(--qemu PATH)");
}

/* --- what it wrote, as in lab/plugin/explain.c --- */

enum { INSTR, LOADS, STORES, ATOMICS, BARRIERS, L1, L2, LLC, LINES, CODE, NR_COUNTED };
enum { EMPTY = NR_METRICS, KINDS = 2 * NR_METRICS };

struct section {
	unsigned long sample, kind, group;
	uint64_t count[NR_COUNTED];
};

struct counted_case {
	struct section *sections;
	size_t nr;
	const char *text, *end; /* between "case" and "end" */
};

static const char *line_next(const char *at)
{
	at += strcspn(at, "\n");
	return *at ? at + 1 : at;
}

/* Hexadecimal numbers of a line, at most @max; returns how many. */
static size_t numbers_parse(const char *at, uint64_t *numbers, size_t max)
{
	size_t nr = 0;
	char *end;

	for (; nr < max && *at && *at != '\n'; at = end) {
		numbers[nr] = strtoull(at, &end, 16);
		if (end == at)
			break;
		nr++;
	}
	return nr;
}

/* The last whole record of that case; false: there is none. */
static bool case_find(struct counted_case *found, const char *text, const char *key)
{
	uint32_t number = mark_of(key);
	const char *start = NULL;
	char head[24], tail[24];

	*found = (struct counted_case){ 0 };
	snprintf(head, sizeof(head), "case %" PRIx32 "\n", number);
	snprintf(tail, sizeof(tail), "end %" PRIx32 "\n", number);
	for (const char *at = text; *at; at = line_next(at)) {
		if (*at == 'c' && !strncmp(at, head, strlen(head)))
			start = at;
		else if (start && *at == 'e' && !strncmp(at, tail, strlen(tail)))
			found->text = start, found->end = at;
	}
	if (!found->text)
		return false;
	for (const char *at = found->text; at < found->end; at = line_next(at)) {
		uint64_t numbers[3 + NR_COUNTED];
		struct section *section;

		if (*at != 'w' || numbers_parse(at + 1, numbers, 3 + NR_COUNTED) < 3 + NR_COUNTED)
			continue;
		found->sections = reallocarray(found->sections, found->nr + 1, sizeof(*section));
		section = &found->sections[found->nr++];
		*section = (struct section){ numbers[0], numbers[1], numbers[2], { 0 } };
		memcpy(section->count, numbers + 3, sizeof(section->count));
	}
	return true;
}

static uint64_t weight(const struct section *section)
{
	return section->count[INSTR] ? section->count[INSTR]
				     : section->count[LOADS] + section->count[STORES];
}

static int compare_weight(const void *a, const void *b)
{
	const struct section *const *left = a, *const *right = b;

	return (weight(*left) > weight(*right)) - (weight(*left) < weight(*right));
}

/*
 * The section that is taken off, as bench/overhead.h does: the median of the empty calls before the
 * section, or of those after it, whichever is cheaper. NULL: none is.
 */
static const struct section *empty_find(const struct counted_case *counted, unsigned long sample,
					unsigned int metric)
{
	const struct section *list[64], *middle[2] = { NULL };
	size_t nr = 0;

	for (size_t i = 0; i < counted->nr && nr < 64; i++)
		if (counted->sections[i].sample == sample &&
		    counted->sections[i].kind == EMPTY + metric)
			list[nr++] = &counted->sections[i];
	if (nr < 2)
		return NULL;
	for (size_t side = 0; side < 2; side++) {
		const struct section **part = list + side * (nr / 2);

		qsort(part, nr / 2, sizeof(*part), compare_weight);
		middle[side] = part[(nr / 2 - 1) / 2];
	}
	return weight(middle[0]) <= weight(middle[1]) ? middle[0] : middle[1];
}

static const struct section *section_find(const struct counted_case *counted, unsigned long sample,
					  unsigned int metric)
{
	for (size_t i = 0; i < counted->nr; i++)
		if (counted->sections[i].sample == sample && counted->sections[i].kind == metric)
			return &counted->sections[i];
	return NULL;
}

static void memory_set(struct memory_count *memory, unsigned int metric,
		       const struct section *section, const struct section *empty)
{
	static const unsigned int from[NR_MEMORY] = {
		[MEMORY_LOADS] = LOADS,   [MEMORY_STORES] = STORES,   [MEMORY_ATOMICS] = ATOMICS,
		[MEMORY_L1D_MISSES] = L1, [MEMORY_L2_MISSES] = L2,    [MEMORY_LLC_MISSES] = LLC,
		[MEMORY_LINES] = LINES,   [MEMORY_CODE_LINES] = CODE,
	};

	for (unsigned int i = 0; i < NR_MEMORY; i++) {
		uint64_t count = section->count[from[i]],
			 less = empty && i <= MEMORY_ATOMICS ? empty->count[from[i]] : 0;

		memory->value[metric][i] = count > less ? count - less : 0;
	}
}

/* False: the plugin did not see what the clock saw. */
static bool memory_take(struct result *result, const struct counted_case *counted)
{
	unsigned long sample = 0, nr = 0;
	unsigned int seen = 0;

	for (size_t i = 0; i < counted->nr; i++) {
		if (counted->sections[i].kind < EMPTY)
			seen |= 1u << counted->sections[i].kind;
		if (counted->sections[i].sample >= nr)
			nr = counted->sections[i].sample + 1;
	}
	for (size_t i = 0; i < result->nr_runs; i++)
		sample += result->runs[i].nr_samples;
	if (!sample || sample != nr)
		return false;
	sample = 0;
	for (size_t i = 0; i < result->nr_runs; i++) {
		struct run *run = &result->runs[i];

		run->memory = calloc(run->nr_samples + 1, sizeof(*run->memory));
		run->have_memory = seen;
		for (size_t j = 0; j < run->nr_samples; j++, sample++) {
			for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
				const struct section *section =
					section_find(counted, sample, metric);

				if (!section)
					run->have_memory &= ~(1u << metric);
				else
					memory_set(&run->memory[j], metric, section,
						   empty_find(counted, sample, metric));
			}
		}
	}
	return true;
}

/* --- names --- */

struct symbol {
	uint64_t address;
	const char *name;
	size_t length, order;
};

struct symbols {
	struct symbol *items;
	size_t nr;
};

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (left->order > right->order) - (left->order < right->order);
}

static void symbols_parse(struct symbols *symbols, const char *text)
{
	size_t room = 0, nr = 0;

	*symbols = (struct symbols){ 0 };
	for (const char *at = text; *at; at = line_next(at)) {
		char *name;
		uint64_t address = strtoull(at, &name, 16);

		if (*name != ' ' || !address)
			continue;
		name++;
		if (symbols->nr == room) {
			room = room * 2 + 4096;
			symbols->items = reallocarray(symbols->items, room, sizeof(struct symbol));
		}
		symbols->items[symbols->nr] =
			(struct symbol){ address, name, strcspn(name, "\n"), symbols->nr };
		symbols->nr++;
	}
	if (!symbols->nr)
		return;
	qsort(symbols->items, symbols->nr, sizeof(*symbols->items), compare_symbols);
	/* of several names of one address the first */
	for (size_t i = 0; i < symbols->nr; i++)
		if (!nr || symbols->items[i].address != symbols->items[nr - 1].address)
			symbols->items[nr++] = symbols->items[i];
	symbols->nr = nr;
}

/* Index of the function that @pc is in; -1: user space, or before all of them. */
static long symbol_find(const struct symbols *symbols, uint64_t pc)
{
	size_t low = 0, high = symbols->nr;

	if (!(pc >> 63))
		return -1;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (symbols->items[middle].address <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return (long)low - 1;
}

/* --- what was executed --- */

struct block_line {
	long function;
	uint64_t line;
};

/* One execution of a section, by function and by stack; functions by index + 1, 0: user space. */
struct profile {
	int64_t (*function)[NR_EXPLAIN];
	int64_t path[NR_PATHS];
	struct explain_stack *stacks;
	size_t nr_stacks;
	struct block_line *lines;
	size_t nr_lines, room_lines;
	int64_t instructions;
	bool whole;
};

struct call {
	uint64_t parent, back;
	bool made;
};

static void name_copy(char *out, size_t size, const struct symbols *symbols, long function)
{
	if (function < 0)
		snprintf(out, size, "[user]");
	else
		snprintf(out, size, "%.*s", (int)symbols->items[function].length,
			 symbols->items[function].name);
}

/* The functions on the stack of a node, outermost first, @leaf last. */
static size_t stack_of(const struct call *calls, size_t nr_calls, uint64_t node, long leaf,
		       const struct symbols *symbols, long *stack)
{
	size_t nr = 0;

	stack[nr++] = leaf;
	for (size_t steps = 0; node && node < nr_calls && steps < nr_calls && nr < MAX_FRAMES;
	     steps++) {
		long caller = symbol_find(symbols, calls[node].back - 1);

		if (caller >= 0)
			stack[nr++] = caller;
		node = calls[node].parent;
	}
	for (size_t i = 0; i < nr / 2; i++) {
		long other = stack[i];

		stack[i] = stack[nr - 1 - i];
		stack[nr - 1 - i] = other;
	}
	return nr;
}

static void stack_add(struct profile *profile, const char *frames, int64_t instructions)
{
	for (size_t i = 0; i < profile->nr_stacks; i++) {
		if (strcmp(profile->stacks[i].frames, frames))
			continue;
		profile->stacks[i].instructions += instructions;
		return;
	}
	if ((profile->nr_stacks & (profile->nr_stacks - 1)) == 0)
		profile->stacks = reallocarray(profile->stacks,
					       profile->nr_stacks ? profile->nr_stacks * 2 : 1,
					       sizeof(*profile->stacks));
	profile->stacks[profile->nr_stacks++] =
		(struct explain_stack){ strdup(frames), instructions };
}

/* One block: NODE PC EXECUTED and the counters. */
static void block_add(struct profile *profile, const struct call *calls, size_t nr_calls,
		      const struct symbols *symbols, const uint64_t *numbers)
{
	char names[MAX_FRAMES][128], frames[FRAMES_TEXT] = "";
	const char *list[MAX_FRAMES];
	long stack[MAX_FRAMES], function = symbol_find(symbols, numbers[1]);
	int64_t *count = profile->function[function + 1];
	size_t nr = stack_of(calls, nr_calls, numbers[0], function, symbols, stack), length = 0;

	for (size_t i = 0; i < nr; i++) {
		name_copy(names[i], sizeof(names[i]), symbols, stack[i]);
		list[i] = names[i];
		length += (size_t)snprintf(frames + length, sizeof(frames) - length, "%s%s",
					   i ? ";" : "", names[i]);
		if (length >= sizeof(frames) - 1)
			length = sizeof(frames) - 1;
	}
	if (function >= 0 && symbols->items[function].address == numbers[1])
		count[EXPLAIN_CALLS] += (int64_t)numbers[2];
	count[EXPLAIN_INSTRUCTIONS] += (int64_t)numbers[3 + INSTR];
	count[EXPLAIN_LOADS] += (int64_t)numbers[3 + LOADS];
	count[EXPLAIN_STORES] += (int64_t)numbers[3 + STORES];
	count[EXPLAIN_ATOMICS] += (int64_t)numbers[3 + ATOMICS];
	count[EXPLAIN_BARRIERS] += (int64_t)numbers[3 + BARRIERS];
	count[EXPLAIN_L1D_MISSES] += (int64_t)numbers[3 + L1];
	count[EXPLAIN_L2_MISSES] += (int64_t)numbers[3 + L2];
	count[EXPLAIN_LLC_MISSES] += (int64_t)numbers[3 + LLC];
	profile->path[explain_path_of(list, nr)] += (int64_t)numbers[3 + INSTR];
	profile->instructions += (int64_t)numbers[3 + INSTR];
	stack_add(profile, frames, (int64_t)numbers[3 + INSTR]);
}

static int compare_lines(const void *a, const void *b)
{
	const struct block_line *left = a, *right = b;

	if (left->function != right->function)
		return left->function < right->function ? -1 : 1;
	return (left->line > right->line) - (left->line < right->line);
}

static void lines_count(struct profile *profile)
{
	if (!profile->nr_lines)
		return;
	qsort(profile->lines, profile->nr_lines, sizeof(*profile->lines), compare_lines);
	for (size_t i = 0; i < profile->nr_lines; i++)
		if (!i || compare_lines(&profile->lines[i - 1], &profile->lines[i]))
			profile->function[profile->lines[i].function + 1][EXPLAIN_LINES]++;
}

/* False: that group was not kept. */
static bool profile_read(struct profile *profile, const struct counted_case *counted,
			 unsigned long group, const struct symbols *symbols)
{
	autofree struct call *calls = calloc(1, sizeof(*calls));
	size_t nr_calls = 1;
	bool here = false, any = false;

	*profile = (struct profile){ 0 };
	profile->function = calloc(symbols->nr + 2, sizeof(*profile->function));
	for (const char *at = counted->text; at < counted->end; at = line_next(at)) {
		uint64_t numbers[12];
		size_t nr;

		if (*at == 'g') {
			nr = numbers_parse(at + 1, numbers, 2);
			here = nr == 2 && numbers[0] == group;
			any = any || here;
			profile->whole = here ? numbers[1] != 0 : profile->whole;
			continue;
		}
		if (!here || !strchr("nbl", *at))
			continue;
		nr = numbers_parse(at + 1, numbers, 12);
		if (*at == 'n' && nr >= 4 && numbers[0] < UINT32_MAX && numbers[0] >= 1) {
			if (numbers[0] >= nr_calls) {
				calls = reallocarray(calls, numbers[0] + 1, sizeof(*calls));
				nr_calls = numbers[0] + 1;
			}
			calls[numbers[0]] = (struct call){ numbers[1], numbers[2], true };
		} else if (*at == 'b' && nr >= 11) {
			block_add(profile, calls, nr_calls, symbols, numbers);
		} else if (*at == 'l' && nr >= 2) {
			if (profile->nr_lines == profile->room_lines) {
				profile->room_lines = profile->room_lines * 2 + 1024;
				profile->lines = reallocarray(profile->lines, profile->room_lines,
							      sizeof(*profile->lines));
			}
			profile->lines[profile->nr_lines++] =
				(struct block_line){ symbol_find(symbols, numbers[0]), numbers[1] };
		}
	}
	lines_count(profile);
	return any;
}

static void profile_free(struct profile *profile)
{
	for (size_t i = 0; i < profile->nr_stacks; i++)
		free(profile->stacks[i].frames);
	free(profile->stacks);
	free(profile->function);
	free(profile->lines);
	*profile = (struct profile){ 0 };
}

/*
 * The empty call as a whole is of the rest; it is made before the section, which finds warm what
 * both touch: lines and misses stay as they are.
 */
static void profile_less(struct profile *profile, const struct profile *empty, size_t nr_functions)
{
	for (size_t i = 0; i < nr_functions; i++)
		for (unsigned int j = 0; j < NR_EXPLAIN; j++)
			if (j < EXPLAIN_LINES)
				profile->function[i][j] -= empty->function[i][j];
	profile->path[PATH_REST] -= empty->instructions;
	for (size_t i = 0; i < empty->nr_stacks; i++)
		stack_add(profile, empty->stacks[i].frames, -empty->stacks[i].instructions);
	profile->instructions -= empty->instructions;
}

static int compare_functions(const void *a, const void *b)
{
	const struct explain_function *left = a, *right = b;
	int64_t x = left->count[EXPLAIN_INSTRUCTIONS], y = right->count[EXPLAIN_INSTRUCTIONS];

	return x != y ? (x < y ? 1 : -1) : strcmp(left->name, right->name);
}

static int compare_stacks(const void *a, const void *b)
{
	const struct explain_stack *left = a, *right = b;

	if (left->instructions != right->instructions)
		return left->instructions < right->instructions ? 1 : -1;
	return strcmp(left->frames, right->frames);
}

static void section_fill(struct explain_section *section, const struct profile *profile,
			 const struct symbols *symbols)
{
	int64_t other = 0;
	size_t nr = 0;

	section->known = true;
	section->instructions = profile->instructions;
	memcpy(section->path, profile->path, sizeof(section->path));
	for (size_t i = 0; i < symbols->nr + 1; i++) {
		const int64_t *count = profile->function[i];
		bool any = false;
		char name[128];

		for (unsigned int j = 0; j < NR_EXPLAIN; j++)
			any = any || (count[j] && j < EXPLAIN_LINES);
		if (!any)
			continue;
		name_copy(name, sizeof(name), symbols, (long)i - 1);
		section->functions = reallocarray(section->functions, section->nr_functions + 1,
						  sizeof(*section->functions));
		section->functions[section->nr_functions].name = strdup(name);
		memcpy(section->functions[section->nr_functions].count, count,
		       sizeof(section->functions[0].count));
		section->nr_functions++;
		section->switched = section->switched || !strcmp(name, "cpu_switch_to") ||
				    !strcmp(name, "__switch_to_asm");
	}
	if (section->nr_functions)
		qsort(section->functions, section->nr_functions, sizeof(*section->functions),
		      compare_functions);
	if (profile->nr_stacks)
		qsort(profile->stacks, profile->nr_stacks, sizeof(*profile->stacks),
		      compare_stacks);
	section->stacks = calloc(MAX_STACKS + 1, sizeof(*section->stacks));
	for (size_t i = 0; i < profile->nr_stacks; i++) {
		if (!profile->stacks[i].instructions)
			continue;
		if (nr < MAX_STACKS)
			section->stacks[nr++] =
				(struct explain_stack){ strdup(profile->stacks[i].frames),
							profile->stacks[i].instructions };
		else
			other += profile->stacks[i].instructions;
	}
	if (other)
		section->stacks[nr++] = (struct explain_stack){ strdup("[other]"), other };
	section->nr_stacks = nr;
}

/* What the plugin counted in a sample, the empty call taken off; 0: it did not see it. */
static uint64_t counted_of(const struct counted_case *counted, size_t sample, unsigned int metric)
{
	const struct section *section = section_find(counted, sample, metric),
			     *empty = empty_find(counted, sample, metric);

	if (!section)
		return 0;
	return section->count[INSTR] - (empty ? empty->count[INSTR] : 0);
}

/*
 * Of the samples of the first run the one in the middle, by what was counted: the clock's steps
 * hide which of two executions it was. Of an even number the lower.
 */
static size_t sample_of_median(const struct run *run, unsigned int metric,
			       const struct counted_case *counted)
{
	size_t nr = run->nr_samples - run->nr_warmup;
	autofree uint64_t *counts = calloc(nr + 1, sizeof(*counts));

	for (size_t i = 0; i < nr; i++)
		counts[i] = counted_of(counted, run->nr_warmup + i, metric);
	for (size_t i = 0; i < nr; i++) {
		size_t below = 0, equal = 0;

		for (size_t j = 0; j < nr; j++) {
			below += counts[j] < counts[i];
			equal += counts[j] == counts[i];
		}
		if (below <= (nr - 1) / 2 && (nr - 1) / 2 < below + equal)
			return run->nr_warmup + i;
	}
	return run->nr_warmup;
}

__attribute__((format(printf, 2, 3))) static void say_why(struct explain_section *section,
							  const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	section->why = strdup(text);
}

static void section_explain(struct explain_section *explained, const struct run *run,
			    unsigned int metric, const struct counted_case *counted,
			    const struct symbols *symbols)
{
	size_t sample = sample_of_median(run, metric, counted);
	const struct section *section = section_find(counted, sample, metric),
			     *empty = empty_find(counted, sample, metric);
	uint64_t grain = run->quantum[metric] ? run->quantum[metric] : 1, counts;
	struct profile profile, less;
	int64_t off;

	if (!section)
		return; /* what times it, the kernel's own clock, say, has no marks */
	explained->sample = (unsigned int)(sample - run->nr_warmup);
	explained->reported = run->samples[sample].ticks[metric];
	counts = counted_of(counted, sample, metric);
	off = (int64_t)(counts - explained->reported);
	if (off > (int64_t)(GRAINS * grain) || off < -(int64_t)(GRAINS * grain)) {
		say_why(explained,
			"the plugin counted %" PRIu64
			" instructions in sample %u, the clock %" PRIu64
			", more than %u steps of %" PRIu64 " apart",
			counts, explained->sample, explained->reported, GRAINS, grain);
		return;
	}
	if (!profile_read(&profile, counted, section->group, symbols) || !profile.whole) {
		profile_free(&profile);
		say_why(explained, "sample %u executed more than is kept", explained->sample);
		return;
	}
	if (empty && profile_read(&less, counted, empty->group, symbols)) {
		profile_less(&profile, &less, symbols->nr + 1);
		profile_free(&less);
	}
	if (profile.instructions != (int64_t)counts)
		say_why(explained,
			"its functions have %" PRId64 " instructions, the section %" PRIu64,
			profile.instructions, counts);
	else
		section_fill(explained, &profile, symbols);
	profile_free(&profile);
}

static void case_explain(struct result *result, const struct counted_case *counted,
			 const struct symbols *symbols)
{
	const struct run *run = &result->runs[0];
	struct explain *explain = calloc(1, sizeof(*explain));
	bool any = false;

	explain->seed = run->placement.seed;
	for (unsigned int metric = 0; metric < NR_METRICS; metric++) {
		if (run->nr_samples <= run->nr_warmup ||
		    !(run->samples[run->nr_warmup].have >> metric & 1))
			continue;
		section_explain(&explain->section[metric], run, metric, counted, symbols);
		any = any || explain->section[metric].known || explain->section[metric].why;
	}
	if (any)
		result->explain = explain;
	else
		explain_free(explain);
}

void plugin_take(struct results *results, const char *counted, const char *symbols)
{
	struct symbols names = { 0 };
	bool any = false;

	if (symbols)
		symbols_parse(&names, symbols);
	for (size_t i = 0; i < results->nr; i++) {
		struct result *result = &results->items[i];
		struct counted_case found;

		if (!result->nr_runs || !case_find(&found, counted, result->key))
			continue;
		if (memory_take(result, &found)) {
			any = true;
			if (names.nr)
				case_explain(result, &found, &names);
		}
		free(found.sections);
	}
	if (any && !strncmp(counted, "model ", 6)) {
		autofree char *model = strndup(counted + 6, strcspn(counted + 6, "\n"));

		fact_text(&results->environment, model, "memory.model");
	}
	free(names.items);
}

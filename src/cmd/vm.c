// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench vm: boot kernels in QEMU and run the same command in each. */
#include <argp.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "cmd/cmd.h"
#include "host/sysfile.h"
#include "result/schedule.h"
#include "verdict/verdict.h"
#include "vm/lab.h"

struct vm {
	struct lab_request request;
	char append[4096];
	uint64_t seed;
	unsigned int nr_before, nr_done,
		nr_boots; /* of the whole schedule; nr_before: by an earlier invocation */
	uint64_t started_ns;
	bool terminal;
	int exit_code;
	unsigned int nr_nothing;           /* guests in which nothing could run */
	char ended[LAB_MAX_KERNELS][4096]; /* result files */
};

enum {
	KEY_BOOTS = 256,
	KEY_ORDER,
	KEY_SEED,
	KEY_JOBS,
	KEY_RESUME,
	KEY_PRECISION,
	KEY_MAX_TIME,
	KEY_CLOCK,
	KEY_ACCEL,
	KEY_NO_MEMORY,
	KEY_APPEND,
	KEY_GUEST,
	KEY_QEMU,
	KEY_TIMEOUT
};

#define BOOTS_MOST 100 /* until a precision is reached */
#define MAX_TIME_S 600

static const struct argp_option options[] = {
	{ "kernel", 'k', "NAME=PATH", 0, "image or build tree; repeat to compare", 0 },
	{ "boots", KEY_BOOTS, "N", 0, "boots of each kernel (1; comparing 10+, icount 8)", 0 },
	{ "precision", KEY_PRECISION, "PCT", 0, "as many boots as settle every case to that", 0 },
	{ "max-time", KEY_MAX_TIME, "S", 0, "no new block after that, with --precision (600)", 0 },
	{ "order", KEY_ORDER, "abba|random", 0, "how kernels take turns (abba)", 0 },
	{ "seed", KEY_SEED, "N", 0, "of order and memory layout (icount: 1)", 0 },
	{ "jobs", KEY_JOBS, "N", 0, "boots side by side (icount: CPUs; else 1)", 0 },
	{ "resume", KEY_RESUME, 0, 0, "go on where the same command was stopped", 0 },
	{ "clock", KEY_CLOCK, "real|icount", 0, "icount: count instructions, not time", 0 },
	{ "output", 'o', "DIR", 0, "where the result files go (results)", 0 },
	{ "memory", 'm', "MIB", 0, "of the guest (2048)", 0 },
	{ "append", KEY_APPEND, "KEY=VALUE", 0, "a word for the guest kernel; repeat", 0 },
	{ "accel", KEY_ACCEL, "auto|tcg|kvm", 0, "auto: KVM if a guest boots with it", 0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "of one boot (600)", 0 },
	{ "qemu", KEY_QEMU, "PATH", 0, "QEMU, or the directory it is in (/usr/bin)", 0 },
	{ "no-memory", KEY_NO_MEMORY, 0, 0, "icount: instructions alone, in half the time", 0 },
	{ "guest", KEY_GUEST, "FILE", 0, "initramfs made by lab/initramfs.sh", 0 },
	{ 0 }
};

static const char doc[] =
	"Boots kernels in turn in QEMU and runs the same pinbench command inside.\v"
	"Boot only what you trust: pinbench vm -k base=~/a -k new=~/b -- run -c full";

static void kernel_parse(struct argp_state *state, struct lab_request *request, const char *text)
{
	const char *equals = strchr(text, '=');
	struct error err = { 0 };
	size_t length = equals ? (size_t)(equals - text) : 0;

	if (!equals || !equals[1])
		argp_error(state, "--kernel \"%s\": NAME=PATH", text);
	if (request->nr_kernels == LAB_MAX_KERNELS)
		argp_error(state, "more than %d kernels", LAB_MAX_KERNELS);
	if (length >= sizeof(request->kernels[0].name))
		length = sizeof(request->kernels[0].name) - 1;
	memcpy(request->kernels[request->nr_kernels].name, text, length);
	request->kernels[request->nr_kernels].path = equals + 1;
	if (lab_name_check(request->kernels[request->nr_kernels].name, &err))
		argp_error(state, "%s", err.text);
	for (size_t i = 0; i < request->nr_kernels; i++)
		if (!strcmp(request->kernels[i].name, request->kernels[request->nr_kernels].name))
			argp_error(state, "two kernels are called \"%s\"",
				   request->kernels[i].name);
	request->nr_kernels++;
}

static void append_parse(struct argp_state *state, struct vm *vm, const char *word)
{
	size_t length = strlen(vm->append);
	struct error err = { 0 };

	if (qemu_append_check(word, &err))
		argp_error(state, "%s (%s)", err.text, err.fix);
	if (length + strlen(word) + 2 > 900)
		argp_error(state, "--append: more than 900 characters in all");
	snprintf(vm->append + length, sizeof(vm->append) - length, "%s%s", length ? " " : "", word);
}

static int word_index(struct argp_state *state, const char *name, const char *text,
		      const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(text, words[i]))
			return i;
	argp_error(state, "%s \"%s\": %s or %s", name, text, words[0], words[1]);
	return 0;
}

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	static const char *const clocks[] = { "real", "icount", NULL };
	static const char *const accels[] = { "auto", "tcg", "kvm", NULL };
	static const char *const orders[] = { "abba", "random", NULL };
	struct vm *vm = state->input;
	struct lab_request *request = &vm->request;

	switch (key) {
	case 'k':
		kernel_parse(state, request, arg);
		break;
	case 'o':
		request->directory = arg;
		break;
	case 'm':
		request->memory_mib = (unsigned int)cmd_number(state, "--memory", arg, 1, 1u << 20);
		break;
	case KEY_BOOTS:
		request->boots = (unsigned int)cmd_number(state, "--boots", arg, 1, LAB_MAX_BOOTS);
		break;
	case KEY_ORDER:
		request->order = ORDER_ABBA + word_index(state, "--order", arg, orders);
		break;
	case KEY_JOBS:
		request->jobs = (unsigned int)cmd_number(state, "--jobs", arg, 1, BOOT_MAX_JOBS);
		break;
	case KEY_RESUME:
		request->resume = true;
		break;
	case KEY_PRECISION:
		request->precision.part = cmd_real(state, "--precision", arg, "%", 0.01, 50) / 100;
		break;
	case KEY_MAX_TIME:
		request->precision.max_time_s = cmd_real(state, "--max-time", arg, "s", 1, 864000);
		break;
	case KEY_SEED:
		vm->seed = cmd_number(state, "--seed", arg, 1, UINT32_MAX);
		request->seed = &vm->seed;
		break;
	case KEY_CLOCK:
		request->icount = word_index(state, "--clock", arg, clocks);
		break;
	case KEY_NO_MEMORY:
		request->no_memory = true;
		break;
	case KEY_ACCEL:
		request->accel = word_index(state, "--accel", arg, accels);
		break;
	case KEY_APPEND:
		append_parse(state, vm, arg);
		break;
	case KEY_TIMEOUT:
		request->timeout_s = (unsigned int)cmd_number(state, "--timeout", arg, 1, 86400);
		break;
	case KEY_QEMU:
		request->qemu = arg;
		break;
	case KEY_GUEST:
		request->guest = arg;
		break;
	case ARGP_KEY_ARGS:
		request->argv = state->argv + state->next;
		request->argc = state->argc - state->next;
		break;
	case ARGP_KEY_END:
		if (!request->nr_kernels)
			argp_error(state, "no kernel: --kernel NAME=PATH");
		if (!request->argc)
			argp_error(state, "nothing to run in the guest: end with -- run [-c FILE]");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* As many as there are CPUs to run on and, as far as can be told, memory for. */
static unsigned int jobs_possible(unsigned int memory_mib)
{
	cpu_set_t cpus;
	uint64_t available_kb;
	int nr = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

	if (!sysfile_read_field("/proc/meminfo", "MemAvailable", &available_kb, NULL) &&
	    (available_kb >> 10) / memory_mib < (uint64_t)nr)
		nr = (int)((available_kb >> 10) / memory_mib);
	return nr < 1 ? 1 : nr > BOOT_MAX_JOBS ? BOOT_MAX_JOBS : (unsigned int)nr;
}

/* As many boots as can be compared, in the icount lane on all CPUs and with seeds that others have
 * too. */
static int vm_defaults(struct vm *vm, struct error *err)
{
	struct lab_request *request = &vm->request;
	bool is_run = strcmp(request->argv[0], "run") == 0,
	     compares = is_run && request->nr_kernels > 1;

	if (!request->boots && request->precision.part > 0)
		request->boots = BOOTS_MOST;
	if (!request->boots && (!compares || request->icount))
		request->boots = compares ? RULE_ICOUNT_SEEDS
					  : 1; /* in real time the job decides */
	if (!request->seed && request->icount) {
		vm->seed = 1;
		request->seed = &vm->seed;
	}
	if (request->jobs > 1 && !request->icount && is_run) {
		error_set(err, EINVAL, "--jobs %u: boots side by side disturb each other's times",
			  request->jobs);
		return error_fix(err, "--clock icount, which counts instructions, or --jobs 1");
	}
	if (request->precision.max_time_s && request->precision.part <= 0) {
		error_set(err, EINVAL, "--max-time needs --precision");
		return error_fix(err, "--boots N takes a known number of boots");
	}
	if (request->precision.part > 0 && request->boots < PRECISION_FEWEST_RUNS) {
		error_set(err, EINVAL,
			  "--precision: there is no interval of 95 %% with fewer than %u boots",
			  PRECISION_FEWEST_RUNS);
		return error_fix(err, "--boots %u or more, or none", PRECISION_FEWEST_RUNS);
	}
	if (!request->precision.max_time_s)
		request->precision.max_time_s = MAX_TIME_S;
	if (!request->jobs)
		request->jobs = request->icount ? jobs_possible(request->memory_mib) : 1;
	return 0;
}

static const struct argp vm_argp = { options, option_parse, "-- run [RUN-OPTION...]", doc, NULL,
				     NULL,    NULL };

static volatile sig_atomic_t stop;

static void on_stop(int signal_nr)
{
	(void)signal_nr;
	stop = 1;
}

static void range_format(char *text, size_t size, size_t low, size_t high)
{
	if (low >= high)
		snprintf(text, size, "%zu", low);
	else
		snprintf(text, size, "%zu to %zu", low, high);
}

/* What so many boots can decide; a comparison has a row for each case, and more where a pinner
 * takes several times. */
static void design_tell(const struct vm *vm, const struct schedule *schedule,
			const struct lab_extent *extent)
{
	size_t low = rule_fewest_runs(&rule_default, extent->nr_cases, true);
	size_t high = rule_fewest_runs(&rule_default, extent->nr_times, true);
	char rows[48], pairs[48];

	if (schedule->nr_sides < 2 || extent->nr_times == 0 || vm->request.precision.part > 0)
		return;
	if (vm->request.icount) {
		if (schedule->nr_blocks < RULE_ICOUNT_SEEDS)
			fprintf(stderr,
				"vm: a change is what every seed shows, and %u seeds decide "
				"nothing (--boots %u)\n",
				schedule->nr_blocks, RULE_ICOUNT_SEEDS);
		return;
	}
	range_format(rows, sizeof(rows), extent->nr_cases, extent->nr_times);
	range_format(pairs, sizeof(pairs), low, high);
	fprintf(stderr, "vm: about %s rows of times: ", rows);
	if (schedule->nr_blocks < low)
		fprintf(stderr,
			"%u boots of each can never be significant; paired runs need %s "
			"(--boots)\n",
			schedule->nr_blocks, pairs);
	else
		fprintf(stderr, "a difference can be significant from %s pairs on\n", pairs);
}

static void begins(void *context, const struct schedule *schedule, unsigned int nr_done,
		   const struct lab_extent *extent)
{
	struct vm *vm = context;

	vm->nr_boots = schedule->nr_blocks * schedule->nr_sides;
	vm->nr_before = vm->nr_done = nr_done;
	vm->started_ns = clock_now();
	if (vm->request.resume)
		fprintf(stderr, "vm: %u of %u boots are there, %u to go\n", nr_done, vm->nr_boots,
			vm->nr_boots - nr_done);
	else
		design_tell(vm, schedule, extent);
}

/* One line that overwrites itself: which boot, how long, about how much more, what the guest last
 * said. */
static void tick(void *context, size_t kernel, double seconds, const char *line)
{
	struct vm *vm = context;
	unsigned int nr = vm->nr_done - vm->nr_before;
	double spent = (double)(clock_now() - vm->started_ns) / 1e9;
	char eta[32] = "";

	if (!vm->terminal)
		return;
	if (nr && vm->request.precision.part <= 0)
		snprintf(eta, sizeof(eta), ", about %.0f s left",
			 spent / nr * (vm->nr_boots - vm->nr_done));
	fprintf(stderr, "\r\033[K[%u/%u] %.24s %.0f s%s  %.30s", vm->nr_done + 1, vm->nr_boots,
		vm->request.kernels[kernel].name, seconds, eta, line);
}

static void without(void *context, const struct error *why)
{
	(void)context;
	fprintf(stderr, "vm: %s: instructions are counted, and neither memory nor functions\n",
		why->text);
	if (why->fix[0])
		fprintf(stderr, "vm: fix: %s\n", why->fix);
}

static void settled(void *context, size_t kernel, const struct results *results)
{
	struct vm *vm = context;

	fprintf(stderr, "vm: %s: ", vm->request.kernels[kernel].name);
	precision_print(stderr, results, &vm->request.precision, "--boots");
}

static void console_show(const char *console)
{
	fprintf(stderr, "  last lines of its console:\n");
	for (const char *line = console; *line; line += strcspn(line, "\n"), line += *line == '\n')
		fprintf(stderr, "  | %.*s\n", (int)strcspn(line, "\n"), line);
}

static void boot_ended(void *context, size_t kernel, unsigned int block, const struct boot *boot,
		       const char *path)
{
	struct vm *vm = context;
	const char *name = vm->request.kernels[kernel].name;
	int status = boot->channel.status;

	vm->nr_done++;
	if (path)
		snprintf(vm->ended[kernel], sizeof(vm->ended[kernel]), "%s", path);
	if (vm->terminal)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "vm: %s, boot %u of %u: ", name, block + 1,
		vm->nr_boots / (unsigned int)vm->request.nr_kernels);
	if (boot->end == BOOT_DONE)
		fprintf(stderr, "%s in %.1f s (Linux %s)\n",
			status == EXIT_DONE          ? "done"
			: status == EXIT_NOTHING_RAN ? "nothing could run"
						     : "failed",
			boot->seconds, boot->channel.ready.bytes ? boot->channel.ready.bytes : "?");
	else
		fprintf(stderr, "%s (%.1f s); %s\n", boot->text, boot->seconds,
			path ? "what was measured is kept" : "nothing had been measured");
	if (boot->nr_noise && boot->end == BOOT_DONE)
		fprintf(stderr, "vm: %s: the guest's kernel warned (%u lines)\n", name,
			boot->nr_noise);
	if ((boot->end != BOOT_DONE && boot->end != BOOT_INTERRUPTED) ||
	    (boot->end == BOOT_DONE && status && status != EXIT_NOTHING_RAN) || boot->nr_noise)
		console_show(boot->console);
	if (!path && boot->channel.output.bytes)
		fwrite(boot->channel.output.bytes, 1, boot->channel.output.size, stdout);

	if (boot->end == BOOT_INTERRUPTED)
		vm->exit_code = EXIT_INTERRUPTED;
	else if (boot->end != BOOT_DONE ||
		 (status && status != EXIT_NOTHING_RAN && status != EXIT_USAGE))
		vm->exit_code = EXIT_CASE_FAILED;
	else if (status == EXIT_USAGE && vm->exit_code == EXIT_DONE)
		vm->exit_code = EXIT_USAGE;
	vm->nr_nothing += boot->end == BOOT_DONE && status == EXIT_NOTHING_RAN;
}

/* The last line: what to type to go on. */
static void resume_print(int argc, char **argv)
{
	bool there = false;

	fputs("vm: to go on: pinbench vm", stderr);
	for (int i = 1; i < argc; i++) {
		there = there || !strcmp(argv[i], "--resume");
		if (!strcmp(argv[i], "--") && !there) {
			fputs(" --resume", stderr);
			there = true;
		}
		fputc(' ', stderr);
		cmd_word_tell(argv[i]);
	}
	fputc('\n', stderr);
}

static void files_print(const struct vm *vm)
{
	size_t nr = 0;

	for (size_t i = 0; i < vm->request.nr_kernels; i++) {
		if (!vm->ended[i][0])
			continue;
		printf("%s\n", vm->ended[i]);
		nr++;
	}
	fflush(stdout);
	if (nr < 2 || vm->exit_code == EXIT_INTERRUPTED)
		return;
	fputs("next: pinbench compare", stderr);
	for (size_t i = 0; i < vm->request.nr_kernels; i++)
		if (vm->ended[i][0])
			fputc(' ', stderr), cmd_word_tell(vm->ended[i]);
	fputc('\n', stderr);
}

int cmd_vm(int argc, char **argv)
{
	static struct vm vm = { .request = { .order = ORDER_ABBA,
					     .memory_mib = 2048,
					     .timeout_s = 600,
					     .directory = "results" } };
	const struct lab_events events = { &stop, begins, tick, without, settled, boot_ended, &vm };
	struct sigaction action = { .sa_handler = on_stop }, inherited;
	struct error err = { 0 };
	int ret;

	cmd_parse(&vm_argp, argc, argv, ARGP_IN_ORDER, &vm);
	vm.request.append = vm.append;
	vm.request.command_argc = argc;
	vm.request.command_argv = argv;
	vm.terminal = isatty(STDERR_FILENO);
	if (vm_defaults(&vm, &err))
		return cmd_fail(&err, EXIT_USAGE);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* nohup(1) means that it goes on when its terminal goes away */
	if (sigaction(SIGHUP, NULL, &inherited) || inherited.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);

	ret = lab_run(&vm.request, &events, &err);
	if (stop && vm.nr_done < vm.nr_boots)
		vm.exit_code = EXIT_INTERRUPTED;
	files_print(&vm);
	if (ret)
		return cmd_fail(&err, err.code == ENOPKG ? EXIT_NOTHING_RAN : EXIT_USAGE);
	if (vm.exit_code == EXIT_INTERRUPTED)
		resume_print(argc, argv);
	if (vm.exit_code == EXIT_DONE && vm.nr_nothing &&
	    vm.nr_nothing == vm.nr_boots - vm.nr_before)
		return EXIT_NOTHING_RAN;
	return vm.exit_code;
}

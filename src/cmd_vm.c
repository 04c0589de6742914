// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench vm: boot kernels in QEMU and run the same command in each. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "lab.h"

static volatile int stop;

static void on_stop(int signal_nr)
{
	(void)signal_nr;
	stop = 1;
}

enum { KEY_BOOTS = 256, KEY_CLOCK, KEY_ACCEL, KEY_APPEND, KEY_GUEST, KEY_TIMEOUT };

static const struct argp_option options[] = {
	{ "kernel", 'k', "NAME=PATH", 0, "image or build tree; repeat to compare", 0 },
	{ "boots", KEY_BOOTS, "N", 0, "boots of each kernel, in turn (1)", 0 },
	{ "clock", KEY_CLOCK, "real|icount", 0, "icount: count instructions, not time", 0 },
	{ "output", 'o', "DIR", 0, "where the result files go (results)", 0 },
	{ "memory", 'm', "MIB", 0, "of the guest (2048)", 0 },
	{ "append", KEY_APPEND, "KEY=VALUE", 0, "for the guest kernel's command line; repeat", 0 },
	{ "accel", KEY_ACCEL, "auto|tcg|kvm", 0, "auto: KVM if a guest boots with it", 0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "of one boot (600)", 0 },
	{ "guest", KEY_GUEST, "FILE", 0, "initramfs made by lab/initramfs.sh", 0 },
	{ 0 }
};

static const char doc[] =
	"Boots each kernel in QEMU and runs the same pinbench command inside.\v"
	"NAME=PATH: a name for the result, and a bzImage, Image, vmlinuz or kernel\n"
	"build tree of x86_64 or arm64. The files are DIR/NAME-UTC.json.\n\n"
	"  pinbench vm -k base=~/a -k new=~/b -- run -c configs/seed-1.json\n\n"
	"Do not boot kernels that you do not trust: an emulator is not a wall.";

struct vm {
	struct lab_request request;
	char append[4096];
	size_t kernel;         /* being booted */
	unsigned int nr_done, nr_boots;
	double done_seconds;
	bool terminal;
	int exit_code;
	unsigned int nr_nothing; /* guests in which nothing could run */
	char ended[LAB_MAX_KERNELS][4096]; /* result files */
};

static unsigned long number_parse(struct argp_state *state, const char *name, const char *text, unsigned long max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || end == text || *text == '-' || number < 1 || number > max)
		argp_error(state, "%s \"%s\": a number from 1 to %lu", name, text, max);
	return number;
}

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
			argp_error(state, "two kernels are called \"%s\"", request->kernels[i].name);
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

static int word_index(struct argp_state *state, const char *name, const char *text, const char *const *words)
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
	struct vm *vm = state->input;
	struct lab_request *request = &vm->request;

	switch (key) {
	case 'k': kernel_parse(state, request, arg); break;
	case 'o': request->directory = arg; break;
	case 'm': request->memory_mib = number_parse(state, "--memory", arg, 1u << 20); break;
	case KEY_BOOTS: request->boots = number_parse(state, "--boots", arg, LAB_MAX_BOOTS); break;
	case KEY_CLOCK: request->icount = word_index(state, "--clock", arg, clocks); break;
	case KEY_ACCEL: request->accel = word_index(state, "--accel", arg, accels); break;
	case KEY_APPEND: append_parse(state, vm, arg); break;
	case KEY_TIMEOUT: request->timeout_s = number_parse(state, "--timeout", arg, 86400); break;
	case KEY_GUEST: request->guest = arg; break;
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

static void boot_starts(void *context, size_t kernel, unsigned int boot)
{
	struct vm *vm = context;

	(void)boot;
	vm->kernel = kernel;
}

/* One line that overwrites itself: which boot, how long, about how much more, what the guest last said. */
static void tick(void *context, double seconds, const char *line)
{
	struct vm *vm = context;
	double each = vm->nr_done ? vm->done_seconds / vm->nr_done : 0, left;
	char eta[32] = "";

	if (!vm->terminal)
		return;
	left = each * (vm->nr_boots - vm->nr_done) - seconds;
	if (vm->nr_done)
		snprintf(eta, sizeof(eta), ", %.0f s left", left > 0 ? left : 0.0);
	fprintf(stderr, "\r\033[K[%u/%u] %.24s %.0f s%s  %.40s", vm->nr_done + 1, vm->nr_boots,
		vm->request.kernels[vm->kernel].name, seconds, eta, line);
}

static void console_show(const char *console)
{
	fprintf(stderr, "  last lines of its console:\n");
	for (const char *line = console; *line; line += strcspn(line, "\n"), line += *line == '\n')
		fprintf(stderr, "  | %.*s\n", (int)strcspn(line, "\n"), line);
}

static void boot_ended(void *context, size_t kernel, unsigned int boot_nr, const struct boot *boot, const char *path)
{
	struct vm *vm = context;
	const char *name = vm->request.kernels[kernel].name;
	int status = boot->channel.status;

	vm->nr_done++;
	vm->done_seconds += boot->seconds;
	if (path)
		snprintf(vm->ended[kernel], sizeof(vm->ended[kernel]), "%s", path);
	if (vm->terminal)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "vm: %s, boot %u of %u: ", name, boot_nr + 1, vm->request.boots);
	if (boot->end == BOOT_DONE)
		fprintf(stderr, "%s in %.1f s (Linux %s)\n", status == EXIT_DONE ? "done" :
			status == EXIT_NOTHING_RAN ? "nothing could run" : "failed", boot->seconds,
			boot->channel.ready.bytes ? boot->channel.ready.bytes : "?");
	else
		fprintf(stderr, "%s (%.1f s); %s\n", boot->text, boot->seconds, path ?
			"what was measured is kept" : "nothing had been measured");
	if (boot->nr_noise && boot->end == BOOT_DONE)
		fprintf(stderr, "vm: %s: the guest's kernel warned (%u lines)\n", name, boot->nr_noise);
	if ((boot->end != BOOT_DONE && boot->end != BOOT_INTERRUPTED) || (boot->end == BOOT_DONE && status &&
	    status != EXIT_NOTHING_RAN) || boot->nr_noise)
		console_show(boot->console);
	if (!path && boot->channel.output.bytes)
		fwrite(boot->channel.output.bytes, 1, boot->channel.output.size, stdout);

	if (boot->end == BOOT_INTERRUPTED)
		vm->exit_code = EXIT_INTERRUPTED;
	else if (boot->end != BOOT_DONE || (status && status != EXIT_NOTHING_RAN && status != EXIT_USAGE))
		vm->exit_code = EXIT_CASE_FAILED;
	else if (status == EXIT_USAGE && vm->exit_code == EXIT_DONE)
		vm->exit_code = EXIT_USAGE;
	vm->nr_nothing += boot->end == BOOT_DONE && status == EXIT_NOTHING_RAN;
}

int cmd_vm(int argc, char **argv)
{
	static const struct argp argp = { options, option_parse, "-- run [RUN-OPTION...]", doc, NULL, NULL, NULL };
	static struct vm vm = { .request = { .boots = 1, .memory_mib = 2048, .timeout_s = 600,
					       .directory = "results" } };
	const struct lab_events events = { &stop, boot_starts, tick, boot_ended, &vm };
	struct sigaction action = { .sa_handler = on_stop };
	struct error err = { 0 };
	bool kvm = false;
	int ret;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &vm);
	vm.request.append = vm.append;
	vm.request.command_argc = argc;
	vm.request.command_argv = argv;
	vm.nr_boots = vm.request.boots * vm.request.nr_kernels;
	vm.terminal = isatty(STDERR_FILENO);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	ret = lab_run(&vm.request, &events, &kvm, &err);
	for (size_t i = 0; i < vm.request.nr_kernels; i++)
		if (vm.ended[i][0])
			printf("%s\n", vm.ended[i]);
	if (ret)
		return cmd_fail(&err, err.code == ENOPKG ? EXIT_NOTHING_RAN : EXIT_USAGE);
	if (vm.exit_code == EXIT_DONE && vm.nr_nothing == vm.nr_boots)
		return EXIT_NOTHING_RAN;
	return vm.exit_code;
}

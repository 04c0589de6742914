// SPDX-License-Identifier: GPL-2.0-or-later
/* pinbench vm: boot kernels in QEMU and run the same command in each. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "cmd/cmd.h"
#include "cmd/vm.h"
#include "result/schedule.h"
#include "verdict/verdict.h"

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

/* A word as a shell takes it. */
static void word_print(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=-+/@%";

	if (*word && !word[strspn(word, plain)]) {
		fputs(word, stderr);
		return;
	}
	fputc('\'', stderr);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (const char[]){ *word, '\0' }, stderr);
	fputc('\'', stderr);
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
		word_print(argv[i]);
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
			fputc(' ', stderr), word_print(vm->ended[i]);
	fputc('\n', stderr);
}

int cmd_vm(int argc, char **argv)
{
	static struct vm vm = { .request = { .order = ORDER_ABBA,
					     .memory_mib = 2048,
					     .timeout_s = 600,
					     .directory = "results" } };
	const struct lab_events events = { &stop, begins, tick, settled, boot_ended, &vm };
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

// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/outfile.h"
#include "bench/bench.h"
#include "plan/config.h"
#include "plan/plan.h"
#include "result/schedule.h"
#include "stats/precision.h"
#include "verdict/verdict.h"
#include "vm/plugin.h"
#include "vm/side.h"

#define PROBE_TIMEOUT_S 20

int lab_name_check(const char *name, struct error *err)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (*name && *name != '.' && *name != '-' && !name[strspn(name, plain)] &&
	    strlen(name) <= 64)
		return 0;
	return error_set(err, EINVAL,
			 "kernel name \"%.80s\": 1 to 64 letters, digits, '.', '_' and '-'", name);
}

static int side_open(struct lab *lab, size_t i, struct error *err)
{
	const struct lab_request *request = lab->request;
	struct lab_side *side = &lab->sides[i];
	int ret, fd;

	side->name = request->kernels[i].name;
	ret = lab_image_open(&side->image, request->kernels[i].path, err);
	if (!ret)
		ret = digest_file(side->image.fd, side->image_digest, err);
	if (!ret)
		ret = qemu_find(side->qemu, sizeof(side->qemu), request->qemu, side->image.arch,
				err);
	if (!ret)
		ret = guest_find(side->guest, sizeof(side->guest), request->guest, side->image.arch,
				 err);
	if (ret)
		return ret;
	fd = TEMP_FAILURE_RETRY(open(side->guest, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return error_errno(err, errno, "open the guest %s", side->guest);
	ret = digest_file(fd, side->guest_digest, err);
	close(fd);
	return ret;
}

/* No pinner, layout or number of one architecture is that of another. */
static int sides_check(const struct lab *lab, struct error *err)
{
	const struct lab_side *sides = lab->sides;

	for (size_t i = 1; i < lab->request->nr_kernels; i++) {
		if (!strcmp(sides[i].image.arch, sides[0].image.arch))
			continue;
		error_set(err, EINVAL, "kernel \"%s\" (%s) is of %s, \"%s\" (%s) of %s",
			  sides[0].name, sides[0].image.path, sides[0].image.arch, sides[i].name,
			  sides[i].image.path, sides[i].image.arch);
		return error_fix(err, "one vm command for each architecture");
	}
	return 0;
}

static bool arch_is_native(const char *arch)
{
	struct utsname host;

	if (uname(&host))
		return false;
	return !strcmp(arch, strcmp(host.machine, "aarch64") ? host.machine : "arm64");
}

/*
 * Whether KVM can run this kernel: only a boot tells. A device node can be there and be of no use
 * (nested guests without the CPU's support, where the guest hangs in its firmware).
 */
static int kvm_try(struct lab *lab, const struct lab_side *side, struct error *err)
{
	struct qemu_job job = { .program = side->qemu,
				.image = &side->image,
				.append = "",
				.memory_mib = 512,
				.kvm = true,
				.initrd_fd = -1 };
	struct boot boot = { 0 };
	int fd, ret = qemu_kvm_group(&lab->kvm_group, err);

	if (ret)
		return ret;
	fd = TEMP_FAILURE_RETRY(open(KVM_NODE, O_RDWR | O_CLOEXEC));
	if (fd < 0)
		return error_errno(err, errno, "open " KVM_NODE);
	close(fd);
	job.kvm_group = lab->kvm_group;
	ret = guest_build(&job.initrd_fd, side->guest, NULL, 0, false, false, err);
	if (!ret)
		ret = boot_run(&boot, &job, PROBE_TIMEOUT_S, lab->events->stop, err);
	if (!ret && boot.end != BOOT_DONE)
		ret = error_set(err, ENOTSUP, "a guest under KVM did not boot within %d s",
				PROBE_TIMEOUT_S);
	boot_free(&boot);
	if (job.initrd_fd >= 0)
		close(job.initrd_fd);
	return ret;
}

static int accel_choose(struct lab *lab, struct error *err)
{
	const struct lab_request *request = lab->request;
	struct error why = { 0 };
	bool native = true;

	for (size_t i = 0; i < request->nr_kernels; i++)
		native = native && arch_is_native(lab->sides[i].image.arch);
	if (request->accel == LAB_TCG || request->icount || !native) {
		if (request->accel == LAB_KVM)
			return error_set(err, EINVAL, "KVM cannot %s",
					 native ? "count instructions (--clock icount)"
						: "run a kernel of another architecture");
		return 0;
	}
	lab->kvm = kvm_try(lab, &lab->sides[0], &why) == 0;
	if (request->accel != LAB_KVM || lab->kvm)
		return 0;
	error_set(err, why.code, "--accel kvm: %s", why.text);
	return error_fix(err, "%s%s--accel tcg", why.fix, *why.fix ? ", or " : "");
}

/*
 * The job is read here, too: its mistakes are told before anything is booted, and how many rows a
 * comparison will have. This machine may skip what the guest's kernel can, and the other way round.
 */
static int job_read(struct lab *lab, struct error *err)
{
	const struct guest_command *command = &lab->command;
	unsigned int boots = lab->request->boots;
	struct config config;
	struct plan plan;
	int ret = 0;

	lab->nr_boots = boots ? boots : LAB_BOOTS;
	if (!command->is_run)
		return 0;
	if (config_load(&config, command->config_path, command->overrides, command->nr_overrides,
			err))
		return -err->code;
	if (!plan_build(&plan, &config, NULL)) {
		size_t fewest;

		lab->extent = (struct lab_extent){ plan.nr, plan_nr_times(&plan, true) };
		fewest = rule_fewest_runs(&rule_default, lab->extent.nr_times, true);
		if (!boots && lab->extent.nr_times && fewest > lab->nr_boots)
			lab->nr_boots = (unsigned int)fewest;
		ret = plan_fits_boots(&plan, lab->nr_boots,
				      command->config_path ? command->config_path : "the job", err);
		plan_free(&plan);
	}
	config_free(&config);
	return ret;
}

/* What the files will say of where they come from. */
static void origin_fill(struct lab *lab)
{
	const struct lab_request *request = lab->request;
	struct side_origin *origin = &lab->origin;
	time_t now = time(NULL);
	char *words = NULL;
	size_t size = 0;
	FILE *text = open_memstream(&words, &size);

	*origin = (struct side_origin){
		.accel = lab->kvm ? "kvm" : "tcg",
		.memory_mib = request->memory_mib,
		.icount = request->icount,
		.append = request->append,
		.argc = request->command_argc,
		.argv = request->command_argv,
	};
	strftime(origin->started, sizeof(origin->started), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	if (!text)
		abort();
	for (char **word = lab->command.argv; *word; word++)
		fwrite(*word, strlen(*word) + 1, 1, text);
	fclose(text);
	digest_bytes(words, size, origin->command);
	free(words);
	if (lab->command.config)
		digest_bytes(lab->command.config, lab->command.config_size, origin->job);
}

/* DIR/NAME-UTC.json, or DIR/NAME-UTC-2.json where that is there: one UTC and number for all, and
 * their files. */
static int paths_choose(struct lab *lab, struct error *err)
{
	const struct lab_request *request = lab->request;
	time_t now = time(NULL);
	char stamp[32];

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime(&now));
	for (size_t i = 0; i < request->nr_kernels; i++) {
		struct lab_side *side = &lab->sides[i];

		if (snprintf(side->path, sizeof(side->path), "%s/%s-%s.json", request->directory,
			     side->name, stamp) >= (int)sizeof(side->path))
			return error_set(err, ENAMETOOLONG, "%.200s...: the path is too long",
					 request->directory);
	}
	return lab->command.is_run
		       ? sides_reserve(lab->sides, request->nr_kernels, &lab->origin, err)
		       : 0;
}

static int schedule_choose(struct lab *lab, struct error *err)
{
	const struct lab_request *request = lab->request;
	const char *names[LAB_MAX_KERNELS];
	int ret;

	for (size_t i = 0; i < request->nr_kernels; i++)
		names[i] = request->kernels[i].name;
	schedule_init(&lab->schedule, request->order, lab->nr_boots, names,
		      (unsigned int)request->nr_kernels, request->seed);
	for (size_t i = 0; i < request->nr_kernels; i++) {
		schedule_copy(&lab->sides[i].schedule, &lab->schedule, (unsigned int)i);
		lab->sides[i].whole = calloc(lab->nr_boots, sizeof(bool));
		if (!lab->sides[i].whole)
			return error_errno(err, ENOMEM, "plan %u boots", lab->nr_boots);
	}
	if (!request->resume)
		return paths_choose(lab, err);
	ret = resume_load(lab->sides, request->directory, &lab->schedule, request->seed,
			  &lab->origin, err);
	if (ret)
		return ret;
	schedule_free(&lab->schedule);
	schedule_copy(&lab->schedule, &lab->sides[0].schedule, 0);
	return 0;
}

/* Where the emulator does not load it, measuring goes on without. */
static void plugin_prepare(struct lab *lab)
{
	struct error why = { 0 };
	int ret = 0;

	lab->plugin_fd = -1;
	if (!lab->request->icount || lab->request->no_memory || !lab->command.is_run)
		return;
	for (size_t i = 0; i < lab->request->nr_kernels && !ret; i++)
		ret = plugin_supported(lab->sides[i].qemu, &why);
	if (!ret)
		ret = plugin_open(&lab->plugin_fd, &why);
	if (ret && lab->events->without)
		lab->events->without(lab->events->context, &why);
}

static void lab_close(struct lab *lab)
{
	if (lab->plugin_fd >= 0)
		close(lab->plugin_fd);
	walk_end(lab);
	for (size_t i = 0; i < lab->request->nr_kernels; i++)
		side_close(&lab->sides[i]);
	schedule_free(&lab->schedule);
	guest_command_free(&lab->command);
}

int lab_run(const struct lab_request *request, const struct lab_events *events, struct error *err)
{
	struct lab *lab = calloc(1, sizeof(*lab)); /* too large for the stack */
	int ret;

	if (!lab)
		return error_errno(err, ENOMEM, "the lab");
	lab->request = request;
	lab->events = events;
	lab->plugin_fd = -1;
	for (size_t i = 0; i < request->nr_kernels; i++)
		lab->sides[i].image.fd = -1;
	ret = guest_command_parse(&lab->command, request->argc, request->argv, request->icount,
				  err);
	for (size_t i = 0; i < request->nr_kernels && !ret; i++)
		ret = side_open(lab, i, err);
	if (!ret)
		ret = sides_check(lab, err);
	if (!ret)
		ret = job_read(lab, err);
	if (!ret && lab->command.is_run)
		ret = outfile_directory(request->directory, err);
	if (!ret)
		ret = accel_choose(lab, err);
	if (!ret)
		plugin_prepare(lab);
	if (!ret) {
		origin_fill(lab);
		ret = schedule_choose(lab, err);
	}
	if (!ret)
		ret = walk_slots(lab, err);
	lab_close(lab);
	free(lab);
	return ret;
}

#define TICK_STEPS 5 /* steps of 20 ms between two signs of life */

static int slots_plan(struct lab *lab, struct error *err)
{
	unsigned int nr_done = 0;

	lab->nr_slots = lab->schedule.nr_blocks * lab->schedule.nr_sides;
	lab->slots = calloc(lab->nr_slots, sizeof(*lab->slots));
	if (!lab->slots)
		return error_errno(err, ENOMEM, "plan %u boots", lab->nr_slots);
	for (unsigned int i = 0; i < lab->nr_slots; i++) {
		const struct lab_side *side = &lab->sides[schedule_side(&lab->schedule, i)];

		lab->slots[i].initrd_fd = -1;
		if (!side->whole[i / lab->schedule.nr_sides])
			continue;
		lab->slots[i].state = SLOT_TAKEN;
		nr_done++;
	}
	lab->events->begins(lab->events->context, &lab->schedule, nr_done, &lab->extent);
	return 0;
}

/* The same seed for all kernels of a block: what differs between them is the kernel. */
static int slot_start(struct lab *lab, unsigned int i, struct error *err)
{
	const struct lab_request *request = lab->request;
	const struct lab_side *side = &lab->sides[schedule_side(&lab->schedule, i)];
	struct slot *slot = &lab->slots[i];
	struct qemu_job job = {
		.program = side->qemu,
		.image = &side->image,
		.append = request->append,
		.memory_mib = request->memory_mib,
		.kvm = lab->kvm,
		.kvm_group = lab->kvm_group,
		.icount = request->icount,
		.seed = lab->schedule.seed + i / lab->schedule.nr_sides,
		.plugin_fd = lab->plugin_fd,
	};
	/* Counts are exact and taken in a third of the time of a boot: one boot is enough, unless
	 * memory lies elsewhere in each. */
	bool time_only = !request->icount && side_begun(side);
	bool explain = request->icount && lab->command.is_run && i < lab->schedule.nr_sides;
	int ret = guest_build(&slot->initrd_fd, side->guest, &lab->command, job.seed, time_only,
			      explain, err);

	job.explain = explain;
	job.initrd_fd = slot->initrd_fd;
	if (!ret)
		ret = boot_start(&slot->boot, &job, request->timeout_s, err);
	if (!ret)
		slot->state = SLOT_RUNS;
	return ret;
}

static void slot_end(struct slot *slot)
{
	boot_free(&slot->boot);
	if (slot->initrd_fd >= 0)
		close(slot->initrd_fd);
	slot->initrd_fd = -1;
}

static int slot_take(struct lab *lab, unsigned int i, struct error *err)
{
	unsigned int block = i / lab->schedule.nr_sides, kernel = schedule_side(&lab->schedule, i);
	struct lab_side *side = &lab->sides[kernel];
	struct slot *slot = &lab->slots[i];
	int ret = side_take(side, &lab->origin, i, &slot->boot, err);

	if (!ret && slot->boot.end == BOOT_REFUSED)
		ret = error_set(err, EIO, "%s", slot->boot.text);
	if (!ret)
		lab->events->boot_ended(lab->events->context, kernel, block, &slot->boot,
					side->measured ? side->path : NULL);
	slot_end(slot);
	slot->state = SLOT_TAKEN;
	return ret;
}

/* Whether every case of every kernel is settled by itself, or the time is over; each result says
 * which. */
static bool blocks_enough(struct lab *lab)
{
	struct precision precision = lab->request->precision;
	double elapsed_s = (double)(clock_now() - lab->started_ns) / 1e9;
	bool enough = true;

	precision.most_runs = lab->schedule.nr_blocks;
	for (unsigned int i = 0; i < lab->schedule.nr_sides; i++) {
		struct results *results = &lab->sides[i].results;

		for (size_t j = 0; lab->sides[i].measured && j < results->nr; j++)
			if (results->items[j].status == STATUS_DONE &&
			    !precision_enough(&precision, &results->items[j], elapsed_s))
				enough = false;
		enough = enough && lab->sides[i].measured;
	}
	return enough;
}

/* After the last boot of @block: whether there is another. */
static int block_end(struct lab *lab, unsigned int block, struct error *err)
{
	int ret = 0;

	lab->enough = blocks_enough(lab);
	if (!lab->enough && block + 1 < lab->schedule.nr_blocks)
		return 0;
	lab->schedule.nr_blocks = block + 1;
	for (unsigned int i = 0; i < lab->schedule.nr_sides && !ret; i++)
		ret = side_end(&lab->sides[i], &lab->origin, block + 1, err);
	return ret;
}

/*
 * What has ended and has no earlier boot of the same kernel before it that has not. Where a block
 * may be the last one, all of it comes before the next, so that what ended meanwhile is not in the
 * files.
 */
static int slots_take(struct lab *lab, struct error *err)
{
	bool held[LAB_MAX_KERNELS] = { false }, in_blocks = lab->request->precision.part > 0;
	unsigned int nr_sides = lab->schedule.nr_sides;
	int ret = 0;

	for (unsigned int i = 0; i < lab->nr_slots && !ret && !lab->enough; i++) {
		unsigned int kernel = in_blocks ? 0 : schedule_side(&lab->schedule, i);

		if (lab->slots[i].state == SLOT_ENDED && !held[kernel]) {
			ret = slot_take(lab, i, err);
			if (!ret && in_blocks && i % nr_sides == nr_sides - 1 &&
			    !*lab->events->stop)
				ret = block_end(lab, i / nr_sides, err);
		}
		if (lab->slots[i].state != SLOT_TAKEN)
			held[kernel] = true;
	}
	return ret;
}

/* Fills @running with the boots that go on, the oldest first. */
static size_t slots_running(struct lab *lab, unsigned int *running)
{
	size_t nr = 0;

	for (unsigned int i = 0; i < lab->nr_slots && nr < BOOT_MAX_JOBS; i++)
		if (lab->slots[i].state == SLOT_RUNS)
			running[nr++] = i;
	return nr;
}

static int slots_step(struct lab *lab, const unsigned int *running, size_t nr, struct error *err)
{
	struct boot *boots[BOOT_MAX_JOBS];
	bool over, any = false;
	int ret = 0;

	for (size_t i = 0; i < nr; i++)
		boots[i] = &lab->slots[running[i]].boot;
	boot_wait(boots, nr);
	for (size_t i = 0; i < nr && !ret; i++) {
		ret = boot_step(boots[i], *lab->events->stop, &over, err);
		if (!ret && over)
			lab->slots[running[i]].state = SLOT_ENDED;
		any = any || over;
	}
	return ret || !any ? ret : slots_take(lab, err);
}

static void tick(const struct lab *lab, unsigned int i)
{
	const struct boot *boot = &lab->slots[i].boot;
	char line[256];

	boot_last_line(boot, line, sizeof(line));
	lab->events->tick(lab->events->context, schedule_side(&lab->schedule, i), boot->seconds,
			  line);
}

static int slots_run(struct lab *lab, struct error *err)
{
	unsigned int running[BOOT_MAX_JOBS], next = 0, nr_steps = 0;
	size_t nr;
	int ret = 0;

	while (!ret && !lab->enough) {
		nr = slots_running(lab, running);
		while (next < lab->nr_slots && lab->slots[next].state != SLOT_WAITS)
			next++;
		if (next < lab->nr_slots && nr < lab->request->jobs && !*lab->events->stop) {
			ret = slot_start(lab, next, err);
			continue;
		}
		if (!nr)
			break;
		if (nr_steps++ % TICK_STEPS == 0)
			tick(lab, running[0]);
		ret = slots_step(lab, running, nr, err);
	}
	return ret;
}

int walk_slots(struct lab *lab, struct error *err)
{
	int ret = slots_plan(lab, err);

	lab->started_ns = clock_now();
	if (!ret)
		ret = slots_run(lab, err);
	for (unsigned int i = 0;
	     i < lab->schedule.nr_sides && !ret && lab->request->precision.part > 0; i++)
		if (lab->sides[i].measured)
			lab->events->settled(lab->events->context, i, &lab->sides[i].results);
	return ret;
}

void walk_end(struct lab *lab)
{
	for (unsigned int i = 0; i < lab->nr_slots && lab->slots; i++)
		slot_end(&lab->slots[i]);
	free(lab->slots);
	lab->slots = NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "lab_guest.h"
#include "report.h"

#define PROBE_TIMEOUT_S 20

struct bench_kernel {
	struct lab_image image;
	int initrd_fd;
	struct report report;    /* of all boots so far */
	bool measured;
	char path[4096];         /* of the result file */
};

struct lab {
	const struct lab_request *request;
	const struct lab_events *events;
	struct guest_command command;
	struct bench_kernel kernels[LAB_MAX_KERNELS];
	bool kvm;
	char started[32];  /* a guest without a clock of the day believes in 1970 */
};

int lab_name_check(const char *name, struct error *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (*name && *name != '.' && *name != '-' && !name[strspn(name, plain)] && strlen(name) <= 64)
		return 0;
	return error_set(err, EINVAL, "kernel name \"%.80s\": 1 to 64 letters, digits, '.', '_' and '-'", name);
}

static int kernel_open(struct lab *lab, size_t i, const char *stamp, struct error *err)
{
	struct bench_kernel *kernel = &lab->kernels[i];
	char guest[4096];
	int ret;

	ret = lab_image_open(&kernel->image, lab->request->kernels[i].path, err);
	if (!ret)
		ret = guest_find(guest, sizeof(guest), lab->request->guest, kernel->image.arch, err);
	if (!ret)
		ret = guest_build(&kernel->initrd_fd, guest, &lab->command, err);
	if (!ret && snprintf(kernel->path, sizeof(kernel->path), "%s/%s-%s.json", lab->request->directory,
			     lab->request->kernels[i].name, stamp) >= (int)sizeof(kernel->path))
		ret = error_set(err, ENAMETOOLONG, "%.200s...: the path is too long", lab->request->directory);
	return ret;
}

static bool arch_is_native(const char *arch)
{
	struct utsname host;

	if (uname(&host))
		return false;
	return !strcmp(arch, strcmp(host.machine, "aarch64") ? host.machine : "arm64");
}

/*
 * Whether KVM can run this kernel: only a boot tells. A device node can be there and be of no use (nested guests without
 * the CPU's support, where the guest hangs in its firmware).
 */
static bool kvm_works(struct lab *lab, const struct bench_kernel *kernel, const char *guest)
{
	struct qemu_job job = { .image = &kernel->image, .append = "", .memory_mib = 512, .kvm = true };
	struct boot_watch watch = { .timeout_s = PROBE_TIMEOUT_S, .stop = lab->events->stop };
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct boot boot = { 0 };
	bool works;

	if (fd < 0)
		return false;
	close(fd);
	works = !guest_build(&job.initrd_fd, guest, NULL, NULL) && !boot_run(&boot, &job, &watch, NULL) &&
		boot.end == BOOT_DONE;
	boot_free(&boot);
	if (job.initrd_fd >= 0)
		close(job.initrd_fd);
	return works;
}

static int accel_choose(struct lab *lab, struct error *err)
{
	const struct lab_request *request = lab->request;
	char guest[4096];
	bool native = true;
	int ret;

	for (size_t i = 0; i < request->nr_kernels; i++)
		native = native && arch_is_native(lab->kernels[i].image.arch);
	if (request->accel == LAB_TCG || request->icount || !native) {
		if (request->accel == LAB_KVM)
			return error_set(err, EINVAL, "KVM cannot %s", native ? "count instructions (--clock icount)" :
					 "run a kernel of another architecture");
		return 0;
	}
	ret = guest_find(guest, sizeof(guest), request->guest, lab->kernels[0].image.arch, err);
	if (ret)
		return ret;
	lab->kvm = kvm_works(lab, &lab->kernels[0], guest);
	if (request->accel == LAB_KVM && !lab->kvm) {
		error_set(err, ENOTSUP, "a guest under KVM did not boot within %d s", PROBE_TIMEOUT_S);
		return error_fix(err, "--accel tcg");
	}
	return 0;
}

/* Puts on the result what the guest could not know, and must not: which kernel this is meant to be. */
static void report_finish(struct lab *lab, size_t i, unsigned int nr_boots)
{
	struct report *report = &lab->kernels[i].report;

	report_set_command(report, lab->request->command_argc, lab->request->command_argv);
	free(report->started);
	report->started = strdup(lab->started);
	free(report->label);
	report->label = strdup(lab->request->kernels[i].name);
	fact_text(&report->environment, lab->kvm ? "kvm" : "tcg", "lab.accel");
	fact_number(&report->environment, nr_boots, "lab.boots");
	fact_number(&report->environment, lab->request->memory_mib, "lab.memory_mib");
}

static int result_take(struct lab *lab, size_t i, unsigned int boot_nr, const struct boot *boot, struct error *err)
{
	struct bench_kernel *kernel = &lab->kernels[i];
	const struct frame_text *text = &boot->channel.result;
	struct report report = { 0 };
	int ret;

	if (!text->bytes)
		return 0;
	ret = report_parse(&report, text->bytes, text->size, "the guest's result", err);
	if (ret)
		return ret;
	for (size_t r = 0; r < report.nr_results; r++)
		for (size_t k = 0; k < report.results[r].nr_runs; k++)
			report.results[r].runs[k].index = boot_nr;
	report.complete = report.complete && boot->end == BOOT_DONE;
	if (kernel->measured) {
		bool complete = kernel->report.complete && report.complete;

		ret = report_merge(&kernel->report, &report, err);
		kernel->report.complete = complete;
		report_free(&report);
	} else {
		kernel->report = report;
		kernel->measured = true;
	}
	if (ret)
		return ret;
	if (boot->end != BOOT_DONE)
		fact_text(&kernel->report.environment, boot->text, "lab.boot%u", boot_nr);
	report_finish(lab, i, boot_nr + 1);
	return report_save(&kernel->report, kernel->path, err);
}

static int boot_one(struct lab *lab, size_t i, unsigned int boot_nr, bool *stopped, struct error *err)
{
	const struct lab_request *request = lab->request;
	const struct lab_events *events = lab->events;
	struct bench_kernel *kernel = &lab->kernels[i];
	struct qemu_job job = { &kernel->image, kernel->initrd_fd, request->append, request->memory_mib, lab->kvm,
				request->icount };
	struct boot_watch watch = { request->timeout_s, events->stop, events->tick, events->context };
	struct boot boot;
	int ret;

	events->boot_starts(events->context, i, boot_nr);
	ret = boot_run(&boot, &job, &watch, err);
	if (!ret)
		ret = result_take(lab, i, boot_nr, &boot, err);
	if (!ret && boot.end == BOOT_REFUSED)
		ret = error_set(err, EIO, "%s", boot.text);
	if (!ret && boot.end == BOOT_NO_QEMU) {
		error_set(err, ENOPKG, "%s", boot.text);
		ret = error_fix(err, "make deps, or install QEMU's system emulator for %s", kernel->image.arch);
	}
	if (!ret)
		events->boot_ended(events->context, i, boot_nr, &boot, kernel->measured ? kernel->path : NULL);
	*stopped = boot.end == BOOT_INTERRUPTED;
	boot_free(&boot);
	return ret;
}

static void lab_close(struct lab *lab)
{
	for (size_t i = 0; i < lab->request->nr_kernels; i++) {
		lab_image_close(&lab->kernels[i].image);
		if (lab->kernels[i].initrd_fd >= 0)
			close(lab->kernels[i].initrd_fd);
		if (lab->kernels[i].measured)
			report_free(&lab->kernels[i].report);
	}
	guest_command_free(&lab->command);
}

int lab_run(const struct lab_request *request, const struct lab_events *events, bool *kvm, struct error *err)
{
	struct lab lab = { .request = request, .events = events };
	time_t now = time(NULL);
	char stamp[32];
	bool stopped = false;
	int ret;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime(&now));
	strftime(lab.started, sizeof(lab.started), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	for (size_t i = 0; i < request->nr_kernels; i++)
		lab.kernels[i].image.fd = lab.kernels[i].initrd_fd = -1;
	ret = guest_command_parse(&lab.command, request->argc, request->argv, request->icount, err);
	for (size_t i = 0; i < request->nr_kernels && !ret; i++)
		ret = kernel_open(&lab, i, stamp, err);
	if (!ret && lab.command.is_run && mkdir(request->directory, 0777) && errno != EEXIST)
		ret = error_errno(err, errno, "make %s", request->directory);
	if (!ret)
		ret = accel_choose(&lab, err);
	*kvm = lab.kvm;
	/* In turn, so that what drifts on the host drifts for all. */
	for (unsigned int boot = 0; boot < request->boots && !ret && !stopped; boot++)
		for (size_t i = 0; i < request->nr_kernels && !ret && !stopped; i++)
			ret = boot_one(&lab, i, boot, &stopped, err);
	lab_close(&lab);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_qemu.h"
#include "lab_wire.h"

#define NR_WORDS_MAX 64
#define WORD_MAX_BYTES 1024
#define OUTPUT_MAX_BYTES (256ul << 20) /* of each file that the guest can fill */
#define NOBODY 65534

/* What a machine is made of; the rest is the same for all. */
static const struct machine {
	const char *arch, *program;
	const char *machine;          /* a board with an IOMMU where it costs nothing */
	const char *cpu;              /* emulated: cortex-a76 boots in two thirds of the time that "max" takes */
	const char *console;
	const char *virtio_bus;       /* driver of the virtio-serial controller */
	const char *serial;           /* a second line for kernels without virtio-console */
} machines[] = {
	{ "arm64", "qemu-system-aarch64", "virt,gic-version=3,iommu=smmuv3",
	  "cortex-a76", "ttyAMA0", "virtio-serial-device", "pci-serial" },
	{ "x86_64", "qemu-system-x86_64", "q35", "max", "ttyS0", "virtio-serial-pci", "isa-serial" },
};
#define NR_MACHINES (sizeof(machines) / sizeof(machines[0]))

/*
 * Keys of the kernel's command line that make sense for a measurement. Above all not init=, rdinit= or root=: the guest
 * is ours. A key that ends in '*' stands for all that begin so.
 */
static const char *const append_keys[] = {
	"hugepages", "hugepagesz", "default_hugepagesz", "hugetlb_*", "transparent_hugepage*", "thp_*", "cma",
	"movablecore", "kernelcore", "numa", "numa_balancing", "mitigations", "nosmp", "maxcpus", "isolcpus", "nohz_full",
	"init_on_alloc", "init_on_free", "page_poison", "slub_debug", "debug_pagealloc", "page_owner", "iommu*",
	"intel_iommu", "arm-smmu-v3.*", "vfio*", "io_uring*", "loglevel", "ignore_loglevel", "nokaslr", "kasan*",
	"pinbench.test",
};
#define NR_APPEND_KEYS (sizeof(append_keys) / sizeof(append_keys[0]))

static const struct machine *machine_find(const char *arch)
{
	for (size_t i = 0; i < NR_MACHINES; i++)
		if (!strcmp(machines[i].arch, arch))
			return &machines[i];
	return NULL;
}

const char *qemu_program(const char *arch)
{
	const struct machine *machine = machine_find(arch);

	return machine ? machine->program : NULL;
}

static bool key_matches(const char *pattern, const char *word, size_t length)
{
	size_t stem = strcspn(pattern, "*");

	if (pattern[stem] == '*')
		return length >= stem && !strncmp(pattern, word, stem);
	return length == stem && !strncmp(pattern, word, stem);
}

int qemu_append_check(const char *word, struct error *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=-+/";
	size_t length = strcspn(word, "=");

	if (!*word || word[strspn(word, plain)] || strlen(word) > 200) {
		error_set(err, EINVAL, "--append \"%.80s\": one word of letters, digits and _.,:=-+/", word);
		return error_fix(err, "give --append once for each word");
	}
	for (size_t i = 0; i < NR_APPEND_KEYS; i++)
		if (key_matches(append_keys[i], word, length))
			return 0;
	error_set(err, EINVAL, "--append %s: not a key that a guest takes", word);
	return error_fix(err, "hugepagesz=, hugepages=, transparent_hugepage=, mitigations= and other settings of memory are");
}

struct words {
	char *list[NR_WORDS_MAX + 1];
	size_t nr;
};

__attribute__((format(printf, 2, 3))) static void word_add(struct words *words, const char *format, ...)
{
	char text[WORD_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (words->nr < NR_WORDS_MAX)
		words->list[words->nr++] = strdup(text);
}

static void words_free(struct words *words)
{
	for (size_t i = 0; i < words->nr; i++)
		free(words->list[i]);
}

static void words_build(struct words *words, const struct machine *machine, const struct qemu_job *job,
			const struct qemu *qemu)
{
	/* "host" everywhere: an older GIC than the host's own does not come with KVM. */
	const char *board = job->kvm && !strcmp(machine->arch, "arm64") ? "virt,gic-version=host" : machine->machine;

	word_add(words, "%s", machine->program);
	word_add(words, "-nodefaults");
	word_add(words, "-no-user-config");
	word_add(words, "-no-reboot"); /* a panic ends QEMU (with status 0) */
	word_add(words, "-display");
	word_add(words, "none");
	word_add(words, "-nic");
	word_add(words, "none");
	word_add(words, "-sandbox");
	word_add(words, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	word_add(words, "-machine");
	word_add(words, "%s", board);
	word_add(words, "-accel");
	word_add(words, "%s", job->kvm ? "kvm" : "tcg");
	word_add(words, "-cpu");
	word_add(words, "%s", job->kvm ? "host" : machine->cpu);
	word_add(words, "-m");
	word_add(words, "%u", job->memory_mib);
	if (job->icount) {
		word_add(words, "-icount");
		word_add(words, "shift=0,sleep=off");
		word_add(words, "-rtc"); /* the time of day goes into the guest's random numbers */
		word_add(words, "base=2026-01-01,clock=vm");
	}
	/* The device tree's seeds (arm64), RDRAND and the boot protocol's seed (x86): other ones for another seed, always the same for one. */
	word_add(words, "-seed");
	word_add(words, "%" PRIu64, job->seed);
	word_add(words, "-chardev");
	word_add(words, "file,id=console,path=/dev/fd/%d", qemu->console_fd);
	word_add(words, "-serial");
	word_add(words, "chardev:console");
	word_add(words, "-chardev");
	word_add(words, "file,id=channel,path=/dev/fd/%d", qemu->channel_fd);
	word_add(words, "-device");
	word_add(words, "%s", machine->virtio_bus);
	word_add(words, "-device");
	word_add(words, "virtserialport,chardev=channel,name=" LAB_WIRE_PORT);
	word_add(words, "-chardev");
	word_add(words, "file,id=serial,path=/dev/fd/%d", qemu->serial_fd);
	word_add(words, "-device");
	word_add(words, "%s,chardev=serial", machine->serial);
	word_add(words, "-kernel");
	word_add(words, "/dev/fd/%d", job->image->fd);
	word_add(words, "-initrd");
	word_add(words, "/dev/fd/%d", job->initrd_fd);
	word_add(words, "-append");
	/* rcu_expedited: taking a probe off waits for RCU, tens of milliseconds at 100 Hz; nothing that is timed does. */
	word_add(words, "console=%s panic=-1 rcupdate.rcu_expedited=1 loglevel=4%s%s", machine->console,
		 *job->append ? " " : "", job->append);
}

/* In the child: nothing of the parent's but what QEMU is meant to have. Only async-signal-safe calls. */
static void become_qemu(char **argv, const struct qemu_job *job, const struct qemu *qemu)
{
	const struct rlimit output = { OUTPUT_MAX_BYTES, OUTPUT_MAX_BYTES }, core = { 0, 0 };
	const int keep[] = { job->image->fd, job->initrd_fd, qemu->console_fd, qemu->channel_fd,
			     qemu->serial_fd };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* Ctrl-C on the terminal is for pinbench, which then ends QEMU */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(qemu->stderr_fd, STDERR_FILENO);
	setrlimit(RLIMIT_FSIZE, &output);
	setrlimit(RLIMIT_CORE, &core);
	/* Emulation needs no rights at all; KVM needs its device node, for which the caller's may be needed. */
	if (geteuid() == 0 && !job->kvm &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* changing the user has cleared it */
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		fcntl(keep[i], F_SETFD, 0);
	execvp(argv[0], argv);
	_exit(127);
}

static int memfd_make(const char *name, int *fd, struct error *err)
{
	*fd = memfd_create(name, MFD_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, errno, "a file in memory for QEMU (%s)", name);
	return 0;
}

int qemu_start(struct qemu *qemu, const struct qemu_job *job, struct error *err)
{
	const struct machine *machine = machine_find(job->image->arch);
	struct words words = { 0 };
	int ret;

	*qemu = (struct qemu){ 0, -1, -1, -1, -1, -1 };
	ret = memfd_make("console", &qemu->console_fd, err);
	if (!ret)
		ret = memfd_make("channel", &qemu->channel_fd, err);
	if (!ret)
		ret = memfd_make("serial", &qemu->serial_fd, err);
	if (!ret)
		ret = memfd_make("stderr", &qemu->stderr_fd, err);
	if (ret) {
		qemu_end(qemu);
		return ret;
	}
	words_build(&words, machine, job, qemu);
	qemu->pid = fork();
	if (qemu->pid == 0)
		become_qemu(words.list, job, qemu);
	if (qemu->pid < 0)
		ret = error_errno(err, errno, "start %s", machine->program);
	else
		qemu->pid_fd = syscall(SYS_pidfd_open, qemu->pid, 0);
	words_free(&words);
	if (ret) {
		qemu->pid = 0;
		qemu_end(qemu);
	}
	return ret;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int qemu_end(struct qemu *qemu)
{
	int status = -1;

	if (qemu->pid > 0) {
		kill(qemu->pid, SIGKILL);
		while (waitpid(qemu->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	qemu->pid = 0;
	close_fd(&qemu->pid_fd);
	close_fd(&qemu->console_fd);
	close_fd(&qemu->channel_fd);
	close_fd(&qemu->serial_fd);
	close_fd(&qemu->stderr_fd);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vm/wire.h"

#define NR_WORDS_MAX     64
#define WORD_MAX_BYTES   1024
#define OUTPUT_MAX_BYTES (256ul << 20) /* of each file that the guest can fill */
#define END_MS           5000          /* for a killed QEMU to go */

/* What a machine is made of; the rest is the same for all. */
static const struct machine {
	const char *arch, *program;
	const char *machine; /* a board with an IOMMU where it costs nothing */
	const char *cpu; /* emulated: cortex-a76 boots in two thirds of the time that "max" takes */
	const char *console;
	const char *serial; /* a second line for kernels without virtio-console */
} machines[] = {
	{ "arm64", "qemu-system-aarch64", "virt,gic-version=3,iommu=smmuv3", "cortex-a76",
	  "ttyAMA0", "pci-serial" },
	{ "x86_64", "qemu-system-x86_64", "q35", "max", "ttyS0", "isa-serial" },
};
#define NR_MACHINES (sizeof(machines) / sizeof(machines[0]))

/*
 * Keys of the kernel's command line that make sense for a measurement. Above all not init=, rdinit=
 * or root=: the guest is ours. A key that ends in '*' stands for all that begin so.
 */
static const char *const append_keys[] = {
	"hugepages",
	"hugepagesz",
	"default_hugepagesz",
	"hugetlb_*",
	"transparent_hugepage*",
	"thp_*",
	"cma",
	"movablecore",
	"kernelcore",
	"numa",
	"numa_balancing",
	"mitigations",
	"nosmp",
	"maxcpus",
	"isolcpus",
	"nohz_full",
	"init_on_alloc",
	"init_on_free",
	"page_poison",
	"slub_debug",
	"debug_pagealloc",
	"page_owner",
	"iommu*",
	"intel_iommu",
	"arm-smmu-v3.*",
	"vfio*",
	"io_uring*",
	"loglevel",
	"ignore_loglevel",
	"nokaslr",
	"kasan*",
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

int qemu_find(char *path, size_t size, const char *given, const char *arch, struct error *err)
{
	static const char *const places[] = { "/usr/bin", "/usr/local/bin" };
	const char *name = qemu_program(arch);
	struct stat st;

	if (!name)
		return error_set(err, ENOTSUP, "no emulator is known for %s", arch);
	if (given && *given != '/') {
		error_set(err, EINVAL, "--qemu %s: not an absolute path", given);
		return error_fix(err, "--qemu \"$(realpath %s)\"", given);
	}
	for (size_t i = 0; i < (given ? 1 : sizeof(places) / sizeof(places[0])); i++) {
		bool is_dir = !given || (stat(given, &st) == 0 && S_ISDIR(st.st_mode));

		if (snprintf(path, size, "%s%s%s", given ? given : places[i], is_dir ? "/" : "",
			     is_dir ? name : "") >= (int)size)
			return error_set(err, ENAMETOOLONG,
					 "--qemu %.200s...: the path is too long", given);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
			return 0;
	}
	if (given)
		return error_set(err, ENOENT, "--qemu %s: no program is there", path);
	error_set(err, ENOPKG, "%s is not in /usr/bin or /usr/local/bin", name);
	return error_fix(err, "make deps, or --qemu PATH of QEMU's system emulator for %s", arch);
}

int qemu_kvm_group(gid_t *group, struct error *err)
{
	struct stat st;

	*group = 0;
	if (stat(KVM_NODE, &st))
		return error_errno(err, errno, KVM_NODE);
	if (geteuid() != 0 || (st.st_mode & 06) == 06)
		return 0;
	if (st.st_gid != 0 && (st.st_mode & 060) == 060) {
		*group = st.st_gid;
		return 0;
	}
	error_set(err, EACCES, KVM_NODE ": only root may use it, and QEMU is not run as root");
	return error_fix(err, "chgrp kvm " KVM_NODE " && chmod 660 " KVM_NODE);
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
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=-+/";
	size_t length = strcspn(word, "=");

	if (!*word || word[strspn(word, plain)] || strlen(word) > 200) {
		error_set(err, EINVAL,
			  "--append \"%.80s\": one word of letters, digits and _.,:=-+/", word);
		return error_fix(err, "give --append once for each word");
	}
	for (size_t i = 0; i < NR_APPEND_KEYS; i++)
		if (key_matches(append_keys[i], word, length))
			return 0;
	error_set(err, EINVAL, "--append %s: not a key that a guest takes", word);
	return error_fix(err, "hugepagesz=, hugepages=, transparent_hugepage=, mitigations= and "
			      "other settings of memory are");
}

struct words {
	char *list[NR_WORDS_MAX + 1];
	size_t nr;
};

__attribute__((format(printf, 2, 3))) static void word_add(struct words *words, const char *format,
							   ...)
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

static void words_build(struct words *words, const struct machine *machine,
			const struct qemu_job *job, const struct qemu *qemu)
{
	/* "host" everywhere: an older GIC than the host's own does not come with KVM. */
	const char *board = job->kvm && !strcmp(machine->arch, "arm64") ? "virt,gic-version=host"
									: machine->machine;

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
	/* The device tree's seeds (arm64), RDRAND and the boot protocol's seed (x86): other ones
	 * for another seed, always the same for one. */
	word_add(words, "-seed");
	word_add(words, "%" PRIu64, job->seed);
	if (qemu->counted_fd >= 0) {
		word_add(words, "-plugin");
		word_add(words, "/dev/fd/%d,mode=%s,out=%d", job->plugin_fd,
			 job->explain ? "full" : "memory", qemu->counted_fd);
	}
	word_add(words, "-chardev");
	word_add(words, "file,id=console,path=/dev/fd/%d", qemu->console_fd);
	word_add(words, "-serial");
	word_add(words, "chardev:console");
	word_add(words, "-chardev");
	word_add(words, "file,id=channel,path=/dev/fd/%d", qemu->channel_fd);
	word_add(words, "-device");
	/*
	 * PCI on every board: distributions build virtio-mmio as a module. No ioeventfd: its
	 * thread answers when the host has time, and no two boots of one seed would be alike.
	 */
	word_add(words, "virtio-serial-pci,ioeventfd=off");
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
	/* rcu_expedited: taking a probe off waits for RCU, tens of milliseconds at 100 Hz; nothing
	 * that is timed does. */
	word_add(words, "console=%s panic=-1 rcupdate.rcu_expedited=1 loglevel=4%s%s",
		 machine->console, *job->append ? " " : "", job->append);
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
	static char *const environment[] = { "PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C",
					     NULL };
	const struct machine *machine = machine_find(job->image->arch);
	const struct child_user nobody = { CHILD_NOBODY, CHILD_NOBODY,
					   job->kvm ? job->kvm_group : 0 };
	struct words words = { 0 };
	int ret, keep[7];
	struct child_program program = {
		.path = job->program,
		.environment = environment,
		.nr_keep = 5,
		.user = &nobody,
		.file_bytes = OUTPUT_MAX_BYTES,
		.death_signal = SIGKILL,
	};

	*qemu = (struct qemu){ { 0, -1 }, -1, -1, -1, -1, -1 };
	ret = memfd_make("console", &qemu->console_fd, err);
	if (!ret)
		ret = memfd_make("channel", &qemu->channel_fd, err);
	if (!ret)
		ret = memfd_make("serial", &qemu->serial_fd, err);
	if (!ret)
		ret = memfd_make("stderr", &qemu->stderr_fd, err);
	if (!ret && job->plugin_fd > 0)
		ret = memfd_make("counted", &qemu->counted_fd, err);
	if (ret) {
		qemu_end(qemu);
		return ret;
	}
	words_build(&words, machine, job, qemu);
	program.argv = words.list;
	program.keep = keep;
	program.err = qemu->stderr_fd;
	keep[0] = job->image->fd;
	keep[1] = job->initrd_fd;
	keep[2] = qemu->console_fd;
	keep[3] = qemu->channel_fd;
	keep[4] = qemu->serial_fd;
	if (qemu->counted_fd >= 0) {
		keep[5] = job->plugin_fd;
		keep[6] = qemu->counted_fd;
		program.nr_keep = 7;
	}
	ret = child_exec(&qemu->child, &program, err);
	words_free(&words);
	if (ret)
		qemu_end(qemu);
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

	child_kill(&qemu->child, END_MS, &status);
	close_fd(&qemu->console_fd);
	close_fd(&qemu->channel_fd);
	close_fd(&qemu->serial_fd);
	close_fd(&qemu->stderr_fd);
	close_fd(&qemu->counted_fd);
	return status;
}

#define GZIP "\x1f\x8b"

/* What "make" leaves in a build tree. */
static const char *const build_products[] = {
	"arch/arm64/boot/Image",
	"arch/x86/boot/bzImage",
	"arch/arm64/boot/Image.gz",
	"arch/arm64/boot/vmlinuz.efi",
};
#define NR_PRODUCTS (sizeof(build_products) / sizeof(build_products[0]))

/* Magic numbers: Documentation/arch/{x86/boot,arm64/booting}.rst, RFC 1952,
 * drivers/firmware/efi/libstub/zboot-header.S. */
static const struct magic {
	size_t offset;
	const char *bytes;
	const char *arch; /* NULL: not to be booted, because */
	const char *problem, *fix;
} magics[] = {
	{ 0x38, "ARM\x64", "arm64", NULL, NULL },
	{ 0x202, "HdrS", "x86_64", NULL, NULL },
	{ 4, "zimg", NULL, "is a compressed EFI image, which QEMU does not unpack",
	  "give arch/arm64/boot/Image of the build tree" },
	{ 0,
	  "\x7f"
	  "ELF",
	  NULL, "is an ELF file (vmlinux), not a bootable image",
	  "give arch/*/boot/bzImage or Image, or the build tree itself" },
	{ 0, GZIP, NULL, "is a gzip of something else than an arm64 Image",
	  "give a bzImage, Image, Image.gz or vmlinuz, or a build tree" },
};
#define NR_MAGICS (sizeof(magics) / sizeof(magics[0]))

static int build_tree_find(struct lab_image *image, const char *tree, struct error *err)
{
	struct stat st, newest = { 0 };
	char path[sizeof(image->path)];

	image->path[0] = '\0';
	for (size_t i = 0; i < NR_PRODUCTS; i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", tree, build_products[i]);
		/* Image.gz stands beside the Image it was made from: only a newer one counts. */
		if (stat(path, &st) || st.st_mtime <= newest.st_mtime)
			continue;
		newest = st;
		memcpy(image->path, path, sizeof(path));
	}
	if (image->path[0])
		return 0;
	error_set(err, ENOENT, "%s: no kernel image in this build tree (looked for %s, %s)", tree,
		  build_products[0], build_products[1]);
	return error_fix(err, "build it, or give the image itself");
}

/* The beginning of what is packed in @packed, as far as @packed goes. */
static size_t gzip_head(const char *packed, size_t packed_size, char *head, size_t size)
{
	z_stream stream = {
		.next_in = (Bytef *)packed, /* zlib only reads it */
		.avail_in = (uInt)packed_size,
		.next_out = (Bytef *)head,
		.avail_out = (uInt)size,
	};

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) /* 16: with gzip's header */
		return 0;
	inflate(&stream, Z_SYNC_FLUSH);
	inflateEnd(&stream);
	return size - stream.avail_out;
}

/* QEMU unpacks arm64's Image.gz, and no other gzip. */
static bool gzip_is_arm64(const char *packed, size_t packed_size)
{
	char head[0x240];
	size_t size = gzip_head(packed, packed_size, head, sizeof(head));

	return size >= magics[0].offset + strlen(magics[0].bytes) &&
	       !memcmp(head + magics[0].offset, magics[0].bytes, strlen(magics[0].bytes));
}

static int arch_tell(struct lab_image *image, struct error *err)
{
	char head[16384] = "";
	ssize_t size = TEMP_FAILURE_RETRY(pread(image->fd, head, sizeof(head), 0));

	if (size > 2 && !memcmp(head, GZIP, 2) && gzip_is_arm64(head, (size_t)size)) {
		image->arch = "arm64";
		return 0;
	}

	for (size_t i = 0; i < NR_MAGICS; i++) {
		const struct magic *magic = &magics[i];
		size_t length = strlen(magic->bytes);

		if (size < (ssize_t)(magic->offset + length) ||
		    memcmp(head + magic->offset, magic->bytes, length))
			continue;
		image->arch = magic->arch;
		if (magic->arch)
			return 0;
		error_set(err, EINVAL, "%s %s", image->path, magic->problem);
		return error_fix(err, "%s", magic->fix);
	}
	error_set(err, ENOTSUP, "%s is not a kernel image of arm64 or x86_64", image->path);
	return error_fix(err, "give a bzImage, Image or vmlinuz, or a build tree");
}

/* QEMU opens it again, as nobody when this process is root: a distribution's kernel may be for
 * root's eyes alone. */
static int image_copy(struct lab_image *image, off_t size, struct error *err)
{
	int copy = memfd_create("kernel", MFD_CLOEXEC);
	off_t at = 0;
	ssize_t got = 1;

	if (copy < 0)
		return error_errno(err, errno, "a file in memory for %s", image->path);
	while (at < size && got > 0) {
		got = sendfile(copy, image->fd, &at, (size_t)(size - at));
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (at < size) {
		error_errno(err, got < 0 ? errno : EIO, "read kernel %s", image->path);
		close(copy);
		return -err->code;
	}
	close(image->fd);
	image->fd = copy;
	return 0;
}

int lab_image_open(struct lab_image *image, const char *path, struct error *err)
{
	struct stat st;
	int ret;

	image->fd = -1;
	if (stat(path, &st) && errno == ENOENT && !strchr(path, '/')) {
		error_set(err, ENOENT, "kernel %s: no such file here, and a path is meant", path);
		return error_fix(err, "give a bzImage, Image or vmlinuz, or a build tree: "
				      "-k NAME=PATH");
	}
	if (stat(path, &st))
		return error_errno(err, errno, "kernel %s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		error_set(err, EINVAL, "kernel %s: not a regular file", path);
		return error_fix(err, "give a bzImage, Image or vmlinuz, or a build tree");
	}
	if (S_ISDIR(st.st_mode)) {
		ret = build_tree_find(image, path, err);
		if (ret)
			return ret;
	} else if (snprintf(image->path, sizeof(image->path), "%s", path) >=
		   (int)sizeof(image->path)) {
		return error_set(err, ENAMETOOLONG, "kernel %s: the path is too long", path);
	}
	image->fd =
		TEMP_FAILURE_RETRY(open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	if (image->fd < 0)
		return error_errno(err, errno, "open kernel %s", image->path);
	ret = arch_tell(image, err);
	if (!ret && geteuid() == 0 && fstat(image->fd, &st) == 0 && !(st.st_mode & S_IROTH))
		ret = image_copy(image, st.st_size, err);
	if (ret)
		lab_image_close(image);
	return ret;
}

void lab_image_close(struct lab_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}

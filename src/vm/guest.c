// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/infile.h"
#include "base/memory.h"
#include "plan/place.h"
#include "vm/wire.h"

#define NR_ARGS_MAX           200
#define CONFIG_MAX_BYTES_HERE (1u << 20) /* as src/config.h: the guest would refuse more anyway */

int guest_find(char *path, unsigned long size, const char *given, const char *arch,
	       struct error *err)
{
	char here[4096] = "", place[64];
	char *slash;

	if (given) {
		autoclose int fd = infile_open(given, err);

		snprintf(path, size, "%s", given);
		return fd < 0 ? fd : 0;
	}
	if (readlink("/proc/self/exe", here, sizeof(here) - 1) < 0)
		return error_errno(err, errno, "read /proc/self/exe");
	slash = strrchr(here, '/');
	if (slash)
		*slash = '\0';
	for (int i = 0; i < 2; i++) {
		snprintf(place, sizeof(place),
			 i ? "/../lib/pinbench/guest-%s.cpio" : "/../%s/guest.cpio", arch);
		snprintf(path, size, "%s%s", here, place);
		if (!access(path, R_OK))
			return 0;
	}
	error_set(err, ENOPKG, "no guest for %s beside this program", arch);
	return place_is_tree()
		       ? error_fix(err, "make guest ARCH=%s", arch)
		       : error_fix(err,
				   "make guest install ARCH=%s in the source tree, or --guest FILE",
				   arch);
}

static int config_read(struct guest_command *command, const char *path, struct error *err)
{
	autofree char *job = place_job(path);
	autoclose int fd = infile_open(job ? job : path, err);
	int ret;

	if (fd < 0)
		return fd == -ENOENT ? place_job_fix(path, err) : fd;
	free(command->config); /* of an earlier -c: the last one counts */
	command->config = NULL;
	ret = infile_read(fd, path, CONFIG_MAX_BYTES_HERE, &command->config, &command->config_size,
			  err);
	return ret == -EFBIG ? error_set(err, E2BIG, "%s is larger than 1 MiB", path) : ret;
}

/* The value of option @shorter or @longer at argv[*i], which may stand in the next word; NULL:
 * another option. */
static const char *option_value(int argc, char **argv, int *i, const char *shorter,
				const char *longer)
{
	const char *word = argv[*i];
	size_t length = strlen(longer);

	if (!strcmp(word, shorter) || !strcmp(word, longer))
		return *i + 1 < argc ? argv[++*i] : "";
	if (!strncmp(word, longer, length) && word[length] == '=')
		return word + length + 1;
	return !strncmp(word, shorter, 2) && shorter[1] != '-' ? word + 2 : NULL;
}

int guest_command_parse(struct guest_command *command, int argc, char **argv, bool icount,
			struct error *err)
{
	static const struct {
		const char *shorter, *longer, *fix;
	} ours[] = {
		{ "-o", "--output", "pinbench vm -o DIR ... -- run ..." },
		{ "--label", "--label", "--kernel NAME=PATH names the result" },
		{ "--clock", "--clock", "pinbench vm --clock icount ... -- run ..." },
		{ "--placement", "--placement", "pinbench vm --seed N ... -- run ..." },
		{ "--with", "--with",
		  "pinbench vm --kernel A=PATH --kernel B=PATH ... -- run ..." },
		{ "--resume", "--resume", "pinbench vm --resume ... -- run ..." },
	};
	int nr = 0, ret = 0;

	*command = (struct guest_command){ 0 };
	if (argc < 1 || argc > NR_ARGS_MAX) {
		error_set(err, EINVAL, "nothing to run in the guest");
		return error_fix(err, "end the command with: -- run [-c JOB]");
	}
	command->is_run = !strcmp(argv[0], "run");
	command->placed = command->is_run && icount;
	command->argv =
		calloc(2 * (size_t)argc + 16, sizeof(*command->argv)); /* "-cX" becomes two words */
	command->overrides = calloc(argc, sizeof(*command->overrides));
	if (!command->argv || !command->overrides)
		return error_errno(err, ENOMEM, "the guest's command");
	command->argv[nr++] = strdup("pinbench");
	for (int i = 0; i < argc && !ret; i++) {
		const char *config = NULL, *override;
		int at;

		for (size_t k = 0; command->is_run && k < sizeof(ours) / sizeof(ours[0]) && !ret;
		     k++) {
			at = i;
			if (!option_value(argc, argv, &at, ours[k].shorter, ours[k].longer))
				continue;
			error_set(err, EINVAL, "%s of the guest's command is given by the lab",
				  ours[k].longer);
			ret = error_fix(err, "%s", ours[k].fix);
		}
		if (command->is_run && !ret)
			config = option_value(argc, argv, &i, "-c", "--config");
		if (config) {
			ret = config_read(command, config, err);
			command->config_path = config;
			command->argv[nr++] = strdup("-c");
			command->argv[nr++] = strdup(LAB_WIRE_CONFIG);
			continue;
		}
		at = i;
		if (command->is_run && !ret &&
		    (override = option_value(argc, argv, &at, "-p", "--param")))
			command->overrides[command->nr_overrides++] = override;
		at = i;
		if (command->is_run && !ret &&
		    (override = option_value(argc, argv, &at, "--runs", "--runs")))
			snprintf(command->runs, sizeof(command->runs), "runs=%s", override);
		command->argv[nr++] = strdup(argv[i]);
	}
	if (command->runs[0])
		command->overrides[command->nr_overrides++] =
			command->runs; /* last: it holds against -p runs= */
	if (command->is_run) {
		command->argv[nr++] = strdup("-o");
		command->argv[nr++] = strdup(LAB_WIRE_RESULT);
		/* A guest is nobody's machine: there is nothing to spare there. */
		command->argv[nr++] = strdup("--force");
		command->argv[nr++] = strdup("--clock");
		command->argv[nr++] = strdup(icount ? "icount" : "real");
		command->argv[nr++] = strdup("--settle");
	}
	if (ret)
		guest_command_free(command);
	return ret;
}

void guest_command_free(struct guest_command *command)
{
	for (char **word = command->argv; word && *word; word++)
		free(*word);
	free(command->argv);
	free(command->overrides);
	free(command->config);
	*command = (struct guest_command){ 0 };
}

static int base_copy(FILE *out, const char *path, struct error *err)
{
	autofclose FILE *in = fopen(path, "re");
	char bytes[65536];
	size_t size;

	if (!in)
		return error_errno(err, errno, "open the guest %s", path);
	while ((size = fread(bytes, 1, sizeof(bytes), in)))
		fwrite(bytes, 1, size, out);
	return ferror(in) ? error_errno(err, EIO, "read the guest %s", path) : 0;
}

static void command_add(FILE *out, const struct guest_command *command, uint64_t seed,
			bool time_only, bool symbols)
{
	char *text = NULL, number[24];
	size_t size = 0;
	FILE *argv = open_memstream(&text, &size);

	if (!argv)
		return;
	snprintf(number, sizeof(number), "%" PRIu64, seed);
	for (char **word = command->argv; *word; word++)
		fwrite(*word, strlen(*word) + 1, 1, argv);
	if (command->placed)
		fprintf(argv, "--placement%c%s%c", 0, number, 0);
	if (command->is_run && time_only)
		fprintf(argv, "--time-only%c", 0);
	fclose(argv);
	cpio_add(out, "lab", NULL, 0);
	cpio_add(out, &LAB_WIRE_ARGV[1], text,
		 size); /* names in an archive have no leading slash */
	cpio_add(out, &LAB_WIRE_SEED[1], number, strlen(number));
	/* there in all boots, so that the guests of one job have one size */
	cpio_add(out, &LAB_WIRE_SYMBOLS[1], symbols ? "1" : "0", 1);
	if (command->config)
		cpio_add(out, &LAB_WIRE_CONFIG[1], command->config, command->config_size);
	cpio_end(out);
	free(text);
}

int guest_build(int *fd, const char *base_path, const struct guest_command *command, uint64_t seed,
		bool time_only, bool symbols, struct error *err)
{
	FILE *out;
	int ret, copy;

	*fd = memfd_create("initramfs", MFD_CLOEXEC);
	copy = *fd < 0 ? -1 : dup(*fd);
	out = copy < 0 ? NULL : fdopen(copy, "w");
	if (!out)
		return error_errno(err, errno, "a file in memory for the guest");
	ret = base_copy(out, base_path, err);
	if (!ret && command)
		command_add(out, command, seed, time_only, symbols);
	if (fclose(out) && !ret)
		ret = error_errno(err, errno, "make the guest");
	return ret;
}

/* Format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. */

/* Header and name together, and the contents, each fill a multiple of 4 bytes. */
static void pad(FILE *out, size_t written)
{
	while (written++ % 4)
		fputc(0, out);
}

static void entry(FILE *out, const char *name, unsigned int mode, const void *bytes, size_t size)
{
	unsigned int nr_links = 1, owner = 0, mtime = 0, device = 0, checksum = 0;
	/* Inode 0 for all: the kernel only looks at it to join hard links, and there are none. */
	int header = fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 0,
			     mode, owner, owner, nr_links, mtime, size, device, device, device,
			     device, strlen(name) + 1, checksum);

	fwrite(name, strlen(name) + 1, 1, out);
	pad(out, header + strlen(name) + 1);
	if (size)
		fwrite(bytes, size, 1, out);
	pad(out, size);
}

void cpio_add(FILE *out, const char *name, const void *bytes, size_t size)
{
	entry(out, name, bytes ? S_IFREG | 0644 : S_IFDIR | 0755, bytes, size);
}

void cpio_end(FILE *out)
{
	entry(out, "TRAILER!!!", 0, NULL, 0);
}

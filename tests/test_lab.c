// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the lab that need no QEMU: the channel, the archive, kernel images, what a guest may
 * be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vm/channel.h"
#include "vm/guest.h"
#include "vm/lab.h"
#include "vm/qemu.h"
#include "vm/wire.h"

/* As the agent writes them. */
struct sender {
	char bytes[4096];
	size_t size;
	unsigned int sequence;
	uint32_t sum;
};

static void send_frame(struct sender *sender, const char *kind, const char *text)
{
	uint32_t crc = crc32_add(crc32_add(0, kind, strlen(kind)), text, strlen(text));

	sender->size += snprintf(sender->bytes + sender->size, sizeof(sender->bytes) - sender->size,
				 "pinbench1 %s %zu %08x %u\n%s", kind, strlen(text), crc,
				 sender->sequence++, text);
	sender->sum = crc32_add(sender->sum, &crc, sizeof(crc));
}

static void send_end(struct sender *sender, int status)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %u %08x", status, sender->sequence, sender->sum);
	send_frame(sender, "end", text);
}

static void send_whole(struct sender *sender)
{
	*sender = (struct sender){ .size = 0 };
	send_frame(sender, "ready", "6.1.0");
	send_frame(sender, "result", "{\"part\": 1}");
	send_frame(sender, "result", "{\"part\": 1, \"whole\": 2}");
	send_end(sender, 4);
}

static void test_crc32(void **state)
{
	(void)state;
	assert_int_equal(crc32_add(0, "123456789", 9),
			 0xcbf43926); /* the check value of CRC-32/ISO-HDLC */
	assert_int_equal(crc32_add(crc32_add(0, "12345", 5), "6789", 4), 0xcbf43926);
}

/* However the bytes are cut, the last result counts, and the end agrees with what came before. */
static void test_channel_whole(void **state)
{
	struct sender sender;

	(void)state;
	for (size_t step = 1; step <= 200; step += 7) {
		struct channel channel = { 0 };

		send_whole(&sender);
		for (size_t at = 0; at < sender.size; at += step)
			assert_int_equal(channel_feed(&channel, sender.bytes + at,
						      at + step < sender.size ? step
									      : sender.size - at),
					 0);
		assert_true(channel.ended);
		assert_int_equal(channel.status, 4);
		assert_int_equal(channel.nr_damaged, 0);
		assert_string_equal(channel.ready.bytes, "6.1.0");
		assert_string_equal(channel.result.bytes, "{\"part\": 1, \"whole\": 2}");
		channel_free(&channel);
	}
}

static void test_channel_without_end(void **state)
{
	struct channel channel = { 0 };
	struct sender sender;

	(void)state;
	send_whole(&sender);
	assert_int_equal(channel_feed(&channel, sender.bytes, sender.size - 1), 0);
	assert_false(channel.ended);
	assert_non_null(channel.result.bytes);
	channel_free(&channel);
}

/* One flipped bit anywhere: never a wrong result, never an end that says that all is well. */
static void test_channel_damage(void **state)
{
	struct sender sender;

	(void)state;
	send_whole(&sender);
	for (size_t at = 0; at < sender.size; at++) {
		struct channel channel = { 0 };

		sender.bytes[at] ^= 4;
		assert_int_equal(channel_feed(&channel, sender.bytes, sender.size), 0);
		assert_false(channel.ended);
		if (channel.result.bytes)
			assert_true(!strcmp(channel.result.bytes, "{\"part\": 1}") ||
				    !strcmp(channel.result.bytes, "{\"part\": 1, \"whole\": 2}"));
		sender.bytes[at] ^= 4;
		channel_free(&channel);
	}
}

static void test_channel_missing_frame(void **state)
{
	struct channel channel = { 0 };
	struct sender sender = { .size = 0 };
	size_t lost;

	(void)state;
	send_frame(&sender, "ready", "6.1.0");
	lost = sender.size;
	send_frame(&sender, "result", "{}");
	memset(sender.bytes + lost, 'x', sender.size - lost);
	send_end(&sender, 0);
	assert_int_equal(channel_feed(&channel, sender.bytes, sender.size), 0);
	assert_false(channel.ended);
	channel_free(&channel);
}

/* Firmware may talk on a serial line, before and between. */
static void test_channel_noise(void **state)
{
	struct channel channel = { 0 };
	struct sender sender;

	(void)state;
	assert_int_equal(channel_feed(&channel, "SeaBIOS\r\n\033[2Jpinben", 20), 0);
	send_whole(&sender);
	assert_int_equal(channel_feed(&channel, sender.bytes, sender.size), 0);
	assert_true(channel.ended);
	channel_free(&channel);
}

static void test_channel_nonsense(void **state)
{
	static const char *const lines[] = {
		"pinbench1 result 99999999999 00000000 0\n",
		"pinbench1 end\n",
		"pinbench1 result -1 00000000 0\n",
		"pinbench1 averyveryverylongkindoftenletters 1 00000000 0\nx",
		"pinbench1 end 9 00000000 0\n0 0 00000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct channel channel = { 0 };

		channel_feed(&channel, lines[i], strlen(lines[i]));
		assert_false(channel.ended);
		assert_null(channel.result.bytes);
		channel_free(&channel);
	}
}

static void test_cpio(void **state)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	unsigned int file_size, name_size, mode;

	(void)state;
	cpio_add(out, "lab", NULL, 0);
	cpio_add(out, "lab/argv", "pinbench\0run", 12);
	cpio_end(out);
	fclose(out);
	assert_int_equal(size % 4, 0);
	assert_int_equal(sscanf(bytes + 14, "%8x", &mode), 1);
	assert_int_equal(mode, S_IFDIR | 0755);
	/* 110 bytes of header, "lab\0", two of padding */
	assert_memory_equal(bytes + 116, "070701", 6);
	assert_int_equal(sscanf(bytes + 116 + 54, "%8x", &file_size), 1);
	assert_int_equal(sscanf(bytes + 116 + 94, "%8x", &name_size), 1);
	assert_int_equal(file_size, 12);
	assert_int_equal(name_size, 9);
	assert_string_equal(bytes + 116 + 110, "lab/argv");
	assert_memory_equal(bytes + 116 + 120, "pinbench\0run", 12);
	assert_string_equal(bytes + 116 + 120 + 12 + 110, "TRAILER!!!");
	free(bytes);
}

struct image_case {
	size_t offset;
	const char *magic, *arch; /* arch NULL: refused with this error */
	int error;
};

static void test_image(void **state)
{
	static const struct image_case cases[] = {
		{ 0x38, "ARM\x64", "arm64", 0 },
		{ 0x202, "HdrS", "x86_64", 0 },
		{ 0, "\x1f\x8b", NULL, EINVAL }, /* nothing is packed in it */
		{ 4, "zimg", NULL, EINVAL },
		{ 0,
		  "\x7f"
		  "ELF",
		  NULL, EINVAL },
		{ 0, "#!/bin/sh", NULL, ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[] = "/tmp/pinbench-image-XXXXXX", bytes[0x400] = "";
		struct lab_image image;
		struct error err = { 0 };
		int fd = mkstemp(path);

		memcpy(bytes + cases[i].offset, cases[i].magic, strlen(cases[i].magic));
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
		close(fd);
		assert_int_equal(lab_image_open(&image, path, &err), -cases[i].error);
		if (cases[i].arch) {
			assert_string_equal(image.arch, cases[i].arch);
		} else {
			assert_non_null(strstr(err.text, path));
			assert_true(err.fix[0]);
		}
		lab_image_close(&image);
		unlink(path);
	}
}

/* A gzip is what is packed in it: QEMU unpacks arm64's, and would start nothing else. */
static void test_image_gzip(void **state)
{
	static const struct image_case cases[] = {
		{ 0x38, "ARM\x64", "arm64", 0 },
		{ 0x202, "HdrS", NULL, EINVAL },
		{ 0, "text", NULL, EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[] = "/tmp/pinbench-image-XXXXXX", bytes[100000] = "";
		struct lab_image image;
		struct error err = { 0 };
		gzFile out;

		close(mkstemp(path));
		memcpy(bytes + cases[i].offset, cases[i].magic, strlen(cases[i].magic));
		out = gzopen(path, "wb");
		assert_int_equal(gzwrite(out, bytes, sizeof(bytes)), sizeof(bytes));
		gzclose(out);
		assert_int_equal(lab_image_open(&image, path, &err), -cases[i].error);
		if (cases[i].arch)
			assert_string_equal(image.arch, cases[i].arch);
		else
			assert_non_null(strstr(err.text, "gzip"));
		lab_image_close(&image);
		unlink(path);
	}
}

static void test_image_version(void **state)
{
	struct lab_image image;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(lab_image_open(&image, "v6.6.17", &err), -ENOENT);
	assert_non_null(strstr(err.text, "a path is meant"));
}

static void test_image_tree(void **state)
{
	char tree[] = "/tmp/pinbench-tree-XXXXXX", path[200];
	struct lab_image image;
	struct error err = { 0 };
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(tree));
	assert_int_equal(lab_image_open(&image, tree, &err), -ENOENT);
	for (const char *const *part =
		     (const char *const[]){ "arch", "arch/x86", "arch/x86/boot", NULL };
	     *part; part++) {
		snprintf(path, sizeof(path), "%s/%s", tree, *part);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(path, sizeof(path), "%s/arch/x86/boot/bzImage", tree);
	file = fopen(path, "w");
	fseek(file, 0x202, SEEK_SET);
	fputs("HdrS", file);
	fclose(file);
	assert_int_equal(lab_image_open(&image, tree, &err), 0);
	assert_string_equal(image.arch, "x86_64");
	assert_string_equal(image.path, path);
	lab_image_close(&image);
	unlink(path);
	for (char *slash = strrchr(path, '/'); slash && strlen(path) > strlen(tree);
	     slash = strrchr(path, '/')) {
		*slash = '\0';
		rmdir(path);
	}
}

static void test_append(void **state)
{
	static const char *const good[] = {
		"hugepagesz=1G",       "hugepages=0:2,1:4",     "transparent_hugepage=never",
		"thp_anon=64K:always", "pinbench.test=panic:3", "mitigations=off"
	};
	static const char *const bad[] = { "init=/bin/sh",
					   "rdinit=/x",
					   "root=/dev/vda",
					   "",
					   "hugepages=1 init=/x",
					   "hugepages=\"1\"",
					   "hugepages=1\ninit=/x",
					   "hugepagesx=1",
					   "=1",
					   "hugepage" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(qemu_append_check(good[i], NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(qemu_append_check(bad[i], &err), -EINVAL);
		assert_true(err.text[0] && err.fix[0]);
	}
}

static void test_name(void **state)
{
	static const char *const bad[] = {
		"",         ".",
		"..",       "a/b",
		"-x",       "a b",
		"\033[31m", "12345678901234567890123456789012345678901234567890123456789012345"
	};

	(void)state;
	assert_int_equal(lab_name_check("v6.1-before_2", NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(lab_name_check(bad[i], NULL), -EINVAL);
}

static void join(char *text, size_t size, char **argv)
{
	text[0] = '\0';
	for (; *argv; argv++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s", text[0] ? " " : "",
			 *argv);
}

/* The guest gets the job file's text, not its name; and what only the host may say is refused. */
static void test_command(void **state)
{
	static char *const refused[][4] = { { "run", "-o", "x", NULL },
					    { "run", "--output=x", NULL },
					    { "run", "-ox", NULL },
					    { "run", "--label", "x", NULL },
					    { "run", "--clock=icount", NULL },
					    { "run", "--placement", "3", NULL } };
	char path[] = "/tmp/pinbench-job-XXXXXX", text[400], glued[40];
	char *argv[] = { "run", "-c", path, "-p", "layout=base", NULL };
	char *many[] = { "run", glued, glued, glued, glued, glued, glued, glued, "-q", NULL };
	struct guest_command command;
	struct error err = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "{\"cases\": []}", 13), 13);
	close(fd);
	assert_int_equal(guest_command_parse(&command, 5, argv, 1, &err), 0);
	assert_true(command.is_run);
	assert_int_equal(command.config_size, 13);
	assert_memory_equal(command.config, "{\"cases\": []}", 13);
	assert_true(command.placed);
	join(text, sizeof(text), command.argv);
	assert_string_equal(text, "pinbench run -c /lab/config.json -p layout=base -o "
				  "/lab/out/result.json --force --clock icount --settle");
	guest_command_free(&command);
	/* one word that becomes two, again and again */
	snprintf(glued, sizeof(glued), "-c%s", path);
	assert_int_equal(guest_command_parse(&command, 9, many, 0, &err), 0);
	join(text, sizeof(text), command.argv);
	assert_string_equal(text, "pinbench run -c /lab/config.json -c /lab/config.json -c "
				  "/lab/config.json -c /lab/config.json "
				  "-c /lab/config.json -c /lab/config.json -c /lab/config.json -q "
				  "-o /lab/out/result.json --force "
				  "--clock real --settle");
	guest_command_free(&command);
	unlink(path);
	assert_int_equal(guest_command_parse(&command, 5, argv, 0, &err), -ENOENT);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char *words[4];
		int argc = 0;

		for (; argc < 4 && refused[i][argc]; argc++)
			words[argc] = refused[i][argc];
		assert_int_equal(guest_command_parse(&command, argc, words, 0, &err), -EINVAL);
		assert_true(err.fix[0]);
	}
	assert_int_equal(guest_command_parse(&command, 1, (char *[]){ "list", NULL }, 0, &err), 0);
	assert_false(command.is_run);
	join(text, sizeof(text), command.argv);
	assert_string_equal(text, "pinbench list");
	guest_command_free(&command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32),
		cmocka_unit_test(test_channel_whole),
		cmocka_unit_test(test_channel_without_end),
		cmocka_unit_test(test_channel_damage),
		cmocka_unit_test(test_channel_missing_frame),
		cmocka_unit_test(test_channel_noise),
		cmocka_unit_test(test_channel_nonsense),
		cmocka_unit_test(test_cpio),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_image_gzip),
		cmocka_unit_test(test_image_version),
		cmocka_unit_test(test_image_tree),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_command),
	};

	return cmocka_run_group_tests_name("lab", tests, NULL, NULL);
}

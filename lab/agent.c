// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's end of the channel: runs the program that /lab/argv asks for, sends its result file
 * whenever it changed, and says at the very end how many frames there were. lab/init starts it and
 * powers off after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "vm/wire.h"

#define STDOUT_FILE "/lab/stdout"
#define NR_ARGS_MAX 256

static int channel_fd = -1;
static unsigned int nr_frames;
static uint32_t sum;

static void complain(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
}

static bool port_is_ours(const char *name_file)
{
	char name[64] = "";
	FILE *file = fopen(name_file, "r");

	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strncmp(name, LAB_WIRE_PORT, strlen(LAB_WIRE_PORT));
}

static bool write_all(const char *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(channel_fd, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			complain("write to the channel");
			return false;
		}
		bytes += done;
		size -= done;
	}
	return true;
}

static bool frame_send(const char *kind, const char *bytes, size_t size)
{
	char header[LAB_WIRE_HEADER_MAX];
	uint32_t crc = crc32_add(crc32_add(0, kind, strlen(kind)), bytes, size);
	int length = snprintf(header, sizeof(header), LAB_WIRE_MAGIC "%s %zu %08x %u\n", kind, size,
			      crc, nr_frames++);

	sum = crc32_add(sum, &crc, sizeof(crc));
	return write_all(header, length) && write_all(bytes, size);
}

/*
 * Says on the channel that this kernel is up. True when the device has taken it: a write to a port
 * returns when the host has it, a serial line is waited for until it is empty. The console names
 * the device, so that the host knows at once where to expect it.
 */
static bool channel_try(const char *path)
{
	struct utsname name;
	struct termios tty;

	channel_fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (channel_fd < 0)
		return false;
	if (!tcgetattr(channel_fd, &tty)) {
		cfmakeraw(&tty);
		cfsetspeed(&tty, B115200);
		tcsetattr(channel_fd, TCSANOW, &tty);
	}
	nr_frames = 0;
	sum = 0;
	uname(&name);
	if (frame_send("ready", name.release, strlen(name.release)) &&
	    (!isatty(channel_fd) || !tcdrain(channel_fd))) {
		fprintf(stderr, LAB_WIRE_SPEAKS "%s\n", path);
		return true;
	}
	close(channel_fd);
	channel_fd = -1;
	return false;
}

/* The virtio port by its name; on a kernel without virtio-console, a serial line that /lab/serial
 * names. */
static bool channel_open(void)
{
	char path[64];
	bool works = false;
	glob_t ports;
	FILE *file;

	if (!glob("/sys/class/virtio-ports/*/name", 0, NULL, &ports)) {
		for (size_t i = 0; i < ports.gl_pathc && !works; i++) {
			if (!port_is_ours(ports.gl_pathv[i]))
				continue;
			snprintf(path, sizeof(path), "/dev/%.40s",
				 ports.gl_pathv[i] + strlen("/sys/class/virtio-ports/"));
			path[strcspn(path + 5, "/") + 5] = '\0';
			works = channel_try(path);
		}
		globfree(&ports);
	}
	file = fopen("/lab/serial", "r");
	while (file && !works && fgets(path, sizeof(path), file)) {
		path[strcspn(path, "\n")] = '\0';
		works = channel_try(path);
	}
	if (file)
		fclose(file);
	return works;
}

static void frame_send_file(const char *kind, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= LAB_WIRE_FRAME_MAX) {
		bytes = malloc(st.st_size);
		if (bytes && read(fd, bytes, st.st_size) == st.st_size)
			frame_send(kind, bytes, st.st_size);
		free(bytes);
	}
	close(fd);
}

static bool symbols_wanted(void)
{
	int fd = open(LAB_WIRE_SYMBOLS, O_RDONLY | O_CLOEXEC);
	char first = '0';

	if (fd < 0)
		return false;
	if (read(fd, &first, 1) < 1)
		first = '0';
	close(fd);
	return first == '1';
}

/* "ADDRESS NAME" of each function: of the kernel itself, so that modules and KASLR are right. */
static void symbols_send(void)
{
	FILE *file = fopen("/proc/kallsyms", "re"), *out;
	char line[512], name[256], *text = NULL;
	unsigned long long address;
	size_t size = 0;
	char type;

	out = file ? open_memstream(&text, &size) : NULL;
	while (out && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 && address &&
		    strchr("tTwW", type) && name[0] != '$')
			fprintf(out, "%llx %s\n", address, name);
	if (out)
		fclose(out);
	if (file)
		fclose(file);
	if (size > 0 && size <= LAB_WIRE_FRAME_MAX)
		frame_send("symbols", text, size);
	free(text);
}

/*
 * A machine without a source of randomness makes the first reader wait until the kernel has
 * gathered some from timer ticks: 256 of them, 2.6 s at 100 Hz. Nothing here is a secret. The seed
 * of the boot goes in, so that another one gives other addresses and the same one the same, whether
 * or not the machine hands it to the kernel by itself.
 */
static void random_seed(void)
{
	struct {
		struct rand_pool_info info;
		char bytes[32];
	} seed = { { .entropy_count = 256, .buf_size = 32 }, "" };
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC),
	    from = open(LAB_WIRE_SEED, O_RDONLY | O_CLOEXEC);

	if (from >= 0) {
		if (read(from, seed.bytes, sizeof(seed.bytes)) < 0)
			complain("read " LAB_WIRE_SEED);
		close(from);
	}
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &seed))
		complain("seed the kernel's random numbers");
	if (fd >= 0)
		close(fd);
}

/* Arguments are data of the host: split at NULs, never seen by a shell. */
static char **argv_load(void)
{
	static char text[65536], *argv[NR_ARGS_MAX + 1];
	int fd = open(LAB_WIRE_ARGV, O_RDONLY | O_CLOEXEC), nr = 0;
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (size <= 0)
		return NULL;
	close(fd);
	for (char *at = text; at < text + size && nr < NR_ARGS_MAX; at += strlen(at) + 1)
		argv[nr++] = at;
	return argv;
}

/* Its messages come through a pipe: on a console it would draw progress, over a line that is slow
 * and looked at by time. */
static pid_t program_start(char **argv, int *messages_fd)
{
	int fds[2] = { -1, -1 }, fd;
	sigset_t none;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		complain("pipe");
	*messages_fd = fds[0];
	pid = fork();
	if (pid) {
		close(fds[1]);
		return pid;
	}
	dup2(fds[1], STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd = open(STDOUT_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0)
		dup2(fd, STDOUT_FILENO);
	execv("/bin/pinbench", argv);
	complain("exec /bin/pinbench");
	_exit(127);
}

static void on_child(int signal_nr)
{
	(void)signal_nr; /* only there to end ppoll() */
}

static void messages_copy(int fd)
{
	char text[4096];
	ssize_t size = read(fd, text, sizeof(text));

	if (size > 0 && write(STDERR_FILENO, text, size) < 0)
		complain("write to the console");
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/*
 * Sends the result file after every change, while the program sets up its next case: at once, so
 * that nothing is lost to an accident, but no more a second than the channel carries without being
 * noticed.
 */
static int program_watch(pid_t pid, int messages_fd, const sigset_t *waiting)
{
	int notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), status;
	struct pollfd fds[] = { { .fd = notify_fd, .events = POLLIN },
				{ .fd = messages_fd, .events = POLLIN } };
	struct stat sent = { 0 }, now;
	const double bytes_per_s = isatty(channel_fd) ? 1e4 : 1e6;
	double not_before = 0;
	bool changed = false;
	char events[4096];

	if (notify_fd >= 0)
		inotify_add_watch(notify_fd, "/lab/out", IN_MOVED_TO | IN_CLOSE_WRITE);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct timespec pause = { .tv_nsec = 200000000 };

		/* Where inotify is missing, the time limit makes this a slow poll. */
		if (ppoll(fds, 2, notify_fd < 0 || changed ? &pause : NULL, waiting) < 0)
			fds[1].revents = 0;
		if (fds[1].revents & POLLIN)
			messages_copy(messages_fd);
		else if (fds[1].revents)
			fds[1].fd = -1; /* closed at the other end */
		while (notify_fd >= 0 && read(notify_fd, events, sizeof(events)) > 0)
			;
		if (stat(LAB_WIRE_RESULT, &now))
			continue;
		changed = now.st_ino != sent.st_ino || now.st_size != sent.st_size;
		if (!changed || now_s() < not_before)
			continue;
		frame_send_file("result", LAB_WIRE_RESULT);
		sent = now;
		changed = false;
		not_before = now_s() +
			     (now.st_size > bytes_per_s / 4 ? now.st_size / bytes_per_s : 0);
	}
	fcntl(messages_fd, F_SETFL,
	      O_NONBLOCK); /* what it said last; a child of its own may still hold the pipe */
	messages_copy(messages_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked, waiting;
	char end[64], **argv;
	pid_t pid;
	int status, messages_fd;

	random_seed();
	if (!channel_open()) {
		fprintf(stderr, LAB_WIRE_SILENT "neither virtio-console nor a second serial line "
						"works in this kernel\n");
		return 1;
	}

	argv = argv_load();
	if (argv) {
		sigemptyset(&blocked);
		sigaddset(&blocked, SIGCHLD);
		sigprocmask(SIG_BLOCK, &blocked, &waiting);
		sigaction(SIGCHLD, &action, NULL);
		pid = program_start(argv, &messages_fd);
		status = pid < 0 ? 126 : program_watch(pid, messages_fd, &waiting);
		frame_send_file("result", LAB_WIRE_RESULT);
		if (symbols_wanted())
			symbols_send();
		frame_send_file("stdout", STDOUT_FILE);
	} else {
		status = 0; /* nothing asked for: the probe of an accelerator */
	}
	snprintf(end, sizeof(end), "%d %u %08x", status, nr_frames, sum);
	frame_send("end", end, strlen(end));
	return 0;
}

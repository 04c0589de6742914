// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal as a model that is gone through exhaustively: up to three runs at once, in all orders
 * of starting, reserving pages, switching THP on and ending, killed at every step between two
 * system calls (also in the middle of a write), with somebody else who changes the setting at any
 * moment, and recovered at different moments, the recovery killed at every step too. The journal,
 * hugepage_reserve() and thp_allow() are the real ones; the kernel is a few numbers here, in the
 * way of set_max_huge_pages() in mm/hugetlb.c.
 *
 * What has to hold: while a run lives, its pages are there and THP is allowed; when all are gone,
 * the first value is back, or what somebody else has set, and no journal is left.
 *
 * A killed run is one whose system calls have no effect any more from a certain one on; then its
 * descriptors are closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/hugepage.h"
#include "host/journal.h"
#include "host/journal_file.h"
#include "host/sysfile.h"

#define POOL    "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
#define THP     "/sys/kernel/mm/transparent_hugepage/enabled"
#define NR_RUNS 3
#define PAGE    (2u << 20)

/* --- the kernel --- */

static struct {
	uint64_t pages; /* all of them free: nobody maps any here */
	uint64_t room;  /* for so many more */
	char thp[16];
} kernel;

/* --- a process that is killed before its step @kill_at; a write has two steps --- */

static unsigned int step, kill_at; /* kill_at 0: never */
static bool dead;

static bool killed_here(void)
{
	if (kill_at && ++step == kill_at)
		dead = true;
	return dead;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __real_unlinkat(int dir_fd, const char *name, int flags);
int __wrap_unlinkat(int dir_fd, const char *name, int flags);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_openat(int dir_fd, const char *name, int flags, mode_t mode);
int __wrap_openat(int dir_fd, const char *name, int flags, mode_t mode);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_sysfile_read(const char *path, char *text, size_t size, struct error *err);
int __wrap_sysfile_read_u64(const char *path, uint64_t *value, struct error *err);
int __wrap_sysfile_read_choice(const char *path, char *word, size_t size, struct error *err);
int __wrap_sysfile_read_field(const char *path, const char *name, uint64_t *value,
			      struct error *err);
int __wrap_sysfile_write(const char *path, const char *text, struct error *err);
bool __wrap_sysfile_exists(const char *path);

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (fd <= 2 || dead)
		return fd <= 2 ? __real_write(fd, bytes, size) : (ssize_t)size;
	if (killed_here())
		return (ssize_t)size;
	if (killed_here()) {
		__real_write(fd, bytes, size / 2);
		return (ssize_t)size;
	}
	return __real_write(fd, bytes, size);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return killed_here() ? 0 : __real_ftruncate(fd, size);
}

int __wrap_unlinkat(int dir_fd, const char *name, int flags)
{
	return killed_here() ? 0 : __real_unlinkat(dir_fd, name, flags);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return killed_here() ? 0 : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_openat(int dir_fd, const char *name, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && killed_here())
		return __real_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	return __real_openat(dir_fd, name, flags, mode);
}

/* What a dead one opened is /dev/null, whose mode is not ours to change. */
int __wrap_fchmod(int fd, mode_t mode)
{
	return dead ? 0 : __real_fchmod(fd, mode);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0; /* nothing here happens while somebody waits */
}

int __wrap_sysfile_read(const char *path, char *text, size_t size, struct error *err)
{
	const char *holds = NULL;

	if (strstr(path, "boot_id"))
		holds = "boot";
	else if (strncmp(path, "/proc/", 6) == 0 && strstr(path, "/status"))
		holds = "Name:\tx\nShdPnd:\t0000000000000000\n";
	else if (strncmp(path, "/proc/", 6) == 0 && strstr(path, "/stat"))
		holds = "1 (x) S 1 1 1 0 -1 0 0";
	if (!holds)
		return error_errno(err, ENOENT, "cannot open %s", path);
	snprintf(text, size, "%s", holds);
	return 0;
}

int __wrap_sysfile_read_u64(const char *path, uint64_t *value, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;

	*value = 0;
	if (strcmp(name, "hpage_pmd_size") == 0)
		*value = PAGE;
	else if (strcmp(name, "nr_hugepages") == 0 || strcmp(name, "free_hugepages") == 0)
		*value = kernel.pages;
	else if (strcmp(name, "resv_hugepages") != 0 && strcmp(name, "surplus_hugepages") != 0)
		return error_errno(err, ENOENT, "cannot open %s", path);
	return 0;
}

int __wrap_sysfile_read_choice(const char *path, char *word, size_t size, struct error *err)
{
	if (strcmp(path, THP) != 0)
		return error_errno(err, ENOENT, "cannot open %s", path);
	snprintf(word, size, "%s", kernel.thp);
	return 0;
}

int __wrap_sysfile_read_field(const char *path, const char *name, uint64_t *value,
			      struct error *err)
{
	(void)name;
	(void)value;
	return error_errno(err, ENOENT, "cannot open %s", path);
}

int __wrap_sysfile_write(const char *path, const char *text, struct error *err)
{
	uint64_t number;

	if (killed_here())
		return 0;
	if (strcmp(path, THP) == 0) {
		snprintf(kernel.thp, sizeof(kernel.thp), "%s", text);
		return 0;
	}
	if (strcmp(path, POOL) != 0)
		return error_errno(err, ENOENT, "cannot open %s", path);
	number = strtoull(text, NULL, 10);
	if (number > kernel.pages + kernel.room)
		number = kernel.pages + kernel.room;
	kernel.room -= number - kernel.pages;
	kernel.pages = number;
	return 0;
}

bool __wrap_sysfile_exists(const char *path)
{
	return strcmp(path, "/sys/kernel/mm/hugepages/hugepages-2048kB") == 0;
}

/* --- the runs --- */

enum need { NEED_PAGES = 1, NEED_THP = 2 };

struct model {
	const char *what;
	unsigned int nr_runs, needs;
	bool ops_apart;       /* start, reserve and switch on are steps of their own in the order of
				 things */
	uint64_t pages, room; /* before all runs */
	const char *thp;
};

struct run_model {
	struct journal *journal; /* NULL: not there */
	unsigned int op, steps, kill_at;
	bool over, reached; /* killed at kill_at */
	uint64_t pages;     /* that it counts on */
	bool thp;
};

enum recovery { RECOVER_LAST, RECOVER_FIRST, NR_RECOVERIES };
enum stranger {
	STRANGER_NONE,
	STRANGER_RAISES,
	STRANGER_LOWERS,
	STRANGER_LOWERS_ALL,
	STRANGER_ALWAYS,
	STRANGER_NEVER
};

struct scenario {
	const struct model *model;
	unsigned int order[NR_RUNS * 4], nr_steps, nr_ops;
	enum recovery recovery;
	enum stranger stranger;
	unsigned int stranger_at;
	unsigned int recover_kill; /* step of the last recovery but one */
};

static struct run_model runs[NR_RUNS];
static const struct scenario *now_doing;
static uint64_t nr_scenarios;
static bool said; /* that someone else changed something */

/* What stands in the journals that are there, and how it came to it: for the one who looks for the
 * mistake. */
static void explain(const char *what)
{
	const struct scenario *scenario = now_doing;

	print_message("%s, %s: order", scenario->model->what, what);
	for (unsigned int i = 0; i < scenario->nr_steps; i++)
		print_message(" %u", scenario->order[i]);
	print_message(", killed at");
	for (unsigned int r = 0; r < scenario->model->nr_runs; r++)
		print_message(" %u%s", runs[r].kill_at, runs[r].reached ? "" : "-");
	print_message(", stranger %d at %u, recovery %d killed at %u: pages %" PRIu64 ", thp %s\n",
		      scenario->stranger, scenario->stranger_at, scenario->recovery,
		      scenario->recover_kill, kernel.pages, kernel.thp);
}
#define HOLDS(condition)                     \
	do {                                 \
		if (!(condition))            \
			explain(#condition); \
		assert_true(condition);      \
	} while (0)

static void process_begin(unsigned int kill)
{
	dead = false;
	step = 0;
	kill_at = kill;
}

/* Returns whether it was killed at @kill. */
static bool recover(unsigned int kill)
{
	struct journal_report report = { 0 };
	bool was_killed;
	int rc;

	process_begin(kill);
	rc = journal_recover(&report, NULL);
	was_killed = dead;
	process_begin(0);
	if (!was_killed) {
		HOLDS(rc == 0);
		said |= report.nr_foreign > 0;
	}
	journal_report_free(&report);
	return was_killed;
}

static void run_op(struct run_model *run, const struct model *model, unsigned int op, uint64_t nr)
{
	if (op == 0) {
		if (journal_open(&run->journal, NULL))
			run->journal = NULL;
		if (!dead)
			HOLDS(run->journal != NULL);
	}
	if (!run->journal)
		return;
	if ((model->needs & NEED_PAGES) && (model->ops_apart ? op == 1 : op == 0) && !dead) {
		int rc = hugepage_reserve(run->journal, PAGE, -1, (unsigned int)nr, NULL);

		if (!dead)
			HOLDS(rc == 0 || model->room < 100);
		run->pages = rc == 0 ? nr : 0;
	}
	if ((model->needs & NEED_THP) && (model->ops_apart ? op == 2 : op == 0) && !dead) {
		int rc = thp_allow(run->journal, thp_pmd_bytes(), NULL);

		if (!dead)
			HOLDS(rc == 0);
		run->thp = rc == 0;
	}
}

static void run_end(struct run_model *run)
{
	struct journal_report report = { 0 };

	run->pages = 0;
	run->thp = false;
	if (journal_restore(run->journal, &report, NULL) && !dead)
		HOLDS(!"a restore failed");
	said |= report.nr_foreign > 0 && !dead;
	journal_report_free(&report);
	journal_close(run->journal);
	run->journal = NULL;
	run->over = true;
}

static void run_step(struct run_model *run, const struct model *model, uint64_t nr)
{
	unsigned int last = model->ops_apart ? 3 : 1;

	if (run->over)
		return;
	process_begin(run->kill_at);
	step = run->steps;
	if (run->op == last)
		run_end(run);
	else
		run_op(run, model, run->op, nr);
	if (!dead)
		killed_here(); /* between this and the next */
	run->op++;
	run->steps = step;
	if (dead) {
		run->reached = run->over = true;
		run->pages = 0;
		run->thp = false;
		journal_detach(run->journal);
		run->journal = NULL;
	}
	process_begin(0);
}

static void stranger_act(enum stranger stranger)
{
	switch (stranger) {
	case STRANGER_RAISES:
		kernel.pages += 3;
		break;
	case STRANGER_LOWERS:
		kernel.pages -= kernel.pages < 3 ? kernel.pages : 3;
		break;
	case STRANGER_LOWERS_ALL:
		kernel.pages = 1;
		break;
	case STRANGER_ALWAYS:
		snprintf(kernel.thp, sizeof(kernel.thp), "always");
		break;
	case STRANGER_NEVER:
		snprintf(kernel.thp, sizeof(kernel.thp), "never");
		break;
	default:
		break;
	}
}

static void needs_check(const struct model *model, bool pages_safe, bool thp_safe)
{
	uint64_t pages = 0;
	bool thp = false;

	for (unsigned int r = 0; r < model->nr_runs; r++) {
		pages += runs[r].pages;
		thp |= runs[r].thp;
	}
	if (pages_safe)
		HOLDS(kernel.pages >= pages);
	if (thp_safe && thp)
		HOLDS(strcmp(kernel.thp, "never") != 0);
}

static unsigned int journals_left(void)
{
	char path[128];
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" JOURNAL_DIR, sysfile_root());
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return nr;
}

/* What has to be there when all are gone; somebody else changed it when the runs had added @ours
 * pages. */
static void end_check(const struct scenario *scenario, uint64_t ours, bool unclear,
		      bool asked_after)
{
	const struct model *model = scenario->model;
	uint64_t base = model->pages, pages = base;
	const char *thp = model->thp;

	if (scenario->stranger == STRANGER_RAISES)
		pages += 3;
	if (scenario->stranger == STRANGER_LOWERS && ours < 3)
		pages -= 3 - ours < pages ? 3 - ours : pages;
	if (scenario->stranger == STRANGER_LOWERS_ALL && base > 1)
		pages = 1;
	if (scenario->stranger == STRANGER_ALWAYS)
		thp = "always";
	HOLDS(journals_left() == 0);
	HOLDS(strcmp(kernel.thp, thp) == 0);
	/*
	 * Who was killed before he could say how many pages he got, and whose pool someone else
	 * changed then, has what there is more, up to what he asked for.
	 */
	if (unclear)
		HOLDS(kernel.pages >= (pages < base ? pages : base) &&
		      kernel.pages <= pages + 4 + NR_RUNS);
	else
		HOLDS(kernel.pages == pages);
	/* whoever comes later takes the new value for the first one: nothing to be said */
	if (scenario->stranger == STRANGER_ALWAYS && !asked_after && ours)
		HOLDS(said);
}

/* Whether a run was killed while it reserved, and nobody has looked since how many pages came of
 * it. */
static bool unclear_now(void)
{
	char path[400];
	struct dirent *entry;
	bool unclear = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" JOURNAL_DIR, sysfile_root());
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char text[2048] = "";
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s" JOURNAL_DIR "/%s", sysfile_root(), entry->d_name);
		file = fopen(path, "r");
		if (file && fread(text, 1, sizeof(text) - 1, file) > 0)
			unclear |= strstr(text, "\nadd") && !strstr(text, "\ngot") &&
				   !strstr(text, "\ndone");
		if (file)
			fclose(file);
	}
	closedir(dir);
	return unclear;
}

static void scenario_do(struct scenario *scenario)
{
	const struct model *model = scenario->model;
	bool pages_safe = true, thp_safe = true, unclear = false, asked_after = false;
	uint64_t ours = 0;

	now_doing = scenario;
	nr_scenarios++;
	said = false;
	kernel.pages = model->pages;
	kernel.room = model->room;
	snprintf(kernel.thp, sizeof(kernel.thp), "%s", model->thp);
	for (unsigned int i = 0; i <= scenario->nr_steps; i++) {
		struct run_model *run = i < scenario->nr_steps ? &runs[scenario->order[i]] : NULL;

		if (scenario->stranger && i == scenario->stranger_at) {
			unclear = unclear_now();
			ours = model->needs & NEED_PAGES ? kernel.pages - model->pages
							 : strcmp(kernel.thp, model->thp) != 0;
			stranger_act(scenario->stranger);
			pages_safe = scenario->stranger == STRANGER_RAISES;
			thp_safe = false;
		}
		if (!run)
			break;
		if (scenario->recovery == RECOVER_FIRST && run->op == 0)
			recover(0);
		asked_after |= scenario->stranger && i >= scenario->stranger_at && run->op == 0;
		run_step(run, model, 4 + scenario->order[i]);
		needs_check(model, pages_safe, thp_safe);
	}
	if (scenario->recover_kill && !recover(scenario->recover_kill))
		scenario->recover_kill = 0;
	recover(0);
	end_check(scenario, ours, unclear, asked_after);
}

/* --- all of them --- */

/* All ways to kill up to @max_kills of the runs at any step; a step that is not reached is the end
 * of its digit. */
static void kills_all(struct scenario *scenario, unsigned int max_kills)
{
	unsigned int kills[NR_RUNS] = { 0 };

	for (;;) {
		unsigned int nr_kills = 0, r;

		for (r = 0; r < scenario->model->nr_runs; r++) {
			runs[r] = (struct run_model){ .kill_at = kills[r] };
			nr_kills += kills[r] > 0;
		}
		if (nr_kills <= max_kills)
			scenario_do(scenario);
		for (r = 0; r < scenario->model->nr_runs; r++) {
			bool end = kills[r] && !runs[r].reached;

			if (nr_kills > max_kills)
				end = kills[r] > 0;
			if (!end) {
				kills[r]++;
				break;
			}
			kills[r] = 0;
		}
		if (r == scenario->model->nr_runs)
			return;
	}
}

static void orders_all(struct scenario *scenario, const unsigned int left[NR_RUNS],
		       unsigned int max_kills)
{
	unsigned int rest[NR_RUNS];
	bool any = false;

	for (unsigned int r = 0; r < scenario->model->nr_runs; r++) {
		if (!left[r])
			continue;
		/* runs are named in the order in which they start */
		if (r && left[r] == scenario->nr_ops && left[r - 1] == scenario->nr_ops)
			break;
		any = true;
		memcpy(rest, left, sizeof(rest));
		rest[r]--;
		scenario->order[scenario->nr_steps++] = r;
		orders_all(scenario, rest, max_kills);
		scenario->nr_steps--;
	}
	if (!any)
		kills_all(scenario, max_kills);
}

static void model_all(struct scenario *scenario, unsigned int max_kills)
{
	unsigned int ops = scenario->model->ops_apart ? 4 : 2;
	const unsigned int left[NR_RUNS] = { ops, ops, ops };

	scenario->nr_steps = 0;
	scenario->nr_ops = ops;
	orders_all(scenario, left, max_kills);
}

static const struct model pages_3 = { .what = "3 runs, pages",
				      .nr_runs = 3,
				      .needs = NEED_PAGES,
				      .pages = 5,
				      .room = 1000,
				      .thp = "never" },
			  thp_3 = { .what = "3 runs, THP",
				    .nr_runs = 3,
				    .needs = NEED_THP,
				    .pages = 5,
				    .room = 1000,
				    .thp = "never" },
			  thp_3_there = { .what = "3 runs, THP is there",
					  .nr_runs = 3,
					  .needs = NEED_THP,
					  .room = 1000,
					  .thp = "madvise" },
			  both_2 = { .what = "2 runs, both",
				     .nr_runs = 2,
				     .needs = NEED_PAGES | NEED_THP,
				     .ops_apart = true,
				     .pages = 5,
				     .room = 1000,
				     .thp = "never" },
			  scarce_3 = { .what = "3 runs, few pages",
				       .nr_runs = 3,
				       .needs = NEED_PAGES,
				       .pages = 5,
				       .room = 6,
				       .thp = "never" };

#ifdef __SANITIZE_ADDRESS__
#define MOST_KILLS 1 /* takes four times as long */
#else
#define MOST_KILLS 2
#endif

static void all(const struct model *model, unsigned int max_kills)
{
	if (max_kills > MOST_KILLS)
		max_kills = MOST_KILLS;
	for (enum recovery recovery = 0; recovery < NR_RECOVERIES; recovery++) {
		struct scenario scenario = { .model = model, .recovery = recovery };

		model_all(&scenario, max_kills);
	}
}

static void test_pages(void **state)
{
	(void)state;
	all(&pages_3, 2);
}

static void test_thp(void **state)
{
	(void)state;
	all(&thp_3, 2);
	all(&thp_3_there, 1);
}

static void test_both(void **state)
{
	struct scenario scenario = { .model = &both_2 };

	(void)state;
	model_all(&scenario, MOST_KILLS);
}

static void test_few_pages(void **state)
{
	(void)state;
	all(&scarce_3, 1);
}

/* Somebody else changes the setting at any moment. */
static void test_stranger(void **state)
{
	static const struct {
		const struct model *model;
		enum stranger stranger;
	} rows[] = {
		{ &pages_3, STRANGER_RAISES },     { &pages_3, STRANGER_LOWERS },
		{ &pages_3, STRANGER_LOWERS_ALL }, { &thp_3, STRANGER_ALWAYS },
		{ &thp_3, STRANGER_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned int at = 0; at <= 2 * NR_RUNS; at++) {
			struct scenario scenario = { .model = rows[i].model,
						     .stranger = rows[i].stranger,
						     .stranger_at = at };

			model_all(&scenario, 1);
		}
}

/* The recovery itself is killed at every step. */
static void test_killed_recovery(void **state)
{
	static const struct model *const models[] = { &pages_3, &thp_3 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scenario scenario = { .model = models[i] };

		for (scenario.recover_kill = 1; scenario.recover_kill; scenario.recover_kill++) {
			unsigned int kill = scenario.recover_kill;
			bool any = false;

			/* every run killed when it is at work, in all orders in which they come to
			 * it */
			for (unsigned int first = 0; first < NR_RUNS; first++)
				for (unsigned int at = 1; at < 20; at++) {
					for (unsigned int r = 0; r < NR_RUNS; r++) {
						runs[r] = (struct run_model){
							.kill_at = r == first ? at : 12
						};
						scenario.order[r] = scenario.order[r + NR_RUNS] =
							(first + r) % NR_RUNS;
					}
					scenario.nr_steps = 2 * NR_RUNS;
					scenario.recover_kill = kill;
					scenario_do(&scenario);
					any |= scenario.recover_kill > 0;
				}
			scenario.recover_kill = any ? kill : 0;
			if (!any)
				break;
		}
	}
}

static int setup(void **state)
{
	static char root[64];
	char path[128];

	(void)state;
	snprintf(root, sizeof(root), "%s/pinbench-model.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(root));
	sysfile_set_root(root);
	snprintf(path, sizeof(path), "%s/run", root);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s" JOURNAL_DIR, root);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	print_message("%" PRIu64 " ways of things\n", nr_scenarios);
	snprintf(path, sizeof(path), "%s" JOURNAL_DIR, sysfile_root());
	rmdir(path);
	snprintf(path, sizeof(path), "%s/run", sysfile_root());
	rmdir(path);
	rmdir(sysfile_root());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),    cmocka_unit_test(test_thp),
		cmocka_unit_test(test_both),     cmocka_unit_test(test_few_pages),
		cmocka_unit_test(test_stranger), cmocka_unit_test(test_killed_recovery),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

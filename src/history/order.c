// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kernel comes before which, and with it which result. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/memory.h"
#include "base/text.h"
#include "history/order.h"

#define GIT_MS                                                                            \
	(60 * 1000) /* for one question; git describe in a full tree takes about a second \
		     */

struct release release_parse(const char *text)
{
	struct release release = { .rc = ULONG_MAX };
	char *end;

	text += *text == 'v';
	for (size_t i = 0; i < 4 && isdigit((unsigned char)*text); i++) {
		release.numbers[i] = strtoul(text, &end, 10);
		text = end + (*end == '.' && isdigit((unsigned char)end[1]));
	}
	if (strncmp(text, "-rc", 3) == 0 && isdigit((unsigned char)text[3])) {
		release.rc = strtoul(text + 3, &end, 10);
		text = end;
	}
	if (*text == '-' && isdigit((unsigned char)text[1])) {
		unsigned long commits = strtoul(text + 1, &end, 10);

		if (strncmp(end, "-g", 2) == 0 && isxdigit((unsigned char)end[2])) {
			release.commits = commits;
			text = end + 2 + strspn(end + 2, "0123456789abcdef");
		}
	}
	release.rest = text;
	return release;
}

static int number_compare(unsigned long a, unsigned long b)
{
	return (a > b) - (a < b);
}

int release_compare(const char *a, const char *b)
{
	struct release left = release_parse(a), right = release_parse(b);
	int rc = 0;

	for (size_t i = 0; i < 4 && !rc; i++)
		rc = number_compare(left.numbers[i], right.numbers[i]);
	rc = rc ? rc : number_compare(left.rc, right.rc);
	rc = rc ? rc : number_compare(left.commits, right.commits);
	return rc ? rc : strverscmp(left.rest, right.rest);
}

/* "Mon Nov 30 17:39:17 UTC 2026", whatever the zone is called: days matter here, not hours. */
static bool date_of_c(const char *text, struct tm *tm)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4];
	const char *found;

	if (sscanf(text, "%*3s %3s %d %d:%d:%d %*7s %d", month, &tm->tm_mday, &tm->tm_hour,
		   &tm->tm_min, &tm->tm_sec, &tm->tm_year) != 6)
		return false;
	found = strstr(months, month);
	if (!found || strlen(month) != 3)
		return false;
	tm->tm_mon = (int)(found - months) / 3;
	tm->tm_year -= 1900;
	return true;
}

static bool date_of_iso(const char *text, struct tm *tm)
{
	if (sscanf(text, "%4d-%2d-%2d", &tm->tm_year, &tm->tm_mon, &tm->tm_mday) != 3)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return tm->tm_mon >= 0 && tm->tm_mon < 12;
}

int64_t build_time(const char *build)
{
	static const char *const days[] = {
		"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "
	};
	const char *bracket = strrchr(build, '(');
	struct tm tm = { 0 };

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		const char *day = strstr(build, days[i]);

		if (day && date_of_c(day, &tm))
			return timegm(&tm);
	}
	tm = (struct tm){ 0 };
	/* Debian's: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1 (2025-11-05)" */
	return bracket && date_of_iso(bracket + 1, &tm) ? timegm(&tm) : -1;
}

bool release_commit(const char *release, char *text, size_t size)
{
	struct release parsed = release_parse(release);
	const char *hash = strstr(release, "-g");
	size_t length = hash ? strspn(hash + 2, "0123456789abcdef") : 0;
	unsigned int last = 3;

	if (length >= 7 && (!hash[2 + length] || strchr("-+", hash[2 + length]))) {
		snprintf(text, size, "%.*s", (int)length, hash + 2);
		return true;
	}
	/* a release of its own: v6.12 calls itself 6.12.0 */
	if (!parsed.numbers[0] || *parsed.rest)
		return false;
	while (last > 1 && !parsed.numbers[last])
		last--;
	snprintf(text, size, "refs/tags/v%lu", parsed.numbers[0]);
	for (unsigned int i = 1; i <= last; i++)
		snprintf(text + strlen(text), size - strlen(text), ".%lu", parsed.numbers[i]);
	if (parsed.rc != ULONG_MAX)
		snprintf(text + strlen(text), size - strlen(text), "-rc%lu", parsed.rc);
	return true;
}

static const char *git_path(void)
{
	static const char *const paths[] = { "/usr/bin/git", "/usr/local/bin/git", "/bin/git" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static void first_line(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	text_plain(text);
}

/* The first line that git answers with. -ENODATA with what it complains of: it exits with an
 * error. */
static int git_ask(const char *tree, const char *const *question, char *answer, size_t size,
		   struct error *err)
{
	char home[PATH_MAX + 8];
	char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0",
				      home, NULL };
	char *argv[16] = { "git", "-c", "core.fsmonitor=false", "-C", (char *)tree };
	autoclose int out = memfd_create("git", MFD_CLOEXEC),
		      said = memfd_create("git", MFD_CLOEXEC);
	struct child_program program = { .path = git_path(),
					 .argv = argv,
					 .environment = environment,
					 .out = out,
					 .err = said,
					 .death_signal = SIGKILL };
	struct child child;
	int status, rc;

	snprintf(home, sizeof(home), "HOME=%.4095s", getenv("HOME") ? getenv("HOME") : "/");
	for (size_t i = 0; question[i]; i++)
		argv[5 + i] = (char *)question[i];
	rc = out < 0 || said < 0 ? error_errno(err, errno, "no memory for the answer of git")
				 : child_exec(&child, &program, err);
	if (rc)
		return rc;
	if (child_wait(&child, GIT_MS, &status))
		return error_set(err, ETIMEDOUT, "%s: git took more than %d s and was ended", tree,
				 GIT_MS / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		first_line(said, answer, size);
		return error_set(err, ENODATA, "%s: git says: %.200s", tree, answer);
	}
	first_line(out, answer, size);
	return 0;
}

static int describe(struct history *history, const char *tree, struct error *err)
{
	char answer[256];
	struct error inner = { 0 };

	if (!git_path()) {
		error_set(err, ENOENT, "--tree needs git, which is not installed");
		return error_fix(err, "apt-get install git");
	}
	if (git_ask(tree, (const char *const[]){ "rev-parse", "--git-dir", NULL }, answer,
		    sizeof(answer), err)) {
		return error_fix(err,
				 "--tree DIR, where DIR is a clone of the kernel, with its tags");
	}
	for (size_t i = 0; i < history->nr_kernels; i++) {
		struct history_kernel *kernel = &history->kernels[i];
		char commit[128];
		const char *question[] = { "describe", "--tags", "--long", "--match",
					   "v[0-9]*",  commit,   NULL };

		if (release_commit(kernel->release, commit, sizeof(commit)) &&
		    git_ask(tree, question, answer, sizeof(answer), &inner) == 0)
			kernel->described = strdup(answer);
		else if (inner.code && inner.code != ENODATA)
			return error_set(err, inner.code, "%s", inner.text);
		else
			history->nr_unknown++;
	}
	return 0;
}

static int kernel_compare(const void *a, const void *b)
{
	const struct history_kernel *left = a, *right = b;
	int rc = release_compare(left->described ? left->described : left->release,
				 right->described ? right->described : right->release);

	if (!rc && left->built >= 0 && right->built >= 0)
		rc = (left->built > right->built) - (left->built < right->built);
	rc = rc ? rc : strcmp(left->started, right->started);
	rc = rc ? rc : strcmp(left->build, right->build);
	return rc ? rc : strcmp(left->image, right->image);
}

static void kernels_find(struct history *history)
{
	struct names seen = { 0 };

	history->kernels = calloc(history->nr_files + 1, sizeof(*history->kernels));
	for (size_t i = 0; i < history->nr_files; i++) {
		struct history_file *file = &history->files[i];
		struct history_kernel *kernel;
		autofree char *all = NULL;

		if (file->state != HISTORY_RESULT)
			continue;
		if (asprintf(&all, "%s\n%s\n%s", file->release, file->build, file->image) < 0)
			abort();
		file->kernel = names_add(&seen, all);
		kernel = &history->kernels[file->kernel];
		if (file->kernel == history->nr_kernels) {
			*kernel = (struct history_kernel){ .release = file->release,
							   .build = file->build,
							   .image = file->image,
							   .place = file->kernel,
							   .built = build_time(file->build),
							   .started = file->started };
			history->nr_kernels++;
		}
		if (strcmp(file->started, kernel->started) < 0)
			kernel->started = file->started;
	}
	names_free(&seen);
}

/* Which of the names more than one kernel has. */
static bool *names_shared(const struct history *history)
{
	bool *shared = calloc(history->nr_kernels + 1, sizeof(*shared));
	autofree size_t *first = calloc(history->nr_kernels + 1, sizeof(*first));
	struct names seen = { 0 };

	for (size_t i = 0; i < history->nr_kernels; i++) {
		size_t nr = seen.nr, place = names_add(&seen, history->kernels[i].name);

		if (place == nr)
			first[place] = i;
		else
			shared[i] = shared[first[place]] = true;
	}
	names_free(&seen);
	return shared;
}

static void name_set(struct history_kernel *kernel, const char *more)
{
	const char *release = *kernel->release ? kernel->release : "kernel not known";

	free(kernel->name);
	if (asprintf(&kernel->name, *more ? "%s (%s)" : "%s", release, more) < 0)
		abort();
}

/* Kernels that call themselves the same get the label of a result, or the time they were built and
 * a number. */
static void kernels_name(struct history *history, const char *const *labels)
{
	autofree bool *again = NULL, *shared = NULL;

	for (size_t i = 0; i < history->nr_kernels; i++)
		name_set(&history->kernels[i], "");
	shared = names_shared(history);
	for (size_t i = 0; i < history->nr_kernels; i++)
		if (shared[i])
			name_set(&history->kernels[i], labels[i]);
	again = names_shared(history);
	for (size_t i = 0; i < history->nr_kernels; i++) {
		time_t built = history->kernels[i].built;
		char more[64] = "";

		if (!again[i])
			continue;
		if (built >= 0)
			strftime(more, sizeof(more), "%Y-%m-%d %H:%M, ", gmtime(&built));
		snprintf(more + strlen(more), sizeof(more) - strlen(more), "kernel %zu", i + 1);
		name_set(&history->kernels[i], more);
	}
}

static int by_kernel(const void *a, const void *b, void *context)
{
	const struct history *history = context;
	const struct history_file *left = &history->files[*(const size_t *)a],
				  *right = &history->files[*(const size_t *)b];
	int rc = 0;

	if (!history->by_time)
		rc = number_compare(left->kernel, right->kernel);
	rc = rc ? rc : strcmp(left->started, right->started);
	return rc ? rc : strcmp(left->path, right->path);
}

static int by_rank(const void *a, const void *b, void *context)
{
	const size_t *rank = context;

	return number_compare(rank[((const struct history_point *)a)->file],
			      rank[((const struct history_point *)b)->file]);
}

/* The same order whatever the index has them in. */
static int by_row(const void *a, const void *b, void *context)
{
	const struct history *history = context;
	const struct history_series *left = a, *right = b;
	int rc = strverscmp(history->keys.texts[left->key], history->keys.texts[right->key]);

	rc = rc ? rc : number_compare(left->metric, right->metric);
	return rc ? rc
		  : number_compare(history->files[left->points[0].file].rank,
				   history->files[right->points[0].file].rank);
}

static void sort_points(struct history *history)
{
	autofree size_t *files = calloc(history->nr_files + 1, sizeof(*files));
	autofree size_t *rank = calloc(history->nr_files + 1, sizeof(*rank));
	size_t nr = 0;

	for (size_t i = 0; i < history->nr_files; i++)
		if (history->files[i].state == HISTORY_RESULT)
			files[nr++] = i;
	qsort_r(files, nr, sizeof(*files), by_kernel, history);
	for (size_t i = 0; i < nr; i++)
		history->files[files[i]].rank = rank[files[i]] = i;
	for (size_t i = 0; i < history->nr_series; i++)
		qsort_r(history->series[i].points, history->series[i].nr,
			sizeof(struct history_point), by_rank, rank);
	if (history->nr_series)
		qsort_r(history->series, history->nr_series, sizeof(*history->series), by_row,
			history);
}

int history_order(struct history *history, bool by_time, const char *tree, struct error *err)
{
	autofree const char **labels = NULL;
	autofree size_t *places = NULL;
	int rc;

	history->by_time = by_time;
	kernels_find(history);
	rc = tree ? describe(history, tree, err) : 0;
	if (rc)
		return rc;
	if (history->nr_unknown)
		history_note(history,
			     "%zu of %zu kernels are not in %s: ordered by their release, and the "
			     "time they were built",
			     history->nr_unknown, history->nr_kernels, tree);
	qsort(history->kernels, history->nr_kernels, sizeof(*history->kernels), kernel_compare);
	labels = calloc(history->nr_kernels + 1, sizeof(*labels));
	places = calloc(history->nr_kernels + 1, sizeof(*places));
	for (size_t i = 0; i < history->nr_kernels; i++)
		places[history->kernels[i].place] = i;
	for (size_t i = 0; i < history->nr_files; i++) {
		struct history_file *file = &history->files[i];

		if (file->state != HISTORY_RESULT)
			continue;
		file->kernel = places[file->kernel];
		if (!labels[file->kernel])
			labels[file->kernel] = file->label;
	}
	kernels_name(history, labels);
	sort_points(history);
	return 0;
}
